"""Learning-rate schedules under PyTorch's name for their module."""

from __future__ import annotations

from graphviz_ad.optim.plateau import ReduceLROnPlateau
from graphviz_ad.optim.schedule import LambdaLR, LRScheduler, MultiplicativeLR
from graphviz_ad.optim.schedule_curves import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    InverseTimeLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from graphviz_ad.optim.schedule_cycle import OneCycleLR
from graphviz_ad.optim.schedule_joined import ChainedScheduler, SequentialLR

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
    "ExponentialLR", "InverseTimeLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR",
    "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
