"""Every chapter has its shape, and the table of contents names every page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = re.findall(r"\b(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
NOTEBOOKS = [
    p for p in sorted((ROOT / "book").rglob("*.md")) if "\nkernelspec:" in p.read_text()[:2000]
]
LESSONS = [p for p in NOTEBOOKS if p.parent.name not in ("reference", "real")]


def test_every_page_is_in_the_table_of_contents():
    found = {str(p.relative_to(ROOT).with_suffix("")) for p in (ROOT / "book").rglob("*.md")}
    assert found == set(PAGES)


def test_there_are_lessons():
    assert len(LESSONS) >= 4


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_chapter_has_its_shape(path):
    text = path.read_text()
    for part in ("**Minutes**:", "# Start here", "in-paper-here", "Key points", "**Next**"):
        assert part in text, part
    exercises = re.findall(r"\{exercise\}.*\n:label: (\S+)", text)
    solutions = re.findall(r"\{solution-start\} (\S+)", text)
    assert len(exercises) >= 2
    assert sorted(solutions) == sorted(exercises)
    assert text.count("{solution-end}") == len(exercises)
    assert text.count(":class: dropdown") >= len(exercises)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_figure_has_a_caption_a_name_and_alt_text(path):
    text = path.read_text()
    for cell in re.findall(r"```\{code-cell\} ipython3\n(.*?)```", text, re.S):
        draws = "plt.show()" in cell or ".plot(" in cell
        if draws:
            assert re.search(r"caption: \S", cell), cell[:200]
            assert re.search(r"name: fig-", cell), cell[:200]
            assert re.search(r"alt: \S", cell), cell[:200]


@pytest.mark.parametrize("path", sorted((ROOT / "book").rglob("*.md")), ids=lambda p: p.stem)
def test_lines_of_code_fit_the_page(path):
    for cell in re.findall(r"```\{code-cell\}.*?\n(.*?)```", path.read_text(), re.S):
        code = cell.split("---\n")[-1]
        if ":tags: [remove-cell]" not in cell:
            assert max(map(len, code.splitlines()), default=0) <= 90


def test_labels_are_unique_in_the_whole_book():
    pattern = r"^(?::label:\s*(\S+)|:name:\s*(\S+)|\s+name:\s*(fig-\S+)|\(([\w-]+)\)=)\s*$"
    found = [
        next(filter(None, groups))
        for page in sorted((ROOT / "book").rglob("*.md"))
        for groups in re.findall(pattern, page.read_text(), re.M)
    ]
    assert len(found) > 100
    assert sorted({x for x in found if found.count(x) > 1}) == []
