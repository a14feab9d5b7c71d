"""The coverage page points to places that exist, and the chapters' result files are complete."""

import json
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = BOOK / "summaries"
pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the book is not beside the tests")

PARTS = (
    "torch", "AutoTokenizer", "AutoModel", "cosine_similarity", "rouge_scorer", "word_tokenize",
    "stopwords", "TfidfVectorizer", "LatentDirichletAllocation", "numpy", "spacy",
    "standard_summary", "meta_summary", "large_book_summary", "__init__", "device",
    "get_embedding", "semantic_similarity", "`benchmark`", "score_metrics", "0.9490", "0.9445",
    "0.73037374",
)  # fmt: skip


def read(name):
    return (PAGES / name).read_text(encoding="utf-8")


def test_the_coverage_page_names_every_part_of_the_notebook():
    page = read("coverage.md")
    assert [part for part in PARTS if part not in page] == []


def test_every_reference_of_the_coverage_page_is_a_label_of_a_chapter():
    labels = set()
    for path in PAGES.glob("*.md"):
        labels |= set(re.findall(r"^\(([\w-]+)\)=$", path.read_text(encoding="utf-8"), re.M))
    wanted = set(re.findall(r"\{ref\}`([\w-]+)`", read("coverage.md")))
    assert wanted
    assert wanted <= labels


@pytest.mark.parametrize("name", ["overlap.md", "embeddings.md", "when_a_summary_lies.md"])
def test_a_chapter_has_its_parts(name):
    page = read(name)
    for part in ("**You will be able to**", "**Minutes**", "## Start here", "## Exercises",
                 ":class: in-paper-here", "{admonition} Key points"):  # fmt: skip
        assert part in page, part
    exercises = re.findall(r"```\{exercise\}.*\n:label: ([\w-]+)", page)
    solutions = re.findall(r"\{solution-start\} ([\w-]+)\n:class: dropdown", page)
    assert len(exercises) >= 2
    assert exercises == solutions


@pytest.mark.parametrize(
    "name", ["summaries", "summaries_ablation", "summaries_embeddings", "summaries_speed"]
)
def test_a_result_file_says_how_and_when_it_was_made(name):
    data = json.loads((BOOK / "real" / f"{name}.json").read_text(encoding="utf-8"))
    assert data["command"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", data["date"])
    assert data["versions"]
