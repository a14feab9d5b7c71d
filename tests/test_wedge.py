import contextlib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.bands import get_band
from qsolearn.cli import main
from qsolearn.datasets import load_ks4_milliquas_points
from qsolearn.errors import CatalogError
from qsolearn.frame import read_table, write_frame
from qsolearn.selection import (
    KIM2024_WEDGE,
    MATEOS2012_AB,
    MATEOS2012_VEGA,
    ColorEdge,
    ColorWedge,
    FrameSelector,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.simulate import make_sky

W1, W2, W3, B = "wise_w1", "wise_w2", "wise_w3", "kmt_b"


def frame_of(w12, w23, b_w3):
    """A frame with given AB colors; the brightness does not matter."""
    w12, w23, b_w3 = (np.atleast_1d(np.asarray(c, dtype=float)) for c in (w12, w23, b_w3))
    w3 = np.full(w12.shape, 15.0)
    mags = {B: w3 + b_w3, W1: w3 + w23 + w12, W2: w3 + w23, W3: w3}
    return pd.DataFrame({"id": np.arange(len(w3)), **{f"mag_{k}": v for k, v in mags.items()}})


def kim_plainly(w12, w23, b_w3):
    """Equations 1 to 4 of the paper, one source at a time."""
    return [
        bool(
            y < 0.315 * x + 0.734
            and y > 0.315 * x - 0.284
            and y > -3.172 * x + 1.163
            and 0.755 < c <= 4.755
        )
        for y, x, c in zip(w12, w23, b_w3, strict=True)
    ]


@given(st.integers(0, 10_000))
def test_the_wedge_agrees_with_the_equations(seed):
    rng = np.random.default_rng(seed)
    colors = rng.uniform([-0.6, -0.5, -0.5], [1.6, 3.0, 6.0], (300, 3)).T
    # Not closer to an edge than rounding can tell.
    frame = frame_of(*colors)
    margin = KIM2024_WEDGE.margins(frame).abs().min(axis=1) > 1e-9
    plain = np.array(kim_plainly(*colors))
    np.testing.assert_array_equal(KIM2024_WEDGE.contains(frame)[margin], plain[margin])
    assert 0 < plain.sum() < 300


@given(st.integers(0, 1000))
def test_vega_and_ab_differ_by_rounding_alone(seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(rng.uniform(-0.6, 1.6, 500), rng.uniform(-0.5, 3.0, 500), np.full(500, 2.0))
    vega, ab = MATEOS2012_VEGA.margins(frame), MATEOS2012_AB.margins(frame)
    # 0.734025, -0.283975 and 1.16338 were printed with three digits.
    np.testing.assert_allclose(vega, ab, atol=4e-4)
    clear = (ab.abs() > 4e-4).all(axis=1)
    agree = MATEOS2012_VEGA.contains(frame) == MATEOS2012_AB.contains(frame)
    assert agree[clear].all()


def test_the_ab_numbers_follow_from_the_vega_numbers():
    w1, w2, w3 = (get_band(b).vega_to_ab for b in (W1, W2, W3))
    for vega, ab in zip(MATEOS2012_VEGA.edges, MATEOS2012_AB.edges, strict=True):
        moved = vega.intercept + (w1 - w2) - vega.slope * (w2 - w3)
        assert moved == pytest.approx(ab.intercept, abs=5e-4)


def test_the_upper_limit_of_b_w3_is_inside_and_the_lower_is_not():
    frame = pd.DataFrame({"mag_kmt_b": [4.755, 0.755, 0.756], "mag_wise_w3": [0.0, 0.0, 0.0]})
    cut = ColorWedge(KIM2024_WEDGE.edges[3:])
    assert cut.contains(frame).tolist() == [True, False, True]


def test_every_rejecting_edge_is_named():
    frame = frame_of([0.3, 1.4, -0.5, 0.3], [1.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, 7.0])
    assert KIM2024_WEDGE.explain(frame).tolist() == [
        "inside",
        "outside: upper edge (W1-W2 < 0.315 (W2-W3) + 0.734)",
        "outside: lower edge (W1-W2 > 0.315 (W2-W3) - 0.284)",
        "outside: red limit (B-W3 <= 4.755)",
    ]
    both = KIM2024_WEDGE.explain(frame_of([1.4], [1.0], [7.0]))[0]
    assert "upper edge" in both
    assert "red limit" in both


def test_missing_and_limits_are_not_inside_and_told():
    frame = frame_of([0.3, 0.3, 0.3, 1.4], [1.0] * 4, [3.0] * 4)
    frame.loc[1, "mag_kmt_b"] = np.nan
    frame["limit_wise_w3"] = [False, False, True, False]
    frame.loc[3, "mag_kmt_b"] = np.nan
    assert KIM2024_WEDGE.contains(frame).tolist() == [True, False, False, False]
    reasons = KIM2024_WEDGE.explain(frame)
    assert reasons[1] == "not measured: kmt_b"
    assert reasons[2] == "not measured: wise_w3"
    assert reasons[3].startswith("outside: upper edge")
    assert reasons[3].endswith("; not measured: kmt_b")
    probability = KIM2024_WEDGE.predict_proba(frame)
    np.testing.assert_array_equal(probability[:, 0], [1, np.nan, np.nan, 0])
    np.testing.assert_array_equal(probability.sum(axis=1), [1, np.nan, np.nan, 1])


def test_a_wedge_is_a_selector():
    frame = frame_of([0.3, 1.4], [1.0, 1.0], [3.0, 3.0])
    result = select_frame(KIM2024_WEDGE, frame)
    assert result["is_candidate"].tolist() == [True, False]
    assert result["selected_class"].tolist() == ["QSO", "other"]
    assert result["P_QSO"].tolist() == [1.0, 0.0]
    assert result["reason"].str.startswith("outside").tolist() == [False, True]
    assert result["z_phot"].isna().all()


def test_a_wedge_needs_no_frame_selector():
    frame = frame_of([0.3, 1.4], [1.0, 1.0], [3.0, 3.0])
    with pytest.raises(CatalogError, match="ColorWedge reads frames itself; give it to"):
        FrameSelector(KIM2024_WEDGE, [W1, W2]).fit(frame, ["QSO", "Star"])


def test_a_saved_wedge_selects_on_the_command_line(tmp_path):
    sky = make_sky("ks4", n_sources=3000, seed=5)
    write_frame(sky, tmp_path / "sky.parquet")
    save_selector(KIM2024_WEDGE, tmp_path / "wedge")
    command = ["select", str(tmp_path / "sky.parquet"), "--model", str(tmp_path / "wedge")]
    with contextlib.suppress(SystemExit):
        main([*command, "-o", str(tmp_path / "out.parquet")])
    out = read_table(tmp_path / "out.parquet")
    np.testing.assert_array_equal(out["is_candidate"], KIM2024_WEDGE.contains(sky))
    assert out["reason"].str.contains("lower edge").any()


@given(st.integers(0, 1000))
def test_wedges_compose(seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(*rng.uniform([-0.6, -0.5, -0.5], [1.6, 3.0, 6.0], (200, 3)).T)
    first, second = ColorWedge(KIM2024_WEDGE.edges[:2]), ColorWedge(KIM2024_WEDGE.edges[1:])
    both = first & second
    assert both == KIM2024_WEDGE
    np.testing.assert_array_equal(
        both.contains(frame), first.contains(frame) & second.contains(frame)
    )


def test_a_wedge_comes_back_from_json_and_from_a_folder(tmp_path):
    state = json.loads(json.dumps(KIM2024_WEDGE.to_state()[0]))
    assert ColorWedge.from_state(state) == KIM2024_WEDGE
    save_selector(MATEOS2012_VEGA, tmp_path / "wedge", provenance={"why": "a test"})
    back = load_selector(tmp_path / "wedge")
    assert back == MATEOS2012_VEGA
    assert hash(back) == hash(MATEOS2012_VEGA)
    assert back.name == MATEOS2012_VEGA.name
    assert back.provenance_ == {"why": "a test"}
    assert back != MATEOS2012_AB
    text = (tmp_path / "wedge" / "model.json").read_text()
    assert json.loads(text)["selector"] == "ColorWedge"


def test_a_damaged_wedge_is_told(tmp_path):
    save_selector(MATEOS2012_AB, tmp_path / "wedge")
    path = tmp_path / "wedge" / "model.json"
    path.write_text(path.read_text().replace('"slope"', '"slop"'))
    with pytest.raises(CatalogError, match="is damaged"):
        load_selector(tmp_path / "wedge")


@pytest.mark.parametrize(
    ("kw", "message"),
    [
        ({"side": "=="}, "A side is one of <, <=, >, >=, not '=='"),
        ({"system": "st"}, "'ab' or 'vega', not 'st'"),
        ({"intercept": np.nan}, "not finite"),
        ({"slope": 1.0}, "no color to multiply it with"),
        ({"color": ("wise_w1",)}, "A color has two bands; edge 'e' names 1"),
        ({"color": ("wise_w1", "wise_x2")}, "Unknown band 'wise_x2'"),
        ({"color": ("ps1_g", W1), "system": "vega"}, "Band ps1_g has no Vega zero point here"),
    ],
)
def test_bad_edges(kw, message):
    good = {"name": "e", "color": (W1, W2), "side": "<", "intercept": 1.0}
    assert str(ColorEdge(**good)) == "W1-W2 < 1"
    with pytest.raises(CatalogError, match=message):
        ColorEdge(**{**good, **kw})


def test_bad_wedges():
    edge = ColorEdge("e", (W1, W2), "<", 1.0)
    with pytest.raises(CatalogError, match="at least one edge"):
        ColorWedge([])
    with pytest.raises(CatalogError, match="Two edges are called 'e'"):
        ColorWedge([edge, ColorEdge("e", (W1, W2), ">", 0.0)])
    with pytest.raises(CatalogError, match="no band wise_w3"):
        MATEOS2012_AB.contains(frame_of([0.3], [1.0], [3.0]).drop(columns="mag_wise_w3"))
    with pytest.raises(TypeError):
        MATEOS2012_AB & 3


def test_a_vega_edge_says_so():
    assert str(MATEOS2012_VEGA.edges[1]) == "W1-W2 > 0.315 (W2-W3) - 0.222 (Vega)"
    assert "Mateos et al. 2012 (Vega)" in repr(MATEOS2012_VEGA)


@pytest.mark.real
def test_the_published_points_lie_where_the_paper_says(real_data):
    points = load_ks4_milliquas_points(real_data)
    frame = frame_of(points["W1-W2"], points["W2-W3"], points["B-W3"])
    inside = KIM2024_WEDGE.contains(frame)
    complete = points[["W1-W2", "W2-W3", "B-W3"]].notna().all(axis=1)
    rejected = points["verdict"] == "colorSNR_rej"
    assert len(points) == 472
    assert (~rejected & complete).sum() == 355
    assert inside[~rejected & complete].all()
    assert rejected.sum() == 116
    assert (rejected & ~complete).sum() == 9
    assert (rejected & complete & ~inside).sum() == 86
    assert (rejected & complete & inside).sum() == 21
