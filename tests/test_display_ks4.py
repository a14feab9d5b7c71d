import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from qsolearn import display
from qsolearn.selection import KIM2024_WEDGE, MATEOS2012_AB, MATEOS2012_VEGA
from qsolearn.sky import effective_area


@pytest.fixture(autouse=True)
def close():
    display.use_style()
    yield
    plt.close("all")


def cloud(n, seed=0):
    rng = np.random.default_rng(seed)
    w3 = np.full(n, 16.0)
    w2 = w3 + 1.0 + 0.3 * rng.standard_normal(n)
    return pd.DataFrame(
        {
            "mag_kmt_b": w3 + 3.0 + 0.5 * rng.standard_normal(n),
            "mag_wise_w1": w2 + 0.3 + 0.2 * rng.standard_normal(n),
            "mag_wise_w2": w2,
            "mag_wise_w3": w3,
        }
    )


def test_the_edges_end_where_they_meet():
    lines = display.WedgeDisplay.from_wedge(MATEOS2012_AB).edge_lines((-0.5, 3.0), (-1.0, 2.0))
    assert list(lines) == ["upper edge", "lower edge", "left edge"]
    # Corners: 0.315 x + 0.734 = -3.172 x + 1.163 and the same with -0.284.
    assert np.nanmin(lines["upper edge"][0]) == pytest.approx(0.429 / 3.487, abs=2e-3)
    assert np.nanmin(lines["lower edge"][0]) == pytest.approx(1.447 / 3.487, abs=2e-3)
    x, y = lines["left edge"]
    kept = np.isfinite(x)
    np.testing.assert_allclose(y[kept], -3.172 * x[kept] + 1.163)
    assert np.nanmax(x) == pytest.approx(1.447 / 3.487, abs=3e-3)


def test_the_other_plane_has_the_vertical_edges():
    shown = display.WedgeDisplay.from_wedge(KIM2024_WEDGE, x=("kmt_b", "wise_w3"))
    lines = shown.edge_lines((-1.0, 6.0), (-0.5, 1.5))
    assert list(lines) == ["blue limit", "red limit"]
    assert set(lines["red limit"][0]) == {4.755}
    shown.add_points(cloud(20), "some").plot()
    assert shown.ax_.get_xlabel() == "B-W3 [AB mag]"


def test_contours_and_points_are_drawn():
    frame = cloud(3000)
    frame.loc[:9, "mag_wise_w1"] = np.nan
    shown = display.WedgeDisplay.from_wedge(MATEOS2012_AB)
    shown.add_contours(frame, "quasars", sigmas=(1.0, 2.0)).add_points(frame[:50], "few").plot()
    assert len(shown.contours["quasars"][0]) == 2990
    assert len(shown.points["few"][0]) == 40
    assert [t.get_text() for t in shown.ax_.get_legend().texts] == ["quasars", "few", "edges"]
    paths = shown.ax_.collections[0].get_paths()
    x, y, _ = shown.contours["quasars"]
    inside = [p.contains_points(np.column_stack([x, y])).mean() for p in paths]
    # The lower density, at two sigma, comes first.
    np.testing.assert_allclose(inside, [1 - np.exp(-2.0), 1 - np.exp(-0.5)], atol=0.05)


def test_vega_wedges_are_drawn_in_vega():
    frame = cloud(100)
    ab = display.WedgeDisplay.from_wedge(MATEOS2012_AB).add_points(frame, "a").points["a"]
    shown = display.WedgeDisplay.from_wedge(MATEOS2012_VEGA).add_points(frame, "a").plot()
    np.testing.assert_allclose(shown.points["a"][1] - ab[1], 3.339 - 2.699)
    assert "Vega" in shown.ax_.get_ylabel()
    display.WedgeDisplay.from_wedge(MATEOS2012_AB).plot()


def test_the_map_keeps_areas_and_north():
    shown = display.SkyMapDisplay(center=(90.0, -66.56))
    np.testing.assert_allclose(shown.project([90.0], [-66.56]), 0, atol=1e-9)
    assert shown.project([90.0], [-60.0])[1] > 0
    assert shown.project([95.0], [-66.56])[0] > 0
    # A circle of 40 degrees around the middle has the area of the cap that it bounds.
    r = float(shown.project([90.0], [-26.56])[1][0])
    cap = 2 * np.pi * np.degrees(1) ** 2 * (1 - np.cos(np.radians(40.0)))
    assert np.pi * r**2 == pytest.approx(cap)


def test_a_coverage_is_drawn_pixel_by_pixel():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"ra": 360 * rng.random(500), "dec": rng.uniform(-85, -40, 500)})
    coverage = effective_area(table, level=5)
    shown = display.SkyMapDisplay.from_coverage(coverage).plot()
    assert len(shown.ax_.collections[0].get_offsets()) == len(coverage.pixels)
    assert shown.ax_.get_xlim()[0] > shown.ax_.get_xlim()[1]
