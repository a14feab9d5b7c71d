"""Band fluxes by redshift: agreement with a spectrum that is shifted pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.sed import WAVELENGTH, band_fluxes, galaxy_spectrum, igm_transmission
from qsolearn.sed.filters import curve_weights
from qsolearn.sed.library import POLAR_DEPTHS, own_templates
from qsolearn.sed.models import SHARE_WAVELENGTH, model_grid, redshifted_fluxes

BANDS = ["kmt_b", "kmt_i", "vista_ks", "wise_w2", "wise_w4"]


@settings(derandomize=True, deadline=None, max_examples=20)
@given(z=st.floats(0.0, 6.0), slope=st.floats(-2.5, 1.0), young=st.floats(0.0, 1.0))
def test_agrees_with_a_spectrum_shifted_first(z, slope, young):
    rest = np.array([WAVELENGTH**slope, galaxy_spectrum(young)])
    made = redshifted_fluxes(rest, [z], BANDS)[0]
    seen = np.array([np.interp(WAVELENGTH / (1 + z), WAVELENGTH, s) / (1 + z) for s in rest])
    expected = band_fluxes(seen * igm_transmission(WAVELENGTH, z), BANDS)
    np.testing.assert_allclose(made, expected, rtol=2e-6)
    clear = redshifted_fluxes(rest, [z], BANDS, gas=False)[0]
    np.testing.assert_allclose(clear, band_fluxes(seen, BANDS), rtol=2e-6)


def test_takes_filters_of_ones_own():
    weights = curve_weights([4000.0, 5000.0, 6000.0], [0.0, 1.0, 0.0])[:, None]
    flux = redshifted_fluxes(WAVELENGTH[None] ** -2.0, [0.0], weights)
    assert flux.shape == (1, 1, 1)
    assert flux[0, 0, 0] == pytest.approx((WAVELENGTH**-2.0 @ weights)[0])


def test_nuclei_and_hosts_share_a_scale_at_1_6_micron():
    made = own_templates()
    at = np.searchsorted(WAVELENGTH, SHARE_WAVELENGTH)
    grid = model_grid(made, BANDS, [0.0, 0.7])
    for k, z in enumerate((0.0, 0.7)):
        pair = np.array([made.agn[3] / made.agn[3, at], made.hosts[2] / made.hosts[2, at]])
        flux = redshifted_fluxes(pair, [z], BANDS)[0]
        ratio = grid.agn[k, 3] / grid.hosts[k, 2]
        np.testing.assert_allclose(ratio, flux[0] / flux[1], rtol=1e-12)


def test_polar_dust_dims_the_blue_and_brightens_the_infrared():
    made = own_templates()
    for kind in range(3):
        rows = made.agn[6 * kind : 6 * kind + 6]
        blue, red = (rows[:, np.searchsorted(WAVELENGTH, w)] for w in (4000.0, 2.5e5))
        assert (np.diff(blue) < 0).all()
        assert (np.diff(red) > 0).all()
    assert tuple(made.agn_tau[:6]) == POLAR_DEPTHS
