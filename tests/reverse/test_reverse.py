import json
import warnings

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from qsolearn.errors import CatalogError, CatalogWarning
from qsolearn.selection import (
    BoostedTrees,
    FrameSelector,
    KernelBayesClassifier,
    ReverseSelectionClassifier,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.simulate import make_sky

CLASSES = np.array(["Star", "Galaxy", "QSOlowZ", "other", "QSOhighZ"])
SIZES = (2000, 300, 120, 30, 40)
ORDER = ["Star", "Galaxy", "QSOlowZ"]
CENTERS = np.array([[0, 0, 0], [2, 0, 1], [0, 3, 0], [2, 2, 2], [-1, 3, 1]], dtype=float)


def mock(seed=0, sizes=SIZES, missing=0.0):
    """Five overlapping clouds in three colors."""
    rng = np.random.default_rng(seed)
    code = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = CENTERS[code] + rng.standard_normal((len(code), 3))
    X[rng.random(X.shape) < missing] = np.nan
    return X, CLASSES[code]


@pytest.fixture(scope="module")
def fitted():
    X, y = mock(missing=0.1)
    return ReverseSelectionClassifier(target="QSOhighZ", order=ORDER).fit(X, y), X, y


# --- against the plain reference


@given(
    seed=st.integers(0, 10_000),
    threshold=st.sampled_from([0.3, 0.5, 0.7, 0.9, 1.0]),
    order=st.permutations(["Star", "Galaxy", "QSOlowZ", "other"]).map(lambda c: c[:3]),
    kind=st.sampled_from(["nb", "tree", "kde"]),
)
def test_it_is_the_loop_of_the_paper(seed, threshold, order, kind):
    estimator = {
        "nb": GaussianNB(),
        "tree": DecisionTreeClassifier(max_depth=3, random_state=0),
        "kde": KernelBayesClassifier(bandwidth=1.0),
    }[kind]
    X, y = mock(seed, (120, 40, 20, 10, 8))
    model = ReverseSelectionClassifier(estimator, threshold, "QSOhighZ", order)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(X, y)
    if any(w.category is CatalogWarning for w in told):
        return  # a step that would discard every target: the paper has no rule for it
    plain = reference.fit(estimator, X, y, threshold, order)
    assert model.stages_["n"].tolist() == [len(rows) for rows in plain[3]]
    Z = mock(seed + 1, (30, 10, 5, 5, 5))[0]
    expected = reference.predict(plain, Z, threshold)
    told = model.explain(Z)
    assert told["selected_class"].tolist() == [label for label, _ in expected]
    assert told["step"].tolist() == [step for _, step in expected]
    assert_array_equal(model.predict(Z), told["selected_class"])


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_fast_trees_give_what_xgboosts_own_classifier_gives(missing):
    xgboost = pytest.importorskip("xgboost")
    X, y = mock(3, missing=missing)
    X = X.astype(np.float32)
    plain = xgboost.XGBClassifier(
        n_estimators=20, max_depth=20, tree_method="hist", base_score=0.5, n_jobs=1
    )
    kwargs = {"target": "QSOhighZ", "order": ORDER}
    slow = ReverseSelectionClassifier(plain, **kwargs).fit(X, y)
    fast = ReverseSelectionClassifier(BoostedTrees(), **kwargs).fit(X, y)
    pd.testing.assert_frame_equal(fast.stages_, slow.stages_)
    Z = mock(4, missing=missing)[0].astype(np.float32)
    assert_array_equal(fast.predict(Z), slow.predict(Z))
    assert_allclose(fast.predict_proba(Z), slow.predict_proba(Z), rtol=0, atol=1e-6)


def test_kept_probabilities_are_those_of_a_second_pass():
    X, y = mock(5, missing=0.1)
    for labels in (y, y == "Star"):
        trees = BoostedTrees()
        assert_array_equal(trees.fit_proba(X, labels), trees.predict_proba(X))


def test_chunks_change_nothing(monkeypatch):
    X, y = mock(5, missing=0.1)
    trees = BoostedTrees().fit(X, y)
    whole = trees.predict_proba(X)
    monkeypatch.setattr("qsolearn.selection.reverse.trees._CHUNK", 100)
    assert_array_equal(trees.predict_proba(X), whole)


def test_trees_see_missing_values_where_none_was_in_training():
    X, y = mock(5)
    trees = BoostedTrees().fit(X, y)
    assert np.isfinite(trees.predict_proba(np.full((2, 3), np.nan))).all()


def test_the_starting_probability_of_xgboost_is_set():
    X, y = mock(5)
    start = json.loads(BoostedTrees().fit(X, y == "Star").booster_.save_config())
    assert_allclose(float(start["learner"]["learner_model_param"]["base_score"].strip("[]")), 0.5)
    own = BoostedTrees(base_score=None).fit(X, y == "Star").predict_proba(X)
    assert not np.array_equal(own, BoostedTrees().fit(X, y == "Star").predict_proba(X))


# --- what the steps say


def test_five_classes_and_the_steps(fitted):
    model, X, y = fitted
    assert model.target_ == "QSOhighZ"
    assert model.order_ == ORDER
    stages = model.stages_
    assert stages["discards"].tolist() == [*ORDER, ""]
    assert stages["n"].iloc[0] == len(y)
    assert stages["n"].is_monotonic_decreasing
    assert (stages["n_target"] == 40).all()  # the training set never loses a target
    assert_allclose(stages["target_fraction"], stages["n_target"] / stages["n"])
    assert set(model.predict(X)) == set(CLASSES)


def test_only_correct_discards_leave_the_training_set():
    # One galaxy sits among the stars: the star step gives it P(Star) above the threshold.
    X = np.concatenate([np.linspace(-1, 1, 200), [0.0], np.linspace(4, 6, 30)])[:, None]
    y = np.array(["Star"] * 200 + ["Galaxy"] + ["QSO"] * 30)
    estimator = KernelBayesClassifier(bandwidth=0.8)
    model = ReverseSelectionClassifier(estimator, target="QSO", order=["Star"]).fit(X, y)
    assert model.stages_["n"].iloc[1] == 31
    table = model.stage_table(X, y)  # without its label the galaxy goes
    assert table["n"].iloc[1] == 30


def test_the_table_of_other_sets(fitted):
    model = fitted[0]
    X, y = mock(9, missing=0.1)
    table = model.stage_table(X, y)
    told = model.explain(X)
    for step, row in table.iterrows():
        reach = told["step"] >= step
        assert row["n"] == reach.sum()
        assert row["n_target"] == (reach & (y == "QSOhighZ")).sum()
    without = model.stage_table(X)
    assert_array_equal(without["n"], table["n"])
    assert without[["n_target", "target_fraction"]].isna().all(axis=None)
    with pytest.raises(ValueError, match=r"^There are 2,490 sources but 3 labels\.$"):
        model.stage_table(X, y[:3])


def test_probabilities_and_reasons_at_once_are_those_one_by_one(fitted):
    model = fitted[0]
    X, _ = mock(10, missing=0.1)
    proba, told = model.predict_explained(X)
    assert_array_equal(proba, model.predict_proba(X))
    assert_array_equal(told["selected_class"], model.predict(X))
    pd.testing.assert_frame_equal(told, model.explain(X))
    for row in told.itertuples():
        where = "last step" if row.step == 4 else f"step {row.step}"
        beginning = f"{where}: {row.selected_class}, P = "
        assert row.reason.startswith(beginning)
        assert abs(float(row.reason.removeprefix(beginning)) - row.probability) <= 0.00050001


def test_explain_names_step_and_probability(fitted):
    model, X, _ = fitted
    told = model.explain(X)
    first = told["step"] == 1
    p = model.estimators_[0].predict_proba(X)[:, 1]
    assert_array_equal(first, p > 0.9)
    assert_allclose(told["probability"][first], p[first])
    i = int(np.flatnonzero(first)[0])
    assert told["reason"][i] == f"step 1: Star, P = {p[i]:.3f}"
    last = told["step"] == 4
    assert told["reason"][last].str.startswith("last step: ").all()


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_probabilities_agree_with_the_labels(threshold):
    X, y = mock(1, missing=0.1)
    model = ReverseSelectionClassifier(None, threshold, "QSOhighZ", ORDER).fit(X, y)
    Z = mock(2, missing=0.1)[0]
    proba = model.predict_proba(Z)
    assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(Z))


