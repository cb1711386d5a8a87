"""Forward and backward passes written by hand in NumPy: what every ratio is divided by.

Each function takes a workload's constants and then its parameters, and returns the loss and
the gradients of the parameters in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Result = tuple[Array, list[Array]]


def chain(count: int, x: Array, w: Array, b: Array) -> Result:
    """``y = y * w; y = y + b`` in turns, `count` operations in all."""
    before = []
    y = x
    for _ in range(count // 2):
        before.append(y)
        y = y * w
        y = y + b
    g = np.float64(1.0)
    gw = gb = np.float64(0.0)
    for a in reversed(before):
        gb = gb + g
        gw = gw + g * a
        g = g * w
    return y, [g, gw, gb]


def fan(count: int, x: Array) -> Result:
    """Add one value `count` times."""
    y = x
    for _ in range(count):
        y = y + x
    g = np.float64(1.0)
    gx = np.float64(0.0)
    for _ in range(count):
        gx = gx + g
    return y, [gx + g]


def two_layer(inputs: Array, labels: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Result:
    """Linear, sigmoid, linear, cross-entropy."""
    h = _sigmoid(inputs @ W1 + b1)
    loss, g = _cross_entropy(h @ W2 + b2, labels)
    gh = g @ W2.T
    gz = gh * h * (1 - h)
    return loss, [inputs.T @ gz, gz.sum(axis=0), h.T @ g, g.sum(axis=0)]


def mlp(inputs: Array, labels: Array, *parameters: Array) -> Result:
    """Linear layers with ReLU between them, and cross-entropy."""
    weights, biases = parameters[::2], parameters[1::2]
    layers = [inputs]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ W + b, 0))
    loss, g = _cross_entropy(layers[-1] @ weights[-1] + biases[-1], labels)
    gradients: list[Array] = []
    for k in range(len(weights) - 1, -1, -1):
        gradients[:0] = [layers[k].T @ g, g.sum(axis=0)]
        if k:
            g = (g @ weights[k].T) * (layers[k] > 0)
    return loss, gradients


def deep(inputs: Array, labels: Array, *parameters: Array) -> Result:
    """Linear layers with sigmoids between them, and cross-entropy."""
    weights, biases = parameters[::2], parameters[1::2]
    layers = [inputs]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        layers.append(_sigmoid(layers[-1] @ W + b))
    loss, g = _cross_entropy(layers[-1] @ weights[-1] + biases[-1], labels)
    gradients: list[Array] = []
    for k in range(len(weights) - 1, -1, -1):
        gradients[:0] = [layers[k].T @ g, g.sum(axis=0)]
        if k:
            h = layers[k]
            g = (g @ weights[k].T) * h * (1 - h)
    return loss, gradients


def rnn(
    steps: Array, labels: Array, Wx: Array, Wh: Array, b: Array, Wo: Array, bo: Array
) -> Result:
    """``h = tanh(x @ Wx + h @ Wh + b)`` over the steps, and cross-entropy of the last state."""
    states = [np.zeros((steps.shape[1], len(b)))]
    for x in steps:
        states.append(np.tanh(x @ Wx + states[-1] @ Wh + b))
    loss, g = _cross_entropy(states[-1] @ Wo + bo, labels)
    gWo, gbo = states[-1].T @ g, g.sum(axis=0)
    gWx, gWh, gb = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    gh = g @ Wo.T
    for k in range(len(steps) - 1, -1, -1):
        h = states[k + 1]
        gz = gh * (1 - h * h)
        gWx += steps[k].T @ gz
        gWh += states[k].T @ gz
        gb += gz.sum(axis=0)
        gh = gz @ Wh.T
    return loss, [gWx, gWh, gb, gWo, gbo]


def cnn(
    images: Array, labels: Array, K1: Array, c1: Array, K2: Array, c2: Array, W: Array, b: Array
) -> Result:
    """Two convolutions with ReLU, max-pooling by 2, linear, cross-entropy."""
    columns1 = _columns(images, K1.shape[2])
    h1 = np.maximum(_convolve(columns1, K1, images.shape) + c1[:, None, None], 0)
    columns2 = _columns(h1, K2.shape[2])
    h2 = np.maximum(_convolve(columns2, K2, h1.shape) + c2[:, None, None], 0)
    n, channels, height, width = h2.shape
    windows = h2.reshape(n, channels, height // 2, 2, width // 2, 2)
    pooled = windows.max(axis=(3, 5))
    flat = pooled.reshape(n, -1)
    loss, g = _cross_entropy(flat @ W + b, labels)
    gW, gb = flat.T @ g, g.sum(axis=0)
    gp = (g @ W.T).reshape(pooled.shape)[:, :, :, None, :, None]
    g2 = (gp * (windows == pooled[:, :, :, None, :, None])).reshape(h2.shape)
    g2 = g2 * (h2 > 0)
    gK2 = _to_kernel(g2, columns2, K2.shape)
    g1 = _to_image(g2, K2, h1.shape) * (h1 > 0)
    gK1 = _to_kernel(g1, columns1, K1.shape)
    return loss, [gK1, g1.sum(axis=(0, 2, 3)), gK2, g2.sum(axis=(0, 2, 3)), gW, gb]


def conv(g: Array, x: Array, K: Array) -> Result:
    """One convolution, sent back from the gradient `g` of its output."""
    columns = _columns(x, K.shape[2])
    y = _convolve(columns, K, x.shape)
    return y, [_to_image(g, K, x.shape), _to_kernel(g, columns, K.shape)]


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _cross_entropy(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Return the mean cross-entropy and its gradient with respect to the scores."""
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - shifted[rows, labels]).mean()
    g = e / total
    g[rows, labels] -= 1
    g /= len(labels)
    return loss, g


def _columns(x: Array, k: int) -> Array:
    """Unfold `x` (n, c, h, w) into (n, c k k, h' w'), slab by slab (im2col)."""
    n, c, height, width = x.shape
    height, width = height - k + 1, width - k + 1
    columns = np.empty((n, c, k, k, height, width), x.dtype)
    for i in range(k):
        for j in range(k):
            columns[:, :, i, j] = x[:, :, i : i + height, j : j + width]
    return columns.reshape(n, c * k * k, height * width)


def _convolve(columns: Array, K: Array, shape: tuple[int, ...]) -> Array:
    k = K.shape[2]
    y = K.reshape(len(K), -1) @ columns
    return y.reshape(shape[0], len(K), shape[2] - k + 1, shape[3] - k + 1)


def _to_kernel(g: Array, columns: Array, shape: tuple[int, ...]) -> Array:
    flat = g.reshape(*g.shape[:2], -1)
    return (flat @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(shape)


def _to_image(g: Array, K: Array, shape: tuple[int, ...]) -> Array:
    """Fold the gradient of the columns back into the image (col2im)."""
    k, (height, width) = K.shape[2], g.shape[2:]
    columns = K.reshape(len(K), -1).T @ g.reshape(*g.shape[:2], -1)
    columns = columns.reshape(shape[0], shape[1], k, k, height, width)
    out = np.zeros(shape, g.dtype)
    for i in range(k):
        for j in range(k):
            out[:, :, i : i + height, j : j + width] += columns[:, :, i, j]
    return out
