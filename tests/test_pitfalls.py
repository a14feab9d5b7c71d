"""Each pitfall says what is wrong, what it costs, where that is counted, and what is right."""

import re
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
TEXT = (BOOK / "reference/pitfalls.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| Wrong |")
]
LABEL = re.compile(r"^(?:\(([\w-]+)\)=|:label:\s*(\S+))\s*$", re.M)


def problems(row, labels):
    """What is wrong with a row of the table."""
    if len(row) != 3 or not all(len(cell) > 4 for cell in row):
        return "a row has three cells"
    links = re.findall(r"\{ref\}`([\w-]+)`", row[1])
    if not links:
        return "the cost is linked"
    if unknown := set(links) - labels:
        return f"unknown: {unknown}"
    return ""


def test_each_pitfall_has_its_cost_and_its_place():
    labels = {
        next(filter(None, g)) for p in BOOK.rglob("*.md") for g in LABEL.findall(p.read_text())
    }
    assert len(ROWS) > 40
    assert [found for row in ROWS if (found := problems(row, labels))] == []
    assert problems(["A thing", "it costs 3", "another"], labels) == "the cost is linked"
    assert problems(["A thing", "3: {ref}`nowhere-at-all`", "another"], labels).startswith(
        "unknown"
    )


def test_most_costs_are_numbers():
    counted = [bool(re.search(r"\d", row[1].split("{ref}")[0])) for row in ROWS]
    assert sum(counted) / len(ROWS) > 0.6


def test_no_pitfall_stands_twice():
    wrong = [row[0] for row in ROWS]
    assert len(set(wrong)) == len(wrong)


def test_every_part_of_the_book_is_in_it():
    places = " ".join(re.findall(r"\{ref\}`([\w-]+)`", TEXT))
    for part in ("start", "judging", "bandwidth", "checking", "calderone", "kim", "fit", "real",
                 "summaries", "capstone"):  # fmt: skip
        assert f"{part}-" in places
