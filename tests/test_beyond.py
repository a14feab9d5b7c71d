"""The comparison of `benchmarks/beyond.py`: its own densities and rates, and its result file."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
beyond = pytest.importorskip("beyond", reason="the benchmarks are not beside the tests")
methods, samples = beyond.methods, beyond.samples

from qsolearn.photometry import color_covariance  # noqa: E402


def objects(n, seed):
    rng = np.random.default_rng(seed)
    label = np.where(rng.random(n) < 0.5, "QSO", "Star")
    mags = 19 + rng.normal(size=(n, 5)) + (label == "QSO")[:, None] * [0, 2.0, 1.0, 0, 0]
    nothing = np.full(n, np.nan)
    return samples.Sample(mags, rng.uniform(0.02, 0.4, (n, 5)), label, nothing, nothing, nothing)


def test_kernels_with_the_errors_of_the_object_are_their_definition():
    train, test = objects(60, 1), objects(8, 2)
    got = methods.convolved(train, test, 0.1)
    cov = color_covariance(test.errors) + 0.01 * np.eye(4)
    for c, kind in enumerate(("Star", "QSO")):
        points = train.colors[train.label == kind]
        for i, at in enumerate(test.colors):
            each = multivariate_normal(at, cov[i]).pdf(points)
            assert_allclose(got[i, c], np.log(each.mean()), rtol=1e-9)


def test_without_errors_they_are_ordinary_kernels():
    train, test = objects(200, 3), objects(20, 4)
    exact = samples.Sample(test.mags, 0 * test.errors, *test.columns()[2:])
    assert_allclose(
        methods.convolved(train, exact, 0.3), methods.on_colors(train, exact, 0.3), atol=2e-4
    )


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(5)
    quasar, score = rng.random(500) < 0.3, rng.normal(size=500).round(1)
    area, at_27, at_10 = beyond.rates(quasar, score + quasar)
    assert_allclose(area, roc_auc_score(quasar, score + quasar))
    assert at_10 <= at_27


def test_the_completeness_is_at_a_false_positive_rate_not_above_the_stated():
    rng = np.random.default_rng(6)
    quasar, score = rng.random(5000) < 0.3, rng.normal(size=5000)
    _, found, _ = beyond.rates(quasar, score + quasar)
    limit = np.quantile((score + quasar)[~quasar], 1 - beyond.RATES[0], method="higher")
    assert np.mean(score[~quasar] > limit) <= beyond.RATES[0]
    assert_allclose(found, np.mean(score[quasar] + 1 > limit))


def test_a_gain_is_the_difference_and_its_interval_holds_it():
    rng = np.random.default_rng(7)
    quasar = rng.random(800) < 0.5
    noise = rng.normal(size=(2, 800))
    scores = {"weak": noise[0] + quasar, "strong": noise[1] + 2 * quasar}
    out = beyond.compare(quasar, scores, {k: np.abs(s) for k, s in scores.items()})
    gain = out["strong"]["gain"]["area"]
    assert_allclose(gain["value"], out["strong"]["area"]["value"] - out["weak"]["area"]["value"])
    assert 0 < gain["low"] < gain["value"] < gain["high"]
    assert "gain" not in out["weak"]


def test_the_setting_is_chosen_by_held_out_objects():
    train = objects(400, 8)
    best, areas = methods.choose(
        methods.on_colors, train, [(1e-3,), (1.0,)], np.random.default_rng(0)
    )
    assert best == (1.0,)
    assert areas[(1.0,)] > areas[(1e-3,)]


def test_the_result_file_is_complete():
    data = json.loads((ROOT / "book/richards2004/beyond.json").read_text(encoding="utf-8"))
    assert set(beyond.PARTS) <= set(data)
    assert data["command"]
    assert data["versions"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", data["date"])
    assert data["real"]["attempts"] >= 1
    for part in beyond.PARTS:
        assert sum(data[part]["rows"]["test"].values()) > 10_000


def test_the_sky_with_motions_is_the_library_s_sky():
    area = 3.0
    made = samples.simulated(area, 3)
    sky = samples.make_sky("sdss", area_deg2=area, seed=4)
    star = np.isin(made.label, ["Star", "WD"])
    expected = (sky["true_class"] == "Star").sum()
    assert abs(star.sum() - expected) < 5 * np.sqrt(2 * expected)
    assert 0.003 < np.mean(made.label[star] == "WD") < 0.02
    own = samples.magnitudes(samples.deredden(sky), samples.BANDS)
    own = samples.colors(own[(sky["true_class"] == "Star").to_numpy()])
    assert_allclose(np.median(made.colors[star], axis=0), np.median(own, axis=0), atol=0.02)
    # What does not move has a Rayleigh distribution of its errors.
    assert_allclose(np.median(made.motion[made.quasar]), 1.1774 * samples.PLATES, rtol=0.15)
    assert np.median(made.motion[made.label == "WD"]) > 2 * samples.PLATES
