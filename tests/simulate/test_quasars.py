"""Random quasars: the compiled sum against a plain one, seeds, physics, errors."""

import numpy as np
import pytest

from qsolearn.sed.grid import LYC_FACTORS, quasar_grid
from qsolearn.simulate import quasar_colors, quasar_magnitudes
from qsolearn.simulate.quasars import absolute_magnitude, combine_quasars, draw_quasars

UGRIZ = [f"sdss_{f}" for f in "ugriz"]


def plain_combine(z, bands, drawn):
    """The sum of the module's docstring, one quasar and band at a time."""
    grid = quasar_grid(tuple(bands))
    nodes = grid.step * np.arange(len(grid.flux))
    out = np.empty((len(z), len(bands)))
    for i, one in enumerate(np.log1p(z)):
        at = lambda table: np.array([np.interp(one, nodes, column) for column in table.T])  # noqa: E731, B023
        for j in range(len(bands)):
            parts = drawn["amount"][i] * at(grid.flux[:, j])
            tilt = drawn["slope"][i] * at(grid.log_wave)[j]
            red = 10 ** (-0.4 * drawn["dust"][i] * at(grid.smc)[j])
            flux = parts[:4].sum() * np.exp(tilt) * red + parts[4:].sum()
            gas = drawn["sight"][i] * at(grid.forest)[j]
            gas += np.interp(drawn["cloud"][i], LYC_FACTORS, at(grid.limit[:, j]))
            out[i, j] = gas - 2.5 * np.log10(flux)
    return out


def test_compiled_sum_agrees_with_plain_sum():
    rng = np.random.default_rng(4)
    z = rng.uniform(0.05, 5.5, 60)
    bands = [*UGRIZ, "wise_w1", "wise_w4"]
    drawn = draw_quasars(z, np.full(60, 19.0), rng)
    np.testing.assert_allclose(
        combine_quasars(z, bands, drawn), plain_combine(z, bands, drawn), atol=1e-10
    )


def test_same_seed_same_colors_and_the_magnitude_is_kept():
    z = np.linspace(0.2, 4.0, 50)
    one, two, three = (quasar_colors(z, UGRIZ, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)
    assert one.shape == (50, 4)
    mags = quasar_magnitudes(np.full(4000, 1.5), UGRIZ, np.full(4000, 18.5), seed=0)
    assert np.median(mags[:, 3]) == pytest.approx(18.5, abs=0.01)


def test_order_of_bands_is_the_order_of_differences():
    z, i = np.full(2000, 1.2), np.full(2000, 18.0)
    forward = np.median(quasar_colors(z, ["sdss_g", "sdss_r"], magnitude=i, seed=5))
    back = np.median(quasar_colors(z, ["sdss_r", "sdss_g"], magnitude=i, seed=6))
    assert forward == pytest.approx(-back, abs=0.02)


def test_galactic_dust_reddens_by_the_coefficients():
    z, i = np.full(50, 1.0), np.full(50, 18.0)
    clean = quasar_colors(z, ["sdss_u", "sdss_z"], magnitude=i, seed=3)
    dusty = quasar_colors(z, ["sdss_u", "sdss_z"], magnitude=i, ebv=0.1, seed=3)
    np.testing.assert_allclose(dusty - clean, 0.1 * (4.239 - 1.263), atol=1e-9)


def test_forest_reddens_and_bright_quasars_have_weaker_lines_and_hosts():
    n = 1500

    def median(z, color, mag):
        c = quasar_colors(np.full(n, z), list(color), magnitude=np.full(n, mag), seed=7)
        return np.median(c)

    assert median(3.6, ("sdss_g", "sdss_r"), 19.0) > median(2.2, ("sdss_g", "sdss_r"), 19.0) + 0.4
    assert median(0.4, ("sdss_g", "sdss_i"), 20.0) > median(0.4, ("sdss_g", "sdss_i"), 16.0)


def test_default_sample_is_limited():
    from qsolearn.simulate.luminosity import draw_magnitudes

    rng = np.random.default_rng(0)
    z = rng.uniform(0.3, 4.5, 3000)
    faint = np.where(z > 3.0, 20.2, 19.1)
    mags = draw_magnitudes(z, faint, rng)
    assert np.all(mags <= faint + 1e-9)
    assert np.median(faint - mags) < 1.0


def test_absolute_magnitudes_are_sensible():
    # i = 19 at z = 2 is about M_1450 = -25.4 (Richards et al. 2006); 3000 angstrom is near it.
    assert absolute_magnitude(np.array([2.0]), 19.0)[0] == pytest.approx(-25.6, abs=0.5)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"z": [7.5]}, "Redshift 7.5 is outside the model; give redshifts from 0 to 7"),
        ({"z": [-0.1]}, "outside the model"),
        ({"z": [np.nan]}, "outside the model"),
        ({"z": [[1.0]]}, "one-dimensional"),
        ({"bands": ["sdss_g"]}, "A color needs two bands"),
        ({"bands": ["sdss_g", "nope"]}, "Unknown band 'nope'"),
        ({"magnitude": [np.nan]}, "Every magnitude must be a finite number"),
        ({"ebv": [np.inf]}, "Every ebv must be a finite number"),
    ],
)
def test_errors(kwargs, message):
    given = {"z": [1.0], "bands": ["sdss_g", "sdss_r"], "magnitude": [18.0], **kwargs}
    with pytest.raises(ValueError, match=message):
        quasar_colors(**given)
