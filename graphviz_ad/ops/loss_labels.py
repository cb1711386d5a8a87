"""Integer class labels: their checks, their one-hot form, and weighted means over samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphviz_ad.errors import DTypeError, IndexingError, ShapeError
from graphviz_ad.ops.loss_common import reduced
from graphviz_ad.ops.shape import shape_of


def class_axis(scores: Any) -> int:
    """Return the axis of the classes: the first of (C,), the second of (N, C, …)."""
    return 1 if scores.ndim > 1 else 0


def check_labels(name: str, scores: Any, target: Any, weight: Any) -> None:
    """Raise the named error for labels that do not fit (N, C, …) scores; see `check_range`, too.

    Raises
    ------
    ShapeError, DTypeError
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


def labels_fit_rows(scores: Any, target: Any) -> bool:
    """Whether the scores are (N, C) and the labels (N,) NumPy integers, as they mostly are."""
    return (
        type(scores) is np.ndarray is type(target)
        and scores.ndim == 2
        and target.ndim == 1
        and len(scores) == len(target)
        and target.dtype.kind in "iu"
    )


def check_range(name: str, target: Any, classes: int, ignore_index: int | None = None) -> bool:
    """Return whether every label is a class that counts, in one pass over most targets.

    Raises
    ------
    IndexingError
        For a label that is neither a class nor `ignore_index`.
    """
    labels = np.asarray(target) if isinstance(target, int) else target
    if not labels.size:
        return False
    if type(labels) is np.ndarray:
        # the place of the largest is found in a tenth of the time of the largest
        low, high = labels.item(labels.argmin()), labels.item(labels.argmax())
    else:
        low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < classes:
        return ignore_index is None or not 0 <= ignore_index < classes
    wrong = (labels < 0) | (labels >= classes)
    if ignore_index is not None:
        wrong &= labels != ignore_index
    if bool(wrong.any()):
        first = int(labels[wrong].ravel()[0]) if labels.ndim else int(labels)
        got = f"label {first} in target {shape_of(target)}"
        raise IndexingError(name, f"labels 0 to {classes - 1}", got)
    return False


def sample_weights(xp: Any, target: Any, weight: Any, ignore_index: int) -> Any:
    """Return each sample's weight, 0 where ignored; None when all of them are 1."""
    # labels are checked: one that is negative is ignored, and mostly none is
    if weight is None and ignore_index < 0 and shape_of(target) and target.size:
        return xp.not_equal(target, ignore_index) if bool(target.min() < 0) else None
    counted = xp.not_equal(target, ignore_index)
    if weight is None:
        return None if bool(counted.all()) else counted
    return xp.take(weight, xp.where(counted, target, 0)) * counted


def hits(xp: Any, target: Any, classes: int, axis: int) -> Any:
    """Return the boolean one-hot form of `target` with the classes along `axis`."""
    ndim = len(target.shape) + 1
    labels = xp.reshape(target, (*target.shape[:axis], 1, *target.shape[axis:]))
    steps = xp.arange(classes).reshape((classes,) + (1,) * (ndim - axis - 1))
    return xp.equal(labels, steps)


def picked(xp: Any, scores: Any, target: Any, weights: Any, ignore_index: int) -> Any:
    """Return the score of each sample's label; of label 0 where it is ignored."""
    labels = target
    if weights is not None:
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
        # where no sample counts, none receives anything: 0 / 1, as in PyTorch
        g = g / (total_of(target, weights) or 1)
    return g if weights is None else g * weights


def total_of(target: Any, weights: Any) -> Any:
    """Return what the mean over the samples divides by."""
    return target.size if weights is None else weights.sum()


def along(xp: Any, per_sample: Any, axis: int) -> Any:
    """Give an array of one number per sample an axis of length 1 for the classes."""
    shape = per_sample.shape
    return xp.reshape(per_sample, (*shape[:axis], 1, *shape[axis:])) if shape else per_sample
