"""Prior shift: ratios, posteriors, re-estimated mixes and follow-up against plain references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from qsolearn import judge

shares = st.floats(0.01, 0.99)
tables = st.lists(st.tuples(shares, shares, shares), min_size=1, max_size=12)
mixes = st.tuples(shares, shares, shares)


def by_hand(probability, old, new):
    """Bayes' rule, one source and one class at a time."""
    out = []
    for row in probability:
        weighted = [p / o * n for p, o, n in zip(row, old, new, strict=True)]
        out.append([w / sum(weighted) for w in weighted])
    return out


@given(tables, mixes, mixes)
def test_a_shifted_posterior_is_bayes_rule(table, old, new):
    table = np.array(table) / np.sum(table, axis=1, keepdims=True)
    old, new = np.array(old) / sum(old), np.array(new) / sum(new)
    ratio = judge.likelihood_ratios(table, old)
    assert ratio.max(axis=1) == pytest.approx(np.ones(len(table)))
    np.testing.assert_allclose(judge.shifted_posterior(ratio, new), by_hand(table, old, new))
    np.testing.assert_allclose(judge.shifted_posterior(ratio, old), table)


def test_what_is_missing_stays_missing_and_an_absent_class_is_impossible():
    ratio = judge.likelihood_ratios([[0.5, 0.5], [np.nan, 0.5], [1.0, 0.0]], [1, 1])
    post = judge.shifted_posterior(ratio, [0, 1])
    np.testing.assert_array_equal(post, [[0, 1], [np.nan] * 2, [np.nan] * 2])


def reference_ratio(truth, seen, score):
    """Isotonic regression by scikit-learn, then counts with half objects per level."""
    from sklearn.isotonic import IsotonicRegression

    level = IsotonicRegression().fit_transform(seen, truth.astype(float))
    runs = [
        [own.min(), own.max(), truth[level == v].sum(), (~truth[level == v]).sum()]
        for v in np.unique(level)
        for own in [seen[level == v]]
    ]
    joined = True
    while joined:
        joined = False
        for k in range(len(runs) - 1):
            a, b = runs[k], runs[k + 1]
            if (a[2] + 0.5) / (a[3] + 0.5) >= (b[2] + 0.5) / (b[3] + 0.5):
                runs[k : k + 2] = [[a[0], b[1], a[2] + b[2], a[3] + b[3]]]
                joined = True
                break
    at = 0
    while at < len(runs) - 1 and score > (runs[at][1] + runs[at + 1][0]) / 2:
        at += 1
    q, s = runs[at][2:]
    return (q + 0.5) / (truth.sum() + 1) / ((s + 0.5) / ((~truth).sum() + 1))


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=40),
    st.integers(-1, 13),
)
def test_calibrated_ratios_are_isotonic_counts(sample, score):
    truth, seen = (np.array(c) for c in zip(*[(True, 6), (False, 5), *sample], strict=True))
    score += 0.3  # between the seen ones
    ratio = judge.calibrated_ratios(truth, seen, [score])[0]
    assert ratio[1] / ratio[0] == pytest.approx(reference_ratio(truth, seen, score))


def test_calibrated_ratios_do_not_know_the_mix_of_their_sample_and_never_fall():
    rng = np.random.default_rng(0)
    truth = rng.random(4000) < 0.5
    seen = rng.normal(truth)
    grid = np.linspace(-3, 4, 50)
    few = truth & (rng.random(4000) < 0.8)
    odds = [
        np.divide(*judge.calibrated_ratios(truth[own], seen[own], grid).T[::-1])
        for own in (np.ones(4000, bool), few | ~truth)
    ]
    assert (np.diff(odds[0]) >= -1e-12).all()
    middle = slice(15, 35)  # the true log odds are x - 1/2
    for own in odds:
        np.testing.assert_allclose(np.log(own[middle]), grid[middle] - 0.5, atol=0.6)
    assert np.isnan(judge.calibrated_ratios(truth, seen, [np.nan])).all()


