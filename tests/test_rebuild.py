"""After an edit the book is built as far as it has changed, and not a page less."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_parser", reason="the extra book is not installed")
ROOT = Path(__file__).parents[1]


def names_in_search(place):
    """What the search knows of names, as it is written."""
    text = (place / "_html" / "searchindex.js").read_text()
    return text.partition('"indexentries":')[2].partition('"objects":')[0]


@pytest.fixture
def build(tmp_path):
    """A book of two pages, the second of which links to the first; ``build()`` gives its pages."""
    extensions = str(ROOT / "book" / "_ext")
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {extensions!r})\n"
        "extensions = ['myst_parser', 'pages_in_step']\nhtml_theme = 'basic'\n"
    )
    (tmp_path / "index.md").write_text("# All\n\n```{toctree}\none\ntwo\n```\n")
    (tmp_path / "one.md").write_text("(label)=\n# Old title\n\nA line.\n")
    (tmp_path / "two.md").write_text(
        "# Second\n\nSee {ref}`label`.\n\n```{py:function} a_name(x)\nA function.\n```\n"
    )

    def run():
        command = [sys.executable, "-m", "sphinx", "-W", "-q", tmp_path, tmp_path / "_html"]
        subprocess.run(command, check=True)
        pages = {name: tmp_path / "_html" / f"{name}.html" for name in ("one", "two")}
        return {name: (p.read_text(), p.stat().st_mtime_ns) for name, p in pages.items()}

    run.place = tmp_path
    return run


def test_a_new_title_reaches_the_pages_that_link_to_it(build):
    assert "Old title" in build()["two"][0]
    (build.place / "one.md").write_text("(label)=\n# New title\n\nA line.\n")
    assert "New title" in build()["two"][0]


def test_a_new_sentence_leaves_the_other_pages_alone(build):
    before = build()
    (build.place / "one.md").write_text("(label)=\n# Old title\n\nAnother line.\n")
    after = build()
    assert "Another line" in after["one"][0]
    assert after["two"] == before["two"]


def test_the_search_keeps_the_names_of_the_other_pages(build):
    build()
    before = names_in_search(build.place)
    assert "a_name" in before
    (build.place / "one.md").write_text("(label)=\n# Old title\n\nAnother line.\n")
    build()
    assert names_in_search(build.place) == before
