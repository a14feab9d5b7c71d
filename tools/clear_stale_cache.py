"""Clear the book's execution cache when anything that its cells import has changed.

The cache knows a cell by its source alone: a changed library would leave old outputs in the pages.
"""

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAMP = ROOT / "_build" / "library.sha256"


def fingerprint(*more):
    """Hash of the lock file, the project file, the library, the book's data, and more paths."""
    digest = hashlib.sha256()
    folders = (ROOT / "book", ROOT / "benchmarks" / "results")
    data = [p for f in folders for p in f.rglob("*") if p.suffix in (".json", ".csv")]
    files = []
    for path in (ROOT / "uv.lock", ROOT / "pyproject.toml", ROOT / "src", *data, *more):
        files += [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    for path in sorted(files):
        if path.suffix in (".pyc", ".nbi", ".nbc", ".md", ".ipynb"):
            continue
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main():
    """Compare with the last build and clear if needed."""
    now = fingerprint()
    if not STAMP.is_file() or STAMP.read_text() != now:
        shutil.rmtree(ROOT / "_build" / ".jupyter_cache", ignore_errors=True)
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(now)


if __name__ == "__main__":
    main()
