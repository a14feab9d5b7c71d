import numpy as np
import pandas as pd
import pytest

from qsolearn.datasets import load_calderone2024_new_quasars, load_sdss_dr7
from qsolearn.errors import CatalogError
from qsolearn.frame import bands_of, validate_frame
from qsolearn.simulate import make_sky


def test_same_seed_same_sky_other_seed_other_sky():
    a, b = (make_sky("sdss", n_sources=500, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(a, b)
    assert not a["mag_sdss_g"].equals(make_sky("sdss", n_sources=500, seed=5)["mag_sdss_g"])


def test_a_sky_is_a_frame_with_its_truth(sky):
    validate_frame(sky)
    assert bands_of(sky) == ["sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z"]
    assert (sky["true_z"].isna() == (sky["true_class"] == "Star")).all()
    quasar = sky["true_class"].str.startswith("QSO")
    high = sky["true_class"] == "QSOhighZ"
    assert (high == (quasar & (sky["true_z"] > 2.5))).all()
    assert set(sky["label_class"]) <= {*sky["true_class"], ""}
    assert np.isfinite(sky.filter(like="mag_")).all().all()
    assert (sky.filter(like="err_") > 0).all().all()


def test_noise_is_what_the_errors_say():
    """Scatter of white-noise colors grows towards the limit as the errors do."""
    sky = make_sky("sdss", n_sources=20_000, seed=2)
    stars = sky[sky["true_class"] == "Star"]
    stars = stars[(stars["mag_sdss_g"] - stars["mag_sdss_i"]).between(0.3, 0.6)]
    color = stars["mag_sdss_i"] - stars["mag_sdss_z"]
    faint = stars["err_sdss_z"].between(0.15, 0.25)
    bright = stars["err_sdss_z"] < 0.03
    width = lambda x: 1.4826 * (x - x.median()).abs().median()  # noqa: E731
    assert width(color[faint]) > 2 * width(color[bright])


def test_errors():
    for call, words in (
        (lambda: make_sky("lsst", n_sources=10), "Unknown survey"),
        (lambda: make_sky("sdss"), "one of the two"),
        (lambda: make_sky("sdss", area_deg2=1, n_sources=1), "one of the two"),
        (lambda: make_sky("sdss", area_deg2=-1), "must be positive"),
        (lambda: make_sky("sdss", n_sources=float("nan")), "must be positive"),
    ):
        with pytest.raises(CatalogError, match=words):
            call()


def test_the_published_table():
    table = load_calderone2024_new_quasars()
    assert len(table) == 107
    assert (table["true_z"] > 2.5).all()
    assert table["dec"].between(-30, 15).all()
    assert table["id"].is_unique


def test_a_missing_catalog_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("QSOLEARN_DATA", raising=False)
    with pytest.raises(CatalogError, match="does not ship with the package"):
        load_sdss_dr7()
    with pytest.raises(CatalogError, match="There is no sdss_dr7"):
        load_sdss_dr7(tmp_path)


@pytest.mark.real
def test_loaders_of_real_catalogs(real_data):
    from qsolearn import datasets

    frame, labels = datasets.load_sdss_dr7(real_data)
    assert labels["true_class"].value_counts().to_dict() == {"QSO": 30_000, "Star": 30_000}
    assert len(frame) == len(labels)
    frame, labels = datasets.load_sdss_dr5_quasars(real_data)
    assert len(frame) == 77_429
    assert 130 <= frame["mag_sdss_i"].isna().sum() <= 140
    # SDSS J000006.53+003055.2
    assert frame["ra"].iloc[0] == pytest.approx(15 * 6.53 / 3600)
    assert frame["dec"].iloc[0] == pytest.approx(30 / 60 + 55.2 / 3600)
    _, labels = datasets.load_sdss_dr17(real_data)
    assert labels["true_z"].max() < 6.9
    frame, labels = datasets.load_desi_dr1(real_data)
    assert (labels["true_class"] == "QSOhighZ").sum() == 119
    assert frame["mag_gaia_g"].min() > 5
    frame, labels = datasets.load_ps1_gaia_wise_quasars(real_data)
    assert len(frame) == 17_581
    assert frame.filter(like="mag_").notna().all().all()
    frame, labels = datasets.load_stripe82x_agn(real_data)
    broad = labels["true_class"] == "QSO"
    wise = frame[["mag_wise_w1", "mag_wise_w2", "mag_wise_w3"]].notna().all(axis=1)
    assert (broad.sum(), (broad & wise).sum()) == (286, 266)
    assert frame["limit_wise_w3"].any()
    assert labels["true_z"].notna().sum() == 887
    assert len(datasets.load_milliquas_stripe82(real_data)) == 35_317
    assert len(datasets.load_radio_matches(real_data)) == 9_797
    assert len(datasets.load_quasar_luminosities(real_data)) == 48_664
    assert len(datasets.load_ks4_milliquas_points(real_data)) == 472
    assert len(datasets.load_sdss_point_sources("test", real_data)[1]) == 12_884
