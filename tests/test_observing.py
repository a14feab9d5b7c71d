"""A night at a telescope, against astropy and against what everybody knows of the sky."""

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from click.testing import CliRunner

from qsolearn.cli.main import cli
from qsolearn.errors import CatalogError
from qsolearn.observing import (
    SITES,
    night_curves,
    observing_plan,
    site_location,
    write_regions,
)
from qsolearn.simulate import make_sky


def sources(**columns):
    ra, dec = np.meshgrid(np.arange(0, 360, 30.0), np.arange(-80, 81, 20.0))
    frame = pd.DataFrame({"id": np.arange(ra.size), "ra": ra.ravel(), "dec": dec.ravel()})
    return frame.assign(**columns)


@pytest.fixture(autouse=True)
def shipped_tables():
    """The tables of the Earth's rotation that the machine has, however old they are."""
    with (
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("auto_max_age", None),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
    ):
        yield


def test_an_old_installation_still_plans_a_night(monkeypatch):
    monkeypatch.setattr(iers.IERS_Auto, "_time_now", Time("2028-01-01"), raising=False)
    with iers.conf.set_temp("auto_max_age", 30.0):
        plan = observing_plan(sources(), "paranal", "2027-06-21")
    assert len(plan) > 10


def test_altitudes_are_those_of_astropy():
    plan = observing_plan(sources(), "paranal", "2026-11-21", min_moon=0.0)
    longitude, latitude, height = SITES["paranal"]
    where = EarthLocation.from_geodetic(longitude, latitude, height)
    for row in plan.sample(8, random_state=0).itertuples():
        here = AltAz(obstime=Time(row.best_utc), location=where)
        true = SkyCoord(row.ra * u.deg, row.dec * u.deg).transform_to(here)
        assert row.altitude == pytest.approx(true.alt.deg, abs=0.3)
        assert row.airmass == pytest.approx(true.secz.value, rel=0.02)
        assert row.altitude >= 30
        assert row.first_utc <= row.best_utc <= row.last_utc


def test_the_order_is_that_of_the_night():
    plan = observing_plan(sources(note="x"), "la-silla", "2026-06-21")
    assert plan["best_utc"].is_monotonic_increasing
    assert (plan["note"] == "x").all()
    assert plan.attrs["dark_from"] < plan["first_utc"].min() or (
        plan.attrs["dark_from"] == plan["first_utc"].min()
    )
    assert (plan["last_utc"] <= plan.attrs["dark_to"]).all()
    # Southern midwinter: the galactic center (ra about 18 h) stands high at midnight.
    best = plan[(plan["dec"] == -20) & (plan["ra"] == 270)].iloc[0]
    assert best["altitude"] > 78
    assert best["hours"] > 7


@pytest.mark.parametrize("site", ["mauna-kea", "paranal", "siding-spring"])
def test_the_night_begins_in_the_evening_of_its_date(site):
    plan = observing_plan(sources(), site, "2026-11-21", min_altitude=0.0, min_moon=0.0)
    local = pd.Timedelta(hours=SITES[site][0] / 15)
    begin, end = (pd.Timestamp(plan.attrs[k]) + local for k in ("dark_from", "dark_to"))
    assert (begin.date().isoformat(), end.date().isoformat()) == ("2026-11-21", "2026-11-22")
    assert begin.hour >= 17
    assert end.hour < 8
    assert 5 < (end - begin).total_seconds() / 3600 < 13


def test_a_hemisphere_sees_its_own_pole():
    north = observing_plan(sources(), "mauna-kea", "2026-11-21", min_altitude=0.0, min_moon=0.0)
    south = observing_plan(sources(), "sutherland", "2026-11-21", min_altitude=0.0, min_moon=0.0)
    assert set(north["dec"]) >= {80.0}
    assert -80.0 not in set(north["dec"])
    assert set(south["dec"]) >= {-80.0}
    assert 80.0 not in set(south["dec"])


def test_the_moon_is_avoided_while_it_is_up():
    # Full Moon in Taurus: 2026-11-24, near ra 60, dec 25.
    near = pd.DataFrame({"id": [1, 2], "ra": [60.0, 150.0], "dec": [22.0, 10.0]})
    kept = observing_plan(near, "la-palma", "2026-11-24", min_moon=25.0)
    assert kept["id"].tolist() == [2]
    every = observing_plan(near, "la-palma", "2026-11-24", min_moon=0.0)
    assert set(every["id"]) == {1, 2}
    assert every.set_index("id").loc[1, "moon_distance"] < 25


def test_rows_without_a_position_are_left_out():
    frame = sources()
    frame.loc[0, "ra"] = np.nan
    assert 0 not in set(observing_plan(frame, "paranal", "2026-11-21", min_altitude=0)["id"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("parana", "2026-11-21"), "no site 'parana'.*paranal"),
        (("1,2,x", "2026-11-21"), "three numbers"),
        (("1,95,0", "2026-11-21"), "latitude"),
        (("paranal", "tomorrow"), "date such as"),
        (("paranal", "2026-13-40"), "no date"),
        (("10,80,0", "2026-06-21"), "does not get dark"),
    ],
)
def test_wrong_nights_and_sites(arguments, sentence):
    with pytest.raises(CatalogError, match=sentence):
        observing_plan(sources(), *arguments)


def test_wrong_candidates():
    for frame, sentence in (
        (sources().drop(columns="ra"), "ra is missing"),
        (sources(ra=np.nan), "None of the candidates"),
    ):
        with pytest.raises(CatalogError, match=sentence):
            observing_plan(frame, "paranal", "2026-11-21")
    with pytest.raises(CatalogError, match="min_altitude"):
        observing_plan(sources(), "paranal", "2026-11-21", min_altitude=90)


