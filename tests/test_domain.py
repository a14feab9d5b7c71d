"""Distance from the training domain, against slow and plain ways to the same numbers."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.photometry import colors
from qsolearn.selection import (
    FrameSelector,
    KernelBayesClassifier,
    TrainingDomain,
    compare_with_domain,
    load_selector,
    save_selector,
    zero_point_suspects,
)
from qsolearn.simulate import make_sky

BANDS = ["ps1_g", "ps1_r", "ps1_i", "ps1_z", "wise_w1", "wise_w2"]
MIX = {"Star": 0.6, "Galaxy": 0.2, "QSOlowZ": 0.2}


@pytest.fixture(scope="module")
def mixed():
    return make_sky("ps1-gaia-wise", n_sources=6000, seed=3, composition=MIX)


@pytest.fixture(scope="module")
def domain(mixed):
    return TrainingDomain.from_frame(mixed, BANDS, mixed["true_class"])


def shifted(frame, **by):
    out = frame.copy()
    for band, shift in by.items():
        out[f"mag_{band}"] += shift
    return out


def frame_of(mags):
    return pd.DataFrame(mags, columns=[f"mag_{b}" for b in BANDS[: mags.shape[1]]])


def test_distance_is_the_plain_one(domain, mixed):
    X = colors(mixed[[f"mag_{b}" for b in BANDS]].to_numpy(float))[:60]
    X[::7, 1] = np.nan
    for x, found in zip(X, domain.color_distance(X), strict=True):
        has = np.isfinite(x)
        if not has.any():
            assert np.isnan(found)
            continue
        squares = []
        for mean, covariance in zip(domain.parts["mean"], domain.parts["covariance"], strict=True):
            off = (x - mean)[has]
            squares.append(off @ np.linalg.inv(covariance[np.ix_(has, has)]) @ off)
        k = has.sum()
        plain = ((min(squares) / k) ** (1 / 3) - 1 + 2 / (9 * k)) / (2 / (9 * k)) ** 0.5
        assert found == pytest.approx(plain, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_distance_of_a_gaussian_sample_is_standard_normal(k):
    rng = np.random.default_rng(k)
    X = rng.normal(size=(20_000, k))
    parts = {"label": np.array(["a"]), "mean": np.zeros((1, k)), "covariance": np.eye(k)[None]}
    nothing = np.full((2 * k + 1, 2), np.nan)
    domain = TrainingDomain(["x"] * (k + 1), nothing, nothing, {}, parts, 0.0, 1)
    found = domain.color_distance(X)
    # The cube root is least exact at the near end of one color, where it does not matter.
    assert stats.kstest(found, "norm").statistic < (0.06 if k == 1 else 0.02)
    levels = [0.5, 0.9, 0.99]
    np.testing.assert_allclose(np.quantile(found, levels), stats.norm.ppf(levels), atol=0.1)


def test_one_percent_of_the_training_sample_is_outside(domain, mixed):
    assert np.nanmean(domain.distance(mixed) > domain.threshold) == pytest.approx(0.01, abs=2e-3)


def test_the_same_sky_once_more_is_inside(domain):
    again = make_sky("ps1-gaia-wise", n_sources=6000, seed=4, composition=MIX)
    report = compare_with_domain(domain, again)
    assert 0.005 < float(report.outside) < 0.02
    assert report.suspects == []
    assert (report.features["verdict"] == "alike").all()
    assert report.features["distance"].max() < 0.06
    assert report.patterns < 0.03
    assert "knows this kind of catalog" in report.verdict or "slightly more" in report.verdict


@pytest.mark.parametrize("name", ["Star", "Galaxy", "QSOlowZ"])
def test_another_mix_of_the_classes_is_no_distance(domain, name):
    alone = make_sky("ps1-gaia-wise", n_sources=2000, seed=5, composition={name: 1.0})
    report = compare_with_domain(domain, alone)
    assert float(report.outside) < 0.05
    assert report.suspects == []
    assert (report.features[["below", "above"]] < 0.05).all(axis=None)


WRONG = [
    ({"wise_w1": -1, "wise_w2": -1}, [(("wise_w1", "wise_w2"), "vega")]),
    ({"wise_w1": 1, "wise_w2": 1}, [(("wise_w1", "wise_w2"), "twice")]),
    ({"wise_w2": -1}, [(("wise_w2",), "vega")]),
    ({"wise_w1": 1}, [(("wise_w1",), "twice")]),
]


@pytest.mark.parametrize(("signs", "suspects"), WRONG)
@pytest.mark.parametrize("only", [None, "QSOlowZ"])
def test_confused_systems_are_found_also_without_stars(domain, signs, suspects, only):
    mix = MIX if only is None else {only: 1.0}
    frame = make_sky("ps1-gaia-wise", n_sources=2000, seed=6, composition=mix)
    by = {b: s * get_band(b).vega_to_ab for b, s in signs.items()}
    assert zero_point_suspects(domain, shifted(frame, **by)) == suspects
    report = compare_with_domain(domain, shifted(frame, **by))
    assert report.verdict.startswith("Mend the zero points first: ")
    assert get_band(suspects[0][0][0]).label in report.verdict
    for band in suspects[0][0]:
        name = f"mag {get_band(band).label}"
        assert f"(would be {by[band]:+.2f} mag)" in report.features.loc[name, "verdict"]


def test_an_odd_shift_is_no_system(domain, mixed):
    report = compare_with_domain(domain, shifted(mixed, wise_w1=9.0))
    assert report.suspects == []
    assert report.outside.low > 0.5
    assert "extrapolations" in report.verdict
    assert "fainter than the training sample" in report.features.loc["mag W1", "verdict"]
    assert "redder" in report.features.loc["W1-W2", "verdict"]


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    st.floats(-0.02, 0.02), st.integers(0, 10_000), st.sampled_from([0.02, 0.3, 0.9]), st.booleans()
)
def test_small_zero_point_errors_and_any_mix_raise_no_suspicion(domain, shift, seed, share, gaps):
    mix = {"Star": 1 - share, "QSOlowZ": share}
    frame = make_sky("ps1-gaia-wise", n_sources=400, seed=seed, composition=mix)
    frame["mag_ps1_z"] += shift
    if gaps:
        frame.loc[::3, "mag_wise_w2"] = np.nan
    assert zero_point_suspects(domain, frame) == []


def test_shares_are_counted(domain, mixed):
    report = compare_with_domain(domain, mixed)
    own = mixed["mag_ps1_g"].to_numpy(float)
    own = own[np.isfinite(own)]
    row = report.features.loc["mag g"]
    levels = np.array([np.mean(own <= q) for q in domain.quantiles[0]])
    from qsolearn.selection.domain.summary import LEVELS

    assert row["distance"] == pytest.approx(np.abs(levels - LEVELS).max())
    by_class = [
        np.nanquantile(mixed.loc[mixed["true_class"] == c, "mag_ps1_g"], [0.005, 0.995])
        for c in MIX
    ]
    assert row["below"] == pytest.approx(np.mean(own < np.min(by_class)))
    assert row["above"] == pytest.approx(np.mean(own > np.max(by_class)))


def test_missing_bands_are_told(domain, mixed):
    gaps = mixed.copy()
    gaps.loc[::2, "mag_wise_w2"] = np.nan
    report = compare_with_domain(domain, gaps)
    assert "missing for 5" in report.features.loc["mag W2", "verdict"]
    assert 0.3 < report.patterns <= 0.6
    gaps["mag_ps1_g"] = np.nan
    report = compare_with_domain(domain, gaps)
    assert report.features.loc["mag g", "verdict"] == "not measured in this catalog"
    assert report.unseen == pytest.approx(1.0)
    assert "lack a combination of bands" in str(report)
    with pytest.raises(CatalogError, match=r"lacks ps1_g of the model: .* --bands ps1_r,ps1_i"):
        compare_with_domain(domain, mixed.drop(columns="mag_ps1_g"))
    nothing = mixed.assign(**{f"mag_{b}": np.nan for b in BANDS})
    assert "nothing can be selected" in compare_with_domain(domain, nothing).verdict


def test_a_report_is_written_as_json(domain, mixed):
    plain = json.loads(json.dumps(compare_with_domain(domain, mixed).to_dict()))
    assert plain["rows"] == len(mixed)
    assert plain["features"]["g-r"]["verdict"] == "alike"


def test_tiny_and_gappy_training_samples(mixed):
    few = mixed.groupby("true_class", observed=True).head(3)
    domain = TrainingDomain.from_frame(few, BANDS, few["true_class"])
    assert np.isfinite(domain.threshold)
    gaps = mixed.copy()
    gaps.loc[gaps["true_class"] == "Star", "mag_wise_w2"] = np.nan
    domain = TrainingDomain.from_frame(gaps, BANDS, gaps["true_class"])
    assert np.isfinite(domain.distance(mixed)).mean() > 0.99
    with pytest.raises(CatalogError, match="no training domain"):
        TrainingDomain.from_frame(
            mixed.assign(**{f"mag_{b}": np.nan for b in BANDS}), BANDS, mixed["true_class"]
        )


def test_saved_with_the_model_and_absent_from_older_ones(mixed, tmp_path):
    bands = BANDS[:4]
    selector = FrameSelector(KernelBayesClassifier(), bands).fit(mixed, mixed["true_class"])
    save_selector(selector, tmp_path / "model")
    back = load_selector(tmp_path / "model").domain_
    np.testing.assert_array_equal(back.distance(mixed), selector.domain_.distance(mixed))
    assert back.threshold == selector.domain_.threshold
    assert str(compare_with_domain(back, mixed)) == str(
        compare_with_domain(selector.domain_, mixed)
    )
    # No rows: the summary is as large for a hundred times the sample.
    _, arrays = back.to_state()
    assert sum(a.size for a in arrays.values()) < 1000
    # A model of the time before there were domains.
    text = json.loads((tmp_path / "model" / "model.json").read_text())
    del text["domain"]
    (tmp_path / "model" / "model.json").write_text(json.dumps(text))
    old = load_selector(tmp_path / "model")
    assert old.domain_ is None
    np.testing.assert_array_equal(old.predict(mixed[:50]), selector.predict(mixed[:50]))
    save_selector(old, tmp_path / "again")
    assert load_selector(tmp_path / "again").domain_ is None


def test_class_separation_names_the_color(domain):
    star = domain.parts["mean"][domain.parts["label"] == "Star"][0]
    X = np.vstack([star, star, np.full(len(star), np.nan)])
    X[1, -1] += 1.5
    z = domain.class_separation(X, "Star")
    assert np.abs(z[0]).max() < 1e-6
    assert np.abs(z[1]).argmax() == len(star) - 1
    assert z[1, -1] > 3
    assert np.isnan(z[2]).all()
    assert np.isnan(domain.class_separation(X, "Comet")).all()
