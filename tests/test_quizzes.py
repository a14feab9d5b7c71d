"""Each question of a quiz has one right choice, and each choice says why."""

import re
from pathlib import Path

import pytest
import yaml

BOOK = Path(__file__).parents[1] / "book"
QUIZZES = sorted(BOOK.rglob("quiz.md"))
LABEL = re.compile(
    r"^(?:\(([\w-]+)\)=|:label:\s*(\S+)|:name:\s*(\S+)|\s+name:\s*(fig-\S+))\s*$", re.M
)
DROPDOWN = re.compile(
    r"^```\{dropdown\} ([^\n]+)\n:class-container: quiz\n\n(.+?)\n```$", re.M | re.S
)
SHORTEST = 25


def questions(text):
    """Label, title and choices (choice, feedback) of each question of a page."""
    parts = re.split(r"^\((quiz-[\w-]+)\)=\n## (.+)$", text, flags=re.M)[1:]
    return [
        (parts[i], parts[i + 1], DROPDOWN.findall(parts[i + 2])) for i in range(0, len(parts), 3)
    ]


def problems(text, labels):
    """What is wrong with the questions of a page, one sentence each."""
    found = []
    for name, title, choices in questions(text):
        right = [c for c, feedback in choices if feedback.startswith("**Right.** ")]
        wrong = [c for c, feedback in choices if feedback.startswith("**No.** ")]
        linked = [re.findall(r"\{ref\}`([\w-]+)`", feedback) for _, feedback in choices]
        if not title[0].isdigit():
            found.append(f"{name} has no number.")
        if not 3 <= len(choices) <= 4:
            found.append(f"{name} has {len(choices)} choices.")
        if len(right) != 1 or len(wrong) != len(choices) - 1:
            found.append(f"{name} has {len(right)} right and {len(wrong)} wrong choices.")
        if any(len(feedback.split(".** ")[-1]) < SHORTEST for _, feedback in choices):
            found.append(f"{name} has a choice without feedback.")
        if any(not a for a, (c, _) in zip(linked, choices, strict=True) if c in wrong):
            found.append(f"{name} has a wrong choice without a link.")
        if unknown := {a for group in linked for a in group} - labels:
            found.append(f"{name} links {sorted(unknown)}, which is nowhere.")
    return found


def labels():
    """All labels of the book."""
    return {
        next(filter(None, groups))
        for page in BOOK.rglob("*.md")
        for groups in LABEL.findall(page.read_text())
    }


def test_every_part_of_the_method_chapters_has_a_quiz():
    parts = ("start", "sky", "richards2004", "calderone2024", "kim2024", "real", "summaries")
    assert {p.parent.name for p in QUIZZES} >= set(parts)
    toc = yaml.safe_load((BOOK.parent / "_toc.yml").read_text())
    for path in QUIZZES:
        name = f"book/{path.parent.name}/quiz"
        holding = [p for p in toc["parts"] if {"file": name} in p["chapters"]]
        assert len(holding) == 1
        assert any(path.parent.name in c["file"] for c in holding[0]["chapters"])


@pytest.mark.parametrize("path", QUIZZES, ids=lambda p: p.parent.name)
def test_each_question_has_one_right_choice_and_each_choice_its_feedback(path):
    text = path.read_text()
    found = questions(text)
    assert 6 <= len(found) <= 8
    # Nothing escapes the patterns above.
    assert sum(len(choices) for _, _, choices in found) == text.count("{dropdown}")
    assert len(found) == text.count("\n## ")
    assert [title.split(".")[0] for _, title, _ in found] == [str(i + 1) for i in range(len(found))]
    assert problems(text, labels()) == []
    assert "{code-cell}" not in text


@pytest.mark.parametrize("path", QUIZZES, ids=lambda p: p.parent.name)
def test_the_place_of_the_right_choice_gives_nothing_away(path):
    places = [
        [feedback.startswith("**Right.**") for _, feedback in choices].index(True)
        for _, _, choices in questions(path.read_text())
    ]
    assert len(set(places)) >= 3
    assert max(map(places.count, places)) <= len(places) - 3


def test_bad_questions_are_noticed():
    text = QUIZZES[0].read_text()
    known = labels()
    first = questions(text)[0][0]
    assert problems(text.replace("**Right.**", "**No.**", 1), known)[0].startswith(f"{first} has 0")
    assert problems(text.replace("**No.**", "**Right.**", 1), known) != []
    link = re.search(r"\{ref\}`([\w-]+)`", text)
    assert "nowhere" in problems(text.replace(link[0], "{ref}`no-such-place`", 1), known)[0]
    assert "without a link" in problems(text.replace(link[0], "", 1), known)[0]
