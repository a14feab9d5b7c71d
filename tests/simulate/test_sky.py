"""Whole skies: schema, seeds, mixes, streaming, limits, errors."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.errors import CatalogError
from qsolearn.frame import read_frame, validate_frame
from qsolearn.simulate import SURVEYS, make_sky, sky
from qsolearn.simulate.sky import PAPER_MIX, _apportion, _whole_numbers


@pytest.fixture(scope="module", params=list(SURVEYS))
def made(request):
    return make_sky(request.param, n_sources=3000, seed=2)


def test_frame_is_valid_and_tells_the_truth(made):
    validate_frame(made)
    survey = SURVEYS[made.attrs["survey"]]
    assert len(made) == 3000
    assert made.attrs["seed"] == 2
    assert made.attrs["area_deg2"] > 0
    assert made["dec"].between(*survey.dec).all()
    assert set(made["true_class"]) <= {"Star", "Galaxy", "QSOlowZ", "QSOhighZ", "other"}
    assert set(made["label_class"]) <= {"Star", "Galaxy", "QSOlowZ", "QSOhighZ", "other", ""}
    assert made.loc[made["true_class"] == "Star", "true_z"].isna().all()
    assert (made.loc[made["true_class"] == "QSOhighZ", "true_z"] > 2.5).all()
    assert made.loc[made["true_class"] == "QSOlowZ", "true_z"].between(0, 2.5).all()
    labelled = made["label_class"] != ""
    assert (made["label_class"] == made["true_class"])[labelled].all()
    for band in survey.bands:
        limit = made[f"limit_{band}"]
        assert made.loc[limit, f"err_{band}"].isna().all()
        assert made.loc[limit, f"mag_{band}"].notna().all()
        assert (made[f"err_{band}"].dropna() > 0).all()


def test_same_seed_same_sky_another_seed_another():
    one, two, three = (make_sky("sdss", n_sources=500, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one["mag_sdss_g"].equals(three["mag_sdss_g"])


def test_sdss_has_every_band_and_asinh_magnitudes():
    frame = make_sky("sdss", n_sources=4000, seed=0)
    mags = frame[[f"mag_sdss_{f}" for f in "ugriz"]].to_numpy()
    assert np.isfinite(mags).all()
    assert mags[:, 0].max() < 28.0  # negative fluxes have magnitudes too
    assert not frame.filter(like="limit_").to_numpy().any()


def test_missing_bands_and_limits_of_the_other_surveys():
    frame = make_sky("ps1-gaia-wise", n_sources=6000, seed=0)
    assert 0.05 < frame["mag_wise_w1"].isna().mean() < 0.4
    assert frame["limit_wise_w4"].mean() > 0.5
    assert not frame["limit_ps1_g"].any()
    frame = make_sky("ks4", n_sources=6000, seed=0)
    both = frame["mag_vista_j"].notna() & frame["mag_twomass_j"].notna()
    assert not both.any()


def test_ks4_gaps_cost_depth():
    from qsolearn.simulate.surveys import get_survey, observe

    survey = get_survey("ks4")
    rng = np.random.default_rng(0)
    mags = np.full((4000, len(survey.bands)), 20.0)
    shots = np.repeat([4, 2, 1, 0], 1000)
    mag, err, _ = observe(survey, mags, np.full(4000, -40.0), rng, shots)
    four, two, one = (np.nanmedian(err[shots == k, 0]) for k in (4, 2, 1))
    # The sky's noise falls with the root of the number of exposures; the calibration's does not.
    assert four < two < one
    assert 1.1 < two / four < np.sqrt(2)
    assert np.isnan(mag[shots == 0, :4]).all()


def test_saturated_sources_are_missing():
    from qsolearn.simulate.surveys import get_survey, observe

    survey = get_survey("ks4")
    rng = np.random.default_rng(0)
    mags = np.full((50, len(survey.bands)), 12.0)
    mag, _, _ = observe(survey, mags, np.full(50, -40.0), rng)
    assert np.isnan(mag[:, :4]).all()


def test_paper_mix_is_exact():
    n = 40_000
    frame = make_sky("ps1-gaia-wise", n_sources=n, seed=3, composition="paper")
    found = frame["label_class"].value_counts()
    for label, count in PAPER_MIX.items():
        assert abs(found.get(label, 0) - n * count / sum(PAPER_MIX.values())) < 1
    assert sum(PAPER_MIX.values()) == 30_796_027


def test_unlabelled_stars_are_fainter():
    frame = make_sky("ps1-gaia-wise", n_sources=30_000, seed=5)
    stars = frame[frame["true_class"] == "Star"]
    known = stars["label_class"] == "Star"
    assert stars.loc[~known, "mag_gaia_g"].median() > stars.loc[known, "mag_gaia_g"].median() + 0.5


def test_counts_follow_the_area():
    small, large = (make_sky("sdss", area_deg2=a, seed=1) for a in (0.5, 2.0))
    assert len(large) / len(small) == pytest.approx(4.0, rel=0.1)


def test_stream_is_the_same_however_it_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sky, "BLOCK", 700)
    whole = make_sky("sdss", n_sources=1800, seed=9)
    path = make_sky("sdss", n_sources=1800, seed=9, to=tmp_path / "one.parquet")
    again = make_sky("sdss", n_sources=1800, seed=9, to=tmp_path / "two.parquet")
    digests = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (path, again)}
    assert len(digests) == 1
    stored = read_frame(path, keep="all")
    assert list(stored["true_class"].astype(str)) == list(whole["true_class"])
    np.testing.assert_allclose(stored["mag_sdss_g"], whole["mag_sdss_g"], rtol=1e-6)
    import pyarrow.parquet as pq

    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(k).num_rows for k in range(groups.num_row_groups)] == [700, 700, 400]
    # The first block does not depend on how many follow its own share.
    assert whole["id"].is_unique


def test_processes_write_the_same_bytes(tmp_path):
    n = sky.BLOCK + 2000
    kwargs = {"n_sources": n, "seed": 4}
    one = make_sky("sdss", to=tmp_path / "one.parquet", **kwargs)
    two = make_sky("sdss", to=tmp_path / "two.parquet", n_jobs=2, **kwargs)
    assert one.read_bytes() == two.read_bytes()


@settings(derandomize=True, deadline=None)
@given(
    totals=st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(lambda t: sum(t) > 0),
    block=st.integers(1, 3000),
)
def test_blocks_share_out_every_group_exactly(totals, block):
    rows = sum(totals)
    ends = [min(k * block, rows) for k in range(-(-rows // block) + 1)]
    shares = np.diff([_apportion(totals, end) for end in ends], axis=0)
    assert shares.sum(axis=0).tolist() == totals
    assert shares.sum(axis=1).tolist() == np.diff(ends).tolist()
    assert (shares >= -1).all()


def test_whole_numbers_add_up():
    assert _whole_numbers([1, 1, 1], 10).tolist() == [4, 3, 3]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"area_deg2": -2.0}, "The area is -2 deg\\^2; it must be positive"),
        ({"area_deg2": float("nan")}, "must be positive"),
        ({"n_sources": 0}, "The number of sources is 0"),
        ({"n_sources": 1.5}, "must be positive and whole"),
        ({}, "Give either area_deg2 or n_sources"),
        ({"area_deg2": 1.0, "n_sources": 5}, "Give either area_deg2 or n_sources"),
        ({"survey": "lsst", "n_sources": 5}, "Unknown survey 'lsst'; the surveys are sdss"),
        ({"n_sources": 5, "composition": "x"}, "Unknown composition 'x'"),
        ({"n_sources": 5, "composition": "paper"}, "goes with survey 'ps1-gaia-wise'"),
        ({"area_deg2": 1e-9}, "holds no source; ask for more"),
    ],
)
def test_errors(kwargs, message):
    given = {"survey": "sdss", **kwargs}
    with pytest.raises(ValueError, match=message):
        make_sky(**given)


def test_a_mix_of_ones_own_has_the_labels_that_were_asked_for():
    mix = {"Star": 6, "QSOlowZ": 2, "QSOhighZ": 1, "": 1}
    sky = make_sky("ps1-gaia-wise", n_sources=2000, composition=mix, seed=3)
    found = sky["label_class"].value_counts()
    assert found.to_dict() == {"Star": 1200, "QSOlowZ": 400, "QSOhighZ": 200, "": 200}
    labeled = sky["label_class"] != ""
    assert (sky["label_class"] == sky["true_class"])[labeled].all()


@pytest.mark.parametrize("mix", [{"Quasar": 1}, {"Star": -1}, {"Star": 0}, {}])
def test_a_wrong_mix_is_refused(mix):
    with pytest.raises(CatalogError, match="A composition gives each label"):
        make_sky("ps1-gaia-wise", n_sources=100, composition=mix)
