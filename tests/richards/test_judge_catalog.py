import numpy as np
import pytest
from numpy.testing import assert_allclose

from qsolearn.judge import (
    DoublePowerLaw,
    completeness_chain,
    counts_slope,
    extrapolated_efficiency,
    fit_double_power_law,
)


def test_the_chain_counts_what_is_left():
    rng = np.random.default_rng(0)
    cuts = {name: rng.random(500) < p for name, p in (("a", 0.9), ("b", 0.5), ("c", 0.7))}
    chain = completeness_chain(cuts)
    assert chain.index.tolist() == ["all", "a", "b", "c"]
    left = np.ones(500, bool)
    for name, mask in cuts.items():
        before = left.sum()
        left &= mask
        row = chain.loc[name]
        assert row["n"] == left.sum()
        assert row["of_previous"] == left.sum() / before
        assert row["low"] < row["of_previous"] < row["high"]
        assert row["of_all"] == left.sum() / 500


def test_the_chain_of_the_paper():
    n = np.array([16_713, 14_592, 13_574, 12_856])
    place = np.arange(n[0])
    chain = completeness_chain({str(k): place < m for k, m in enumerate(n[1:])})
    assert chain["n"].tolist() == n.tolist()
    assert round(chain["of_previous"].iloc[-1], 3) == 0.947


def test_extrapolation_is_the_weighted_mean():
    rng = np.random.default_rng(1)
    bins = np.array([17.0, 18.0, 19.0, 20.0, 21.0])
    mag = rng.uniform(17, 20, 3000)  # no spectrum beyond 20
    quasar = rng.random(3000) < np.where(mag < 18, 0.8, np.where(mag < 19, 0.99, 0.95))
    catalog = rng.uniform(17, 21, 20_000)
    out = extrapolated_efficiency(quasar, mag, catalog, bins)
    own = [quasar[(mag >= a) & (mag < a + 1)].mean() for a in (17, 18, 19, 19)]
    counts = np.histogram(catalog, bins)[0]
    assert_allclose(float(out.efficiency), np.average(own, weights=counts))
    assert_allclose(float(out.n_quasars), 20_000 * float(out.efficiency))
    assert out.by_magnitude["n_catalog"].tolist() == counts.tolist()
    assert out.by_magnitude["n"].iloc[-1] == 0
    assert out.efficiency.low < out.efficiency < out.efficiency.high


def test_the_interval_of_the_extrapolation_covers():
    rng = np.random.default_rng(2)
    bins = [17.0, 19.0, 21.0]
    true = np.array([0.98, 0.85])
    catalog = np.repeat([18.0, 20.0], [300, 700])
    aim = 0.3 * true[0] + 0.7 * true[1]
    covered = 0
    for _ in range(200):
        mag = np.repeat([18.0, 20.0], [150, 60])
        quasar = rng.random(210) < np.repeat(true, [150, 60])
        e = extrapolated_efficiency(quasar, mag, catalog, bins, n_draws=500).efficiency
        covered += e.low <= aim <= e.high
    assert 180 <= covered <= 200


def test_a_double_power_law_is_found_again_with_noise():
    rng = np.random.default_rng(3)
    mag = np.arange(16.0, 21.0, 0.2)
    true = DoublePowerLaw(3.3, 18.7, 0.85, 0.25, np.nan)
    fit = fit_double_power_law(mag, rng.poisson(true.counts(mag)))
    assert_allclose(fit.mag_bend, 18.7, atol=0.25)
    assert_allclose(fit.bright_slope, 0.85, atol=0.1)
    assert_allclose(fit.faint_slope, 0.25, atol=0.06)
    assert fit.gain > 100
    # At the ends the slope of log10 N is that of its law.
    assert_allclose(np.diff(np.log10(true.counts([10.0, 11.0]))), 0.85, atol=1e-4)
    assert_allclose(np.log10(2 * true.counts([18.7])), 3.3)


def test_a_single_power_law_gains_nothing_from_a_bend():
    rng = np.random.default_rng(4)
    mag = np.arange(16.0, 20.0, 0.25)
    n = rng.poisson(10 ** (0.6 * (mag - 16) + 1))
    fit = fit_double_power_law(mag, n)
    assert -0.01 < fit.gain < 2 * np.log(len(mag))
    assert_allclose(counts_slope(mag, n).likelihood_slope, 0.6, atol=0.05)


ONE_SENTENCE = [
    (lambda: completeness_chain({}), "at least one cut"),
    (lambda: completeness_chain({"a": [True], "b": [True, False]}), "one value per object"),
    (lambda: completeness_chain({"a": [1, 0]}), "must be boolean"),
    (lambda: extrapolated_efficiency([True], [18.0], [25.0], [17, 19]), "No candidate lies"),
    (lambda: extrapolated_efficiency([True], [25.0], [18.0], [17, 19]), "with a spectrum"),
    (lambda: fit_double_power_law([1, 2, 3], [1, 2, 3]), "at least five bins"),
    (lambda: fit_double_power_law(np.arange(6.0), [1, 2, -3, 1, 1, 1]), "not negative"),
]


@pytest.mark.parametrize(("act", "words"), ONE_SENTENCE, ids=lambda v: v if type(v) is str else "")
def test_one_sentence(act, words):
    with pytest.raises(ValueError, match=words) as error:
        act()
    assert str(error.value).endswith(".")
