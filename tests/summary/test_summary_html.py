import re
from html.parser import HTMLParser

import numpy as np
import pytest

from qsolearn.summary import compare
from qsolearn.summary import html as html_module
from qsolearn.summary.html import render_page, write_page

NASTY = '<script>alert("x")</script> KS9 found 12 & <img src=x onerror=alert(1)> in KS2.'
SOURCE = "KS4 found 13 sources. The <b>survey</b> is large."


class Reader(HTMLParser):
    """Collects tags, marked text and unbalanced tags."""

    VOID = frozenset({"meta", "rect"})

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.marked, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "mark" in self.open:
            self.marked.append(data)
        if "div" in self.open:
            self.text.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


def test_text_is_escaped_and_never_runs():
    page = render_page([("<i>name</i>", compare(NASTY, source=SOURCE, model="none"))])
    reader = read(page)
    names = {tag for tag, _ in reader.tags}
    assert not names & {"script", "img", "i", "b", "link", "iframe"}
    assert not any(key.startswith("on") for _, attrs in reader.tags for key in attrs)
    assert "".join(reader.text) == NASTY
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "default-src 'none'" in page


def test_flagged_words_are_marked_with_their_hint():
    report = compare(NASTY, source=SOURCE, model="none")
    reader = read(render_page([("one", report)]))
    assert {"KS9", "12", "KS2"} <= set(reader.marked)
    titles = [attrs["title"] for tag, attrs in reader.tags if tag == "mark"]
    assert any("did you mean KS4" in title for title in titles)


def test_nested_flags_keep_the_whole_text():
    text = "Draft version 1\nTypeset using X\nKeywords: KS2\nWe have 99 stars."
    report = compare(text, source=SOURCE, model="none")
    assert (report.flags["check"] == "pasted text").any()
    reader = read(render_page([("one", report)]))
    assert "".join(reader.text) == text
    kinds = [attrs["class"] for tag, attrs in reader.tags if tag == "mark"]
    assert {"pasted-text", "number", "name"} <= set(kinds)


def test_the_heat_map_has_one_cell_per_pair_of_sentences():
    report = compare("One red box. Two blue boxes.", source="One box. A sky. Blue.", model="none")
    reader = read(render_page([("one", report)]))
    assert sum(tag == "rect" for tag, _ in reader.tags) == report.alignment.size == 6
    long = " ".join(f"Sentence number {i} speaks of thing{i}." for i in range(500))
    report = compare(long, source=long, model="none")
    assert report.alignment.shape == (60, 60)
    assert np.diag(report.alignment).min() > 0.99


def test_a_long_text_is_cut_in_the_page(monkeypatch):
    monkeypatch.setattr(html_module, "LONGEST_SHOWN", 10)
    page = render_page([("one", compare("KS2 " * 20, source=SOURCE, model="none"))])
    assert "more characters" in page


def test_the_page_replaces_a_file_whole_or_not_at_all(tmp_path, monkeypatch):
    report = compare("A red box.", source=SOURCE, model="none")
    path = tmp_path / "report.html"
    path.write_text("old")
    assert report.to_html(path) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]

    def fail(reports):
        raise RuntimeError("no page")

    monkeypatch.setattr(html_module, "render_page", fail)
    with pytest.raises(RuntimeError):
        write_page([("one", report)], path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_folder_is_told(tmp_path):
    report = compare("A red box.", source=SOURCE, model="none")
    with pytest.raises(FileNotFoundError, match="create it first"):
        report.to_html(tmp_path / "none" / "report.html")
