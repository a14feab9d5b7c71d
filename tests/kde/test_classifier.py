import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import gamma, logsumexp

from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy

TOLERANCE = {"epanechnikov": 1e-11, "gaussian": 1e-4}
BANDWIDTH = {"epanechnikov": 0.8, "gaussian": 0.3}


def sample(n=300, d=3, seed=0, n_classes=2):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    return rng.normal(size=(n, d)) + y[:, None] * 0.8, y


def reference_log_density(points, weights, X, bandwidth, kernel):
    """The definition: a weighted mean of kernels, one pair of points at a time."""
    d = X.shape[1]
    square = ((X[:, None] - points) ** 2).sum(axis=2) / bandwidth**2
    if kernel == "gaussian":
        log_kernel = -square / 2 - d / 2 * np.log(2 * np.pi)
    else:
        ball = np.pi ** (d / 2) / gamma(d / 2 + 1)
        with np.errstate(divide="ignore"):
            log_kernel = np.log(np.maximum(1 - square, 0) * (d + 2) / 2 / ball)
    with np.errstate(divide="ignore"):
        return logsumexp(log_kernel, b=weights / weights.sum() / bandwidth**d, axis=1)


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
@pytest.mark.parametrize("d", [1, 4, 5, 8])
def test_log_density_is_the_definition(kernel, d):
    X, y = sample(d=d)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(X))
    h = {0: 1.5 * BANDWIDTH[kernel], 1: BANDWIDTH[kernel]}
    model = KernelBayesClassifier(h, kernel).fit(X, y, sample_weight=weights)
    test, _ = sample(seed=2, d=d)
    test = test[:101]
    for c in (0, 1):
        expected = reference_log_density(X[y == c], weights[y == c], test, h[c], kernel)
        zero = np.isneginf(expected)
        got = model.log_density(test)[:, c]
        assert_array_equal(np.isneginf(got), zero)
        assert_allclose(got[~zero], expected[~zero], rtol=0, atol=TOLERANCE[kernel])


def test_posterior_is_bayes_rule():
    X, y = sample(n_classes=3)
    priors = {0: 0.2, 1: 0.5, 2: 0.3}
    model = KernelBayesClassifier(0.4, "gaussian", priors).fit(X, y)
    joint = model.log_density(X) + np.log([0.2, 0.5, 0.3])
    assert_allclose(model.predict_proba(X), np.exp(joint - logsumexp(joint, axis=1)[:, None]))
    assert_array_equal(model.predict(X), joint.argmax(axis=1))
    assert_array_equal(model.priors_, [0.2, 0.5, 0.3])


def test_outside_the_support_the_prior_decides():
    X, y = sample()
    model = KernelBayesClassifier(0.5, priors={0: 0.3, 1: 0.7}).fit(X, y)
    far = np.full((2, 3), 99.0)
    assert_array_equal(model.outside_support(np.vstack([X[:3], far])), [0, 0, 0, 1, 1])
    assert_allclose(model.predict_proba(far), [[0.3, 0.7]] * 2)
    assert_array_equal(model.predict(far), [1, 1])


