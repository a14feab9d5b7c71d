"""Thousands of mangled tables: an answer or one sentence, never a traceback."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.cli import main
from qsolearn.errors import CatalogError, CatalogWarning
from qsolearn.frame import frame_from_table, read_frame
from qsolearn.selection import FrameSelector, KernelBayesClassifier, select_frame

NAMES = [
    "id", "ra", "dec", "ebv", "mag_sdss_u", "mag_sdss_g", "mag_sdss_r", "err_sdss_u",
    "limit_sdss_u", "psfMag_u", "psfMagErr_u", "flux_g", "flux_ivar_g", "w1mpro", "w1sigmpro",
    "phot_g_mean_mag", "z", "class", "", "mag_", "mag_sdss_x", "P_QSO",
]  # fmt: skip
VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -99.0, 99.0, 20.0, 21.5, -9999.0, 1e308, np.nan, np.inf, -np.inf]),
)
COLUMNS = st.one_of(
    st.lists(VALUES, min_size=5, max_size=5),
    st.lists(st.integers(-(2**62), 2**62), min_size=5, max_size=5),
    st.lists(st.text(max_size=5), min_size=5, max_size=5),
    st.lists(st.sampled_from([None, "20.1", "", "nan", 19.5, True]), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
TABLES = st.tuples(
    st.dictionaries(st.sampled_from(NAMES), COLUMNS, max_size=9), st.integers(0, 5)
).map(lambda t: pd.DataFrame(t[0]).head(t[1]))


def one_sentence(call):
    """Result of a call, or None when it said in one sentence why not."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CatalogWarning)
        try:
            return call()
        except CatalogError as error:
            said = str(error)
    assert said
    assert "\n" not in said
    return None


@pytest.fixture(scope="module")
def selector(sky):
    bands = ["sdss_u", "sdss_g", "sdss_r"]
    return FrameSelector(KernelBayesClassifier(), bands).fit(sky, sky["true_class"])


@settings(max_examples=2000)
@given(TABLES)
def test_readers_and_selector_answer_or_say_why(selector, table):
    frame = one_sentence(lambda: frame_from_table(table, keep="all"))
    if frame is None:
        return
    assert len(frame) == len(table)
    for column in frame.columns:
        if column.startswith("mag_sdss_u"):
            assert np.isfinite(frame[column]).sum() + frame[column].isna().sum() == len(frame)
    out = one_sentence(lambda: select_frame(selector, frame))
    if out is not None:
        assert len(out) == len(frame)
        assert out["P_QSO"].dropna().between(0, 1 + 1e-12).all()
        assert (out["reason"].str.len() > 0).all()


@settings(max_examples=300)
@given(
    st.binary(max_size=400), st.sampled_from([".csv", ".fits", ".vot", ".ecsv", ".parquet", ".tab"])
)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, ending):
    path = tmp_path_factory.mktemp("bytes") / f"x{ending}"
    path.write_bytes(content)
    one_sentence(lambda: read_frame(path))


@settings(max_examples=150)
@given(TABLES)
def test_the_command_line_never_shows_a_traceback(tmp_path_factory, capsys, table):
    path = tmp_path_factory.mktemp("cli") / "x.csv"
    table.to_csv(path, index=False)
    status = 0
    try:
        main(["doctor", str(path)])
    except SystemExit as stop:
        status = stop.code
    assert status in (0, 1)
    assert "Traceback" not in capsys.readouterr().err
