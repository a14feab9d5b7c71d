"""The zip for a class: always the same bytes, and its notebooks run outside of the checkout."""

import importlib.util
import re
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="the extra book is not installed")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def make_course():
    """The tool, imported with its neighbors."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location("make_course", ROOT / "tools/make_course.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


@pytest.fixture(scope="module")
def course(make_course, tmp_path_factory):
    """The unpacked zip."""
    place = tmp_path_factory.mktemp("class")
    make_course.main(place / "course.zip")
    with zipfile.ZipFile(place / "course.zip") as packed:
        packed.extractall(place)
    return place / make_course.NAME


def test_the_same_files_give_the_same_bytes(make_course, course, tmp_path):
    make_course.main(tmp_path / "again.zip")
    first = course.parent / "course.zip"
    assert (tmp_path / "again.zip").read_bytes() == first.read_bytes()
    assert first.stat().st_size < 3e6


def test_it_holds_every_chapter_in_the_order_of_the_book(make_course, course):
    listed = re.findall(r"^\| `(\S+)` \| \S", (course / "README.md").read_text(), re.M)
    assert listed[0] == "book/intro.ipynb"
    assert sorted(listed) == sorted(str(p.relative_to(course)) for p in course.rglob("*.ipynb"))
    assert (course / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_the_requirements_name_one_xgboost_for_each_machine(course):
    from packaging.requirements import Requirement

    lines = (course / "requirements.txt").read_text().splitlines()
    needed = [Requirement(line) for line in lines if not line.startswith("#")]
    assert needed[0].name == "qsolearn"
    for system, machine in [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")]:
        here = {"sys_platform": system, "platform_machine": machine}
        found = [n.name for n in needed if n.marker is None or n.marker.evaluate(here)]
        assert len([name for name in found if name.startswith("xgboost")]) == 1
        assert {"bokeh", "ipykernel", "jupyterlab"} <= set(found)


@pytest.mark.parametrize("name", ["real/is_the_sky_real", "reference/for_teachers"])
def test_a_notebook_runs_outside_of_the_checkout(name, course):
    path = course / "book" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": path.parent}}
    nbclient.NotebookClient(notebook, kernel_name="python3", resources=place).execute()
    assert any(
        "image/png" in o.get("data", {}) for c in notebook.cells for o in c.get("outputs", [])
    )
