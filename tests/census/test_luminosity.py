"""Corrected counts and luminosity functions, against plain references and drawn samples."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from qsolearn.census import (
    Cells,
    SelectionFunction,
    binned_luminosity_function,
    corrected_counts,
    count_cells,
    fit_luminosity_function,
)
from qsolearn.census.cells import Prediction
from qsolearn.census.fit import _Counts
from qsolearn.errors import CatalogError
from qsolearn.judge import number_counts
from qsolearn.simulate import LuminosityParameters, luminosity_function, make_sky, quasar_counts
from qsolearn.simulate.luminosity import count_quasars, draw_quasars_of_sky

Z = np.arange(0.7, 2.21, 0.3)
MAG = np.arange(17.5, 20.51, 0.5)
OTHER = LuminosityParameters(log_phi=-5.8, m0=-22.4, alpha=-3.6, beta=-1.55)


def half(z, magnitude):
    """Half of the bright ones, fewer of the faint."""
    return 0.5 - 0.1 * (magnitude - 17.0) + 0.0 * z


def cells(quasars, others=None, rest=None, share=1.0, photometric=False):
    none = np.zeros_like(quasars)
    parts = [none if p is None else p for p in (others, rest)]
    return Cells(Z, MAG, quasars, *parts, np.full(len(MAG) - 1, share), photometric)


EMPTY = np.zeros((len(Z) - 1, len(MAG) - 1), int)


def drawn(parameters, area, seed):
    """Quasars of a sky, all with a spectrum, selected at random with `half`."""
    table = quasar_counts(parameters)
    density = table.density[:, (table.magnitude > 16) & (table.magnitude < 22)].sum()
    rng = np.random.default_rng(seed)
    z, mag = draw_quasars_of_sky(
        rng.poisson(area * density), 16.0, 22.0, rng, parameters=parameters
    )
    found = rng.random(len(z)) < half(z, mag)
    return z, mag, found


def test_other_parameters_change_the_sky_and_the_default_does_not():
    plain, same = (make_sky("sdss", n_sources=500, seed=3, luminosity=p)
                   for p in (None, LuminosityParameters()))  # fmt: skip
    assert plain.to_csv() == same.to_csv()
    many = make_sky("sdss", area_deg2=4, seed=3, luminosity=LuminosityParameters(log_phi=-5.0))
    few = make_sky("sdss", area_deg2=4, seed=3)
    count = [f["true_class"].str.startswith("QSO").sum() for f in (many, few)]
    assert count[0] / count[1] == pytest.approx(10**0.93, rel=0.2)
    assert many.attrs["luminosity"]["log_phi"] == -5.0
    with pytest.raises(CatalogError, match="beta of the luminosity function must be a finite"):
        LuminosityParameters(beta=np.nan)


def test_a_part_of_the_counts_is_that_part():
    rows = slice(30, 70)
    np.testing.assert_array_equal(
        count_quasars(OTHER, rows).density, quasar_counts(OTHER).density[rows]
    )


def test_the_prediction_is_the_sum_over_the_table():
    table = quasar_counts(OTHER)
    predicted = Prediction(cells(EMPTY), half, 30.0)(OTHER)
    weighted = table.density * half(table.z[:, None], table.magnitude[None, :]) * 30.0
    for k in range(len(Z) - 1):
        for m in range(len(MAG) - 1):
            rows = (table.z > Z[k]) & (table.z < Z[k + 1])
            columns = (table.magnitude > MAG[m]) & (table.magnitude < MAG[m + 1])
            assert predicted[k, m] == pytest.approx(weighted[rows][:, columns].sum())


def test_scatter_moves_more_faint_ones_in_than_bright_ones_out():
    still, moved = (Prediction(cells(EMPTY), lambda z, m: 1.0 + 0 * z * m, 30.0, s)(OTHER)
                    for s in (0.0, 0.3))  # fmt: skip
    # Steep counts, d log10 N / dm = s: by exp((s ln 10 sigma)^2 / 2).
    assert (moved > still).all()
    steep = np.log10(still[2, 1] / still[2, 0]) / 0.5
    assert moved[2, 0] / still[2, 0] == pytest.approx(
        np.exp((steep * np.log(10) * 0.3) ** 2 / 2), rel=0.1
    )


def loss(q, c, n, f):
    """Reference: -2 ln of the three Poisson probabilities of one cell."""
    means = np.array([f * q, f * c, (1 - f) * (q + c)])
    return -2 * np.sum(special.xlogy(n, means) - means - special.gammaln(np.asarray(n) + 1))


@given(
    n=st.tuples(st.integers(1, 60), st.integers(0, 20), st.integers(0, 90)),
    f=st.floats(0.1, 0.9),
    q=st.floats(0.5, 150.0),
)
def test_the_contaminants_are_at_their_best(n, f, q):
    one = [np.full((1, 1), k) for k in n]
    counts = _Counts(Cells(np.arange(2), np.arange(2), *one, np.array([f]), True))
    best = optimize.minimize_scalar(
        lambda c: loss(q, c, n, f), bounds=(1e-9, 400), method="bounded", options={"xatol": 1e-9}
    )
    c = float(counts.contaminants(np.full((1, 1), q))[0, 0])
    assert loss(q, max(c, 1e-12), n, f) <= best.fun + 1e-6
    every = optimize.minimize(
        lambda p: loss(*np.exp(p), n, f), [np.log(n[0] + 1), np.log(n[1] + 0.5)],
        method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 4000},
    )  # fmt: skip
    difference = best.fun - every.fun
    assert counts.deviance(np.full((1, 1), q)) == pytest.approx(difference, abs=1e-4)


def test_the_fit_is_the_maximum_of_the_likelihood():
    expected = Prediction(cells(EMPTY), half, 60.0)(OTHER)
    counts = np.random.default_rng(1).poisson(expected)
    free = ("log_phi", "beta")
    fit = fit_luminosity_function(cells(counts), half, 60.0, free=free, start=OTHER)
    predict = Prediction(cells(counts), half, 60.0)

    def worse(p):
        mean = predict(replace(OTHER, log_phi=p[0], beta=p[1]))
        return float(np.sum(mean - counts * np.log(mean)))

    plain = optimize.minimize(
        worse, [-5.9, -1.5], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}
    )
    np.testing.assert_allclose(fit.best, plain.x, atol=3e-3)
    # The profile: the 95 % end is where 2 ln L has fallen by 3.84.
    table = fit.table()
    for name in free:
        other = next(n for n in free if n != name)
        for end in ("low_95", "high_95"):
            at = replace(fit.parameters, **{name: table.loc[name, end]})
            there = fit_luminosity_function(cells(counts), half, 60.0, free=(other,), start=at)
            assert there.deviance - fit.deviance == pytest.approx(3.84, rel=0.06)
    assert fit.compare(fit.parameters)[0] == pytest.approx(0.0, abs=1e-9)


def test_intervals_hold_the_truth_as_often_as_they_say():
    expected = Prediction(cells(EMPTY), half, 100.0)(OTHER)
    rng = np.random.default_rng(5)
    free = ("log_phi", "beta", "m0")
    inside = []
    for _ in range(25):
        fit = fit_luminosity_function(
            cells(rng.poisson(expected)), half, 100.0, free=free, start=OTHER
        )
        table = fit.table()
        truth = np.array([getattr(OTHER, n) for n in free])
        inside.append([
            *((table[f"low_{p}"] < truth) & (truth < table[f"high_{p}"]) for p in ("68", "95"))
        ])  # fmt: skip
    share = np.mean(inside, axis=(0, 2))
    assert 0.5 < share[0] < 0.85
    assert 0.86 < share[1] <= 1.0


def test_the_shift_is_where_another_function_leads():
    counts = np.random.default_rng(3).poisson(Prediction(cells(EMPTY), half, 100.0)(OTHER))
    edges = {"redshift": np.arange(0.6, 2.31, 0.1), "magnitude": np.arange(17.0, 21.01, 0.25)}
    middle = [(e[1:] + e[:-1]) / 2 for e in edges.values()]
    share = half(middle[0][:, None], middle[1][None, :])
    scatter = []
    for n in (50, 5000):
        function = SelectionFunction(edges, np.round(n * share), np.full(share.shape, n))
        fit = fit_luminosity_function(
            cells(counts), function, 100.0, free=("log_phi", "beta"), start=OTHER
        )
        np.testing.assert_allclose(fit.shift(function), 0.0, atol=0.01)
        shifts = []
        for seed in range(6):
            other = function.resampled(seed)
            again = fit_luminosity_function(
                cells(counts), other, 100.0, free=("log_phi", "beta"), start=fit.parameters
            )
            moved = (again.best - fit.best) / np.sqrt(np.diag(fit.covariance))
            shifts.append(fit.shift(other))
            assert shifts[-1].index.tolist() == ["log_phi", "beta"]
            np.testing.assert_allclose(shifts[-1], moved, atol=0.02 + 0.1 * np.abs(moved).max())
        scatter.append(np.std(shifts))
    # A hundred times as many quasars: about a tenth.
    assert 4 < scatter[0] / scatter[1] < 25
    with pytest.raises(CatalogError, match="need one selection function"):
        fit.shift([function])


def test_contaminants_do_not_become_quasars():
    share = 0.3
    expected = Prediction(cells(EMPTY), half, 200.0)(OTHER)
    rng = np.random.default_rng(2)
    means = (share * expected, share * 0.3 * expected, (1 - share) * 1.3 * expected)
    counts = cells(*(rng.poisson(m) for m in means), share=share, photometric=True)
    parts = [lambda z, m, k=k: half(z, m) * ((z > Z[k]) & (z < Z[k + 1]))
             for k in range(len(Z) - 1)]  # fmt: skip
    fit = fit_luminosity_function(counts, parts, 200.0, free=("log_phi",), start=OTHER)
    table = fit.table()
    assert table.loc["log_phi", "low_95"] < OTHER.log_phi < table.loc["log_phi", "high_95"]
    everything = cells(
        counts.quasars + counts.contaminants, None, counts.unlabeled, share, photometric=True
    )
    wrong = fit_luminosity_function(everything, parts, 200.0, free=("log_phi",), start=OTHER)
    assert wrong.best[0] == pytest.approx(OTHER.log_phi + np.log10(1.3), abs=0.02)
    # Spectra of a part tell more than that part alone.
    alone = fit_luminosity_function(
        replace(counts, photometric=False), half, 200.0, free=("log_phi",), start=OTHER
    )
    assert table.loc["log_phi", "error"] < 0.75 * alone.table().loc["log_phi", "error"]


def test_cells_are_counted_by_spectrum():
    z = [1.0, np.nan, np.nan, 1.0, 3.0]
    mag = [18.0, 18.1, 18.2, 19.0, 18.0]
    label = [1, 0, np.nan, 1, 1]
    found = count_cells(z, mag, label, [0.7, 1.3], [17.5, 18.5, 19.5], photometric=False)
    assert found.quasars.tolist() == [[1, 1]]
    assert found.contaminants.sum() == found.unlabeled.sum() == 0
    assert found.share.tolist() == [0.75, 1.0]
    found = count_cells([1.0] * 5, mag, label, [0.7, 1.3], [17.5, 18.5, 19.5], photometric=True)
    assert (found.quasars.tolist(), found.contaminants.tolist(), found.unlabeled.tolist()) == (
        [[2, 1]], [[1, 0]], [[1, 0]],
    )  # fmt: skip
    with pytest.raises(CatalogError, match="No candidate with magnitude 17"):
        count_cells([1.0], [18.0], [np.nan], [0.7, 1.3], [17.5, 18.5], photometric=True)
    with pytest.raises(CatalogError, match="differ in shape"):
        count_cells([1.0], [18.0, 19.0], [1], [0.7, 1.3], [17.5, 18.5], photometric=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"free": ("gamma",)}, "Free parameters are some of log_phi"),
        ({"free": ("c1a",)}, "cannot tell the parameters c1a apart"),
        ({"area_deg2": 0.0}, "The area must be positive"),
        ({"selection": [half]}, "need one selection function"),
        ({"selection": lambda z, m: np.where(m < 18, half(z, m), np.nan)}, "does not cover"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, words):
    given = {"cells": cells(EMPTY + 5), "selection": half, "area_deg2": 10.0, "free": ("beta",)}
    with pytest.raises(CatalogError, match=words):
        fit_luminosity_function(**(given | change))


def test_cells_off_the_table_and_missing_parts_are_refused():
    off = replace(cells(EMPTY), z_edges=Z + 0.005)
    with pytest.raises(CatalogError, match="redshift edges must lie on the steps of"):
        Prediction(off, half, 1.0)
    with pytest.raises(CatalogError, match="one selection function per redshift cell, 5"):
        Prediction(cells(EMPTY, photometric=True), half, 1.0)


def test_corrected_counts_find_all_quasars():
    z, mag, found = drawn(OTHER, 150.0, 3)
    bins = np.arange(17.5, 20.51, 0.5)
    table = corrected_counts(z[found], mag[found], half, 150.0, bins)
    true = np.histogram(mag, bins)[0] / 150.0
    assert ((table["low"] < true) & (true < table["high"])).mean() >= 5 / 6
    assert table["per_deg2"].sum() == pytest.approx(true.sum(), rel=0.05)
    assert (table["found"] / 150 < 0.6 * true).all()


@given(
    mag=st.lists(st.floats(18.01, 19.99), min_size=0, max_size=30),
    area=st.floats(0.5, 50.0),
)
def test_without_losses_corrected_counts_are_counts(mag, area):
    z = np.full(len(mag), 1.0)
    got = corrected_counts(z, mag, lambda z, m: np.ones(len(z)), area, [18.0, 19.0, 20.0])
    want = number_counts(mag, area, [18.0, 19.0, 20.0])
    some = want["n"].to_numpy() > 0
    np.testing.assert_array_equal(got["n"], want["n"])
    np.testing.assert_allclose(got["per_deg2"], want["per_deg2"])
    for end in ("low", "high"):
        np.testing.assert_allclose(got[end][some], want[end][some])
    if some.any():
        np.testing.assert_allclose(got["high"], want["high"])


def test_hopeless_quasars_are_left_out_and_told():
    table = corrected_counts(
        [1.0, 1.0, 1.0], [18.1, 18.2, 18.3], lambda z, m: np.array([0.5, 0.01, np.nan]), 1.0,
        [18.0, 19.0], weights=[3.0, 1.0, 1.0],
    )  # fmt: skip
    assert table[["n", "left_out", "found", "per_deg2"]].to_numpy().tolist() == [[1, 2, 5, 6]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"magnitude": [18.0]}, "differ in shape"),
        ({"bins": [18.0]}, "at least two and increase"),
        ({"area_deg2": -1}, "area must be positive"),
        ({"least": 0.0}, "least probability"),
    ],
)
def test_counts_that_cannot_be_corrected(change, words):
    given = {"z": [1.0, 1.0], "magnitude": [18.0, 18.0], "selection": half, "area_deg2": 1.0,
             "bins": [17.0, 19.0]}  # fmt: skip
    with pytest.raises(CatalogError, match=words):
        corrected_counts(**(given | change))


@settings(max_examples=5)
@given(seed=st.integers(0, 100))
def test_bins_give_back_the_luminosity_function(seed):
    z, mag, found = drawn(OTHER, 100.0, seed)
    table = binned_luminosity_function(
        z[found], mag[found], half, 100.0, Z, np.arange(-28.0, -23.9, 0.5), limits=(17.5, 20.5),
        assumed=OTHER,
    )  # fmt: skip
    # Expected numbers against counted ones, in all bins: chi2 of about one per bin.
    expected = table["volume"] * table["model"]
    busy = expected > 10
    chi2 = ((table["n"] - expected) ** 2 / expected)[busy]
    assert busy.sum() > 15
    assert 0.4 < chi2.mean() < 1.9
    assert ((table["low"] < table["model"]) & (table["model"] < table["high"]))[busy].mean() > 0.85
    whole = table["share"] > 0.99
    middle = luminosity_function(table["absolute"], table["z"], OTHER)
    np.testing.assert_allclose(table["model"][whole], middle[whole], rtol=0.25)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"z": [1.0]}, "differ in shape"),
        ({"z_bins": [1.0]}, "at least two"),
        ({"limits": (20.0, 19.0)}, "limits increase"),
    ],
)
def test_bins_that_make_no_sense(change, words):
    given = {"z": [1.0, 1.1], "magnitude": [18.0, 18.0], "selection": half, "area_deg2": 1.0,
             "z_bins": [0.7, 1.3], "absolute_bins": [-28, -24], "limits": (17, 20)}  # fmt: skip
    with pytest.raises(CatalogError, match=words):
        binned_luminosity_function(**(given | change))


def test_a_selection_function_can_be_handed_in():
    edges = {"redshift": [0.5, 2.5], "magnitude": [17.0, 21.0]}
    function = SelectionFunction(edges, [[50]], [[100]])
    half_of = Prediction(cells(EMPTY), function, 10.0)(OTHER)
    whole = Prediction(cells(EMPTY), lambda z, m: 1.0 + 0 * z * m, 10.0)(OTHER)
    np.testing.assert_allclose(half_of, whole / 2)
