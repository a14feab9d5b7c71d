"""The selection function: its grid, its file, and how it is measured."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.census import SelectionFunction, candidates_of, measure_selection_function
from qsolearn.errors import CatalogError
from qsolearn.judge import proportion
from qsolearn.photometry import deredden
from qsolearn.selection import FrameSelector, UVExcessCut, select_frame
from qsolearn.simulate import make_sky, observe_quasars

EDGES = {
    "redshift": [0.5, 1.0, 1.5, 2.5],
    "magnitude": [17.0, 19.0, 21.0],
    "ebv": [0.0, 0.05, 0.2],
    "sightline": [0.0, 1.0, 4.0],
}


def random_function(seed, axes=tuple(EDGES)):
    rng = np.random.default_rng(seed)
    edges = {a: EDGES[a] for a in axes}
    shape = tuple(len(e) - 1 for e in edges.values())
    tried = rng.integers(1, 50, shape)
    shares = {a: [0.7, 0.3] for a in axes if a in ("ebv", "sightline")}
    meta = {"survey": "sdss", "recipe": "it's a 'test'", "seed": seed, "command": "x" * 200}
    return SelectionFunction(edges, rng.binomial(tried, rng.random(shape)), tried, shares, meta)


def interpolated(function, place):
    """Reference: multilinear between centers, by a loop over the corners."""
    value = 0.0
    corners = [[]]
    for (_, edges), x in zip(function.edges.items(), place, strict=True):
        centers = (edges[1:] + edges[:-1]) / 2
        x = np.clip(x, centers[0], centers[-1])
        k = min(np.searchsorted(centers, x, side="right") - 1, len(centers) - 2)
        t = (x - centers[k]) / (centers[k + 1] - centers[k])
        corners = [[*c, (k + j, w)] for c in corners for j, w in ((0, 1 - t), (1, t))]
    for corner in corners:
        value += np.prod([w for _, w in corner]) * function.value[tuple(k for k, _ in corner)]
    return value


@given(
    seed=st.integers(0, 1000),
    place=st.tuples(
        st.floats(0.5, 2.5), st.floats(17.0, 21.0), st.floats(0.0, 0.2), st.floats(0.0, 4.0)
    ),
)
def test_between_the_centers_it_is_linear(seed, place):
    function = random_function(seed)
    assert float(function(*place)) == pytest.approx(interpolated(function, place), abs=1e-12)


def test_an_axis_left_out_is_averaged_with_the_shares_of_the_sky():
    function = random_function(1)
    e, s = (0.025, 0.125), (0.5, 2.5)
    by_hand = sum(
        we * ws * function(1.3, 18.5, a, b)
        for a, we in zip(e, (0.7, 0.3), strict=True)
        for b, ws in zip(s, (0.7, 0.3), strict=True)
    )
    assert float(function(1.3, 18.5)) == pytest.approx(float(by_hand))
    one = 0.7 * function(1.3, 18.5, 0.025, 2.5) + 0.3 * function(1.3, 18.5, 0.125, 2.5)
    assert float(function(1.3, 18.5, sightline=2.5)) == pytest.approx(float(one))


def test_outside_the_grid_there_is_no_number():
    function = random_function(2)
    out = function([0.4, 1.0, 2.6, np.nan, 1.0], [18.0, 16.9, 18.0, 18.0, 18.0])
    assert np.isnan(out[:4]).all()
    assert np.isfinite(out[4])
    with pytest.raises(CatalogError, match=r"1 of 2 places are outside the grid \(redshift 0.5 to"):
        function([0.4, 1.0], 18.0, outside="error")
    with pytest.raises(CatalogError, match="'nan' or 'error', not 'zero'"):
        function(1.0, 18.0, outside="zero")


def test_intervals_are_those_of_a_share():
    function = random_function(3, ("redshift", "magnitude"))
    low, high = function.interval(0.9)
    for k, n, a, b in zip(*(x.ravel() for x in (function.selected, function.tried, low, high)),
                          strict=True):  # fmt: skip
        want = proportion(k, n, 0.9)
        assert (a, b) == (pytest.approx(want.low), pytest.approx(want.high))


def test_resampling_scatters_as_a_binomial():
    edges = {"redshift": [0, 1], "magnitude": [17, 18]}
    function = SelectionFunction(edges, [[30]], [[100]])
    values = [float(function.resampled(k).value[0, 0]) for k in range(400)]
    assert np.mean(values) == pytest.approx(0.3, abs=0.01)
    assert np.std(values) == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.15)


@pytest.mark.parametrize("name", ["s.fits", "s.ecsv", "s.parquet", "s.vot"])
@pytest.mark.parametrize("axes", [("redshift", "magnitude"), tuple(EDGES)])
def test_what_is_read_is_what_was_written(tmp_path, name, axes):
    function = random_function(4, axes)
    function.write(tmp_path / name)
    again = SelectionFunction.read(tmp_path / name)
    assert list(again.edges) == list(function.edges)
    for a in axes:
        np.testing.assert_array_equal(again.edges[a], function.edges[a])
    np.testing.assert_array_equal(again.selected, function.selected)
    np.testing.assert_array_equal(again.tried, function.tried)
    assert again.meta == function.meta
    assert {a: s.tolist() for a, s in again.shares.items()} == {
        a: s.tolist() for a, s in function.shares.items()
    }
    with pytest.raises(CatalogError, match="exists already"):
        function.write(tmp_path / name)
    function.write(tmp_path / name, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_others_can_read_the_file(tmp_path):
    from astropy.table import Table

    random_function(5).write(tmp_path / "s.fits")
    table = Table.read(tmp_path / "s.fits", hdu=1)
    assert str(table["magnitude_low"].unit) == "mag"
    assert {"completeness", "completeness_low", "tried"} <= set(table.colnames)


def test_a_damaged_file_is_told(tmp_path):
    function = random_function(6, ("redshift", "magnitude"))
    function.write(tmp_path / "s.parquet")
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "s.parquet")
    pq.write_table(table.slice(1), tmp_path / "short.parquet")
    with pytest.raises(CatalogError, match="is damaged"):
        SelectionFunction.read(tmp_path / "short.parquet")
    swapped = table.take([1, 0, *range(2, len(table))])
    pq.write_table(swapped, tmp_path / "swapped.parquet")
    with pytest.raises(CatalogError, match="is damaged"):
        SelectionFunction.read(tmp_path / "swapped.parquet")
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(CatalogError, match="holds no selection function"):
        SelectionFunction.read(tmp_path / "other.parquet")
    with pytest.raises(CatalogError, match="CSV cannot hold"):
        function.write(tmp_path / "s.csv")
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edges": {"magnitude": [1, 2], "redshift": [1, 2]}}, "in this order"),
        ({"edges": {"redshift": [1, 1], "magnitude": [1, 2]}}, "edges of redshift must"),
        ({"selected": [[1, 2]]}, "1 x 1 cells"),
        ({"selected": [[3]]}, "between 0 and all"),
        ({"tried": [[0]], "selected": [[0]]}, "at least one tried"),
        ({"shares": {"ebv": [1.0]}}, "no such axis"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    given = {"edges": {"redshift": [1, 2], "magnitude": [1, 2]}, "selected": [[1]], "tried": [[2]]}
    with pytest.raises(CatalogError, match=words):
        SelectionFunction(**(given | change))


def test_shares_add_up_and_an_axis_must_be_there():
    edges = {"redshift": [1, 2], "magnitude": [1, 2], "ebv": [0, 0.1, 0.2]}
    with pytest.raises(CatalogError, match="2 numbers of at least 0 that add up to 1"):
        SelectionFunction(edges, [[[1, 1]]], [[[2, 2]]], {"ebv": [0.5, 0.6]})
    function = SelectionFunction(edges, [[[1, 2]]], [[[2, 2]]])
    assert float(function(1.5, 1.5)) == 0.75
    with pytest.raises(CatalogError, match="no axis sightline"):
        function(1.5, 1.5, sightline=1.0)


def faint_cut(frame):
    return (deredden(frame)["mag_sdss_i"] < 19.0).to_numpy()


def test_a_cut_in_magnitude_is_measured_where_it_is():
    function = measure_selection_function(
        faint_cut, "sdss", [1.0, 1.2], [18.0, 18.5, 19.0, 19.5, 20.0], n=2000, seed=3
    )
    assert function.value[0, [0, 3]].tolist() == [1.0, 0.0]
    # Variability and noise move few across the limit, as many in as out.
    assert function.value[0, 1] + function.value[0, 2] == pytest.approx(1.0, abs=0.02)
    same = measure_selection_function(
        faint_cut, "sdss", [1.0, 1.2], [18.0, 18.5, 19.0, 19.5, 20.0], n=2000, seed=3
    )
    np.testing.assert_array_equal(function.selected, same.selected)


def test_dust_that_is_not_removed_dims():
    def undereddened(frame):
        return (frame["mag_sdss_i"] < 19.0).to_numpy()

    ebv = [0.01, 0.03, 0.3, 0.32]
    function = measure_selection_function(
        undereddened, "sdss", [1.0, 1.2], [18.8, 18.85], ebv=ebv, n=500
    )
    # A_i = 1.698 x 0.3 = 0.5 mag.
    assert function.value[0, 0, 0] > 0.95
    assert function.value[0, 0, 2] < 0.02
    assert function.shares["ebv"].sum() == pytest.approx(1.0)
    assert 0 < function.meta["sky_within_ebv"] < 1
    assert function.meta["sky"].startswith("qsolearn ")


def test_the_sightline_reddens_u_beyond_redshift_three():
    def no_u(frame):
        return (frame["mag_sdss_u"] - frame["mag_sdss_g"] > 2.0).to_numpy()

    function = measure_selection_function(
        no_u, "sdss", [3.2, 3.4], [18.0, 18.2], sightline=[0.0, 0.2, 2.0, 4.0], n=500, seed=1
    )
    thin, _, thick = function.value[0, 0]
    assert thick > thin + 0.1


def test_the_axes_together_agree_with_the_sky_as_it_is():
    def cut(frame):
        return (frame["mag_sdss_u"] - frame["mag_sdss_g"] > 0.9).to_numpy()

    grid = {"redshift": [2.6, 3.0], "magnitude": [18.5, 19.5]}
    whole = measure_selection_function(cut, "sdss", **grid, n=6000, seed=1)
    fine = measure_selection_function(
        cut, "sdss", **grid, ebv=[0, 0.02, 0.04, 0.08, 1.0], sightline=[0, 0.5, 1, 2, 4], n=600,
        seed=2,
    )  # fmt: skip
    # Five standard deviations of the two together.
    assert float(fine(2.8, 19.0)) == pytest.approx(float(whole(2.8, 19.0)), abs=0.04)


def test_parts_add_up_to_the_whole():
    def part(frame):
        g_r = (frame["mag_sdss_g"] - frame["mag_sdss_r"]).to_numpy()
        return np.digitize(g_r, [0.0, 0.2, 0.4]) - 1

    settings = {"n": 300, "seed": 5}
    grid = ("sdss", [1.0, 2.0, 3.0], [18.0, 19.0, 20.0])
    three = measure_selection_function(part, *grid, parts=3, **settings)
    whole = measure_selection_function(lambda f: part(f) >= 0, *grid, **settings)
    np.testing.assert_array_equal(sum(t.selected for t in three), whole.selected)


def test_a_fitted_selector_is_given_frames_as_it_was_trained():
    sky = deredden(make_sky("sdss", n_sources=3000, seed=2))
    label = np.where(sky["true_class"].str.startswith("QSO"), "QSO", "Star")
    selector = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"]).fit(sky, label)
    raw = observe_quasars("sdss", np.full(200, 1.5), np.full(200, 19.0), ebv=0.3, seed=1)
    want = select_frame(selector, deredden(raw))["is_candidate"].to_numpy()
    np.testing.assert_array_equal(candidates_of(selector, raw), want)
    with pytest.raises(CatalogError, match="one boolean"):
        candidates_of(lambda frame: [True], raw)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": 0}, "at least one quasar, not 0"),
        ({"sightline": [0, 5]}, "Sightlines lie between 0 and 4"),
        ({"ebv": [5.0, 6.0]}, "No place of the footprint"),
        ({"redshift": [2, 1]}, "edges of redshift"),
        ({"survey": "elsewhere"}, "Unknown survey"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, words):
    given = {"selector": faint_cut, "survey": "sdss", "redshift": [1, 2], "magnitude": [18, 19]}
    with pytest.raises(CatalogError, match=words):
        measure_selection_function(**({"n": 5} | given | change))


def test_quasars_of_wanted_properties():
    z, mag = np.array([0.5, 3.0]), np.array([18.0, 19.0])
    frame = observe_quasars("ks4", z, mag, ebv=[0.0, 0.1], seed=4)
    assert frame["true_ebv"].tolist() == [0.0, 0.1]
    assert {"ndith_kmt_b", "mag_kmt_b", "limit_wise_w4"} <= set(frame)
    pd.testing.assert_frame_equal(frame, observe_quasars("ks4", z, mag, ebv=[0.0, 0.1], seed=4))
    with pytest.raises(CatalogError, match="at least 0"):
        observe_quasars("sdss", z, mag, ebv=-0.1)
    with pytest.raises(ValueError, match="between 0 and 4"):
        observe_quasars("sdss", z, mag, sightline=7.0)
