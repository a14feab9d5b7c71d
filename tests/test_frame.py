import errno
import os
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table

from qsolearn.errors import CatalogError, CatalogWarning
from qsolearn.frame import (
    attach_columns,
    bands_of,
    frame_from_table,
    guess_bands,
    load_column_map,
    magnitudes,
    read_frame,
    read_table,
    validate_frame,
    write_frame,
)
from qsolearn.frame import write as write_module
from qsolearn.photometry import deredden

FORMATS = ["parquet", "fits", "vot", "ecsv", "csv"]


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_gives_the_same_frame_back(sky, tmp_path, ending):
    path = tmp_path / f"sky.{ending}"
    write_frame(sky, path)
    back = read_frame(path, keep=["true_class", "true_z"])
    for column in ["id", "ra", "dec", "ebv", "true_class", *[f"mag_{b}" for b in bands_of(sky)]]:
        assert back[column].tolist() == sky[column].tolist(), column
    assert back["limit_sdss_u"].dtype == bool
    assert np.array_equal(back["true_z"], sky["true_z"], equal_nan=True)


@pytest.mark.parametrize("ending", ["parquet", "fits", "vot", "ecsv"])
def test_dereddening_is_remembered_through_a_file(sky, tmp_path, ending):
    path = tmp_path / f"sky.{ending}"
    write_frame(deredden(sky), path)
    with pytest.raises(ValueError, match="dereddened already"):
        deredden(read_frame(path))


def test_csv_refuses_what_it_cannot_record(sky, tmp_path):
    with pytest.raises(CatalogError, match="CSV cannot record"):
        write_frame(deredden(sky), tmp_path / "sky.csv")
    assert list(tmp_path.iterdir()) == []


def test_units_and_ucds_are_written(sky, tmp_path):
    for ending in ("parquet", "fits", "vot"):
        write_frame(sky, tmp_path / f"s.{ending}")
    field = pq.read_schema(tmp_path / "s.parquet").field("mag_sdss_u")
    told = b"AB magnitude in u (sdss)"
    assert field.metadata == {
        b"unit": b"mag", b"ucd": b"phot.mag;em.opt.U", b"description": told,
    }  # fmt: skip
    header = fits.getheader(tmp_path / "s.fits", 1)
    number = next(k[5:] for k, v in header.items() if k.startswith("TTYPE") and v == "ra")
    assert header[f"TUCD{number}"] == "pos.eq.ra;meta.main"
    assert header[f"TUNIT{number}"] == "deg"
    assert header[f"TCOMM{number}"] == "right ascension, ICRS"
    column = next(
        f for f in parse(tmp_path / "s.vot").get_first_table().fields if f.name == "mag_sdss_u"
    )
    assert (str(column.unit), column.ucd) == ("mag", "phot.mag;em.opt.U")
    assert column.description == told.decode()


def test_vega_and_sdss_systems_are_moved_to_ab():
    table = pd.DataFrame({"w1mpro": [15.0], "psfMag_u": [20.0], "psfMag_z": [20.0]})
    frame = frame_from_table(table)
    assert frame["mag_wise_w1"].tolist() == pytest.approx([17.699])
    assert frame["mag_sdss_u"].tolist() == pytest.approx([19.96])
    assert frame["mag_sdss_z"].tolist() == pytest.approx([20.02])
    assert frame.attrs["input_system"]["wise_w1"] == "vega"


def test_sentinels_infinities_and_bad_fluxes_are_missing():
    table = pd.DataFrame(
        {
            "m": [0.0, -99.0, np.inf, np.nan, 99.0, 20.0],
            "e": [0.1, 0.1, 0.1, 0.1, 0.1, -99.0],
            "f": [0.0, -99.0, -1.0, np.nan, 1.0, 1.0],
            "i": [1.0, 1.0, 1.0, 1.0, 0.0, 4.0],
        }
    )
    bands = {"sdss_u": {"mag": "m", "err": "e"}, "legacy_g": {"flux": "f", "ivar": "i"}}
    frame = frame_from_table(table, bands=bands)
    assert np.isnan(frame["mag_sdss_u"]).tolist() == [True] * 5 + [False]
    assert np.isnan(frame["err_sdss_u"]).tolist() == [False] * 5 + [True]
    assert np.isnan(frame["mag_legacy_g"]).tolist() == [True] * 5 + [False]
    assert frame["mag_legacy_g"].iloc[5] == 22.5
    assert frame["err_legacy_g"].iloc[5] == pytest.approx(1.0857 * 0.5, abs=1e-3)


def test_float32_sentinels_and_odd_ones_are_missing():
    values = np.array([-99.9, 99.99, -999.9, 1e20, 20.0], dtype=np.float32)
    frame = frame_from_table(pd.DataFrame({"psfMag_g": values}))
    assert np.isnan(frame["mag_sdss_g"]).tolist() == [True] * 4 + [False]


