import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm
from sklearn.base import clone

from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.judge import outlier_fraction
from qsolearn.papers.richards2004 import BANDS, PUBLISHED
from qsolearn.photometry import color_covariance, colors
from qsolearn.redshift import ColorRedshiftRelation, ConditionalRedshift, solutions

# Both are scikit-learn estimators by their parameters (get_params, clone), but take redshifts, at
# least zero and dozens per bin, and give tables: scikit-learn's checks, which feed a few negative
# targets, do not apply.
RESULT = Path(__file__).parents[2] / "book/real/redshift.json"


def quasars(n, seed, n_colors=4):
    """Colors that bend with redshift, their error covariances, a magnitude, redshifts."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.3, 2.5, n)
    waves = np.column_stack([np.sin((k + 1) * z + k) for k in range(n_colors)])
    err = rng.uniform(0.02, 0.1, (n, n_colors + 1))
    noise = rng.multivariate_normal(np.zeros(n_colors), 0.01 * np.eye(n_colors), n)
    return 0.3 * waves + noise, color_covariance(err), 18 + z + rng.normal(0, 0.5, n), z


# Plain references: one source and one bin or quasar at a time, with scipy's own densities.


def plain_relation(X, z, at, covariance, width, step, least, count_prior):
    """Centers of the bins used and the normalized density of each source, by plain loops."""
    centers = (np.arange(0, 600) + 0.5) * step
    used, values = [], []
    for center in centers:
        own = X[(z >= center - width / 2) & (z < center + width / 2)]
        if len(own) < least:
            continue
        used.append(center)
        mean, scatter = own.mean(axis=0), np.cov(own.T)
        weight = len(own) if count_prior else 1
        values.append(
            [
                weight * multivariate_normal(mean, scatter + v).pdf(x)
                for x, v in zip(at, covariance, strict=True)
            ]
        )
    p = np.array(values).T
    return np.array(used), p / p.sum(axis=1, keepdims=True) / step


def plain_conditional(X, z, at, covariance, model):
    """Density of each source on the model's grid, one training quasar at a time."""
    grid, k = model.z_grid_, X.shape[1]
    width, h = model.bin_width, model.bandwidth
    total = np.zeros((len(at), len(grid)))
    for x_j, z_j in zip(X, z, strict=True):
        b = int(np.floor(z_j / width))
        own = (z >= b * width) & (z < (b + 1) * width)
        assert own.sum() >= model.min_objects
        shape = np.cov(X[own].T) + 1e-6 * np.eye(k)
        place = X[own].mean(axis=0) + (x_j - X[own].mean(axis=0)) / np.sqrt(1 + h**2)
        cell = grid[int(z_j / 0.01)]
        spread = norm(cell, model.smoothing).pdf(grid)
        for n, (x, v) in enumerate(zip(at, covariance, strict=True)):
            full = np.zeros((k, k))
            full[: len(v), : len(v)] = v
            bump = h**2 / (1 + h**2) * shape + model.error_weight * full
            total[n] += multivariate_normal(place, bump).pdf(x) * spread / spread.sum()
    return total / total.sum(axis=1, keepdims=True) / 0.01


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    width=st.sampled_from([0.05, 0.2]),
    count_prior=st.booleans(),
    n_colors=st.integers(1, 5),
)
def test_the_relation_is_the_plain_one(seed, width, count_prior, n_colors):
    X, covariance, _, z = quasars(600, seed, n_colors)
    at, errors = X[:5] + 0.01, covariance[:5]
    if n_colors == 1:
        X = X.reshape(-1, 1)
    model = ColorRedshiftRelation(width, 0.05, min_objects=8, count_prior=count_prior).fit(X, z)
    density = model.predict_density(at, errors)
    used, expected = plain_relation(X, z, at, errors, width, 0.05, 8, count_prior)
    place = np.isin(model.z_grid_.round(6), used.round(6))
    assert place.sum() == len(used)
    assert_allclose(density[:, place], expected, rtol=1e-7, atol=1e-12)
    assert (density[:, ~place] == 0).all()


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    with_magnitude=st.booleans(),
    bandwidth=st.floats(0.2, 1.0),
    error_weight=st.floats(0.0, 1.0),
)
def test_the_conditional_density_is_the_plain_one(seed, with_magnitude, bandwidth, error_weight):
    X, covariance, magnitude, z = quasars(150, seed)
    model = ConditionalRedshift(bandwidth, error_weight, bin_width=1.3, min_objects=10)
    model.fit(X, z, magnitude if with_magnitude else None)
    at = slice(0, 3)
    density = model.predict_density(
        X[at] + 0.02, covariance[at], magnitude[at] if with_magnitude else None
    )
    full = np.column_stack([X, magnitude]) if with_magnitude else X
    points = full[at].copy()
    points[:, :4] += 0.02
    expected = plain_conditional(full, z, points, covariance[at], model)
    assert_allclose(density, expected, rtol=1e-6, atol=1e-9)
    assert_allclose(density.sum(axis=1) * 0.01, 1)


