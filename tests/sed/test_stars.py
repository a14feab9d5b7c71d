"""Star templates: the published colors come back, and KMTNet's bands by published steps."""

import numpy as np
import pytest

from qsolearn.bands import get_band
from qsolearn.sed.stars import ALL_BANDS, star_templates, white_dwarf_absolute_g
from qsolearn.simulate import make_sky
from qsolearn.simulate.stars import POPULATIONS, _absolute_r, draw_stars

UGRIZ = [f"sdss_{f}" for f in "ugriz"]


def column(family, *bands):
    return star_templates()[family].magnitudes[:, [ALL_BANDS.index(b) for b in bands]]


@pytest.mark.parametrize("family", ["disk", "halo", "da", "db"])
def test_kmtnet_follows_the_published_transformations(family):
    g, r, i, z = column(family, *UGRIZ[1:]).T
    b, v = g + 0.39 * (g - r) + 0.21, g - 0.59 * (g - r) - 0.01  # Jester et al. 2005
    expected = np.column_stack([
        b - 0.06 - 0.27 * (b - v), v + 0.02,
        r + 0.0383 - 0.3718 * (r - i), i + 0.011 - 0.243 * (i - z),  # Kim et al. 2024
    ])  # fmt: skip
    np.testing.assert_allclose(column(family, *(f"kmt_{f}" for f in "bvri")), expected, atol=1e-9)


def test_a_simulated_sky_has_these_kmtnet_magnitudes():
    rng = np.random.default_rng(0)
    bands = ("kmt_b", "sdss_g", "sdss_r")
    made = draw_stars(np.full(4000, 45.0), 15.0, 20.0, bands, rng)["magnitudes"]
    step = made[:, 0] - made[:, 1]
    # B - V = 0.22 + 0.98 (g - r), so that B_KMT - g is linear in g - r too.
    expected = 0.15 - 0.27 * 0.22 + (0.39 - 0.27 * 0.98) * (made[:, 1] - made[:, 2])
    assert np.median(np.abs(step - expected)) < 0.03
    frame = make_sky("ks4", n_sources=500, seed=1)
    assert np.isfinite(frame["mag_kmt_i"]).mean() > 0.9


def test_white_dwarfs_are_in_ab():
    """The models' u-g and i-z are AB already: no step between SDSS zero points is added."""
    made = star_templates()["da"]
    k = made.nearest(10_000.0)
    u, g, _, i, z = column("da", *UGRIZ)[k]
    assert u - g == pytest.approx(0.372, abs=0.01)
    assert i - z == pytest.approx(-0.196, abs=0.01)
    dwarf = star_templates()["disk"]
    k = dwarf.nearest(1.0)
    u, g = column("disk", "sdss_u", "sdss_g")[k]
    # The locus is as SDSS prints it.
    assert u - g == pytest.approx(1.972 + get_band("sdss_u").survey_to_ab, abs=0.01)


def test_helium_lacks_the_balmer_jump():
    ug = {f: np.interp(11_000.0, star_templates()[f].parameter, np.subtract(
        *column(f, "sdss_u", "sdss_g").T)) for f in ("da", "db")}  # fmt: skip
    assert ug["da"] - ug["db"] > 0.25
    assert white_dwarf_absolute_g(20_000.0, helium=True) == pytest.approx(10.48)
    assert white_dwarf_absolute_g(20_000.0) == pytest.approx(10.61)


def test_the_latest_dwarfs_are_fainter_still():
    assert _absolute_r(1.8) == pytest.approx(14.02, abs=0.01)
    assert _absolute_r(2.3) > 17.0
    steps = np.diff(_absolute_r(np.linspace(0.0, 2.4, 100)))
    assert (steps > 0).all()


def test_one_population_can_be_drawn_alone():
    rng = np.random.default_rng(1)
    made = draw_stars(np.full(300, 50.0), 16.0, 21.0, tuple(UGRIZ), rng, "pair")
    assert (made["population"] == POPULATIONS.index("pair")).all()
    # A white dwarf and a dwarf: blue in u-g, red in i-z.
    colors = -np.diff(made["magnitudes"], axis=1)
    assert np.median(colors[:, 3]) > 0.2
