"""The moving figures of the book: their tables against counting by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn import display
from qsolearn.selection import KIM2024_WEDGE, MATEOS2012_AB, ColorEdge, ColorWedge

pytest.importorskip("bokeh")
RNG = np.random.default_rng(3)


def score_by_hand(points, h):
    """Least-squares cross-validation of an Epanechnikov density, point by point."""

    def kernel(r):
        return 0.75 / h * max(0.0, 1 - (r / h) ** 2)

    n = len(points)
    left_out = [
        sum(kernel(a - b) for k, b in enumerate(points) if k != i) / (n - 1)
        for i, a in enumerate(points)
    ]
    x = np.linspace(min(points) - h, max(points) + h, 20_001)
    f = np.mean([0.75 / h * np.clip(1 - ((x - p) / h) ** 2, 0, None) for p in points], axis=0)
    return 2 * np.mean(left_out) - np.trapezoid(f**2, x)


@given(
    st.lists(st.floats(-2, 2).map(lambda x: round(x, 2)), min_size=2, max_size=12),
    st.sampled_from([0.05, 0.3, 1.0]),
)
def test_scores_of_bandwidths_agree_with_sums_by_hand(points, h):
    table = display.BandwidthDisplay.from_points(points, [h], [0.0]).table
    assert table["score"][0] == pytest.approx(score_by_hand(points, h), rel=0.02, abs=0.02 / h)
    lonely = [sum(abs(a - b) < h for b in points) == 1 for a in points]
    assert table["alone"][0] == np.mean(lonely)


def test_the_score_of_a_normal_sample_is_best_near_the_best_bandwidth():
    # For Epanechnikov and a unit normal the asymptotic optimum is 2.34 n ** -0.2.
    points, h = RNG.normal(size=1500), np.geomspace(0.02, 5, 40)
    table = display.BandwidthDisplay.from_points(points, h, np.linspace(-3, 3, 50)).table
    best = table["bandwidth"][table["score"].idxmax()]
    assert 0.5 < best / (2.34 * 1500**-0.2) < 1.7
    assert table["peaks"].iloc[0] > table["peaks"].iloc[-1] == 1


@pytest.mark.parametrize(
    ("points", "h"), [([1.0], [0.1]), ([1, 2], [0.2, 0.1]), ([1, 2], [0.0]), ([np.nan, 1], [1])]
)
def test_bandwidths_that_cannot_be_drawn_are_refused(points, h):
    with pytest.raises(ValueError, match="give two points at least and bandwidths above 0"):
        display.BandwidthDisplay.from_points(points, h, [0.0])


def test_stars_near_a_track_are_counted_in_all_colors():
    stars = pd.DataFrame(RNG.normal(0, 0.3, (400, 3)), columns=["u-g", "g-r", "r-i"])
    stars.iloc[5, 1] = np.nan
    track = pd.DataFrame(RNG.normal(0, 0.3, (6, 2)), columns=["u-g", "g-r"],
                         index=np.linspace(0.5, 3, 6))  # fmt: skip
    shown = display.RedshiftTrackDisplay.from_track(track, stars, radius=0.2)
    for near, step in zip(shown.near, track.to_numpy(), strict=True):
        close = [
            np.hypot(a - step[0], b - step[1]) < 0.2 for a, b in stars[["u-g", "g-r"]].to_numpy()
        ]
        assert near == np.mean(close)


@pytest.mark.parametrize("index", [[2.0, 1.0], [1.0, 2.0]])
def test_a_track_that_cannot_be_followed_is_refused(index):
    track = pd.DataFrame({"u-g": [0.0, 1.0]}, index=index)
    stars = pd.DataFrame({"u-g" if index[0] > index[1] else "g-r": [0.0]})
    with pytest.raises(ValueError, match="give the same colors for both, one row per redshift"):
        display.RedshiftTrackDisplay.from_track(track, stars)


def infrared(n):
    mags = 17 + RNG.normal(0, 0.7, (n, 4))
    bands = ["wise_w1", "wise_w2", "wise_w3", "kmt_b"]
    return pd.DataFrame(mags, columns=[f"mag_{b}" for b in bands])


@given(st.lists(st.sampled_from([-0.4, -0.1, 0.0, 0.25, 0.6]), min_size=3, max_size=3))
def test_moved_edges_count_as_a_wedge_with_other_intercepts_does(shifts):
    frame = infrared(300)
    frame.loc[3, "mag_wise_w1"] = np.nan
    truth = RNG.random(300) < 0.3
    shown = display.WedgeEdgesDisplay(KIM2024_WEDGE, frame, truth)
    moved = []
    for edge in KIM2024_WEDGE.edges:
        shift = dict(zip((e.name for e in shown.movable), shifts, strict=True)).get(edge.name, 0)
        up = edge.intercept + (shift if edge.side[0] == "<" else -shift)
        moved.append(ColorEdge(edge.name, edge.color, edge.side, up, edge.slope, edge.against))
    inside = ColorWedge(moved).contains(frame)
    assert shown.counts(shifts) == (inside.sum(), (inside & truth).sum())
    assert len(shown.colors) == 299


def test_a_wedge_display_refuses_what_it_cannot_move():
    frame = infrared(5)
    flat = ColorWedge([ColorEdge("flat", ("wise_w1", "wise_w2"), ">", 0.1)])
    for wedge, truth in ((flat, np.zeros(5)), (MATEOS2012_AB, np.zeros(4))):
        with pytest.raises(ValueError, match="give one truth per source and a wedge whose"):
            display.WedgeEdgesDisplay(wedge, frame, truth)
    with pytest.raises(ValueError, match="2 shifts for 3 movable edges; give one for each"):
        display.WedgeEdgesDisplay(MATEOS2012_AB, frame, np.zeros(5)).counts([0, 0])


def drawn():
    stars = pd.DataFrame(RNG.normal(0, 1, (50, 2)), columns=["u-g", "g-r"])
    track = pd.DataFrame({"u-g": [0.0, 1.0], "g-r": [0.0, 0.2]}, index=[1.0, 2.0])
    yield display.BandwidthDisplay.from_points([0, 0.1, 1], [0.1, 1], [0, 0.5, 1]).plot(0.9)
    yield display.RedshiftTrackDisplay.from_track(track, stars).plot("u-g", "g-r", 2.2)
    yield display.WedgeEdgesDisplay(KIM2024_WEDGE, infrared(40), np.arange(40) < 9).plot()


def test_the_first_sentence_is_that_of_the_first_state():
    one, two, three = (figure.to_html() for figure in drawn())
    assert "Bandwidth 1 mag: 1 peak" in one
    assert "Redshift 2.00: u-g = 1.00, g-r = 0.20" in two
    assert "quasars among 40 sources" in three
    for text in (one, two, three):
        assert text.count('"CustomJS"') >= 1
