"""Fetching from archives, against a TAP service on this machine that really speaks the protocol."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from qsolearn.cli.main import cli
from qsolearn.datasets import ARCHIVES, fetch_around, fetch_region
from qsolearn.errors import CatalogError
from qsolearn.frame import read_frame

pytest.importorskip("pyvo")
_spec = importlib.util.spec_from_file_location("tap", Path(__file__).with_name("service.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
TapService = _module.TapService


def allwise(n, seed=0):
    """A table with the columns of AllWISE, positions within 1.5 deg of (30, -20)."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"AllWISE": [f"J{i:06d}" for i in range(n)]})
    table["RAJ2000"] = 30 + rng.uniform(-1.5, 1.5, n)
    table["DEJ2000"] = -20 + rng.uniform(-1.5, 1.5, n)
    for band in ("W1", "W2", "W3", "W4"):
        table[f"{band}mag"] = rng.uniform(8, 17, n)
        table[f"e_{band}mag"] = rng.uniform(0.02, 0.4, n)
    table.loc[::7, "W4mag"] = np.nan
    table["ccf"], table["qph"] = "0000", "AAAU"
    return table


@pytest.fixture
def service():
    tap = TapService({"II/328/allwise": allwise(3000)})
    yield tap
    tap.close()


def inside(table, ra, dec, radius):
    from astropy.coordinates import angular_separation

    here = np.radians([table["RAJ2000"], table["DEJ2000"]])
    return np.degrees(angular_separation(*here, np.radians(ra), np.radians(dec))) <= radius


def options(service, tmp_path):
    return {"url": service.url, "cache": tmp_path / "cache", "pause": 0.0}


def test_a_cone_holds_what_lies_in_it(service, tmp_path):
    frame = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    table = service.tables["II/328/allwise"]
    want = table[inside(table, 30, -20, 1.0)]
    assert sorted(frame["id"]) == sorted(want["AllWISE"])
    row = frame.set_index("id").loc[want["AllWISE"].iloc[0]]
    assert row["mag_wise_w1"] == pytest.approx(want["W1mag"].iloc[0] + 2.699)
    assert frame["mag_wise_w4"].isna().sum() == want["W4mag"].isna().sum() > 0
    assert len(service.queries) == 8
    assert all('FROM "II/328/allwise"' in q for q in service.queries)


def test_a_second_fetch_asks_nobody(service, tmp_path):
    first = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    service.queries.clear()
    service.plan = ["down"] * 99
    again = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    pd.testing.assert_frame_equal(first, again)
    assert service.queries == []


def test_an_interrupted_fetch_goes_on_where_it_stopped(service, tmp_path):
    service.plan = [None, None, None, *["down"] * 5]
    with pytest.raises(CatalogError, match=r"does not answer .*kept in"):
        fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    service.queries.clear()
    frame = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    assert len(service.queries) == 5
    table = service.tables["II/328/allwise"]
    assert len(frame) == inside(table, 30, -20, 1.0).sum()


def test_a_busy_service_is_asked_again(service, tmp_path):
    service.plan = ["down", "down", None, "down"]
    frame = fetch_region("allwise", 30, -20, 0.2, **options(service, tmp_path))
    assert len(frame) == inside(service.tables["II/328/allwise"], 30, -20, 0.2).sum()


@pytest.mark.parametrize(
    ("misdeed", "sentence"),
    [
        ("garbage", "no whole VOTable"),
        ("half", "no whole VOTable|does not answer"),
        ("error", r"refused the query: .*e_W1mag is not in the table\.$"),
    ],
)
def test_wrong_answers_are_told_apart_and_not_kept(service, tmp_path, misdeed, sentence):
    service.plan = [None, *[misdeed] * 5]
    with pytest.raises(CatalogError, match=sentence) as caught:
        fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    assert "\n" not in str(caught.value)
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 1
    service.plan = []
    frame = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    assert len(frame) == inside(service.tables["II/328/allwise"], 30, -20, 1.0).sum()


def test_a_service_that_cuts_answers_is_asked_for_smaller_pieces(service, tmp_path):
    whole = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path / "a"))
    service.limit = 100
    service.queries.clear()
    pieces = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path / "b"))
    assert len(service.queries) > 8 + 2 * 5
    assert sorted(pieces["id"]) == sorted(whole["id"])
    # What was too large is remembered.
    service.queries.clear()
    fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path / "b"))
    assert service.queries == []


def test_more_sources_at_one_place_than_are_given_out(tmp_path):
    table = allwise(50)
    table["RAJ2000"], table["DEJ2000"] = 30.0, -20.0
    tap = TapService({"II/328/allwise": table}, limit=10)
    with pytest.raises(CatalogError, match="more sources at one place"):
        fetch_region("allwise", 30, -20, 0.1, **options(tap, tmp_path))
    tap.close()


def test_a_damaged_cache_is_fetched_again(service, tmp_path):
    first = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    victim = sorted((tmp_path / "cache").rglob("*.parquet"))[2]
    victim.write_bytes(victim.read_bytes()[:-10] + b"0123456789")
    service.queries.clear()
    again = fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))
    assert len(service.queries) == 1
    pd.testing.assert_frame_equal(first, again)


