"""HATS catalogs: written, selected from, killed and restarted, matched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings

import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.errors import CatalogError
from qsolearn.scale import HatsFolder, match_hats, select_hats, write_hats
from qsolearn.scale.matching import surroundings
from qsolearn.scale.writing import partition_sky
from qsolearn.selection import (
    BoostedTrees,
    FrameSelector,
    ReverseSelectionClassifier,
    UVExcessCut,
    save_selector,
    select_frame,
)
from qsolearn.sky import match_nearest

UGRI = ["sdss_u", "sdss_g", "sdss_r", "sdss_i"]
RESULTS = ["P_QSO", "selected_class", "is_candidate", "reason", "z_phot"]


def rows_of(folder):
    """All rows of a HATS catalog, as hats says where they are."""
    catalog = HatsFolder.open(folder)
    parts = [pq.ParquetFile(catalog.file(p)).read().to_pandas() for p in catalog.pixels]
    return pd.concat(parts, ignore_index=True)


def content(folder):
    """Every file of a folder with its bytes; the name of the catalog is left out."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    out = {name: path.read_bytes() for name, path in files.items()}
    for name in ("properties", "hats.properties"):
        out[name] = out[name].replace(b"obs_collection=" + folder.name.encode(), b"")
    return out


def read_with_lsdb(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lsdb

        return lsdb.read_hats(folder).compute(progress_bar=False)


def test_a_written_catalog_is_valid_and_holds_every_row_once(small_sky, hats_sky):
    from hats.io.validation import is_valid_catalog

    assert is_valid_catalog(hats_sky, strict=True)
    catalog = HatsFolder.open(hats_sky)
    assert catalog.info.total_rows == len(small_sky)
    assert catalog.info.hats_max_rows <= 400
    got = rows_of(hats_sky)
    assert (np.diff(got["_healpix_29"]) >= 0).all()
    got = got.sort_values("id", ignore_index=True)[small_sky.columns.tolist()]
    pd.testing.assert_frame_equal(got, small_sky, check_dtype=False)


def test_rows_lie_in_their_partitions(hats_sky):
    from hats.pixel_math.spatial_index import compute_spatial_index

    catalog = HatsFolder.open(hats_sky)
    for order, number in catalog.pixels:
        part = pq.ParquetFile(catalog.file((order, number))).read().to_pandas()
        index = compute_spatial_index(part["ra"].to_numpy(), part["dec"].to_numpy())
        assert (index == part["_healpix_29"]).all()
        assert (index >> (2 * (29 - order)) == number).all()


def test_lsdb_reads_what_is_written(small_sky, hats_sky):
    got = read_with_lsdb(hats_sky)
    assert sorted(got["id"]) == sorted(small_sky["id"])


def test_a_parquet_file_gives_the_same_rows_as_the_frame(small_sky, hats_sky, tmp_path):
    from qsolearn.frame import write_frame

    write_frame(small_sky, tmp_path / "sky.parquet")
    write_hats(tmp_path / "sky.parquet", tmp_path / "sky", rows_per_partition=400)
    pd.testing.assert_frame_equal(rows_of(tmp_path / "sky"), rows_of(hats_sky))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 12 * 4**3 - 1), st.integers(1, 20)), min_size=1))
def test_partitions_hold_what_they_may_and_are_as_large_as_can_be(pairs):
    counts = dict(pairs)
    numbers = sorted(counts)
    pixels = partition_sky(numbers, [counts[n] for n in numbers], 3, 20)

    def held(order, number):
        return sum(v for k, v in counts.items() if k >> (2 * (3 - order)) == number)

    assert sum(held(*p) for p in pixels) == sum(counts.values())
    for order, number in pixels:
        assert 0 < held(order, number) <= 20
        assert order == 0 or held(order - 1, number >> 2) > 20


def test_selection_is_that_of_the_frame_in_memory_row_by_row(small_sky, hats_sky, bayes, tmp_path):
    outcome = select_hats(hats_sky, tmp_path / "out", bayes)
    expected = select_frame(bayes, small_sky).assign(id=small_sky["id"])
    got = rows_of(tmp_path / "out").sort_values("id", ignore_index=True)
    # Sums of kernels run in another order.
    pd.testing.assert_frame_equal(
        got[[*RESULTS, "id"]], expected, check_dtype=False, rtol=1e-12, atol=1e-15
    )
    assert outcome.counts == {
        "rows": len(small_sky),
        "candidates": int(expected["is_candidate"].sum()),
        "unclassified": int(expected["P_QSO"].isna().sum()),
    }
    assert 0 < outcome.counts["unclassified"] < len(small_sky)
    from hats.io.validation import is_valid_catalog

    assert is_valid_catalog(tmp_path / "out", strict=True)
    assert read_with_lsdb(tmp_path / "out")["is_candidate"].sum() == outcome.counts["candidates"]


