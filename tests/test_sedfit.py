"""The SED fit: plain sums as reference, bounds, limits, rules, saving, sentences for bad input."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize_scalar
from scipy.stats import chi2 as chi2_law

from qsolearn import display
from qsolearn.cli import main
from qsolearn.errors import CatalogError
from qsolearn.frame import read_frame, write_frame
from qsolearn.photometry import deredden, flux_from_mag
from qsolearn.sed.library import folder_templates, own_templates
from qsolearn.sed.models import model_grid
from qsolearn.selection import (
    FrameSelector,
    SEDClassifier,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.selection.sedfit import accept, count_choices
from qsolearn.selection.sedfit.engine import fit_one, fit_two
from qsolearn.selection.sedfit.photometry import fluxes_and_weights
from qsolearn.simulate import make_sky

BANDS = ["kmt_b", "kmt_v", "kmt_r", "kmt_i", "wise_w1", "wise_w2", "wise_w3"]


@pytest.fixture(scope="module")
def field():
    """A simulated field in which quasars are not as rare as on the sky."""
    sky = deredden(make_sky("ks4", n_sources=30_000, seed=5))
    quasar = sky["true_class"].str.startswith("QSO")
    return sky[quasar | (sky.index % 30 == 0)]


@pytest.fixture(scope="module")
def fitted(field):
    return SEDClassifier(bands=BANDS, z_step=0.05).fit(field)


def random_case(seed, n, nz, m, b):
    """Sources near models, errors of 3 to 30 %, some bands missing."""
    rng = np.random.default_rng(seed)
    models = np.exp(rng.normal(0, 1, (nz, m, b)))
    flux = models.reshape(-1, b)[rng.integers(0, nz * m, n)] * np.exp(rng.normal(0, 0.2, (n, b)))
    weight = (flux * rng.uniform(0.03, 0.3, (n, b))) ** -2.0
    weight[rng.random((n, b)) < 0.15] = 0.0
    weight[:, 0] = flux[:, 0] ** -2.0
    return flux, weight, models


def plain_one(flux, weight, models):
    """chi2 of every model, written as it is defined, in double precision."""
    flat = models.reshape(-1, models.shape[-1])
    out = np.empty((len(flux), len(flat)))
    for i, (f, w) in enumerate(zip(flux, weight, strict=True)):
        for k, m in enumerate(flat):
            a = max(np.sum(w * f * m) / np.sum(w * m * m), 0.0)
            out[i, k] = np.sum(w * (f - a * m) ** 2)
    return out


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 70), st.integers(1, 5), st.integers(1, 6),
       st.integers(2, 14))  # fmt: skip
def test_one_amplitude_agrees_with_plain_sums(seed, n, nz, m, b):
    flux, weight, models = random_case(seed, n, nz, m, b)
    plain = plain_one(flux, weight, models)
    chi2, index, amplitude, profile = fit_one(flux, weight, models, n_jobs=2)
    total = np.sum(weight * flux**2, axis=1)
    # Single precision chooses: what it chose is the best to 1e-5 of the sum of squares.
    assert np.all(chi2 <= plain.min(axis=1) + 1e-5 * total)
    np.testing.assert_allclose(chi2, plain[np.arange(n), index], rtol=1e-9, atol=1e-9 * total.max())
    np.testing.assert_allclose(
        profile, plain.reshape(n, nz, m).min(axis=2), rtol=0, atol=1e-5 * total.max()
    )
    assert np.all(amplitude >= 0)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 0.3), st.floats(0.4, 0.95), st.integers(3, 10))
def test_two_amplitudes_agree_with_a_bounded_solver(seed, low, high, b):
    flux, weight, nuclei = random_case(seed, 3, 2, 2, b)
    hosts = np.exp(np.random.default_rng(seed + 1).normal(0, 1, (2, 3, b)))
    chi2, _, amplitude, profile = fit_two(flux, weight, nuclei, hosts, (low, high))
    r_low, r_high = low / (1 - low), high / (1 - high)
    for i in range(3):
        best = []
        root = np.sqrt(weight[i])
        for k in range(2):
            for j in range(2):
                for h in range(3):
                    # A cone is all non-negative mixtures of its two edges.
                    edges = np.column_stack(
                        [nuclei[k, j] + r * hosts[k, h] for r in (r_low, r_high)]
                    )
                    made = lsq_linear(edges * root[:, None], flux[i] * root, (0, np.inf), tol=1e-12)
                    best.append(2 * made.cost)
        assert chi2[i] == pytest.approx(min(best), rel=1e-5, abs=1e-6)
        assert profile[i].min() == pytest.approx(chi2[i], rel=1e-4, abs=1e-4)
    share = amplitude[:, 1] / amplitude.sum(axis=1)
    assert np.all((share >= low - 1e-9) & (share <= high + 1e-9))


def test_degenerate_nucleus_and_host_stay_finite_and_no_worse_than_one():
    rng = np.random.default_rng(2)
    nucleus = np.exp(rng.normal(0, 1, (1, 1, 8)))
    flux = 3 * nucleus[0, 0] * np.exp(rng.normal(0, 0.1, (5, 8)))
    weight = (0.05 * flux) ** -2.0
    chi2, _, amplitude, _ = fit_two(flux, weight, nucleus, nucleus.copy(), (0.01, 0.95))
    single = fit_one(flux, weight, nucleus)[0]
    assert np.isfinite(amplitude).all()
    np.testing.assert_allclose(chi2, single, rtol=1e-9)


def test_threads_and_chunks_change_nothing(field, fitted):
    whole = fitted.fit_sources(field)
    part = SEDClassifier(bands=BANDS, z_step=0.05, n_jobs=1).fit_sources(field.iloc[100:300])
    pd.testing.assert_frame_equal(whole.iloc[100:300], part)


def test_recovers_a_source_made_of_its_own_templates(fitted):
    g = fitted.grid_
    k, a, h, share = 30, 2, 4, 0.4
    flux = (1 - share) * g.agn[k, a] + share * g.hosts[k, h]
    frame = pd.DataFrame({"id": [1]})
    for band, f in zip(BANDS, flux, strict=True):
        frame[f"mag_{band}"], frame[f"err_{band}"] = 18 - 2.5 * np.log10(f), 0.02
    fit = fitted.fit_sources(frame).iloc[0]
    assert fit["chi2_qso"] < 1e-6
    assert fit["z_phot"] == pytest.approx(g.z[k])
    assert fit["host_share"] == pytest.approx(share, abs=1e-4)
    assert (fit["qso_model"], fit["host_model"]) == (g.agn_names[a], g.host_names[h])
    assert fit["tau"] == g.agn_tau[a]


def test_chi2_bic_and_rules_by_hand(field, fitted):
    fits = fitted.fit_sources(field)
    i = int(np.flatnonzero(fits["chi2_star"].notna())[3])
    row, source = fits.iloc[i], field.iloc[i]
    star = fitted.grid_.stars[fitted.grid_.star_names.index(row["star_model"])]
    chi2 = 0.0
    for j, band in enumerate(BANDS):
        mag, err = source[f"mag_{band}"], source[f"err_{band}"]
        if not np.isfinite(mag):
            continue
        f = 10 ** (0.4 * (22.5 - mag))
        model = row["amp_star"] * star[j]
        if source[f"limit_{band}"]:
            chi2 += (model / (f / 2)) ** 2
        else:
            chi2 += ((f - model) / (f * np.hypot(err, 0.1) / 1.0857362)) ** 2
    assert row["chi2_star"] == pytest.approx(chi2, rel=1e-5)
    assert row["bic_star"] == pytest.approx(chi2 + np.log(row["n_bands"]), rel=1e-5)
    assert row["bic_qso"] == pytest.approx(row["chi2_qso"] + 4 * np.log(row["n_bands"]))
    kept = accept(fits)
    known = fits["chi2_qso"].notna()
    expected = (
        known
        & (fits["bic_qso"] <= fits["bic_galaxy"] - 10)
        & (fits["bic_qso"] <= fits["bic_star"] - 10)
        & (fits["tau"] <= 1)
        & (fits["chi2_qso"] <= chi2_law.ppf(0.977, np.maximum(fits["n_bands"] - 4, 1)))
    )
    np.testing.assert_array_equal(kept["all"], expected)
    assert 0 < expected.sum() < len(expected)


def test_each_rule_can_be_changed_alone(field, fitted):
    fits = fitted.fit_sources(field)
    base = accept(fits)["all"].sum()
    assert accept(fits, bic_margin=0.0)["all"].sum() > base
    stars = [accept(fits, star_rule=rule)["star"].sum() for rule in ("margin", "lower", "none")]
    assert stars[0] < stars[1] < stars[2]
    assert accept(fits, max_tau=0.0)["all"].sum() < base
    assert accept(fits, chi2_level=1.0)["all"].sum() >= accept(fits, dof="bands")["all"].sum()
    known = fits["chi2_qso"].notna()
    sample = accept(fits, dof="sample")["chi2"]
    assert sample.sum() == pytest.approx(0.977 * known.sum(), abs=2)


def test_an_upper_limit_holds_a_model_down_and_is_no_detected_band(field, fitted):
    quasar = field[field["true_class"] == "QSOlowZ"]
    bright = quasar[quasar[[f"err_{b}" for b in BANDS]].notna().all(axis=1)].iloc[:1].copy()
    measured = fitted.fit_sources(bright).iloc[0]
    limited = bright.copy()
    limited["limit_wise_w3"], limited["err_wise_w3"] = True, np.nan
    far = limited.copy()
    far["mag_wise_w3"] -= 10.0
    near = limited.copy()
    near["mag_wise_w3"] += 6.0
    gone = bright.copy()
    gone["mag_wise_w3"] = np.nan
    fits = {k: fitted.fit_sources(v).iloc[0] for k, v in (("far", far), ("near", near),
                                                          ("gone", gone))}  # fmt: skip
    assert measured["n_bands"] == 7
    assert {fits[k]["n_bands"] for k in fits} == {6}
    assert fits["far"]["chi2_qso"] == pytest.approx(fits["gone"]["chi2_qso"], abs=0.05)
    assert fits["near"]["chi2_qso"] > fits["gone"]["chi2_qso"] + 1.0
    flux, weight, detected = fluxes_and_weights(limited, BANDS, np.zeros(7))
    limit = flux_from_mag(limited["mag_wise_w3"].iloc[0])
    assert flux[0, -1] == 0
    assert weight[0, -1] == pytest.approx(4 / limit**2)
    assert not detected[0, -1]


def test_redshift_range_holds_the_truth_as_often_as_it_says(fitted):
    rng = np.random.default_rng(8)
    g = fitted.grid_
    k = rng.integers(2, 60, 400)
    flux = 0.9 * g.agn[k, 0] + 0.1 * g.hosts[k, 3]
    frame = pd.DataFrame({"id": np.arange(400)})
    for j, band in enumerate(BANDS):
        noise = rng.normal(0, 0.1, 400)
        frame[f"mag_{band}"] = 18 - 2.5 * np.log10(flux[:, j] / flux[:, 0]) + noise
        frame[f"err_{band}"] = 1e-3
    fits = fitted.fit_sources(frame)
    inside = (g.z[k] >= fits["z_low"] - 0.051) & (g.z[k] <= fits["z_high"] + 0.051)
    near = np.abs(fits["z_phot"] - g.z[k]) <= 0.1 * (1 + fits["z_phot"])
    assert 0.6 < inside.mean() < 0.97
    assert near.mean() == pytest.approx(fits["z_probability"].mean(), abs=0.12)


def test_select_frame_and_saving_give_the_same(field, fitted, tmp_path):
    before = field.copy()
    first = select_frame(fitted, field)
    pd.testing.assert_frame_equal(field, before)
    save_selector(fitted, tmp_path / "model", provenance={"seed": 5})
    again = load_selector(tmp_path / "model")
    pd.testing.assert_frame_equal(first, select_frame(again, field))
    assert again.provenance_ == {"seed": 5}
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["arrays.npz", "model.json"]
    assert list(first.columns) == ["P_QSO", "selected_class", "is_candidate", "reason", "z_phot"]
    known = first["P_QSO"].notna()
    assert (first.loc[~known, "selected_class"] == "").all()
    assert first["reason"].str.len().min() > 5
    quasar = field["true_class"].str.startswith("QSO")
    assert first.loc[known & quasar, "is_candidate"].mean() > 0.4
    assert first.loc[known & ~quasar, "is_candidate"].mean() < 0.01


def test_the_probability_is_the_weight_of_the_quasar_among_the_three(field, fitted):
    found, fits = fitted.select(field), fitted.fit_sources(field)
    values = fits[["bic_qso", "bic_galaxy", "bic_star"]].to_numpy()
    known = np.isfinite(values).all(axis=1)
    odds = np.exp(-0.5 * (values[known] - values[known].min(axis=1, keepdims=True)))
    by_hand = odds[:, 0] / odds.sum(axis=1)
    assert (by_hand > 0.9).any()
    assert (by_hand < 0.1).any()
    np.testing.assert_allclose(found["P_QSO"][known], by_hand, rtol=1e-6)
    best = np.array(["QSO", "Galaxy", "Star"])[values[known].argmin(axis=1)]
    assert (found["selected_class"][known].to_numpy() == best).all()


def test_the_command_line_dereddens_and_selects_the_same(fitted, tmp_path):
    sky = make_sky("ks4", n_sources=400, seed=4)
    write_frame(sky, tmp_path / "sky.parquet")
    save_selector(fitted, tmp_path / "model")
    main(["select", str(tmp_path / "sky.parquet"), "--model", str(tmp_path / "model"),
          "-o", str(tmp_path / "out.parquet")])  # fmt: skip
    found = read_frame(tmp_path / "out.parquet", keep=["P_QSO", "reason"])
    expected = select_frame(fitted, deredden(sky))
    np.testing.assert_allclose(found["P_QSO"], expected["P_QSO"], rtol=1e-6)
    assert found["reason"].tolist() == expected["reason"].tolist()


def test_a_band_absent_from_every_source_is_no_obstacle(field):
    frame = field.copy()
    frame["mag_vista_h"] = np.nan
    fits = SEDClassifier(bands=[*BANDS, "vista_h"], z_step=0.2).fit_sources(frame)
    assert fits["chi2_qso"].notna().any()


def test_folder_of_templates(tmp_path):
    wave = np.geomspace(300, 200_000, 400)
    for kind in ("agn", "galaxy", "star", "host"):
        (tmp_path / kind).mkdir()
    micron = np.geomspace(0.01, 100, 200)
    for tau in (0.0, 0.5):
        text = "\n".join(f"{w:.6f} {w:.6e}" for w in micron)
        (tmp_path / "agn" / f"a-{tau}.dat").write_text(f"# a tau_V= {tau:.2f}\n{text}\n")
    for kind in ("galaxy", "host"):
        text = "\n".join(f"{w:.3f} {w**-1.0:.6e}" for w in wave)
        (tmp_path / kind / "g.sed").write_text(text)
    short = wave[wave < 25_000]
    text = "\n".join(f"{w:.3f} {w**-3.0:.6e}" for w in short)
    (tmp_path / "star" / "s.sed").write_text(text + "\n26000 0.0\n")
    (tmp_path / "star" / "notes.txt").write_text("not a template")
    made = folder_templates(tmp_path)
    assert made.agn_tau.tolist() == [0.0, 0.5]
    assert made.star_names == ("s",)
    grid = model_grid(made, BANDS, [0.0, 1.0])
    # f_nu ~ lambda is f_lambda ~ 1 / lambda: nucleus, host and galaxy have the same colors.
    ratio = grid.agn[0, 0] / grid.galaxies[0, 0]
    np.testing.assert_allclose(ratio / ratio[0], 1.0, rtol=2e-3)
    # The star's tail is a Rayleigh-Jeans law: f_nu falls as lambda^-2 from W1 to W2.
    color = -2.5 * np.log10(grid.stars[0, 4] / grid.stars[0, 5])
    assert color == pytest.approx(-5 * np.log10(46520 / 34002), abs=0.05)
    fits = SEDClassifier(tmp_path, BANDS, z_max=2.0, z_step=0.5).fit_sources(
        deredden(make_sky("ks4", n_sources=300, seed=1))
    )
    assert fits["chi2_qso"].notna().any()


def message(call):
    with pytest.raises(CatalogError) as caught:
        call()
    text = str(caught.value)
    assert text.count(". ") <= 1
    assert text.endswith(".")
    return text


def test_bad_input_is_told_in_one_sentence(field, fitted, tmp_path):
    few = message(lambda: SEDClassifier(bands=BANDS[:4]).fit())
    assert few == ("4 bands cannot judge a quasar model of 4 free parameters; give at least 5.")
    assert "Name the bands" in message(lambda: SEDClassifier().fit())
    wrong = field.copy()
    wrong.loc[wrong.index[:2], "err_kmt_b"] = [0.0, -0.1]
    wrong.loc[wrong.index[:2], "mag_kmt_b"] = 19.0
    assert message(lambda: fitted.fit_sources(wrong)).startswith(
        "2 rows have an error of zero or below in kmt_b"
    )
    without = field.drop(columns="err_kmt_b")
    assert "no errors" in message(lambda: fitted.fit_sources(without))
    empty = field[[c for c in field.columns if not c.startswith("mag_")]].copy()
    empty[[f"mag_{b}" for b in BANDS]] = np.nan
    assert message(lambda: fitted.fit_sources(empty)).startswith(
        "No source has the 5 bands with magnitude and error"
    )
    lacking = field.drop(columns=["mag_wise_w3"])
    assert "wise_w3" in message(lambda: fitted.fit_sources(lacking))
    for bad in ({"star_rule": "maybe"}, {"dof": "n"}, {"chi2_level": 0.0}, {"z_step": -1.0},
                {"host_share": (0.5, 0.2)}):  # fmt: skip
        assert "out of range" in message(lambda bad=bad: SEDClassifier(bands=BANDS, **bad).fit())
    assert "error floor" in message(lambda: SEDClassifier(bands=BANDS, error_floor=-1.0).fit())
    assert "known" in message(lambda: SEDClassifier(bands=[*BANDS, "nonsense"]).fit())
    assert "without a FrameSelector" in message(
        lambda: FrameSelector(SEDClassifier(), BANDS).fit(field, field["true_class"])
    )
    assert "call fit first" in message(lambda: save_selector(SEDClassifier(), tmp_path / "m"))


def test_bad_templates_are_told_in_one_sentence(tmp_path):
    assert "no folder" in message(lambda: folder_templates(tmp_path / "absent"))
    (tmp_path / "agn").mkdir()
    assert "holds no template" in message(lambda: folder_templates(tmp_path))
    path = tmp_path / "agn" / "a.sed"
    for text, part in (
        ("1 2 3\n4 5 6\n", "two columns"),
        ("one two\n", "cannot be read"),
        ("2000 1\n1000 1\n", "do not rise"),
        ("1000 0\n2000 0\n", "above zero"),
    ):
        path.write_text(text)
        assert part in message(lambda: folder_templates(tmp_path))


def test_a_template_that_does_not_cover_a_band_is_named():
    made = own_templates()
    short = made.galaxies.copy()
    short[4, 10_000:] = np.nan
    from dataclasses import replace

    broken = replace(made, galaxies=short)
    text = message(lambda: SEDClassifier(broken, BANDS, z_step=0.5).fit())
    assert text.startswith(f"The template {made.galaxy_names[4]!r} does not cover wise_")


def test_single_source_minimum_by_brute_force(fitted, field):
    """The grid's best redshift is also what a free search over one template finds."""
    g = fitted.grid_
    flux = 0.8 * g.agn[25, 0] + 0.2 * g.hosts[25, 0]
    weight = (0.05 * flux) ** -2.0

    def chi2(share):
        m = (1 - share) * g.agn[25, 0] + share * g.hosts[25, 0]
        a = np.sum(weight * flux * m) / np.sum(weight * m * m)
        return np.sum(weight * (flux - a * m) ** 2)

    found = minimize_scalar(chi2, bounds=(0.01, 0.95), method="bounded").x
    assert found == pytest.approx(0.2, abs=1e-3)
    nuclei, hosts = g.agn[[25]][:, [0]], g.hosts[[25]][:, [0]]
    amplitude = fit_two(flux[None], weight[None], nuclei, hosts, (0.01, 0.95))[2][0]
    assert amplitude[1] / amplitude.sum() == pytest.approx(found, abs=1e-3)


