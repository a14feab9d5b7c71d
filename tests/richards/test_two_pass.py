import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.utils.estimator_checks import parametrize_with_checks

from qsolearn.errors import CatalogError
from qsolearn.selection import (
    KernelBayesClassifier,
    TwoPassBayes,
    choose_bandwidths,
    leave_one_out_accuracy,
    leave_one_out_labels,
    valley,
)

PRIORS = {"QSO": 0.12, "Star": 0.88}


WIDE = "fits more features than the 8 that kernel densities allow"


# Without a class to clean it takes labels of any kind, as scikit-learn's checks need.
@parametrize_with_checks(
    [TwoPassBayes(bandwidth=2.0, star=None)],
    expected_failed_checks=lambda estimator: {
        "check_dtype_object": WIDE,
        "check_fit2d_1sample": WIDE,
    },
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def cloud():
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(0, 0.25, (300, 3)), rng.normal(0.7, 0.3, (900, 3))])
    return X, np.repeat(["QSO", "Star"], [300, 900])


def density_by_hand(points, at, h):
    """Epanechnikov density in three dimensions."""
    u2 = ((points - at) ** 2).sum(axis=1) / h**2
    return np.clip(1 - u2, 0, None).sum() * 15 / (8 * np.pi * h**3 * len(points))


@given(st.integers(0, 20), st.sampled_from([0.05, 0.2, 0.5]), st.sampled_from([0.1, 0.5, 0.9]))
def test_labels_are_those_of_refitting_without_the_object(seed, h, p):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(0, 0.3, (24, 3)), 1)  # rounded: some points coincide
    y = np.repeat(["QSO", "Star"], 12)
    labels, proba = leave_one_out_labels(X, y, h, {"QSO": 1 - p, "Star": p})
    for i in range(len(X)):
        rest = np.arange(len(X)) != i
        joint = np.array([
            prior * density_by_hand(X[rest & (y == c)], X[i], h)
            for c, prior in (("QSO", 1 - p), ("Star", p))
        ])  # fmt: skip
        expected = joint / joint.sum() if joint.sum() > 1e-9 else np.array([1 - p, p])
        assert_allclose(proba[i], expected, atol=1e-7)
        if abs(expected[0] - expected[1]) > 1e-6:
            assert labels[i] == ("QSO", "Star")[expected.argmax()]


def test_labels_give_the_engines_accuracy(cloud):
    X, y = cloud
    labels, _ = leave_one_out_labels(X, y, {"QSO": 0.2, "Star": 0.3}, PRIORS)
    by_labels = [np.mean(labels[y == c] == c) for c in ("QSO", "Star")]
    assert_allclose(by_labels, leave_one_out_accuracy(X, y, [[0.2, 0.3]], PRIORS)[0])


def test_the_best_pair_is_the_best_of_the_table(cloud):
    best, table = choose_bandwidths(*cloud, [0.05, 0.2, 0.6], PRIORS)
    assert len(table) == 9
    row = table.loc[table["score"].idxmax()]
    assert best == {"QSO": row["h_QSO"], "Star": row["h_Star"]}
    assert_allclose(table["score"], 0.12 * table["accuracy_QSO"] + 0.88 * table["accuracy_Star"])
    own = choose_bandwidths(*cloud, [0.2])[1].iloc[0]  # the training frequencies, 300 to 900
    assert_allclose(own["score"], 0.25 * own["accuracy_QSO"] + 0.75 * own["accuracy_Star"])


def test_of_equal_pairs_the_wider_is_taken():
    X = np.concatenate([np.zeros((5, 1)), np.full((5, 1), 50.0)])
    y = np.repeat(["QSO", "Star"], 5)
    assert choose_bandwidths(X, y, [0.1, 0.2])[0] == {"QSO": 0.2, "Star": 0.2}


def test_steps_of_the_fit_are_the_steps_alone(cloud):
    X, y = cloud
    model = TwoPassBayes([0.1, 0.3], PRIORS, keep=0.9).fit(X, y)
    best, table = choose_bandwidths(X, y, [0.1, 0.3], PRIORS)
    assert model.bandwidths_ == best
    pd.testing.assert_frame_equal(model.trials_, table)
    labels, _ = leave_one_out_labels(X, y, best, PRIORS)
    kept = (labels == y) | (y == "QSO")
    assert (model.kept_ == kept).all()
    assert 0 < (~kept).sum() < 200
    plain = KernelBayesClassifier(best, priors=PRIORS).fit(X[kept], y[kept])
    assert_allclose(model.predict_proba(X), plain.predict_proba(X))
    assert (model.predict(X) == plain.predict(X)).all()
    assert model.accuracy_.loc["Star", "after"] > model.accuracy_.loc["Star", "before"]
    # The limit keeps nine of ten recognized quasars.
    known = X[(labels == y) & (y == "QSO")]
    assert_allclose(model.rejected(known).mean(), 0.1, atol=0.01)
    narrow = {c: h / np.sqrt(8) for c, h in best.items()}
    gauss = KernelBayesClassifier(narrow, kernel="gaussian").fit(X[kept], y[kept])
    assert_allclose(model.log_density(X[:50]), gauss.log_density(X[:50]), rtol=1e-6)


def test_a_limit_can_be_given_and_cleaning_left_out(cloud):
    X, y = cloud
    model = TwoPassBayes(0.3, PRIORS, clean=False, star_density_limit=-1.0).fit(X, y)
    assert model.kept_.all()
    assert (model.accuracy_["before"] == model.accuracy_["after"]).all()
    log_star = model.log_density(X)[:, 1] / np.log(10)
    assert (model.rejected(X) == (log_star > -1.0)).all()
    assert not TwoPassBayes(0.3, star=None).fit(X, y).rejected(X).any()


@pytest.mark.parametrize("named", [True, False])
def test_state_round_trip(cloud, named):
    X, y = cloud
    X = pd.DataFrame(X, columns=["a", "b", "c"]) if named else X
    model = TwoPassBayes([0.1, 0.3], PRIORS).fit(X, y)
    values, arrays = model.to_state()
    import json

    again = TwoPassBayes.from_state(json.loads(json.dumps(values)), arrays)
    assert again.get_params() == {**model.get_params(), "bandwidth": [0.1, 0.3]}
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert (again.rejected(X) == model.rejected(X)).all()
    pd.testing.assert_frame_equal(again.accuracy_, model.accuracy_)
    pd.testing.assert_frame_equal(again.trials_, model.trials_)


def test_the_valley_lies_between_the_peaks():
    rng = np.random.default_rng(1)
    main = rng.normal(0, 1, 20_000)
    assert 2.0 < valley(np.concatenate([main, rng.normal(5, 0.7, 2000)])) < 4.0
    assert np.isnan(valley(main))
    assert np.isnan(valley([1.0, 2.0, np.nan]))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"star": "star"}, "not among the labels QSO, Star"),
        ({"keep": 0.0}, "above 0 and up to 1"),
        ({"gaussian_factor": -1.0}, "must be above 0"),
        ({"bandwidth": []}, "give at least one"),
        ({"bandwidth": [0.1, -0.1]}, "all above 0"),
        ({"priors": {"QSO": 1 - 1e-12, "Star": 1e-12}, "bandwidth": 9.0}, "none of the 900"),
    ],
)
def test_one_sentence(cloud, settings, words):
    with pytest.raises(CatalogError, match=words) as error:
        TwoPassBayes(**settings).fit(*cloud)
    assert str(error.value).endswith(".")
