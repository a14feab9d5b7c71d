"""Kernel densities of one class at many objects."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from qsolearn.selection.kde.tiles import (
    pack_references,
    pad_features,
    sum_gaussian,
    tile_epanechnikov,
)

__all__ = ["kernel_log_density", "log_normalization"]

# Training points per tile: six rows of 512 float64 stay in the first-level cache.
RUN = 512


def log_normalization(kernel, n_features, bandwidth):
    """Log of the integral of the unnormalized kernel over all space.

    The kernels are ``1 - |u|^2`` inside ``|u| < 1`` ("epanechnikov") and ``exp(-|u|^2 / 2)``
    ("gaussian"), with ``u = (x - y) / bandwidth``.

    Examples
    --------
    >>> round(math.exp(log_normalization("epanechnikov", 1, 1.0)), 6)  # 2 - 2/3
    1.333333
    """
    d = n_features
    if kernel == "epanechnikov":
        log_ball = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1.0)
        return log_ball + math.log(2.0 / (d + 2.0)) + d * math.log(bandwidth)
    return 0.5 * d * math.log(2.0 * math.pi) + d * math.log(bandwidth)


def kernel_log_density(points, weights, X, bandwidth, kernel, n_threads, left_out=None):
    """Log of the kernel density of weighted points at every object.

    Parameters
    ----------
    points : (m, d) array
        Training points of one class.
    weights : (m,) array
        Their weights, not negative, with a positive sum.
    X : (n, d) array
        Objects.
    bandwidth : float
    kernel : {"epanechnikov", "gaussian"}
    n_threads : int
    left_out : (n,) int array, optional
        For each object the training point that it does without, or -1. The rest is normalized to
        its own total weight.

    Returns
    -------
    (n,) array
        Natural log of the density per unit volume of the features; -inf where it is zero.
    """
    center = pad_features(points.mean(axis=0, keepdims=True))[0]
    references = pad_features(points) - center
    objects = pad_features(X) - center
    left_out = np.full(len(X), -1) if left_out is None else left_out
    missing = np.where(left_out >= 0, weights[left_out], 0.0)
    total = weights.sum() - missing
    result = np.empty(len(objects))

    def work(part):
        x = objects[part]
        if kernel == "gaussian":
            sum_gaussian(x, references, weights, 1.0 / bandwidth, left_out[part], result[part])
        else:
            x = np.vstack([x / bandwidth, np.zeros((-len(x) % 4, x.shape[1]))])
            sums = np.zeros(len(x))
            _sum_epanechnikov(x, references, weights, 1.0 / bandwidth, sums)
            with np.errstate(divide="ignore"):
                # The object itself adds exactly its weight; what is left below rounding is zero.
                sums = sums[: part.stop - part.start] - missing[part]
                result[part] = np.log(np.where(sums > 1e-12 * missing[part], sums, 0.0))

    edges = np.linspace(0, len(objects), 8 * n_threads + 1).astype(int)
    parts = [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]
    if n_threads == 1:
        for part in parts:
            work(part)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(work, parts))
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(total > 0, result - np.log(total), -np.inf)
    return result - log_normalization(kernel, X.shape[1], bandwidth)


@njit(cache=True, nogil=True)
def _sum_epanechnikov(x, points, weights, scale, sums):
    packed = np.empty((points.shape[1] + 2, RUN))
    center = np.zeros(points.shape[1])
    for start in range(0, points.shape[0], RUN):
        stop = min(start + RUN, points.shape[0])
        pack_references(points, weights, start, stop, center, scale, packed)
        tile_epanechnikov(x, 0, x.shape[0], packed, stop - start, sums)