def plain_solution(density, z, half):
    """Best value, range, probability and second value by walking over the grid."""
    m, step = len(z), z[1] - z[0]
    smooth = [sum(density[max(0, i - half) : i + half + 1]) for i in range(m)]
    peak = int(np.argmax(smooth))
    level = 0.1 * smooth[peak]
    low = high = peak
    while low > 0 and smooth[low - 1] >= level:
        low -= 1
    while high < m - 1 and smooth[high + 1] >= level:
        high += 1
    rest = [(s, -i) for i, s in enumerate(smooth) if (i < low or i > high) and s >= level]
    second = z[-max(rest)[1]] if rest else np.nan
    inside = sum(density[low : high + 1]) * step
    return [z[peak], z[low] - step / 2, z[high] + step / 2, inside, second]


@given(seed=st.integers(0, 10_000), half=st.integers(0, 5))
def test_solutions_are_the_plain_ones(seed, half):
    rng = np.random.default_rng(seed)
    z = (np.arange(60) + 0.5) * 0.05
    density = rng.exponential(size=(4, 60)) ** 4
    density /= density.sum(axis=1, keepdims=True) * 0.05
    table = solutions(density, z, window=half * 0.05)
    expected = np.array([plain_solution(row, z, half) for row in density])
    assert_allclose(table.to_numpy(), expected, rtol=1e-9, atol=1e-12)
    assert ((table["z_low"] < table["z_phot"]) & (table["z_phot"] < table["z_high"])).all()


def test_two_peaks_give_two_solutions_and_the_mean_is_neither():
    z = (np.arange(300) + 0.5) * 0.01
    p = 2 * norm(0.8, 0.05).pdf(z) + norm(2.2, 0.05).pdf(z)
    p /= p.sum() * 0.01
    row = solutions([p], z, window=0.1).iloc[0]
    assert_allclose([row["z_phot"], row["z_second"]], [0.8, 2.2], atol=0.011)
    assert_allclose(row["probability"], 2 / 3, atol=0.01)
    mean = (z * p).sum() * 0.01
    assert p[int(mean / 0.01)] < 1e-6


def test_the_probability_is_right_for_quasars_like_the_trained():
    X, _, magnitude, z = quasars(6000, 3)
    learn, new = slice(0, 4000), slice(4000, None)
    models = {
        "relation": (ColorRedshiftRelation().fit(X[learn], z[learn]), {}),
        "conditional": (
            ConditionalRedshift(0.4).fit(X[learn], z[learn], magnitude[learn]),
            {"magnitude": magnitude[new]},
        ),
    }
    for model, more in models.values():
        table = model.predict(X[new], **more)
        inside = (z[new] >= table["z_low"]) & (z[new] <= table["z_high"])
        assert abs(inside.mean() - table["probability"].mean()) < 0.06
        assert outlier_fraction(table["z_phot"] - z[new], 0.3) < 0.3


def test_errors_given_to_fit_are_taken_out_of_the_scatter():
    rng = np.random.default_rng(5)
    z = rng.uniform(0.99, 1.01, 20_000)
    err = np.full((len(z), 3), 0.1)
    X = rng.multivariate_normal([0, 0], 0.01 * np.eye(2), len(z))
    X += rng.multivariate_normal([0, 0], color_covariance(err[0]), len(z))
    plain = ColorRedshiftRelation(0.1, 0.1).fit(X, z)
    taken = ColorRedshiftRelation(0.1, 0.1).fit(X, z, color_covariance(err))
    b = int(np.argmax(plain.n_objects_))
    assert_allclose(plain.covariance_[b], [[0.03, -0.01], [-0.01, 0.03]], atol=0.002)
    assert_allclose(taken.covariance_[b], 0.01 * np.eye(2), atol=0.002)
    too_large = ColorRedshiftRelation(0.1, 0.1).fit(X, z, color_covariance(3 * err))
    assert np.linalg.eigvalsh(too_large.covariance_[b]).min() > 0


