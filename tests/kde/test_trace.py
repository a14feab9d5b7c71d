import numpy as np
import pytest

from qsolearn.selection.kde import KernelBayesClassifier
from qsolearn.selection.kde.trace import trace_labels


def test_every_step_is_what_it_says():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 500)
    X = rng.normal(size=(1000, 2)) + 4 * y[:, None]
    h = 1.5
    model = KernelBayesClassifier(h).fit(X, y)
    steps, objects, training = trace_labels(model, X)
    low, high = objects[steps["object_node"]], training[steps["training_node"]]
    gap = np.maximum(np.maximum(low[..., 0] - high[..., 1], high[..., 0] - low[..., 1]), 0)
    span = np.maximum(low[..., 1] - high[..., 0], high[..., 1] - low[..., 0])
    nearest, farthest = np.hypot(*gap.T), np.hypot(*span.T)
    action = steps["action"].to_numpy()
    assert (nearest[action == "dropped"] >= h * (1 - 1e-9)).all()
    assert (farthest[action == "folded"] <= h * (1 + 1e-9)).all()
    assert (nearest[action == "kept"] < h).all()
    settled = steps[action == "settled"]
    assert 0 < settled["n_points"].sum() <= len(X)
    for node, label in zip(settled["object_node"], settled["training_class"], strict=True):
        box = objects[node]
        inside = (np.abs(X - box.mean(axis=1)) <= np.ptp(box, axis=1) / 2).all(axis=1)
        assert (model.predict(X[inside]) == label).all()


def test_steps_stop_at_the_limit():
    X = np.random.default_rng(0).normal(size=(500, 2))
    model = KernelBayesClassifier(0.5).fit(X, X[:, 0] > 0)
    assert len(trace_labels(model, X, max_steps=10).steps) == 10


def test_gaussian_kernels_have_no_trace():
    model = KernelBayesClassifier(kernel="gaussian").fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="only 'epanechnikov' has a label engine"):
        trace_labels(model, [[0.0]])


def test_leaves_hold_two_points():
    model = KernelBayesClassifier().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="leaf_size is 1: give at least 2 points per leaf"):
        trace_labels(model, [[0.0]], leaf_size=1)
