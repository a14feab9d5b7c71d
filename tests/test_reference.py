"""The reference from the docstrings builds without a warning and holds every public name once."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from test_annotations import rooms

pytest.importorskip("myst_parser", reason="the extra book is not installed")
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book" / "reference" / "api").glob("*.md"))
SHARED = ("add_module_names", "autodoc_", "default_role", "napoleon_", "nitpick_")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder of the built pages: the book's own settings for docstrings, a bare theme."""
    place = tmp_path_factory.mktemp("reference")
    for page in PAGES:
        shutil.copy(page, place)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
    lines = [f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})"]
    lines += ["extensions = ['myst_parser', 'public_names']", "html_theme = 'basic'"]
    lines += [f"{k} = {v!r}" for k, v in settings.items() if k.startswith(SHARED)]
    (place / "conf.py").write_text("\n".join(lines))
    names = "\n".join(page.stem for page in PAGES)
    (place / "index.md").write_text(f"# All\n\n```{{toctree}}\n{names}\n```\n")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", place, place / "_"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return place / "_"


def test_there_is_a_page_for_every_room():
    named = [re.findall(r"public-names:: (\S+)", page.read_text()) for page in PAGES]
    assert sorted(room for found in named for room in found) == sorted(rooms())


def test_the_list_of_pages_is_whole():
    text = (ROOT / "book" / "reference" / "api.md").read_text()
    assert re.findall(r"\(api/(\w+)\.md\)", text) == re.findall(
        r"reference/api/(\w+)$", (ROOT / "_toc.yml").read_text(), re.M
    )
    assert len(re.findall(r"\(api/", text)) == len(PAGES)


def test_every_public_name_is_in_the_reference(built):
    with (built / "objects.inv").open("rb") as stream:
        stock = InventoryFile.load(stream, "", lambda base, page: page)
    held = {name for kind, found in stock.items() if kind.startswith("py:") for name in found}
    missing = {
        f"{room}.{name}"
        for room in rooms()
        for name in importlib.import_module(room).__all__
        if f"{room}.{name}" not in held
    }
    assert missing == set()
    assert "qsolearn.redshift.ColorRedshiftRelation.predict" in held
    assert not [name for name in held if "_request" in name or "get_params" in name]


def test_no_page_of_it_is_heavy(built):
    sizes = {page.stem: (built / f"{page.stem}.html").stat().st_size for page in PAGES}
    assert max(sizes.values()) < 1_500_000
