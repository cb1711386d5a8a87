"""Our own layered layout, for where there is no Graphviz or it takes too long.

Ranks by longest path, order within ranks by barycentre sweeps, coordinates by
averaging neighbours and pushing overlaps apart (Sugiyama, Tagawa, Toda: Methods
for visual understanding of hierarchical system structures, 1981). Deterministic,
and close to linear in items and bundles.
"""

from __future__ import annotations

from graphviz_ad.render.diagram import Drawing
from graphviz_ad.render.folding import Folded
from graphviz_ad.render.geometry import Box, Curve, Point, frame_title_width, item_size

_GAP, _RANK_GAP, _ARROW, _SWEEPS = 22.0, 34.0, 8.0, 6
_FRAME_PAD, _FRAME_TITLE = 10.0, 18.0

_Parts = tuple[float, float, tuple[Point, ...], tuple[Curve, ...], tuple[tuple[int, Box], ...]]


def layered_layout(drawing: Drawing, folded: Folded, margin: float) -> _Parts:
    """Return width, height, centres, curves and frames; see `layout.Layout`."""
    sizes = [item_size(drawing, item) for item in folded.items]
    ranks, parents, children = _ranks(folded)
    rows = _ordered_rows(ranks, parents, children, [item.parent or -1 for item in folded.items])
    xs = _columns(rows, parents, children, [width for width, _ in sizes])
    centers, bottom = _centers(rows, xs, sizes, margin)
    curves = tuple(_curve(centers, sizes, b.tail, b.head) for b in folded.bundles)
    frames = _frames(drawing, folded, centers, sizes)
    # frames may reach beyond the items, and no drawing has negative coordinates
    left = min((box.x for _, box in frames), default=margin)
    top = min((box.y for _, box in frames), default=margin)
    dx, dy = max(0.0, margin - left), max(0.0, margin - top)
    centers = tuple(Point(x + dx, y + dy) for x, y in centers)
    curves = tuple(
        Curve(tuple(Point(x + dx, y + dy) for x, y in c.points), Point(c.tip.x + dx, c.tip.y + dy))
        for c in curves
    )
    frames = tuple((g, box._replace(x=box.x + dx, y=box.y + dy)) for g, box in frames)
    right = max(
        [c.x + w / 2 for c, (w, _) in zip(centers, sizes, strict=True)]
        + [box.x + box.width for _, box in frames],
        default=0.0,
    )
    bottom = max([bottom + dy] + [box.y + box.height for _, box in frames])
    return right + margin, bottom + margin, centers, curves, frames


def _ranks(folded: Folded) -> tuple[list[int], list[list[int]], list[list[int]]]:
    """Longest-path ranks; a link that would close a cycle is left out of the order."""
    count = len(folded.items)
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for bundle in folded.bundles:
        if bundle.tail != bundle.head:
            parents[bundle.head].append(bundle.tail)
            children[bundle.tail].append(bundle.head)
    waiting = [len(p) for p in parents]
    ranks = [0] * count
    done = [False] * count
    ready = [i for i in range(count) if not waiting[i]]
    rest = iter(range(count))
    while True:
        if not ready:  # finished, or every remaining item is on or behind a cycle
            stuck = next((i for i in rest if not done[i]), None)
            if stuck is None:
                break
            ready.append(stuck)
        for item in ready:
            done[item] = True
        following = []
        for item in ready:
            for child in children[item]:
                waiting[child] -= 1
                if not done[child]:
                    ranks[child] = max(ranks[child], ranks[item] + 1)
                    if not waiting[child]:
                        following.append(child)
        ready = following
    # a source sits right above the first thing that it feeds
    for item in range(count):
        if not parents[item] and children[item]:
            ranks[item] = max(0, min(ranks[c] for c in children[item]) - 1)
    return ranks, parents, children


def _ordered_rows(
    ranks: list[int], parents: list[list[int]], children: list[list[int]], group: list[int]
) -> list[list[int]]:
    """Items of each rank in an order that crosses few links; groups stay side by side."""
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for item, rank in enumerate(ranks):
        rows[rank].append(item)
    place = [0.0] * len(ranks)
    for row in rows:
        _spread(row, place)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = parents if down else children
        for row in rows if down else reversed(rows):
            middle = {
                i: sum(place[n] for n in neighbours[i]) / len(neighbours[i])
                if neighbours[i]
                else place[i]
                for i in row
            }
            together: dict[int, list[float]] = {}
            for i in row:
                together.setdefault(group[i], []).append(middle[i])
            centre = {g: sum(values) / len(values) for g, values in together.items()}
            row.sort(key=lambda i: (centre[group[i]], group[i], middle[i], i))
            _spread(row, place)
    return rows


