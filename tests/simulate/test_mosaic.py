import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.simulate.mosaic import KS4_MOSAIC, Mosaic

SIMPLE = Mosaic(dec=(-1.0, 1.0), side=2.0, gaps=(184.0, 373.0), offsets=(4.0, 7.0))


def seen_plainly(x, y, mosaic):
    """Exposures of one place [deg from the tile's center], one exposure after another."""
    number = 0
    for ox in (-0.5, 0.5):
        for oy in (-0.5, 0.5):
            dx = abs(x - ox * mosaic.offsets[0] / 60)
            dy = abs(y - oy * mosaic.offsets[1] / 60)
            on_chip = dx > mosaic.gaps[0] / 7200 and dy > mosaic.gaps[1] / 7200
            number += dx <= mosaic.side / 2 and dy <= mosaic.side / 2 and on_chip
    return number


@given(st.floats(-1, 1), st.floats(-0.999, 0.999))
def test_exposures_agree_with_one_after_another(x, y):
    ra = 1.0 + x / np.cos(np.radians(y))
    at = SIMPLE.place(ra, y)
    assert SIMPLE.exposures(ra, y) == seen_plainly(float(at[0]), float(at[1]), SIMPLE)


def test_the_cross_of_gaps_is_where_it_should_be():
    assert SIMPLE.exposures([1.5], [0.5]).tolist() == [4]
    assert SIMPLE.exposures([1.0 + 2 / 60], [0.5]).tolist() == [2]  # in the gap of one step in RA
    assert SIMPLE.exposures([1.5], [3.5 / 60]).tolist() == [2]
    assert SIMPLE.exposures([1.0 + 2 / 60], [3.5 / 60]).tolist() == [1]


@pytest.mark.parametrize("dec", [(-85.0, -83.0), (-61.0, -59.0), (-31.0, -29.0)])
def test_the_exact_area_agrees_with_random_points(dec):
    rng = np.random.default_rng(8)
    low, high = np.sin(np.radians(dec))
    n = 400_000
    points = np.degrees(np.arcsin(low + (high - low) * rng.random(n)))
    full = KS4_MOSAIC.exposures(360 * rng.random(n), points) == 4
    whole = 2 * np.pi * np.degrees(1.0) ** 2 * (high - low)
    exact = KS4_MOSAIC.exact_area(dec) / whole
    assert full.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / n))
    assert 0.6 < exact < 0.85


def test_other_gaps_and_offsets_give_other_areas():
    # Offsets smaller than the gaps: the two blind strips overlap.
    wide = Mosaic(dec=(-1.0, 1.0), side=2.0, gaps=(600.0, 373.0), offsets=(4.0, 7.0))
    rng = np.random.default_rng(9)
    full = wide.exposures(360 * rng.random(200_000), rng.uniform(-1, 1, 200_000)) == 4
    whole = 720.0  # at the equator, to 1e-4
    assert full.mean() == pytest.approx(wide.exact_area((-1.0, 1.0)) / whole, abs=0.005)
    assert wide.exact_area((-1.0, 1.0)) < SIMPLE.exact_area((-1.0, 1.0))
