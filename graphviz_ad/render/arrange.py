"""Positions of boxes in rows: the heart of our own layout.

Ranks by longest path, order within ranks by barycentre sweeps, coordinates by
averaging neighbours and pushing overlaps apart (Sugiyama, Tagawa, Toda: Methods
for visual understanding of hierarchical system structures, 1981). Deterministic,
and close to linear in boxes and links.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graphviz_ad.render.geometry import Point

Size = tuple[float, float]

_GAP, _RANK_GAP, _SWEEPS = 22.0, 34.0, 6
BEND: Size = (8.0, 0.0)  # what a long link occupies in a row that it passes
_BENDS_PER_BOX = 6  # beyond this many the links run straight


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Centres of the boxes, the bends of each link, and the size of the whole."""

    centers: tuple[Point, ...]
    bends: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def arrange(
    sizes: Sequence[Size],
    links: Sequence[tuple[int, int]],
    top: Collection[int] = (),
    bottom: Collection[int] = (),
) -> Arrangement:
    """Place boxes in rows so that links run downwards and boxes do not overlap.

    Parameters
    ----------
    sizes : sequence of (width, height)
    links : sequence of (int, int)
        Tail and head; a link that closes a cycle may run upwards.
    top, bottom : collection of int
        Boxes that belong in the first and in the last row.
    """
    ranks = _ranks(len(sizes), links, frozenset(top))
    last = max(ranks, default=0)
    for box in bottom:
        ranks[box] = last
    boxes = list(sizes)
    chains = _chains(boxes, ranks, links)
    parents: list[list[int]] = [[] for _ in boxes]
    children: list[list[int]] = [[] for _ in boxes]
    for chain in chains:
        for above, below in pairwise(chain):
            parents[below].append(above)
            children[above].append(below)
    rows = _ordered_rows(ranks, parents, children)
    xs = _columns(rows, parents, children, [width for width, _ in boxes])
    ys = [0.0] * len(boxes)
    y = 0.0
    for row in rows:
        height = max(boxes[i][1] for i in row)
        for box in row:
            ys[box] = y + height / 2
        y += height + _RANK_GAP
    places = [Point(x, y) for x, y in zip(xs, ys, strict=True)]
    width = max((p.x + w / 2 for p, (w, _) in zip(places, boxes, strict=True)), default=0.0)
    bends = tuple(tuple(places[i] for i in chain[1:-1]) for chain in chains)
    return Arrangement(tuple(places[: len(sizes)]), bends, width, max(0.0, y - _RANK_GAP))


def _ranks(count: int, links: Sequence[tuple[int, int]], top: frozenset[int]) -> list[int]:
    """Rank by longest path; a link that would close a cycle is left out."""
    children: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for tail, head in links:
        children[tail].append(head)
        waiting[head] += 1
    source = [not number for number in waiting]
    ranks = [0] * count
    done = [False] * count
    ready = [i for i in range(count) if source[i]]
    rest = iter(range(count))
    while True:
        if not ready:  # finished, or every remaining box is on or behind a cycle
            stuck = next((i for i in rest if not done[i]), None)
            if stuck is None:
                break
            ready.append(stuck)
        for box in ready:
            done[box] = True
        following = []
        for box in ready:
            for child in children[box]:
                waiting[child] -= 1
                if not done[child]:
                    ranks[child] = max(ranks[child], ranks[box] + 1)
                    if not waiting[child]:
                        following.append(child)
        ready = following
    for box in range(count):  # a source lies right above the first box that it feeds
        if source[box] and children[box] and box not in top:
            ranks[box] = max(0, min(ranks[child] for child in children[box]) - 1)
    return ranks


def _chains(
    boxes: list[Size], ranks: list[int], links: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """Split links over several ranks at bends, which join `boxes` and `ranks`."""
    spans = sum(max(0, ranks[head] - ranks[tail] - 1) for tail, head in links)
    straight = spans > _BENDS_PER_BOX * len(boxes) + 100
    chains = []
    for tail, head in links:
        chain = [tail]
        for rank in range(ranks[tail] + 1, 0 if straight else ranks[head]):
            chain.append(len(boxes))
            boxes.append(BEND)
            ranks.append(rank)
        chains.append([*chain, head])
    return chains


def _ordered_rows(
    ranks: list[int], parents: list[list[int]], children: list[list[int]]
) -> list[list[int]]:
    """Order the boxes of each rank so that few links cross."""
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for box, rank in enumerate(ranks):
        rows[rank].append(box)
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
            row.sort(key=lambda i: (middle[i], i))
            _spread(row, place)
    return rows


def _spread(row: list[int], place: list[float]) -> None:
    """Set places in [0, 1], so that rows of different lengths compare."""
    for index, box in enumerate(row):
        place[box] = (index + 0.5) / len(row)


def _columns(
    rows: list[list[int]], parents: list[list[int]], children: list[list[int]], width: list[float]
) -> list[float]:
    """Choose centres: each row is drawn to its neighbours and then pushed apart."""
    xs = [0.0] * len(width)
    for row in rows:
        x = 0.0
        for box in row:
            xs[box] = x + width[box] / 2
            x += width[box] + _GAP
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
