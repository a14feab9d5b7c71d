"""Trees that were grown from disk or by Dask agree with those that were grown in memory."""

import numpy as np
import pandas as pd
import pytest

from qsolearn.errors import CatalogError
from qsolearn.frame import write_frame
from qsolearn.scale import select_hats, train_catalog, write_hats
from qsolearn.selection import (
    BoostedTrees,
    FrameSelector,
    ReverseSelectionClassifier,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.simulate import make_sky

UGRIZ = [f"sdss_{f}" for f in "ugriz"]
TREES = BoostedTrees(n_rounds=6, max_depth=6)
REVERSE = ReverseSelectionClassifier(TREES, target="QSOhighZ", order=["Star", "Galaxy"])


@pytest.fixture(scope="module")
def coarse():
    """A sky of colors with few values: every bin of the sketch is one value, whatever the parts."""
    sky = make_sky("sdss", n_sources=6000, seed=3)
    for band in UGRIZ:
        sky[f"mag_{band}"] = np.round(sky[f"mag_{band}"] * 8) / 8
    sky.loc[::9, "mag_sdss_u"] = np.nan
    sky["label"] = sky["true_class"].where(np.arange(len(sky)) % 5 > 0, "")
    return sky


@pytest.fixture(scope="module")
def folder(coarse, tmp_path_factory):
    out = tmp_path_factory.mktemp("train")
    write_hats(coarse, out / "sky", rows_per_partition=900)
    write_frame(coarse, out / "sky.parquet")
    return out


def in_memory(estimator, sky, **settings):
    known = sky[sky["label"] != ""]
    known.attrs = sky.attrs
    return FrameSelector(estimator, UGRIZ, **settings).fit(known, known["label"])


@pytest.mark.parametrize("source", ["sky", "sky.parquet"])
@pytest.mark.parametrize("estimator", [TREES, REVERSE], ids=["trees", "reverse"])
def test_training_from_disk_agrees_with_training_in_memory(coarse, folder, source, estimator):
    got = train_catalog(folder / source, "label", UGRIZ, estimator)
    expected = in_memory(estimator, coarse)
    assert got.class_counts_ == expected.class_counts_
    assert got.n_left_out_ == int((coarse["label"] == "").sum())
    assert got.classes_.tolist() == expected.classes_.tolist()
    assert got.quasar_classes_ == expected.quasar_classes_
    p, q = got.predict_proba(coarse), expected.predict_proba(coarse)
    np.testing.assert_allclose(p, q, rtol=0, atol=2e-5)
    if estimator is REVERSE:
        pd.testing.assert_frame_equal(
            got.estimator_.stages_, expected.estimator_.stages_, check_dtype=False
        )
        X = got._features(coarse)[0]
        assert (got.estimator_.explain(X).step == expected.estimator_.explain(X).step).all()


def test_reverse_selection_of_a_single_step(coarse, folder):
    single = ReverseSelectionClassifier(TREES, target="QSOhighZ", order=["Star"])
    got = train_catalog(folder / "sky", "label", UGRIZ, single)
    expected = in_memory(single, coarse)
    np.testing.assert_allclose(
        got.predict_proba(coarse), expected.predict_proba(coarse), rtol=0, atol=2e-5
    )
    assert got.estimator_.stages_.n.tolist() == expected.estimator_.stages_.n.tolist()


def test_what_was_trained_is_saved_loaded_and_used(coarse, folder, tmp_path):
    selector = train_catalog(folder / "sky", "label", UGRIZ, REVERSE, threshold=0.3)
    save_selector(selector, tmp_path / "model")
    loaded = load_selector(tmp_path / "model")
    expected = select_frame(selector, coarse)
    pd.testing.assert_frame_equal(select_frame(loaded, coarse), expected)
    outcome = select_hats(folder / "sky", tmp_path / "out", loaded)
    assert outcome.counts["candidates"] == expected["is_candidate"].sum() > 0


def test_the_scratch_folder_is_left_empty(folder, tmp_path):
    train_catalog(folder / "sky", "label", UGRIZ, TREES, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_distributed_training_differs_less_than_another_sample_would(tmp_path):
    """The limits of the bins are merged over the workers: trees differ, what is found hardly."""
    sky = make_sky("sdss", n_sources=6000, seed=7)
    test = make_sky("sdss", n_sources=6000, seed=8)
    quasar = test["true_class"].str.startswith("QSO").to_numpy()
    sky["label"] = np.where(sky["true_class"].str.startswith("QSO"), "QSO", "other")
    write_hats(sky, tmp_path / "sky", rows_per_partition=2000)

    def found(selector):
        return select_frame(selector, test)["is_candidate"].to_numpy()

    def recall(candidates):
        return (candidates & quasar).sum() / quasar.sum()

    local = found(in_memory(TREES, sky))
    rng = np.random.default_rng(0)
    others = []
    for _ in range(3):
        own = sky.iloc[rng.integers(0, len(sky), len(sky))].assign(id=range(len(sky)))
        own.attrs = sky.attrs
        others.append(found(in_memory(TREES, own)))
    far = train_catalog(tmp_path / "sky", "label", UGRIZ, TREES, workers=2)
    near = train_catalog(tmp_path / "sky", "label", UGRIZ, TREES)
    for candidates in (found(far), found(near)):
        assert overlap(candidates, local) > max(overlap(o, local) for o in others)
        assert abs(recall(candidates) - recall(local)) < 0.05
    again = train_catalog(tmp_path / "sky", "label", UGRIZ, TREES, workers=2)
    np.testing.assert_array_equal(again.predict_proba(test), far.predict_proba(test))


def test_distributed_training_agrees_where_the_limits_of_the_bins_do(coarse, folder):
    far = train_catalog(folder / "sky", "label", UGRIZ, TREES, workers=2)
    expected = in_memory(TREES, coarse).predict_proba(coarse)
    np.testing.assert_allclose(far.predict_proba(coarse), expected, rtol=0, atol=2e-5)


def test_a_damaged_part_is_told(folder, tmp_path):
    import shutil

    from qsolearn.scale import HatsFolder

    shutil.copytree(folder / "sky", tmp_path / "sky")
    catalog = HatsFolder.open(tmp_path / "sky")
    catalog.file(catalog.pixels[2]).write_bytes(b"PAR1")
    with pytest.raises(CatalogError, match="is damaged"):
        train_catalog(tmp_path / "sky", "label", UGRIZ, TREES)


def test_workers_tell_of_damaged_colors(folder, tmp_path):
    """The labels, which are read first, lie at the end of the file and are sound."""
    import shutil

    from qsolearn.scale import HatsFolder

    shutil.copytree(folder / "sky", tmp_path / "sky")
    catalog = HatsFolder.open(tmp_path / "sky")
    file = catalog.file(catalog.pixels[2])
    sound = file.read_bytes()
    third = len(sound) // 3
    file.write_bytes(sound[:100] + bytes(third) + sound[100 + third :])
    with pytest.raises(CatalogError, match="is damaged"):
        train_catalog(tmp_path / "sky", "label", UGRIZ, TREES, workers=2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"label": "klass"}, "The catalog has no column 'klass' of labels"),
        ({"bands": ["sdss_u"]}, "A color needs two bands; only sdss_u was given"),
        ({"bands": ["sdss_u", "kmt_b"]}, "The catalog has no band kmt_b"),
        ({"bands": ["sdss_u", "nothing"]}, "nothing"),
        ({"workers": 0}, "workers is 0"),
        ({"estimator": "trees"}, "str cannot be trained from disk"),
        (
            {"estimator": ReverseSelectionClassifier(cv=3)},
            "with BoostedTrees, without ranker and folds",
        ),
        (
            {"estimator": ReverseSelectionClassifier(TREES, 0.001, "QSOhighZ", ["Star"])},
            r"The first step \(Star\) would discard every source of the target QSOhighZ",
        ),
        ({"quasar_classes": ["Quasar"]}, "Quasar class 'Quasar' is not among the labels"),
    ],
)
def test_what_cannot_be_trained_is_told(folder, change, sentence):
    settings = {"label": "label", "bands": UGRIZ, "estimator": TREES} | change
    with pytest.raises(CatalogError, match=sentence):
        train_catalog(folder / "sky", **settings)


def test_a_single_class_is_told(coarse, tmp_path):
    one = coarse.assign(label="Star")
    write_frame(one, tmp_path / "one.parquet")
    with pytest.raises(CatalogError, match="holds 1 class; a classifier needs two"):
        train_catalog(tmp_path / "one.parquet", "label", UGRIZ, TREES)
