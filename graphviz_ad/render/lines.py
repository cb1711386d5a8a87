"""The main ways of the data through a drawing."""

from __future__ import annotations

from graphviz_ad.render.folding import Folded

__all__ = ["straight_lines"]


def straight_lines(folded: Folded) -> dict[int, int]:
    """Divide the items that are computed into lines, each as long as can be.

    Graphviz is asked to draw each straight. Otherwise it bends them to make frames narrow,
    and a deep network runs off sideways.

    Returns
    -------
    dict of int to int
        The line of every item that a link leads to.
    """
    waiting = {bundle.head: 0 for bundle in folded.bundles}
    after: dict[int, list[int]] = {}
    for tail, head in {(bundle.tail, bundle.head): None for bundle in folded.bundles}:
        if tail in waiting:
            after.setdefault(tail, []).append(head)
            waiting[head] += 1
    order = [item for item, count in waiting.items() if count == 0]
    for item in order:
        for following in after.get(item, ()):
            waiting[following] -= 1
            if waiting[following] == 0:
                order.append(following)
    length: dict[int, int] = {}
    for item in reversed(order):
        length[item] = 1 + max((length[f] for f in after.get(item, ())), default=0)
    lines: dict[int, int] = {}
    for line, start in enumerate(sorted(order, key=lambda item: -length[item])):
        at: int | None = start
        while at is not None and at not in lines:
            lines[at] = line
            free = [item for item in after.get(at, ()) if item not in lines]
            at = max(free, key=lambda item: length[item], default=None)
    return lines
