"""The numbers of the page "On real catalogs" are computed again where the catalogs are."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def load_script(name):
    """Import a script of benchmarks/ by its path."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differences(found, expected, at=""):
    """Places where two JSON-like values differ by more than rounding."""
    if isinstance(expected, dict):
        return [d for k in expected for d in differences(found[k], expected[k], f"{at}/{k}")]
    if isinstance(expected, list):
        if len(found) != len(expected):
            return [at]
        return [
            d
            for i, (f, e) in enumerate(zip(found, expected, strict=True))
            for d in differences(f, e, f"{at}[{i}]")
        ]
    if isinstance(expected, float):
        return [] if found == pytest.approx(expected, rel=1e-6, abs=1e-9) else [at]
    return [] if found == expected else [at]


@pytest.mark.real
def test_the_page_shows_what_the_catalogs_give(real_data):
    published = json.loads((ROOT / "book/real/selection.json").read_text())
    found = json.loads(json.dumps(load_script("real_selection").compute(real_data)))
    for key in ("command", "date", "versions", "command_line_agrees"):
        published.pop(key)
    assert differences(found, published) == []


@pytest.mark.real
def test_no_object_stands_in_both_halves(real_data):
    script = load_script("real_selection")
    frame, _, train, test = script.halves(real_data)
    assert not (train & test).any()
    mags = frame.filter(like="mag_")
    assert not mags.duplicated().any()


def test_the_comparison_can_fail():
    assert differences({"a": [1.0, 2]}, {"a": [1.0, 2]}) == []
    assert differences({"a": [1.001, 3]}, {"a": [1.0, 2]}) == ["/a[0]", "/a[1]"]
