import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from qsolearn.judge import redshift_report, stratified_splits
from qsolearn.redshift import RedshiftRegressor, solutions
from qsolearn.selection import BoostedTrees

ROOT = Path(__file__).parents[2]
PUBLISHED = json.loads((ROOT / "book/calderone2024/redshift.json").read_text())


@pytest.fixture(scope="module")
def script():
    """The benchmark as a module."""
    path = ROOT / "benchmarks/real_redshift_wise.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.real
def test_the_chapter_shows_what_the_catalog_gives(real_data, script):
    mag, z, label = script.load(real_data)
    assert PUBLISHED["rows"]["quasars"] == len(z)
    train, test = stratified_splits(label, 1, 0.2, script.SEED)[0]
    X = script.colors(mag)
    predicted = BoostedTrees(n_rounds=20).fit(X[train], label[train]).predict(X[test])
    model, values = script.density(mag, z, train, test, PUBLISHED["chosen"][0])
    found = {
        script.PAPER: RedshiftRegressor().fit(X[train], z[train]).predict(X[test]),
        script.OURS: solutions(values, model.z_grid_, window=script.WINDOW)["z_phot"],
    }
    for name, z_phot in found.items():
        report = redshift_report(z_phot, z[test], predicted)
        for group in ("QSOlowZ", "QSOhighZ"):
            shown = PUBLISHED["by_split"][name][group][0]
            assert report.loc[group, "nmad"] == pytest.approx(shown, abs=2e-3)


def test_settings_are_those_with_the_best_score_of_each_training_set(script):
    attempts = PUBLISHED["first_split_attempts"]
    assert len(attempts) == PUBLISHED["attempts"]["per_split"]
    assert max(attempts, key=lambda a: a["score"])["settings"] == PUBLISHED["chosen"][0]
    assert len(PUBLISHED["chosen"]) == PUBLISHED["splits"] == script.N_SPLITS


def test_the_summary_is_the_mean_of_the_splits(script):
    for name in (script.PAPER, script.OURS):
        for group, values in PUBLISHED["by_split"][name].items():
            shown = PUBLISHED["methods"][name]["predicted"][group]["nmad"]["value"]
            assert shown == pytest.approx(np.mean(values), abs=1e-4)


def test_a_redshift_beyond_the_grid_counts_as_its_last_cell(script):
    class Model:
        z_grid_ = np.array([0.005, 0.015])

    score = script.log_score(Model, np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([0.001, 9.0]))
    assert score == pytest.approx(np.log(2.0) / 2)
