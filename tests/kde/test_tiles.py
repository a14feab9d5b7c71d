"""The parts that densities are made of: trees of whole strips, tiles, and exact sums."""

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose, assert_array_equal

from qsolearn.selection.kde.engine import grow_objects, prepare, sum_class
from qsolearn.selection.kde.tiles import LANES, TILE, pack_strips, sum_strips
from qsolearn.selection.kde.tree import axes_of, build_tree


@pytest.mark.parametrize("leaf_size", [2, 3, 8, 16, 32])
def test_leaves_are_whole_strips(leaf_size):
    rng = np.random.default_rng(leaf_size)
    strip = min(LANES, leaf_size // 2)
    for n in [*range(1, 200), 1000, 1025]:
        tree = build_tree(rng.normal(size=(n, 2)), np.ones(n), leaf_size)
        leaves = tree.left < 0
        start, size = tree.start[leaves], (tree.stop - tree.start)[leaves]
        assert size.min() >= 1
        assert size.max() <= leaf_size
        assert size.sum() == n
        assert_array_equal(size[np.argsort(start)][:-1] % strip, 0)


@njit
def sum_one_tile(axes, x, strips, chosen, n_chosen, sums):
    sum_strips(axes, x, TILE, strips, chosen, n_chosen, sums)


@pytest.mark.parametrize("width", [4, 8])
def test_a_tile_is_the_plain_sum(width):
    rng = np.random.default_rng(width)
    points, weights = rng.normal(scale=0.2, size=(45, width)), rng.uniform(0.1, 3, 45)
    middle, scale = rng.normal(scale=0.1, size=(1, width)), 1.7
    axes = (0,) * width
    strips = np.full((7, width + 2, LANES), np.nan)
    pack_strips(axes, points, weights, 2, 45, middle, 0, scale, strips[:6])
    x = rng.normal(scale=0.2, size=(3 * TILE, width))
    sums = np.ones(3 * TILE)
    sum_one_tile(axes, x, strips, np.array([0, 3, 5, 6]), 3, sums)
    used = np.r_[2 + np.arange(8), 2 + np.arange(24, 32), 42:45]
    local = (points[used] - middle) * scale
    square = ((x[:, None] - local) ** 2).sum(axis=2)
    expected = 1 + np.maximum(1 - square, 0) @ weights[used]
    assert (expected[TILE : 2 * TILE] > 1).any()
    expected[:TILE] = expected[2 * TILE :] = 1
    assert_allclose(sums, expected, rtol=1e-13)


@pytest.mark.parametrize("d", range(1, 9))
def test_sums_are_exact(d):
    """Dense and sparse places, several blocks of objects: 1e-12 relative to brute force."""
    rng = np.random.default_rng(d)
    points = rng.normal(size=(4000, d)) * rng.choice([0.05, 0.3, 1.0], (4000, 1)) + 20
    weights = rng.uniform(0.2, 3, 4000)
    X = points[::2] + rng.normal(scale=0.1, size=(2000, d))
    h = 0.3 * np.sqrt(d)
    training = prepare([points], [weights], np.array([h]), "epanechnikov")
    objects, nodes = grow_objects(X, "densities")
    got = sum_class(training, 0, h, objects, nodes, 1)
    own = X[objects.order]
    expected = np.array(
        [weights @ np.maximum(1 - ((x - points) ** 2).sum(axis=1) / h**2, 0) for x in own]
    )
    assert np.count_nonzero(expected > 10) > 500
    # 1 - |u|^2 itself is only known to 1e-15: below a sum of 1e-3 no relative precision is left.
    assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
    assert_array_equal(axes_of(objects), np.zeros(4 if d <= 4 else 8))


@pytest.mark.parametrize("h", [1e-5, 0.001, 0.05, 0.5])
def test_sums_are_exact_far_apart(h):
    """Few points within a bandwidth, thousands of bandwidths between them."""
    rng = np.random.default_rng(1)
    points = np.repeat(rng.uniform(0, 3, (400, 2)), 2, axis=0) + rng.normal(
        scale=h / 3, size=(800, 2)
    )
    X = np.vstack([points[::3], rng.uniform(0, 3, (300, 2))])
    training = prepare([points], [np.ones(800)], np.array([h]), "epanechnikov")
    objects, nodes = grow_objects(X, "densities")
    got = sum_class(training, 0, h, objects, nodes, 1)
    square = ((X[objects.order][:, None] - points) ** 2).sum(axis=2) / h**2
    expected = np.maximum(1 - square, 0).sum(axis=1)
    expected[expected < 1e-12] = 0
    assert_allclose(got, expected, rtol=1e-12, atol=1e-13)