def test_neighbors_of_positions(service, tmp_path, monkeypatch):
    table = service.tables["II/328/allwise"]
    chosen = table.iloc[[5, 400, 17]]
    positions = pd.DataFrame(
        {
            "id": ["a", "b", "nowhere", "far", "c"],
            "ra": [*chosen["RAJ2000"][:2], np.nan, 200.0, chosen["RAJ2000"].iloc[2]],
            "dec": [*(chosen["DEJ2000"][:2] + 1 / 3600), 0.0, 10.0, chosen["DEJ2000"].iloc[2]],
        }
    )
    monkeypatch.setattr("qsolearn.datasets.fetch.MAX_POSITIONS", 2)
    frame = fetch_around("allwise", positions, 2.0, **options(service, tmp_path))
    assert len(service.queries) == 2
    found = dict(zip(frame["near"], frame["id"], strict=True))
    assert found == dict(zip(["a", "b", "c"], chosen["AllWISE"], strict=True))
    near = frame.set_index("near")["separation"]
    assert near["a"] == pytest.approx(1.0, abs=1e-6)
    assert near["c"] == pytest.approx(0.0, abs=1e-6)


def test_an_answer_without_a_column(service, tmp_path):
    service.run = lambda adql, uploads: type(service).run(
        service, adql.replace('"qph"', '"qph" AS other'), uploads
    )
    with pytest.raises(CatalogError, match="without the column 'qph'"):
        fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("allwize", 30, -20, 1), "no archive 'allwize'.*allwise"),
        (("allwise", 360, -20, 1), "A region is"),
        (("allwise", 30, -91, 1), "A region is"),
        (("allwise", 30, -20, np.nan), "A region is"),
        (("allwise", 30, -20, 50), "A region is"),
        (("allwise", 200, 20, 0.1), "no source within"),
    ],
)
def test_wrong_regions(service, tmp_path, arguments, sentence):
    with pytest.raises(CatalogError, match=sentence):
        fetch_region(*arguments, **options(service, tmp_path))


def test_wrong_positions(service, tmp_path):
    good = pd.DataFrame({"id": [1], "ra": [30.0], "dec": [-20.0]})
    for positions, radius, sentence in (
        (good, 0, "radius"),
        (good.drop(columns="dec"), 1, "dec is missing"),
        (good.assign(ra=np.nan), 1, "None of the positions"),
        (good.assign(ra=200.0), 1, "no source within 1 arcsec"),
    ):
        with pytest.raises(CatalogError, match=sentence):
            fetch_around("allwise", positions, radius, **options(service, tmp_path))


def test_nobody_at_the_other_end(tmp_path):
    with pytest.raises(CatalogError, match="does not answer"):
        fetch_region("gaia", 1, 1, 0.1, url="http://127.0.0.1:9/tap", cache=tmp_path, pause=0.0)


def test_without_the_package(service, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvo", None)
    with pytest.raises(CatalogError, match=r"pip install 'qsolearn\[archives\]'"):
        fetch_region("allwise", 30, -20, 1.0, **options(service, tmp_path))


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_archive_becomes_a_frame(name, tmp_path):
    archive = ARCHIVES[name]
    rng = np.random.default_rng(1)
    table = pd.DataFrame({c: rng.uniform(12, 18, 30) for c in archive.columns})
    table[archive.identifier] = np.arange(30) + 10**18
    table[archive.ra], table[archive.dec] = rng.uniform(10, 11, (2, 30))
    for column in archive.keep:
        table[column] = 1.5
    table["class"], table["mode"] = 6, 1
    tap = TapService({archive.table: table})
    frame = fetch_region(name, 10.5, 10.5, 1.0, **options(tap, tmp_path))
    tap.close()
    assert len(frame) == 30
    assert sorted(frame["id"]) == sorted(table[archive.identifier])
    assert set(archive.keep) <= set(frame.columns)
    assert ("mag_" in " ".join(frame.columns)) == bool(archive.bands)
    assert {c[4:] for c in frame.columns if c.startswith("mag_")} == set(archive.bands)


def test_on_the_command_line(service, tmp_path, monkeypatch):
    monkeypatch.setenv("QSOLEARN_CACHE", str(tmp_path / "cache"))
    place = ["--url", service.url, "--pause", "0"]
    region = ["--ra", "30", "--dec", "-20", "--radius", "0.2"]
    out = str(tmp_path / "out.parquet")
    run = CliRunner().invoke(cli, ["fetch", "allwise", *region, "-o", out, *place])
    assert run.exit_code == 0, run.output
    frame = read_frame(out)
    assert len(frame) == inside(service.tables["II/328/allwise"], 30, -20, 0.2).sum()
    near = str(tmp_path / "near.parquet")
    run = CliRunner().invoke(
        cli, ["fetch", "allwise", "--around", out, "--radius", "1", "-o", near, *place]
    )
    assert run.exit_code == 0, run.output
    assert read_frame(near, keep=["near"])["near"].tolist() == read_frame(near)["id"].tolist()
    shown = CliRunner().invoke(cli, ["fetch", "allwise", *region, "--adql"])
    assert shown.exit_code == 0
    assert shown.output.count("SELECT") == 1
    listed = CliRunner().invoke(cli, ["fetch", "--list"])
    assert all(name in listed.output for name in ARCHIVES)
