"""What the page for teachers says of the chapters is what the chapters say."""

import csv
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
PAGE = (BOOK / "reference" / "for_teachers.md").read_text()
CHAPTERS = {
    f"{path.parent.name}/{path.stem}": path
    for path in BOOK.rglob("*.md")
    if path.parent.name not in ("reference", "real") and "**Minutes**" in path.read_text()
}


def minutes(path):
    """Minutes that a chapter states."""
    return int(re.search(r"\*\*Minutes\*\*: (\d+)", path.read_text())[1])


def title(path):
    """First heading of a chapter."""
    return re.search(r"^# (.+)$", path.read_text(), re.M)[1]


def test_minutes_and_titles_are_those_of_the_chapters():
    rows = re.findall(r"\| \[(.+?)\]\(\.\./(\S+?)\.md\) \| (\d+) \|", PAGE)
    assert len(rows) > 20
    for text, name, stated in rows:
        assert int(stated) == minutes(CHAPTERS[name]), name
        assert text == title(CHAPTERS[name])


@pytest.mark.parametrize("plan", ["A class of 90 minutes", "A day", "A semester"])
def test_sums_are_right(plan):
    part = PAGE.split(f"\n## {plan}\n")[1].split("\n## ")[0]
    rows = [int(n) for n in re.findall(r"\) \| (\d+) \|", part)]
    assert sum(rows) == int(re.search(r"^Sum: (\d+) minutes", part, re.M)[1])


def test_the_class_and_the_weeks_are_not_overfull():
    part = PAGE.split("\n## A class of 90 minutes\n")[1]
    total, left = re.search(r"Sum: (\d+) minutes, which leaves (\d+)", part).groups()
    assert int(total) + int(left) == 90
    weeks = {}
    for week, n in re.findall(r"^\| (\d+) \| .*\| (\d+) \|$", PAGE, re.M):
        weeks[int(week)] = weeks.get(int(week), 0) + int(n)
    assert sorted(weeks) == list(range(1, 15))
    assert max(weeks.values()) <= 90


def test_the_map_names_every_chapter_after_what_it_builds_on():
    with (BOOK / "reference" / "builds_on.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    names = [row["chapter"] for row in rows]
    assert sorted(names) == sorted(CHAPTERS)
    listed = re.findall(r"file: book/(\S+)", (BOOK.parent / "_toc.yml").read_text())
    assert names == [name for name in listed if name in CHAPTERS]
    for row in rows:
        for other in row["builds_on"].split():
            assert names.index(other) < names.index(row["chapter"])
