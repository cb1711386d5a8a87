"""The diagram as readable DOT text for Graphviz."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from graphviz_ad.errors import RenderError
from graphviz_ad.render.diagram import Drawing, Node, build_diagram
from graphviz_ad.render.folding import Bundle, Folded, Item, fold, start_open
from graphviz_ad.render.palette import palette
from graphviz_ad.render.scene import LIGHT
from graphviz_ad.render.signs import LETTERS, Sign, worst_by_item
from graphviz_ad.render.sized import Sized
from graphviz_ad.trace.model import Graph

if TYPE_CHECKING:
    from collections.abc import Callable

    import graphviz

_INDENT = "  "


def to_dot(
    graph: Graph,
    value_label: Callable[[int], str] | None = None,
    *,
    open_groups: Collection[int] | None = None,
    compact: bool = False,
    sized: Sized | None = None,
    signs: Sequence[Sign] = (),
) -> graphviz.Source:
    """Return the diagram as a ``graphviz.Source``.

    Parameters
    ----------
    graph : Graph
    value_label : callable, optional
        From a value's id to what it is called, such as `Trace.value_label`.
    open_groups : collection of int, optional
        Groups of the drawing to open; those that are open at the start by default.
    compact : bool
        Leave the operations out.
    sized : Sized, optional
        The gradient sizes by which nodes and edges are coloured.
    signs : sequence of Sign
        The findings that are marked.

    Returns
    -------
    graphviz.Source
        Its ``.source`` is the text of `dot_text`.

    Raises
    ------
    RenderError
        Where the ``graphviz`` package is not installed.
    """
    try:
        import graphviz
    except ImportError as error:
        raise RenderError(
            "to_dot", "the package graphviz", "no such module", "pip install graphviz"
        ) from error
    text = dot_text(
        graph, value_label, open_groups=open_groups, compact=compact, sized=sized, signs=signs
    )
    return graphviz.Source(text, filename="graph.gv")


def dot_text(
    graph: Graph,
    value_label: Callable[[int], str] | None = None,
    *,
    open_groups: Collection[int] | None = None,
    compact: bool = False,
    sized: Sized | None = None,
    signs: Sequence[Sign] = (),
) -> str:
    """Return the diagram as DOT text; the arguments are those of `to_dot`.

    Names are ``v3`` for values, ``v3_1`` for the copies of one, ``o2`` for
    operations and ``g1`` for closed groups. Edges into an operation carry the
    argument slot where the operation takes one value twice. Findings are labels beside
    their nodes, such as ``"E vanishing"``.
    """
    drawing = build_diagram(graph, value_label)
    opened = start_open(drawing) if open_groups is None else open_groups
    folded = fold(drawing, opened, compact=compact)
    lines = [
        "digraph {",
        "  rankdir=TB",
        '  graph [fontname="sans-serif", fontsize=12, style="rounded,dashed", '
        f'color="{LIGHT["line"]}", labeljust=l]',
        f'  node [fontname="sans-serif", fontsize=12, color="{LIGHT["op-line"]}"]',
        f'  edge [fontname="sans-serif", fontsize=9, color="{LIGHT["forward"]}", arrowsize=0.8]',
        *_body(drawing, folded, sized, worst_by_item(drawing, folded, signs)),
    ]
    repeated = _repeated(graph)
    names = [_name(drawing, item) for item in folded.items]
    lines += (
        _edge_line(graph, drawing, names, repeated, bundle, sized) for bundle in folded.bundles
    )
    return "\n".join([*lines, "}", ""])


def _body(
    drawing: Drawing, folded: Folded, sized: Sized | None, signs: dict[int, list[Sign]]
) -> list[str]:
    """List the nodes, each inside the clusters of its open groups."""
    inside: dict[int | None, list[str]] = {}
    for index, item in enumerate(folded.items):
        line = _item_line(drawing, item, _marks(drawing, item, sized, signs.get(index, [])))
        inside.setdefault(item.parent, []).append(line)
    for frame in reversed(folded.frames):  # inner frames have larger indices
        label = _quote(drawing.groups[frame].label.replace("\n", " "))
        body = [f"subgraph cluster_g{frame} {{", f"{_INDENT}label={label}"]
        body += [_INDENT + line for line in inside.pop(frame)]
        inside.setdefault(drawing.groups[frame].parent, []).extend([*body, "}"])
    return [_INDENT + line for line in inside.get(None, [])]


def _item_line(drawing: Drawing, item: Item, marks: str) -> str:
    name = _name(drawing, item)
    if item.node is None:
        group = drawing.groups[item.group or 0]
        label = _quote(f"{group.label}\n{group.summary}")
        return f'{name} [shape=box, style="rounded,bold", label={label}{marks}]'
    node = drawing.nodes[item.node]
    return f"{name} [{_shape(node)}, label={_quote(_label(node))}{marks}]"


def _marks(drawing: Drawing, item: Item, sized: Sized | None, signs: list[Sign]) -> str:
    """Return the attributes of a node's colour and findings."""
    text = ""
    if sized is not None and item.node is not None:
        node = drawing.nodes[item.node]
        size = sized.op(node.ref) if node.kind == "op" else sized.value(node.ref)
        fill = sized.fill(size, "")
        if fill:
            base = "" if node.shape != "rect" else "rounded,"
            text += f', style="{base}filled", fillcolor="{palette(False)[fill]}"'
    if signs:
        color = palette(False)[signs[0].severity]
        label = "\n".join(f"{LETTERS[sign.severity]} {sign.kind}" for sign in signs)
        text += f', xlabel={_quote(label)}, color="{color}", penwidth=2'
    return text


