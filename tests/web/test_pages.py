"""Every page in a real browser: it loads, fits, asks nobody, and can be read by everybody."""

import json
import re
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.web

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
PAGES = re.findall(r"\b(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
CHAPTER = "book/start/judging_a_selection"
VIEWS = [(375, "dark"), (1300, "light"), (375, "light"), (1300, "dark")]

#: What axe finds in what docutils makes of the bibliography, not in what the book writes.
NOT_OURS = {
    "aria-deprecated-role": "docutils gives entries of a bibliography the role doc-biblioentry",
    "aria-required-children": "docutils puts anchors between the entries of that list",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_and_fits(name, read):
    for width, mode in VIEWS[:2]:
        reader = read(width, mode)
        page = reader.open(name)
        assert reader.errors == []
        assert reader.outside == []
        assert page.locator("mjx-merror").count() == 0
        assert page.evaluate("document.documentElement.dataset.theme") == mode
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{over} px wider than a window of {width} px"
        # Pictures far down load as the reader comes to them.
        broken = page.evaluate(
            """async () => {
              const images = [...document.querySelectorAll('main img')];
              images.forEach(i => { i.loading = 'eager'; });
              await Promise.all(images.map(i => i.decode().catch(() => 0)));
              return images.filter(i => !i.naturalWidth).map(i => i.src);
            }"""
        )
        assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_of_a_chapter_is_on_its_page(name):
    source = (ROOT / f"{name}.md").read_text(encoding="utf-8")
    text = (BUILT / f"{name}.html").read_text(encoding="utf-8")
    names = re.findall(r"^ +name: (fig-\S+)$", source, re.MULTILINE)
    assert [n for n in names if f'id="{n}"' not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_small(name):
    text = (BUILT / f"{name}.html").read_text(encoding="utf-8")
    pictures = {Path(s).name for s in re.findall(r'src="([^"]*_images/[^"]+)"', text)}
    size = len(text.encode()) + sum((BUILT / "_images" / p).stat().st_size for p in pictures)
    assert size < 1.5e6


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everybody(name, mode, read):
    from axe_playwright_python.sync_playwright import Axe

    page = read(1300, mode).open(name)
    # The theme fades some colors in: judge the final ones.
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    wrong = [
        (v["id"], node["html"][:200], node.get("failureSummary", "")[:300])
        for v in found.response["violations"]
        if v["id"] not in NOT_OURS
        for node in v["nodes"]
    ]
    assert wrong == []


def test_search_finds_a_word_of_the_book(read):
    reader = read()
    page = reader.open("index")
    page.goto(f"{reader.site}/search.html?q=leave-one-out")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() >= 1
    assert reader.errors == []
    assert reader.outside == []


def test_dark_mode_can_be_switched(read):
    page = read(1300, "light").open(CHAPTER)
    colors = set()
    for _ in range(3):
        page.locator("button.theme-switch-button").first.click()
        colors.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colors) >= 2


def test_a_solution_is_folded_and_opens(read):
    page = read().open(CHAPTER)
    solution = page.locator(".solution.dropdown").first
    cell = solution.locator(".cell, p").last
    assert not cell.is_visible()
    solution.locator(".toggle-button, summary, .admonition-title").first.click()
    page.wait_for_timeout(500)
    assert cell.is_visible()


def test_a_hint_is_folded_and_opens(read):
    page = read(375, "dark").open(CHAPTER)
    hint = page.locator(".exercise .admonition.dropdown").first
    text = hint.locator("p:not(.admonition-title)").last
    assert not text.is_visible()
    hint.locator(".toggle-button, .admonition-title").first.click()
    page.wait_for_timeout(500)
    assert text.is_visible()


def test_the_check_of_an_answer_is_told_below_its_cell(read):
    page = read(375, "dark").open(CHAPTER)
    said = page.locator("p.exercise-check").first
    assert said.inner_text().startswith("No answer yet: ")
    box = said.evaluate("e => getComputedStyle(e.closest('.text_html')).backgroundColor")
    assert box == "rgba(0, 0, 0, 0)"


def test_code_can_be_copied(read):
    reader = read()
    page = reader.open(CHAPTER)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=reader.site)
    cell = page.locator(".cell_input .highlight").first
    cell.hover()
    cell.locator("button.copybtn").click()
    page.wait_for_timeout(200)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


@pytest.mark.parametrize("name", [p for p in PAGES if (ROOT / f"{p}.ipynb").exists()])
def test_a_chapter_can_be_launched_and_downloaded(name):
    text = (BUILT / f"{name}.html").read_text(encoding="utf-8")
    launch = re.search(r'href="https://mybinder\.org/v2/gh/(\S+?)\?urlpath=tree/(\S+?)"', text)
    assert launch.groups() == ("qsolearn/qsolearn/main", f"{name}.ipynb")
    for kind, suffix in (("source", ".md"), ("notebook", ".ipynb")):
        (link,) = re.findall(rf'<a href="(\S+{suffix})"[^>]*btn-download-{kind}-button', text)
        held = (BUILT / f"{name}.html").parent.joinpath(link).resolve()
        assert held.name == Path(name).name + suffix
    code = [c["source"] for c in json.loads(held.read_text())["cells"] if c["cell_type"] == "code"]
    own = json.loads((ROOT / f"{name}.ipynb").read_text())["cells"]
    assert ["".join(c) for c in code] == [
        "".join(c["source"]) for c in own if c["cell_type"] == "code"
    ]


def test_the_download_button_gives_the_notebook_and_asks_nobody(read):
    reader = read()
    page = reader.open(CHAPTER)
    page.locator("button[aria-label*='ownload']").first.click()
    with page.expect_download() as waiting:
        page.locator("a.btn-download-notebook-button").click()
    cells = json.loads(Path(waiting.value.path()).read_text())["cells"]
    assert waiting.value.suggested_filename == "judging_a_selection.ipynb"
    assert len(cells) > 20
    assert reader.outside == []


@pytest.mark.parametrize("name", ["book/intro", "book/reference/for_teachers"])
def test_the_notebooks_of_the_course_come_in_one_file(name, read):
    page = read().open(name)
    with page.expect_download() as waiting:
        page.locator("main a[href$='.zip']").click()
    with zipfile.ZipFile(waiting.value.path()) as course:
        assert f"qsolearn-course/{CHAPTER}.ipynb" in course.namelist()
        assert course.testzip() is None


def test_anchors_of_the_same_page_are_reached(read):
    page = read().open(CHAPTER)
    links = page.locator("#pst-page-toc-nav a, .bd-toc-nav a, nav.page-toc a")
    href = links.first.get_attribute("href")
    assert href.startswith("#")
    assert page.locator(f"[id='{href[1:]}']").count() == 1
