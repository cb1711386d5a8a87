"""What the page is sent: complete, exact, typed as payload.ts says, and small."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.widget.arrays import DETAIL, DETAIL_BUDGET, FULL_SIZE, ArrayStore, block_of

CONTRACT = Path(__file__).parents[2] / "widgets" / "src" / "payload.ts"
DTYPES = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u1": "u1"}


def read(block, buffer):
    return np.frombuffer(buffer, DTYPES[block["type"]], block["length"], block["offset"])


@pytest.fixture
def network():
    rng = np.random.default_rng(3)
    x, t = rng.random((32, 64)), rng.integers(0, 10, 32)
    W, b = ad.parameter(rng.normal(size=(64, 50)) / 8), ad.parameter(np.zeros(50))
    V, c = ad.parameter(rng.normal(size=(50, 10)) / 7), ad.parameter(np.zeros(10))
    with ad.module_scope("hidden"):
        h = ad.sigmoid(x @ W + b)
    loss = ad.cross_entropy(h @ V + c, t)
    return ad.show_graph(loss)


def fields_of(interface: str) -> set[str]:
    text = CONTRACT.read_text(encoding="utf-8")
    body = re.search(rf"export interface {interface} {{\n(.*?)\n}}", text, re.DOTALL)
    assert body is not None, interface
    return set(re.findall(r"^  (\w+)\??:", body.group(1), re.MULTILINE))


def test_documents_have_the_fields_of_the_contract(network):
    document = json.loads(network.payload.document)
    assert set(document) == fields_of("Payload")
    lists = {
        "values": "ValueSpec", "ops": "OpSpec", "edges": "EdgeSpec", "nodes": "NodeSpec",
        "links": "LinkSpec", "groups": "GroupSpec", "steps": "StepSpec", "arrays": "ArraySpec",
        "sources": "SourceSpec",
    }  # fmt: skip
    for name, interface in lists.items():
        assert document[name], name
        for item in document[name]:
            assert set(item) == fields_of(interface), name
    assert set(document["arrays"][0]["stats"]) == fields_of("Stats")
    assert set(document["steps"][0]["place"]) == fields_of("Place")


def test_arrays_arrive_exactly(network):
    trace, payload = network.trace, network.payload
    document = json.loads(payload.document)
    arrays = document["arrays"]
    for value in trace.graph.values:
        spec = document["values"][value.id]
        pairs = [(spec["data"], trace.data(value.id))]
        if trace.gradient(value.id) is not None:
            pairs.append((spec["gradient"], trace.gradient(value.id)))
        for index, array in pairs:
            sent = read(arrays[index]["full"], payload.buffer)
            np.testing.assert_array_equal(sent.reshape(arrays[index]["shape"]), array)
    for index, edge in enumerate(document["edges"]):
        assert (edge["contribution"] is None) == (trace.contribution(index) is None)


def test_the_two_layer_network_is_small(network):
    assert len(network.payload.document.encode()) + len(network.payload.buffer) < 300_000


def test_steps_read_as_sentences(network):
    steps = json.loads(network.payload.document)["steps"]
    assert steps[0]["title"] == "forward 1 of 6 · @"
    assert re.fullmatch(
        r"forward 1 of 6: matmul computes x @ W norm \d+(\.\d+)?", steps[0]["sentence"]
    )
    seed = steps[6]
    assert seed["sentence"] == "backward 1 of 7: the gradient of loss is set: 1"


def test_equal_arrays_are_sent_once():
    store = ArrayStore()
    array = np.ones((3, 4))
    assert store.add(array) == store.add(array) == 0
    assert len(store.buffer()) == 96


def test_large_arrays_are_sent_as_summaries_and_fetched_whole():
    array = np.zeros((200, 200))
    array[150, 20] = -5.0
    array[0, 0] = np.nan
    store = ArrayStore()
    spec = store.specs[store.add(array)]
    assert array.size > FULL_SIZE
    assert spec["full"] is None
    picture = read(spec["thumb"]["block"], store.buffer())
    assert np.isnan(picture[0])
    assert np.nanmin(picture) == -5.0
    fine = read(spec["detail"]["block"], store.buffer())
    assert fine.size == DETAIL**2
    assert np.isnan(fine[0])
    assert np.nanmin(fine) == -5.0
    assert 16_000 < sum(spec["spread"]["counts"]) < spec["spread"]["sampled"] == 16_384
    block, data = block_of(array)
    np.testing.assert_array_equal(read(block, data).reshape(array.shape), array)


def test_fine_pictures_keep_to_a_budget():
    store = ArrayStore()
    for i in range(40):
        store.add(np.full((200, 200), float(i)))
    fine = [spec["detail"] is not None for spec in store.specs]
    assert 1 < sum(fine) < 40
    assert len(store.buffer()) < DETAIL_BUDGET * 1.2
    assert all(spec["thumb"] is not None for spec in store.specs)


@pytest.mark.parametrize(
    ("array", "sent"),
    [
        (np.array([True, False]), "u1"),
        (np.array([1, -7]), "i4"),
        (np.array([1, 2**40]), "f8"),
        (np.float16([1.5]), "f4"),
        (np.float32([1.5]), "f4"),
        (np.array([]), "f8"),
        (np.array([], dtype=int), "i4"),
    ],
)
def test_every_dtype_has_a_browser_type(array, sent):
    block, data = block_of(array)
    assert block["type"] == sent
    np.testing.assert_array_equal(read(block, data), array)


def test_not_finite_numbers_are_named():
    x = ad.parameter([np.inf, -np.inf, np.nan])
    payload = ad.show_graph(x * 1.0).payload
    stats = json.loads(payload.document)["arrays"][0]["stats"]
    assert (stats["min"], stats["max"]) == ("-Infinity", "Infinity")
    assert (stats["nan"], stats["posinf"], stats["neginf"]) == (1, 1, 1)


def test_markup_in_names_stays_text():
    x = ad.parameter(1.0, name="</script><b>")
    y = x * 2.0
    page = ad.show_graph(y).to_html()
    assert "</script><b>" not in page
