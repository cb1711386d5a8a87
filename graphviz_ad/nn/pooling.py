"""Pooling and other changes of resolution as modules, made from the ops."""

from __future__ import annotations

from graphviz_ad.nn.from_ops import from_op

MaxPool1d = from_op("MaxPool1d", "max_pool1d")
MaxPool2d = from_op("MaxPool2d", "max_pool2d")
AvgPool1d = from_op("AvgPool1d", "avg_pool1d")
AvgPool2d = from_op("AvgPool2d", "avg_pool2d")
MaxPool3d = from_op("MaxPool3d", "max_pool3d")
AvgPool3d = from_op("AvgPool3d", "avg_pool3d")
LPPool1d = from_op("LPPool1d", "lp_pool1d")
LPPool2d = from_op("LPPool2d", "lp_pool2d")
AdaptiveAvgPool1d = from_op("AdaptiveAvgPool1d", "adaptive_avg_pool1d")
AdaptiveAvgPool2d = from_op("AdaptiveAvgPool2d", "adaptive_avg_pool2d")
AdaptiveMaxPool2d = from_op("AdaptiveMaxPool2d", "adaptive_max_pool2d")
Upsample = from_op("Upsample", "interpolate")
PixelShuffle = from_op("PixelShuffle", "pixel_shuffle")
