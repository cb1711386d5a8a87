"""Losses of classes: cross entropy and the negative log-likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, DTypeError, IndexingError, ShapeError
from graphviz_ad.ops.loss_common import check_reduction, reduced, shape_of
from graphviz_ad.ops.softmax import LogSoftmax, Softmax, shifted


def class_axis(scores: Any) -> int:
    """Return the axis of the classes: the first of (C,), the second of (N, C, …)."""
    return 1 if scores.ndim > 1 else 0


def check_labels(name: str, scores: Any, target: Any, weight: Any, ignore_index: int) -> None:
    """Raise the named error for labels that do not fit (N, C, …) scores.

    Raises
    ------
    ShapeError, DTypeError, IndexingError
    """
    shape = shape_of(scores)
    if not shape:
        raise ShapeError(name, "input (C,) or (N, C, …)", "input ()")
    axis = 1 if len(shape) > 1 else 0
    classes, expected = shape[axis], shape[:axis] + shape[axis + 1 :]
    dtype = np.dtype(getattr(target, "dtype", type(target)))
    if shape_of(target) != expected:
        got = f"target {shape_of(target)} {dtype} for input {shape}"
        raise ShapeError(name, f"one label per sample, shape {expected}", got)
    if dtype.kind not in "iu":
        got = f"target {expected} {dtype}"
        if dtype.kind == "f" and bool((target != target).any()):
            got += " with NaN in it"
        hint = "convert labels with .astype(int)"
        raise DTypeError(name, "integer class labels", got, hint)
    if weight is not None and shape_of(weight) != (classes,):
        got = f"weight {shape_of(weight)} for input {shape}"
        raise ShapeError(name, f"one weight per class, shape ({classes},)", got)
    labels = np.asarray(target) if isinstance(target, int) else target
    if labels.size and not (int(labels.min()) >= 0 and int(labels.max()) < classes):
        wrong = ((labels < 0) | (labels >= classes)) & (labels != ignore_index)
        if bool(wrong.any()):
            first = int(labels[wrong].ravel()[0]) if labels.ndim else int(labels)
            got = f"label {first} in target {expected}"
            raise IndexingError(name, f"labels 0 to {classes - 1}", got)


def sample_weights(xp: Any, target: Any, weight: Any, ignore_index: int) -> Any:
    """Return each sample's weight, 0 where ignored; None when all of them are 1."""
    counted = xp.not_equal(target, ignore_index)
    if weight is None:
        return None if bool(counted.all()) else counted
    return xp.take(weight, xp.where(counted, target, 0)) * counted


def hits(xp: Any, target: Any, classes: int, axis: int) -> Any:
    """Return the boolean one-hot form of `target` with the classes along `axis`."""
    ndim = len(target.shape) + 1
    labels = xp.reshape(target, target.shape[:axis] + (1,) + target.shape[axis:])
    steps = xp.arange(classes).reshape((classes,) + (1,) * (ndim - axis - 1))
    return xp.equal(labels, steps)


def picked(xp: Any, scores: Any, target: Any, ignore_index: int) -> Any:
    """Return the score of each sample's label; of label 0 where it is ignored."""
    labels = xp.where(xp.equal(target, ignore_index), 0, target)
    if scores.ndim == 1:
        return scores[labels]
    if scores.ndim == 2:
        return scores[xp.arange(len(labels)), labels]
    return xp.take_along_axis(scores, labels[:, None], 1)[:, 0]


def weighted(loss: Any, weights: Any, reduction: str) -> Any:
    """Reduce the losses of the samples; the mean is weighted."""
    if weights is None:
        return reduced(loss, reduction)
    loss = (loss * weights).astype(loss.dtype)
    if reduction == "mean":
        # the mean over no sample is NaN, as in PyTorch, without NumPy's warning
        return (loss.sum() / (weights.sum() or float("nan"))).astype(loss.dtype)
    return reduced(loss, reduction)


def sent_to_samples(g: Any, target: Any, weights: Any, reduction: str) -> Any:
    """Return what `weighted` sends to the loss of each sample, to be broadcast."""
    if reduction == "mean":
        g = g / (_total(target, weights) or float("nan"))
    return g if weights is None else g * weights


def _total(target: Any, weights: Any) -> Any:
    return target.size if weights is None else weights.sum()


def along(xp: Any, per_sample: Any, axis: int) -> Any:
    """Give an array of one number per sample an axis of length 1 for the classes."""
    shape = per_sample.shape
    return xp.reshape(per_sample, (*shape[:axis], 1, *shape[axis:])) if shape else per_sample