def _spread(row: list[int], place: list[float]) -> None:
    """Places in [0, 1], so that rows of different lengths compare."""
    for index, item in enumerate(row):
        place[item] = (index + 0.5) / len(row)


def _columns(
    rows: list[list[int]], parents: list[list[int]], children: list[list[int]], width: list[float]
) -> list[float]:
    """Centres: each row is drawn to its neighbours and then pushed apart."""
    xs = [0.0] * len(width)
    for row in rows:
        x = 0.0
        for item in row:
            xs[item] = x + width[item] / 2
            x += width[item] + _GAP
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wanted = []
            for i in row:
                near = (parents if down else children)[i] or [i]
                wanted.append(sum(xs[n] for n in near) / len(near))
            for i, x in zip(row, _apart(wanted, [width[i] for i in row]), strict=True):
                xs[i] = x
    left = min((x - w / 2 for x, w in zip(xs, width, strict=True)), default=0.0)
    return [x - left for x in xs]


def _apart(wanted: list[float], width: list[float]) -> list[float]:
    """Return the places nearest to `wanted`, in the least-squares sense, without overlap.

    Pool-adjacent-violators: offsets make the problem an isotonic regression.
    """
    offset, offsets = 0.0, []
    for i, w in enumerate(width):
        offset += w / 2 + (_GAP + width[i - 1] / 2 if i else 0.0)
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []  # sum and count of the pooled wishes
    for want, shift in zip(wanted, offsets, strict=True):
        total, count = want - shift, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, number = blocks.pop()
            total, count = total + before, count + number
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + shift for mean, shift in zip(means, offsets, strict=True)]


def _centers(
    rows: list[list[int]], xs: list[float], sizes: list[tuple[float, float]], margin: float
) -> tuple[tuple[Point, ...], float]:
    ys = [0.0] * len(xs)
    y = margin
    for row in rows:
        height = max(sizes[i][1] for i in row)
        for item in row:
            ys[item] = y + height / 2
        y += height + _RANK_GAP
    bottom = y - _RANK_GAP if rows else margin
    return tuple(Point(x + margin, y) for x, y in zip(xs, ys, strict=True)), bottom


def _curve(
    centers: tuple[Point, ...], sizes: list[tuple[float, float]], tail: int, head: int
) -> Curve:
    """From the bottom of one item to the top of another; sideways steps are softened."""
    start, end = centers[tail], centers[head]
    down = end.y >= start.y
    sign = 1.0 if down else -1.0
    y0 = start.y + sign * sizes[tail][1] / 2
    tip = Point(end.x, end.y - sign * sizes[head][1] / 2)
    y1 = tip.y - sign * _ARROW
    bend = (y1 - y0) * 0.45
    points = (Point(start.x, y0), Point(start.x, y0 + bend), Point(end.x, y1 - bend))
    return Curve((*points, Point(end.x, y1)), tip)


def _frames(
    drawing: Drawing,
    folded: Folded,
    centers: tuple[Point, ...],
    sizes: list[tuple[float, float]],
) -> tuple[tuple[int, Box], ...]:
    """Return the box around the items of each open group, its title included."""
    reach: dict[int, tuple[float, float, float, float]] = {}

    def grow(group: int | None, left: float, top: float, right: float, bottom: float) -> None:
        if group is not None:
            a, b, c, d = reach.get(group, (left, top, right, bottom))
            reach[group] = min(a, left), min(b, top), max(c, right), max(d, bottom)

    for item, center, (width, height) in zip(folded.items, centers, sizes, strict=True):
        x, y = center.x - width / 2, center.y - height / 2
        grow(item.parent, x, y, x + width, y + height)
    boxes: dict[int, Box] = {}
    for group in reversed(folded.frames):  # inner frames have larger indices
        left, top, right, bottom = reach[group]
        left, top = left - _FRAME_PAD, top - _FRAME_PAD - _FRAME_TITLE
        right = max(right + _FRAME_PAD, left + frame_title_width(drawing.groups[group].label))
        boxes[group] = Box(left, top, right - left, bottom + _FRAME_PAD - top)
        grow(drawing.groups[group].parent, left, top, right, bottom + _FRAME_PAD)
    return tuple((group, boxes[group]) for group in folded.frames)