def test_unknown_positions_extinction_and_ids():
    table = pd.DataFrame(
        {"psfMag_g": [20.0, 20.0], "ra": [1.0, -99.0], "dec": [1.0, -99.0], "ebv": [0.1, -999.0]}
    )
    frame = frame_from_table(table)
    assert frame[["ra", "dec", "ebv"]].isna().all(axis=1).tolist() == [False, True]
    with pytest.warns(CatalogWarning, match="1 row without an id"):
        assert frame_from_table(table.assign(id=["a", None]))["id"].tolist() == [0, 1]


def test_what_cannot_be_written_whole_is_refused(sky, tmp_path):
    with pytest.raises(CatalogError, match="only read"):
        write_frame(sky, tmp_path / "sky.tab")
    with pytest.raises(CatalogError, match="letters that FITS cannot store"):
        write_frame(sky.head(2).assign(note=["é", "e"]), tmp_path / "sky.fits")
    assert list(tmp_path.iterdir()) == []


def test_an_upper_limit_is_not_a_missing_value():
    table = pd.DataFrame({"w3mpro": [11.0, 11.0], "w3sigmpro": [np.nan, 0.1]})
    frame = frame_from_table(table)
    assert frame["limit_wise_w3"].tolist() == [True, False]
    assert frame["mag_wise_w3"].notna().all()
    ks4 = pd.DataFrame({"B": [21.0, 21.0, -99.0], "eB": [-99.0, 0.1, -99.0]})
    spec = {"kmt_b": {"mag": "B", "err": "eB", "limit": "negative_error"}}
    assert frame_from_table(ks4, bands=spec)["limit_kmt_b"].tolist() == [True, False, False]


def test_a_bare_z_is_never_guessed():
    assert guess_bands(["u", "g", "r", "i", "z"]) == {}


def test_every_habit_names_a_known_band():
    from qsolearn.bands import BANDS
    from qsolearn.frame.columns import _habits

    assert {band for band, _ in _habits()} == set(BANDS)


ONE_SENTENCE = [
    (lambda t: t.drop(columns=["psfMag_u", "psfMag_g"]), {}, "No band was recognized"),
    (lambda t: t.iloc[:0], {}, "no rows"),
    (lambda t: t.assign(objid=[1, 1, 2]), {}, "repeated id"),
    (lambda t: t.assign(psfMag_u=["a", "b", "c"]), {}, "holds text"),
    (lambda t: t.assign(ra=[1.0, 2.0, 400.0], dec=0.0), {}, "ra outside"),
    (lambda t: t, {"bands": {"sdss_u": {"mag": "psfmag_u"}}}, "nearest: psfMag_u"),
    (lambda t: t, {"bands": {"sdss_q": {"mag": "psfMag_u"}}}, "Unknown band"),
    (lambda t: t, {"bands": {"sdss_u": {"mag": "psfMag_u", "system": "st"}}}, "system 'st'"),
    (lambda t: t, {"bands": {"sdss_u": {"magnitude": "psfMag_u"}}}, "unknown key"),
    (lambda t: t, {"bands": {"sdss_u": {"err": "psfMag_u"}}}, "either 'mag' or 'flux'"),
    (lambda t: t, {"bands": {"sdss_u": "psfMag_u"}}, "needs a table"),
    (lambda t: t, {"columns": {"ra": "right"}}, "not in the catalog"),
    (lambda t: t, {"columns": {"redshift": "ra"}}, "Unknown column role"),
    (lambda t: t, {"keep": ["label"]}, "'label' is not in the catalog"),
    (lambda t: pd.concat([t, t], axis=1), {}, "stands in the catalog twice"),
]


@pytest.mark.parametrize(("change", "options", "words"), ONE_SENTENCE)
def test_bad_tables_get_one_sentence(change, options, words):
    table = pd.DataFrame(
        {"objid": [1, 2, 3], "psfMag_u": [20.0, 21, 22], "psfMag_g": [19.0, 20, 21]}
    )
    with pytest.raises(CatalogError, match=words) as caught:
        frame_from_table(change(table), **options)
    assert "\n" not in str(caught.value)


def test_an_empty_band_is_warned_about():
    table = pd.DataFrame({"psfMag_u": [np.nan, -99.0], "psfMag_g": [20.0, 21.0]})
    with pytest.warns(CatalogWarning, match="Band sdss_u has no measured value"):
        frame_from_table(table)


def _infrared(n, system):
    rng = np.random.default_rng(3)
    w2 = rng.uniform(10, 14, n)
    w1 = w2 + rng.normal(-0.03, 0.03, n)  # Vega: stars
    shift = {"vega": (0.0, 0.0), "ab": (2.699, 3.339)}[system]
    return pd.DataFrame({"a": w1 + shift[0], "b": w2 + shift[1]})


