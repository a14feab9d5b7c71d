import copy
import math

import numpy as np
import pandas as pd
import pytest
from astropy.stats import binom_conf_interval
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from qsolearn import judge


@given(st.integers(0, 500), st.integers(0, 500))
def test_proportion_is_the_jeffreys_interval(a, b):
    k, n = min(a, b), max(a, b)
    share = judge.proportion(k, n)
    if n == 0:
        assert math.isnan(share)
        assert (share.low, share.high) == (0, 1)
        return
    assert 0 <= share.low <= share <= share.high <= 1
    low, high = binom_conf_interval(k, n, 0.95, interval="jeffreys")
    if 0 < k < n:
        assert (share.low, share.high) == pytest.approx((low, high))


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    for p in (0.02, 0.5, 0.95):
        k = rng.binomial(200, p, 2000)
        hits = [judge.proportion(x, 200).low <= p <= judge.proportion(x, 200).high for x in k]
        assert np.mean(hits) == pytest.approx(0.95, abs=0.025)


def test_estimate_is_a_float_that_keeps_its_interval():
    e = judge.Estimate(0.25, 0.2, 0.3, 40)
    assert e * 2 == 0.5
    assert copy.copy(e).low == 0.2
    assert f"{e:.1f}" == "0.2"
    assert f"{e}" == "0.25 (0.2 to 0.3, n = 40)"
    assert e.to_dict() == {"value": 0.25, "low": 0.2, "high": 0.3, "n": 40}
    with pytest.raises(ValueError, match="0 <= k <= n"):
        judge.proportion(3, 2)


labels = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(labels)
def test_rates_agree_with_scikit_learn(pairs):
    truth, selected = np.array(pairs).T
    report = judge.selection_report(truth, selected)
    if truth.any():
        assert report.completeness == pytest.approx(recall_score(truth, selected))
    if selected.any():
        assert report.efficiency == pytest.approx(precision_score(truth, selected))
    if (~truth).any():
        assert report.false_positive_rate == pytest.approx(recall_score(~truth, selected))
    assert judge.completeness(truth, selected).n == truth.sum()
    if 0 < report.other_fraction < 1 and selected.any():
        assert report.efficiency_at(report.other_fraction) == pytest.approx(report.efficiency)


def test_efficiency_at_another_mix():
    report = judge.SelectionReport(10_000, 10_000, 9460, 270)
    # Completeness 0.946 and false-positive rate 0.027 in the mix of Richards et al. 2004.
    assert report.efficiency_at(0.88) == pytest.approx(0.8269, abs=1e-3)
    assert report.efficiency_at(0.27) == pytest.approx(0.9896, abs=1e-3)
    low, high = report.efficiency_at(0.88).low, report.efficiency_at(0.88).high
    assert low < 0.8269 < high
    assert report.efficiency_at(0) == 1
    assert report.efficiency_at(1) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        report.efficiency_at(88)
    clean = judge.SelectionReport(100, 100, 90, 0).efficiency_at(0.9)
    assert clean == 1
    assert 0 < clean.low < 1 == clean.high
    assert math.isnan(judge.SelectionReport(10, 10, 0, 0).efficiency_at(0.5))


def test_the_restated_efficiency_covers_the_truth():
    rng = np.random.default_rng(5)
    c, f, mix = 0.9, 0.02, 0.88
    truth = c * (1 - mix) / (c * (1 - mix) + f * mix)
    hits = 0
    for _ in range(1000):
        r = judge.SelectionReport(500, 500, rng.binomial(500, c), rng.binomial(500, f))
        e = r.efficiency_at(mix)
        hits += e.low <= truth <= e.high
    assert hits / 1000 == pytest.approx(0.95, abs=0.03)


def test_table_names_every_class_mix():
    table = judge.SelectionReport(73, 27, 70, 1).table([0.5, 0.88])
    assert list(table.index)[2:] == [
        "efficiency at 27% others (this sample)",
        "efficiency at 50% others",
        "efficiency at 88% others",
    ]


