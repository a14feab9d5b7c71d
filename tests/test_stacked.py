"""Stacking: scores out of fold, silence, order, saving, errors; one sky in several surveys."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from qsolearn.errors import CatalogError
from qsolearn.photometry import deredden
from qsolearn.selection import (
    KIM2024_WEDGE,
    MATEOS2012_AB,
    BoostedTrees,
    FrameSelector,
    KernelBayesClassifier,
    LogOddsRegression,
    ReverseSelectionClassifier,
    SEDClassifier,
    SelectionChain,
    SNRCut,
    StackedSelector,
    load_selector,
    quasar_log_odds,
    save_selector,
    select_frame,
)
from qsolearn.selection.stacked.combined import CombinedModel
from qsolearn.selection.stacked.final import KNOTS, stacking_features
from qsolearn.selection.stacked.scores import SURE
from qsolearn.simulate import SURVEYS, make_sky

SDSS = [f"sdss_{b}" for b in "ugriz"]
WISE = [f"wise_w{k}" for k in (1, 2, 3)]
PS1 = [f"ps1_{b}" for b in "grizy"]
TREES = BoostedTrees(n_rounds=10, max_depth=4)


@parametrize_with_checks([LogOddsRegression()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def shared():
    """One sky in two surveys, with more quasars than the sky has."""
    sky = make_sky("ps1-gaia-wise+sdss", n_sources=20_000, seed=4)
    quasar = sky["true_class"].str.startswith("QSO").to_numpy()
    keep = quasar | (np.arange(len(sky)) % 8 == 0)
    out = deredden(sky[keep].reset_index(drop=True))
    return out, np.where(quasar[keep], "QSO", "Star")


def parts():
    return {
        "kernel": FrameSelector(KernelBayesClassifier(bandwidth=0.2), SDSS),
        "trees": FrameSelector(TREES, [*PS1, *WISE]),
        "wedge": MATEOS2012_AB,
    }


@pytest.fixture(scope="module")
def stack(shared):
    return StackedSelector(parts(), cv=3).fit(*shared)


# --- the final model -----------------------------------------------------------------------


def slow_features(scores):
    """The features of the final model, one number at a time."""
    rows = []
    for row in scores:
        out = []
        for s in row:
            if s != s:
                out += [0.0] * (1 + len(KNOTS)) + [1.0]
            else:
                out += [s, *(max(s - k, 0.0) for k in KNOTS), 0.0]
        rows.append(out)
    return np.array(rows)


scores_of = st.integers(0, 2**32 - 1).map(lambda seed: _random_scores(np.random.default_rng(seed)))


def _random_scores(rng):
    k = int(rng.integers(1, 4))
    y = np.arange(120) % 4 == 0
    s = rng.normal(0, 3, (120, k)) + 2 * y[:, None]
    s[rng.random(s.shape) < 0.2] = np.nan
    return s, y


@given(scores_of)
@settings(max_examples=25)
def test_the_final_model_is_a_logistic_regression_on_slow_features(made):
    scores, y = made
    fast = LogOddsRegression().fit(scores, y)
    X = slow_features(scores)
    assert_allclose(stacking_features(scores), X)
    spread = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    plain = LogisticRegression(tol=1e-12, max_iter=10_000).fit(Z, y)
    assert_allclose(fast.decision_function(scores), plain.decision_function(Z), atol=2e-4)


@given(scores_of, st.integers(0, 1000))
@settings(max_examples=25)
def test_the_order_of_selectors_and_of_sources_does_not_matter(made, seed):
    scores, y = made
    rng = np.random.default_rng(seed)
    columns, rows = rng.permutation(scores.shape[1]), rng.permutation(len(y))
    one = LogOddsRegression().fit(scores, y).decision_function(scores)
    other = LogOddsRegression().fit(scores[np.ix_(rows, columns)], y[rows])
    assert_allclose(other.decision_function(scores[:, columns]), one, atol=1e-6)


@given(scores_of)
@settings(max_examples=10)
def test_predicted_probabilities_add_up_to_the_quasars(made):
    scores, y = made
    p = LogOddsRegression().fit(scores, y).predict_proba(scores)[:, 1]
    # What a logistic regression with a constant guarantees on its training set.
    assert p.sum() == pytest.approx(y.sum(), abs=1e-4)


def test_a_silent_selector_has_a_weight_of_its_own():
    s = np.array([[2.0, np.nan]] * 30 + [[2.0, 0.0]] * 30 + [[-2.0, 0.0]] * 60)
    y = np.array([True] * 28 + [False] * 2 + [True] * 10 + [False] * 20 + [False] * 60)
    model = LogOddsRegression().fit(s, y)
    silent, heard = model.predict_proba([[2.0, np.nan], [2.0, 0.0]])[:, 1]
    assert silent > 0.8
    assert heard < 0.5


# --- scores --------------------------------------------------------------------------------


class Memory(ClassifierMixin, BaseEstimator):
    """Sure of what it has seen in training, undecided about everything else."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen = dict(zip(map(tuple, np.asarray(X).round(9)), y, strict=True))
        return self

    def predict_proba(self, X):
        out = np.full((len(X), len(self.classes_)), 1 / len(self.classes_))
        for k, row in enumerate(map(tuple, np.asarray(X).round(9))):
            if row in self.seen:
                out[k] = self.classes_ == self.seen[row]
        return out


