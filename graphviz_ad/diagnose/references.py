"""The kinds of findings, and the literature that their pages in docs/diagnosis cite."""

from __future__ import annotations

__all__ = ["KINDS", "REFERENCES"]

KINDS = (
    "cancellation", "dead-relu", "diverging", "exploding", "gradient-noise", "initialisation",
    "no-gradient", "nonfinite", "not-decreasing", "oscillating", "saturation", "shape-slip",
    "small-branch", "symmetry", "unchanged", "update-ratio", "vanishing", "wrong-gradient",
)  # fmt: skip
"""The kinds that the rules of this package find; a rule of a user's may have another."""

REFERENCES = {
    "dead-relu": 'Lu, Shin, Su and Karniadakis, "Dying ReLU and initialization", 2019.',
    "exploding": 'Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural '
    'networks", ICML 2013.',
    "gradient-noise": 'McCandlish, Kaplan, Amodei and the OpenAI Dota team, "An empirical model of '
    'large-batch training", 2018.',
    "initialisation": 'LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998; Karpathy, "A '
    'recipe for training neural networks", 2019.',
    "nonfinite": "IEEE 754.",
    "saturation": "Glorot and Bengio, AISTATS 2010; Zhai et al., ICML 2023, for the softmax "
    'inside; Goodfellow, Bengio and Courville, "Deep learning", 2016, section 6.2.2.3, for the one '
    "at the output.",
    "shape-slip": 'Ben Braiek and Khomh, "Testing feedforward neural networks training programs", '
    'TOSEM 2023; Wardat, Le and Rajan, "DeepLocalize", ICSE 2021.',
    "small-branch": 'Zhang, Dauphin and Ma, "Fixup initialization", ICLR 2019; Bachlechner et al., '
    '"ReZero is all you need", UAI 2021.',
    "symmetry": 'Goodfellow, Bengio and Courville, "Deep learning", 2016, section 8.4.',
    "update-ratio": 'Karpathy, CS231n, "Neural networks part 3", 2015.',
    "vanishing": "Hochreiter, 1991; Glorot and Bengio, AISTATS 2010; Schoenholz et al., "
    '"Deep information propagation", ICLR 2017.',
    "wrong-gradient": 'Gill, Murray and Wright, "Practical optimization", 1981, chapter 8, for the '
    "step.",
}
"""By kind; a kind that cites nothing has no entry."""
