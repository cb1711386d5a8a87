"""Rules: each reads the measures of one trace and says what it found. Add your own in ten lines.

>>> from graphviz_ad.diagnose.rules import RULES, Rule, register
>>> @register
... class HugeActivation(Rule):
...     limit: float = 1e4
...     def check(self, measures):
...         for op in measures.activations:
...             if measures.data_rms(op.outputs[0]) > self.limit:
...                 yield self.finding(
...                     measures, "saturation", "warning", op, title="a huge activation",
...                     cause="Its values pass the limit.", advice="scale its input down",
...                 )
>>> RULES.pop("HugeActivation").__name__
'HugeActivation'
"""

from __future__ import annotations

from graphviz_ad.diagnose.rules.base import RULES, Rule, register
from graphviz_ad.diagnose.rules.cancellation import Cancellation
from graphviz_ad.diagnose.rules.collapse import OutputCollapse, SoftmaxCollapse
from graphviz_ad.diagnose.rules.dead_relu import DeadReLU
from graphviz_ad.diagnose.rules.depth import DepthSpan
from graphviz_ad.diagnose.rules.flow import NoGradient
from graphviz_ad.diagnose.rules.loss_head import DoubleSoftmax, LogOfReLU, OneLongSoftmax
from graphviz_ad.diagnose.rules.noise import GradientNoise
from graphviz_ad.diagnose.rules.nonfinite import NonFinite
from graphviz_ad.diagnose.rules.odd_layer import OddActivation, OddWeights
from graphviz_ad.diagnose.rules.odd_scale import OddScale
from graphviz_ad.diagnose.rules.saturation import Saturation
from graphviz_ad.diagnose.rules.scale import InputScale, OutputScale
from graphviz_ad.diagnose.rules.shape_slip import BroadcastLabels
from graphviz_ad.diagnose.rules.small_branch import SmallBranch
from graphviz_ad.diagnose.rules.symmetry import Symmetry
from graphviz_ad.diagnose.rules.targets import AbsoluteErrorOnClasses, UnreachableTargets

__all__ = [
    "RULES", "AbsoluteErrorOnClasses", "BroadcastLabels", "Cancellation", "DeadReLU", "DepthSpan",
    "DoubleSoftmax", "GradientNoise", "InputScale", "LogOfReLU", "NoGradient", "NonFinite",
    "OddActivation", "OddScale", "OddWeights", "OneLongSoftmax", "OutputCollapse", "OutputScale",
    "Rule", "Saturation", "SmallBranch", "SoftmaxCollapse", "Symmetry", "UnreachableTargets",
    "register",
]  # fmt: skip
