"""A person's own operation: as two functions or a page, with several inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Sample
from graphviz_ad.errors import OpDefinitionError, ShapeError, VJPError


@pytest.fixture(autouse=True)
def own_registry():
    """Take the operations of a test out of the registry again."""
    before = set(REGISTRY)
    yield
    for name in set(REGISTRY) - before:
        del REGISTRY[name]


def test_two_functions_with_a_parameter_and_two_inputs():
    @ad.op(vjp=lambda xp, g, out, a, b, *, scale: (g * b * scale, None))
    def scaled(xp, a, b, *, scale=2.0):
        """Return scale · a · b, of which only a takes a gradient."""
        return scale * a * b

    a, b = ad.parameter([1.0, 2.0]), ad.parameter(3.0)
    y = scaled(a, b, 4.0)
    y.sum().backward()
    np.testing.assert_array_equal(a.grad.data, [12.0, 12.0])
    assert b.grad is None, "its VJP returns None"
    trace = ad.show_graph(scaled(a, b).sum()).trace
    assert trace.op("scaled").params == {"scale": 2.0}
    assert trace.no_gradient(trace.value("b").id).startswith("nothing leads from it")
    assert scaled.__doc__.startswith("Return scale")


def test_several_outputs_second_derivatives_and_the_checks():
    @ad.op
    class Polar(ad.Op):
        """Return x and y of a radius and an angle."""

        name, label = "polar", "polar"

        def forward(xp, r, angle):
            return r * xp.cos(angle), r * xp.sin(angle)

        def vjp(xp, g, out, r, angle):
            gx, gy = g
            return (
                gx * xp.cos(angle) + gy * xp.sin(angle),
                gy * r * xp.cos(angle) - gx * r * xp.sin(angle),
            )

        def samples(rng):
            r = rng.uniform(0.5, 2.0, size=3)
            return [Sample(r, r), Sample(r, rng.normal(size=(2, 3)))]

        def reference(r, angle):
            return r * np.cos(angle), r * np.sin(angle)

    testing.check_op(Polar.op)
    r, angle = ad.parameter(2.0), ad.parameter(0.5)
    x, _ = Polar(r, angle)
    x.backward()
    assert r.grad.item() == pytest.approx(np.cos(0.5))


def test_a_wrong_vjp_is_found_and_named():
    @ad.op(vjp=lambda xp, g, out, a, b: (g * b, g * b))
    def product(xp, a, b):
        """Return a · b."""
        return a * b

    product.op.samples = staticmethod(lambda rng: [Sample(rng.normal(size=3), rng.normal(size=3))])
    product.op.reference = staticmethod(lambda a, b: a * b)
    with pytest.raises(ad.errors.CheckError, match=r"product.*\bb\b"):
        testing.check_op(product.op)


def test_errors_name_the_operation():
    @ad.op(vjp=lambda xp, g, out, a: g.reshape(-1)[:1] * xp.ones((2,)))
    def odd(xp, a):
        """Return twice a."""
        return a + a

    with pytest.raises(VJPError, match=r"odd\.vjp: expected a contribution of shape \(3,\)"):
        odd(ad.parameter([1.0, 2.0, 3.0])).sum().backward()

    @ad.op(vjp=lambda xp, g, out, a, b: (g, g))
    def strict(xp, a, b):
        """Return the sum."""
        return a + b

    with pytest.raises(ShapeError, match="strict: expected shapes that fit"):
        strict(ad.parameter([1.0, 2.0]), ad.parameter([1.0, 2.0, 3.0]))


def test_definitions_that_are_refused():
    with pytest.raises(OpDefinitionError, match="xp as first argument"):

        @ad.op
        def no_xp(a):
            return a

    with pytest.raises(OpDefinitionError, match="a rule with a name"):
        ad.op(lambda xp, a: a)
    with pytest.raises(OpDefinitionError, match="a page with a name"):
        ad.op(type("Nameless", (ad.Op,), {}))
    with pytest.raises(OpDefinitionError, match="an Op or a forward rule"):
        ad.op(3)
    with pytest.raises(OpDefinitionError, match="a name of its own"):

        @ad.op
        def exp(xp, a):
            return a


def test_a_cell_that_is_run_again_defines_it_anew():
    for power in (2, 3):

        @ad.op(label=f"^{power}")
        def again(xp, a):
            """Return a power of a."""
            return a**2

        assert REGISTRY["again"] is again.op
        assert REGISTRY["again"].label == f"^{power}"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (lambda xp, g, out, a: [2 * g], "got list"),
        (lambda xp, g, out, a: lambda: [2 * g], "got list"),
        (lambda xp, g, out, a: 2 * g + 0j, "got an array of complex128"),
        (lambda xp, g, out, a: 2.0, r"a contribution of shape \(3,\) to a, got shape \(\)"),
        (lambda xp, g, out, a: (2 * g, None), "one result per input"),
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_vjp_that_sends_no_array_is_named(sent, words, create_graph):
    @ad.op(vjp=sent)
    def doubled(xp, a):
        """Return twice a."""
        return a + a

    y = doubled(ad.parameter([1.0, 2.0, 3.0])).sum()
    if create_graph and "complex" in words:
        words = "a rule that can be recorded"
    with pytest.raises(VJPError, match=rf"doubled\.vjp: expected .*{words}"):
        y.backward(create_graph=create_graph)


def test_a_vjp_may_send_a_number_to_a_number():
    @ad.op(vjp=lambda xp, g, out, a: 2.0)
    def doubled(xp, a):
        """Return twice a."""
        return a + a

    x = ad.parameter(3.0)
    (doubled(x) + doubled(x)).backward()
    assert x.grad.item() == 4.0


@pytest.mark.parametrize(
    ("made", "got"),
    [
        (lambda a: [a, a], "list"),
        (lambda a: None, "NoneType"),
        (lambda a: (a, 1.0), "float"),
        (lambda a: a * 1j, "an array of complex128"),
    ],
)
def test_a_forward_rule_that_gives_no_array_is_named(made, got):
    @ad.op(vjp=lambda xp, g, out, a: g)
    def odd(xp, a):
        """Return what is no array."""
        return made(a)

    with pytest.raises(OpDefinitionError, match=rf"odd\.forward: expected an array .*got {got}"):
        odd(ad.parameter([1.0]))


def test_an_error_of_a_forward_rule_keeps_its_class_and_names_the_operation():
    @ad.op
    def lookup(xp, a):
        """Fail."""
        return {}["missing"]

    with pytest.raises(KeyError) as caught:
        lookup([1.0, 2.0])
    assert caught.value.__notes__ == ["in the forward rule of lookup, given a (2,) float64"]


def test_check_op_takes_a_page_or_its_function_and_the_page_is_not_called():
    @ad.op
    class Halved(ad.Op):
        """Half of a."""

        name = "halved"

        def forward(xp, a):
            return a / 2

        def vjp(xp, g, out, a):
            return g / 2

        def samples(rng):
            return [Sample(rng.normal(size=3))]

    testing.check_op(Halved)
    testing.check_op(Halved.op)
    with pytest.raises(OpDefinitionError, match="check_op: expected an Op"):
        testing.check_op(np.tanh)
    with pytest.raises(OpDefinitionError, match=r"halved: .* write @ad\.op above it"):
        Halved.op([1.0])


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (lambda xp, g, out, a, b: (g * b, None), "a gradient of b, got none"),
        (lambda xp, g, out, a, b: (g * b, (g * a).astype("float32")), "b∇ of dtype float64"),
        (lambda xp, g, out, a, b: (g * b, g * a[:1]), "central differences"),
        (lambda xp, g, out, a, b: (g * b, (g * a)[:1]), r"shape \(3,\) to b, got shape \(1,\)"),
    ],
)
def test_check_op_finds_missing_gradients_wrong_dtypes_and_wrong_shapes(sent, words):
    @ad.op(vjp=sent, samples=lambda rng: [Sample(rng.normal(size=3), rng.normal(size=3))])
    def times(xp, a, b):
        """Return a · b."""
        return a * b

    with pytest.raises((ad.errors.CheckError, VJPError), match=words):
        testing.check_op(times)


def test_check_op_takes_none_where_the_formulas_say_so_or_nothing_flows():
    @ad.op(vjp=lambda xp, g, out, a, b: (g, None), vjp_tex=("$g", ""),
           samples=lambda rng: [Sample(rng.normal(size=3), rng.normal(size=3))])  # fmt: skip
    def held(xp, a, b):
        """Return a + b, with b held constant."""
        return a + b

    @ad.op(vjp=lambda xp, g, out, a, b: (g, None),
           samples=lambda rng: [Sample(rng.normal(size=3), rng.normal(size=3))])  # fmt: skip
    def unused(xp, a, b):
        """Return a."""
        return a + 0 * b

    testing.check_op(held)
    testing.check_op(unused)
