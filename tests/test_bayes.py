"""Bayes' rule with priors of each object and evidence beside the colors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from qsolearn.selection import BinnedEvidence, CountsPrior, KernelBayesClassifier, posterior

SHARES = {"QSO": [0.9, 0.1], "Star": [0.99, 0.01]}


def by_hand(log_density, priors, evidence=()):
    """Bayes' rule, one object and one class at a time."""
    out = np.empty(np.shape(log_density))
    for i, row in enumerate(log_density):
        prior = priors if np.ndim(priors) == 1 else priors[i]
        zero = all(np.isneginf(v) for v in row)
        product = [
            p * (1.0 if zero else np.exp(v)) * np.exp(sum(e[i][c] for e in evidence))
            for c, (v, p) in enumerate(zip(row, prior, strict=True))
        ]
        out[i] = np.array(product) / sum(product)
    return out


@given(seed=st.integers(0, 10_000), n_classes=st.integers(2, 5), pieces=st.integers(0, 3))
def test_posterior_is_bayes_rule(seed, n_classes, pieces):
    rng = np.random.default_rng(seed)
    shape = (6, n_classes)
    log_density = rng.normal(size=shape) * 3
    log_density[rng.random(shape) < 0.3] = -np.inf
    priors = rng.dirichlet(np.ones(n_classes) * 2, 6) + 1e-6
    priors /= priors.sum(axis=1, keepdims=True)
    evidence = [rng.normal(size=shape) for _ in range(pieces)]
    got = posterior(log_density, priors, evidence)
    assert_allclose(got, by_hand(log_density, priors, evidence), rtol=1e-12, atol=1e-300)
    assert_allclose(got.sum(axis=1), 1)
    one = posterior(log_density, priors[0], evidence)
    assert_allclose(one, by_hand(log_density, priors[0], evidence), rtol=1e-12, atol=1e-300)


def test_the_classifier_obeys_the_same_rule():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    model = KernelBayesClassifier(0.5, priors={0: 0.3, 1: 0.7}).fit(X, y)
    far = np.vstack([X, np.full((1, 3), 50.0)])
    assert_array_equal(model.predict_proba(far), posterior(model.log_density(far), [0.3, 0.7]))
    assert_allclose(model.predict_proba(far)[-1], [0.3, 0.7])


def test_the_densities_are_not_changed():
    log_density = np.array([[0.0, -1.0], [-np.inf, -np.inf]])
    before = log_density.copy()
    posterior(log_density, [0.5, 0.5])
    assert_array_equal(log_density, before)


def test_what_was_not_measured_changes_nothing():
    log_density = np.random.default_rng(1).normal(size=(5, 2))
    nothing = BinnedEvidence([0, 0.5, 1]).fit_shares(SHARES).log_likelihood(np.full(5, np.nan))
    assert_array_equal(nothing, np.zeros((5, 2)))
    assert_array_equal(
        posterior(log_density, [0.2, 0.8], [nothing]), posterior(log_density, [0.2, 0.8])
    )


def test_the_order_of_evidence_does_not_matter():
    rng = np.random.default_rng(2)
    log_density, a, b = rng.normal(size=(3, 7, 3))
    p = [0.2, 0.3, 0.5]
    assert_allclose(posterior(log_density, p, [a, b]), posterior(log_density, p, [b, a]))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1, 0.2], [0.5, 0.5]), r"log_density has shape \(2,\): give one row per object"),
        (([[0.1, np.nan]], [0.5, 0.5]), "log_density has shape .* with NaN in it"),
        (([[0.1, 0.2]], [0.2, 0.3, 0.5]), r"priors have shape \(3,\): give one number per class"),
        (([[0.1, 0.2]], [0.0, 1.0]), "priors must be above 0 and sum to 1 for every object"),
        (([[0.1, 0.2]], [[0.6, 0.6]]), "priors must be above 0 and sum to 1"),
        (([[0.1, 0.2]], [0.5, 0.5], [[[0.0, np.nan]]]), "evidence 0 has shape .* with NaN in it"),
        (([[0.1, 0.2]], [0.5, 0.5], [[0.0, 0.0]]), r"evidence 0 has shape \(2,\), the densities"),
    ],
)
def test_bad_input_of_bayes_rule(arguments, says):
    with pytest.raises(ValueError, match=says):
        posterior(*arguments)


