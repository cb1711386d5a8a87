"""Optimisers and learning-rate schedules, with PyTorch's names."""

from __future__ import annotations

from graphviz_ad.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.schedule import (
    CosineAnnealingLR,
    ExponentialLR,
    InverseTimeLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from graphviz_ad.optim.sgd import SGD

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "CosineAnnealingLR", "ExponentialLR", "InverseTimeLR",
    "LRScheduler", "LambdaLR", "LinearLR", "Optimizer", "RMSprop", "ReduceLROnPlateau",
    "SequentialLR", "StepLR",
]  # fmt: skip
