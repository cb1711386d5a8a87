"""What scikit-learn ships or draws. Nothing is downloaded."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from graphviz_ad.datasets.dataset import Dataset
from graphviz_ad.errors import DatasetError

__all__ = [
    "blobs", "breast_cancer", "china", "circles", "diabetes", "digits", "flower", "iris", "moons",
    "wine",
]  # fmt: skip

Array = np.ndarray[Any, Any]
Seed = np.random.Generator | int


def digits() -> Dataset:
    """Return 1,797 handwritten digits of 8 by 8 pixels, from 0 to 16: x (1797, 64).

    ``x.reshape(-1, 1, 8, 8) / 16`` makes images of them.

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.

    Notes
    -----
    Source: Alpaydin and Kaynak, UCI machine learning repository, 1998 (its test set).

    Examples
    --------
    >>> import graphviz_ad as ad
    >>> ad.datasets.digits()
    Dataset(x (1797, 64) float64, y (1797,) int64)
    """
    return _shipped("digits", "Alpaydin and Kaynak, UCI machine learning repository, 1998")


def iris() -> Dataset:
    """Return 150 irises of three species by four lengths in cm: x (150, 4).

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.

    Notes
    -----
    Source: R. A. Fisher, Annals of Eugenics 7, 1936.
    """
    return _shipped("iris", "R. A. Fisher, Annals of Eugenics 7, 1936")


def wine() -> Dataset:
    """Return 178 wines of three growers by thirteen measures: x (178, 13).

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.

    Notes
    -----
    Source: Forina et al., PARVUS, 1988, UCI machine learning repository.
    """
    return _shipped("wine", "Forina et al., PARVUS, 1988, UCI machine learning repository")


def breast_cancer() -> Dataset:
    """Return 569 tumours, malignant (0) or benign (1), by thirty measures: x (569, 30).

    The columns differ by orders of magnitude: standardise them first.

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.

    Notes
    -----
    Source: Wolberg, Street and Mangasarian, UCI machine learning repository, 1995.
    """
    source = "Wolberg, Street and Mangasarian, UCI machine learning repository, 1995"
    return _shipped("breast_cancer", source)


def diabetes() -> Dataset:
    """Return 442 patients by ten standardised measures, and their disease a year on: x (442, 10).

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.

    Notes
    -----
    Source: Efron, Hastie, Johnstone and Tibshirani, Annals of Statistics 32, 2004.
    """
    source = "Efron, Hastie, Johnstone and Tibshirani, Annals of Statistics 32, 2004"
    return _shipped("diabetes", source)


def moons(samples: int = 200, noise: float = 0.1, rng: Seed = 0) -> Dataset:
    """Draw two half circles that reach into each other: x (samples, 2), y 0 or 1.

    Parameters
    ----------
    samples : int
    noise : float
        The standard deviation of what is added to the points.
    rng : numpy.random.Generator or int
        The same seed gives the same points.

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.
    """
    return _drawn("make_moons", rng, n_samples=samples, noise=noise)


def circles(samples: int = 200, noise: float = 0.05, factor: float = 0.5, rng: Seed = 0) -> Dataset:
    """Draw a circle (1) inside another (0): x (samples, 2).

    Parameters
    ----------
    samples : int
    noise : float
        The standard deviation of what is added to the points.
    factor : float, in (0, 1)
        The radius of the inner one.
    rng : numpy.random.Generator or int
        The same seed gives the same points.

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.
    """
    return _drawn("make_circles", rng, n_samples=samples, noise=noise, factor=factor)


def blobs(
    samples: int = 200, centers: int = 3, features: int = 2, std: float = 1.0, rng: Seed = 0
) -> Dataset:
    """Draw clouds of points around centres: x (samples, features), y the cloud.

    Parameters
    ----------
    samples, centers, features : int
    std : float
        The standard deviation within a cloud.
    rng : numpy.random.Generator or int
        The same seed gives the same points.

    Raises
    ------
    DatasetError
        When scikit-learn is not installed.
    """
    return _drawn(
        "make_blobs", rng, n_samples=samples, centers=centers, n_features=features, cluster_std=std
    )


def china() -> Array:
    """Return a photograph of buildings in China, (427, 640, 3) bytes.

    Raises
    ------
    DatasetError
        When scikit-learn or Pillow is not installed.

    Notes
    -----
    Source: flickr.com/photos/danielbuechele, CC BY 2.0, shipped by scikit-learn.
    """
    return _image("china.jpg")


def flower() -> Array:
    """Return a photograph of a flower, (427, 640, 3) bytes.

    Raises
    ------
    DatasetError
        When scikit-learn or Pillow is not installed.

    Notes
    -----
    Source: flickr.com/photos/vultilion, CC BY 2.0, shipped by scikit-learn.
    """
    return _image("flower.jpg")


def _shipped(name: str, source: str) -> Dataset:
    bunch = getattr(_sklearn(name), f"load_{name}")()
    names = [str(n) for n in bunch.get("target_names", ())]
    features = tuple(str(n) for n in bunch.feature_names)
    return Dataset(bunch.data, bunch.target, source, features, tuple(names))


def _drawn(function: str, rng: Seed, **options: Any) -> Dataset:
    # scikit-learn takes the older kind of generator: a seed from ours makes one.
    seed = int(np.random.default_rng(rng).integers(2**31))
    x, y = getattr(_sklearn(function), function)(random_state=seed, **options)
    return Dataset(x, y, f"drawn by scikit-learn's {function}")


def _image(name: str) -> Array:
    loader = _sklearn(name).load_sample_image
    try:
        image: Array = np.array(loader(name))
    except ImportError as error:
        hint = "pip install pillow"
        raise DatasetError(f"datasets.{name[:-4]}", "Pillow", "none installed", hint) from error
    return image


def _sklearn(name: str) -> Any:
    try:
        return import_module("sklearn.datasets")
    except ImportError as error:
        hint = "pip install scikit-learn"
        raise DatasetError(f"datasets.{name}", "scikit-learn", "none installed", hint) from error
