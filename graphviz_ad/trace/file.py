"""Traces in files: a ZIP archive of one JSON document and plain ``.npy`` arrays, never pickle.

A file may come from anywhere: what it unpacks to is limited, arrays are read only where
their header agrees with their size, and every number of the document is checked.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphviz_ad.backend import protect, to_numpy
from graphviz_ad.errors import TraceError
from graphviz_ad.trace.document import damaged, from_document, to_document
from graphviz_ad.trace.rules import CallFacts, Rules
from graphviz_ad.trace.trace import Trace

__all__ = ["Session", "load_trace", "save_trace"]

LIMIT = 2 << 30
"""Bytes that a file may unpack to, where the caller says nothing else."""

_DOCUMENT = "trace.json"


Session = Mapping[str, Sequence[Mapping[str, Any]]]
"""What a person has set: lists of ``"breakpoints"`` and ``"watches"``, as `to_list` gives them."""

_LISTS = ("breakpoints", "watches")


def save_trace(trace: Trace, path: str | Path, session: Session | None = None) -> Path:
    """Write a trace, all of its arrays, and what was set in it to a file.

    Parameters
    ----------
    trace : Trace
    path : str or Path
        Replaced only once everything is written.
    session : mapping, optional
        The breakpoints and the watches, as their `to_list` gives them.

    Returns
    -------
    Path
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            numbers: dict[int, int] = {}
            kept: list[Any] = []  # so that no id is used twice

            def store(array: Any) -> int:
                if id(array) not in numbers:
                    number = numbers[id(array)] = len(kept)
                    kept.append(array)
                    with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                        host = np.ascontiguousarray(to_numpy(array)).reshape(np.shape(array))
                        np.lib.format.write_array(member, host, allow_pickle=False)
                return numbers[id(array)]

            document = to_document(trace, store)
            for name in _LISTS:
                document[name] = [dict(one) for one in (session or {}).get(name, ())]
            text = json.dumps(document, ensure_ascii=False, allow_nan=False)
            archive.writestr(_DOCUMENT, text.encode())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def load_trace(
    path: str | Path,
    make_rules: Callable[[Trace, list[CallFacts]], Rules | None] | None = None,
    *,
    limit: int = LIMIT,
) -> tuple[Trace, Session]:
    """Read a trace, and the breakpoints and watches that were saved with it.

    Parameters
    ----------
    path : str or Path
    make_rules : callable, optional
        Makes the rules from the trace and from how its operations were called; without
        it the trace has none.
    limit : int
        Bytes that the file may unpack to.

    Raises
    ------
    TraceError
        When the file is damaged, too large, or no trace.
    FileNotFoundError
        When there is no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            size = sum(info.file_size for info in members.values())
            if size > limit:
                hint = "pass a larger limit= if you trust the file"
                raise TraceError("load_trace", f"at most {limit:,} bytes", f"{size:,}", hint)
            document = json.loads(_content(archive, members, _DOCUMENT))
            arrays: dict[int, Any] = {}

            def array(number: Any) -> Any:
                if isinstance(number, bool) or not isinstance(number, int):
                    raise damaged(f"array {number!r}")
                if number not in arrays:
                    arrays[number] = _array(_content(archive, members, f"{number}.npy"))
                return arrays[number]

            trace, calls = from_document(document, array)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise damaged(f"{type(error).__name__}: {error}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(f"a document that is no JSON ({type(error).__name__})") from error
    if make_rules is not None and calls is not None:
        trace.rules = make_rules(trace, calls)
    session = {name: document.get(name, []) for name in _LISTS}
    for name, found in session.items():
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise damaged(f"{name} of another form")
    return trace, session


def _content(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], name: str) -> bytes:
    info = members.get(name)
    if info is None:
        raise damaged(f"no {name} in it")
    if info.flag_bits & 1:
        raise damaged("an encrypted file")
    # no more than was announced, whatever the compressed data says
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise damaged(f"{name} of another size than announced")
    return data


def _array(data: bytes) -> Any:
    """Return the array of a ``.npy`` file whose header agrees with its size."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise damaged(f"an array of format {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, SyntaxError, TypeError) as error:
        if isinstance(error, TraceError):
            raise
        raise damaged(f"an array without a header ({error})") from error
    body = data[stream.tell() :]
    if dtype.kind not in "biuf" or dtype.hasobject:
        raise damaged(f"an array of {dtype}")
    if len(body) != math.prod(shape) * dtype.itemsize:
        raise damaged(f"an array of {len(body)} bytes that should hold {dtype} {shape}")
    array = np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C")
    return protect(array.astype(dtype.newbyteorder("="), copy=False))