def test_off_diagonals_of_shared_bands_matter():
    X, covariance, _, z = quasars(2000, 8)
    model = ColorRedshiftRelation().fit(X, z)
    diagonal = covariance * np.eye(4)
    assert not np.allclose(
        model.predict_density(X[:20], covariance[:20]), model.predict_density(X[:20], diagonal[:20])
    )
    chi2 = model.chi2(X[:20], covariance[:20])
    b = int(np.argmax(model.n_objects_))
    away = X[3] - model.mean_[b]
    assert_allclose(chi2[3, b], away @ np.linalg.solve(model.covariance_[b] + covariance[3], away))


@pytest.fixture(scope="module")
def fitted():
    X, _, magnitude, z = quasars(2000, 1)
    return {
        "relation": ColorRedshiftRelation().fit(X, z),
        "conditional": ConditionalRedshift().fit(X, z),
        "with magnitude": ConditionalRedshift().fit(X, z, magnitude),
    }


@pytest.mark.parametrize("kind", ["relation", "conditional"])
def test_a_missing_value_gives_a_row_of_nan_and_nothing_else(fitted, kind):
    X, covariance, _, _ = quasars(10, 2)
    whole = fitted[kind].predict(X, covariance)
    X[3, 2] = np.nan
    covariance[7, 0, 0] = np.nan
    table = fitted[kind].predict(X, covariance)
    gone = [3, 7]
    assert table.loc[gone].isna().all(axis=None)
    pd.testing.assert_frame_equal(table.drop(gone), whole.drop(gone))
    density = fitted[kind].predict_density(X, covariance)
    assert np.isnan(density[gone]).all()
    assert np.isfinite(np.delete(density, gone, axis=0)).all()


@pytest.mark.parametrize("kind", ["relation", "conditional"])
def test_a_source_far_from_everything_still_gets_a_density(fitted, kind):
    density = fitted[kind].predict_density(np.full((1, 4), 300.0))
    assert_allclose(density.sum() * 0.01, 1)


@pytest.mark.parametrize("kind", ["relation", "conditional"])
def test_kinds_of_input(fitted, kind):
    X = quasars(2500, 4)[0]
    expected = fitted[kind].predict(X)
    locked = np.asfortranarray(X)
    locked.flags.writeable = False
    pd.testing.assert_frame_equal(fitted[kind].predict(locked), expected)
    pd.testing.assert_frame_equal(
        fitted[kind].predict(X[1200:1210]), expected[1200:1210].reset_index(drop=True)
    )
    single = fitted[kind].predict(X.astype(np.float32))
    assert (np.abs(single["z_phot"] - expected["z_phot"]) < 0.05).mean() > 0.98
    frame = pd.DataFrame(X, index=np.arange(len(X)) + 7)
    assert fitted[kind].predict(frame).index.equals(frame.index)
    assert fitted[kind].predict(X[:0]).shape == (0, 5)


def test_identical_training_quasars_are_no_singularity():
    model = ConditionalRedshift().fit(np.zeros((200, 4)), np.full(200, 1.0))
    assert model.predict(np.zeros((1, 4)))["z_phot"].round(1).tolist() == [1.0]


def test_the_smoothed_quasars_keep_their_mean_and_scatter():
    X, _, _, z = quasars(400, 9)
    z = np.full(len(z), 1.05)
    for h in (0.2, 0.8, 30.0):
        model = ConditionalRedshift(h, bin_width=0.1).fit(X, z)
        bump = h**2 / (1 + h**2) * model.shape_[10]
        assert_allclose(model._points.mean(axis=0), 0, atol=1e-12)
        assert_allclose(np.cov(model._points.T) + bump, np.cov(X.T), atol=1e-5)


def test_the_estimators_can_be_cloned():
    for model in (ColorRedshiftRelation(bin_width=0.1), ConditionalRedshift(bandwidth=0.3)):
        assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("model", [ColorRedshiftRelation(), ConditionalRedshift()])
def test_bad_training_sets_are_told_in_one_sentence(model):
    X, _, _, z = quasars(300, 6)
    hole, below, unknown = X.copy(), z.copy(), z.copy()
    hole[:2, 1] = np.nan
    below[0] = -9.0
    unknown[0] = np.nan
    with pytest.raises(CatalogError, match="missing in 2 of 300 training sources"):
        model.fit(hole, z)
    with pytest.raises(CatalogError, match=r"negative in 1 of 300 .* \(lowest -9\)"):
        model.fit(X, below)
    with pytest.raises(CatalogError, match="redshift is missing in 1 of 300 training"):
        model.fit(X, unknown)
    with pytest.raises(CatalogError, match=r"300 sources but redshifts of shape \(299,\)"):
        model.fit(X, z[1:])
    with pytest.raises(CatalogError, match=r"Colors have the shape \(300,\)"):
        model.fit(X[:, 0], z)


