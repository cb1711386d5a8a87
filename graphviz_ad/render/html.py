"""The Stepper as one HTML file that needs no kernel and no network."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from graphviz_ad.errors import RenderError
from graphviz_ad.render.scene import Theme, check_theme

# Nothing is loaded from anywhere: scripts and styles are in the page, the layout's
# worker and WebAssembly come from blobs that the script makes.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob: 'wasm-unsafe-eval'; worker-src blob:; "
    "style-src 'unsafe-inline'; font-src data:; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def standalone_page(
    payload: bytes,
    buffer: bytes,
    *,
    title: str,
    session: Mapping[str, Any] | None = None,
    theme: Theme = "auto",
    height: int = 720,
    explained: bytes = b"",
) -> str:
    """Return one HTML document that holds the Stepper, the payload and the arrays.

    Parameters
    ----------
    payload : bytes
        The payload's document: JSON, gzip-compressed.
    buffer : bytes
        The arrays that the payload refers to.
    title : str
        The document's title.
    session : mapping, optional
        Where the page begins and what is set on it: step, selection, granularity,
        breakpoints and watches, as JSON can hold them.
    theme : {"auto", "light", "dark"}
    height : int
        Of the Stepper, in CSS pixels.
    explained : bytes
        Explanations that a page asks a kernel for otherwise, by their question: JSON,
        gzip-compressed.

    Raises
    ------
    RenderError
        For an unknown theme, or where the front-end has not been built.
    """
    check_theme("standalone_page", theme)
    script, style = _bundle()
    document = base64.b64encode(payload).decode()
    arrays = base64.b64encode(buffer).decode()
    answers = base64.b64encode(explained).decode()
    answered = f'<script type="text/plain" class="gad-explained">{answers}</script>\n'
    attributes = "".join(
        f' data-{name}="{html.escape(str(value))}"'
        for name, value in (
            ("session", json.dumps(session or {})),
            ("theme", theme),
            ("height", height),
        )
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(_printable(title))}</title>
<style>html, body {{ margin: 0 }}</style>
<style>{_inline_style(style)}</style>
</head>
<body>
<div data-graphviz-ad{attributes}>
<script type="text/plain" class="gad-payload">{document}</script>
<script type="text/plain" class="gad-buffer">{arrays}</script>
{answered if explained else ""}</div>
<script type="module">{_inline_script(script)}</script>
</body>
</html>
"""


def iframe(page: str, *, height: int = 720, title: str = "graphviz_ad") -> str:
    """Return an ``<iframe>`` that holds a whole page, for a notebook's output.

    The frame runs scripts but is sandboxed: it has an origin of its own, so the page
    cannot reach the notebook around it.

    Examples
    --------
    >>> print(iframe("<p>a & b</p>", height=80))  # doctest: +ELLIPSIS
    <iframe srcdoc="&lt;p&gt;a &amp;amp; b&lt;/p&gt;"...
    """
    escaped = html.escape(page)
    return (
        f'<iframe srcdoc="{escaped}" title="{html.escape(title)}" sandbox="allow-scripts" '
        f'style="width:100%;height:{height:d}px;border:0" loading="lazy"></iframe>'
    )


def _printable(text: str) -> str:
    """Replace what UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def _bundle() -> tuple[str, str]:
    """Read the built front-end: its script and its style sheet."""
    static = resources.files("graphviz_ad").joinpath("widget", "static")
    files = [static.joinpath(name) for name in ("stepper.js", "stepper.css")]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise RenderError(
            "standalone_page",
            "the built front-end in graphviz_ad/widget/static",
            f"no {' and no '.join(missing)}",
            "run `pip install --editable .` in a checkout, which builds it, or reinstall the wheel",
        )
    script, style = (file.read_text(encoding="utf-8") for file in files)
    return script, style


def _inline_script(script: str) -> str:
    r"""Make script text that cannot end its element: no "<" where HTML would read a tag.

    In esbuild's output both sequences occur in strings, templates and regular
    expressions only, where ``\x3C`` means the same.
    """
    return re.sub(r"<(?=/script|!--)", r"\\x3C", script, flags=re.IGNORECASE)


def _inline_style(style: str) -> str:
    """Make style text that cannot end its element."""
    return re.sub(r"</(?=style)", r"<\\/", style, flags=re.IGNORECASE)
