"""Small data sets that need no network: what scikit-learn ships or draws, a text, MNIST's files.

Every function returns a `Dataset` of NumPy arrays, except `text` and the images. What
comes from scikit-learn needs it installed (``pip install 'graphviz_ad[demo]'``).
"""

from __future__ import annotations

from graphviz_ad.datasets.dataset import Dataset, batches
from graphviz_ad.datasets.idx import mnist
from graphviz_ad.datasets.shipped import (
    blobs,
    breast_cancer,
    china,
    circles,
    diabetes,
    digits,
    flower,
    iris,
    moons,
    wine,
)
from graphviz_ad.datasets.text import text

__all__ = [
    "Dataset", "batches", "blobs", "breast_cancer", "china", "circles", "diabetes", "digits",
    "flower", "iris", "mnist", "moons", "text", "wine",
]  # fmt: skip
