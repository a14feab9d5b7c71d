"""The built book, served on this machine, and a real browser to read it with."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: A browser that phones home would look like a page that does.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def site():
    """Address of the built book."""
    if not (BUILT / "index.html").exists():
        pytest.fail("The book is not built: run `make book` first.")
    handler = functools.partial(Handler, directory=str(BUILT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: the one in CHROMIUM, on PATH, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


class Reader:
    """A page in the browser, with what it said and asked for."""

    def __init__(self, page, site):
        self.page, self.site = page, site
        self.errors, self.outside = [], []
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", lambda r: self._note(r.url))

    def _note(self, url):
        if not url.startswith((self.site, "data:", "blob:")):
            self.outside.append(url)

    def open(self, name):
        """Go to a page of the book and wait until mathematics is set."""
        self.page.goto(f"{self.site}/{name}.html", wait_until="load")
        self.page.wait_for_function(
            "() => !document.querySelector('.math')"
            " || (window.MathJax && MathJax.startup && MathJax.startup.promise"
            " && document.querySelector('mjx-container'))"
        )
        self.page.evaluate(
            "async () => window.MathJax?.startup?.promise && await MathJax.startup.promise"
        )
        return self.page


@pytest.fixture
def read(browser, site):
    """Open pages: ``read(width, mode)`` gives a `Reader`."""
    contexts = []

    def make(width=1300, mode="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=mode, accept_downloads=True
        )
        context.add_init_script(
            f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}');"
        )
        contexts.append(context)
        return Reader(context.new_page(), site)

    yield make
    for context in contexts:
        context.close()