def test_trees_select_the_same_to_the_bit(small_sky, hats_sky, tmp_path):
    labels = small_sky["true_class"]
    trees = ReverseSelectionClassifier(BoostedTrees(n_rounds=4, max_depth=5), target="QSOlowZ")
    selector = FrameSelector(trees, UGRI).fit(small_sky, labels)
    select_hats(hats_sky, tmp_path / "out", selector)
    expected = select_frame(selector, small_sky).assign(id=small_sky["id"])
    got = rows_of(tmp_path / "out").sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(
        got[[*RESULTS, "id"]], expected, check_dtype=False, check_exact=True
    )


def test_candidates_only_and_fewer_columns(small_sky, hats_sky, bayes, tmp_path):
    select_hats(hats_sky, tmp_path / "out", bayes, keep=["id"], rows="candidates")
    expected = select_frame(bayes, small_sky)["is_candidate"].to_numpy()
    got = rows_of(tmp_path / "out")
    assert sorted(got["id"]) == sorted(small_sky["id"][expected])
    assert list(got.columns) == ["_healpix_29", "id", "ra", "dec", *RESULTS]


def test_two_workers_write_the_same_catalog(hats_sky, bayes, tmp_path):
    save_selector(bayes, tmp_path / "model")
    select_hats(hats_sky, tmp_path / "one", bayes)
    steps = []
    select_hats(hats_sky, tmp_path / "two", tmp_path / "model", workers=2, progress=steps.append)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert sum(steps) == len(HatsFolder.open(hats_sky).pixels)


def test_names_and_systems_of_another_survey(small_sky, bayes, tmp_path):
    """A catalog of somebody else: no record, other names, missing values as -9999."""
    foreign = pd.DataFrame({"objid": small_sky["id"], "ra": small_sky["ra"]})
    foreign["dec"] = small_sky["dec"]
    bands = {}
    for band in bayes.bands:
        foreign[f"m_{band}"] = small_sky[f"mag_{band}"].fillna(-9999.0)
        bands[band] = {"mag": f"m_{band}"}
    write_hats(foreign, tmp_path / "foreign", rows_per_partition=700)
    select_hats(tmp_path / "foreign", tmp_path / "out", bayes, bands=bands)
    expected = select_frame(bayes, small_sky)["P_QSO"]
    got = rows_of(tmp_path / "out").sort_values("objid", ignore_index=True)
    np.testing.assert_allclose(got["P_QSO"], expected, rtol=1e-12)


def test_a_dereddened_model_dereddens_the_catalog(small_sky, hats_sky, tmp_path):
    from qsolearn.photometry import deredden

    bands = ["sdss_u", "sdss_g"]
    labels = np.where(small_sky["true_class"].str.startswith("QSO"), "QSO", "other")
    treated = deredden(small_sky, convention="sf11", bands=bands)
    cut = FrameSelector(UVExcessCut(), bands).fit(treated, labels)
    select_hats(hats_sky, tmp_path / "out", cut)
    expected = select_frame(cut, treated)["is_candidate"].to_numpy()
    assert (expected != select_frame_of_raw(cut, small_sky)).any()
    got = rows_of(tmp_path / "out").sort_values("id")["is_candidate"].to_numpy()
    np.testing.assert_array_equal(got, expected)


def select_frame_of_raw(cut, frame):
    """What the cut would find if nobody dereddened."""
    claimed = frame.copy()
    claimed.attrs = {"dereddened": cut.dereddened_}
    return select_frame(cut, claimed)["is_candidate"].to_numpy()


SLOW = """
import sys, time
from pathlib import Path
import qsolearn.scale.selecting as selecting
select = selecting.select_frame
def slow(*a, **k):
    time.sleep(0.15)
    return select(*a, **k)
selecting.select_frame = slow
selecting.select_hats(*map(Path, sys.argv[1:]))
"""


