import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    """The benchmark as a module."""
    path = ROOT / "benchmarks/real_redshift.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.real
def test_the_chapter_shows_what_the_catalog_gives(real_data, script):
    published = json.loads((ROOT / "book/real/redshift.json").read_text())
    everything, uvx, _, is_train = script.halves(real_data)
    train, test = everything[uvx & is_train], everything[uvx & ~is_train]
    assert {"train": len(train), "test": len(test)} == published["rows"]
    for name, run in (
        ("color-redshift relation", script.run_relation),
        ("conditional density", script.run_ours),
    ):
        table = run(train, test, published["settings"][name])
        for key, found in script.shares(table["z_phot"].to_numpy(), test.z).items():
            assert found["value"] == pytest.approx(
                published["methods"][name][key]["value"], abs=1e-4
            )


def test_settings_were_chosen_by_the_stated_rule(script):
    published = json.loads((ROOT / "book/real/redshift.json").read_text())
    attempts = published["attempts"]
    for name, records in attempts["records"].items():
        assert len(records) == attempts["cross_validated"][name]
        chosen = script.best(records, calibrated=name == "conditional density")
        assert chosen["settings"] == published["settings"][name]
