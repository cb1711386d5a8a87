"""show_graph and the view it returns: the Stepper in a notebook, drawings and pages elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graphviz_ad.errors import ArgumentError, RenderError, TraceError
from graphviz_ad.trace.backward_pass import record_backward
from graphviz_ad.trace.file import save_trace
from graphviz_ad.trace.recorder import record_trace, reload_trace
from graphviz_ad.trace.trace import Trace
from graphviz_ad.widget.diagnosed import Diagnosed
from graphviz_ad.widget.payload import Payload, build_payload

if TYPE_CHECKING:
    import graphviz

    from graphviz_ad.diagnose.report import Report
    from graphviz_ad.engine.tensor import Tensor
    from graphviz_ad.widget.link import Link
    from graphviz_ad.widget.stepper import Stepper

__all__ = ["GraphView", "show_graph"]

_FRAME_HEIGHT = 720  # CSS pixels: a frame cannot fit itself to what it holds
Theme = Literal["auto", "light", "dark"]
Colour = Literal["step", "gradient"]


def show_graph(
    output: Tensor | Trace | Report,
    *,
    gradient: Any = None,
    diagnose: Any = False,
    colour: Colour = "step",
    step: int | None = None,
    embed: bool = False,
    theme: Theme = "auto",
    height: int = 0,
    title: str = "",
) -> GraphView:
    """Show the recorded graph of `output` and step through its forward and backward pass.

    Parameters
    ----------
    output : Tensor, Trace or Report
        Usually the loss. Nothing of it is changed: not ``.grad``, not the data. Of a
        diagnosis the graph that was diagnosed, with its findings on it; a trace may come
        from ``ad.Monitor``'s flight recorder.
    gradient : array_like, optional
        The gradient of `output`, for one that is not a scalar. Without it such
        an output has a forward pass only.
    diagnose : bool, Module, optimiser, or iterable of Tensor
        True looks for what is wrong, as `GraphView.diagnose` does, and shows it on the
        diagram; so do parameters, which should all get a gradient.
    colour : {"step", "gradient"}
        What nodes and edges are coloured by: the step that they are at, or the size of
        their gradient, in decades from the median over all values.
    step : int, optional
        How many steps are done at first; the whole forward pass where left out.
    embed : bool
        Put the standalone page into the notebook's output instead of a widget, so
        that a stored notebook and its HTML export stay interactive with no kernel.
    theme : {"auto", "light", "dark"}
        ``"auto"`` follows the notebook.
    height : int
        In CSS pixels; 0 fits the diagram.
    title : str
        A heading; the name of the output where left out.

    Returns
    -------
    GraphView
        Displays as the Stepper in a notebook, prints as text in a terminal, and
        saves itself with ``.save("graph.svg")`` (svg, png, pdf, html, dot, txt).

    Raises
    ------
    DTypeError
        When `output` is no Tensor.
    NothingRecordedError
        When no recorded operation led to `output`.
    ShapeError
        When `gradient` does not have the shape of `output`.
    TraceError
        When `step` is outside the trace.
    ArgumentError
        When `gradient` is given for what is recorded already, or a report has no trace.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> a, b = ad.parameter(3.0), ad.parameter(2.0)
    >>> c = a * b
    >>> view = ad.show_graph(c)
    >>> view.run_to(a)
    backward 2 of 2: multiply sends to a∇, b∇  [run to here]
    >>> view.at(a).gradient
    np.float64(2.0)
    >>> view.at(a).element[()]
    a∇ = c∇·∂c/∂a
       = 1 · 2
       = 2
    """
    trace, report = _recorded(output, gradient, sys._getframe(1))
    view = GraphView(
        trace, report=report, colour=colour, step=step, embed=embed, theme=theme, height=height,
        title=title,
    )  # fmt: skip
    if report is None and diagnose is not False and diagnose is not None:
        view.diagnose(None if diagnose is True else diagnose)
    return view


def _recorded(output: Any, gradient: Any, frame: Any) -> tuple[Trace, Report | None]:
    """Return the trace of what was given, and the report where it is one."""
    report = output if isinstance(getattr(output, "findings", None), tuple) else None
    if report is None and not isinstance(output, Trace):
        return record_trace(output, gradient, frame), None
    trace = output if report is None else report.trace
    if trace is None:
        hint = "a monitor that keeps no graphs, or has seen no step, gives such a report"
        raise ArgumentError("show_graph", "a report with a trace", "one without", hint)
    if gradient is not None:
        raise ArgumentError("show_graph", "no gradient= for what is recorded already", "one")
    return trace, report


class GraphView(Diagnosed):
    """A trace and the ways to look at it: the debugger's verbs, the Stepper, pictures and pages.

    Attributes
    ----------
    trace : Trace
        The graph, the steps and every array.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        report: Report | None = None,
        colour: Colour = "step",
        step: int | None = None,
        embed: bool = False,
        theme: Theme = "auto",
        height: int = 0,
        title: str = "",
    ) -> None:
        last = len(trace.steps)
        start = trace.forward_steps if step is None else step
        if not 0 <= start <= last:
            raise TraceError("show_graph", f"a step from 0 to {last}", str(start))
        if theme not in ("auto", "light", "dark"):
            raise TraceError("show_graph", 'theme "auto", "light" or "dark"', repr(theme))
        self._link: Link | None = None
        self._colour: Colour = "step"
        super().__init__(trace, start, report)
        self.colour = colour
        self._embed = embed
        self._theme: Theme = theme
        self._height = height
        self._title = title

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> GraphView:
        """Return the view of a trace that `save` wrote to a ``.trace`` file.

        Parameters
        ----------
        path : str or Path
        **options
            `colour`, `step`, `embed`, `theme`, `height` and `title`, as of `show_graph`.

        Raises
        ------
        TraceError
            When the file is damaged or no trace.
        FileNotFoundError
            When there is no such file.
        """
        trace, saved = reload_trace(path)
        view = cls(trace, **options)
        if any(one.get("kind") == "finding" for one in saved["breakpoints"]):
            view.diagnose()
        view.breakpoints.restore(saved["breakpoints"])
        view.watches.restore(saved["watches"])
        return view

    @property
    def colour(self) -> Colour:
        """What nodes and edges are coloured by, ``"step"`` or ``"gradient"``; assign to change.

        Raises
        ------
        TraceError
            When something else is assigned.
        """
        return self._colour

    @colour.setter
    def colour(self, value: Colour) -> None:
        if value not in ("step", "gradient"):
            raise TraceError("colour", '"step" or "gradient"', repr(value))
        self._colour = value
        self._changed()

    @property
    def session(self) -> dict[str, Any]:
        """What the page shares with Python, as plain data; the diagnosis before what needs it."""
        found = {"diagnosis": self.diagnosis, "finding": self._finding}
        return {**found, "colour": self._colour, **super().session}

    @cached_property
    def payload(self) -> Payload:
        """What the page is sent."""
        return build_payload(self.trace, self._title)

    @cached_property
    def stepper(self) -> Stepper:
        """The notebook control; made when it is first asked for."""
        from graphviz_ad.widget.link import Link
        from graphviz_ad.widget.stepper import Stepper

        made = Stepper(
            self.payload, diagnose=self.diagnose, theme=self._theme, height=self._height,
            **self.session,
        )  # fmt: skip
        self._link = Link(self, made)
        return made

    def _changed(self) -> None:
        if self._link is not None:
            self._link.push()

    @property
    def _look(self) -> dict[str, Any]:
        """How static pictures are coloured, and what is marked on them."""
        return {"colour": self._colour, "signs": self.signs}

    def backward_graph(self, **options: Any) -> GraphView:
        """Return the backward pass as a graph of its own: what computes each gradient, op by op.

        Parameters
        ----------
        **options
            `step`, `embed`, `theme`, `height` and `title`, as of `show_graph`.

        Raises
        ------
        TraceError
            When there is no backward pass, or the trace holds no rules.
        VJPError
            When the VJP of a user's own operation cannot be run on tensors.
        NothingRecordedError
            When the pass computes nothing: it only passes the output's gradient on.

        Examples
        --------
        >>> import graphviz_ad as ad
        >>> a, b = ad.parameter(3.0), ad.parameter(2.0)
        >>> backward = ad.show_graph(a * b * b).backward_graph()
        >>> [op.op for op in backward.ops]
        ['multiply', 'multiply', 'multiply', 'multiply', 'add']
        """
        title = f"the backward pass of {self.trace.value_label(self.trace.output)}"
        return GraphView(record_backward(self.trace), **{"title": title, **options})

    def to_svg(self, **options: Any) -> str:
        """Return a static picture as SVG text; options as of `graphviz_ad.render.svg.to_svg`."""
        from graphviz_ad.render.svg import to_svg

        return to_svg(self.trace, **{**self._look, **options})

    def to_dot(self) -> graphviz.Source:
        """Return the graph in Graphviz' language, as a ``graphviz.Source``."""
        from graphviz_ad.render.dot import to_dot
        from graphviz_ad.render.sized import Sized

        sized = Sized(self.trace) if self._colour == "gradient" else None
        return to_dot(self.trace.graph, self.trace.value_label, sized=sized, signs=self.signs)

    def to_text(self) -> str:
        """Return the trace as plain text, a line for each operation, and the report, if any."""
        from graphviz_ad.render.text import to_text

        text = to_text(self.trace)
        return text if self.report is None else f"{text}\n{self.report}\n"

    def to_html(self) -> str:
        """Return the standalone page: the same Stepper in one file, no kernel, no network.

        Of large values it derives only the largest element, and those that are watched.
        """
        from graphviz_ad.render.html import standalone_page

        watched = [(w.node.id, w.index) for w in self.watches if w.index is not None]

        return standalone_page(
            self.payload.packed, self.payload.buffer,
            title=self._title or f"{self.trace.value_label(self.trace.output)} · graphviz_ad",
            session=self.session, theme=self._theme, height=self._height,
            explained=self.payload.explained(watched),
        )  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Write a file in the format that its suffix names, and return its path.

        Parameters
        ----------
        path : str or Path
            Ending in .svg, .png, .pdf, .html, .dot or .txt; or in .trace, for all of the
            arrays, the breakpoints and the watches, which `load` reads.

        Raises
        ------
        RenderError
            For another suffix.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".trace":
            return save_trace(self.trace, path, self.session)
        if suffix in (".png", ".pdf"):
            from graphviz_ad.render.figures import to_figure

            path.write_bytes(
                to_figure(self.trace, "png" if suffix == ".png" else "pdf", **self._look)
            )
            return path
        texts: dict[str, Callable[[], str]] = {
            ".svg": self.to_svg,
            ".html": self.to_html,
            ".txt": self.to_text,
            ".dot": lambda: self.to_dot().source,
        }
        if suffix not in texts:
            known = ".svg, .png, .pdf, .html, .dot, .txt or .trace"
            raise RenderError("save", f"a path ending in {known}", repr(str(path)))
        path.write_text(texts[suffix](), encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, **_: object) -> Any:
        """Display as the Stepper, or as the embedded page."""
        if self._embed:
            from graphviz_ad.render.html import iframe

            page = iframe(self.to_html(), height=self._height or _FRAME_HEIGHT)
            return {"text/html": page, "text/plain": repr(self.trace)}
        bundle: Any = self.stepper._repr_mimebundle_()
        data, metadata = bundle
        return {**data, "text/plain": repr(self)}, metadata
