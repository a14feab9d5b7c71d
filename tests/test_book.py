"""Every chapter has its shape, and the table of contents names every page."""

import json
import re
from pathlib import Path

import pytest

from qsolearn.exercises import rules

ROOT = Path(__file__).parents[1]
PAGES = re.findall(r"\b(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
NOTEBOOKS = [
    p for p in sorted((ROOT / "book").rglob("*.md")) if "\nkernelspec:" in p.read_text()[:2000]
]
LESSONS = [p for p in NOTEBOOKS if p.parent.name not in ("reference", "real", "book")]
REALITY = [p for p in NOTEBOOKS if p.parent.name == "real"]


def exercises_of(path):
    """Labels of the exercises of a chapter."""
    return re.findall(r"\{exercise\}.*\n:label: (\S+)", path.read_text())


EXERCISES = [(path, label) for path in NOTEBOOKS for label in exercises_of(path)]


def test_every_page_is_in_the_table_of_contents():
    found = {str(p.relative_to(ROOT).with_suffix("")) for p in (ROOT / "book").rglob("*.md")}
    assert found == set(PAGES)


def test_there_are_lessons():
    assert len(LESSONS) >= 4


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_chapter_has_its_shape(path):
    text = path.read_text()
    for part in ("**Minutes**:", "# Start here", "in-paper-here", "**Next**"):
        assert part in text, part


@pytest.mark.parametrize("path", LESSONS + REALITY, ids=lambda p: p.stem)
def test_a_chapter_has_key_points_and_exercises_with_solutions(path):
    text = path.read_text()
    assert "Key points" in text
    exercises = exercises_of(path)
    solutions = re.findall(r"\{solution-start\} (\S+)", text)
    assert len(exercises) >= 2
    assert sorted(solutions) == sorted(exercises)
    assert text.count("{exercise") == text.count("{solution-end}") == len(exercises)


@pytest.mark.parametrize(("path", "label"), EXERCISES, ids=lambda x: getattr(x, "stem", x))
def test_an_exercise_has_a_hint_a_check_and_a_folded_solution(path, label):
    text = path.read_text()
    exercise = re.search(rf"````\{{exercise\}}[^\n]*\n:label: {label}\n(.*?)\n````\n", text, re.S)
    assert exercise, "fence the exercise with four backticks, the hint in it with three"
    hint = re.search(
        r"\n```\{admonition\} Hint\n:class: dropdown\n\n(.+?)\n```$", exercise[1], re.S
    )
    assert hint, "the hint is the last part of the exercise, and folded"
    assert 40 < len(hint[1]) < 500
    # The reader's own cell comes right below, and nothing in it gives the answer away.
    below = text[exercise.end() :]
    own = '\n```{code-cell} ipython3\nanswer = None   # your answer\ncheck("%s", answer)\n```\n'
    assert below.startswith(own % label)
    solution = re.search(
        rf"````\{{solution-start\}} {label}\n(.*?)````\{{solution-end\}}", below, re.S
    )
    assert re.match(r"(:label: \S+\n)?:class: dropdown\n", solution[1])
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", solution[1], re.S)
    shown = [cell for cell in cells if "remove-cell" not in cell]
    hidden = [cell for cell in cells if "remove-cell" in cell]
    assert any(cell.endswith(f'\ncheck("{label}", answer)\n') for cell in shown)
    assert any(f'\nassert check("{label}", answer)\n' in cell for cell in hidden)


def test_every_rule_is_used_exactly_once_and_in_its_chapter():
    used = {label: str(path.relative_to(ROOT / "book"))[:-3] for path, label in EXERCISES}
    assert len(used) == len(EXERCISES)
    assert {label: rule["chapter"] for label, rule in rules().items()} == used
    called = [
        label
        for path in sorted((ROOT / "book").rglob("*.md"))
        for label in re.findall(r"(?<!assert )check\(\"(\S+)\", answer\)", path.read_text())
    ]
    assert sorted(called) == sorted(2 * list(used)), "once for the reader, once in the solution"


@pytest.mark.parametrize("path", LESSONS + REALITY, ids=lambda p: p.stem)
def test_the_reference_notebook_says_that_the_solutions_are_right(path):
    said = {}
    for cell in json.loads(path.with_suffix(".ipynb").read_text())["cells"]:
        own = re.search(r"^check\(\"(\S+)\", answer\)$", "".join(cell["source"]), re.M)
        if own and cell["cell_type"] == "code":
            last = "".join(cell["outputs"][-1]["data"]["text/plain"])
            said.setdefault(own[1], []).append(last.split(":")[0])
    assert said == {label: ["No answer yet", "Right"] for label in exercises_of(path)}


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