def test_too_few_quasars_are_told():
    X, _, _, z = quasars(30, 6)
    with pytest.raises(CatalogError, match=r"No redshift bin of width 0.05 has the 20 quasars"):
        ColorRedshiftRelation().fit(X, z)
    with pytest.raises(CatalogError, match=r"There are 30 training quasars, .* takes 50"):
        ConditionalRedshift().fit(X, z)


def test_bad_settings_are_told():
    X, covariance, _, z = quasars(300, 6)
    with pytest.raises(CatalogError, match="the step at most the width"):
        ColorRedshiftRelation(bin_width=0.01, bin_step=0.05).fit(X, z)
    with pytest.raises(CatalogError, match="The bandwidth is 0; it must be positive"):
        ConditionalRedshift(bandwidth=0).fit(X, z)
    with pytest.raises(CatalogError, match="neither may be negative"):
        ConditionalRedshift(error_weight=-1).fit(X, z)
    covariance[0] = np.nan
    with pytest.raises(CatalogError, match="A training source has a missing color error"):
        ColorRedshiftRelation(min_objects=5).fit(X, z, covariance)


def test_bad_input_of_predict_is_told(fitted):
    X, covariance, magnitude, _ = quasars(10, 6)
    for kind in ("relation", "conditional"):
        with pytest.raises(CatalogError, match="3 colors per source, but 4 were trained with"):
            fitted[kind].predict(X[:, :3])
        with pytest.raises(CatalogError, match=r"shape \(10, 3, 3\), not \(10, 4, 4\)"):
            fitted[kind].predict(X, covariance[:, :3, :3])
        with pytest.raises(CatalogError, match="trained without a magnitude"):
            fitted[kind].predict(X, magnitude=magnitude)
    with pytest.raises(CatalogError, match="trained with a magnitude; give magnitude too"):
        fitted["with magnitude"].predict(X)
    with pytest.raises(CatalogError, match=r"10 sources but magnitudes of shape \(9,\)"):
        fitted["with magnitude"].predict(X, magnitude=magnitude[1:])


def test_it_works_on_the_simulated_sky(sky):
    quasar = sky[sky["true_z"].notna()]
    X, z = colors(magnitudes(quasar, BANDS)), quasar["true_z"].to_numpy()
    model = ConditionalRedshift(min_objects=10).fit(X, z)
    table = model.predict(X)
    assert len(table) == len(quasar)
    assert outlier_fraction(table["z_phot"] - z, 0.3) < 0.5


def test_the_result_file_reaches_the_published_shares():
    result = json.loads(RESULT.read_text())
    ours = result["methods"]["conditional density"]
    assert ours["within_0.3"]["value"] >= PUBLISHED["photo_z_within_0.3"]
    assert ours["within_0.1"]["value"] >= 0.665
    for row in ours["reliability"]:
        if row["n"]:
            assert row["low"] - 0.05 <= row["reported"] <= row["high"] + 0.05


def test_a_background_mixes_in_the_redshifts_of_the_training_set():
    rng = np.random.default_rng(3)
    z = rng.uniform(0.5, 2.5, 1500)
    X = np.column_stack([z, -z]) + rng.normal(0, 0.05, (1500, 2))
    plain = ConditionalRedshift().fit(X, z)
    mixed = ConditionalRedshift(background=0.1).fit(X, z)
    p, q = (m.predict_density(X[:50]) for m in (plain, mixed))
    rest = (q - 0.9 * p) / 0.1
    assert np.allclose(rest, rest[0], atol=1e-9)
    assert rest[0].sum() * 0.01 == pytest.approx(1)
    inside = (mixed.z_grid_ > 0.8) & (mixed.z_grid_ < 2.2)
    assert rest[0][inside] == pytest.approx(0.5, rel=0.2)
    assert (mixed.predict(X[:50])["probability"] < plain.predict(X[:50])["probability"]).all()
    with pytest.raises(CatalogError, match=r"background is 1\.0; it is a share"):
        ConditionalRedshift(background=1.0).fit(X, z)
