"""Parts of the quasar and the redshift grid against direct integration."""

import numpy as np
import pytest

from qsolearn.sed import COMPONENTS, WAVELENGTH, galaxy_spectrum, quasar_components, quasar_grid
from qsolearn.sed.filters import LOG_STEP, filter_weights
from qsolearn.sed.grid import MAX_REDSHIFT, apertures
from qsolearn.sed.igm import igm_transmission

BANDS = ("sdss_u", "sdss_g", "sdss_r", "sdss_i", "wise_w1", "wise_w3")


def test_parts_are_positive_and_lines_stand_where_they_should():
    parts = quasar_components()
    assert parts.shape == (len(COMPONENTS), len(WAVELENGTH))
    assert np.all(parts >= 0)
    assert np.all(np.isfinite(parts))
    high = parts[COMPONENTS.index("high")]
    assert WAVELENGTH[np.argmax(high)] == pytest.approx(1216.0, abs=5.0)
    low = parts[COMPONENTS.index("low")]
    window = (WAVELENGTH > 2700) & (WAVELENGTH < 2900)
    assert WAVELENGTH[window][np.argmax(low[window])] == pytest.approx(2800.0, abs=5.0)
    # Equivalent width of C IV: 23.78 angstrom of the disk.
    disk, near = parts[0], (WAVELENGTH > 1480) & (WAVELENGTH < 1610)
    width = np.sum((high / disk * WAVELENGTH * LOG_STEP)[near])
    assert width == pytest.approx(23.78, rel=0.05)


@pytest.mark.parametrize("node", [0, 60, 139, 250, 330])
def test_grid_agrees_with_direct_integration(node):
    grid = quasar_grid(BANDS)
    z = np.expm1(grid.step * node)
    weights = filter_weights(BANDS)
    stars = apertures(BANDS)
    for k, part in enumerate(quasar_components()):
        # Redshift by interpolation instead of by whole pixels.
        rest = np.interp(WAVELENGTH / (1 + z), WAVELENGTH, part) / (1 + z)
        direct = (rest * igm_transmission(WAVELENGTH, z)) @ weights
        expected = direct * (stars if k >= 6 else 1.0)
        np.testing.assert_allclose(
            grid.flux[node, :, k], expected, rtol=2e-3, atol=expected.max() * 1e-9
        )


def test_grid_reaches_the_highest_redshift():
    grid = quasar_grid(BANDS)
    assert np.expm1(grid.step * (len(grid.flux) - 2)) <= MAX_REDSHIFT
    assert np.expm1(grid.step * (len(grid.flux) - 1)) >= MAX_REDSHIFT


def test_galaxies():
    old, young = galaxy_spectrum([0.0, 1.0])
    break_ = [np.interp(w, WAVELENGTH, old) for w in (3800.0, 4150.0)]
    assert break_[1] > 1.3 * break_[0]
    assert np.interp(6563.0, WAVELENGTH, young) > 1.5 * np.interp(6450.0, WAVELENGTH, young)
    with pytest.raises(ValueError, match="between 0 and 1"):
        galaxy_spectrum(1.5)
