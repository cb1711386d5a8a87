"""Traces in files: what comes back is what was saved, and damaged files are refused by name."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad import testing
from graphviz_ad.engine.op import REGISTRY
from graphviz_ad.engine.register import public_function
from graphviz_ad.errors import TraceError
from graphviz_ad.trace.explain.element import element
from graphviz_ad.trace.file import load_trace, save_trace
from graphviz_ad.trace.params import decode, encode
from graphviz_ad.trace.recorder import record_trace, reload_trace


def example():
    rng = np.random.default_rng(1)
    x = ad.tensor(rng.normal(size=(4, 3)).astype(np.float32), name="x")
    W = ad.parameter(rng.normal(size=(3, 2)).astype(np.float32), name="W")
    with ad.module_scope("net"):
        k = ad.relu(x @ W) * 2.0
    first, second = ad.split(k, [1], axis=1)
    return (first[1:, 0] * second[np.array([0, 1, 1]), 0]).sum()


@pytest.fixture
def view():
    return ad.show_graph(example())


@pytest.fixture
def path(view, tmp_path):
    view.break_at(op="relu")
    view.break_if("norm > 1e3", at="W")
    view.breakpoints.toggle(1)
    return view.save(tmp_path / "run.trace")


def test_what_is_loaded_is_what_was_saved(view, path):
    loaded = ad.GraphView.load(path)
    a, b = view.trace, loaded.trace
    assert a.graph.edges == b.graph.edges
    assert a.graph.values == b.graph.values
    assert a.graph.sources == b.graph.sources
    assert a.graph.scopes == b.graph.scopes
    assert [(o.op, o.label, o.location, o.tex) for o in a.graph.ops] == [
        (o.op, o.label, o.location, o.tex) for o in b.graph.ops
    ]
    assert a.steps == b.steps
    assert (a.output, a.notes, a.why_no_backward) == (b.output, b.notes, b.why_no_backward)
    for value in a.graph.values:
        np.testing.assert_array_equal(a.data(value.id), b.data(value.id))
        np.testing.assert_array_equal(a.gradient(value.id), b.gradient(value.id))
    for edge in a.graph.edges:
        np.testing.assert_array_equal(a.contribution(edge.id), b.contribution(edge.id))
        assert a.sent_shape(edge.id) == b.sent_shape(edge.id)
    assert loaded.breakpoints.to_list() == view.breakpoints.to_list()
    assert not list(path.parent.glob("*.part"))
    assert "<svg" in loaded.to_svg()


def test_a_loaded_trace_is_explained_and_checked(view, path):
    loaded = ad.GraphView.load(path, step=0)
    assert loaded.position == 0
    assert loaded.at("W").check().ok
    for index in np.ndindex(3, 2):
        assert loaded.at("W").element[index].total == view.at("W").element[index].total
    assert not loaded.trace.data(0).flags.writeable
    bare, _ = load_trace(path)
    assert bare.rules is None


def test_every_op_survives_a_file(tmp_path):
    path = tmp_path / "op.trace"
    for op in REGISTRY.values():
        if not (op.differentiable and op.__module__.startswith("graphviz_ad.ops.")):
            continue
        sample = testing.samples_of(op)[0]
        arrays = [
            ad.parameter(np.array(a, dtype=float)) if np.asarray(a).dtype.kind == "f" else a
            for a in sample.arrays
        ]
        out = testing.call_sample(public_function(op), op, arrays, sample.params)
        outputs = out if isinstance(out, tuple) else (out,)
        loss = next(y for y in outputs if y.requires_grad).astype("float64").sum()
        trace = record_trace(loss)
        save_trace(trace, path)
        loaded, _ = reload_trace(path)
        assert loaded.rules is not None, op.name
        leaf = next((v for v in trace.graph.values if trace.gradient(v.id) is not None), None)
        if leaf is not None and np.prod(leaf.shape):
            index = (0,) * len(leaf.shape)
            again = element(loaded, leaf.id, index).total
            assert again == pytest.approx(element(trace, leaf.id, index).total, nan_ok=True)


def test_an_op_that_is_not_defined_leaves_no_rules(path, monkeypatch):
    monkeypatch.delitem(REGISTRY, "relu")
    loaded = ad.GraphView.load(path)
    assert loaded.at("W").contributions
    with pytest.raises(TraceError, match="holds the rules"):
        loaded.at("W").element[0, 0]


def rewrite(path, change=None, members=None, drop=()):
    """Write the file again with its document changed, or members replaced."""
    with zipfile.ZipFile(path) as archive:
        content = {n: archive.read(n) for n in archive.namelist()}
    if change is not None:
        document = json.loads(content["trace.json"])
        change(document)
        content["trace.json"] = json.dumps(document).encode()
    content.update(members or {})
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            if name not in drop:
                archive.writestr(name, data)


def first_array(path):
    """Return the member that holds the array of v0."""
    with zipfile.ZipFile(path) as archive:
        return f"{json.loads(archive.read('trace.json'))['data'][0]}.npy"


def put(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(document):
        for key in keys:
            document = document[key]
        document[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("format", "other"), put("version", 2), put("version", "1"), put("output", 99),
        put("output", True), put("output", -1), put("values", None), put("values", 0, "role", "x"),
        put("values", 0, "shape", [9]), put("values", 0, "shape", [-1, 3]),
        put("values", 0, "dtype", "object"), put("values", 0, "dtype", "float64"),
        put("values", 0, "producer", 3), put("values", 2, "producer", None),
        put("values", 0, "consumers", [5]), put("values", 0, "name", 3),
        put("values", 0, "location", {}), put("ops", 0, "inputs", [99]),
        put("ops", 0, "inputs", [2]), put("ops", 0, "outputs", [0]), put("ops", 0, "scope", 7),
        put("ops", 0, "params", {"a": {"pickle": "x"}}), put("edges", 0, "value", 3),
        put("edges", 0, "op", None), put("edges", []), put("scopes", 0, "parent", 0),
        put("steps", 0, "phase", "sideways"), put("steps", 0, "op", 1),
        put("steps", -1, "contributions", 0, "edge", 0), put("steps", -1, "contributions", []),
        put("data", []), put("data", 0, 10**6), put("data", 0, "0"), put("gradients", {"99": 0}),
        put("gradients", {"x": 0}), put("contributions", {}), put("accumulated", {}),
        put("sent_shapes", {"0": "x"}), put("notes", 3), put("calls", 3), put("calls", 0, 3),
        put("breakpoints", 3), put("sources", 0, "lines", [1]),
    ],
)  # fmt: skip
def test_a_changed_document_is_refused(path, change):
    rewrite(path, change)
    with pytest.raises(TraceError, match="load_trace: expected"):
        ad.GraphView.load(path)


def test_an_operation_that_takes_its_own_output_is_refused(path):
    def change(document):
        edge = document["ops"][0]["inputs"][0]
        made = document["ops"][0]["outputs"][0]
        document["values"][document["edges"][edge]["value"]]["consumers"].remove(edge)
        document["values"][made]["consumers"].append(edge)
        document["edges"][edge]["value"] = made

    rewrite(path, change)
    with pytest.raises(TraceError, match="o0 and edge 0 that do not agree"):
        load_trace(path)


def test_breakpoints_that_do_not_fit_are_refused(path):
    rewrite(path, put("breakpoints", [{"kind": "op", "what": "tanh"}]))
    with pytest.raises(TraceError, match="break_at: expected the name of an operation"):
        ad.GraphView.load(path)


def npy(array, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


class Bomb:
    def __reduce__(self):
        return print, ("unpickled",)


def test_arrays_are_never_unpickled(path, capsys):
    bomb = npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    rewrite(path, members={"0.npy": bomb})
    with pytest.raises(TraceError, match="an array of object"):
        ad.GraphView.load(path)
    rewrite(path, members={"0.npy": pickle.dumps(Bomb())})
    with pytest.raises(TraceError, match="an array without a header"):
        ad.GraphView.load(path)
    assert "unpickled" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (npy(np.zeros(3))[:-4], "bytes that should hold"),
        (npy(np.zeros(3)) + b"more", "bytes that should hold"),
        (npy(np.zeros(3)).replace(b"(3,)", b"(9,)"), "bytes that should hold"),
        (npy(np.zeros(3, dtype=complex)), "an array of complex128"),
        (b"", "without a header"),
        (npy(np.zeros(3)), r"float64 \(3,\) where v0"),
    ],
)
def test_damaged_arrays_are_refused(path, data, match):
    rewrite(path, members={first_array(path): data})
    with pytest.raises(TraceError, match=match):
        ad.GraphView.load(path)


def test_damaged_files_are_refused(path, tmp_path):
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(TraceError, match="a file that save_trace wrote, whole"):
            ad.GraphView.load(path)
    path.write_bytes(whole)
    rewrite(path, drop=("1.npy",))
    with pytest.raises(TraceError, match=r"no 1\.npy in it"):
        ad.GraphView.load(path)
    rewrite(path, members={"trace.json": b"{"})
    with pytest.raises(TraceError, match="no JSON"):
        ad.GraphView.load(path)
    rewrite(path, members={"trace.json": b"[" * 100_000})
    with pytest.raises(TraceError, match="no JSON"):
        ad.GraphView.load(path)
    with pytest.raises(FileNotFoundError):
        ad.GraphView.load(tmp_path / "nothing.trace")


def test_flipped_bytes_never_crash(path):
    whole = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        changed = bytearray(whole)
        for at in rng.integers(0, len(whole), size=3):
            changed[at] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            load_trace(path)
        except TraceError:
            refused += 1
    assert refused > 100


def test_a_file_that_unpacks_to_too_much_is_refused(path):
    with pytest.raises(TraceError, match="at most 1,000 bytes"):
        load_trace(path, limit=1000)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(50_000_000))
    with pytest.raises(TraceError, match="at most 10,000,000"):
        load_trace(path, limit=10_000_000)


def test_parameters_come_back():
    kept = []

    def store(array):
        kept.append(array)
        return len(kept) - 1

    params = [
        None, True, 3, -2.5, float("inf"), "same", (1, (2, None)), [1, 2], slice(1, None, -1),
        Ellipsis, np.dtype("float32"), np.float16, (slice(None), Ellipsis),
    ]  # fmt: skip
    for value in params:
        text = json.dumps(encode(value, store), allow_nan=False)
        assert decode(json.loads(text), kept.__getitem__) == value
    array = np.arange(3)
    assert decode(encode(array, store), kept.__getitem__) is array
    assert np.isnan(decode(encode(float("nan"), store), kept.__getitem__))
    assert decode(encode(print, store), kept.__getitem__) == repr(print)
    deep = 1
    for _ in range(50):
        deep = {"tuple": [deep]}
    with pytest.raises(TraceError):
        decode(deep, kept.__getitem__)