def test_a_kill_in_the_middle_and_a_restart_give_the_identical_catalog(hats_sky, bayes, tmp_path):
    save_selector(bayes, tmp_path / "model")
    select_hats(hats_sky, tmp_path / "whole", bayes)
    out = tmp_path / "killed"
    command = [sys.executable, "-c", SLOW, hats_sky, out, tmp_path / "model"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 120
    while len(list(out.glob("dataset/*/*/Npix=*"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {p: p.stat().st_mtime_ns for p in out.glob("dataset/*/*/Npix=*")}
    total = len(HatsFolder.open(hats_sky).pixels)
    assert 3 <= len(done) < total
    with pytest.raises(CatalogError, match="no HATS catalog"):
        HatsFolder.open(out)
    # What a kill can leave beside the partitions.
    (out / "dataset" / ".0a1b2c3d.Npix=1.parquet").write_bytes(b"half")
    outcome = select_hats(hats_sky, out, bayes)
    assert (outcome.partitions, outcome.resumed) == (total, len(done))
    assert content(out) == content(tmp_path / "whole")
    assert all(p.stat().st_mtime_ns == t for p, t in done.items()), "written twice"
    again = select_hats(hats_sky, out, bayes)
    assert again.resumed == total
    assert again.counts == outcome.counts


def interrupted(hats_sky, bayes, out):
    """A folder in which two partitions are done."""

    class Stop(Exception):
        pass

    def progress(done):
        progress.done += done
        if progress.done == 2:
            raise Stop

    progress.done = 0
    with pytest.raises(Stop):
        select_hats(hats_sky, out, bayes, progress=progress)


def test_a_restart_with_another_selector_is_refused(small_sky, hats_sky, bayes, tmp_path):
    interrupted(hats_sky, bayes, tmp_path / "out")
    other = FrameSelector(bayes.estimator, bayes.bands, threshold=0.7)
    other.fit(small_sky, np.where(small_sky["true_class"].str.startswith("QSO"), "QSO", "other"))
    with pytest.raises(CatalogError, match=r"begun with another selector \(\w+, now \w+\)"):
        select_hats(hats_sky, tmp_path / "out", other)
    with pytest.raises(CatalogError, match="begun with another set of settings"):
        select_hats(hats_sky, tmp_path / "out", bayes, keep=["id"])
    outcome = select_hats(hats_sky, tmp_path / "out", other, overwrite=True)
    assert outcome.resumed == 0


def test_a_restart_with_another_catalog_is_refused(small_sky, hats_sky, bayes, tmp_path):
    interrupted(hats_sky, bayes, tmp_path / "out")
    write_hats(small_sky[:-1], tmp_path / "shorter", rows_per_partition=400)
    with pytest.raises(CatalogError, match="begun with another catalog"):
        select_hats(tmp_path / "shorter", tmp_path / "out", bayes)


def test_a_saved_selector_is_the_same_selector(hats_sky, bayes, tmp_path):
    interrupted(hats_sky, bayes, tmp_path / "out")
    save_selector(bayes, tmp_path / "model", provenance={"files": ["x"]})
    assert select_hats(hats_sky, tmp_path / "out", tmp_path / "model").resumed == 2


def test_a_damaged_partition_is_told_and_the_others_are_kept(hats_sky, bayes, tmp_path):
    shutil.copytree(hats_sky, tmp_path / "sky")
    catalog = HatsFolder.open(tmp_path / "sky")
    order, number = catalog.pixels[3]
    file = catalog.file((order, number))
    sound = file.read_bytes()
    file.write_bytes(sound[: len(sound) // 2])
    with pytest.raises(CatalogError, match=f"Partition Norder={order}, Npix={number} .* damaged"):
        select_hats(tmp_path / "sky", tmp_path / "out", bayes)
    file.write_bytes(sound)
    assert select_hats(tmp_path / "sky", tmp_path / "out", bayes).resumed == 3
    select_hats(hats_sky, tmp_path / "whole", bayes)
    assert content(tmp_path / "whole") == content(tmp_path / "out")


def test_damage_in_the_middle_of_a_partition_is_told(hats_sky, bayes, tmp_path):
    shutil.copytree(hats_sky, tmp_path / "sky")
    file = HatsFolder.open(tmp_path / "sky").file(HatsFolder.open(tmp_path / "sky").pixels[0])
    data = bytearray(file.read_bytes())
    data[200 : len(data) // 2] = os.urandom(len(data) // 2 - 200)
    file.write_bytes(bytes(data))
    with pytest.raises(CatalogError, match=r"is damaged \(.*\); put a sound copy there"):
        select_hats(tmp_path / "sky", tmp_path / "out", bayes)
    assert not list((tmp_path / "out").rglob("Npix=*"))


def test_a_missing_partition_is_told(hats_sky, bayes, tmp_path):
    shutil.copytree(hats_sky, tmp_path / "sky")
    HatsFolder.open(tmp_path / "sky").file(HatsFolder.open(tmp_path / "sky").pixels[0]).unlink()
    with pytest.raises(CatalogError, match="is missing: there is no file"):
        select_hats(tmp_path / "sky", tmp_path / "out", bayes)


def test_an_empty_partition_stays_an_empty_partition(hats_sky, bayes, tmp_path):
    shutil.copytree(hats_sky, tmp_path / "sky")
    catalog = HatsFolder.open(tmp_path / "sky")
    file = catalog.file(catalog.pixels[1])
    gone = pq.read_metadata(file).num_rows
    pq.write_table(pq.ParquetFile(file).read().slice(0, 0), file)
    outcome = select_hats(tmp_path / "sky", tmp_path / "out", bayes)
    assert outcome.counts["rows"] == 3000 - gone
    assert HatsFolder.open(tmp_path / "out").pixels == catalog.pixels
    assert len(read_with_lsdb(tmp_path / "out")) == 3000 - gone


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"workers": 0}, "workers is 0; it is a whole number of processes"),
        ({"rows": "some"}, "rows is 'some'; it is 'all' or 'candidates'"),
        ({"keep": ["idd"]}, "Column 'idd' is not in the catalog; nearest: id"),
        ({"bands": {"sdss_u": {"mag": "mag_sdss_u"}}}, "The catalog has no band sdss_g"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(hats_sky, bayes, tmp_path, change, sentence):
    with pytest.raises(CatalogError, match=sentence):
        select_hats(hats_sky, tmp_path / "out", bayes, **change)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(hats_sky, bayes, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(CatalogError, match="was not begun by such a job"):
            select_hats(hats_sky, tmp_path, bayes, overwrite=overwrite)
    with pytest.raises(CatalogError, match="The output is the catalog itself"):
        select_hats(hats_sky, hats_sky, bayes, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_cannot_be_written_is_told(small_sky, tmp_path):
    lost = small_sky[["id", "ra", "dec"]].copy()
    lost.loc[7, "dec"] = np.nan
    with pytest.raises(CatalogError, match="Row 7 has no position on the sky"):
        write_hats(lost, tmp_path / "out")
    with pytest.raises(CatalogError, match="has no column 'dec'"):
        write_hats(lost[["id", "ra"]], tmp_path / "out")
    with pytest.raises(CatalogError, match="no rows"):
        write_hats(lost[:0], tmp_path / "out")
    crowd = pd.DataFrame({"ra": np.full(5, 10.0), "dec": np.full(5, 10.0)})
    with pytest.raises(CatalogError, match=r"5 rows lie in one HEALPix pixel .* \(4\)"):
        write_hats(crowd, tmp_path / "out", rows_per_partition=4)
    assert not (tmp_path / "out").exists()


def test_no_catalog_is_no_catalog(tmp_path):
    with pytest.raises(CatalogError, match="is no HATS catalog"):
        HatsFolder.open(tmp_path)


def test_without_the_extra_one_sentence_says_so(monkeypatch, small_sky, tmp_path):
    monkeypatch.setitem(sys.modules, "hats", None)
    with pytest.raises(CatalogError, match=r"needs the package hats; .* 'qsolearn\[scale\]'"):
        write_hats(small_sky, tmp_path / "out")


def scattered(n, seed, clustered):
    """Positions all over the sky: poles, RA 0 and edges of pixels among them."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    special = np.array([[0.0, 0.0], [45.0, 0.0], [90.0, 41.8103], [0.0, 90.0], [12.0, -90.0]])
    near = special[rng.integers(0, len(special), clustered)]
    dec_near = np.clip(near[:, 1] + rng.normal(0, 0.3, clustered), -90, 90)
    ra_near = (near[:, 0] + rng.normal(0, 0.3, clustered)) % 360
    return pd.DataFrame({"ra": np.append(ra, ra_near), "dec": np.append(dec, dec_near)}).assign(
        name=np.arange(n + clustered)
    )


@pytest.mark.parametrize("radius", [5.0, 120.0, 3600.0])
def test_matching_by_partition_loses_no_pair_at_an_edge(tmp_path, radius):
    one, two = scattered(400, 1, 400), scattered(400, 2, 400)
    # Half of the other catalog lies about the radius away from a source of the first.
    rng = np.random.default_rng(3)
    near = one.sample(400, random_state=4)[["ra", "dec"]] + rng.normal(0, radius / 5000, (400, 2))
    two.loc[:399, "ra"] = near["ra"].to_numpy() % 360
    two.loc[:399, "dec"] = near["dec"].to_numpy().clip(-90, 90)
    write_hats(one, tmp_path / "one", rows_per_partition=110)
    write_hats(two, tmp_path / "two", rows_per_partition=90)
    outcome = match_hats(tmp_path / "one", tmp_path / "two", tmp_path / "out", radius)
    expected = match_nearest(one, two, radius)
    got = rows_of(tmp_path / "out").sort_values("name", ignore_index=True)
    found = expected["match"] >= 0
    assert 0 < found.sum() == outcome.counts["matched"]
    np.testing.assert_allclose(got["separation"], expected["separation"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(got["name_2"].fillna(-1), expected["match"])
    assert outcome.counts["ambiguous"] == expected["ambiguous"].sum()
    np.testing.assert_array_equal(got["ambiguous"].isna(), ~found)


def test_lsdb_finds_the_same_pairs(tmp_path):
    one, two = scattered(150, 3, 50), scattered(150, 4, 50)
    two.loc[:99, "ra"] = one.loc[:99, "ra"]
    two.loc[:99, "dec"] = (one.loc[:99, "dec"] + 0.005).clip(-90, 90)
    write_hats(one, tmp_path / "one", rows_per_partition=60)
    write_hats(two, tmp_path / "two", rows_per_partition=60)
    match_hats(tmp_path / "one", tmp_path / "two", tmp_path / "out", 60.0)
    got = rows_of(tmp_path / "out").dropna(subset="separation")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lsdb

        left, right = (
            lsdb.from_dataframe(t, catalog_name=n, partition_rows=60, margin_threshold=100)
            for t, n in ((one, "one"), (two, "two"))
        )
        pairs = left.crossmatch(right, radius_arcsec=60.0, suffixes=("", "_2"))
        pairs = pairs.compute(progress_bar=False)
    expected = dict(zip(pairs["name"], pairs["name_2"], strict=True))
    assert len(expected) > 20
    assert dict(zip(got["name"], got["name_2"].astype(int), strict=True)) == expected


@settings(max_examples=12)
@given(
    st.integers(0, 6), st.floats(0.1, 3600.0), st.floats(0, 360), st.floats(0, 1), st.integers(0, 9)
)
def test_surroundings_hold_all_within_the_radius(order, radius, ra, share, seed):
    from cdshealpix import healpix_to_lonlat
    from hats.pixel_math.spatial_index import compute_spatial_index

    rng = np.random.default_rng(seed)
    center = np.array([ra % 360, np.degrees(np.arcsin(rng.uniform(-1, 1)))])
    number = int(compute_spatial_index([center[0]], [center[1]])[0]) >> (2 * (29 - order))
    first, end = surroundings((order, number), radius)
    assert (first < end).all()
    assert (first[1:] > end[:-1]).all()
    # Points of the pixel, and points at the radius from them in all directions.
    low = number << (2 * (29 - order))
    inside = low + rng.integers(0, 4 ** (29 - order), 300)
    points = SkyCoord(*healpix_to_lonlat(inside, 29))
    moved = points.directional_offset_by(rng.uniform(0, 360, 300) * u.deg, radius * u.arcsec)
    index = compute_spatial_index(moved.ra.deg, moved.dec.deg)
    place = np.searchsorted(first, index, side="right") - 1
    assert ((place >= 0) & (index < end[np.maximum(place, 0)])).all()


def test_columns_of_the_same_name_get_a_suffix_or_a_sentence(hats_sky, tmp_path):
    with pytest.raises(CatalogError, match="'id' would stand in the result twice"):
        match_hats(hats_sky, hats_sky, tmp_path / "out", 1.0, suffix="")
    with pytest.raises(CatalogError, match="The radius is 0"):
        match_hats(hats_sky, hats_sky, tmp_path / "out", 0)
    match_hats(hats_sky, hats_sky, tmp_path / "out", 1.0)
    got = rows_of(tmp_path / "out")
    assert (got["id"] == got["id_2"]).all()


def test_the_record_of_a_job_says_what_it_was(hats_sky, bayes, tmp_path):
    select_hats(hats_sky, tmp_path / "out", bayes)
    record = json.loads((tmp_path / "out" / "qsolearn.json").read_text())
    assert sorted(record) == ["catalog", "job", "selector", "set of settings"]
    assert "/" not in json.dumps(record)
