"""Comparison with files that are kept in the repository.

``GRAPHVIZ_AD_UPDATE_GOLDEN=1 pytest tests/render`` writes them anew: look at the
difference before committing it.
"""

from __future__ import annotations

import base64
import os
import re
import struct
import zlib
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def compare(name: str, text: str) -> None:
    """Assert that a text is the golden one of that name."""
    path = FOLDER / name
    if os.environ.get("GRAPHVIZ_AD_UPDATE_GOLDEN", "0") not in ("", "0"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def normalise_svg(svg: str) -> str:
    """Replace what may differ with no difference to be seen: ids, and how PNGs are packed."""
    svg = re.sub(r"gad-[0-9a-f]{10}", "gad", svg)
    return re.sub(r"data:image/png;base64,([^\"]+)", _pixels, svg)


def _pixels(match: re.Match[str]) -> str:
    data = base64.b64decode(match[1])
    cols, rows = struct.unpack(">II", data[16:24])
    body = b""
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            body += data[at + 8 : at + 8 + length]
        at += 12 + length
    return f"png:{rows}x{cols}:{zlib.crc32(zlib.decompress(body)):08x}"
