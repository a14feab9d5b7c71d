"""The fast engine against the definition, on random and on degenerate input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy
from qsolearn.selection.kde.bounds import bound_straddling, box_distances
from qsolearn.selection.kde.densities import log_normalization
from qsolearn.selection.kde.gaussian_grid import gather, make_grid
from qsolearn.selection.kde.tree import axes_of, build_tree

PLAIN = settings(derandomize=True, deadline=None, max_examples=60, database=None)


def plain_sums(points, weights, X, bandwidth, kernel):
    square = ((X[:, None] - points) ** 2).sum(axis=2) / bandwidth**2
    values = np.exp(-square / 2) if kernel == "gaussian" else np.maximum(1 - square, 0)
    return values @ weights


def draw(seed, n, d, n_classes):
    """Clustered points with duplicates, a few far away, and random weights."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n)])
    X = rng.normal(size=(n_classes, d))[y] + rng.choice([0.05, 0.4, 3], (len(y), 1)) * rng.normal(
        size=(len(y), d)
    )
    X[rng.random(len(y)) < 0.2] = X[0]
    return X, y, rng.uniform(0.1, 3, len(y)), rng


cases = {
    "seed": st.integers(0, 10**6),
    "n": st.integers(1, 1500),
    "d": st.integers(1, 8),
    "n_classes": st.integers(2, 4),
}


