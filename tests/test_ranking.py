"""The list of candidates: order, reasons, warnings."""

import numpy as np
import pandas as pd
import pytest

from qsolearn.errors import CatalogError
from qsolearn.selection import (
    FrameSelector,
    KernelBayesClassifier,
    ReverseSelectionClassifier,
    rank_candidates,
    select_frame,
)
from qsolearn.simulate import make_sky

BANDS = ["ps1_g", "ps1_r", "ps1_i", "wise_w1", "wise_w2"]
MIX = {"Star": 0.7, "Galaxy": 0.1, "QSOlowZ": 0.2}


@pytest.fixture(scope="module")
def skies():
    return [make_sky("ps1-gaia-wise", n_sources=3000, seed=s, composition=MIX) for s in (1, 2)]


@pytest.fixture(scope="module", params=["kde", "reverse"])
def fitted(request, skies):
    estimator = (
        KernelBayesClassifier(bandwidth=0.2)
        if request.param == "kde"
        else ReverseSelectionClassifier(target="QSOlowZ")
    )
    known = skies[0]
    return FrameSelector(estimator, BANDS).fit(known, known["true_class"])


def listed(selector, frame, **options):
    result = select_frame(selector, frame)
    return result, rank_candidates(selector, frame, result, **options)


def test_every_candidate_once_in_order(fitted, skies):
    result, table = listed(fitted, skies[1])
    assert len(table) == result["is_candidate"].sum() > 100
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert table["P_QSO"].is_monotonic_decreasing
    assert set(table.index) == set(result.index[result["is_candidate"]])
    assert table["id"].tolist() == skies[1].loc[table.index, "id"].tolist()
    ties = table[table["P_QSO"] == table["P_QSO"].iloc[0]]
    clean = (ties["warnings"] == "").to_numpy()
    assert (np.sort(clean)[::-1] == clean).all()
    _, first = listed(fitted, skies[1], top=7)
    pd.testing.assert_frame_equal(first, table.head(7))


def test_reasons_begin_with_the_selectors_own(fitted, skies):
    result, table = listed(fitted, skies[1])
    own = result.loc[table.index, "reason"]
    assert all(r.startswith(o) for r, o in zip(table["reason"], own, strict=True))
    assert table["reason"].str.contains("sigma redder").mean() > 0.3
    from qsolearn.bands import color_names
    from qsolearn.photometry import colors

    for row in table[table["reason"].str.contains("W1-W2 = ")].head(5).itertuples():
        value = row.mag_wise_w1 - row.mag_wise_w2
        assert f"W1-W2 = {value:.2f} is " in row.reason
    X = colors(skies[1].loc[table.index, [f"mag_{b}" for b in BANDS]].to_numpy(float))
    assert X.shape[1] == len(color_names(BANDS))


def test_density_ratios_are_those_of_the_selector(skies):
    known = skies[0]
    selector = FrameSelector(KernelBayesClassifier(bandwidth=0.2), BANDS)
    selector.fit(known, known["true_class"])
    _, table = listed(selector, skies[1])
    assert table["reason"].str.contains("times as dense|only training quasars").all()
    some = table[table["reason"].str.contains("times as dense")].head(3)
    density = selector.log10_densities(skies[1].loc[some.index])
    for reason, (quasar, other) in zip(some["reason"], density, strict=True):
        assert f"quasars are {10 ** (quasar - other):.3g} times as dense" in reason


def test_warnings(fitted, skies):
    frame = skies[1].copy()
    result = select_frame(fitted, frame)
    chosen = np.flatnonzero(result["is_candidate"])[:3]
    rows = frame.index[chosen]
    frame.loc[rows[0], "limit_wise_w2"] = True
    for band in BANDS:
        frame.loc[rows[1], f"mag_{band}"] += 8.0
    result = select_frame(fitted, frame)
    table = rank_candidates(fitted, frame, result)
    assert "W2 is an upper limit" in table.loc[rows[0], "warnings"]
    assert "g fainter than in training" in table.loc[rows[1], "warnings"]
    assert table.loc[rows[1], "in_domain"]  # its colors are as they were
    outside = table[~table["in_domain"]]
    assert outside["warnings"].str.contains("outside the training domain").all()
    assert (outside["domain_distance"] > fitted.domain_.threshold).all()


def test_missing_bands_are_warned_of(skies):
    known = skies[0]
    selector = FrameSelector(ReverseSelectionClassifier(target="QSOlowZ"), BANDS)
    selector.fit(known, known["true_class"])
    frame = skies[1].assign(mag_ps1_i=np.nan)
    frame.loc[frame.index[0], "mag_ps1_i"] = 18.0  # a band without any value is an error
    _, table = listed(selector, frame)
    assert table["warnings"].drop(frame.index[0], errors="ignore").str.contains("no i").all()


def test_a_selector_without_a_domain_ranks_too(skies):
    from qsolearn.selection import UVExcessCut

    sky = make_sky("sdss", n_sources=500, seed=1)
    selector = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"])
    selector.fit(sky, np.where(sky["true_class"] == "Star", "Star", "QSO"))
    selector.domain_ = None
    result, table = listed(selector, sky)
    assert len(table) == result["is_candidate"].sum()
    assert table["domain_distance"].isna().all()
    assert table["in_domain"].all()
    assert table["reason"].tolist() == result.loc[table.index, "reason"].tolist()


def test_no_candidates_and_bad_input(fitted, skies):
    frame = skies[1][skies[1]["true_class"] == "Star"].head(20)
    result = select_frame(fitted, frame).assign(is_candidate=False)
    assert len(rank_candidates(fitted, frame, result)) == 0
    with pytest.raises(CatalogError, match="same rows in the same order"):
        rank_candidates(fitted, frame.head(3), result)
    with pytest.raises(CatalogError, match="at least one candidate"):
        rank_candidates(fitted, frame, result, top=0)