class CrossEntropy(Op):
    """Cross entropy between scores (logits) and labels, with the softmax built in.

    Parameters
    ----------
    input : array_like, shape (N, C), (C,) or (N, C, d1, …)
        Scores of the C classes, not normalised.
    target : array_like
        Integer labels of shape (N,), () or (N, d1, …); or class probabilities of the
        shape of `input`, which receive a gradient.
    weight : array_like, shape (C,), optional
        A factor for each class; it gets no gradient.
    ignore_index : int
        A label that adds nothing to the loss nor to the mean.
    reduction : {'mean', 'sum', 'none'}
        The mean over labels is weighted by `weight`; over probabilities it is not.
    label_smoothing : float
        The part, in [0, 1], of the target that is spread evenly over all classes.

    Raises
    ------
    IndexingError
        For a label outside 0 … C-1 that is not `ignore_index`.
    ShapeError, DTypeError
        For a target that is neither labels nor probabilities.
    ArgumentError
        For NaN among the probabilities, or another reduction or smoothing.

    Notes
    -----
    Formulas: torch.nn.CrossEntropyLoss in PyTorch's documentation.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> scores = ad.parameter([[0.0, 0.0], [0.0, 0.0]])
    >>> ad.cross_entropy(scores, [0, 1]).backward()
    >>> scores.grad.numpy().tolist()
    [[-0.25, 0.25], [0.25, -0.25]]
    """

    name, label = "cross_entropy", "CE"
    tex = r"$y = -\frac{1}{N}\sum_n \log \mathrm{softmax}(${a}_n)_{${b}_n}"
    vjp_tex = (
        r"\tfrac{$g}{N}\left(\mathrm{softmax}($a) - \mathrm{onehot}($b)\right)",
        r"-\tfrac{$g}{N} \log \mathrm{softmax}($a) \ \text{for probabilities}",
        r"\text{no gradient}",
    )

    def check(input, target, weight=None, *, ignore_index, reduction, label_smoothing):
        check_reduction("cross_entropy", reduction)
        if not 0 <= label_smoothing <= 1:
            expected = "label_smoothing from 0 to 1"
            raise ArgumentError("cross_entropy", expected, repr(label_smoothing))
        if not is_probabilities(input, target):
            _refuse_float_target(input, target)
            check_labels("cross_entropy", input, target, weight, ignore_index)
        elif bool((target != target).any()):
            raise ArgumentError("cross_entropy", "class probabilities", "NaN in target")

    def forward(
        xp, input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
    ):
        axis = class_axis(input)
        z = shifted(xp, input, axis)
        norm = xp.log(xp.exp(z).sum(axis=axis))
        if is_probabilities(input, target):
            share = _shares(xp, target, weight, label_smoothing, axis)
            loss = norm * share.sum(axis=axis) - (share * z).sum(axis=axis)
            return weighted(loss, None, reduction)
        loss = norm - picked(xp, z, xp.asarray(target), ignore_index)
        weights = sample_weights(xp, target, weight, ignore_index)
        if label_smoothing:
            share = _even_shares(xp, target, weight, ignore_index, label_smoothing, input.shape)
            even = norm * share.sum(axis=axis) - (share * z).sum(axis=axis)
            loss = (1 - label_smoothing) * loss
            loss = (loss if weights is None else loss * weights) + even
            if reduction == "mean":
                loss = loss * (loss.size / (_total(target, weights) or float("nan")))
            return reduced(loss, reduction).astype(z.dtype)
        return weighted(loss, weights, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, ignore_index, reduction, label_smoothing):
        axis = class_axis(input)
        p = call(Softmax, xp, input, axis=axis)
        if is_probabilities(input, target):
            s = along(xp, g, axis)
            if reduction == "mean":
                s = s * input.shape[axis] / input.size if input.size else s
            share = _shares(xp, target, weight, label_smoothing, axis)
            to_input = s * (p * share.sum(axis=axis, keepdims=True) - share)

            def to_target():
                factor = 1 - label_smoothing
                if weight is not None:
                    factor = factor * _per_class(xp, weight, input.ndim, axis)
                return s * -(call(LogSoftmax, xp, input, axis=axis) * factor)

            return to_input, to_target, None
        weights = sample_weights(xp, target, weight, ignore_index)
        hit = hits(xp, target, input.shape[axis], axis)
        if not label_smoothing:
            s = along(xp, sent_to_samples(g, target, weights, reduction), axis)
            return s * (p - hit), None, None
        s = g / (_total(target, weights) or float("nan")) if reduction == "mean" else g
        share = _even_shares(xp, target, weight, ignore_index, label_smoothing, input.shape)
        kept = 1 - label_smoothing
        share = share + hit * (kept if weights is None else kept * along(xp, weights, axis))
        return along(xp, s, axis) * (p * share.sum(axis=axis, keepdims=True) - share), None, None

    def reference(
        input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
    ):
        axis = class_axis(input)
        logp = np.moveaxis(input - np.log(np.exp(input).sum(axis=axis, keepdims=True)), axis, -1)
        classes = input.shape[axis]
        factor = np.ones(classes) if weight is None else weight
        if target.shape == input.shape:
            q, valid = np.moveaxis(target, axis, -1), np.ones(logp.shape[:-1])
            total = valid.sum()
        else:
            valid = (target != ignore_index).astype(float)
            q = np.eye(classes)[np.where(valid > 0, target, 0)]
            total = (valid * (q * factor).sum(-1)).sum()
        q = q * (1 - label_smoothing) + label_smoothing / classes
        loss = -(q * factor * logp).sum(-1) * valid
        return {"mean": loss.sum() / total, "sum": loss.sum(), "none": loss}[reduction]

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2])
        w = np.array([0.5, 1.0, 2.0])
        p = rng.uniform(0.1, 1.0, size=(4, 3))
        image, pixels = rng.normal(size=(2, 3, 2, 2)), np.array([[[0, 1], [2, 1]]] * 2)
        # an integer array of weights keeps the checks from asking for its gradient
        whole = np.array([1, 2, 3])
        return [
            Sample(x, t),
            Sample(x, t, reduction="sum"),
            Sample(x, t, reduction="none"),
            Sample(x[0], np.int64(1)),
            Sample(x, t, whole),
            Sample(x, t, whole, ignore_index=2, reduction="none"),
            Sample(x, t, ignore_index=2),
            Sample(x, t, label_smoothing=0.2),
            Sample(x, t, whole, label_smoothing=0.2, ignore_index=0),
            Sample(x, p),
            Sample(x, p, whole, label_smoothing=0.1, reduction="none"),
            Sample(x[0], p[0]),
            Sample(image, pixels, whole, ignore_index=1, label_smoothing=0.3),
            Sample(image, rng.uniform(size=image.shape), reduction="sum"),
            Sample(x.astype(np.float32), t.astype(np.uint8), w.astype(int)),
        ]

    fails = Failure(IndexingError, r"cross_entropy: expected labels 0 to 1, got label 2",
                    [[1.0, 2.0]], [2])  # fmt: skip


