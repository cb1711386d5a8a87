"""What `ad.Monitor` costs a loop: ``python -m benchmarks.diagnosis.overhead``.

A 784-512-512-10 network, batch 256, Adam, float32, sampled every 10th step. The cost is the time
spent inside the monitor over that of the loop without it, on the same steps.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import graphviz_ad as ad

__all__ = ["measure"]


def measure(steps: int = 60, every: int = 10) -> tuple[float, float]:
    """Return the seconds of a step, and the share that the monitor adds to it."""
    rng = np.random.default_rng(0)
    x = ad.tensor(rng.normal(size=(256, 784)).astype(np.float32))
    y = ad.tensor(rng.integers(0, 10, 256))
    layers: list[ad.nn.Module] = []
    for fan_in, fan_out in ((784, 512), (512, 512), (512, 10)):
        linear = ad.nn.Linear(fan_in, fan_out)
        bias, bound = linear.bias, fan_in**-0.5
        draw = rng.uniform(-bound, bound, (fan_out, fan_in)).astype(np.float32)
        linear.weight = ad.parameter(draw)
        linear.bias = ad.parameter(np.zeros(bias.shape, np.float32))
        layers += [linear, ad.nn.ReLU()]
    model = ad.nn.Sequential(*layers[:-1])
    optimiser = ad.optim.Adam(model.parameters(), lr=1e-3)
    monitor = ad.Monitor(model, optimiser, every=every)
    begin = time.perf_counter()
    for _ in range(steps):
        optimiser.zero_grad()
        loss = ad.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        monitor.step(loss)
    whole = time.perf_counter() - begin - monitor.seconds
    return whole / steps, monitor.seconds / whole


if __name__ == "__main__":
    measure(10)
    seconds, share = measure()
    sys.stdout.write(f"{1e3 * seconds:.1f} ms a step; the monitor adds {share:.2%}\n")