def test_scores_are_out_of_fold(shared):
    frame, label = shared
    made = StackedSelector(
        {"memory": FrameSelector(Memory(), SDSS), "wedge": MATEOS2012_AB}, cv=3
    ).fit(frame, label)
    seen = made.scores_["memory"].dropna()
    assert (seen == 0).all()
    # And the selectors that are kept have seen all of them.
    kept = quasar_log_odds(made.selectors_["memory"], frame)
    assert (np.abs(kept[np.isfinite(kept)]) == SURE).all()


def test_scores_are_those_of_a_plain_loop(shared, stack):
    frame, label = shared
    quasar = label == "QSO"
    for name in ("kernel", "trees"):
        expected = np.full(len(frame), np.nan)
        for fit, judge in StratifiedKFold(3, shuffle=True, random_state=0).split(quasar, quasar):
            part = frame.iloc[fit]
            selector = clone(parts()[name])
            bands = [f"mag_{b}" for b in selector.bands]
            mags = part[bands].to_numpy()
            colored = np.isfinite(mags[:, :-1] - mags[:, 1:]).any(axis=1)
            fitted = selector.fit(part[colored], label[fit][colored])
            p = fitted.predict_proba(frame.iloc[judge])[:, list(fitted.classes_).index("QSO")]
            mags = frame.iloc[judge][bands].to_numpy()
            silent = ~np.isfinite(mags[:, :-1] - mags[:, 1:]).any(axis=1)
            with np.errstate(divide="ignore"):
                expected[judge] = np.where(
                    silent, np.nan, np.clip(np.log(p / (1 - p)), -SURE, SURE)
                )
        assert_allclose(stack.scores_[name], expected, atol=1e-9)


def test_own_folds_keep_repeated_objects_together(shared):
    frame, label = shared
    twice = pd.concat([frame, frame], ignore_index=True).drop(columns="id")
    twice.attrs = frame.attrs
    n = len(frame)
    half = np.random.default_rng(0).random(n) < 0.5
    folds = [
        (np.flatnonzero(np.tile(~half, 2)), np.flatnonzero(np.tile(half, 2))),
        (np.flatnonzero(np.tile(half, 2)), np.flatnonzero(np.tile(~half, 2))),
    ]
    made = StackedSelector(
        {"memory": FrameSelector(Memory(), SDSS), "wedge": MATEOS2012_AB}, cv=folds
    ).fit(twice, np.tile(label, 2))
    assert (made.scores_["memory"].dropna() == 0).all()
    plain = clone(made).set_params(cv=2).fit(twice, np.tile(label, 2))
    assert (plain.scores_["memory"].abs() == SURE).any()


