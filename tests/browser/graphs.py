"""What is stepped through in the tests: a lesson, the network on digits, and random graphs."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

import graphviz_ad as ad
from graphviz_ad.widget.view import GraphView

# The same network as cells of a notebook, so that the page and this process hold equal arrays.
NETWORK_CELLS = [
    """\
import numpy as np
from sklearn.datasets import load_digits
import graphviz_ad as ad

images, labels = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
x, t = ad.tensor(images[:32] / 16), labels[:32]
W = ad.parameter(rng.normal(0, 0.1, (64, 50)))
b = ad.parameter(np.zeros(50))
V = ad.parameter(rng.normal(0, 0.1, (50, 10)))
c = ad.parameter(np.zeros(10))""",
    """\
h = ad.sigmoid(x @ W + b)
loss = ad.cross_entropy(h @ V + c, t)
ad.show_graph(loss, step=0)""",
]


def lesson() -> GraphView:
    """Return a layer with a penalty: W has three consumers' edges, b is broadcast."""
    x = ad.tensor([[1.0, -2.0, 0.5], [0.3, 0.8, -1.0]], name="x")
    W = ad.parameter([[0.1, -0.2], [0.4, 0.3], [-0.5, 0.6]], name="W")
    b = ad.parameter([0.1, -0.3], name="b")
    k = x @ W
    h = ad.sigmoid(k + b)
    loss = (h * h).sum() + 0.1 * (W * W).sum()
    return ad.show_graph(loss)


def two_layer_network() -> tuple[ad.Tensor, list[ad.Tensor]]:
    """Return the loss and the parameters of the network of `NETWORK_CELLS`."""
    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    x, t = ad.tensor(images[:32] / 16), labels[:32]
    W = ad.parameter(rng.normal(0, 0.1, (64, 50)), name="W")
    b = ad.parameter(np.zeros(50), name="b")
    V = ad.parameter(rng.normal(0, 0.1, (50, 10)), name="V")
    c = ad.parameter(np.zeros(10), name="c")
    h = ad.sigmoid(x @ W + b)
    return ad.cross_entropy(h @ V + c, t), [W, b, V, c]


def random_graph(seed: int) -> ad.Tensor:
    """Return a scalar computed by a random chain of operations.

    Operands are drawn from all that was computed before, so that values are
    used several times, operands are repeated, and shapes are broadcast.
    """
    rng = np.random.default_rng(seed)
    shapes = [(), (3,), (2, 3), (2, 1)]
    pool = [ad.parameter(rng.normal(size=shape)) for shape in shapes]
    pool.append(ad.tensor(rng.normal(size=(2, 3))))
    unary = [ad.tanh, ad.sigmoid, ad.relu, ad.exp]
    for _ in range(int(rng.integers(4, 9))):
        a, b = (pool[int(i)] for i in rng.integers(len(pool), size=2))
        choice = int(rng.integers(7))
        if choice < 2:
            out = a + b if choice else a - b
        elif choice == 2:
            out = a * b
        elif choice == 3:
            out = a * a
        elif choice == 4 and a.shape:
            out = a.sum(axis=0)
        else:
            out = unary[int(rng.integers(len(unary)))](ad.tanh(a))
        pool.append(out)
    return sum((value.mean() for value in pool[-3:]), pool[-4].mean() * 0.5)