def slow_em(ratio, rounds):
    """The paper's equation, term by term."""
    priors = [1 / len(ratio[0])] * len(ratio[0])
    for _ in range(rounds):
        sums = [0.0] * len(priors)
        for row in ratio:
            total = sum(p * r for p, r in zip(priors, row, strict=True))
            for c, r in enumerate(row):
                sums[c] += priors[c] * r / total
        priors = [s / len(ratio) for s in sums]
    return priors


@given(tables)
def test_the_mix_is_that_of_the_plain_algorithm(table):
    found = judge.estimate_priors(table, n_bootstrap=0)
    np.testing.assert_allclose(found.priors, slow_em(table, found.rounds), atol=1e-9)
    assert found.priors.sum() == pytest.approx(1)


@given(st.integers(0, 30), st.floats(0.02, 0.98))
def test_the_mix_has_the_highest_likelihood_wherever_it_begins(seed, share):
    rng = np.random.default_rng(seed)
    x = rng.normal(2.0 * (rng.random(300) < share))
    ratio = np.exp(np.column_stack([-(x**2) / 2, -((x - 2) ** 2) / 2]))

    def lost(p):
        return -np.log(ratio @ [1 - p, p]).sum()

    best = minimize_scalar(lost, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x
    for start in ([0.5, 0.5], [0.9, 0.1]):
        found = judge.estimate_priors(ratio, start=start, n_bootstrap=0)
        assert found.priors[1] == pytest.approx(best, abs=2e-4)


def test_intervals_of_the_mix_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = 0
    for k in range(100):
        x = rng.normal(2.5 * (rng.random(600) < 0.1))
        ratio = np.exp(np.column_stack([-(x**2) / 2, -((x - 2.5) ** 2) / 2]))
        found = judge.estimate_priors(ratio, n_bootstrap=100, seed=k).share(1)
        held += found.low <= 0.1 <= found.high
    assert 88 <= held <= 100


def test_the_same_seed_gives_the_same_interval_and_sources_without_ratio_are_left_out():
    ratio = np.array([[1.0, 0.2], [0.3, 1.0], [np.nan, 1.0]] * 20)
    first, again = (judge.estimate_priors(ratio, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert first.n == 40
    assert not np.array_equal(first.draws, judge.estimate_priors(ratio, seed=4).draws)


def test_a_sample_of_other_looks_is_told_from_another_mix():
    rng = np.random.default_rng(2)
    truth = np.arange(3000) < 1500
    seen = rng.normal(2.0 * truth)
    right = rng.normal(2.0 * (np.arange(1000) < 100))
    chances = [
        judge.mix_distance(right + move, truth, seen, 0.1, n_bootstrap=100)[1] for move in (0, 0.4)
    ]
    assert chances[0] > 0.05
    assert chances[1] < 0.02


def test_follow_up_restates_what_a_report_says_of_another_mix():
    rng = np.random.default_rng(1)
    truth = rng.random(2000) < 0.5
    odds = np.exp(rng.normal(np.where(truth, 2, -2), 1.5))
    for share in (0.02, 0.3):
        plan = judge.follow_up(truth, odds, share, 1000)
        taken = odds * share / (1 - share) >= 1
        report = judge.selection_report(truth, taken)
        assert float(plan.completeness) == pytest.approx(float(report.completeness))
        assert float(plan.efficiency) == pytest.approx(float(report.efficiency_at(1 - share)))
        expected = 1000 * (
            share * report.completeness + (1 - share) * float(report.false_positive_rate)
        )
        assert float(plan.candidates) == pytest.approx(expected)
        assert float(plan.hours) == np.ceil(round(expected, 6)) * 20 / 60
        kept = judge.follow_up(truth, odds, share, 1000, rule_share=0.5)
        assert float(kept.completeness) == np.mean(odds[truth] >= 1)


def test_intervals_of_the_follow_up_hold_what_new_catalogs_show():
    rng = np.random.default_rng(7)
    held = {"candidates": 0, "efficiency": 0, "completeness": 0}
    for k in range(150):
        truth = np.repeat([True, False], 400)
        odds = np.exp(rng.normal(np.where(truth, 1.5, -1.5), np.sqrt(3)))
        plan = judge.follow_up(truth, odds, 0.2, 2000, n_draws=400, seed=k)
        new = rng.random(2000) < 0.2
        taken = np.exp(rng.normal(np.where(new, 1.5, -1.5), np.sqrt(3))) >= 4
        seen = {
            "candidates": taken.sum(),
            "efficiency": np.mean(new[taken]),
            "completeness": np.mean(taken[new]),
        }
        for name, value in seen.items():
            e = getattr(plan, name)
            held[name] += e.low <= value <= e.high
    assert all(135 <= count <= 150 for count in held.values()), held


def test_an_uncertain_mix_widens_the_intervals():
    truth = np.repeat([True, False], 500)
    odds = np.where(truth, 30.0, 0.03)
    sure = judge.follow_up(truth, odds, 0.1, 1000)
    unsure = judge.follow_up(truth, odds, [0.05, 0.1, 0.15], 1000)
    assert float(unsure.candidates) == pytest.approx(float(sure.candidates))
    assert unsure.candidates.high > sure.candidates.high + 20
    assert unsure.candidates.low < sure.candidates.low - 20


def test_a_table_has_a_row_per_mix_and_visits_hold_many_candidates():
    truth = np.repeat([True, False], 500)
    odds = np.where(truth, 300.0, 0.03)
    table = judge.follow_up_table(truth, odds, [0.0, 0.1], 1000, fibers=30, exposure=60)
    assert table["hours"].tolist() == [0.0, 4.0]
    assert np.isnan(table["efficiency"][0])
    assert table["candidates_high"][1] > 100 > table["candidates_low"][1]


TRUTH, ODDS = np.array([True, False]), np.array([2.0, 0.5])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: judge.likelihood_ratios([[0.5, 0.5]], [0.5, 0.0]), "one share per column, above"),
        (lambda: judge.likelihood_ratios([[0.5, 0.5]], [1.0]), "does not fit a table of shape"),
        (lambda: judge.likelihood_ratios([[1.5, -0.5]], [1, 1]), "lies between 0 and 1; got"),
        (lambda: judge.shifted_posterior([[1, 1]], [-1, 2]), "not below 0"),
        (lambda: judge.calibrated_ratios([1, 0], [1, 2], [1]), "must be boolean"),
        (lambda: judge.calibrated_ratios([True, True], [1, 2], [1]), "it needs both"),
        (lambda: judge.estimate_priors([0.5, 0.5]), "one row per source"),
        (lambda: judge.estimate_priors([[np.nan, 1]]), "There are 0 sources with ratios"),
        (lambda: judge.estimate_priors([[0.0, 0.0]]), "none of them 0 for every class"),
        (lambda: judge.mix_distance([1.0], TRUTH, ODDS, 1.5), "A share of 1.5"),
        (lambda: judge.mix_distance([], TRUTH, ODDS, 0.5), "0 new sources"),
        (lambda: judge.follow_up([True, True], ODDS, 0.1, 10), "must be quasars and others"),
        (lambda: judge.follow_up(TRUTH, ODDS[:1], 0.1, 10), "one boolean and one number"),
        (lambda: judge.follow_up(TRUTH, ODDS, 1.1, 10), "quasar_share is out of its range"),
        (lambda: judge.follow_up(TRUTH, ODDS, 0.1, 0), "n_sources is out of its range"),
        (lambda: judge.follow_up(TRUTH, ODDS, 0.1, 9, threshold=1), "threshold is out of"),
        (lambda: judge.follow_up(TRUTH, ODDS, 0.1, 9, fibers=0), "fibers is out of its range"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert str(error.value).count(".\n") == 0
    assert str(error.value).endswith(".")
