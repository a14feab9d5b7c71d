"""The result files that the chapters on Kim et al. 2024 show are those of their benchmarks."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book/kim2024"


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def field():
    return json.loads((BOOK / "field.json").read_text())


def test_the_prediction_was_not_changed_afterwards(field):
    assert field["prediction"] == load_script("ks4_field").PREDICTION


def test_the_field_adds_up(field):
    steps = list(field["steps"])
    assert steps == ["quality", "S/N I", "S/N B W", "color", "SED"]
    for kind in ("QSO", "Star", "Galaxy", "other"):
        counts = [field["steps"][s][kind] for s in steps]
        assert counts == sorted(counts, reverse=True)
    for key in ("recovery_I20_z2", "recovery_I19_z2", "recovery_all"):
        r = field[key]
        total = r["selected"] + r["color_or_snr"] + r["sed"]
        assert r["recovery"]["n"] == total
        assert r["recovery"]["value"] == pytest.approx(r["selected"] / total)
    assert field["recovery_all"]["selected"] == field["steps"]["SED"]["QSO"]
    assert field["counts"]["vega"]["n"] == sum(
        field["steps"]["SED"][k] for k in ("QSO", "Star", "Galaxy", "other")
    )
    assert field["remedies"]["paper"]["SED"]["QSO"] == field["steps"]["SED"]["QSO"]


@pytest.mark.real
def test_the_real_results_are_computed_again(real_data):
    published = json.loads((BOOK / "real_ks4.json").read_text())
    found = json.loads(json.dumps(load_script("real_ks4").compute(real_data)))
    for key in ("command", "date", "versions"):
        published.pop(key)
    assert found["milliquas"] == published["milliquas"]
    for sample in ("KS4", "SDSS", "DES"):
        for key in ("least_squares", "likelihood"):
            assert found["slopes"][sample][key] == pytest.approx(published["slopes"][sample][key])
    for name in ("broad lines", "other spectra", "no spectrum"):
        assert found["stripe82x"][name]["n"] == published["stripe82x"][name]["n"]
        for key in ("three_edges", "with_B_W3", "of_all"):
            value = published["stripe82x"][name][key]["value"]
            assert found["stripe82x"][name][key]["value"] == pytest.approx(value)
    assert found["histograms"] == published["histograms"]
