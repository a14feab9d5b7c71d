"""Filters: agreement with the package that the curves come from, errors, one matrix product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.bands import BANDS
from qsolearn.errors import CatalogError
from qsolearn.sed import WAVELENGTH, band_fluxes, filter_weights
from qsolearn.sed.build import build_filters, load_curve
from qsolearn.sed.filters import curve_weights

AB_ZERO = 3631e-23 * 2.99792458e18 / WAVELENGTH**2  # f_lambda of AB = 0


def test_every_band_has_a_curve_and_flat_spectra_are_ab_zero():
    flux = band_fluxes(AB_ZERO, list(BANDS))
    np.testing.assert_allclose(-2.5 * np.log10(flux / 1e9), 0.0, atol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(
    slope=st.floats(-3.0, 2.0),
    line=st.floats(3800.0, 9000.0),
    width=st.floats(15.0, 80.0),
    strength=st.floats(0.0, 200.0),
)
def test_agrees_with_speclite(slope, line, width, strength):
    speclite = pytest.importorskip("speclite.filters")
    wave = np.arange(3000.0, 11_500.0, 0.5)

    def spectrum(w):
        continuum = (w / 6000.0) ** slope
        peak = strength / (width * np.sqrt(2 * np.pi))
        return 1e-17 * continuum * (1 + peak * np.exp(-0.5 * ((w - line) / width) ** 2))

    ours = ["sdss_g", "sdss_r", "sdss_i", "ps1_g", "ps1_r", "ps1_i"]
    theirs = ["sdss2010-g", "sdss2010-r", "sdss2010-i", "panstarrs-g", "panstarrs-r", "panstarrs-i"]
    made = 22.5 - 2.5 * np.log10(band_fluxes(spectrum(WAVELENGTH), ours))
    for k, name in enumerate(theirs):
        expected = speclite.load_filter(name).get_ab_magnitude(spectrum(wave) * 1.0, wave)
        assert made[k] == pytest.approx(expected, abs=0.003)


def test_infrared_agrees_with_speclite():
    speclite = pytest.importorskip("speclite.filters")
    wave = np.arange(20_000.0, 290_000.0, 10.0)
    spectrum = 1e-17 * (WAVELENGTH / 1e5) ** -2.6
    made = 22.5 - 2.5 * np.log10(band_fluxes(spectrum, [f"wise_w{k}" for k in (1, 2, 3, 4)]))
    for k in range(4):
        flux = 1e-17 * (wave / 1e5) ** -2.6
        expected = speclite.load_filter(f"wise2010-W{k + 1}").get_ab_magnitude(flux, wave)
        assert made[k] == pytest.approx(expected, abs=0.003)


def test_red_leak_of_u_is_cut():
    weights = filter_weights(["sdss_u"])[:, 0]
    assert np.all(weights[WAVELENGTH > 4200.0] == 0)


def test_shipped_file_can_be_built_again(tmp_path):
    pytest.importorskip("speclite")
    pytest.importorskip("sedpy")
    build_filters(tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz", allow_pickle=False) as again:
        assert set(again.files) == {name for b in BANDS for name in (b, f"{b}:first")}
        first, stored = int(again["vista_ks:first"]), again["vista_ks"]
        weights = filter_weights(["vista_ks"])[:, 0]
        np.testing.assert_allclose(stored, weights[first : first + len(stored)], rtol=1e-6)


def test_missing_package_is_one_sentence(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "speclite.filters", None)
    with pytest.raises(CatalogError, match="comes from speclite; install it with"):
        load_curve("sdss_g")


def test_errors():
    with pytest.raises(ValueError, match="14,309 pixels, not 3"):
        band_fluxes([1.0, 2.0, 3.0], ["sdss_g"])
    with pytest.raises(ValueError, match="Unknown band"):
        filter_weights(["sdss_q"])
    with pytest.raises(ValueError, match="zero everywhere"):
        curve_weights([1000.0, 2000.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="the spectra reach"):
        curve_weights([1e6, 2e6, 3e6], [0.0, 1.0, 0.0])


def test_band_without_curve_is_one_sentence(monkeypatch):
    from qsolearn.sed import filters

    monkeypatch.setattr(filters, "_shipped", dict)
    with pytest.raises(ValueError, match="has no filter curve here"):
        filter_weights(["sdss_g"])