def test_at_threshold_one_it_is_the_direct_classifier():
    X, y = mock(1)
    model = ReverseSelectionClassifier(BoostedTrees(), 1.0, "QSOhighZ", ORDER).fit(X, y)
    assert (model.stages_["n"] == len(y)).all()
    assert_allclose(model.predict_proba(X), BoostedTrees().fit(X, y).predict_proba(X), atol=1e-7)


def test_the_score_ranks_discarded_sources_too(fitted):
    model = fitted[0]
    X, y = mock(9, missing=0.1)
    score = model.target_score(X)
    assert ((score >= 0) & (score <= 1)).all()
    gone = model.explain(X)["step"].to_numpy() == 1
    assert len(np.unique(score[gone])) > 100
    assert score[y == "QSOhighZ"].mean() > 10 * score[y == "Star"].mean()


def test_a_ranker_learns_from_all_that_the_first_step_leaves():
    X, y = mock(1, missing=0.1)
    ranker = BoostedTrees(n_rounds=10, max_depth=4)
    kwargs = {"target": "QSOhighZ", "order": ORDER}
    model = ReverseSelectionClassifier(ranker=ranker, **kwargs).fit(X, y)
    without = ReverseSelectionClassifier(**kwargs).fit(X, y)
    Z = mock(9, missing=0.1)[0]
    assert_array_equal(model.predict_proba(Z), without.predict_proba(Z))
    p = model.estimators_[0].predict_proba(X)[:, 1]
    left = ~((p > 0.9) & (y == "Star"))
    own = BoostedTrees(n_rounds=10, max_depth=4).fit(X[left], y[left])
    passed = model.estimators_[0].predict_proba(Z)[:, 1] <= 0.9
    score = model.target_score(Z)
    assert_allclose(score[passed], own.predict_proba(Z[passed])[:, 1])
    assert_allclose(score[~passed], without.target_score(Z)[~passed], rtol=1e-6)
    with pytest.raises(ValueError, match=r"^RidgeClassifier gives no probabilities"):
        ReverseSelectionClassifier(ranker=RidgeClassifier()).fit(X, y)