def test_model_fluxes_give_the_chi2_that_the_fit_tells(field, fitted):
    rows = field[field["true_class"].str.startswith("QSO")]
    fits = fitted.fit_sources(rows)
    flux, weight, _ = fluxes_and_weights(rows, BANDS, fitted.floor_)
    known = fits["chi2_qso"].notna().to_numpy()
    for kind in ("qso", "galaxy", "star"):
        model = fitted.model_fluxes(fits, kind)
        assert np.isnan(model[~known]).all()
        chi2 = np.sum(weight * (flux - model) ** 2, axis=1)
        np.testing.assert_allclose(chi2[known], fits[f"chi2_{kind}"][known], rtol=1e-6)


def test_choices_are_counted_one_at_a_time(field, fitted):
    table = count_choices(fitted, field, floors=(0.1, 0.3)).set_index("choice")
    base = table.loc["as the classifier is"]
    assert base["candidates"] == accept(fitted.fit_sources(field))["all"].sum()
    assert table.loc["error floor 0.1 mag"].equals(base)
    assert table.loc["error floor 0.3 mag", "candidates"] != base["candidates"]
    assert (table["quasars"] + table["others"] == table["candidates"]).all()
    assert table.loc["no limit on tau", "candidates"] >= base["candidates"]
    assert fitted.error_floor == 0.1


def test_the_drawn_curves_pass_through_the_models_of_the_bands(field):
    made = own_templates()
    model = SEDClassifier(made, BANDS, z_step=0.05).fit()
    quasar = field[field["true_class"] == "QSOlowZ"]
    one = quasar[model.fit_sources(quasar)["chi2_qso"].notna().to_numpy()].iloc[[2]]
    drawn = display.TemplateFitDisplay.from_estimator(model, one, made).plot()
    for kind in ("qso", "galaxy"):
        wave, curve = drawn.curves[kind]
        at = np.interp(drawn.wavelength[3:6], wave, curve)
        np.testing.assert_allclose(at, drawn.models[kind][3:6], atol=0.25)
    assert "star" not in drawn.curves
    texts = [t.get_text() for t in drawn.ax_.get_legend().get_texts()]
    assert f"{drawn.chi2['qso']:.1f}" in " ".join(texts)
    assert drawn.figure_ is drawn.ax_.figure
    plt.close("all")
    text = message(lambda: display.TemplateFitDisplay.from_estimator(model, quasar.iloc[:2]))
    assert text == "A fit is drawn for one source; the frame has 2 rows."
