"""The figures with sliders, in a real browser: drawn, moved by the keyboard, within the page."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.web

ROOT = Path(__file__).parents[2]
MARK = 'class=\\"interactive-figure\\"'
PAGES = sorted(
    str(p.relative_to(ROOT).with_suffix(""))
    for p in (ROOT / "book").rglob("*.ipynb")
    if MARK in p.read_text(encoding="utf-8")
)
DRAWN = """() => [...document.querySelectorAll('.interactive-figure')]
  .every(f => f.dataset.state === 'drawn')"""


def open_drawn(reader, name):
    page = reader.open(name)
    page.wait_for_function(DRAWN)
    return page


def shown(figure):
    """The drawing and the sentences below it, without the sliders and their own values."""
    sentences = figure.locator(".bk-clearfix").all_inner_texts()
    return figure.locator(".bk-Figure").first.screenshot(), sentences


def test_there_are_interactive_figures():
    assert "book/start/judging_a_selection" in PAGES


@pytest.mark.parametrize(("width", "mode"), [(375, "dark"), (1300, "light")])
@pytest.mark.parametrize("name", PAGES)
def test_sliders_move_the_figure(name, width, mode, read):
    reader = read(width, mode)
    page = open_drawn(reader, name)
    figures = page.locator(".interactive-figure")
    assert figures.count() >= 1
    for k in range(figures.count()):
        figure = figures.nth(k)
        assert figure.get_attribute("aria-label")
        assert figure.locator(".interactive-note").count() == 0
        figure.scroll_into_view_if_needed()
        box = figure.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        handles = figure.locator(".noUi-handle")
        assert handles.count() >= 1
        for j in range(handles.count()):
            handle = handles.nth(j)
            assert handle.get_attribute("aria-label")
            value = handle.get_attribute("aria-valuetext")
            before = shown(figure)
            handle.focus()
            for _ in range(8):
                page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(300)
            assert handle.get_attribute("aria-valuetext") != value
            assert shown(figure) != before
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) <= 0
    assert reader.errors == []
    assert reader.outside == []


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_drawn_figure_can_be_read_by_everybody(name, mode, read):
    from axe_playwright_python.sync_playwright import Axe

    page = open_drawn(read(1300, mode), name)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = Axe().run(
        page, ".interactive-figure", options={"runOnly": {"type": "tag", "values": tags}}
    )
    wrong = [(v["id"], n["html"][:200]) for v in found.response["violations"] for n in v["nodes"]]
    assert wrong == []
    assert len(found.response["passes"]) > 3


def test_a_page_without_figures_does_not_load_their_scripts(read):
    page = read().open("book/intro")
    assert page.evaluate("typeof Bokeh") == "undefined"
