"""Data sets: shapes, seeds, and files that are not what they should be."""

from __future__ import annotations

import gzip
import re
import string
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.datasets import Dataset, batches
from graphviz_ad.errors import ArgumentError, DatasetError, ShapeError

SHIPPED = {
    "digits": ((1797, 64), 10),
    "iris": ((150, 4), 3),
    "wine": ((178, 13), 3),
    "breast_cancer": ((569, 30), 2),
}


@pytest.fixture
def sklearn() -> Any:
    return pytest.importorskip("sklearn.datasets", reason="pip install 'graphviz_ad[demo]'")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_scikit_learn_ships(sklearn: Any, name: str) -> None:
    shape, classes = SHIPPED[name]
    data = getattr(ad.datasets, name)()
    assert data.x.shape == shape
    assert data.x.dtype == np.float64
    assert sorted(set(data.y.tolist())) == list(range(classes))
    assert len(data.target_names) == classes
    assert len(data.feature_names) == shape[1]
    assert data.source


def test_numbers_to_predict(sklearn: Any) -> None:
    data = ad.datasets.diabetes()
    assert data.x.shape == (442, 10)
    assert data.y.dtype.kind == "f"
    assert data.target_names == ()


@pytest.mark.parametrize("draw", [ad.datasets.moons, ad.datasets.circles, ad.datasets.blobs])
def test_drawn_points_go_by_the_seed(sklearn: Any, draw: Callable[..., Dataset]) -> None:
    a, b, c = draw(50, rng=1), draw(50, rng=1), draw(50, rng=2)
    assert a.x.shape == (50, 2)
    np.testing.assert_array_equal(a.x, b.x)
    assert (a.x != c.x).any()


def test_images(sklearn: Any) -> None:
    pytest.importorskip("PIL", reason="scikit-learn reads its images with Pillow")
    for image in (ad.datasets.china(), ad.datasets.flower()):
        assert image.shape == (427, 640, 3)
        assert image.dtype == np.uint8


def test_the_text_is_plain() -> None:
    text = ad.datasets.text()
    assert 5_000 < len(text) < 10_000
    assert text.isascii()
    sonnets = text.strip().split("\n\n")
    assert len(sonnets) == 10
    assert {len(sonnet.splitlines()) for sonnet in sonnets} == {14}
    assert text.endswith("thee.\n")
    assert not any(line != line.strip() for line in text.splitlines())
    assert set(text) <= {*string.ascii_letters, *" \n,.;:!?'-"}
    assert {sonnet[-1] for sonnet in sonnets} <= set(".!'")
    # a pentameter has ten or eleven syllables: no line is cut short, none runs into the next
    assert {30 <= len(line) <= 56 for sonnet in sonnets for line in sonnet.splitlines()} == {True}


def test_the_text_has_the_words_of_the_quarto() -> None:
    """Where copies in circulation differ from the edition of 1609."""
    text = ad.datasets.text()
    assert "Feed'st thy light's flame with self-substantial fuel," in text
    assert "So thou through windows of thine age shalt see," in text
    assert len(re.findall(r"[a-z'-]+", text.lower())) == 1088


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DatasetError, match=r"datasets.iris: expected scikit-learn.*pip install"):
        ad.datasets.iris()


def test_splits_are_seeded_and_lose_nothing() -> None:
    data = Dataset(np.arange(20.0), np.arange(20), "counted")
    train, test = data.split(0.25, rng=3)
    assert sorted([*train.y.tolist(), *test.y.tolist()]) == list(range(20))
    assert len(test) == 5
    np.testing.assert_array_equal(train.x, train.y)
    np.testing.assert_array_equal(data.split(0.25, rng=3)[1].y, test.y)
    assert data.split(0.25, rng=4)[1].y.tolist() != test.y.tolist()


@pytest.mark.parametrize("share", [0, 1, -0.5, 0.001, float("nan")])
def test_splits_that_leave_a_part_empty(share: float) -> None:
    with pytest.raises(ArgumentError, match=r"Dataset\.split"):
        Dataset(np.arange(5.0), np.arange(5), "counted").split(share)


def test_lengths_must_agree() -> None:
    with pytest.raises(ShapeError, match=r"x \(3,\) and y \(2,\)"):
        Dataset(np.arange(3.0), np.arange(2), "counted")
    with pytest.raises(ShapeError, match="batches"):
        batches(np.arange(3), np.arange(2))
    with pytest.raises(ArgumentError, match="size=0"):
        batches(np.arange(3), size=0)


def test_batches_cover_everything_once() -> None:
    x, y = np.arange(10.0), np.arange(10)
    seen = list(batches(x, y, size=4, rng=0))
    assert [len(a) for a, _ in seen] == [4, 4, 2]
    assert sorted(np.concatenate([b for _, b in seen]).tolist()) == y.tolist()
    assert all((a == b).all() for a, b in seen)
    again = np.concatenate([b for _, b in batches(x, y, size=4, rng=0)])
    np.testing.assert_array_equal(again, np.concatenate([b for _, b in seen]))
    assert [len(a) for (a,) in batches(x, size=4, drop_last=True)] == [4, 4]


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path) -> None:
    images = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 256
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        packed = gzip.compress(idx(np.array([7, 2, 1])))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(packed)


def test_mnist_s_files(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    train, test = ad.datasets.mnist(tmp_path)
    assert train.x.shape == (3, 28, 28)
    assert train.x[0, 0, :3].tolist() == [0, 1, 2]
    assert test.y.tolist() == [7, 2, 1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte", b"", "IDX file"),
        ("train-images-idx3-ubyte", b"\x00\x00\x08\x03\x00", "IDX file"),
        ("train-images-idx3-ubyte", b"\x89PNG" + bytes(20), "IDX file of bytes, 3 axes.*89 50"),
        ("train-images-idx3-ubyte", idx(np.zeros((2, 28, 28)))[:-1], "1568 elements.*cut short"),
        ("train-images-idx3-ubyte", idx(np.zeros((2, 28, 28))) + b"x", "got more"),
        ("train-images-idx3-ubyte", idx(np.zeros((2, 28, 28))), "as many train images as labels"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03" + b"\xff" * 12, "elements of shape"),
        (
            "t10k-labels-idx1-ubyte.gz",
            gzip.compress(idx(np.zeros(3)), mtime=0)[:-6],
            "a readable file",
        ),
        ("t10k-labels-idx1-ubyte.gz", b"no gzip", "a readable file"),
    ],
    ids=[
        "empty",
        "cut header",
        "a picture",
        "cut elements",
        "too many",
        "other count",
        "huge",
        "cut gzip",
        "no gzip",
    ],
)
def test_mnist_s_files_that_are_not(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    write_mnist(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        ad.datasets.mnist(tmp_path)


def test_mnist_s_files_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a file train-images-idx3-ubyte or .*gz, got none in"):
        ad.datasets.mnist(tmp_path)
