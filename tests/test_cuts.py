import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.errors import CatalogError
from qsolearn.selection import (
    KIM2024_WEDGE,
    QualityCut,
    SelectionChain,
    SNRCut,
    rejected_by,
    save_selector,
    select_frame,
)


def frame_of(errors, limits=None):
    errors = np.asarray(errors, dtype=float)
    return pd.DataFrame(
        {
            "id": np.arange(len(errors)),
            "mag_wise_w3": 16.0,
            "err_wise_w3": errors,
            "limit_wise_w3": np.zeros(len(errors), bool) if limits is None else limits,
        }
    )


def test_the_ratio_is_one_over_the_error():
    # 1 / 0.2 is exactly 5 and does not pass; the flux ratio, 5.43, would.
    cut = SNRCut({"wise_w3": 5})
    assert cut.contains(frame_of([0.2, 0.19, 0.21])).tolist() == [False, True, False]


def test_limits_missing_zero_and_negative_errors_do_not_pass():
    frame = frame_of([0.1, np.nan, 0.0, -0.1, 0.1], [True, False, False, False, False])
    cut = SNRCut({"wise_w3": 2})
    assert cut.contains(frame).tolist() == [False, False, False, False, True]
    assert cut.explain(frame).tolist() == ["not detected: wise_w3"] * 4 + ["passes"]
    assert cut.explain(frame_of([0.6])).tolist() == ["S/N too low: wise_w3 (limit 2)"]


def test_a_cut_can_be_stored_and_made_again():
    cut = SNRCut({"wise_w3": 2, "kmt_b": 3})
    again = SNRCut.from_state(cut.to_state()[0])
    assert again.limits == cut.limits


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"wise_w9": 2}, "Unknown band 'wise_w9'"),
        ({"wise_w3": 0}, "S/N limit of wise_w3 is 0; it must be positive"),
        ({}, "No band was given"),
    ],
)
def test_bad_limits(limits, message):
    with pytest.raises(CatalogError, match=message):
        SNRCut(limits)


def test_an_absent_column_is_told():
    with pytest.raises(CatalogError, match="no column 'err_kmt_b', which a cut needs"):
        SNRCut({"kmt_b": 2}).contains(frame_of([0.1]))
    with pytest.raises(CatalogError, match="no column 'ssflag'"):
        QualityCut(flag="ssflag").contains(frame_of([0.1]))


def test_flags_and_exposures():
    frame = pd.DataFrame(
        {"flag": [None, "", "x", np.nan, None], "nb": [4, 5, 9, 3, np.nan], "ni": [4, 4, 4, 3, 4]}
    )
    cut = QualityCut(flag="flag", exposures={"nb": 4, "ni": 4})
    assert cut.contains(frame).tolist() == [True, True, False, False, False]
    assert cut.explain(frame).tolist() == [
        "passes",
        "passes",
        "flagged: flag",
        "too few: nb (least 4), ni (least 4)",
        "too few: nb (least 4)",
    ]


class Counting:
    """Step that remembers how many sources it was asked about."""

    bands = ("wise_w3",)

    def __init__(self):
        self.asked = []

    def contains(self, frame):
        self.asked.append(len(frame))
        return frame["id"].to_numpy() % 2 == 0

    def explain(self, frame):
        return np.full(len(frame), "odd", dtype=object)


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=30))
def test_a_chain_is_the_and_of_its_steps(errors):
    frame, last = frame_of(errors), Counting()
    chain = SelectionChain({"a": SNRCut({"wise_w3": 2}), "b": SNRCut({"wise_w3": 4}), "c": last})
    err = frame["err_wise_w3"]
    even = frame["id"] % 2 == 0
    expected = pd.DataFrame(
        {"a": 1 / err > 2, "b": 1 / err > 4, "c": (1 / err > 4) & even}, index=frame.index
    )
    pd.testing.assert_frame_equal(chain.passes(frame), expected)
    assert last.asked == ([int(expected["b"].sum())] if expected["b"].any() else [])
    first = rejected_by(chain.passes(frame))
    for row, name in zip(expected.to_numpy(), first, strict=True):
        assert name == ("" if row.all() else "abc"[list(row).index(False)])
    assert ((chain.select(frame)["reason"] == "passes") == expected["c"]).all()


def test_a_chain_is_a_selector():
    frame = frame_of([0.1, 0.1, 0.6])
    chain = SelectionChain({"S/N": SNRCut({"wise_w3": 2}), "parity": Counting()})
    result = select_frame(chain, frame)
    assert result["is_candidate"].tolist() == [True, False, False]
    assert result["reason"].tolist() == [
        "passes",
        "parity: odd",
        "S/N: S/N too low: wise_w3 (limit 2)",
    ]


class Fitting:
    """Step that selects by itself and gives redshifts, as a template fit does."""

    bands, bands_ = None, ["wise_w3"]

    def select(self, frame):
        good = frame["id"].to_numpy() > 0
        return pd.DataFrame({"is_candidate": good, "reason": "fits", "z_phot": 1.5})


def test_a_step_may_select_by_itself():
    chain = SelectionChain({"S/N": SNRCut({"wise_w3": 2}), "SED": Fitting()})
    assert chain.bands == ["wise_w3"]
    result = select_frame(SelectionChain({"all": chain}), frame_of([0.1, 0.1, 0.6]))
    assert result["is_candidate"].tolist() == [False, True, False]
    assert result["z_phot"].tolist()[1] == 1.5
    assert result["z_phot"].isna().tolist() == [True, False, True]
    assert result["reason"].tolist()[:2] == ["all: SED: fits", "all: SED: fits"]


def test_a_chain_needs_steps_and_says_what_to_save(tmp_path):
    with pytest.raises(CatalogError, match="at least one step"):
        SelectionChain({})
    with pytest.raises(CatalogError, match="SelectionChain cannot be saved; save its steps color"):
        save_selector(SelectionChain({"color": KIM2024_WEDGE}), tmp_path / "chain")
