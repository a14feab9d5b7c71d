import builtins

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.errors import CatalogError
from qsolearn.sky import (
    SkyCoverage,
    chance_match_rate,
    chance_probability,
    effective_area,
    match_nearest,
)


def table(ra, dec):
    return pd.DataFrame({"ra": np.asarray(ra, float), "dec": np.asarray(dec, float)})


def haversine(ra1, dec1, ra2, dec2):
    """Separation [arcsec], the textbook formula that stays exact at small angles."""
    ra1, dec1, ra2, dec2 = map(np.radians, (ra1, dec1, ra2, dec2))
    a = np.sin((dec2 - dec1) / 2) ** 2
    a = a + np.cos(dec1) * np.cos(dec2) * np.sin((ra2 - ra1) / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(np.minimum(a, 1.0)))) * 3600


def match_plainly(sources, catalog, radius):
    """Every pair, one after another."""
    out = []
    for ra, dec in sources[["ra", "dec"]].to_numpy():
        apart = haversine(ra, dec, catalog["ra"].to_numpy(), catalog["dec"].to_numpy())
        near = apart <= radius
        best = int(np.argmin(apart)) if near.any() else -1
        out.append((best, apart[best] if near.any() else np.nan, int(near.sum())))
    return pd.DataFrame(out, columns=["match", "separation", "n_within"])


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 30),
    m=st.integers(1, 40),
    where=st.sampled_from([(0.0, 0.0), (359.999, 5.0), (120.0, 89.9995), (40.0, -90.0)]),
    radius=st.floats(0.5, 20.0),
)
def test_matches_agree_with_every_pair(seed, n, m, where, radius):
    rng = np.random.default_rng(seed)

    def near(k):
        # Within some arcsec of one place, also across RA 0 and over a pole.
        dec = where[1] + rng.normal(0, 8, k) / 3600
        ra = where[0] + rng.normal(0, 8, k) / 3600 / np.maximum(np.cos(np.radians(dec)), 1e-6)
        over = np.abs(dec) > 90
        dec[over] = np.sign(dec[over]) * 180 - dec[over]
        ra[over] += 180
        return table(ra % 360, dec)

    sources, catalog = near(n), near(m)
    found, plain = match_nearest(sources, catalog, radius), match_plainly(sources, catalog, radius)
    np.testing.assert_array_equal(found["match"], plain["match"])
    np.testing.assert_array_equal(found["n_within"], plain["n_within"])
    np.testing.assert_allclose(found["separation"], plain["separation"], atol=1e-5)


def test_a_pair_across_zero_and_a_pair_over_the_pole():
    found = match_nearest(
        table([359.9999, 10.0], [0.0, 89.9999]), table([0.0001, 190.0], [0.0, 89.9999]), 1.0
    )
    assert found["match"].tolist() == [0, 1]
    np.testing.assert_allclose(found["separation"], [0.72, 0.72], atol=1e-6)


def test_the_radius_is_inclusive():
    sources, catalog = table([10.0], [0.0]), table([10.0], [2.0 / 3600])
    assert match_nearest(sources, catalog, 2.0)["match"].tolist() == [0]
    assert match_nearest(sources, catalog, 1.999)["match"].tolist() == [-1]


def test_ambiguous_and_shared_matches_are_told():
    sources = table([10.0, 10.0, 20.0], [0.0, 1.0 / 3600, 0.0])
    catalog = table([10.0, 10.0, 20.0, 30.0], [0.2 / 3600, 2.5 / 3600, 0.0, 0.0])
    found = match_nearest(sources, catalog, 2.0)
    assert found["match"].tolist() == [0, 0, 2]
    assert found["ambiguous"].tolist() == [False, True, False]
    assert found["shared"].tolist() == [True, True, False]


def test_of_duplicates_the_first_is_taken_and_told():
    found = match_nearest(table([5.0], [5.0]), table([9.0, 5.0, 5.0], [5.0, 5.0, 5.0]), 1.0)
    assert found[["match", "n_within", "ambiguous"]].to_numpy().tolist() == [[1, 2, True]]


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (0, 0)])
def test_empty_catalogs_match_nothing(n, m):
    found = match_nearest(table([1.0] * n, [1.0] * n), table([1.0] * m, [1.0] * m), 1.0)
    assert len(found) == n
    assert (found["match"] == -1).all()
    assert found["separation"].isna().all()
    assert not found[["ambiguous", "shared"]].to_numpy(dtype=bool).any()


def test_nothing_within_the_radius_and_the_index_is_kept():
    sources = table([1.0, 2.0], [0.0, 0.0]).set_index(pd.Index(["a", "b"]))
    found = match_nearest(sources, table([50.0], [0.0]), 1.0)
    assert found.index.tolist() == ["a", "b"]
    assert found["match"].tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("sources", "catalog", "radius", "message"),
    [
        (table([1.0], [0.0]), table([1.0], [0.0]), 0.0, "positive number of arcsec, not 0"),
        (table([1.0], [0.0]), table([1.0], [0.0]), np.nan, "positive number of arcsec, not nan"),
        (table([1.0, np.nan], [0.0, 0.0]), table([1.0], [0.0]), 1.0, "Row 1 of the sources"),
        (table([1.0], [0.0]), table([1.0], [91.0]), 1.0, "Row 0 of the catalog"),
        (pd.DataFrame({"ra": [1.0]}), table([1.0], [0.0]), 1.0, "sources have no column 'dec'"),
    ],
)
def test_bad_positions_are_told_in_one_sentence(sources, catalog, radius, message):
    with pytest.raises(CatalogError, match=message):
        match_nearest(sources, catalog, radius)


