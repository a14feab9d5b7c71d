import numpy as np
import pandas as pd
import pytest
from astropy.io.votable import ucd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qsolearn import photometry as ph
from qsolearn.bands import BANDS, check_bands, color_names, get_band, survey_bands
from qsolearn.frame.schema import UCDS, describe

mags = st.floats(5, 30)


def test_every_band_has_a_source_for_every_number():
    for band in BANDS.values():
        assert 3000 < band.wavelength < 250_000
        assert band.sources["wavelength"]
        assert band.sources["extinction"]
        assert band.depth is None or band.sources["depth"] != "not recovered"


@pytest.mark.parametrize("survey", sorted({b.survey for b in BANDS.values()}))
def test_extinction_falls_with_wavelength(survey):
    bands = sorted(survey_bands(survey), key=lambda b: b.wavelength)
    values = [b.extinction for b in bands]
    assert values == sorted(values, reverse=True)


def test_published_zero_points():
    assert [get_band(f"wise_w{k}").vega_to_ab for k in (1, 2, 3, 4)] == [2.699, 3.339, 5.174, 6.620]
    # Gaia EDR3: AB zero points less the Vega ones.
    for name, ab, vega in (
        ("g", 25.8010, 25.6874),
        ("bp", 25.3540, 25.3385),
        ("rp", 25.1040, 24.7479),
    ):
        assert get_band(f"gaia_{name}").vega_to_ab == pytest.approx(ab - vega, abs=1e-4)


def test_ucds_are_in_the_ivoa_list():
    for column in [f"{kind}_{b}" for kind in ("mag", "err") for b in BANDS]:
        assert ucd.check_ucd(describe(column)[1], check_controlled_vocabulary=True), column
    for value in UCDS.values():
        assert ucd.check_ucd(value, check_controlled_vocabulary=True), value


def test_unknown_band_is_one_sentence_with_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown band 'wise_w5'; did you mean .*wise_w"):
        get_band("wise_w5")
    with pytest.raises(ValueError, match="Unknown survey 'x'"):
        survey_bands("x")
    with pytest.raises(ValueError, match="more than once"):
        check_bands(["sdss_u", "sdss_u"])
    with pytest.raises(ValueError, match="No band"):
        check_bands([])


def test_color_names_add_the_survey_where_labels_clash():
    assert color_names(["sdss_z", "wise_w1"]) == ["z-W1"]
    assert color_names(["sdss_g", "ps1_g"]) == ["sdss_g-ps1_g"]


@given(arrays(float, 5, elements=mags))
def test_vega_and_asinh_roundtrip(mag):
    assert np.allclose(ph.vega_from_ab(ph.ab_from_vega(mag, "wise_w1"), "wise_w1"), mag)
    flux = ph.flux_from_mag(np.clip(mag, 5, 23))
    assert np.allclose(ph.flux_from_asinh(ph.asinh_from_flux(flux, "sdss_r"), "sdss_r"), flux)
    assert np.allclose(ph.mag_from_flux(ph.flux_from_mag(mag)), mag)


def test_asinh_and_ordinary_magnitudes_agree_where_bright():
    flux = ph.flux_from_mag(np.array([15.0, 18.0]))
    assert np.allclose(ph.asinh_from_flux(flux, "sdss_g"), [15.0, 18.0], atol=1e-3)
    assert np.isfinite(ph.asinh_from_flux(-5.0, "sdss_g"))


def test_asinh_needs_an_sdss_band():
    with pytest.raises(ValueError, match="not for 'ps1_g'"):
        ph.flux_from_asinh(20.0, "ps1_g")
    with pytest.raises(ValueError, match="no Vega zero point"):
        ph.ab_from_vega(20.0, "ps1_g")


@given(arrays(float, (4, 5), elements=st.floats(0.01, 1.0)))
def test_color_covariance_is_that_of_the_differences(err):
    to_colors = np.eye(4, 5) - np.eye(4, 5, 1)
    for one, cov in zip(err, ph.color_covariance(err), strict=True):
        assert np.allclose(cov, to_colors @ np.diag(one**2) @ to_colors.T)


def test_deredden_uses_the_factor_once_and_never_twice():
    frame = pd.DataFrame({"ebv": [0.1], "mag_sdss_g": [20.0], "mag_sdss_r": [19.0]})
    new, old = ph.deredden(frame), ph.deredden(frame, convention="sfd98")
    ratio = (20.0 - new["mag_sdss_g"]) / (20.0 - old["mag_sdss_g"])
    # The newer coefficients hold the 0.86 of Schlafly & Finkbeiner; squared it would be 0.74.
    assert float(ratio.iloc[0]) == pytest.approx(0.86, abs=0.02)
    assert frame["mag_sdss_g"].tolist() == [20.0]
    assert new.attrs["dereddened"]["coefficients"]["sdss_g"] == get_band("sdss_g").extinction
    with pytest.raises(ValueError, match="dereddened already"):
        ph.deredden(new)
    with pytest.raises(ValueError, match="needs a column ebv"):
        ph.deredden(frame.drop(columns="ebv"))
    with pytest.raises(ValueError, match="Unknown convention"):
        ph.deredden(frame, convention="x")
    with pytest.raises(ValueError, match="no sfd98 coefficient"):
        ph.deredden(pd.DataFrame({"ebv": [0.1], "mag_ps1_g": [20.0]}), convention="sfd98")


def test_unknown_extinction_makes_the_magnitude_unknown():
    frame = pd.DataFrame({"ebv": [np.nan, 0.0], "mag_sdss_g": [20.0, 20.0]})
    assert np.isnan(ph.deredden(frame)["mag_sdss_g"]).tolist() == [True, False]


def test_snr_roundtrip():
    assert ph.error_from_snr(ph.snr_from_error(0.2)) == pytest.approx(0.2)
