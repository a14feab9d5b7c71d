import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from qsolearn.frame import magnitudes
from qsolearn.papers.richards2004 import BANDS

ROOT = Path(__file__).parents[2]


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    path = ROOT / f"benchmarks/{name}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tradeoff(monkeypatch):
    yield load("real_tradeoff", monkeypatch)
    sys.modules.pop("real_selection", None)


def published(name):
    return json.loads((ROOT / f"book/real/{name}.json").read_text())


def test_working_points_are_where_they_say(tradeoff):
    rng = np.random.default_rng(0)
    quasar = np.repeat([True, False], [3000, 1000])
    s = np.where(quasar, rng.normal(2, 1, 4000), rng.normal(-2, 1, 4000))
    points = tradeoff.working_points(quasar, s)
    kept = s >= points["threshold_completeness"]
    assert np.mean(kept[quasar]) == pytest.approx(0.946, abs=4e-4)
    assert np.mean(kept[~quasar]) == points["false_positives_at"]
    even = s >= points["threshold_balance"]
    assert even.sum() == quasar.sum()
    assert np.mean(even[quasar]) == np.mean(quasar[even]) == points["balance"]
    at_rate = [np.mean(s[quasar] >= t) for t in s if np.mean(s[~quasar] >= t) <= 0.027]
    assert points["completeness_at"] == max(at_rate)
    # The prior of a threshold is the one at which Bayes' rule cuts there.
    p = tradeoff.prior_of(1.3)
    assert np.log(p / (1 - p)) == pytest.approx(1.3)


def test_the_file_keeps_the_protocol(tradeoff):
    result = published("tradeoff")
    assert result["attempts"]["test_half_opened"] == 1
    grid = sum(len(h) ** 2 for h in tradeoff.BANDWIDTHS.values()) * len(tradeoff.WEIGHTS)
    assert result["attempts"]["cross_validated"] == grid
    for name, numbers in result["methods"].items():
        chosen = result["chosen"][name]
        for point in ("completeness", "balance"):
            prior = numbers[f"at_{point}"]["prior_star"]
            assert prior == pytest.approx(tradeoff.prior_of(chosen[f"threshold_{point}"]))


@pytest.mark.real
def test_the_trade_off_is_what_the_catalog_gives(real_data, tradeoff):
    result = published("tradeoff")
    again = tradeoff.compute(real_data, chosen=result["chosen"])
    assert again["rows"] == result["rows"]
    for name, numbers in again["methods"].items():
        for point in ("at_completeness", "at_balance"):
            for rate in ("completeness", "false_positive_rate"):
                value = result["methods"][name][point][rate]["value"]
                assert numbers[point][rate]["value"] == pytest.approx(value, abs=2e-4)


@pytest.mark.real
def test_the_training_half_alone_chose_the_bandwidths(real_data, tradeoff, monkeypatch):
    # The part of the grid around the chosen pair of colors alone, which takes seconds.
    result = published("tradeoff")
    chosen = result["chosen"]["colors alone"]
    monkeypatch.setattr(tradeoff, "WEIGHTS", (0.0,))
    near = {chosen["settings"]["kernel"]: tuple(sorted({0.12, *chosen["settings"]["bandwidths"]}))}
    monkeypatch.setattr(tradeoff, "BANDWIDTHS", near)
    frame, labels, train, _ = tradeoff.halves(real_data)
    mag = magnitudes(frame, BANDS)
    train &= np.isfinite(mag).all(axis=1)
    label = labels["true_class"].to_numpy().astype(str)[train]
    inside = tradeoff.in_test_set(frame)[train]
    records = tradeoff.cross_validate(mag[train], label, inside)
    best = tradeoff.best(records)
    assert best["settings"] == chosen["settings"]
    assert best["balance"] == pytest.approx(chosen["balance"], abs=1e-4)


@pytest.mark.real
def test_the_overlap_is_what_the_catalogs_give(real_data, monkeypatch):
    module = load("real_overlap", monkeypatch)
    catalogs = {
        k: v
        for k, v in module.load(real_data).items()
        if k in ("SDSS DR7", "SDSS DR5", "SDSS DR17")
    }
    records, shared = module.overlap_table(catalogs)
    expected = {tuple(r["pair"]): r for r in published("overlap")["overlap"]}
    for record in records:
        assert record == expected[tuple(record["pair"])]
    assert 20_000 < shared["SDSS DR5"].sum() < 30_000
