"""Losses of classes: cross entropy and the negative log-likelihood."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from graphviz_ad.backend import protect
from graphviz_ad.engine.op import Failure, Op, Sample
from graphviz_ad.engine.sums import sum_columns
from graphviz_ad.engine.traced import call
from graphviz_ad.errors import ArgumentError, IndexingError, ShapeError
from graphviz_ad.ops.loss_common import REDUCTIONS, check_reduction, reduced
from graphviz_ad.ops.loss_labels import (
    along,
    check_labels,
    check_range,
    class_axis,
    hits,
    labels_fit_rows,
    picked,
    sample_weights,
    sent_to_samples,
    total_of,
    weighted,
)
from graphviz_ad.ops.shape import shape_of
from graphviz_ad.ops.softmax import LogSoftmax, Softmax, shifted


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
    saves = True  # exp(input - max), its sum, the samples' weights, the places of their labels
    tex = r"$y = -\frac{1}{N}\sum_n \log \mathrm{softmax}({$a}_n)_{{$b}_n}"
    vjp_tex = (
        r"\tfrac{$g}{N}\left(\mathrm{softmax}($a) - \mathrm{onehot}($b)\right)",
        r"-\tfrac{$g}{N} \log \mathrm{softmax}($a) \ \text{for probabilities}",
        r"\text{no gradient}",
    )

    def forward(
        xp, input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
    ):
        if weight is None and not label_smoothing and labels_fit_rows(input, target):
            found = _of_rows(input, target, ignore_index, reduction)
            if found is not None:
                return found
        _check(input, target, weight, reduction, label_smoothing)
        axis = class_axis(input)
        z = shifted(xp, input, axis)
        e = xp.exp(z)
        total = e.sum(axis=axis, keepdims=True)
        norm = xp.log(total[:, 0] if axis else total[0])
        if is_probabilities(input, target):
            share = _shares(xp, target, weight, label_smoothing, axis)
            loss = norm * share.sum(axis=axis) - (share * z).sum(axis=axis)
            return weighted(loss, None, reduction), (e, total, None, None)
        weights = None
        if not check_range("cross_entropy", target, input.shape[axis], ignore_index) or (
            weight is not None
        ):
            weights = sample_weights(xp, target, weight, ignore_index)
        saved = e, total, weights, None
        loss = norm - picked(xp, z, xp.asarray(target), weights, ignore_index)
        if label_smoothing:
            share = _even_shares(xp, target, weight, ignore_index, label_smoothing, input.shape)
            even = norm * share.sum(axis=axis) - (share * z).sum(axis=axis)
            loss = (1 - label_smoothing) * loss
            loss = (loss if weights is None else loss * weights) + even
            if reduction == "mean":
                loss = loss * (loss.size / (total_of(target, weights) or float("nan")))
            return reduced(loss, reduction).astype(z.dtype), saved
        return weighted(loss, weights, reduction), saved

    def vjp(
        xp, g, out, input, target, weight=None,
        *, ignore_index, reduction, label_smoothing, saved=None,
    ):  # fmt: skip
        if saved is not None and saved[3] is not None:
            return _to_rows(g, saved, reduction), None, None
        axis = class_axis(input)
        if is_probabilities(input, target):
            p = _softmax(xp, input, axis, saved)
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
        if saved is None:
            weights = sample_weights(xp, target, weight, ignore_index)
        else:
            e, total, weights, _ = saved
        if not label_smoothing:
            s = sent_to_samples(g, target, weights, reduction)
            if saved is not None and weights is None and input.ndim == 2:
                sent = e * (along(xp, s, axis) / total)
                sent[xp.arange(len(sent)), target] -= s
                return sent, None, None
            hit = hits(xp, target, input.shape[axis], axis)
            return along(xp, s, axis) * (_softmax(xp, input, axis, saved) - hit), None, None
        p, hit = _softmax(xp, input, axis, saved), hits(xp, target, input.shape[axis], axis)
        s = g / (total_of(target, weights) or 1) if reduction == "mean" else g
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


def _check(input: Any, target: Any, weight: Any, reduction: str, label_smoothing: float) -> None:
    check_reduction("cross_entropy", reduction)
    if not 0 <= label_smoothing <= 1:
        expected = "label_smoothing from 0 to 1"
        raise ArgumentError("cross_entropy", expected, repr(label_smoothing))
    if not is_probabilities(input, target):
        _refuse_float_target(input, target)
        check_labels("cross_entropy", input, target, weight)
    elif bool((target != target).any()):
        raise ArgumentError("cross_entropy", "class probabilities", "NaN in target")


_UNSIGNED = {np.dtype(c): np.dtype(c.upper()) for c in "bhilqBHI"}  # in native byte order


@functools.lru_cache(maxsize=16)
def _row_starts(count: int, classes: int) -> Any:
    """Return where each row of a matrix starts in its flat form."""
    return protect(np.arange(0, count * classes, classes))


def _of_rows(scores: Any, labels: Any, ignore_index: int, reduction: str) -> Any:
    """Return the rule's result for NumPy scores (N, C) and labels (N,), the case of most steps.

    None for a label that is ignored or wrong, and for scores that are not single or double.
    """
    count, classes = scores.shape
    if scores.dtype.char not in "fd" or not count or 0 <= ignore_index < classes:
        return None
    # the place of the largest is found in a tenth of the time of the largest; without its
    # sign a negative label is larger than any other
    unsigned = _UNSIGNED.get(labels.dtype)
    if reduction not in REDUCTIONS or unsigned is None:
        return None
    if not 0 <= labels.item(labels.view(unsigned).argmax()) < classes:
        return None
    first = _row_starts(count, classes)
    # positions are found and taken in half the time of a maximum
    z = scores - scores.take(first + scores.argmax(1))[:, None]
    e = np.exp(z)
    total = sum_columns(e)
    places = first + labels
    losses = np.log(total) - z.take(places)
    saved = e, total, None, places
    if reduction == "none":
        return losses, saved
    loss = sum_columns(losses)
    return loss / count if reduction == "mean" else loss, saved


def _to_rows(g: Any, saved: Any, reduction: str) -> Any:
    """Return what `_of_rows` sends to the scores."""
    e, total, _, places = saved
    if reduction == "mean":
        g = g / len(e)
    sent = e * (g / total)[:, None]
    sent.put(places, sent.take(places) - g)  # in half the time of sent.reshape(-1)[places] -= g
    return sent


class NLLLoss(Op):
    """Negative log-likelihood of labels: minus the log-probability of each sample's label.

    Parameters
    ----------
    input : array_like, shape (N, C), (C,) or (N, C, d1, …)
        Log-probabilities, as `log_softmax` gives them.
    target : array_like of int, shape (N,), () or (N, d1, …)
    weight : array_like, shape (C,), optional
        A factor for each class; it gets no gradient.
    ignore_index : int
        A label that adds nothing to the loss nor to the mean.
    reduction : {'mean', 'sum', 'none'}
        The mean is weighted by `weight`.

    Raises
    ------
    ShapeError, DTypeError, IndexingError
        For labels that do not fit.

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.nll_loss([[-0.5, -2.0]], [1]).item()
    2.0
    """

    name, label = "nll_loss", "NLL"
    tex = r"$y = -\frac{1}{N}\sum_n {$a}_{n,\,{$b}_n}"
    vjp_tex = (
        r"-\tfrac{$g}{N} \mathrm{onehot}($b)",
        r"\text{no gradient}",
        r"\text{no gradient}",
    )

    def check(input, target, weight=None, *, ignore_index, reduction):
        check_reduction("nll_loss", reduction)
        check_labels("nll_loss", input, target, weight)
        check_range("nll_loss", target, input.shape[class_axis(input)], ignore_index)

    def forward(xp, input, target, weight=None, *, ignore_index=-100, reduction="mean"):
        weights = sample_weights(xp, target, weight, ignore_index)
        loss = -picked(xp, input, xp.asarray(target), weights, ignore_index)
        return weighted(loss, weights, reduction)

    def vjp(xp, g, out, input, target, weight=None, *, ignore_index, reduction):
        axis = class_axis(input)
        weights = sample_weights(xp, target, weight, ignore_index)
        s = along(xp, sent_to_samples(g, target, weights, reduction), axis)
        return -s * hits(xp, target, input.shape[axis], axis), None, None

    def reference(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
        rows = np.moveaxis(input, class_axis(input), -1)
        valid = (target != ignore_index).astype(float)
        q = np.eye(rows.shape[-1])[np.where(valid > 0, target, 0)] * valid[..., None]
        q = q * (np.ones(rows.shape[-1]) if weight is None else weight)
        loss = -(q * rows).sum(-1)
        return {"mean": loss.sum() / q.sum(), "sum": loss.sum(), "none": loss}[reduction]

    def samples(rng):
        x, t, w = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2]), np.array([1, 2, 3])
        image, pixels = rng.normal(size=(2, 3, 2, 2)), np.array([[[0, 1], [2, 1]]] * 2)
        return [
            Sample(x, t),
            Sample(x, t, w, reduction="none"),
            Sample(x, t, w, ignore_index=2),
            Sample(x, t, reduction="sum", ignore_index=0),
            Sample(x[0], np.int64(1)),
            Sample(image, pixels, w, ignore_index=1),
        ]

    fails = Failure(IndexingError, r"nll_loss: expected labels 0 to 1", [[1.0, 2.0]], [-1])


def is_probabilities(scores: Any, target: Any) -> bool:
    """Whether `target` holds class probabilities rather than labels."""
    dtype = getattr(target, "dtype", None)
    return (
        dtype is not None
        and dtype.kind == "f"
        and bool(target.shape)
        and (target.shape == shape_of(scores))
    )


def _softmax(xp: Any, scores: Any, axis: int, saved: Any) -> Any:
    return call(Softmax, xp, scores, axis=axis) if saved is None else saved[0] / saved[1]


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