@PLAIN
@given(**cases)
def test_labels_are_those_of_the_definition(seed, n, d, n_classes):
    X, y, weights, rng = draw(seed, n, d, n_classes)
    bandwidths = dict(enumerate(rng.uniform(0.1, 2, n_classes)))
    priors = rng.dirichlet(np.full(n_classes, 3)) + 1e-3
    priors = dict(enumerate(priors / priors.sum()))
    objects = np.vstack([X[: len(X) // 2], X + rng.normal(scale=0.3, size=X.shape)])
    model = KernelBayesClassifier(bandwidths, priors=priors).fit(X, y, sample_weight=weights)
    joint = np.column_stack(
        [
            priors[c]
            * plain_sums(X[y == c], weights[y == c], objects, bandwidths[c], "epanechnikov")
            / weights[y == c].sum()
            / bandwidths[c] ** d
            for c in range(n_classes)
        ]
    )
    joint[joint < 1e-11 * joint.max()] = 0
    expected = joint.argmax(axis=1)
    expected[(joint == 0).all(axis=1)] = max(priors, key=priors.get)
    two = np.sort(joint, axis=1)[:, -2:]
    tie = two[:, 1] - two[:, 0] <= 1e-11 * two[:, 1]
    tie &= two[:, 1] > 0
    got = model.predict(objects)
    assert_array_equal(got[~tie], expected[~tie])
    assert_array_equal(model.predict_proba(objects).argmax(axis=1)[~tie], expected[~tie])


@PLAIN
@given(kernel=st.sampled_from(["epanechnikov", "gaussian"]), **cases)
def test_densities_are_those_of_the_definition(kernel, seed, n, d, n_classes):
    X, y, weights, rng = draw(seed, n, d, n_classes)
    bandwidth = rng.uniform(0.1, 2)
    objects = np.vstack([X[:50], X[:50] + rng.normal(size=X[:50].shape)])
    model = KernelBayesClassifier(bandwidth, kernel).fit(X, y, sample_weight=weights)
    got = model.log_density(objects)
    for c in range(n_classes):
        sums = plain_sums(X[y == c], weights[y == c], objects, bandwidth, kernel)
        seen = sums > 1e-9 * weights[y == c].mean()
        if kernel == "epanechnikov":
            assert np.isneginf(got[sums == 0, c]).all()
        expected = np.log(sums[seen] / weights[y == c].sum())
        expected -= log_normalization(kernel, d, bandwidth)
        tolerance = 1e-4 if kernel == "gaussian" else 1e-6
        assert_allclose(got[seen, c], expected, rtol=0, atol=tolerance)


@PLAIN
@given(seed=st.integers(0, 10**6), n=st.integers(1, 200), d=st.integers(1, 8))
def test_bounds_hold(seed, n, d):
    X, _, weights, rng = draw(seed, n, d, 2)
    objects = build_tree(X[:40] + rng.normal(scale=0.2, size=X[:40].shape), np.ones(len(X[:40])), 8)
    tree = build_tree(X, weights, 8)
    width = tree.points.shape[1]
    h = rng.uniform(0.2, 2)
    q, r = len(objects.start) - 1, rng.integers(len(tree.start))
    x = objects.points[objects.start[q] : objects.stop[q]]
    own = slice(tree.start[r], tree.stop[r])
    square = ((x[:, None] - tree.points[own]) ** 2).sum(axis=2)
    axes = axes_of(tree)
    nearest, farthest = box_distances(axes, objects.boxes, q, tree.boxes, r)
    assert nearest <= square.min() * (1 + 1e-12) + 1e-12
    assert farthest >= square.max() * (1 - 1e-12) - 1e-12
    if nearest < h**2 < farthest:
        mean, upper, slope = bound_straddling(
            axes, objects.boxes, q, tree.boxes, r, h**2, nearest, farthest
        )
        w = tree.weights[own] / tree.weights[own].sum()
        means = (h**2 - square) @ w
        centre = h**2 - ((objects.boxes[q, :width] - tree.points[own]) ** 2).sum(axis=1) @ w
        assert_allclose(mean, centre, atol=1e-9 * (1 + farthest))
        true = np.maximum(h**2 - square, 0) @ w
        assert (true <= upper + slope * (means - mean) + 1e-9 * (1 + farthest)).all()


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_grid_keeps_its_promise(d):
    rng = np.random.default_rng(d)
    points, objects = rng.normal(size=(2, 400, d))
    objects[:50] *= 3
    weights = rng.uniform(0.5, 2, 400)
    grid = make_grid(np.pad(points, ((0, 0), (0, 4 - d))), weights, d, 0.5)
    sums = np.empty(400)
    gather(np.pad(objects, ((0, 0), (0, 4 - d))), d, grid, 1e-4, sums)
    done = ~np.isnan(sums)
    assert done.mean() > 0.5
    assert_allclose(sums[done], plain_sums(points, weights, objects[done], 0.5, "gaussian"), 1e-4)


def test_gaussian_classifier_on_the_grid():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 12_000)
    X = rng.normal(size=(12_000, 2)) + y[:, None]
    objects = np.vstack([rng.normal(scale=2, size=(12_000, 2)), [[30.0, 0.0]]])
    model = KernelBayesClassifier(0.2, "gaussian").fit(X, y)
    got = model.log_density(objects)
    check = np.r_[0:300, 12_000]
    for c in (0, 1):
        square = ((objects[check][:, None] - X[y == c]) ** 2).sum(axis=2) / 0.2**2
        nearest = square.min(axis=1)
        log_sums = np.log(np.exp((nearest[:, None] - square) / 2).sum(axis=1)) - nearest / 2
        expected = log_sums - np.log((y == c).sum() * 2 * np.pi * 0.2**2)
        assert_allclose(got[check, c], expected, rtol=0, atol=1e-4)


def test_any_number_of_threads_gives_the_same():
    X, y, _, rng = draw(1, 3000, 4, 3)
    objects = X + rng.normal(scale=0.2, size=X.shape)
    for kernel in ("epanechnikov", "gaussian"):
        one = KernelBayesClassifier(0.5, kernel).fit(X, y)
        two = KernelBayesClassifier(0.5, kernel, n_jobs=2).fit(X, y)
        assert_array_equal(one.predict(objects), two.predict(objects))
        assert_array_equal(one.log_density(objects), two.log_density(objects))
    grid = [[0.3, 0.4, 0.5], [0.6, 0.4, 0.3]]
    assert_array_equal(
        leave_one_out_accuracy(X, y, grid), leave_one_out_accuracy(X, y, grid, n_jobs=2)
    )


def test_a_million_identical_points():
    X = np.zeros((1_000_000, 4))
    y = np.repeat(["QSO", "star"], [300_000, 700_000])
    model = KernelBayesClassifier(0.15).fit(X, y)
    objects = np.array([[0.0, 0, 0, 0], [0.1, 0, 0, 0], [0.2, 0, 0, 0]])
    assert_allclose(model.predict_proba(objects), [[0.3, 0.7]] * 3)
    assert_array_equal(model.predict(objects), ["star"] * 3)
    assert_array_equal(model.outside_support(objects), [False, False, True])
    assert (model.predict(X) == "star").all()


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
def test_identical_points_left_out_in_turn(kernel):
    X = np.zeros((20_000, 4))
    y = np.repeat(["QSO", "star"], [5_000, 15_000])
    got = leave_one_out_accuracy(X, y, [[0.15, 0.15], [0.15, 0.3]], kernel=kernel)
    assert_array_equal(got, [[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
def test_a_class_with_one_member_is_one_bump(kernel):
    X = np.array([[0.0, 0.0], [3.0, 0.0], [3.1, 0.0]])
    model = KernelBayesClassifier(0.5, kernel).fit(X, ["QSO", "star", "star"])
    height = -log_normalization(kernel, 2, 0.5)
    assert_allclose(model.log_density([[0.0, 0.0]])[0, 0], height, atol=1e-12)
    assert_array_equal(model.predict(X), ["QSO", "star", "star"])


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
def test_kinds_of_arrays(kernel):
    X, y, weights, _ = draw(2, 500, 4, 2)
    X, weights = X.astype(np.float32), weights.astype(np.float32)
    model = KernelBayesClassifier(0.5, kernel).fit(X, y, sample_weight=weights)
    expected = model.predict_proba(X)
    labels = model.predict(X)
    accuracy = leave_one_out_accuracy(X, y, [[0.4, 0.5]], kernel=kernel, sample_weight=weights)
    wide = np.asfortranarray(np.repeat(X.astype(float), 2, axis=1))[:, ::2]
    frozen = X.copy()
    frozen.flags.writeable = False
    for same in (X.astype(float), wide, frozen, X[::-1][::-1]):
        again = KernelBayesClassifier(0.5, kernel).fit(same, y, sample_weight=weights)
        assert_array_equal(again.predict_proba(same), expected)
        assert_array_equal(again.predict(same), labels)
        got = leave_one_out_accuracy(same, y, [[0.4, 0.5]], kernel=kernel, sample_weight=weights)
        assert_array_equal(got, accuracy)


def test_duplicates_of_both_classes_go_by_the_priors():
    X = np.array([[0.0, 0.0]] * 4)
    model = KernelBayesClassifier(0.1, priors={0: 0.4, 1: 0.6}).fit(X, [0, 0, 0, 1])
    assert_array_equal(model.predict(X), [1] * 4)


def test_the_edge_of_the_support_is_outside():
    model = KernelBayesClassifier(0.5, priors={0: 0.4, 1: 0.6}).fit([[0.0], [9.0]], [0, 1])
    assert_array_equal(model.outside_support([[0.5], [0.4999], [0.5001]]), [True, False, True])
    assert_array_equal(model.predict([[0.5], [0.4999]]), [1, 0])
