"""State dicts in safetensors files: arrays and their names, and nothing that runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from graphviz_ad.backend import is_array, to_numpy
from graphviz_ad.engine.tensor import Tensor
from graphviz_ad.errors import StateDictError

__all__ = ["load", "save"]


def save(state_dict: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a state dict to a safetensors file, which PyTorch's users can read, too.

    The file appears whole or not at all; one that was there stays until then.

    Parameters
    ----------
    state_dict : mapping of str to array or Tensor
        What ``module.state_dict()`` gives.
    path : path

    Raises
    ------
    StateDictError
        For a value that is no array, or when safetensors is not installed.

    Examples
    --------
    >>> import graphviz_ad as ad, tempfile, os
    >>> net, twin = ad.nn.Linear(2, 1), ad.nn.Linear(2, 1)
    >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
    >>> ad.nn.save(net.state_dict(), path)
    >>> twin.load_state_dict(ad.nn.load(path))
    >>> bool((twin.weight.data == net.weight.data).all())
    True
    """
    arrays = {}
    for key, value in state_dict.items():
        array = value.data if isinstance(value, Tensor) else value
        if not is_array(array):
            raise StateDictError("nn.save", f"an array under {key!r}", type(value).__name__)
        arrays[key] = np.array(to_numpy(array), order="C")
    written = _safetensors("nn.save").numpy.save(arrays)
    target = Path(path)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(written)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Read a state dict from a safetensors file, to be given to ``load_state_dict``.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    StateDictError
        When the file is cut short or is no safetensors file, or when safetensors is not
        installed.
    FileNotFoundError
        When there is no such file.
    """
    library = _safetensors("nn.load")
    written = Path(path).read_bytes()
    try:
        arrays: dict[str, np.ndarray[Any, Any]] = library.numpy.load(written)
    except (library.SafetensorError, KeyError) as error:
        got = f"{os.fspath(path)} of {len(written)} bytes ({error})"
        hint = "it is cut short, or of another format or dtype"
        raise StateDictError("nn.load", "a whole safetensors file", got, hint) from error
    return arrays


def _safetensors(function: str) -> Any:
    try:
        import_module("safetensors.numpy")
    except ImportError as error:
        hint = "pip install 'graphviz_ad[nn]'"
        got = "none installed"
        raise StateDictError(function, "the safetensors package", got, hint) from error
    return import_module("safetensors")