def test_template_log_odds_by_hand():
    sky = deredden(make_sky("sdss", n_sources=300, seed=1))
    sky.loc[3, "mag_sdss_u"] = np.nan
    model = SEDClassifier(bands=SDSS, z_step=0.1, z_max=4.0, n_jobs=1).fit()
    got = quasar_log_odds(model, sky)
    fits = model.fit_sources(sky)
    q, g, s = (np.exp(-0.5 * (fits[f"bic_{k}"] - 20)) for k in ("qso", "galaxy", "star"))
    small = (fits["chi2_qso"] < 200) & (fits["chi2_star"] < 200)
    by_hand = np.clip(np.log(q / (g + s)) / fits["n_bands"], -SURE, SURE)
    assert small.sum() > 100
    assert_allclose(got[small], by_hand[small], atol=1e-6)
    assert np.isnan(got[3])


def test_reverse_selection_with_a_ranker_ranks_all(shared):
    frame, label = shared
    reverse = ReverseSelectionClassifier(TREES, target="QSO", ranker=TREES)
    fitted = FrameSelector(reverse, SDSS).fit(frame, label)
    mags = frame[[f"mag_{b}" for b in SDSS]].to_numpy()
    X = pd.DataFrame(mags[:, :-1] - mags[:, 1:], columns=["u-g", "g-r", "r-i", "i-z"])
    p = fitted.estimator_.target_score(X)
    speaks = np.isfinite(mags[:, :-1] - mags[:, 1:]).any(axis=1)
    got = quasar_log_odds(fitted, frame)
    assert_allclose(got[speaks], np.log(p / (1 - p))[speaks], atol=1e-5)


def test_cuts_and_chains_are_sure(shared):
    frame, _ = shared
    chain = SelectionChain({"S/N": SNRCut({"wise_w2": 5}), "color": MATEOS2012_AB})
    got = quasar_log_odds(chain, frame)
    passes = chain.select(frame)["is_candidate"]
    listed = frame["mag_wise_w1"].notna()
    assert np.isnan(got[~listed]).all()
    assert_allclose(got[listed], np.where(passes[listed], SURE, -SURE))
    assert passes.sum() > 20


# --- the selector --------------------------------------------------------------------------


def test_the_stack_is_the_final_model_on_the_scores(shared, stack):
    frame, label = shared
    heard = stack.scores_.notna().any(axis=1).to_numpy()
    assert 0 < (~heard).sum() < 50
    seen, quasar = stack.scores_.to_numpy()[heard], (label == "QSO")[heard]
    lines = LogOddsRegression().fit(seen, quasar)
    # The wedge has the colors of WISE, "trees" those and more; the longest list comes first.
    mags = frame[[f"mag_{b}" for b in (*PS1, *WISE, *SDSS)]].to_numpy()
    color = mags[:, :-1] - mags[:, 1:]
    # Sorted by name: kernel, trees, wedge, as they are.
    trees = BoostedTrees(n_rounds=20, max_depth=4).fit(
        np.hstack([seen, color[heard]]).astype(np.float32), quasar
    )
    scores = stack.scores(frame).to_numpy()
    p = trees.predict_proba(np.hstack([scores, color]).astype(np.float32))[:, 1].astype(float)
    log_odds = (lines.decision_function(scores) + np.log(p / (1 - p))) / 2
    expected = np.where(np.isnan(scores).all(axis=1), np.nan, 1 / (1 + np.exp(-log_odds)))
    assert_allclose(stack.predict_proba(frame)[:, 0], expected, rtol=1e-4, atol=1e-6)
    expected = stack.predict_proba(frame)[:, 0]
    table = select_frame(stack, frame)
    assert_allclose(table["P_QSO"], expected)
    assert (table["is_candidate"] == (expected > 0.5)).all()
    assert set(table["selected_class"]) == {"QSO", "other", ""}
    assert table["reason"].iloc[0].startswith(("QSO: P = ", "other: P = "))
    assert table["z_phot"].isna().all()
    higher = clone(stack).set_params(threshold=0.9).fit(frame, label)
    assert (higher.select(frame)["is_candidate"] == (expected >= 0.9)).all()


