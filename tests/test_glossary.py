"""Each chapter links each term of the glossary where it uses it first."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("link_terms", ROOT / "tools/link_terms.py")
link_terms = importlib.util.module_from_spec(spec)
spec.loader.exec_module(link_terms)
KNOWN = link_terms.terms()


@pytest.mark.parametrize("path", link_terms.chapters(), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_first_uses_are_linked(path):
    skip = link_terms.OTHER_MEANINGS.get(path.parent.name, ())
    left = [use[0] for use in link_terms.unlinked(path.read_text(), KNOWN, skip)]
    assert left == [], "run python tools/link_terms.py --write and read what it did"


def test_links_lead_to_terms():
    known = {term.lower() for term in KNOWN}
    for page in (ROOT / "book").rglob("*.md"):
        for found in link_terms.TERM.finditer(page.read_text()):
            assert " ".join((found[2] or found[1]).split()).lower() in known, page.name


def test_terms_are_told_once_and_each_is_used():
    assert len({term.lower() for term in KNOWN}) == len(KNOWN) > 60
    pages = "".join(p.read_text() for p in (ROOT / "book").rglob("*.md") if p.stem != "glossary")
    linked = {
        " ".join((found[2] or found[1]).split()).lower()
        for found in link_terms.TERM.finditer(pages)
    }
    assert [term for term in KNOWN if term.lower() not in linked] == []


TEXT = """# Colors and bands

**You will be able to**

- say what a color is.

**Minutes**: 5

```{code-cell} ipython3
color = "a band"
```

A `color`, $color$, [a color](color.md) and a {ref}`color-of`.

| color |
|---|

Colored things, band-limited ones and Photometric
redshifts. The host galaxies, redshifts, redshift and {term}`bands <band>`. A band.

````{exercise} Color
:label: x

A color?
````

````{solution-end}
````

Efficiencies of colors. An order of magnitude.
"""


def test_what_counts_as_a_first_use():
    found = link_terms.unlinked(TEXT, KNOWN)
    assert [(term, TEXT[a:b].split("\n")[-1]) for term, a, b in found] == [
        ("photometric redshift", "redshifts"),
        ("host galaxy", "host galaxies"),
        ("redshift", "redshifts"),
        ("efficiency", "Efficiencies"),
        ("color", "colors"),
    ]
    assert [u[0] for u in link_terms.unlinked(TEXT, KNOWN, {"color", "redshift"})][1:] == [
        "host galaxy",
        "efficiency",
    ]


def test_links_are_written_as_a_person_would():
    text = link_terms.with_links(TEXT, link_terms.unlinked(TEXT, KNOWN))
    assert "{term}`Photometric\nredshifts <photometric redshift>`. The {term}`host" in text
    assert "{term}`redshifts <redshift>`, redshift and" in text
    assert "{term}`Efficiencies <efficiency>` of {term}`colors <color>`." in text
    assert link_terms.unlinked(text, KNOWN) == []
    # Nothing but links was added.
    assert re.sub(r"\{term\}`([^`<]*?)(?: <[^>]+>)?`", r"\1", text) == re.sub(
        r"\{term\}`([^`<]*?)(?: <[^>]+>)?`", r"\1", TEXT
    )


def test_a_link_after_the_first_use_is_too_late():
    assert link_terms.unlinked("A color. A {term}`color`.", KNOWN)[0][0] == "color"
    assert link_terms.unlinked("A {term}`Color <color>`. A color.", KNOWN) == []