def prior_by_hand(latitude, mag, label, edges, strength, at):
    """Shares of the classes in one cell, with the overall mix added."""
    classes = sorted(set(label))
    overall = np.array([np.mean(label == c) for c in classes])
    cell = np.ones(len(label), bool)
    for column, edge, value in zip((latitude, mag), edges, at, strict=True):
        k = min(max(sum(e <= value for e in edge) - 1, 0), len(edge) - 2)
        low = -np.inf if k == 0 else edge[k]
        high = np.inf if k == len(edge) - 2 else edge[k + 1]
        cell &= (column >= low) & (column < high)
    counts = np.array([np.sum(cell & (label == c)) for c in classes])
    return (counts + strength * overall) / (counts.sum() + strength)


@given(seed=st.integers(0, 10_000))
def test_a_prior_is_the_mix_of_its_cell(seed):
    rng = np.random.default_rng(seed)
    latitude, mag = rng.uniform(20, 90, 80), rng.uniform(16, 22, 80)
    label = rng.choice(["QSO", "Star", "WD"], 80)
    label[:3] = ["QSO", "Star", "WD"]
    edges = [[30.0, 50.0, 90.0], [17.0, 19.0, 20.0, 21.0]]
    prior = CountsPrior(edges, strength=3.0).fit(np.column_stack([latitude, mag]), label)
    at = rng.uniform((15, 15), (95, 23), (5, 2))
    expected = [prior_by_hand(latitude, mag, label, edges, 3.0, row) for row in at]
    assert_allclose(prior.priors(at), expected)
    assert prior.counts_.shape == (2, 3, 3)
    assert prior.counts_.sum() == 80


def test_a_missing_coordinate_has_the_overall_mix():
    prior = CountsPrior([[0, 1, 2]]).fit([0.5, 1.5, 1.5, np.nan], ["a", "b", "b", "b"])
    assert_allclose(prior.priors([np.nan]), [[0.25, 0.75]])
    assert prior.counts_.sum() == 3
    assert (prior.priors(np.linspace(-1, 3, 9)) > 0).all()


def test_weights_count_as_copies():
    where, label = np.array([0.5, 0.6, 1.5, 1.6]), np.array(["a", "b", "a", "b"])
    copies = np.array([3, 1, 2, 5])
    weighted = CountsPrior([[0, 1, 2]]).fit(where, label, weights=copies)
    repeated = CountsPrior([[0, 1, 2]]).fit(np.repeat(where, copies), np.repeat(label, copies))
    assert_allclose(weighted.priors(where), repeated.priors(where))


def test_a_table_of_counts_gives_the_same_prior():
    rng = np.random.default_rng(5)
    where, label = rng.uniform(0, 3, (200, 2)), rng.choice(["b", "a"], 200)
    fitted = CountsPrior([[0, 1, 3], [0, 2, 3]]).fit(where, label)
    table = CountsPrior([[0, 1, 3], [0, 2, 3]]).fit_counts(fitted.counts_[..., ::-1], ["b", "a"])
    assert_array_equal(table.classes_, ["a", "b"])
    assert_allclose(table.priors(where), fitted.priors(where))


def test_a_prior_of_each_object_moves_the_boundary():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, 400), rng.normal(2, 1, 400)])[:, None]
    model = KernelBayesClassifier(0.6).fit(X, np.repeat(["QSO", "Star"], 400))
    prior = CountsPrior([[30, 60, 90]]).fit_counts([[1, 99], [50, 50]], ["QSO", "Star"])
    at = np.full((2, 1), 1.0)
    p = posterior(model.log_density(at), prior.priors([40.0, 80.0]))
    assert p[0, 0] < 0.1 < 0.4 < p[1, 0] < 0.6