def test_without_colors_the_final_model_is_the_lines_alone(shared, tmp_path):
    frame, label = shared
    made = StackedSelector(parts(), cv=2, with_colors=False).fit(frame, label)
    heard = made.scores_.notna().any(axis=1).to_numpy()
    lines = LogOddsRegression().fit(made.scores_.to_numpy()[heard], (label == "QSO")[heard])
    scores = made.scores(frame)
    told = scores.notna().any(axis=1).to_numpy()
    expected = lines.predict_proba(scores.to_numpy())[told, 1]
    assert_allclose(made.predict_proba(frame)[told, 0], expected)
    assert made.final_.trees_ is None
    # What was saved before there were trees has no word of them.
    values, arrays = made.to_state()
    del values["trees"]
    old = StackedSelector.from_state(values, arrays, made.selectors_)
    assert not old.with_colors
    assert_allclose(old.predict_proba(frame), made.predict_proba(frame))


def test_a_missing_xgboost_is_told_before_anything_is_fitted(shared, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ImportError, match="set with_colors=False") as caught:
        StackedSelector(parts(), cv=2).fit(*shared)
    assert str(caught.value).count(". ") == 0


def test_trees_believe_one_selector_here_and_another_there():
    rng = np.random.default_rng(0)
    quasar, red = rng.random(4000) < 0.3, rng.random(4000) < 0.5
    told = np.where(quasar, 2.0, -2.0)
    noise = rng.normal(0, 2, (4000, 2))
    # The first selector is right for blue sources, the second for red ones.
    s = pd.DataFrame({"a": np.where(red, 0, told) + noise[:, 0],
                      "b": np.where(red, told, 0) + noise[:, 1]})  # fmt: skip
    color = red[:, None] + rng.normal(0, 0.1, (4000, 1))
    half = np.arange(4000) < 2000
    right = {}
    for with_trees in (False, True):
        model = CombinedModel(with_trees).fit(s[half], color[half], quasar[half])
        odds = model.decision_function(s[~half], color[~half])
        right[with_trees] = np.mean((odds > 0) == quasar[~half])
    assert right[True] > right[False] + 0.01


def test_order_of_the_selectors_and_rows_does_not_matter(shared, stack):
    frame, label = shared
    other = StackedSelector(dict(reversed(parts().items())), cv=3).fit(frame, label)
    assert_allclose(other.predict_proba(frame), stack.predict_proba(frame), atol=1e-6)
    order = np.random.default_rng(1).permutation(len(frame))
    shuffled = stack.predict_proba(frame.iloc[order])
    assert_allclose(shuffled, stack.predict_proba(frame)[order], atol=1e-12)


@given(st.sets(st.sampled_from([*SDSS, *WISE, *PS1]), min_size=1))
@settings(max_examples=15)
def test_missing_bands_silence_only_those_who_need_them(shared, stack, lost):
    frame, _ = shared
    part = frame.iloc[:200]
    gone = [f"{k}_{b}" for b in lost for k in ("mag", "err", "limit")]
    dropped = part.drop(columns=gone)
    dropped.attrs = part.attrs
    blank = part.copy()
    blank[[c for c in gone if not c.startswith("limit")]] = np.nan
    blank.attrs = part.attrs
    before, after = stack.scores(part), stack.scores(dropped)
    # An absent column and a column of NaN are the same.
    pd.testing.assert_frame_equal(after, stack.scores(blank))
    for name, selector in stack.selectors_.items():
        if not lost & set(selector.bands):
            pd.testing.assert_series_equal(after[name], before[name])
    if lost & set(SDSS):
        assert after["kernel"].isna().all()
    silent = after.isna().all(axis=1)
    p = stack.select(dropped)["P_QSO"]
    assert (p.isna() == silent).all()


