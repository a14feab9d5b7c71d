"""Each coverage page (book/*/coverage.md) is complete, and its links are true.

The form of a page. Its tables have one row per item; the first cell names the item ("Section 3.4",
"Figure 7", "Table 2", "Equation 1", or a name of one's own), the last says where the book does it:
with at least one link that resolves, or with a reason that begins "not reproducible because" or
"not reproduced:". A link is {ref}`label` or {numref}`figure-name` of any page of the book, or
[text](page.md) relative to the coverage page. What a paper consists of is `PARTS` in
`qsolearn.papers.<name of the folder>`; the page lists exactly these, in that order.
"""

import importlib
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
PAGES = sorted(BOOK.glob("*/coverage.md"))
NUMBERED = re.compile(r"(Section|Table|Figure|Equation) ([\w.]+)$")
REASON = re.compile(r"not (?:reproducible because|reproduced:) +\w+ +\w+")
LINK = re.compile(r"\{(ref|numref)\}`(?:[^`<]*<)?([\w-]+)>?`|\[[^\]]+\]\(([^)\s]+)\)")


def rows_of(text):
    """Cells of every table row of a page, headers and rules left out."""
    rows, above = [], ""
    for line in text.splitlines():
        if not line.startswith("|"):
            above = ""
            continue
        if re.fullmatch(r"[|:\- ]+", line):
            rows.remove(above)
            continue
        above = [c.strip() for c in line.strip().strip("|").split("|")]
        rows.append(above)
    return rows


def labels_of(book):
    """Names that {ref} (headings, exercises) and {numref} (figures) can point to."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in sorted(book.rglob("*.md")))
    sections = set(re.findall(r"^\(([\w-]+)\)=\n+#", text, re.M))
    exercises = set(re.findall(r"\{exercise\}.*\n:label: ([\w-]+)$", text, re.M))
    return {
        "ref": sections | exercises,
        "numref": set(re.findall(r"^    name: (fig-[\w-]+)$", text, re.M)),
    }


def what_is_wrong(cell, page, labels):
    """Why a last cell does not say where the item is, or None."""
    links = LINK.findall(cell)
    if not links:
        return None if REASON.search(cell) else "neither a link nor a reason"
    for role, label, target in links:
        if role and label not in labels[role]:
            return f"no {role} label {label}"
        if target and not (page.parent / target).is_file():
            return f"no page {target}"
    return None


def gaps(names):
    """Numbered items that are missing between those that are there."""
    found = {}
    for kind, number in (m.groups() for m in map(NUMBERED.match, names) if m):
        found.setdefault(kind, []).append(number)
    missing = []
    for kind, numbers in found.items():
        for number in numbers:
            head, _, last = number.rpartition(".")
            for k in range(1, int(last) if last.isdigit() else 1):
                before = f"{head}.{k}" if head else str(k)
                if before not in numbers:
                    missing.append(f"{kind} {before}")
            if head and head not in numbers:
                missing.append(f"{kind} {head}")
    return sorted(set(missing))


def parts_of(page):
    """What the paper of this page's folder consists of, or None where there is no such paper."""
    try:
        module = importlib.import_module(f"qsolearn.papers.{page.parent.name}")
    except ModuleNotFoundError:
        return None
    return module.PARTS


def test_there_are_coverage_pages():
    assert {"richards2004", "summaries"} <= {p.parent.name for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.parent.name)
def test_every_item_has_a_true_link_or_a_reason(page):
    labels = labels_of(BOOK)
    rows = rows_of(page.read_text(encoding="utf-8"))
    assert len(rows) >= 10
    wrong = [(row[0], what_is_wrong(row[-1], page, labels)) for row in rows]
    assert [w for w in wrong if w[1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.parent.name)
def test_every_item_of_the_paper_is_listed_once(page):
    names = [row[0] for row in rows_of(page.read_text(encoding="utf-8"))]
    assert len(names) == len(set(names))
    assert gaps(names) == []
    parts = parts_of(page)
    if parts is not None:
        assert [n for n in names if NUMBERED.match(n)] == list(parts)
        assert gaps(parts) == []


def test_the_tables_of_a_page_are_read():
    text = (
        "| Item | Where |\n|---|---|\n| Figure 1 | a |\n\ntext\n\n| X | Y |\n|:-|-:|\n| b | c |\n"
    )
    assert rows_of(text) == [["Figure 1", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("{ref}`here`", None),
        ("see {ref}`the place <here>` and {numref}`fig-a`", None),
        ("[other](other.md)", None),
        ("not reproducible because the files are lost", None),
        ("not reproduced: one thread is enough", None),
        ("everywhere", "neither a link nor a reason"),
        ("not reproducible because", "neither a link nor a reason"),
        ("{ref}`gone`", "no ref label gone"),
        ("{ref}`here`, {numref}`fig-b`", "no numref label fig-b"),
        ("[other](gone.md)", "no page gone.md"),
    ],
)
def test_a_wrong_cell_is_found(cell, says, tmp_path):
    (tmp_path / "other.md").write_text("(here)=\n# Title\n\n    name: fig-a\n\n(gone)=\ntext\n")
    assert what_is_wrong(cell, tmp_path / "coverage.md", labels_of(tmp_path)) == says


def test_a_gap_is_found():
    assert gaps(["Figure 1", "Figure 3", "Section 2.1", "Table 1", "other"]) == [
        "Figure 2",
        "Section 2",
    ]
    assert gaps(["Section 1", "Section 2", "Section 2.1", "Section A", "Equation 1"]) == []