def is_probabilities(scores: Any, target: Any) -> bool:
    """Whether `target` holds class probabilities rather than labels."""
    shape = shape_of(target)
    return bool(shape) and shape == shape_of(scores) and target.dtype.kind == "f"


def _refuse_float_target(scores: Any, target: Any) -> None:
    shape, dtype = shape_of(target), np.dtype(getattr(target, "dtype", type(target)))
    if dtype.kind == "f" and shape != shape_of(scores)[:1] + shape_of(scores)[2:]:
        got = f"target {shape} {dtype} for input {shape_of(scores)}"
        raise ShapeError("cross_entropy", "class probabilities of the input's shape", got)


def _per_class(xp: Any, weight: Any, ndim: int, axis: int) -> Any:
    return xp.reshape(weight, (weight.shape[0],) + (1,) * (ndim - axis - 1))


def _shares(xp: Any, target: Any, weight: Any, smoothing: float, axis: int) -> Any:
    """Return the weighted, smoothed probabilities."""
    share = target
    if smoothing:
        share = target * (1 - smoothing) + smoothing / target.shape[axis]
    return share if weight is None else share * _per_class(xp, weight, len(target.shape), axis)


def _even_shares(
    xp: Any, target: Any, weight: Any, ignore_index: int, smoothing: float, shape: tuple[int, ...]
) -> Any:
    """Return what label smoothing gives to every class of every sample."""
    axis = 1 if len(shape) > 1 else 0
    even = along(xp, xp.not_equal(target, ignore_index), axis) * (smoothing / shape[axis])
    if weight is not None:
        return even * _per_class(xp, weight, len(shape), axis)
    return even * xp.ones((shape[axis],) + (1,) * (len(shape) - axis - 1))
