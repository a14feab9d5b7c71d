"""The page of timings: every chapter is in it, and none takes more than a free machine gives."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULT = json.loads((ROOT / "book" / "reference" / "timings.json").read_text())
#: The page itself reads what it measures; a new chapter may come before the next measurement.
CHAPTERS = {
    str(p.relative_to(ROOT / "book").with_suffix(""))
    for p in (ROOT / "book").rglob("*.md")
    if "\nkernelspec:" in p.read_text()[:2000]
} - {"reference/timings"}


def test_nearly_every_chapter_was_measured():
    assert set(RESULT["chapters"]) <= CHAPTERS
    assert len(RESULT["chapters"]) >= 0.8 * len(CHAPTERS)


@pytest.mark.parametrize("name", sorted(RESULT["chapters"]))
def test_a_chapter_keeps_within_its_limits(name):
    found = RESULT["chapters"][name]
    assert found["cpu_seconds"] <= 60
    assert found["peak_gib"] * 2**30 <= 1.5e9
    assert sum(c["cpu_seconds"] for c in found["cells"]) <= found["cpu_seconds"] + 0.5


def test_the_five_slowest_cells_are_explained():
    page = (ROOT / "book" / "reference" / "timings.md").read_text()
    cells = [
        (cell["cpu_seconds"], name)
        for name, found in RESULT["chapters"].items()
        for cell in found["cells"]
    ]
    linked = re.findall(r"^- \[.+?\]\(\.\./(\S+?)\.md\)", page, re.M)
    assert sorted(linked) == sorted(name for _, name in sorted(cells)[-5:])


def test_the_result_says_how_it_was_made():
    assert "python tools/time_chapters.py" in RESULT["command"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", RESULT["date"])
    assert {"python", "numpy", "numba"} <= set(RESULT["versions"])
