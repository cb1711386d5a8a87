"""What `ad.Monitor` costs a loop: ``python -m benchmarks.diagnosis.overhead``.

A 784-512-512-10 network, batch 256, Adam, sampled every 10th step, in both dtypes, without and
with the live view of a notebook. The cost is the time spent inside the monitor over that of the
loop without it, on the same steps; the median of several runs.
"""

from __future__ import annotations

import statistics
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

import graphviz_ad as ad
from graphviz_ad.diagnose import live

__all__ = ["measure"]

_RUNS = 3


def measure(
    steps: int = 60, every: int = 10, dtype: Any = np.float32, shown: bool = False
) -> tuple[float, float]:
    """Return the seconds of a step, and the share that the monitor adds to it."""
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(256, 784)).astype(dtype))
    y = ad.tensor(rng.integers(0, 10, 256))
    layers: list[ad.nn.Module] = []
    for fan_in, fan_out in ((784, 512), (512, 512), (512, 10)):
        linear = ad.nn.Linear(fan_in, fan_out)
        bound = fan_in**-0.5
        linear.weight = ad.parameter(rng.uniform(-bound, bound, (fan_out, fan_in)).astype(dtype))
        linear.bias = ad.parameter(np.zeros(fan_out, dtype))
        layers += [linear, ad.nn.ReLU()]
    model = ad.nn.Sequential(*layers[:-1])
    optimiser = ad.optim.Adam(model.parameters(), lr=1e-3)
    monitor = ad.Monitor(model, optimiser, every=every, live=shown, total=steps if shown else None)
    begin = time.perf_counter()
    for _ in range(steps):
        optimiser.zero_grad()
        loss = ad.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        monitor.step(loss)
    whole = time.perf_counter() - begin - monitor.seconds
    return whole / steps, monitor.seconds / whole


def _in_a_notebook() -> Any:
    """Stand in for a notebook whose front-end takes the panel at once."""
    handle = SimpleNamespace(update=lambda data, raw: None)
    display = SimpleNamespace(display=lambda data, raw, display_id: handle)
    package = SimpleNamespace(display=display, get_ipython=lambda: None)
    sys.modules.update({"IPython": package, "IPython.display": display})  # type: ignore[dict-item]
    shell = SimpleNamespace(execution_count=1)
    live._kernel_shell = lambda: shell  # type: ignore[assignment]


def main() -> None:
    _in_a_notebook()
    measure(10)
    for dtype in (np.float32, np.float64):
        for shown in (False, True):
            runs = [measure(dtype=dtype, shown=shown) for _ in range(_RUNS)]
            seconds, share = (statistics.median(column) for column in zip(*runs, strict=True))
            view = "with the live view" if shown else "without it"
            sys.stdout.write(
                f"{np.dtype(dtype).name}, {view}: {1e3 * seconds:.1f} ms a step; "
                f"the monitor adds {share:.2%}\n"
            )


if __name__ == "__main__":
    main()
