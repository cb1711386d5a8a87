"""What the page is told of a node, and what of it a page without a kernel carries."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad.trace.explain import jacobian as jacobians
from graphviz_ad.widget import embedded
from graphviz_ad.widget.elements import derivation
from graphviz_ad.widget.explanations import told_check, told_jacobian, told_paths

CONTRACT = Path(__file__).parents[2] / "widgets" / "src" / "told.ts"


def fields_of(interface: str) -> set[str]:
    text = CONTRACT.read_text(encoding="utf-8")
    body = re.search(rf"export interface {interface} {{\n(.*?)\n}}", text, re.DOTALL)
    assert body is not None, interface
    return set(re.findall(r"^  (\w+)\??:", body.group(1), re.MULTILINE))


def layer() -> Any:
    x = ad.tensor(np.arange(6.0).reshape(2, 3), name="x")
    W = ad.parameter(np.arange(12.0).reshape(3, 4) / 7, name="W")
    k = x @ W
    return ad.show_graph((k * k).sum())


def test_explanations_have_the_fields_of_the_contract() -> None:
    trace = layer().trace
    W = trace.value("W").id
    assert set(derivation(trace, W, (1, 2))) == fields_of("Derivation")
    jacobian = told_jacobian(trace, 0, 1)
    assert set(jacobian) == fields_of("JacobianTold")
    assert set(jacobian["picture"]) == fields_of("MatrixTold")
    assert set(told_check(trace, W)) == fields_of("CheckTold")
    assert set(told_paths(trace, W)) == fields_of("PathsTold")


def test_vector_times_jacobian_is_the_product() -> None:
    found = told_jacobian(layer().trace, 0, 1)
    matrix = np.reshape(found["picture"]["cells"], (found["rows"], found["cols"]))
    product = np.array(found["vector"]["cells"]) @ matrix
    np.testing.assert_allclose(product, found["product"]["cells"], rtol=1e-5)
    assert (found["structure"], found["blocks"]) == ("block", 4)
    assert found["singular"] == sorted(found["singular"], reverse=True)


def test_a_large_jacobian_is_told_by_rows_and_singular_values(monkeypatch: Any) -> None:
    monkeypatch.setattr(jacobians, "LIMIT", 10)
    monkeypatch.setattr(jacobians.jacobian, "__kwdefaults__", {"limit": 10})
    found = told_jacobian(layer().trace, 0, 1)
    assert found["picture"] is None
    assert found["structure"] == ""
    assert [sample["index"] for sample in found["samples"]][:2] == [[0, 0], [0, 1]]
    assert found["samples"][0]["picture"]["cells"][4] == 1.0, "∂k[0, 0]/∂W[1, 0] is x[0, 1]"
    largest = np.linalg.svd(np.arange(6.0).reshape(2, 3), compute_uv=False)[0]
    np.testing.assert_allclose(found["singular"][0], largest, rtol=1e-5)


def test_the_edges_of_a_path_lead_from_the_value_to_the_loss() -> None:
    trace = layer().trace
    W = trace.value("W").id
    found = told_paths(trace, W)
    assert found["told"] == "2 paths to the loss"
    for path in found["paths"]:
        edges = [trace.graph.edges[edge] for edge in path["edges"]]
        assert [edge.is_input for edge in edges] == [True, False] * (len(edges) // 2)
        for into, out in zip(edges[::2], edges[1::2], strict=True):
            assert into.op == out.op
        assert [edge.value for edge in edges[1::2]] == path["values"][1:]
    assert found["paths"][0]["share"] == 0.5


def test_a_derivation_tells_which_elements_it_touches() -> None:
    trace = layer().trace
    (lit,) = derivation(trace, trace.value("W").id, (1, 2))["touched"]
    assert lit == {"output": trace.value("k").id, "flat": [2, 6], "count": 2}


def test_a_lesson_is_explained_completely() -> None:
    view = layer()
    found = embedded.explained(view.trace)
    everything = {**found, **json.loads(view.payload.document)["explanations"]}
    for value in view.trace.graph.values:
        if view.trace.gradient(value.id) is None:
            continue
        assert f"check {value.id}" in everything
        assert f"paths {value.id}" in everything
        for index in np.ndindex(value.shape):
            assert ("element " + ",".join(map(str, (value.id, *index)))) in everything
    for edge in view.trace.graph.edges:
        if view.trace.contribution(edge.id) is not None:
            assert f"jacobian {edge.op},{edge.slot},0" in everything
    json.dumps(found, allow_nan=False)


def test_a_large_graph_is_explained_within_the_budgets(monkeypatch: Any) -> None:
    view = layer()
    monkeypatch.setattr(embedded, "BYTES", 900)
    found = embedded.explained(view.trace)
    assert 0 < len(json.dumps(found)) < 1000
    monkeypatch.setattr(embedded, "OPERATIONS", 2)
    assert embedded.explained(view.trace) == {}


def test_of_a_large_value_the_largest_element_is_explained() -> None:
    w = ad.parameter(np.linspace(-1.0, 1.0, 900).reshape(30, 30), name="w")
    view = ad.show_graph((w * w).sum())
    found = embedded.explained(view.trace)
    assert found["element 0,0,0"]["total"] == -2.0


def test_a_watched_element_is_explained_on_a_saved_page() -> None:
    w = ad.parameter(np.linspace(-1.0, 1.0, 900).reshape(30, 30), name="w")
    view = ad.show_graph((w * w).sum())
    asked = "element 0,29,29"
    assert asked not in packed_explanations(view)
    view.watch(w, (29, 29))
    view.watch(w)
    assert packed_explanations(view)[asked]["total"] == 2.0


def packed_explanations(view: ad.GraphView) -> dict[str, Any]:
    """Read the explanations back from the page."""
    parts = re.findall(r'class="gad-explained"[^>]*>([^<]+)<', view.to_html())
    assert len(parts) == 1
    read: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(parts[0])))
    return read


def test_a_trace_without_rules_is_not_explained() -> None:
    view = layer()
    view.trace.rules = None
    assert embedded.explained(view.trace) == {}
