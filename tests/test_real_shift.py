"""The numbers of the chapters on class mixes and pitfalls, on the real catalogs where they are."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location(name, ROOT / f"benchmarks/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("real_selection", None)
    return module


def published(name):
    return json.loads((ROOT / f"book/your_catalog/{name}.json").read_text())


def near(expected):
    if isinstance(expected, dict):
        return {k: near(v) for k, v in expected.items()}
    return pytest.approx(expected, rel=1e-6) if isinstance(expected, float) else expected


@pytest.mark.real
def test_the_mix_of_another_survey_is_what_the_page_shows(real_data, monkeypatch):
    script = load("real_prior_shift", monkeypatch)
    score, truth, learned = script.scores(real_data)
    result = published("prior_shift")
    assert learned == result["rows"]["learn"]
    assert len(score["test"]) == sum(result["rows"]["test"].values())
    for found, shown in zip(script.other_survey(score, truth), result["other_survey"], strict=True):
        assert json.loads(json.dumps(found)) == near(shown)


@pytest.mark.real
def test_accuracy_is_what_the_page_shows(real_data, monkeypatch):
    script = load("real_pitfalls", monkeypatch)
    halves = script.halves(real_data)
    result = published("pitfalls")
    assert script.accuracy(*halves) == near(result["accuracy"])


def test_a_table_for_a_file_has_no_nan(monkeypatch):
    import pandas as pd

    script = load("real_prior_shift", monkeypatch)
    lists = script.lists(pd.DataFrame({"a": [1.0, np.nan]}))
    assert json.dumps(lists, allow_nan=False) == '{"a": [1.0, null]}'


@pytest.mark.parametrize("name", ["prior_shift", "pitfalls"])
def test_a_result_file_says_how_it_was_made(name):
    result = published(name)
    assert result["command"] == "make real"
    assert {"date", "versions", "cpu_seconds"} <= set(result)
