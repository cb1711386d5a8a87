"""Train a small network on handwritten digits, then write down one training step to look inside.

Run by ``make demo``. It ends with ``build/first_graph.html``: the diagram of one step, to be
stepped through in any browser, with no kernel and no network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import graphviz_ad as ad

EPOCHS = 20
BATCH = 32
LEARNING_RATE = 0.5
PAGE = Path(__file__).resolve().parent.parent / "build" / "first_graph.html"


def show_progress(epoch: int, loss: float) -> None:
    """Redraw the progress bar in place; print a plain line where there is no terminal."""
    bar = "█" * epoch + "░" * (EPOCHS - epoch)
    line = f"epoch {epoch:2d}/{EPOCHS}  {bar}  loss {loss:.4f}"
    if sys.stdout.isatty():
        print("\r" + line, end="\n" if epoch == EPOCHS else "", flush=True)
    elif epoch in (1, EPOCHS):
        print(line)


# The data: 8x8 images of digits as rows of 64 numbers between 0 and 1, and their labels.
images, labels = load_digits(return_X_y=True)
x_train, x_test, t_train, t_test = train_test_split(
    images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels
)

# The parameters: 64 pixels -> 50 hidden units -> 10 classes. The weights start at random with
# variance 1 / (number of inputs), so that the values keep their size from layer to layer.
rng = np.random.default_rng(0)
W = ad.parameter(rng.normal(0.0, 1 / np.sqrt(64), (64, 50)), name="W")
b = ad.parameter(np.zeros(50), name="b")
V = ad.parameter(rng.normal(0.0, 1 / np.sqrt(50), (50, 10)), name="V")
c = ad.parameter(np.zeros(10), name="c")
parameters = [W, b, V, c]


def network(x: ad.Tensor) -> ad.Tensor:
    """Return the logits, shape (batch, 10), for images of shape (batch, 64)."""
    with ad.module_scope("hidden"):
        h = ad.sigmoid(x @ W + b)
    with ad.module_scope("output"):
        return h @ V + c


def batches() -> Iterator[tuple[ad.Tensor, np.ndarray]]:
    """Go once through the training set, in a new random order."""
    order = rng.permutation(len(x_train))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        yield ad.tensor(x_train[rows], name="x"), t_train[rows]


print(f"Training 64 → 50 → 10 on {len(x_train)} digits")
for epoch in range(1, EPOCHS + 1):
    losses = []
    for x, t in batches():
        loss = ad.cross_entropy(network(x), t)
        loss.backward()
        for p in parameters:
            # A new array each time: what the graph recorded must not change under it.
            p.data = p.data - LEARNING_RATE * p.grad.data
            p.grad = None
        losses.append(loss.item())
    show_progress(epoch, float(np.mean(losses)))

with ad.no_grad():
    predicted = network(ad.tensor(x_test)).data.argmax(axis=1)
print(f"\nTest accuracy: {np.mean(predicted == t_test):.1%} of {len(t_test)} digits\n")

# One more step, this time to look at.
x, t = next(batches())
loss = ad.cross_entropy(network(x), t)
loss.backward()

print(f"Gradients of the loss ({loss.item():.4g}) on one batch of {BATCH}:")
print(f"  {'':4}{'shape':>10}{'norm':>12}{'min':>12}{'max':>12}")
for p in parameters:
    g = p.grad.data
    norm = np.linalg.norm(g)
    print(f"  {p.name:4}{p.shape!s:>10}{norm:12.4g}{g.min():12.4g}{g.max():12.4g}")

PAGE.parent.mkdir(exist_ok=True)
ad.show_graph(loss).save(PAGE)
print(f"\nStep through it in a browser, forward and back: {PAGE}")