def test_regions(tmp_path):
    frame = pd.DataFrame({"id": ["a}b\nc", "d"], "ra": [10.0, np.nan], "dec": [-5.25, 1.0]})
    write_regions(frame, tmp_path / "out.reg")
    lines = (tmp_path / "out.reg").read_text().splitlines()
    assert lines[1:] == ["icrs", 'circle(10.000000,-5.250000,5") # text={a b c}']
    with pytest.raises(CatalogError, match="exists already"):
        write_regions(frame, tmp_path / "out.reg")
    with pytest.raises(CatalogError, match=r"ends in \.reg"):
        write_regions(frame, tmp_path / "out.txt")
    with pytest.raises(CatalogError, match="None of the candidates"):
        write_regions(frame.iloc[1:], tmp_path / "none.reg")


def test_site_in_numbers_is_the_site():
    assert site_location("-70.4045,-24.6272,2635") == SITES["paranal"]


def test_on_the_command_line(tmp_path):
    sky = make_sky("ks4", n_sources=300, seed=4)
    sky["P_QSO"] = np.linspace(0, 1, len(sky))
    sky["is_candidate"] = sky["P_QSO"] > 0.9
    from qsolearn.frame import write_table

    write_table(sky, tmp_path / "out.parquet", meta={"survey": "ks4", "dereddened": False})
    place = ["--site", "paranal", "--night", "2026-11-21"]
    files = ["-o", str(tmp_path / "plan.csv"), "--regions", str(tmp_path / "plan.reg")]
    run = CliRunner().invoke(cli, ["plan", str(tmp_path / "out.parquet"), *place, *files])
    assert run.exit_code == 0, run.output
    plan = pd.read_csv(tmp_path / "plan.csv")
    assert 0 < len(plan) <= sky["is_candidate"].sum()
    assert set(plan["id"]) <= set(sky.loc[sky["is_candidate"], "id"])
    both = plan.merge(sky, on="id")
    np.testing.assert_array_equal(both["ra_x"], both["ra_y"])
    assert (tmp_path / "plan.reg").read_text().count("circle") == len(plan)


def test_curves_agree_with_the_plan():
    plan = observing_plan(sources(), "paranal", "2026-11-21", min_moon=0.0).iloc[::9]
    altitudes, moon = night_curves(plan, "paranal", "2026-11-21")
    assert list(altitudes) == plan["id"].tolist()
    assert altitudes.index[0].isoformat()[:16] == plan.attrs["dark_from"]
    assert altitudes.index.equals(moon.index)
    for row in plan.itertuples():
        assert altitudes.loc[row.best_utc, row.id].max() == pytest.approx(row.altitude, abs=1e-6)
        assert (altitudes[row.id] >= 30).sum() / 6 == pytest.approx(row.hours)
    with pytest.raises(CatalogError, match="needs ra and dec"):
        night_curves(sources(ra=np.nan), "paranal", "2026-11-21")


@pytest.mark.parametrize("name", ["plan.vot", "plan.fits", "plan.parquet"])
def test_plans_for_other_programs(tmp_path, name):
    from qsolearn.frame import read_table, write_table

    sky = sources().assign(rank=np.arange(108, 0, -1), reason="blue")
    write_table(sky, tmp_path / "list.vot", meta={"dereddened": False})
    place = ["--site", "paranal", "--night", "2026-11-21", "--top", "40"]
    args = ["plan", str(tmp_path / "list.vot"), *place, "-o", str(tmp_path / name)]
    run = CliRunner().invoke(cli, args)
    assert run.exit_code == 0, run.output
    back = read_table(tmp_path / name)
    assert 0 < len(back) < 40
    assert back["rank"].max() <= 40
    assert back["best_utc"].is_monotonic_increasing
    assert back.attrs["qsolearn"]["plan"]["night"] == "2026-11-21"
    if name.endswith("vot"):
        from astropy.io.votable import parse

        fields = {f.name: f for f in parse(tmp_path / name).get_first_table().fields}
        assert (str(fields["hours"].unit), fields["hours"].ucd) == ("h", "time.duration")
        assert fields["airmass"].ucd == "obs.airMass"
        assert "greatest altitude" in fields["best_utc"].description


def test_top_needs_something_to_go_by(tmp_path):
    sources().to_csv(tmp_path / "list.csv", index=False)
    place = ["--site", "paranal", "--night", "2026-11-21", "-o", str(tmp_path / "plan.csv")]
    for top, sentence in (("5", "rank or P_QSO"), ("0", "at least one candidate")):
        args = ["plan", str(tmp_path / "list.csv"), *place, "--top", top]
        run = CliRunner().invoke(cli, args)
        assert isinstance(run.exception, CatalogError)
        assert sentence in str(run.exception)
    table = sources().assign(P_QSO=np.linspace(1, 0, 108)[np.argsort(np.abs(sources()["dec"]))])
    table.to_csv(tmp_path / "list.csv", index=False)
    run = CliRunner().invoke(cli, ["plan", str(tmp_path / "list.csv"), *place, "--top", "20"])
    assert run.exit_code == 0, run.output
    chosen = table.nlargest(20, "P_QSO")["id"]
    plan = pd.read_csv(tmp_path / "plan.csv")
    assert len(plan) > 0
    assert set(plan["id"]) <= set(chosen)
