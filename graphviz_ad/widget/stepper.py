"""The Stepper: the notebook control, an anywidget around the bundled page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from graphviz_ad.errors import RenderError
from graphviz_ad.trace.debug.motion import GRANULARITIES
from graphviz_ad.widget.answers import Answers
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
    step : float
        How many steps are done, from 0 to ``steps``; 5.5 where the sixth has sent one of
        two contributions. Assign to move.
    selected : str
        The key of the selected node, such as ``"v3"`` or ``"o2"``; empty for none.
    granularity : str
        ``"op"``, ``"edge"`` or ``"module"``.
    breakpoints, watches : list of dict
        As the `to_list` of the debugger's breakpoints and watches gives them.
    colour : str
        What nodes and edges are coloured by: ``"step"``, or ``"gradient"`` for its size.
    diagnosis : str
        What a report says, as JSON; empty before a diagnosis.
    finding : int
        Which finding is open, counted over all; -1 for none.
    told : int
        How often Python has told the page something: what comes with a new number is
        Python's wish, and no echo of what the page has said.
    theme : str
        ``"auto"``, ``"light"`` or ``"dark"``.
    height : int
        In CSS pixels; 0 fits the content.
    """

    _esm = _bundled("stepper.js")
    _css = _bundled("stepper.css")

    payload = traitlets.Bytes().tag(sync=True)
    buffer = traitlets.Bytes().tag(sync=True)
    step = traitlets.Float(0.0).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    granularity = traitlets.Enum(GRANULARITIES, default_value="op").tag(sync=True)
    breakpoints = traitlets.List(traitlets.Dict()).tag(sync=True)
    watches = traitlets.List(traitlets.Dict()).tag(sync=True)
    colour = traitlets.Enum(("step", "gradient"), default_value="step").tag(sync=True)
    diagnosis = traitlets.Unicode("").tag(sync=True)
    finding = traitlets.Int(-1).tag(sync=True)
    told = traitlets.Int(0).tag(sync=True)
    theme = traitlets.Enum(("auto", "light", "dark"), default_value="auto").tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, payload: Payload, *, diagnose: Callable[[], object] | None = None, **traits: Any
    ) -> None:
        super().__init__(payload=payload.packed, buffer=payload.buffer, **traits)
        self._answers = Answers(payload.trace, payload.arrays, diagnose)
        self.on_msg(self._answer)

    def _answer(self, _widget: object, message: Any, _buffers: object) -> None:
        """Send what the page asks for."""
        answer = self._answers.answer(message)
        if answer is not None:
            reply, buffers = answer
            self.send(reply, buffers=buffers)