def test_out_of_fold_discards_leave_more():
    X, y = mock(1)
    inside = ReverseSelectionClassifier(target="QSOhighZ", order=ORDER).fit(X, y)
    outside = ReverseSelectionClassifier(target="QSOhighZ", order=ORDER, cv=3, random_state=0).fit(
        X, y
    )
    Z, z = mock(2)
    share = inside.stage_table(Z, z)["n"].iloc[1] / len(Z)
    # Of the rows that it was fitted on a model is too sure; of unseen ones it is not.
    assert inside.stages_["n"].iloc[1] / len(X) < share - 0.01
    assert outside.stages_["n"].iloc[1] / len(X) > share - 0.01


def test_same_seed_and_rows_same_result():
    X, y = mock(1, missing=0.1)
    made = [
        ReverseSelectionClassifier(target="QSOhighZ", order=ORDER, cv=2, random_state=7).fit(X, y)
        for _ in range(2)
    ]
    assert_array_equal(made[0].predict_proba(X), made[1].predict_proba(X))


# --- estimators, orders, labels


@pytest.mark.parametrize(
    ("estimator", "missing"),
    [
        (RandomForestClassifier(20, random_state=0), 0.1),
        (HistGradientBoostingClassifier(max_iter=20), 0.1),
        (KernelBayesClassifier(bandwidth=1.0), 0.0),
    ],
    ids=lambda e: type(e).__name__,
)
def test_other_estimators(estimator, missing):
    X, y = mock(1, missing=missing)
    model = ReverseSelectionClassifier(estimator, 0.9, "QSOhighZ", ORDER).fit(X, y)
    Z, z = mock(2, missing=missing)
    found = model.predict(Z) == "QSOhighZ"  # one source in 62 is one
    assert (z[found] == "QSOhighZ").mean() > 0.2
    assert found[z == "QSOhighZ"].mean() > 0.2


def test_lightgbm():
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not among the locked packages")
    X, y = mock(1, missing=0.1)
    estimator = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)
    model = ReverseSelectionClassifier(estimator, 0.9, "QSOhighZ", ORDER).fit(X, y)
    assert set(model.predict(X)) <= set(CLASSES)


def test_missing_values_are_the_estimators_affair():
    X, y = mock(1, missing=0.1)
    with pytest.raises(ValueError, match="NaN"):
        ReverseSelectionClassifier(KernelBayesClassifier(1.0)).fit(X, y)
    clean, _ = mock(1)
    for estimator in (BoostedTrees(), RandomForestClassifier(5, random_state=0)):
        model = ReverseSelectionClassifier(estimator, target="QSOhighZ", order=ORDER).fit(clean, y)
        assert len(model.predict(np.full((2, 3), np.nan))) == 2  # a band never missing before


def test_by_default_the_rarest_is_the_target_and_the_largest_goes_first():
    X, y = mock(1)
    model = ReverseSelectionClassifier(GaussianNB()).fit(X, y)
    assert model.target_ == "other"
    assert model.order_ == ["Star", "Galaxy", "QSOlowZ", "QSOhighZ"]


