"""The Stepper: the notebook control, an anywidget around the bundled page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from graphviz_ad.errors import RenderError
from graphviz_ad.widget.arrays import block_of
from graphviz_ad.widget.payload import Payload

__all__ = ["Stepper"]

STATIC = Path(__file__).parent / "static"


def _bundled(name: str) -> Path:
    path = STATIC / name
    if not path.exists():
        hint = "build it with `npm ci && npm run build` in widgets/, or reinstall the package"
        raise RenderError("Stepper", "the built front-end", f"no {name}", hint)
    return path


class Stepper(anywidget.AnyWidget):
    """A diagram that steps forward and back through both passes; made by `show_graph`.

    Attributes
    ----------
    step : int
        How many steps are done, from 0 to ``steps``. Assign to move.
    selected : str
        The key of the selected node, such as ``"v3"`` or ``"o2"``; empty for none.
    theme : str
        ``"auto"``, ``"light"`` or ``"dark"``.
    height : int
        In CSS pixels; 0 fits the content.
    """

    _esm = _bundled("stepper.js")
    _css = _bundled("stepper.css")

    payload = traitlets.Bytes().tag(sync=True)
    buffer = traitlets.Bytes().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    theme = traitlets.Enum(("auto", "light", "dark"), default_value="auto").tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)

    def __init__(self, payload: Payload, **traits: Any) -> None:
        super().__init__(payload=payload.packed, buffer=payload.buffer, **traits)
        self._arrays = payload.arrays
        self.on_msg(self._answer)

    def _answer(self, _widget: object, message: Any, _buffers: object) -> None:
        """Send a whole array that the page asks for."""
        if not isinstance(message, dict) or message.get("type") != "fetch":
            return
        request, index = message.get("request"), message.get("array")
        if not isinstance(index, int) or not 0 <= index < len(self._arrays):
            text = f"no array {index!r}; there are {len(self._arrays)}"
            self.send({"type": "error", "request": request, "message": text})
            return
        block, data = block_of(self._arrays[index])
        reply = {"type": "array", "request": request, "array": index, "block": block}
        self.send(reply, buffers=[data])