def test_binned_rates_and_their_errors():
    truth = np.array([True, True, True, False])
    selected = np.array([True, False, True, True])
    mag = np.array([18.2, 18.7, np.nan, 18.7])
    table = judge.completeness(truth, selected, mag, [18.0, 18.5, 19.0])
    assert table["n"].tolist() == [1, 1]
    assert table["value"].tolist() == [1.0, 0.0]
    assert judge.efficiency(truth, selected, mag, [18, 19])["n"].tolist() == [2]
    assert judge.false_positive_rate(truth, selected, mag, [18, 19])["value"].tolist() == [1.0]
    for call, words in (
        (lambda: judge.completeness(truth, selected[:3]), "equally long"),
        (lambda: judge.completeness(truth, [1, 0, 1, 1]), "must be boolean"),
        (lambda: judge.completeness(truth, selected, mag), "both 'by' and 'bins'"),
        (lambda: judge.completeness(truth, selected, mag[:2], [1, 2]), "'by' has shape"),
        (lambda: judge.completeness(truth, selected, mag, [2, 1]), "increase"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_confusion_has_three_forms():
    rng = np.random.default_rng(0)
    names = np.array(["Galaxy", "QSO", "Star"])
    true, pred = names[rng.integers(0, 3, 300)], names[rng.integers(0, 3, 300)]
    matrix = judge.confusion(true, pred)
    assert np.array_equal(matrix.counts, confusion_matrix(true, pred))
    assert np.allclose(matrix.by_true.sum(axis=1), 1)
    assert np.allclose(matrix.by_predicted.sum(axis=0), 1)
    assert matrix.by_true.loc["QSO", "QSO"] == recall_score(true, pred, average=None)[1]
    assert judge.confusion(["Star"], [""]).counts.loc["Star", "(none)"] == 1
    with pytest.raises(ValueError, match="not in labels"):
        judge.confusion(["Star"], ["QSO"], labels=["QSO"])
    with pytest.raises(ValueError, match="equally many"):
        judge.confusion(["Star"], [])


def test_quasar_classes_by_name():
    found = judge.is_quasar_class(["QSO", "qsoHighZ", "Quasar", "Star", "not QSO", np.nan])
    assert found.tolist() == [True, True, True, False, False, False]


def test_nmad_of_a_gaussian_is_its_width():
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.3, 20_000)
    e = judge.nmad(x)
    assert e.low < 0.3 < e.high
    assert e == pytest.approx(0.3, rel=0.02)
    assert judge.nmad([*x[:100], np.nan]).n == 100
    assert math.isnan(judge.nmad([np.nan]))
    assert judge.nmad(x[:500]).low == judge.nmad(x[:500]).low
    assert judge.outlier_fraction([0.0, 1.0, np.nan], 0.5) == 0.5


def test_number_counts():
    counts = judge.number_counts([18.1, 18.2, 18.9, np.nan], 2.0, [18.0, 18.5, 19.0, 19.5])
    assert counts["per_deg2"].tolist() == [1.0, 0.5, 0.0]
    # Gehrels 1986, Table 1 and 2, 95 % two-sided limits for 0, 1 and 2 events.
    assert (counts["high"] * 2).round(2).tolist() == [7.22, 5.57, 3.69]
    assert (counts["low"] * 2).round(3).tolist() == [0.242, 0.025, 0.0]
    with pytest.raises(ValueError, match="area must be positive"):
        judge.number_counts([18.0], 0.0, [17, 18])


@given(st.floats(0.2, 1.2), st.floats(-20, -10))
def test_both_slopes_find_an_exact_power_law(slope, intercept):
    mag = np.arange(16.125, 19, 0.25)
    fit = judge.counts_slope(mag, 10 ** (intercept + slope * mag))
    assert fit.slope == pytest.approx(slope, rel=1e-6)
    assert fit.likelihood_slope == pytest.approx(slope, rel=1e-6)


def test_counts_slope_errors():
    with pytest.raises(ValueError, match="at least two bins"):
        judge.counts_slope([16.0, 17.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="differ in shape"):
        judge.counts_slope([16.0], [0.0, 1.0])


@pytest.mark.real
def test_slopes_of_the_published_counts(real_data):
    from qsolearn.datasets import load_ks4_counts

    counts = load_ks4_counts(real_data)
    for sample, slope in (("KS4_b10", 0.866), ("SDSS_complete", 0.844), ("DES_fill", 0.792)):
        table: pd.DataFrame = counts[sample]
        table = table[(table["center"] > 16) & (table["center"] < 19)]
        assert judge.counts_slope(table["center"], table["per_deg2"]).slope == pytest.approx(
            slope, abs=0.002
        )
