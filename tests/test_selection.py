import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from qsolearn.errors import CatalogError
from qsolearn.features import NeighborColors
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors, deredden
from qsolearn.selection import (
    FrameSelector,
    KernelBayesClassifier,
    UVExcessCut,
    dummy_classifier,
    load_selector,
    save_selector,
    select_frame,
)

BANDS = ["sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z"]

# FrameSelector reads photometric frames (named band columns), not bare arrays: scikit-learn's
# checks, which feed arrays, do not apply to it. KernelBayesClassifier is checked in tests/kde.
EXPECTED_FAILURES = {
    "UVExcessCut": {},
    "NeighborColors": {},
}


@parametrize_with_checks(
    [UVExcessCut(), NeighborColors()],
    expected_failed_checks=lambda e: EXPECTED_FAILURES[type(e).__name__],
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def selectors(sky):
    made = {
        "kde": KernelBayesClassifier(bandwidth=0.2),
        "uvx": UVExcessCut(),
        "dummy": dummy_classifier(),
    }
    label = np.where(sky["true_class"] == "Star", "Star", "QSO")
    return {k: FrameSelector(e, BANDS).fit(sky, label) for k, e in made.items()}


@pytest.mark.parametrize("kind", ["kde", "uvx", "dummy"])
def test_a_saved_selector_selects_the_same(selectors, sky, tmp_path, kind):
    before = select_frame(selectors[kind], sky)
    save_selector(selectors[kind], tmp_path / "model", provenance={"files": ["a"]})
    loaded = load_selector(tmp_path / "model")
    pd.testing.assert_frame_equal(select_frame(loaded, sky), before)
    assert loaded.provenance_ == {"files": ["a"]}
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["arrays.npz", "model.json"]
    json.loads((tmp_path / "model" / "model.json").read_text())


def test_select_frame_is_pure_and_keeps_the_rows(selectors, sky):
    frame = sky.sample(frac=1, random_state=1)
    copy = frame.copy()
    done = []
    out = select_frame(selectors["kde"], frame, progress=done.append)
    pd.testing.assert_frame_equal(frame, copy)
    assert out.index.equals(frame.index)
    assert sum(done) == len(frame)
    assert list(out) == ["P_QSO", "selected_class", "is_candidate", "reason", "z_phot"]
    assert ((out["P_QSO"] > 0.5) == out["is_candidate"]).all()
    # The library's answer is the classifier's on the colors that one computes by hand.
    by_hand = selectors["kde"].estimator_.predict_proba(
        pd.DataFrame(colors(magnitudes(frame, BANDS)), columns=["u-g", "g-r", "r-i", "i-z"])
    )
    assert_allclose(out["P_QSO"], by_hand[:, 0])


def test_blocks_do_not_change_the_answer(selectors, sky, monkeypatch):
    from qsolearn.selection import selecting

    whole = select_frame(selectors["kde"], sky)
    monkeypatch.setattr(selecting, "_BLOCK", 333)
    pd.testing.assert_frame_equal(select_frame(selectors["kde"], sky), whole)


@pytest.mark.parametrize("kind", ["kde", "uvx"])
def test_reasons_are_those_of_the_probabilities(selectors, sky, kind):
    selector = selectors[kind]
    proba, reason = selector.predict_explained(sky)
    np.testing.assert_array_equal(proba, selector.predict_proba(sky))
    np.testing.assert_array_equal(reason, selector.explain(sky))
    best = selector.classes_[np.argmax(np.nan_to_num(proba, nan=-1.0), axis=1)]
    for text, own, p in zip(reason, best, proba, strict=True):
        if np.isnan(p).any():
            assert text.startswith("no sdss_")
        elif "the prior decides" not in text:
            assert text.startswith(f"{own}: P = ")
            assert abs(float(text.split("P = ")[1]) - p.max()) <= 0.00050001


def test_missing_bands_have_their_rule(selectors, sky):
    frame = sky.head(4).copy()
    frame.loc[frame.index[0], "mag_sdss_u"] = np.nan
    frame.loc[frame.index[1], ["mag_sdss_g", "mag_sdss_z"]] = np.nan
    out = select_frame(selectors["kde"], frame)
    assert out["P_QSO"].isna().tolist() == [True, True, False, False]
    assert out["selected_class"].tolist()[:2] == ["", ""]
    assert out["reason"].tolist()[:2] == ["no sdss_u", "no sdss_g, sdss_z"]
    assert not out["is_candidate"].iloc[:2].any()


def test_an_estimator_that_takes_nan_gets_it(sky):
    label = np.where(sky["true_class"] == "Star", "Star", "QSO")
    frame = sky.copy()
    frame.loc[frame.index[::3], "mag_sdss_u"] = np.nan
    selector = FrameSelector(HistGradientBoostingClassifier(random_state=0), BANDS)
    selector.fit(frame, label)
    assert selector.n_left_out_ == 0
    assert select_frame(selector, frame)["P_QSO"].notna().all()
    with pytest.raises(CatalogError, match="cannot be saved"):
        save_selector(selector, "nowhere")


def test_far_sources_are_told(selectors, sky):
    frame = sky.head(3).copy()
    frame["mag_sdss_u"] += 30.0
    reasons = select_frame(selectors["kde"], frame)["reason"]
    assert reasons.str.contains("no training source near; the prior decides").all()


def test_threshold_moves_the_candidates(sky):
    label = np.where(sky["true_class"] == "Star", "Star", "QSO")
    strict = FrameSelector(KernelBayesClassifier(), BANDS, threshold=0.99).fit(sky, label)
    out = select_frame(strict, sky)
    assert ((out["P_QSO"] >= 0.99) == out["is_candidate"]).all()


ONE_SENTENCE = [
    (lambda s, f: select_frame(s, f.drop(columns="mag_sdss_u")), "no band sdss_u"),
    (lambda s, f: select_frame(s, f.assign(mag_sdss_u=np.nan)), "sdss_u has no measured value"),
    (lambda s, f: select_frame(s, f.iloc[:0]), "no rows"),
    (lambda s, f: select_frame(s, deredden(f)), "treat both the same"),
    (lambda s, f: select_frame(LogisticRegression(), f), "wrap a classifier in FrameSelector"),
    (lambda s, f: FrameSelector(UVExcessCut(), BANDS).fit(f, ["a"]), "but 1 labels"),
    (lambda s, f: FrameSelector(UVExcessCut(), BANDS).fit(f, [""] * len(f)), "have no label"),
    (lambda s, f: FrameSelector(UVExcessCut(), BANDS[:1]).fit(f, f["true_class"]), "two bands"),
    (lambda s, f: FrameSelector(UVExcessCut(), ["x", "y"]).fit(f, f["true_class"]), "Unknown band"),
    (
        lambda s, f: FrameSelector(dummy_classifier(), BANDS).fit(f, ["a"] * len(f)),
        "begins with QSO",
    ),
    (
        lambda s, f: FrameSelector(dummy_classifier(), BANDS, ["b"]).fit(f, ["a"] * len(f)),
        "Quasar class 'b'",
    ),
    (
        lambda s, f: FrameSelector(UVExcessCut(), BANDS, threshold=2).fit(f, f["true_class"]),
        "between 0 and 1",
    ),
    (lambda s, f: save_selector(FrameSelector(UVExcessCut(), BANDS), "x"), "call fit first"),
    (lambda s, f: load_selector("no/such/model"), "not a model folder"),
]


@pytest.mark.parametrize(("call", "words"), ONE_SENTENCE)
def test_misuse_gets_one_sentence(selectors, sky, call, words):
    with pytest.raises(CatalogError, match=words) as caught:
        call(selectors["kde"], sky)
    assert "\n" not in str(caught.value)


def test_incomplete_training_rows_are_counted(sky):
    frame = sky.copy()
    frame.loc[frame.index[:7], "mag_sdss_i"] = np.nan
    label = np.where(sky["true_class"] == "Star", "Star", "QSO")
    selector = FrameSelector(KernelBayesClassifier(), BANDS).fit(frame, label)
    assert selector.n_left_out_ == 7
    assert sum(selector.class_counts_.values()) == len(sky) - 7
    with pytest.raises(CatalogError, match="No source of class 'QSO'"):
        FrameSelector(KernelBayesClassifier(), BANDS).fit(
            frame.assign(mag_sdss_u=frame["mag_sdss_u"].where(label == "Star")), label
        )


@pytest.mark.parametrize("harm", ["cut", "format", "kind", "garbage"])
def test_damaged_models_get_one_sentence(selectors, tmp_path, harm):
    folder = tmp_path / "model"
    save_selector(selectors["kde"], folder)
    model = json.loads((folder / "model.json").read_text())
    if harm == "cut":
        data = (folder / "arrays.npz").read_bytes()
        (folder / "arrays.npz").write_bytes(data[: len(data) // 2])
    elif harm == "garbage":
        (folder / "model.json").write_text("{")
    else:
        model = {**model, "format": 99} if harm == "format" else model
        if harm == "kind":
            model["classifier"]["kind"] = "Evil"
        (folder / "model.json").write_text(json.dumps(model))
    with pytest.raises(CatalogError) as caught:
        load_selector(folder)
    assert "\n" not in str(caught.value)


class _Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_no_pickle_is_ever_loaded(selectors, tmp_path):
    folder = tmp_path / "model"
    save_selector(selectors["kde"], folder)
    np.savez(folder / "arrays.npz", evil=np.array([_Trap(tmp_path / "sprung")], dtype=object))
    with pytest.raises(CatalogError, match="damaged"):
        load_selector(folder)
    assert not (tmp_path / "sprung").exists()


def test_a_model_replaces_another_only_when_asked(selectors, tmp_path):
    save_selector(selectors["kde"], tmp_path / "m")
    with pytest.raises(CatalogError, match="exists already"):
        save_selector(selectors["uvx"], tmp_path / "m")
    save_selector(selectors["uvx"], tmp_path / "m", overwrite=True)
    assert isinstance(load_selector(tmp_path / "m").estimator_, UVExcessCut)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_only_a_model_is_replaced_by_a_model(selectors, tmp_path):
    folder, link = tmp_path / "thesis", tmp_path / "link"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    with pytest.raises(CatalogError, match="no model folder"):
        save_selector(selectors["kde"], folder, overwrite=True)
    assert (folder / "thesis.txt").read_text() == "precious"
    save_selector(selectors["kde"], tmp_path / "m")
    link.symlink_to(tmp_path / "m")
    save_selector(selectors["uvx"], link, overwrite=True)
    assert link.is_symlink()
    assert isinstance(load_selector(tmp_path / "m").estimator_, UVExcessCut)


def test_far_sources_are_no_candidates_when_priors_are_equal(sky):
    quasars = sky[sky["true_class"] != "Star"]
    even = pd.concat([quasars, sky[sky["true_class"] == "Star"].head(len(quasars))])
    label = np.where(even["true_class"] == "Star", "Star", "QSO")
    selector = FrameSelector(KernelBayesClassifier(), BANDS).fit(even, label)
    far = sky.head(3).assign(mag_sdss_u=39.0)
    out = select_frame(selector, far)
    assert out["P_QSO"].tolist() == [0.5] * 3
    assert not out["is_candidate"].any()


def test_uv_excess_cut_by_hand():
    X = np.array([[0.2, 9], [0.59, 9], [0.61, 9], [1.5, 9]])
    cut = UVExcessCut(limit=0.6).fit(X, ["QSO", "QSO", "Star", "Star"])
    assert cut.predict(X).tolist() == ["QSO", "QSO", "Star", "Star"]
    assert (
        UVExcessCut(quasar_class="Star").fit(X, ["QSO", "QSO", "Star", "Star"]).predict(X)[0]
        == "Star"
    )
    with pytest.raises(ValueError, match="not among the labels"):
        UVExcessCut(quasar_class="x").fit(X, ["QSO", "QSO", "Star", "Star"])
    with pytest.raises(ValueError, match="Only binary"):
        UVExcessCut().fit(X, ["a", "b", "c", "c"])


def test_neighbor_colors_are_named():
    frame = pd.DataFrame([[20.0, 19.0, 18.5]], columns=["mag_sdss_u", "mag_sdss_g", "mag_sdss_r"])
    made = NeighborColors().set_output(transform="pandas").fit_transform(frame)
    assert list(made) == ["u-g", "g-r"]
    assert made.to_numpy().tolist() == [[1.0, 0.5]]