def test_labels_as_integers_booleans_and_text_series():
    X, y = mock(1)
    code = pd.factorize(y, sort=True)[0]
    text = ReverseSelectionClassifier(GaussianNB(), target="QSOhighZ").fit(X, y)
    number = ReverseSelectionClassifier(GaussianNB(), target=1).fit(X, code)
    assert_array_equal(np.unique(y)[number.predict(X)], text.predict(X))
    series = ReverseSelectionClassifier(GaussianNB(), target="QSOhighZ").fit(X, pd.Series(y))
    assert_array_equal(series.predict(X), text.predict(X))
    boolean = ReverseSelectionClassifier(GaussianNB(), target=True).fit(X, y == "QSOhighZ")
    assert boolean.predict(X).dtype == bool


def test_where_one_class_is_left_it_gets_the_rest():
    X = np.concatenate([np.linspace(-1, 1, 50), np.linspace(9, 11, 10)])[:, None]
    y = np.array(["Star"] * 50 + ["QSO"] * 10)
    model = ReverseSelectionClassifier(GaussianNB()).fit(X, y)
    assert model.final_estimator_ is None
    assert model.predict([[0.0], [10.0]]).tolist() == ["Star", "QSO"]
    assert model.predict_proba([[10.0]]).tolist() == [[1.0, 0.0]]


# --- what cannot be used


def test_a_step_that_would_discard_every_target_discards_nothing():
    X = np.concatenate([np.linspace(-1, 1, 500), [0.0, 0.1]])[:, None]
    y = np.array(["Star"] * 500 + ["QSO"] * 2)
    model = ReverseSelectionClassifier(KernelBayesClassifier(0.5))
    with pytest.warns(CatalogWarning, match=r"^Step 1 \(Star\) would discard every source of the"):
        model.fit(X, y)
    assert model.stages_["n"].tolist() == [502, 502]
    assert model.stage_table(X, y)["n_target"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"threshold": 0},
            r"^threshold is 0; it must lie above 0 and not above 1, such as 0\.9\.$",
        ),
        ({"threshold": 1.2}, r"^threshold is 1\.2; it must lie above 0 and not above 1"),
        ({"threshold": float("nan")}, r"^threshold is nan; it must"),
        ({"threshold": "high"}, r"^threshold is 'high'; it must"),
        ({"target": "Blazar"}, r"^target names the class 'Blazar', which is not among Galaxy, "),
        ({"order": ["Star", "Comet"]}, r"^order names the class 'Comet', which is not among "),
        ({"order": ["Star", "Star"]}, r"^order is \['Star', 'Star'\]; it must name classes other"),
        ({"order": ["QSOhighZ"]}, r"it must name classes other than the target 'QSOhighZ', each"),
        ({"order": []}, r"^order is \[\]; it must name classes"),
        ({"order": "Star"}, r"^order is the text 'Star'; it must be a list of classes"),
        ({"estimator": RidgeClassifier()}, r"^RidgeClassifier gives no probabilities \(predict_pr"),
        ({"estimator": "xgboost"}, r"^str gives no probabilities"),
        ({"cv": 1}, r"^cv is 1; it must be None or a number of folds from 2 on\.$"),
        ({"cv": 50}, r"^The smallest class has 40 sources, too few for 50 folds; use fewer folds"),
    ],
)
def test_bad_settings_are_told_in_one_sentence(change, sentence):
    X, y = mock(1)
    settings = {"estimator": GaussianNB(), "target": "QSOhighZ", "order": ORDER, **change}
    with pytest.raises(ValueError, match=sentence) as error:
        ReverseSelectionClassifier(**settings).fit(X, y)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model", [ReverseSelectionClassifier(GaussianNB()), BoostedTrees()])
