"""One convolution, forward and backward, against PyTorch: 32×3×32×32, 16 filters of 3×3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import by_hand
from benchmarks.measure import interleaved
from benchmarks.peers import Peer


def passes(peers: list[Peer], dtype: Any, size: int = 32) -> dict[str, Callable[[], Any]]:
    """Return the pass of every framework that has a ``conv2d``; each returns both gradients."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(size, 3, 32, 32)).astype(dtype)
    K = rng.normal(size=(16, 3, 3, 3)).astype(dtype)
    g = rng.normal(size=(size, 16, 30, 30)).astype(dtype)
    found: dict[str, Callable[[], Any]] = {}
    for peer in peers:
        if peer.package == "numpy":
            found[peer.name] = lambda: by_hand.conv(g, x, K)[1]
        elif peer.package == "graphviz_ad" and hasattr(peer.module, "conv2d"):
            ad = peer.module
            leaves = ad.parameter(x), ad.parameter(K)
            found[peer.name] = _run(ad.conv2d, leaves, ad.tensor(g))
        elif peer.package == "torch":
            torch = peer.module
            twins = [torch.tensor(a, requires_grad=True) for a in (x, K)]
            found[peer.name] = _run(torch.nn.functional.conv2d, twins, torch.tensor(g))
    return found


def _run(conv2d: Any, leaves: Any, g: Any) -> Callable[[], Any]:
    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        conv2d(*leaves).backward(g)
        return [leaf.grad.numpy() for leaf in leaves]

    return run


def measure(peers: list[Peer], rounds: int = 31) -> dict[str, dict[str, float]]:
    """Return the median seconds of each framework, by dtype."""
    return {name: interleaved(passes(peers, name), rounds) for name in ("float32", "float64")}
