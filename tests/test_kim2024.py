import numpy as np
import pandas as pd
import pytest

from qsolearn.errors import CatalogError
from qsolearn.papers import kim2024
from qsolearn.papers.kim2024 import (
    PUBLISHED,
    build_catalog,
    from_table1,
    near_infrared,
    recipe,
    to_table1,
)
from qsolearn.photometry import deredden
from qsolearn.selection import SEDClassifier, select_frame
from qsolearn.simulate import make_sky

ARCSEC = 1 / 3600


@pytest.fixture(scope="module")
def ks4():
    return make_sky("ks4", n_sources=3000, seed=5)


def test_the_published_numbers_fit_together():
    p = PUBLISHED
    assert p["milliquas_selected"] / p["milliquas"] == pytest.approx(0.67, abs=0.005)
    parts = ("milliquas_selected", "milliquas_color_snr_rejected", "milliquas_sed_rejected")
    assert sum(p[k] for k in parts) == p["milliquas"]
    found, colors, sed = p["bright_nearby"]
    assert found / (found + colors + sed) == pytest.approx(p["recovery"], abs=0.005)
    # The fraction that the colors alone keep.
    kept = (found + sed) / (found + colors + sed)
    assert kept == pytest.approx(p["recovery_colors_alone"], abs=0.005)
    reasons = sum(p["quaia_rejected"].values())
    assert p["quaia"] == p["quaia_not_in_catalog"] + p["quaia_both"] + reasons
    # The text says 23,593 for the sum of the three reasons, which is 65 less.
    assert reasons - p["quaia_missed"] == 65


def test_table_1_there_and_back(ks4):
    table = to_table1(ks4)
    assert not table.isna().to_numpy().any()
    back = from_table1(table)
    for name in ("kmt_b", "kmt_i", "wise_w1", "wise_w3", "vista_j", "vista_h", "twomass_j"):
        mag, err = ks4[f"mag_{name}"].to_numpy(), ks4[f"err_{name}"].to_numpy()
        if name.startswith("twomass"):
            # The table holds one J; 2MASS stands there only without VHS.
            hidden = np.isfinite(ks4[f"mag_vista_{name[-1]}"])
            mag, err = np.where(hidden, np.nan, mag), np.where(hidden, np.nan, err)
        np.testing.assert_array_equal(back[f"mag_{name}"], mag)
        np.testing.assert_array_equal(back[f"err_{name}"], err)
    limit = ks4["limit_wise_w3"].to_numpy()
    assert limit.sum() > 100
    np.testing.assert_array_equal(back["limit_wise_w3"], limit)
    assert (table.loc[limit, "e_W3mag"] == -99).all()
    assert (table.loc[limit, "W3mag"] > 0).all()
    pd.testing.assert_frame_equal(to_table1(back), table)


def test_table_1_refuses_what_it_cannot_say(ks4):
    bad = ks4.copy()
    row = int(np.argmax(bad["mag_kmt_i"].notna()))
    bad.loc[row, "err_kmt_i"] = np.nan
    with pytest.raises(CatalogError, match=f"Row {row} has a magnitude in I without an error"):
        to_table1(bad)
    table = to_table1(ks4)
    with pytest.raises(CatalogError, match="has a column 'e_W3mag'"):
        from_table1(table.drop(columns="e_W3mag"))
    with pytest.raises(CatalogError, match="f_Jmag holds 0, 1 or 2"):
        from_table1(table.assign(f_Jmag=7))