def test_one_class_only(model):
    with pytest.raises(ValueError, match=r"^All labels are 'Star', only one class: a classifier n"):
        model.fit([[0.0], [1.0]], ["Star", "Star"])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_labels(missing):
    with pytest.raises(ValueError, match=r"^1 label of 3 is missing \(NaN\); leave those rows out"):
        ReverseSelectionClassifier(GaussianNB()).fit([[0.0], [1.0], [2.0]], ["Star", "Q", missing])
    with pytest.raises(ValueError, match=r"^1 label of 3 is missing"):
        ReverseSelectionClassifier(GaussianNB()).fit([[0.0], [1.0], [2.0]], [1.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_rounds": 0}, r"^n_rounds is 0; it must be 1 or more\.$"),
        ({"max_depth": 0}, r"^max_depth is 0; it must be 1 or more\.$"),
        ({"max_delta_step": -1}, r"^max_delta_step is -1; it must be 0 or more\.$"),
        ({"base_score": 1.0}, r"^base_score is 1\.0; it is a probability between 0 and 1, or None"),
    ],
)
def test_bad_settings_of_the_trees(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        BoostedTrees(**change).fit([[0.0], [1.0]], ["a", "b"])


def test_without_xgboost_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(ImportError, match=r"^Boosted trees need xgboost, which is not installed"):
        BoostedTrees().fit([[0.0], [1.0]], ["a", "b"])


# --- frames, files


@pytest.fixture(scope="module")
def survey():
    sky = make_sky("ps1-gaia-wise", n_sources=6000, seed=5)
    return sky[sky["true_class"] != "other"].reset_index(drop=True)


@pytest.fixture(scope="module")
def selector(survey):
    bands = [c.removeprefix("mag_") for c in survey.filter(like="mag_")]
    ranker = BoostedTrees(n_rounds=5, max_depth=4)
    return FrameSelector(ReverseSelectionClassifier(target="QSOlowZ", ranker=ranker), bands).fit(
        survey, survey["true_class"]
    )


def test_in_a_frame_selector_the_reasons_are_its_own(selector, survey):
    survey = survey.head(500)
    out = select_frame(selector, survey)
    assert out["reason"].str.match(r"(step \d|last step): \w+, P = [01]\.\d{3}$").all()
    label = out["reason"].str.extract(r": (\w+),")[0]
    assert (label == out["selected_class"]).all()


def test_it_can_be_saved_with_the_package_xgboost_cpu(selector, tmp_path, monkeypatch):
    def version(name):
        assert name != "xgboost", "the package of that name may not be the one installed"
        return "1.0"

    monkeypatch.setattr("qsolearn.selection.saving.version", version)
    save_selector(selector, tmp_path / "model")


def test_saved_and_loaded_it_selects_the_same(selector, survey, tmp_path):
    save_selector(selector, tmp_path / "model")
    loaded = load_selector(tmp_path / "model")
    pd.testing.assert_frame_equal(select_frame(loaded, survey), select_frame(selector, survey))
    pd.testing.assert_frame_equal(loaded.estimator_.stages_, selector.estimator_.stages_)
    X = np.random.default_rng(0).normal(0.5, 1, (50, selector.estimator_.n_features_in_))
    names = selector.estimator_.feature_names_in_
    X = pd.DataFrame(X, columns=names)
    assert_array_equal(loaded.estimator_.target_score(X), selector.estimator_.target_score(X))
    model = json.loads((tmp_path / "model/model.json").read_text())
    assert "xgboost" in model["versions"]
    with np.load(tmp_path / "model/arrays.npz") as arrays:
        trees = json.loads(arrays["step_1_booster"].tobytes())
    assert trees["learner"]["objective"]["name"] == "binary:logistic"


def test_direct_trees_are_saved_too(survey, tmp_path):
    bands = ["ps1_g", "ps1_r", "wise_w1"]
    selector = FrameSelector(BoostedTrees(n_rounds=3), bands).fit(survey, survey["true_class"])
    save_selector(selector, tmp_path / "model")
    loaded = load_selector(tmp_path / "model")
    pd.testing.assert_frame_equal(select_frame(loaded, survey), select_frame(selector, survey))


def test_damaged_trees_are_told(selector, tmp_path):
    save_selector(selector, tmp_path / "model")
    with np.load(tmp_path / "model/arrays.npz") as stored:
        arrays = dict(stored)
    arrays["step_1_booster"] = arrays["step_1_booster"][:100]
    np.savez(tmp_path / "model/arrays.npz", **arrays)
    with pytest.raises(CatalogError, match=r"is damaged .*not xgboost's JSON"):
        load_selector(tmp_path / "model")


def test_other_estimators_cannot_be_saved(survey, tmp_path):
    trees = HistGradientBoostingClassifier(max_iter=3)
    estimator = ReverseSelectionClassifier(trees, 0.99, target="QSOlowZ")
    selector = FrameSelector(estimator, ["ps1_g", "ps1_r"]).fit(survey, survey["true_class"])
    with pytest.raises(CatalogError, match=r"^Reverse selection with HistGradientBoostingClassifi"):
        save_selector(selector, tmp_path / "model")
    assert not (tmp_path / "model").exists()
