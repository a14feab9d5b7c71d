"""What does no work yet loads nothing heavy: the import of the package, and the help."""

import json
import subprocess
import sys

import pytest

#: Each costs a tenth of a second or more.
HEAVY = ("astropy", "matplotlib", "numba", "numpy", "pandas", "pyarrow", "scipy", "sklearn")


def loaded(code):
    """Top-level modules that a fresh interpreter holds after running some code."""
    tail = "\nimport json, sys\nprint(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_package_is_imported_lightly():
    assert loaded("import qsolearn").isdisjoint(HEAVY)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["summaries", "--help"]])
def test_help_loads_nothing_heavy(words):
    code = (
        f"import qsolearn.cli\ntry:\n    qsolearn.cli.main({words})\nexcept SystemExit:\n    pass"
    )
    found = loaded(code)
    assert "click" in found
    assert found.isdisjoint(HEAVY)


def test_a_heavy_module_is_seen():
    assert "pandas" in loaded("import qsolearn.frame")