def test_integer_weights_are_repeated_objects():
    X, y = sample(60)
    w = np.random.default_rng(3).integers(0, 4, 60)
    weighted = KernelBayesClassifier(0.8).fit(X, y, sample_weight=w)
    repeated = KernelBayesClassifier(0.8).fit(X.repeat(w, axis=0), y.repeat(w))
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
def test_reloaded_classifier_is_the_same(kernel, tmp_path):
    X, y = sample()
    y = np.array(["QSO", "star"])[y]
    frame = pd.DataFrame(X, columns=["u-g", "g-r", "r-i"])
    h = {"QSO": 0.5, "star": 0.4}
    model = KernelBayesClassifier(h, kernel, {"QSO": 0.12, "star": 0.88}).fit(frame, y)
    values, arrays = model.to_state()
    np.savez(tmp_path / "a.npz", **arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as stored:
        again = KernelBayesClassifier.from_state(json.loads(json.dumps(values)), stored)
    assert again.get_params() == model.get_params()
    assert_array_equal(again.predict(frame), model.predict(frame))
    assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    assert_array_equal(again.feature_names_in_, model.feature_names_in_)
    assert again.classes_.dtype == model.classes_.dtype


def test_nan_is_told_with_its_count():
    X, y = sample(10)
    X[3, 1] = X[4, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN .* in 2 of 10 rows: drop those rows or fill"):
        KernelBayesClassifier().fit(X, y)
    model = KernelBayesClassifier().fit(*sample(10))
    with pytest.raises(ValueError, match=r"NaN .* in 2 of 10 rows"):
        model.predict(X)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"bandwidth": 0.0}, "bandwidth of class 0 is 0.0: give a finite number above 0"),
        ({"bandwidth": {0: 1.0, 1: np.nan}}, "bandwidth of class 1 is nan"),
        ({"bandwidth": {0: 1.0}}, r"bandwidth is .*: give a dict with one number for each"),
        ({"bandwidth": "wide"}, "bandwidth of class 0 is 'wide'"),
        ({"kernel": "tophat"}, "kernel is 'tophat': give one of 'epanechnikov', 'gaussian'"),
        ({"priors": {0: 0.5, 1: 0.6}}, "priors are .*: give every class a probability"),
        ({"priors": {0: 0.0, 1: 1.0}}, "priors are .*: give every class a probability"),
        ({"priors": [0.5, 0.5]}, "priors is .*: give a dict"),
    ],
)
def test_bad_parameters(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        KernelBayesClassifier(**parameters).fit(*sample())


def test_bad_shapes_and_weights():
    X, y = sample(d=9)
    with pytest.raises(ValueError, match="X has 9 features, but kernel densities are for 1 to 8"):
        KernelBayesClassifier().fit(X, y)
    X, y = sample()
    with pytest.raises(ValueError, match="Every weight of class 1 is zero"):
        KernelBayesClassifier().fit(X, y, sample_weight=1 - y)


def test_one_object_and_object_arrays():
    one = KernelBayesClassifier().fit([[0.0, 1.0, 2.0]], ["QSO"])
    assert_array_equal(one.predict([[5.0, 5.0, 5.0]]), ["QSO"])
    X, y = sample()
    assert_array_equal(
        KernelBayesClassifier().fit(X.astype(object), y).predict(X.astype(object)),
        KernelBayesClassifier().fit(X, y).predict(X),
    )


def reference_left_out(X, y, bandwidths, priors, kernel, weights):
    classes = np.unique(y)
    right = np.zeros(len(classes))
    for i in range(len(X)):
        rest = np.arange(len(X)) != i
        joint = np.full(len(classes), -np.inf)
        for c, label in enumerate(classes):
            own = rest & (y == label)
            if own.any():
                f = reference_log_density(X[own], weights[own], X[i : i + 1], bandwidths[c], kernel)
                joint[c] = f[0] + np.log(priors[c])
        winner = np.argmax(priors) if np.isneginf(joint).all() else joint.argmax()
        right[winner] += weights[i] * (classes[winner] == y[i])
    return right / [weights[y == c].sum() for c in classes]


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_leave_one_out_leaves_each_out(kernel, n_classes):
    X, y = sample(80, n_classes=n_classes)
    weights = np.random.default_rng(4).uniform(0.5, 2, len(X))
    grid = np.random.default_rng(5).uniform(0.5, 1.5, (4, n_classes)) * BANDWIDTH[kernel]
    got = leave_one_out_accuracy(X, y, grid, kernel=kernel, sample_weight=weights)
    priors = np.bincount(y, weights) / weights.sum()
    expected = [reference_left_out(X, y, row, priors, kernel, weights) for row in grid]
    assert_allclose(got, expected)


def test_leave_one_out_with_a_lone_member():
    X = np.array([[0.0], [0.1], [0.2], [5.0]])
    got = leave_one_out_accuracy(X, ["star", "star", "star", "QSO"], [[1.0, 1.0]])
    assert_array_equal(got, [[0.0, 1.0]])


def test_leave_one_out_bad_input():
    X, y = sample()
    broken = X.copy()
    broken[3, 1] = broken[4, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN .* in 2 of 300 rows: drop those rows or fill"):
        leave_one_out_accuracy(broken, y, [[0.1, 0.2]])
    with pytest.raises(ValueError, match=r"shape \(2,\), but one column for each of the 2 classes"):
        leave_one_out_accuracy(X, y, [0.1, 0.2])
    with pytest.raises(ValueError, match="bandwidths holds values that are not positive"):
        leave_one_out_accuracy(X, y, [[0.1, 0.0]])
