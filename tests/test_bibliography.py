"""Every reference can be followed: by a DOI, by arXiv, or by a link that its publisher keeps."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.M | re.S)
#: Sites whose addresses are meant to stay.
KEPT = (
    "https://aclanthology.org/",
    "https://jmlr.org/papers/",
    "https://openreview.net/forum?id=",
    "https://ui.adsabs.harvard.edu/abs/",
)
#: References that are known to have neither, with the reason.
WITHOUT = {}


def entries(text):
    """Fields of each entry of a bibliography."""
    return {
        name: {
            field.lower(): value.strip("{}")
            for field, value in re.findall(r"(\w+)\s*=\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})", body)
        }
        for _, name, body in ENTRY.findall(text)
    }


def link(fields):
    """Address of a reference, or None."""
    if "doi" in fields:
        return (
            f"https://doi.org/{fields['doi']}"
            if re.fullmatch(r"10\.\d{4,5}/\S+", fields["doi"])
            else None
        )
    if "eprint" in fields and fields.get("archiveprefix") == "arXiv":
        known = re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", fields["eprint"])
        return f"https://arxiv.org/abs/{fields['eprint']}" if known else None
    return fields["url"] if fields.get("url", "").startswith(KEPT) else None


TEXT = (ROOT / "book/references.bib").read_text()
ENTRIES = entries(TEXT)


def test_every_entry_is_read():
    assert len(ENTRIES) == len(re.findall(r"^@", TEXT, re.M)) > 30
    assert all({"author", "title", "year"} <= set(fields) for fields in ENTRIES.values())


@pytest.mark.parametrize("name", ENTRIES)
def test_a_reference_can_be_followed(name):
    assert (link(ENTRIES[name]) is None) == (name in WITHOUT)


def test_no_two_references_lead_to_the_same_place():
    links = [link(fields).lower() for name, fields in ENTRIES.items() if name not in WITHOUT]
    assert len(set(links)) == len(links)


def test_every_reference_is_cited_and_every_citation_is_known():
    pages = "\n".join(p.read_text() for p in (ROOT / "book").rglob("*.md"))
    cited = {
        key.strip()
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", pages)
        for key in keys.split(",")
    }
    assert cited - set(ENTRIES) == set()
    assert set(ENTRIES) - cited == set()


def test_the_citation_file_leads_to_the_three_papers():
    papers = yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]
    known = {link(fields) for fields in ENTRIES.values()}
    for paper in papers:
        found = f"https://doi.org/{paper['doi']}" if "doi" in paper else paper["url"]
        assert found in known


def test_what_is_no_link_is_not_taken_for_one():
    assert link({"doi": "doi:10.1086/1"}) is None
    assert link({"eprint": "2304.00362"}) is None
    assert link({"url": "https://example.org/paper.pdf"}) is None
    assert link({"eprint": "2304.00362", "archiveprefix": "arXiv"}).endswith("/2304.00362")