def test_nothing_measured_is_told(shared, stack):
    frame, _ = shared
    bare = frame.iloc[:3].drop(columns=[c for c in frame if c.startswith(("mag_", "err_"))])
    bare = bare.assign(mag_kmt_b=20.0)
    bare.attrs = frame.attrs
    table = stack.select(bare)
    assert table["P_QSO"].isna().all()
    assert (table["selected_class"] == "").all()
    assert not table["is_candidate"].any()
    assert set(table["reason"]) == {"no selector has a measured color"}


def test_labels_can_be_merged_for_one_selector(shared):
    frame, label = shared
    label = label.astype(object)
    label[np.flatnonzero(label == "Star")[::5]] = "Galaxy"
    two = {"QSO": 0.1, "Star": 0.9}
    some = {
        "kernel": FrameSelector(KernelBayesClassifier(0.2, priors=two), SDSS),
        "trees": FrameSelector(TREES, SDSS),
    }
    made = StackedSelector(some, cv=2, merge={"kernel": {"Galaxy": "Star"}}).fit(frame, label)
    assert made.selectors_["kernel"].classes_.tolist() == ["QSO", "Star"]
    assert made.selectors_["trees"].classes_.tolist() == ["Galaxy", "QSO", "Star"]
    assert made.class_counts_["Galaxy"] == (label == "Galaxy").sum()


def test_redshifts_come_from_the_first_that_has_one(shared):
    from qsolearn.redshift import ColorRedshiftRelation

    frame, label = shared
    some = parts() | {
        "kernel": FrameSelector(
            KernelBayesClassifier(bandwidth=0.2),
            SDSS,
            redshift=ColorRedshiftRelation(bin_width=0.2),
        )
    }
    z = frame["true_z"].to_numpy()
    made = StackedSelector(some, cv=2).fit(frame, label, z)
    table = made.select(frame)
    chosen = table["is_candidate"].to_numpy()
    expected = made.selectors_["kernel"].redshifts(frame[chosen])["z_phot"]
    assert_allclose(table["z_phot"][chosen], expected)
    assert table["z_phot"][~chosen].isna().all()
    assert expected.notna().sum() > 50


def test_a_saved_stack_selects_the_same(shared, tmp_path):
    frame, label = shared
    some = parts() | {
        "reverse": FrameSelector(
            ReverseSelectionClassifier(TREES, target="QSO", ranker=TREES), [*PS1, *WISE]
        ),
        "fit": SEDClassifier(bands=[*PS1, *WISE[:2]], z_step=0.2, z_max=4.0, n_jobs=1),
    }
    made = StackedSelector(some, cv=2, threshold=0.4).fit(frame, label)
    save_selector(made, tmp_path / "model", provenance={"seed": 4})
    loaded = load_selector(tmp_path / "model")
    assert loaded.provenance_ == {"seed": 4}
    assert loaded.bands == made.bands
    pd.testing.assert_frame_equal(select_frame(loaded, frame), select_frame(made, frame))


def test_a_part_that_cannot_be_saved_is_told(shared, tmp_path):
    frame, label = shared
    chain = SelectionChain({"S/N": SNRCut({"wise_w2": 5}), "color": MATEOS2012_AB})
    made = StackedSelector(parts() | {"chain": chain}, cv=2).fit(frame, label)
    with pytest.raises(CatalogError, match="SelectionChain cannot be saved"):
        save_selector(made, tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"selectors": {"one": MATEOS2012_AB}}, "needs two selectors or more"),
        ({"selectors": {**parts(), "bare": TREES}}, "'bare' is a BoostedTrees, which reads no"),
        ({"merge": {"kernels": {"Star": "x"}}}, "'kernels', which is not among the selectors"),
        ({"threshold": 1.5}, "between 0 and 1, not at 1.5"),
        ({"cv": 1}, "1 folds cannot be made of"),
        ({"cv": 10**6}, "1000000 folds cannot be made of"),
        ({"cv": [([0, 1], [1, 2])]}, "must score each of the"),
        ({"cv": [([0, 1], [2])]}, "must score each of the"),
    ],
)
def test_wrong_settings_get_one_sentence(shared, change, words):
    with pytest.raises(CatalogError, match=words) as caught:
        StackedSelector(**({"selectors": parts()} | change)).fit(*shared)
    assert str(caught.value).count(". ") == 0