@pytest.mark.parametrize(
    ("truth", "claim", "words"),
    [("vega", "ab", "system='vega'"), ("ab", "vega", "system='ab'"), ("ab", "ab", None),
     ("vega", "vega", None)],
)  # fmt: skip
def test_wrong_systems_are_seen_by_the_stellar_locus(truth, claim, words):
    bands = {f"wise_w{k}": {"mag": c, "system": claim} for k, c in ((1, "a"), (2, "b"))}
    table = _infrared(200, truth)
    if words is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame_from_table(table, bands=bands)
    else:
        with pytest.warns(CatalogWarning, match=words):
            frame_from_table(table, bands=bands)


def test_quasars_alone_are_not_taken_for_vega():
    rng = np.random.default_rng(0)
    w2 = rng.uniform(15, 18, 3000)
    table = pd.DataFrame({"a": w2 + rng.normal(0.36, 0.25, 3000), "b": w2})
    bands = {"wise_w1": {"mag": "a"}, "wise_w2": {"mag": "b"}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame_from_table(table, bands=bands)


def test_damaged_files_get_one_sentence(sky, tmp_path):
    write_frame(sky, tmp_path / "a.fits")
    whole = (tmp_path / "a.fits").read_bytes()
    (tmp_path / "cut.fits").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.parquet").write_text("not parquet")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "empty.vot").write_text("<VOTABLE>")
    (tmp_path / "binary.ecsv").write_bytes(bytes(range(256)))
    for name in ("cut.fits", "text.parquet", "empty.csv", "empty.vot", "binary.ecsv"):
        with pytest.raises(CatalogError, match="cannot be read as") as caught:
            read_frame(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(CatalogError, match="There is no file"):
        read_table(tmp_path / "nowhere.csv")
    with pytest.raises(CatalogError, match="none of the endings"):
        read_table(tmp_path / "sky.docx")


def test_fits_text_and_array_columns(tmp_path):
    table = Table({"designation": [b"a ", b"b"], "w1mpro": [15.0, 14.0]})
    table["spectrum"] = np.zeros((2, 3))
    table.write(tmp_path / "t.fits")
    frame = read_frame(tmp_path / "t.fits", keep="all")
    assert frame["id"].tolist() == ["a", "b"]
    assert "spectrum" not in frame


def test_masked_integers_become_nan(tmp_path):
    table = Table({"psfMag_u": [20, 21]}, masked=True)
    table["psfMag_u"].mask = [True, False]
    table.write(tmp_path / "t.ecsv")
    assert np.isnan(read_frame(tmp_path / "t.ecsv")["mag_sdss_u"]).tolist() == [True, False]


def test_existing_output_is_kept_without_overwrite(sky, tmp_path):
    path = tmp_path / "sky.csv"
    path.write_text("precious")
    with pytest.raises(CatalogError, match="exists already"):
        write_frame(sky, path)
    assert path.read_text() == "precious"
    write_frame(sky, path, overwrite=True)
    assert path.read_text() != "precious"
    with pytest.raises(CatalogError, match=r"folder .* does not exist"):
        write_frame(sky, tmp_path / "no" / "sky.csv")


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()]
)
def test_a_failure_in_mid_write_loses_nothing(sky, tmp_path, monkeypatch, failure):
    path = tmp_path / "sky.parquet"
    path.write_text("precious")

    def half(table, target, meta):
        target.write_bytes(b"half a file")
        raise failure

    monkeypatch.setattr(write_module, "_write_parquet", half)
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else CatalogError
    with pytest.raises(expected):
        write_frame(sky, path, overwrite=True)
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["sky.parquet"]


def test_column_maps(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text(
        '[columns]\nid="n"\n[bands.wise_w1]\nmag="w1"\nsystem="vega"\n[labels]\n3="QSO"\n'
    )
    content = load_column_map(path)
    assert content["labels"] == {"3": "QSO"}
    assert content["bands"]["wise_w1"]["system"] == "vega"
    for text, words in (
        ("[band]\nx=1", "unknown table"),
        ("nonsense", "not valid TOML"),
        ("bands=3", "must be a table"),
        ("[bands.nothing]\nmag='x'", "Unknown band"),
    ):
        path.write_text(text)
        with pytest.raises(CatalogError, match=words):
            load_column_map(path)
    with pytest.raises(CatalogError, match="cannot be read"):
        load_column_map(tmp_path / "absent.toml")


def test_attach_columns_keeps_the_users_table():
    table = Table({"x": [1, 2]})
    out = attach_columns(table, pd.DataFrame({"P_QSO": [0.1, 0.9]}))
    assert isinstance(out, Table)
    assert out.colnames == ["x", "P_QSO"]
    assert table.colnames == ["x"]
    with pytest.raises(CatalogError, match="same rows"):
        attach_columns(table, pd.DataFrame({"P_QSO": [0.1]}))


def test_validate_frame_sentences(sky):
    with pytest.raises(CatalogError, match="is a pandas DataFrame"):
        validate_frame([1])
    with pytest.raises(CatalogError, match="no known band"):
        validate_frame(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(CatalogError, match="no band wise_w1"):
        magnitudes(sky, ["wise_w1"])
    assert validate_frame(sky) is sky