def _shape(node: Node) -> str:
    if node.shape == "diamond":
        return "shape=diamond, margin=0.02"
    style = "rounded,dashed" if node.copy else "rounded"
    return "shape=circle" if node.shape == "circle" else f'shape=box, style="{style}"'


def _label(node: Node) -> str:
    return f"{node.label}\n{node.sublabel}" if node.sublabel else node.label


def _name(drawing: Drawing, item: Item) -> str:
    if item.node is None:
        return f"g{item.group}"
    return drawing.nodes[item.node].key.replace(".", "_")


def _repeated(graph: Graph) -> set[int]:
    """Find the operations that take one value in more than one slot."""
    uses = Counter((edge.op, edge.value) for edge in graph.edges if edge.is_input)
    return {op for (op, _), count in uses.items() if count > 1}


def _edge_line(
    graph: Graph,
    drawing: Drawing,
    names: list[str],
    repeated: set[int],
    bundle: Bundle,
    sized: Sized | None,
) -> str:
    edges = [graph.edges[drawing.links[link].edge] for link in bundle.links]
    attributes = []
    if len(edges) == 1 and edges[0].is_input and edges[0].op in repeated:
        attributes.append(f"label={edges[0].slot}")
    elif len(edges) > 1 and all(edge.is_input == edges[0].is_input for edge in edges):
        attributes.append(f'label="×{len(edges)}"')
    line = None if sized is None else sized.line(edges)
    if line is not None:
        attributes.append(f'color="{palette(False)[line[0]]}", penwidth={line[1]:.2f}')
    elif not any(edge.carries_gradient for edge in edges):
        attributes.append(f'color="{LIGHT["quiet"]}"')
    text = f"{_INDENT}{names[bundle.tail]} -> {names[bundle.head]}"
    return f"{text} [{', '.join(attributes)}]" if attributes else text


def _quote(text: str) -> str:
    r"""Return a quoted DOT string in which nothing has a special meaning.

    In labels Graphviz reads escapes such as ``\N`` and, whatever the quotes, HTML
    entities such as ``&lt;``; both are taken apart here.
    """
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd").replace("\r", " ")
    text = text.replace("\\", "\\\\").replace("&", "&amp;").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n") + '"'
