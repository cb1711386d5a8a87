"""The lectures' notation: names, shapes below symbols, and what an op sends back."""

from __future__ import annotations

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.trace.notation import (
    forward_shapes,
    forward_tex,
    term_tex,
    value_tex,
    vjp_shapes,
    vjp_tex,
)


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("W", "W"),
        ("W1", "W_{1}"),
        ("W_ih", r"W_{\mathit{ih}}"),
        ("h[3]", "h_{3}"),
        ("alpha", r"\alpha"),
        ("loss", r"\mathit{loss}"),
        ("0.5", "0.5"),
        ("x @ W", r"\texttt{x @ W}"),
        (r"a_{b}$%\x", r"\texttt{a\_\{b\}\$\%\textbackslash{}x}"),
    ],
)
def test_names(name, tex):
    trace = ad.show_graph(ad.parameter(1.0, name=name) * 1.0).trace
    assert value_tex(trace, 0) == tex


def test_an_op_with_its_shapes():
    x = ad.tensor(np.ones((2, 3)))
    W = ad.parameter(np.ones((3, 4)))
    y = x @ W
    trace = ad.show_graph(y, gradient=np.ones((2, 4))).trace
    op = trace.op("matmul")
    x_tex, W_tex, y_tex = (
        rf"{{\underset{{\scriptscriptstyle {shape}}}{{{name}}}}}"
        for shape, name in (("(2, 3)", "x"), ("(3, 4)", "W"), ("(2, 4)", "y"))
    )
    tex = forward_tex(trace, op)
    assert all(part in tex for part in (x_tex, W_tex, y_tex))
    assert forward_shapes(trace, op) == "(2, 3), (3, 4) → (2, 4)"
    sent = vjp_tex(trace, op, op.inputs[1])
    assert sent.startswith(r"{\underset{\scriptscriptstyle (3, 4)}{W^{\nabla}}} = ")
    # a transpose stands over the transposed shape, so that the shapes can be multiplied
    assert r"{\underset{\scriptscriptstyle (3, 2)}{{x}^{\top}}}" in sent
    assert term_tex(trace, op, op.inputs[1]) == r"{{x}^{\top}}{y^{\nabla}}"
    assert term_tex(trace, op, op.inputs[0]) == ""
    assert vjp_tex(trace, op, op.inputs[0]) == "", "x takes no gradient"
    assert vjp_shapes(trace, op, op.inputs[1]) == "y∇ (2, 4) → W∇ (3, 4)"


def test_a_sum_of_contributions_and_the_gradient_of_an_expression():
    a = ad.parameter(2.0)
    b = a * a + a
    trace = ad.show_graph(b).trace
    square = trace.op("multiply")
    assert vjp_tex(trace, square, square.inputs[0]) == (
        r"{a^{\nabla}} \mathrel{+}= {(\texttt{a * a})^{\nabla}} \odot {a}"
    )
    assert trace.gradient_label(square.outputs[0]) == "(a * a)∇"


def test_an_index_keeps_to_its_symbol():
    x = ad.parameter(np.arange(16.0).reshape(1, 1, 4, 4))
    trace = ad.show_graph(ad.max_pool2d(x, 2).sum()).trace
    op = trace.graph.ops[0]
    assert "{x}_i" in forward_tex(trace, op)


def test_a_broadcast_operand_s_rule_has_the_sum():
    k, b = ad.parameter(np.ones((4, 3)), name="k"), ad.parameter(np.ones(3), name="b")
    c = ad.parameter(np.ones((4, 1)), name="c")
    trace = ad.show_graph(((k + b) - c).sum()).trace
    add, subtract = trace.op("add"), trace.op("subtract")
    assert term_tex(trace, add, add.inputs[0]) == r"{(\texttt{k + b})^{\nabla}}"
    assert term_tex(trace, add, add.inputs[1]) == (
        r"\sum_{\text{axis 0}} {(\texttt{k + b})^{\nabla}}"
    )
    assert term_tex(trace, subtract, subtract.inputs[1]).startswith(r"\sum_{\text{axis 1}} \left(-")