def test_evidence_is_the_histogram_of_each_class():
    values = np.array([0, 0, 0, 1, 0, 0, 1, 1, np.nan])
    label = np.array(["QSO"] * 4 + ["Star"] * 5)
    evidence = BinnedEvidence([0, 0.5, 1], strength=2.0).fit(values, label)
    together = np.array([5.25, 3.25]) / 8.5
    for c, counts in enumerate(([3, 1], [2, 2])):
        assert_allclose(evidence.shares_[:, c], (np.array(counts) + 2 * together) / 6)
    assert_allclose(
        evidence.log_likelihood([1.0, 0.0, 7.0])[:, 0], np.log(evidence.shares_[[1, 0, 1], 0])
    )


def test_a_cell_holds_its_lower_edge():
    evidence = BinnedEvidence([0, 1, 2]).fit_shares({"a": [0.3, 0.7], "b": [0.6, 0.4]})
    assert_allclose(evidence.log_likelihood([1.0, 0.999, 2.0])[:, 0], np.log([0.7, 0.3, 0.7]))


@given(seed=st.integers(0, 10_000))
def test_no_bin_is_impossible(seed):
    rng = np.random.default_rng(seed)
    values = rng.exponential(5, 30)
    values[rng.random(30) < 0.4] = np.nan
    values[[0, 15]] = 1.0
    evidence = BinnedEvidence([0, 2, 5, 10, 20, 1000]).fit(values, np.repeat(["a", "b"], 15))
    assert (evidence.shares_ > 0).all()
    assert_allclose(evidence.shares_.sum(axis=0), 1)


def test_fitting_finds_the_shares_it_was_drawn_from():
    rng = np.random.default_rng(4)
    label = np.repeat(["QSO", "Star"], 40_000)
    values = (rng.random(80_000) < np.where(label == "QSO", 0.1, 0.01)).astype(float)
    fitted = BinnedEvidence([0, 0.5, 1]).fit(values, label).shares_
    assert_allclose(fitted, BinnedEvidence([0, 0.5, 1]).fit_shares(SHARES).shares_, atol=0.005)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: CountsPrior([[3, 1]]), r"Edges must be at least two and increase, not \[3.0, 1.0"),
        (lambda: CountsPrior([[0, 1]], strength=0), "strength is 0: give a number of objects"),
        (lambda: BinnedEvidence([0]), "Edges must be at least two"),
        (lambda: BinnedEvidence([0, 1], -1), "strength is -1"),
        (
            lambda: CountsPrior([[0, 1]]).fit(np.zeros((3, 2)), list("aab")),
            "Coordinates have shape",
        ),
        (lambda: CountsPrior([[0, 1]]).fit([0.5], ["a", "b"]), "There are 1 objects, labels of"),
        (lambda: CountsPrior([[0, 1]]).fit([0.5], ["a"], [-1]), "not below 0, for each"),
        (lambda: CountsPrior([[0, 1]]).fit([0.5, 0.5], ["a", "b"], [1, 0]), "one has none"),
        (lambda: CountsPrior([[0, 1]]).fit_counts([1, 2], ["a", "b"]), "counts have shape"),
        (lambda: CountsPrior([[0, 1]]).fit_counts([[1, 0]], ["a", "b"]), "every class somewhere"),
        (lambda: CountsPrior([[0, 1]]).fit_counts([[1, np.nan]], ["a", "b"]), "below 0 or missing"),
        (lambda: BinnedEvidence([0, 1]).fit([[0.5]], ["a"]), "Values have shape"),
        (
            lambda: BinnedEvidence([0, 1]).fit([0.5, np.nan], ["a", "b"]),
            "Class 'b' has no measured",
        ),
        (lambda: BinnedEvidence([0, 1]).fit_shares({"a": [0.5, 0.5]}), "give one number above 0"),
        (lambda: BinnedEvidence([0, 1]).fit_shares({"a": [0.5]}), "summing to 1"),
    ],
)
def test_bad_input_of_priors_and_evidence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert str(error.value).count(". ") == 0
