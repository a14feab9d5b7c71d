"""The result file behind the chapter on checking the catalog agrees with itself."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result():
    return json.loads((ROOT / "book/richards2004/simulated.json").read_text())


def test_the_chain_ends_with_the_quasars_of_the_catalog(result):
    clean = result["methods"]["cleaned"]
    chain = result["chain"]
    assert chain[-2]["n"] == result["rows"]["test"]["quasars"]
    assert chain[-1]["n"] == round(clean["efficiency"]["value"] * clean["catalog"])
    assert chain[-1]["of_previous"] == pytest.approx(clean["completeness"]["value"])


def test_the_bins_add_up(result):
    clean = result["methods"]["cleaned"]
    by_g = clean["efficiency_by_g"]
    assert sum(b["n"] for b in by_g) <= clean["catalog"]
    found = sum(b["n"] * b["value"] for b in by_g)
    assert found == pytest.approx(result["chain"][-1]["n"], abs=5)
    assert result["extrapolation"]["true"] == pytest.approx(clean["efficiency"]["value"])
    assert sum(result["counts"]["true_n"]) > sum(c["n"] for c in result["counts"]["table"]) * 0.9


def test_what_was_removed_was_there(result):
    hidden = result["rows"]["train"]["quasars among the stars"]
    for name, numbers in result["methods"].items():
        removed = numbers["removed"]
        known = 0 if name.startswith("true") else hidden
        assert removed["quasars"] + removed["quasars_left"] == known
        assert removed["quasars"] <= removed["all"]


def test_a_cautious_observer_takes_the_sure_cases(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    path = ROOT / "benchmarks/simulated_catalog.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    odds = np.linspace(-3, 3, 20_000)
    g = np.full(20_000, 19.0)
    fair, sure = (script.has_spectrum(g, odds, prefers) for prefers in (False, True))
    assert np.mean(fair[odds > 0]) == pytest.approx(np.mean(fair[odds < 0]), abs=0.03)
    assert np.mean(sure[odds > 0]) == pytest.approx(9 * np.mean(sure[odds < 0]), rel=0.15)
    assert np.mean(script.has_spectrum(g + 2, odds, False)) == pytest.approx(0.1, abs=0.01)