def test_vhs_stands_before_2mass_band_by_band():
    frame = pd.DataFrame(
        {
            "mag_vista_j": [16.0, np.nan, 19.0, np.nan],
            "err_vista_j": [0.1, np.nan, np.nan, np.nan],
            "limit_vista_j": [False, False, True, False],
            "mag_vista_h": [np.nan] * 4,
            "err_vista_h": [np.nan] * 4,
            "mag_twomass_j": [15.9, 15.8, 15.7, np.nan],
            "err_twomass_j": [0.2, 0.2, 0.2, np.nan],
            "mag_twomass_h": [15.0, 15.0, 15.0, np.nan],
            "err_twomass_h": [0.2, 0.2, 0.2, np.nan],
        }
    )
    found = near_infrared(frame)
    assert found["flag_j"].tolist() == [1, 2, 1, 0]
    assert found["mag_j"].tolist()[:3] == [16.0, 15.8, 19.0]
    assert found["limit_j"].tolist() == [False, False, True, False]
    assert found["flag_h"].tolist() == [2, 2, 2, 0]
    assert found["flag_ks"].tolist() == [0, 0, 0, 0]


def test_the_catalog_takes_the_nearest_within_each_radius():
    def survey(band, dec_arcsec, mag):
        n = len(mag)
        return pd.DataFrame(
            {
                "id": np.arange(n),
                "ra": np.full(n, 359.9999),
                "dec": np.asarray(dec_arcsec) * ARCSEC,
                f"mag_{band}": mag,
                f"err_{band}": np.full(n, 0.1),
            }
        )

    optical = survey("kmt_i", [0.0, 100.0], [18.0, 19.0])
    wise = survey("wise_w1", [1.9, -1.0, 102.1], [16.0, 16.5, 17.0])
    vista = survey("vista_j", [1.1], [17.0])
    twomass = survey("twomass_j", [1.1], [16.9])
    frame, matches = build_catalog(optical, wise=wise, vista=vista, twomass=twomass)
    assert frame["mag_wise_w1"].tolist()[0] == 16.5
    assert matches["wise"]["ambiguous"].tolist() == [True, False]
    assert np.isnan(frame["mag_wise_w1"][1])  # 2.1 arcsec away
    assert np.isnan(frame["mag_vista_j"][0])  # 1.1 arcsec away, VHS allows 1.0
    assert frame["mag_twomass_j"][0] == 16.9  # 2MASS allows 2.0
    assert near_infrared(frame)["flag_j"].tolist() == [2, 0]
    with pytest.raises(CatalogError, match="twomass, vista, wise, not 'gaia'"):
        build_catalog(optical, gaia=wise)


def test_the_recipe_runs_as_a_selector(ks4):
    chain = recipe(quality=False)
    left = chain.passes(ks4)
    assert (left.sum().diff().dropna() <= 0).all()
    result = select_frame(chain, ks4)
    np.testing.assert_array_equal(result["is_candidate"], left["color"])
    quasar = ks4["true_class"].str.startswith("QSO")
    assert result["is_candidate"][quasar].mean() > 20 * result["is_candidate"][~quasar].mean()
    with pytest.raises(CatalogError, match="no column 'ssflag'"):
        select_frame(recipe(), ks4)
    full = recipe().passes(ks4.assign(ssflag=None))
    assert full["quality"].mean() == pytest.approx(0.78, abs=0.04)
    assert (full["color"] <= left["color"]).all()


def test_parts_are_in_order_and_named_once():
    assert len(set(kim2024.PARTS)) == len(kim2024.PARTS)
    assert len(kim2024.BANDS) == 14


def test_the_template_fit_is_the_last_step():
    sky = deredden(make_sky("ks4", n_sources=12_000, seed=8)).assign(ssflag=None)
    bands = [b for b in kim2024.BANDS if not b.startswith("twomass")]
    sed = SEDClassifier(bands=bands, z_step=0.1, z_max=4.0, n_jobs=1).fit()
    chain = recipe(sed)
    result, passes = select_frame(chain, sky), chain.passes(sky)
    colored = passes["color"]
    assert colored.sum() > 5
    alone = sed.select(sky[colored])
    np.testing.assert_array_equal(result.loc[colored, "is_candidate"], alone["is_candidate"])
    assert result.loc[colored, "reason"].str.startswith("SED: ").all()
    assert not result.loc[~colored, "reason"].str.startswith("SED: ").any()
    found = result["is_candidate"]
    assert found.any()
    assert result.loc[found, "z_phot"].between(0, 4).all()
    assert result.loc[~found, "z_phot"].isna().all()
