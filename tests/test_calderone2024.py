"""The paper's numbers, methods, metrics and candidates."""

import numpy as np
import pandas as pd
import pytest

from qsolearn.datasets import load_calderone2024_new_quasars
from qsolearn.errors import CatalogError
from qsolearn.judge import stratified_splits
from qsolearn.papers import calderone2024 as paper
from qsolearn.selection import select_frame
from qsolearn.simulate import make_sky

MIX = {"Star": 3000, "Galaxy": 600, "QSOlowZ": 300, "QSOhighZ": 150, "other": 50, "": 400}


@pytest.fixture(scope="module")
def sky():
    return make_sky("ps1-gaia-wise", n_sources=sum(MIX.values()), composition=MIX, seed=8)


@pytest.fixture(scope="module")
def known(sky):
    frame = sky[sky["label_class"] != ""].reset_index(drop=True)
    return paper.features(frame), frame["label_class"].to_numpy(str), frame["true_z"].to_numpy()


def test_every_sum_of_the_paper_is_checked_and_two_do_not_come_out():
    table = paper.check_sums()
    wrong = table[~table["agrees"]]
    assert len(table) >= 50
    assert wrong["statement"].tolist() == ["outliers [%]", "quasars identified in all"]
    assert wrong["computed"].round(1).tolist() == [6.6, 140.0]


def test_a_wrong_number_would_be_found(monkeypatch):
    monkeypatch.setitem(paper.PUBLISHED, "test_high_z", 381)
    found = paper.check_sums()
    assert not found.loc[found["statement"] == "high-z quasars of both", "agrees"].item()


def test_what_was_not_recovered_is_none():
    missing = [k for k, v in paper.PUBLISHED.items() if v is None]
    assert {"colors", "dec_limits_deg", "curves_fig_3", "points_fig_7"} <= set(missing)


def test_the_published_matrices_are_those_of_the_test_set():
    for method in paper.METHODS:
        matrix = paper.published_confusion(method)
        assert matrix.counts.to_numpy().sum() == 5_631_369
        assert matrix.by_true.sum(axis=1).round(12).eq(1).all()
        assert matrix.by_predicted.sum(axis=0).round(12).eq(1).all()
    with pytest.raises(ValueError, match="not 'bagging'"):
        paper.published_confusion("bagging")


def test_the_stages_shrink_and_the_training_set_keeps_its_quasars():
    stages = paper.published_stages()
    for part in ("training", "test", "unclassified"):
        assert stages[part].is_monotonic_decreasing
    assert stages["high_z_training"].tolist() == [1526] * 4


def test_follow_up_and_list_carry_intervals():
    success = paper.follow_up()["z > 2.5"]
    assert success == pytest.approx(107 / 121)
    assert 0.81 < success.low < success < success.high < 0.94
    overlap = paper.independent_list()
    row = overlap.loc["candidates in the list that are at z > 2.5"]
    assert (row["k"], row["n"]) == (658, 1039)
    assert row["low"] < 0.633 < row["high"]


def test_the_new_quasars_fit_the_follow_up():
    table = load_calderone2024_new_quasars()
    assert len(table) == paper.PUBLISHED["new_high_z"]
    assert (table["true_z"] > paper.HIGH_Z).all()


def test_the_classifiers_have_the_settings_of_the_paper():
    assert paper.classifier("direct").n_rounds == 40
    assert paper.classifier("undersampled").n_rounds == 15
    reverse = paper.classifier(threshold=0.8)
    assert (reverse.estimator.n_rounds, reverse.estimator.max_depth) == (20, 20)
    assert (reverse.threshold, reverse.order) == (0.8, ["Star", "Galaxy", "QSOlowZ"])
    assert paper.classifier(n_rounds=7).estimator.n_rounds == 7
    with pytest.raises(CatalogError, match="not 'boosted'"):
        paper.classifier("boosted")


