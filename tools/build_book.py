"""Build the book into _build/html, and after an edit no more of it than has changed.

Everything is built anew when the library, the book's settings, result files or extensions changed,
and when the last build did not succeed: a page that is not read again does not repeat its warnings.
"""

import gc
import shutil
import sys

import check_links
import clear_stale_cache
import execute_chapters
import make_course
from jupyter_book.cli.main import main as jupyter_book
from notebooks import ROOT

HTML = ROOT / "_build" / "html"
#: What the pages are made from besides the chapters and what those read.
SETTINGS = [
    ROOT / name
    for name in (
        "_config.yml",
        "_toc.yml",
        "tools",
        "book/_ext",
        "book/_static",
        "book/references.bib",
    )
]
#: Written after a build without a warning: the fingerprint that it had.
STAMP = ROOT / "_build" / "built.sha256"


def main():
    """Execute, build, check; 1 if something is wrong."""
    clear_stale_cache.main()
    now = clear_stale_cache.fingerprint(*SETTINGS)
    fresh = not STAMP.is_file() or STAMP.read_text() != now
    STAMP.unlink(missing_ok=True)
    if fresh:
        shutil.rmtree(HTML, ignore_errors=True)
    execute_chapters.main()
    # The trees of the pages are large and live to the end: do not look for garbage in them.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    options = ["--all"] if fresh else []
    try:
        jupyter_book(
            ["build", str(ROOT), "-W", "--keep-going", "-n", "--quiet", *options],
            standalone_mode=False,
        )
    except Exception as error:
        print(error, file=sys.stderr)
        return 1
    make_course.main(HTML / f"{make_course.NAME}.zip")
    if check_links.main(HTML):
        return 1
    STAMP.write_text(now)
    print(f"The book is ready: open file://{HTML}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