def test_chance_matches_by_formula_and_by_moving_agree():
    rng = np.random.default_rng(3)

    def field(n):
        return table(180 + 10 * rng.random(n), np.degrees(np.arcsin(0.17 * rng.random(n))))

    area = 10 * np.degrees(0.17)
    sources, catalog = field(4000), field(60_000)
    rate = chance_match_rate(sources, catalog, 10.0, area_deg2=area)
    assert rate.formula == pytest.approx(chance_probability(60_000 / area, 10.0))
    assert rate.shifted.low < rate.formula * 0.99 < rate.shifted.high
    assert rate.shifted.n == 8 * 4000


def test_true_matches_do_not_count_as_chance():
    rng = np.random.default_rng(4)
    sources = table(10 * rng.random(500), 10 * rng.random(500))
    assert match_nearest(sources, sources, 1.0)["match"].ge(0).all()
    assert chance_match_rate(sources, sources, 1.0).shifted < 0.01
    assert np.isnan(chance_match_rate(sources, sources, 1.0).formula)
    assert chance_match_rate(sources, sources.iloc[:0], 1.0, area_deg2=2.0).shifted == 0


@pytest.mark.parametrize(
    ("kw", "message"),
    [
        ({"shift": 1.5}, "less than twice the radius"),
        ({"n_shifts": 0}, "At least one shift"),
        ({"area_deg2": -1.0}, "area must be positive"),
    ],
)
def test_bad_settings_of_the_chance_rate(kw, message):
    with pytest.raises(CatalogError, match=message):
        chance_match_rate(table([1.0], [0.0]), table([1.0], [0.0]), 1.0, **kw)
    with pytest.raises(CatalogError, match="no source to match"):
        chance_match_rate(table([], []), table([1.0], [0.0]), 1.0)


def cap(n, radius_deg, rng):
    """Random positions in a cap around the south pole, spread evenly."""
    sine = -1 + (1 - np.cos(np.radians(radius_deg))) * rng.random(n)
    return table(360 * rng.random(n), np.degrees(np.arcsin(sine)))


def test_the_area_of_a_full_cap_is_found():
    true = 2 * np.pi * np.degrees(1) ** 2 * (1 - np.cos(np.radians(5.0)))
    found = effective_area(cap(200_000, 5.0, np.random.default_rng(0)), level=8)
    # The pixels on the rim count whole: they add about half a pixel's width around.
    assert true < found.area_deg2 < 1.1 * true


def test_few_sources_leave_pixels_empty_as_the_formula_says():
    rng = np.random.default_rng(1)
    sources = cap(30_000, 12.0, rng)
    fine = effective_area(sources, level=9)
    true = 2 * np.pi * np.degrees(1) ** 2 * (1 - np.cos(np.radians(12.0)))
    filled = -np.expm1(-len(sources) / true * fine.pixel_area)
    assert fine.area_deg2 / true == pytest.approx(filled, rel=0.03)


def test_levels_have_the_published_pixel_sizes():
    sizes = [SkyCoverage(k, np.array([0])).area_deg2 * 3600 for k in (11, 12, 13)]
    np.testing.assert_allclose(sizes, [2.95, 0.74, 0.18], atol=0.005)


def test_coverage_contains_its_sources_and_not_the_far_side():
    sources = table([0.0, 359.99, 200.0], [-90.0, 0.0, 45.0])
    coverage = effective_area(sources, level=10)
    assert coverage.contains(sources["ra"], sources["dec"]).all()
    assert not coverage.contains([100.0], [10.0]).any()
    assert not SkyCoverage(5, np.zeros(0, dtype=np.int64)).contains([100.0], [10.0]).any()
    assert float(coverage) == coverage.area_deg2


def test_latitude_limits_shrink_the_area_step_by_step():
    coverage = effective_area(cap(100_000, 40.0, np.random.default_rng(2)), level=6)
    areas = [coverage.beyond_latitude(b).area_deg2 for b in (0, 10, 20, 30, 90)]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] == 0
    assert len(effective_area(table([], []), 6).beyond_latitude(10).pixels) == 0


@pytest.mark.parametrize("level", [-1, 30, 2.5])
def test_impossible_levels(level):
    with pytest.raises(CatalogError, match="whole number from 0 to 29"):
        effective_area(table([1.0], [0.0]), level)


def test_a_moc_comes_back_as_it_was_written(tmp_path):
    mocpy = pytest.importorskip("mocpy")
    coverage = effective_area(cap(3000, 3.0, np.random.default_rng(5)), level=9)
    path = tmp_path / "area.fits"
    coverage.write_moc(path)
    back = mocpy.MOC.load(path, format="fits")
    assert back.sky_fraction * 4 * np.pi * np.degrees(1) ** 2 == pytest.approx(coverage.area_deg2)
    np.testing.assert_array_equal(np.sort(back.flatten()), coverage.pixels)
    with pytest.raises(CatalogError, match="exists already"):
        coverage.write_moc(path)


@pytest.mark.parametrize(
    ("name", "use"),
    [("mocpy", SkyCoverage.to_moc), ("astropy_healpix", SkyCoverage.centers)],
)
def test_an_absent_package_is_told(monkeypatch, name, use):
    coverage = effective_area(table([1.0], [0.0]), 5)
    real = builtins.__import__

    def absent(module, *args, **kw):
        if module.split(".")[0] == name:
            raise ImportError(name)
        return real(module, *args, **kw)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(CatalogError, match=r"pip install 'qsolearn\[sky\]'"):
        use(coverage)