def test_wrong_labels_get_one_sentence(shared):
    frame, label = shared
    stack = StackedSelector(parts(), cv=2)
    for wrong, words in (
        (label[:5], "but 5 labels"),
        (np.where(np.arange(len(label)) < 2, "", label), "2 rows have no label"),
        (np.full(len(label), "Star"), "learns from quasars"),
    ):
        with pytest.raises(CatalogError, match=words):
            stack.fit(frame, wrong)


def test_a_selector_without_quasars_is_named(shared):
    frame, label = shared
    dark = frame.copy()
    dark.loc[label == "QSO", [f"mag_{b}" for b in PS1 + WISE]] = np.nan
    dark.attrs = frame.attrs
    with pytest.raises(CatalogError, match="'trees' has a color in 0 quasars"):
        StackedSelector(parts(), cv=2).fit(dark, label)


def test_other_dereddening_and_no_selector_get_one_sentence(shared, stack):
    frame, _ = shared
    raw = frame.copy()
    raw.attrs = {**frame.attrs, "dereddened": False}
    with pytest.raises(CatalogError, match="treat both the same"):
        stack.select(raw)
    with pytest.raises(CatalogError, match="gives no probability and no verdict"):
        quasar_log_odds(KIM2024_WEDGE.edges[0], frame)


def test_scores_take_a_wedge_with_missing_bands(shared):
    frame, _ = shared
    # No B band here: undecided where the WISE colors do not reject.
    got = quasar_log_odds(KIM2024_WEDGE, frame)
    inside = MATEOS2012_AB.contains(frame)
    assert np.isnan(got[inside]).all()


# --- one sky in several surveys --------------------------------------------------------------


@pytest.fixture(scope="module")
def together():
    return make_sky("ks4+sdss+ps1-gaia-wise", n_sources=6000, seed=3)


def test_several_surveys_see_the_same_sources(together):
    assert together.attrs["survey"] == "ks4+sdss+ps1-gaia-wise"
    bands = {c.removeprefix("mag_") for c in together if c.startswith("mag_")}
    assert bands == {b for s in SURVEYS.values() for b in s.bands}
    bright = together["mag_ps1_i"] < 18.0
    for a, b in (("sdss_r", "ps1_r"), ("sdss_i", "kmt_i")):
        gap = (together[f"mag_{a}"] - together[f"mag_{b}"])[bright].dropna()
        assert len(gap) > 300
        assert abs(gap.median()) < 0.25
        assert gap.quantile(0.9) - gap.quantile(0.1) < 0.5


def test_each_survey_lists_within_its_own_limits(together):
    deep, shallow = together["mag_kmt_i"].notna(), together["mag_ps1_i"].notna()
    assert deep.mean() > 0.95
    assert 0.2 < shallow.mean() < 0.5
    i = deredden(together)["mag_kmt_i"]
    assert i[shallow].quantile(0.99) < 19.2
    assert i[~shallow & deep].quantile(0.01) > 18.5
    sdss = together["mag_sdss_u"].notna()
    assert i[deep & ~sdss].median() < 17.0


def test_the_footprint_is_the_first_ones(together):
    assert together["dec"].between(*SURVEYS["ks4"].dec).all()
    other = make_sky("sdss+ks4", n_sources=200, seed=1)
    assert other["dec"].between(*SURVEYS["sdss"].dec).all()


def test_the_same_seed_gives_the_same_shared_sky(together):
    again = make_sky("ks4+sdss+ps1-gaia-wise", n_sources=6000, seed=3)
    pd.testing.assert_frame_equal(again, together)


@pytest.mark.parametrize(
    ("name", "words"), [("ks4+ks4", "named twice"), ("ks4+moon", "Unknown survey 'moon'")]
)
def test_wrong_surveys_get_one_sentence(name, words):
    with pytest.raises(CatalogError, match=words):
        make_sky(name, n_sources=100)
