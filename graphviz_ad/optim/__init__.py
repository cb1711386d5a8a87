"""Optimisers and learning-rate schedules, with PyTorch's names."""

from __future__ import annotations

from graphviz_ad.optim import lr_scheduler as lr_scheduler
from graphviz_ad.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from graphviz_ad.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    InverseTimeLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from graphviz_ad.optim.optimizer import Optimizer
from graphviz_ad.optim.sgd import SGD

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "ChainedScheduler", "ConstantLR", "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts", "ExponentialLR", "InverseTimeLR", "LRScheduler", "LambdaLR",
    "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "Optimizer", "PolynomialLR",
    "RMSprop", "ReduceLROnPlateau", "SequentialLR", "StepLR", "lr_scheduler",
]  # fmt: skip
