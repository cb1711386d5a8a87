"""State dicts in safetensors files: arrays and their names, and nothing that runs.

What is no array (an optimiser's options, the number of an epoch) and how dicts and lists
hold each other is written as JSON into the file's header.
"""

from __future__ import annotations

import json
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

_KEY = "graphviz_ad"
_PLAIN = (bool, int, float, str)


def save(state_dict: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a state dict to a safetensors file, which PyTorch's users can read, too.

    The file appears whole or not at all; one that was there stays until then.

    Parameters
    ----------
    state_dict : mapping of str to array, Tensor, number, str, None, or dicts and lists of them
        What ``module.state_dict()`` gives; or a dict of several state dicts, such as
        ``{"model": …, "optimizer": …, "epoch": 3}``.
    path : path

    Raises
    ------
    StateDictError
        For a value that is none of these, or when safetensors is not installed.

    Examples
    --------
    >>> import graphviz_ad as ad, tempfile, os
    >>> net = ad.nn.Linear(2, 1)
    >>> optimizer = ad.optim.Adam(net.parameters())
    >>> path = os.path.join(tempfile.mkdtemp(), "run.safetensors")
    >>> ad.nn.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, path)
    >>> saved = ad.nn.load(path)
    >>> net.load_state_dict(saved["model"])
    <All keys matched successfully>
    >>> optimizer.load_state_dict(saved["optimizer"])
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    tree = _taken_apart(state_dict, (), arrays)
    flat = all(isinstance(value, Tensor) or is_array(value) for value in state_dict.values())
    flat = flat and all(isinstance(key, str) for key in state_dict)
    metadata = None if flat else {_KEY: json.dumps(tree)}
    written = _safetensors("nn.save").numpy.save(arrays, metadata)
    target = Path(path)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(written)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a state dict from a safetensors file, to be given to ``load_state_dict``.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        What was saved, with NumPy arrays for tensors.

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
        arrays: dict[str, Any] = library.numpy.load(written)
        # The library has seen that the header is whole: eight bytes say how long it is.
        header = json.loads(written[8 : 8 + int.from_bytes(written[:8], "little")])
        tree = header.get("__metadata__", {}).get(_KEY)
        state: dict[str, Any] = arrays if tree is None else _joined(json.loads(tree), arrays)
    except (library.SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        got = f"{os.fspath(path)} of {len(written)} bytes ({error})"
        hint = "it is cut short, or of another format or dtype"
        raise StateDictError("nn.load", "a whole safetensors file", got, hint) from error
    return state


def _taken_apart(value: Any, path: tuple[str, ...], arrays: dict[str, Any]) -> Any:
    """Put the arrays of a tree into `arrays` by path; return the tree in JSON's types."""
    if isinstance(value, Tensor):
        value = value.data
    if is_array(value):
        name = ".".join(path)
        while name in arrays:
            name += "_"
        arrays[name] = np.array(to_numpy(value), order="C")
        return {"array": name}
    if value is None or isinstance(value, _PLAIN):
        return {"value": value}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, (str, int)):
                raise StateDictError(
                    "nn.save", f"keys of {_place(path)} that are str or int", repr(key)
                )
        below = [[k, _taken_apart(v, (*path, str(k)), arrays)] for k, v in value.items()]
        return {"dict": below}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_taken_apart(v, (*path, str(i)), arrays) for i, v in enumerate(value)]}
    expected = f"an array, number, str, dict or list under {_place(path)}"
    raise StateDictError("nn.save", expected, type(value).__name__)


def _joined(tree: Any, arrays: Mapping[str, Any]) -> Any:
    """Return what `_taken_apart` took apart."""
    ((kind, content),) = dict(tree).items()
    if kind == "array":
        return arrays[content]
    if kind == "value":
        return content
    if kind == "dict":
        return {key: _joined(value, arrays) for key, value in content}
    if kind in ("list", "tuple"):
        parts = [_joined(part, arrays) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    raise ValueError(f"an unknown kind {kind!r}")


def _place(path: tuple[str, ...]) -> str:
    return repr(".".join(path)) if path else "the state dict"


def _safetensors(function: str) -> Any:
    try:
        import_module("safetensors.numpy")
    except ImportError as error:
        hint = "pip install 'graphviz_ad[nn]'"
        got = "none installed"
        raise StateDictError(function, "the safetensors package", got, hint) from error
    return import_module("safetensors")
