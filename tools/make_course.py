"""Put the notebooks, and what a class needs to run them, into one zip.

    python tools/make_course.py qsolearn-course.zip

The notebooks keep their places, since some read result files beside them. The same files give the
same bytes.
"""

import re
import sys
import tomllib
import zipfile
from pathlib import Path

from notebooks import ROOT, cells_of, chapters

NAME = "qsolearn-course"
README = """# Finding quasars among stars: the notebooks

qsolearn {version}. All chapters of the book as notebooks, with the result files that they read.

## Set up, once

You need Python {python}, and a network for these lines only:

```bash
python -m venv env
source env/bin/activate          # Windows: env\\Scripts\\activate
pip install -r requirements.txt
jupyter lab
```

## In class

- Every chapter opens alone: run it from the top. The first run compiles for some seconds.
- An exercise has a cell `answer = None` below it. Write your answer, run it, and it tells you
  whether it is right. The solution stands further down.
- `book/reference/for_teachers.ipynb` says which chapter builds on which, and what fits into 90
  minutes, a day and a semester.
- No chapter needs a graphics card or more than 1.5 GB of memory.

Words in braces such as {{term}} are links and boxes of the book's pages; a notebook shows them as
they are written.

## Chapters

| file | chapter | minutes |
|---|---|---|
{chapters}

The code and the texts may be used under the terms in LICENSE.
"""
REQUIREMENTS = """qsolearn[scale,sky]=={version}
# For boosted trees, without code for graphics cards where there is such a package.
xgboost-cpu>=3.0 ; sys_platform == "linux" and platform_machine == "x86_64"
xgboost>=3.0 ; sys_platform != "linux" or platform_machine != "x86_64"
{book}
jupyterlab>=4
"""


def sources():
    """Chapters in the order of the book."""
    order = re.findall(r"\b(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return sorted(chapters(), key=lambda p: order.index(str(p.relative_to(ROOT).with_suffix(""))))


def files():
    """Notebooks and the result files that they read."""
    places = (ROOT / "book", ROOT / "benchmarks" / "results")
    data = [p for f in places for p in f.rglob("*") if p.suffix in (".json", ".csv")]
    return [*data, *(source.with_suffix(".ipynb") for source in chapters())]


def made():
    """The texts that are written for the zip: name and content."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [
        n for n in project["optional-dependencies"]["book"] if n.startswith(("bokeh", "ipyk"))
    ]
    rows = []
    for source in sources():
        text = "\n".join(cell[1] for cell in cells_of(source))
        minutes = re.search(r"\*\*Minutes\*\*: (\d+)", text)
        name = source.with_suffix(".ipynb").relative_to(ROOT)
        title = re.search(r"^# (.+)$", text, re.M)[1]
        rows.append(f"| `{name}` | {title} | {minutes[1] if minutes else ''} |")
    version = project["version"]
    return {
        "LICENSE": (ROOT / "LICENSE").read_text(encoding="utf-8"),
        "README.md": README.format(
            version=version, python=project["requires-python"], chapters="\n".join(rows)
        ),
        "requirements.txt": REQUIREMENTS.format(version=version, book="\n".join(needed)),
    }


def main(target):
    """Write the zip."""
    content = {str(path.relative_to(ROOT)): path.read_bytes() for path in files()}
    content |= {name: text.encode() for name, text in made().items()}
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as course:
        for name, data in sorted(content.items()):
            # No date of today, no rights of this machine.
            entry = zipfile.ZipInfo(f"{NAME}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            course.writestr(entry, data)


if __name__ == "__main__":
    main(*sys.argv[1:])
