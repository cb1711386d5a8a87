"""State dicts in files: whole, cut short, of another kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.errors import StateDictError

pytest.importorskip("safetensors", reason="pip install 'graphviz_ad[nn]'")


def net() -> Any:
    return ad.nn.Sequential(ad.nn.Conv2d(1, 2, 3), ad.nn.BatchNorm2d(2), ad.nn.PReLU())


def test_a_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    first, second = net(), net()
    first[2].weight = first[2].weight.requires_grad_(False)
    ad.nn.save(first.state_dict(), tmp_path / "net.safetensors")
    second.load_state_dict(ad.nn.load(tmp_path / "net.safetensors"))
    for key, value in first.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[key], value)
        assert second.state_dict()[key].dtype == value.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_arrays_of_any_layout_and_tensors(tmp_path: Path) -> None:
    a = np.arange(6.0).reshape(2, 3).T
    state = {"a": a, "b": a[::2], "c": ad.tensor(np.float32(3.0)), "d": np.zeros((0, 2))}
    ad.nn.save(state, tmp_path / "x")
    loaded = ad.nn.load(tmp_path / "x")
    np.testing.assert_array_equal(loaded["a"], a)
    np.testing.assert_array_equal(loaded["b"], a[::2])
    assert loaded["c"].shape == ()
    assert loaded["d"].shape == (0, 2)


def test_a_file_that_is_cut_short_at_any_byte_changes_nothing(tmp_path: Path) -> None:
    path, module = tmp_path / "net.safetensors", net()
    ad.nn.save(net().state_dict(), path)
    whole, before = path.read_bytes(), module.state_dict()
    for length in [0, 1, 7, 8, 20, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(StateDictError, match=f"net.safetensors of {length} bytes .*cut short"):
            module.load_state_dict(ad.nn.load(path))
    for key, value in module.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


BFLOAT16 = b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 100,
        b"PK\x03\x04" * 10,
        b"\xff" * 8 + b"{}",
        len(BFLOAT16).to_bytes(8, "little") + BFLOAT16 + b"\x00\x00",
    ],
    ids=["zeros", "zip", "endless header", "a dtype that NumPy lacks"],
)
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(StateDictError, match="another format"):
        ad.nn.load(tmp_path / "x")


def test_what_is_no_array_is_not_saved_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "x"
    ad.nn.save({"a": np.ones(2)}, path)
    before = path.read_bytes()
    with pytest.raises(StateDictError, match=r"an array, number, .* under 'b.c', got object"):
        ad.nn.save({"a": np.zeros(2), "b": {"c": object()}}, path)
    with pytest.raises(StateDictError, match=r"keys of the state dict .* str or int, got 1.5"):
        ad.nn.save({1.5: np.zeros(2)}, path)  # type: ignore[dict-item]
    assert path.read_bytes() == before


def test_no_such_file_and_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        ad.nn.load(tmp_path / "missing")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(StateDictError, match=r"pip install 'graphviz_ad\[nn\]'"):
        ad.nn.load(tmp_path / "missing")


@pytest.mark.peers
def test_pytorch_reads_and_writes_the_same_files(torch: Any, tmp_path: Path) -> None:
    import safetensors.torch

    theirs = torch.nn.Linear(3, 2)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "a")
    ours = ad.nn.Linear(3, 2)
    ours.load_state_dict(ad.nn.load(tmp_path / "a"))
    np.testing.assert_allclose(ours.weight.data, theirs.weight.detach().numpy())
    ad.nn.save(ad.nn.Linear(3, 2, rng=3).state_dict(), tmp_path / "b")
    loaded = safetensors.torch.load_file(tmp_path / "b")
    np.testing.assert_array_equal(loaded["bias"].numpy(), ad.nn.Linear(3, 2, rng=3).bias.data)
