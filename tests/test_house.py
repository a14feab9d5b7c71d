"""The house keeps its rules: no import backwards, no room overflows, actions are pinned."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "qsolearn"
MODULES = sorted(PACKAGE.rglob("*.py"))
#: A room may import from the rooms before it, and from itself.
ORDER = [
    "errors",
    "bands",
    "photometry",
    "judge",
    "frame",
    "features",
    "observing",
    "sky",
    "sed",
    "redshift",
    "selection",
    "simulate",
    "census",
    "datasets",
    "papers",
    "scale",
    "display",
    "doctor",
    "summary",
    "exercises",
    "cli",
]


def room(path):
    """The first part of a module's name within the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Rooms of the package that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "qsolearn" and parts[1:] and parts[1] != "__version__":
                yield parts[1]


def test_every_room_has_its_place():
    assert {room(p) for p in MODULES} - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_imported_backwards(path):
    here = room(path)
    for other in imported(path):
        assert here == other or ORDER.index(other) < ORDER.index(here), f"{here} imports {other}"


def test_summaries_stand_apart():
    for path in (PACKAGE / "summary").rglob("*.py"):
        assert set(imported(path)) <= {"summary", "errors"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_can_be_read_in_one_go(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


def test_actions_are_pinned_by_hash():
    flows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert flows
    for path in flows:
        text = path.read_text()
        yaml.safe_load(text)
        used = re.findall(r"uses:\s*(\S+)", text)
        assert used
        assert all(re.search(r"@[0-9a-f]{40}$", action) for action in used), path.name


def test_every_test_file_has_a_name_of_its_own():
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def test_the_oldest_packages_are_tested_with_every_extra_but_one():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.search(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.M).group(1)
    assert {*named.split(","), "scale"} == set(extras["optional-dependencies"])
    assert "make oldest" in (ROOT / ".github/workflows/ci.yml").read_text()


def test_binder_gets_one_xgboost_and_what_the_chapters_import():
    """Pip on Binder knows nothing of the lock, which leaves out the code for graphics cards."""
    lines = (ROOT / "binder" / "requirements.txt").read_text().split()
    extras = set(re.match(r"\.\[(.+)\]", lines[lines.index("-e") + 1])[1].split(","))
    assert {"book", "scale", "sky"} <= extras
    assert "trees" not in extras
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [n for extra in extras for n in project["optional-dependencies"][extra]]
    assert [n for n in [*needed, *lines] if n.startswith("xgboost")] == ["xgboost-cpu>=3.0"]
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o111
