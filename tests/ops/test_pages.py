"""Every op page is complete: what the diagram, the docs and the tests read from it is there."""

from __future__ import annotations

import ast
import doctest
import inspect
import string
import textwrap
from collections.abc import Callable

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY, Op

OPS = [op for op in REGISTRY.values() if op.__module__.startswith("graphviz_ad.ops.")]
every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
every_function = pytest.mark.parametrize("name", list(ad.ops.FUNCTIONS))


def outputs_of(op: type[Op]) -> int:
    sample = testing.samples_of(op)[0]
    out = testing.call_sample(ad.ops.FUNCTIONS[op.name], op, sample.arrays, sample.params)
    return len(out) if isinstance(out, tuple) else 0


def names_in_tex(op: type[Op]) -> dict[str, str]:
    letters = "abc" if op.variadic else string.ascii_lowercase[: len(op.inputs)]
    several = outputs_of(op)
    names = {letter: letter for letter in letters}
    names |= {"all": "a, b, c"} | {param: param for param in op.params}
    for stem in "yg":
        # A page writes two outputs out; of more it says "and so on".
        names |= {f"{stem}{k}": stem for k in range(several)} if several else {stem: stem}
    return names


@every_op
def test_docstring(op: type[Op]) -> None:
    summary, _, rest = (inspect.getdoc(op) or "").partition("\n")
    assert summary, "no docstring"
    assert summary.endswith((".", "``")), summary
    assert not rest or rest.startswith("\n"), "the first sentence is on one line"
    assert summary != inspect.getdoc(op.__mro__[1]), "the docstring of its base class"


@every_op
def test_label_and_mathematics(op: type[Op]) -> None:
    assert 0 < len(op.label) <= 20
    names = names_in_tex(op)
    assert op.tex
    assert "$" not in string.Template(op.tex).substitute(names)
    if op.differentiable:
        assert len(op.vjp_tex) == (1 if op.variadic else len(op.inputs)), op.inputs
        for tex in op.vjp_tex:
            assert "$" not in string.Template(tex).substitute(names)
        assert any(op.vjp_tex)
    else:
        assert not any(op.vjp_tex)


@every_op
def test_braces_of_the_mathematics(op: type[Op]) -> None:
    for tex in (op.tex, *op.vjp_tex):
        depth = 0
        for character in tex.replace(r"\{", "").replace(r"\}", ""):
            depth += {"{": 1, "}": -1}.get(character, 0)
            assert depth >= 0, tex
        assert depth == 0, tex


@every_op
def test_samples_and_failure(op: type[Op]) -> None:
    samples = testing.samples_of(op)
    assert op.fails is not None
    assert issubclass(op.fails.error, ad.errors.GraphvizADError)
    ufunc = getattr(np, op.name, None)
    if op.variadic or op.operator or (isinstance(ufunc, np.ufunc) and ufunc.nin == 2):
        several = [s.arrays for s in samples if len(s.arrays) > 1]
        repeated = any(len({id(a) for a in arrays}) < len(arrays) for arrays in several)
        broadcast = any(len({np.shape(a) for a in arrays}) > 1 for arrays in several)
        assert not several or repeated or broadcast, "no sample with a repeated operand"


@every_op
def test_something_to_compare_with(op: type[Op]) -> None:
    from graphviz_ad.testing.checks import _reference

    assert _reference(op) is not None, "NumPy has no such function: give a reference"


@every_op
def test_rules_name_no_array_library(op: type[Op]) -> None:
    for rule in ("forward", "vjp") if op.differentiable else ("forward",):
        source = textwrap.dedent(inspect.getsource(inspect.getattr_static(op, rule).__func__))
        named = [n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)]
        assert not {"np", "numpy", "cupy", "scipy"} & set(named), f"{rule} names one"


# NumPy's words that ours leave out: they ask for other memory, not for other values.
LEFT_OUT = {
    "out", "where", "casting", "subok", "order", "copy", "kind", "stable", "sorter", "initial",
    "dtype", "like", "requirements", "writeable", "overwrite_input", "method", "interpolation",
    "correction", "mean", "device", "bias", "rtol", "hermitian", "UPLO", "full_matrices",
    "compute_uv", "prepend", "append",
}  # fmt: skip


@every_function
def test_arguments_are_numpys(name: str) -> None:
    """Ours come under NumPy's names and in NumPy's order, where NumPy has the function."""
    theirs = getattr(np, name, None)
    if theirs is None or isinstance(theirs, np.ufunc):
        return
    try:
        wanted = inspect.signature(theirs).parameters
    except ValueError:
        pytest.skip("written in C: it has no signature to compare with")
    ours = list(inspect.signature(ad.ops.FUNCTIONS[name]).parameters.values())
    positional = [
        n
        for n, p in wanted.items()
        if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD) and n not in LEFT_OUT
    ]
    got = [p.name for p in ours if p.kind is not p.KEYWORD_ONLY and p.name not in LEFT_OUT]
    assert [n for n in got if n in positional] == [n for n in positional if n in got]
    start = 1 if ad.ops.FUNCTIONS[name].__dict__.get("op") is not None else 0
    unknown = [n for n in got[start:] if n not in wanted]
    missing = [n for n in positional[start:] if n not in got]
    assert not (unknown and missing), f"{unknown} for {missing}"


def run_examples(owner: object, name: str) -> int:
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    before = dict(REGISTRY)
    output: list[str] = []
    for test in finder.find(owner, name, globs={}):
        runner.run(test, out=output.append)
    REGISTRY.clear()
    REGISTRY.update(before)
    assert not runner.failures, "".join(output)
    return runner.tries


@every_function
def test_examples_of_functions(name: str) -> None:
    assert run_examples(ad.ops.FUNCTIONS[name], name), "no example"


def public_parts() -> list[tuple[str, Callable[..., object]]]:
    parts = []
    for module in (ad, ad.errors, testing):
        for name in module.__all__:
            part = getattr(module, name)
            if callable(part) and name not in ad.ops.FUNCTIONS:
                parts.append((f"{module.__name__}.{name}", part))
    for name, part in [item for base in ad.Tensor.__mro__[:-1] for item in vars(base).items()]:
        if not name.startswith("_") and inspect.isfunction(part) and not hasattr(part, "op"):
            parts.append((f"Tensor.{name}", part))
    return parts


@pytest.mark.parametrize(("name", "part"), public_parts())
def test_other_public_parts(name: str, part: Callable[..., object]) -> None:
    assert inspect.getdoc(part), "no docstring"
    run_examples(part, name)