def test_the_recipe_selects_from_a_frame(sky):
    labeled = sky["label_class"] != ""
    selector = paper.recipe().fit(sky[labeled], sky.loc[labeled, "label_class"])
    found = select_frame(selector, sky[~labeled].reset_index(drop=True))
    assert set(found["selected_class"]) <= set(paper.CLASSES)
    assert found["reason"].str.contains("step").any()


def test_features_are_neighboring_colors(sky):
    X = paper.features(sky)
    assert X.shape == (len(sky), 11)
    expected = sky["mag_ps1_y"] - sky["mag_gaia_bp"]
    np.testing.assert_allclose(X[:, 4], expected, rtol=1e-5, atol=1e-5)


def test_undersampling_takes_equally_many_of_each_class():
    labels = np.repeat(["a", "b", "c"], [50, 7, 20])
    rows = paper.undersample(labels, seed=1)
    assert pd.Series(labels[rows]).value_counts().to_dict() == {"a": 7, "b": 7, "c": 7}
    assert len(set(rows)) == 21
    assert (rows == paper.undersample(labels, seed=1)).all()
    assert len(paper.undersample(labels, per_class=3)) == 9
    with pytest.raises(CatalogError, match="'b' has 7 sources, fewer than 8"):
        paper.undersample(labels, per_class=8)


def test_metrics_are_those_of_the_published_matrix():
    """The direct method's matrix written out as single sources, true class and prediction."""
    counts = paper.published_confusion("direct").counts.drop(index="Star")
    true = np.repeat(np.repeat(counts.index, 5), counts.to_numpy().ravel())
    predicted = np.repeat(np.tile(counts.columns, 4), counts.to_numpy().ravel())
    z = np.where(np.arange(len(true)) % 2, 2.7, 3.5)
    found = paper.metrics(true, predicted, z)
    assert found["recall"] == pytest.approx(218 / 382)
    assert found["precision"] == pytest.approx(218 / 302)
    own = (true == "QSOhighZ") & (z > 3)
    assert found["recall_z3"] == pytest.approx(np.mean(predicted[own] == "QSOhighZ"))


@pytest.mark.parametrize("method", paper.METHODS)
def test_every_method_finds_more_than_chance(known, method):
    X, labels, z = known
    ((train, test),) = stratified_splits(labels, seed=2)
    predicted, model = paper.run_split(method, X, labels, train, test)
    found = paper.metrics(labels[test], predicted, z[test])
    assert found["recall"].low > 0.2  # one class in five by chance
    assert found["precision"] > 0.1  # one in 27 by chance
    again, _ = paper.run_split(method, X, labels, train, test)
    assert (again == predicted).all()
    assert hasattr(model, "stages_") == (method == "reverse")


def test_bright_and_far_candidates_come_first():
    order = paper.priority([18.0, 17.0, np.nan, 18.0], [3.0, 4.0, 5.0, 3.0])
    assert order.tolist() == [2, 1, 4, 3]
    assert sorted(paper.priority(np.arange(5.0), np.arange(5.0))) == [1, 2, 3, 4, 5]
    assert paper.priority([], []).tolist() == []


def test_candidates_come_from_the_unclassified_alone(sky):
    labels = sky["label_class"]
    z = np.where(labels != "", sky["true_z"], np.nan)
    found = paper.find_candidates(sky, labels, z)
    unclassified = set(sky.loc[labels == "", "id"])
    assert 0 < len(found) < len(unclassified)
    assert set(found["id"]) <= unclassified
    assert found["priority"].tolist() == list(range(1, len(found) + 1))
    assert (found["selected_class"] == "QSOhighZ").all()
    assert found["z_phot"].between(0, 6).all()


def test_candidates_need_known_and_unknown_sources(sky):
    z = np.full(len(sky), np.nan)
    with pytest.raises(CatalogError, match="Every source has a label"):
        paper.find_candidates(sky, sky["true_class"], z)
    with pytest.raises(CatalogError, match="none can be estimated"):
        paper.find_candidates(sky, sky["label_class"], z)
