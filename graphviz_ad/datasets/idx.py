"""MNIST from its own IDX files, where somebody has them."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from graphviz_ad.datasets.dataset import Dataset
from graphviz_ad.errors import DatasetError

__all__ = ["mnist", "read_idx"]

_SOURCE = "LeCun, Cortes and Burges, the MNIST database of handwritten digits, 1998"
_BYTES = 0x08
_LARGEST = 1 << 31


def mnist(path: str | os.PathLike[str]) -> tuple[Dataset, Dataset]:
    """Read MNIST, or a set in its format, from a folder that holds its four files.

    Parameters
    ----------
    path : path
        A folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the two
        ``t10k-`` files, as they are or with ``.gz``. Nothing is downloaded.

    Returns
    -------
    train, test : Dataset
        x (n, 28, 28) bytes from 0 to 255, y (n,) labels.

    Raises
    ------
    DatasetError
        When a file is not there, is cut short, or is of another format.
    """
    folder = Path(path)
    parts = []
    for part in ("train", "t10k"):
        images = read_idx(_find(folder, f"{part}-images-idx3-ubyte"), 3)
        labels = read_idx(_find(folder, f"{part}-labels-idx1-ubyte"), 1)
        if len(images) != len(labels):
            got = f"{len(images)} and {len(labels)} in {folder}"
            raise DatasetError("datasets.mnist", f"as many {part} images as labels", got)
        parts.append(Dataset(images, labels.astype(np.int64), _SOURCE))
    return parts[0], parts[1]


def read_idx(path: Path, axes: int) -> np.ndarray[Any, Any]:
    """Read an IDX file of bytes with a given number of axes.

    The format: two zero bytes, the type (8: bytes), the number of axes, then each length
    as a big-endian 32-bit integer, then the elements.

    Raises
    ------
    DatasetError
        When the file is cut short, has too much, or is of another format.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(4 + 4 * axes)
            if header[:4] != bytes((0, 0, _BYTES, axes)) or len(header) < 4 + 4 * axes:
                got = f"{path.name} that begins {header[:4].hex(' ')}"
                raise DatasetError("datasets.mnist", f"an IDX file of bytes, {axes} axes", got)
            shape = struct.unpack(f">{axes}I", header[4:])
            size = math.prod(shape)
            # A header may promise anything: read no more than could be meant.
            elements = file.read(min(size, _LARGEST) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError("datasets.mnist", "a readable file", f"{path} ({error})") from error
    if len(elements) != size:
        got = f"{'more' if len(elements) > size else len(elements)} in {path.name}"
        hint = "is the file cut short?"
        raise DatasetError("datasets.mnist", f"{size} elements of shape {shape}", got, hint)
    return np.frombuffer(elements, np.uint8).reshape(shape)


def _find(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    got = f"none in {folder}"
    raise DatasetError("datasets.mnist", f"a file {name} or {name}.gz", got)
