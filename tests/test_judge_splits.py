"""Splits, thresholds, reliability: judged against plain references."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, precision_recall_curve

from qsolearn import judge

sizes = st.lists(st.integers(5, 60), min_size=1, max_size=4)


@given(sizes, st.integers(0, 50))
def test_a_split_has_every_source_once_and_every_share(numbers, seed):
    labels = np.repeat([f"class {k}" for k in range(len(numbers))], numbers)
    for train, test in judge.stratified_splits(labels, n_splits=2, seed=seed):
        assert sorted([*train, *test]) == list(range(len(labels)))
        for k, n in enumerate(numbers):
            assert np.sum(labels[test] == f"class {k}") == round(0.2 * n)


def test_splits_are_shuffled_and_reproducible_and_a_short_series_begins_a_long_one():
    labels = ["a"] * 50 + ["b"] * 50
    two, five = (judge.stratified_splits(labels, n_splits=n, seed=3) for n in (2, 5))
    for (a, b), (c, d) in zip(two, five, strict=False):
        assert (a == c).all()
        assert (b == d).all()
    assert not np.array_equal(two[0][1], two[1][1])
    assert not (np.diff(two[0][0]) > 0).all()
    other = judge.stratified_splits(labels, seed=4)
    assert not np.array_equal(other[0][1], two[0][1])


def test_the_splits_of_the_paper_have_the_published_sizes():
    """The rule of rounding gives Sect. 5.1 from Table 2: 5,631,369 test sources, 382 of them."""
    number = [27_985_913, 150_581, 16_269, 1_908, 2_172]
    test = [int(np.round(0.2 * n)) for n in number]
    assert sum(test) == 5_631_369
    assert test[3] == 382


@pytest.mark.parametrize(
    ("labels", "fraction", "says"),
    [
        (["a", "", "a"], 0.2, "1 of 3 sources have no label"),
        (["a"] * 10, 1.0, "must lie between 0 and 1"),
        (["a"] * 10 + ["b"], 0.2, "Class 'b' has 1 source, too few"),
    ],
)
def test_a_split_that_cannot_be_made_is_refused(labels, fraction, says):
    with pytest.raises(ValueError, match=says):
        judge.stratified_splits(labels, test_fraction=fraction)


def test_every_setting_sees_the_same_splits():
    splits = judge.stratified_splits(["a"] * 20, n_splits=3)
    table = judge.over_splits(lambda tr, te, s: {"x": te[0] * s}, splits, [1, 10])
    assert table["split"].tolist() == [0, 0, 1, 1, 2, 2]
    assert (table["x"][table["setting"] == 10].to_numpy()
            == 10 * table["x"][table["setting"] == 1].to_numpy()).all()  # fmt: skip


def test_the_interval_of_a_mean_over_splits_covers_what_the_plain_one_does_not():
    """Truth 0.3: a share judged on 20 % random splits of one sample, many samples."""
    rng = np.random.default_rng(5)
    hits, plain = [], []
    for _ in range(300):
        sample = rng.random(200) < 0.3
        values = [sample[rng.permutation(200)[:40]].mean() for _ in range(30)]
        e = judge.split_mean(values)
        hits.append(e.low <= 0.3 <= e.high)
        reach = stats.t.ppf(0.975, 29) * np.std(values, ddof=1) / np.sqrt(30)
        plain.append(abs(np.mean(values) - 0.3) <= reach)
    assert np.mean(hits) > 0.9
    assert np.mean(plain) < 0.75


def test_few_splits_have_no_interval_and_pairs_must_match():
    assert np.isnan(judge.split_mean([0.5]).low)
    assert judge.split_mean([0.5, np.nan]).n == 1
    assert np.isnan(judge.split_mean([]))
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        judge.split_mean([1, 2], test_fraction=0)
    with pytest.raises(ValueError, match="the same splits"):
        judge.paired_difference([1, 2], [1, 2, 3])
    both = np.array([0.2, 0.8, 0.5])
    assert judge.paired_difference(both + 0.1, both).low == pytest.approx(0.1)


scored = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


@given(scored)
def test_precision_and_recall_agree_with_scikit_learn(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    if not truth.any():
        with pytest.raises(ValueError, match="no target"):
            judge.precision_recall(truth, score)
        return
    table = judge.precision_recall(truth, score)
    precision, recall, _ = precision_recall_curve(truth, score)
    np.testing.assert_allclose(table["precision"], precision[:-1][::-1])
    np.testing.assert_allclose(table["recall"], recall[:-1][::-1])
    expected = average_precision_score(truth, score)
    assert table.attrs["average_precision"] == pytest.approx(expected)
    for p in (0.3, 0.9):
        reached = [r for q, r in zip(precision[:-1], recall[:-1], strict=True) if q >= p]
        assert judge.recall_at_precision(truth, score, p) == pytest.approx(max(reached, default=0))


def test_a_source_without_score_comes_last():
    table = judge.precision_recall([True, False], [np.nan, 0.1])
    assert table["found"].tolist() == [0, 1]
    with pytest.raises(ValueError, match="above 0 and at most at 1"):
        judge.recall_at_precision([True], [0.5], 0)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_threshold_rates_agree_with_counting(seed, n_classes):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(n_classes), 60)
    proba[0] = np.nan
    truth = rng.random(60) < 0.4
    table = judge.threshold_curve(truth, proba, 1)
    assert table.attrs["floor"] == 1 / n_classes
    below = table[table["threshold"] < 1 / n_classes]
    assert below["selected"].nunique() == 1
    assert table["recall"].is_monotonic_decreasing
    for row in table.itertuples():
        selected = [
            not np.isnan(p).any() and p.argmax() == 1 and p[1] > row.threshold for p in proba
        ]
        assert row.selected == sum(selected)
        assert row.found == sum(s and t for s, t in zip(selected, truth, strict=True))
        if truth.any():
            assert row.recall == pytest.approx(row.found / truth.sum())
        assert row.fpr == pytest.approx((row.selected - row.found) / (~truth).sum())


def test_wrong_input_of_curves_is_refused():
    with pytest.raises(ValueError, match="no column 2"):
        judge.threshold_curve([True], [[0.5, 0.5]], 2)
    with pytest.raises(ValueError, match="boolean"):
        judge.precision_recall([1, 0], [0.5, 0.2])
    with pytest.raises(ValueError, match="but scores of shape"):
        judge.precision_recall([True, False], [0.5])


def test_honest_probabilities_are_reliable_and_boasting_is_found():
    rng = np.random.default_rng(2)
    p = rng.random(20_000)
    happened = rng.random(20_000) < p
    honest = judge.reliability(happened, p)
    assert honest["n"].sum() == 20_000
    np.testing.assert_allclose(honest["value"], honest["reported"], atol=0.04)
    assert honest.attrs["largest_gap"] < 0.01
    boasting = judge.reliability(happened, p**0.3)
    assert boasting.attrs["largest_gap"] > 0.1
    uneven = judge.reliability([True, False], [1.0, np.nan], bins=[0, 0.5, 1])
    assert uneven["n"].tolist() == [0, 1]


def test_wrong_probabilities_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        judge.reliability([True], [1.2])
    with pytest.raises(ValueError, match="must be boolean"):
        judge.reliability([1], [0.2])


def test_the_probability_integral_of_true_densities_is_uniform():
    rng = np.random.default_rng(7)
    grid = (np.arange(200) + 0.5) * 0.05
    mean = rng.uniform(2, 8, 4000)
    density = stats.norm.pdf(grid, mean[:, None], 0.5)
    right = judge.probability_integral(density, grid, rng.normal(mean, 0.5))
    assert stats.kstest(right, "uniform").pvalue > 0.01
    wide = judge.probability_integral(density, grid, rng.normal(mean, 0.2))
    assert wide.std() < 0.2
    ends = judge.probability_integral([[1.0, 3.0]] * 2, [0.5, 1.5], [-1.0, 9.0])
    assert ends.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="do not fit"):
        judge.probability_integral([[1.0]], [0.5], [0.5])


def test_a_redshift_report_is_the_numbers_group_by_group():
    rng = np.random.default_rng(1)
    z = rng.uniform(0, 4, 500)
    z_phot = z + rng.normal(0, 0.1, 500)
    z_phot[:20] += 1.0
    z_phot[20] = np.nan
    group = np.where(np.arange(500) < 100, "high", "low")
    table = judge.redshift_report(z_phot, z, group)
    own = (z_phot - z)[:100][np.isfinite(z_phot[:100])]
    scatter = 1.4826 * np.median(np.abs(own - np.median(own)))
    assert table.loc["high", "n"] == 99
    assert table.loc["high", "nmad"] == pytest.approx(scatter)
    assert table.loc["high", "outliers"] == np.sum(np.abs(own) > 3 * scatter)
    assert table.loc["high", "std"] == pytest.approx(own.std())
    assert table.loc["low", "outlier_fraction"] < 0.02
    assert isinstance(table, pd.DataFrame)
    with pytest.raises(ValueError, match="equally many"):
        judge.redshift_report([1.0], [1.0, 2.0], ["a", "b"])


@given(scored.filter(lambda pairs: any(p[0] for p in pairs)))
def test_the_gain_of_average_precision_is_the_difference(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    own = judge.average_precision_gain(truth, score, n_bootstrap=5)
    assert own == pytest.approx(average_precision_score(truth, score))
    gain = judge.average_precision_gain(truth, score, -score, n_bootstrap=5)
    expected = own - average_precision_score(truth, -score)
    assert gain == pytest.approx(expected)


def test_the_paired_interval_of_a_gain_is_narrower_and_covers_the_truth():
    """Two noisy views of the same sources: the truth is the gain of a very large sample."""

    def sample(n_target, n_other, rng):
        truth = np.arange(n_target + n_other) < n_target
        shared = truth * 1.5 + rng.normal(size=len(truth))
        return truth, shared, shared + 0.7 * rng.normal(size=len(truth))

    truth, a, b = sample(20_000, 200_000, np.random.default_rng(0))
    right = judge.average_precision_gain(truth, a, b, n_bootstrap=2)
    hits, narrow, wide = [], [], []
    for seed in range(60):
        truth, a, b = sample(60, 600, np.random.default_rng([1, seed]))
        gain = judge.average_precision_gain(truth, a, b, n_bootstrap=150, seed=seed)
        one = judge.average_precision_gain(truth, a, n_bootstrap=150, seed=seed)
        hits.append(gain.low <= right <= gain.high)
        narrow.append(gain.high - gain.low)
        wide.append(one.high - one.low)
    assert np.mean(hits) > 0.85
    assert np.mean(narrow) < np.mean(wide)
    with pytest.raises(ValueError, match="no target"):
        judge.average_precision_gain([False], [0.1])


def test_a_probability_at_the_threshold_is_not_above_it():
    table = judge.threshold_curve([True], [[0.75, 0.25]], 0, [0.74, 0.75])
    assert table["selected"].tolist() == [1, 0]
