"""Check that every internal link and anchor of the built book resolves, and that none leaves it.

python tools/check_links.py _build/html
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Ids, links and loaded resources of one page."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []

    def handle_starttag(self, tag, attrs):
        """Collect what the tag defines and points to."""
        attrs = dict(attrs)
        for key in ("id", "name"):
            if attrs.get(key):
                self.ids.add(attrs[key])
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        source = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        loading = tag in ("img", "script", "iframe", "source") or (
            tag == "link" and attrs.get("rel") in ("stylesheet", "icon", "preload")
        )
        if loading and source:
            self.loads.append(source)


def main(folder="_build/html"):
    """Report broken links and outside resources; 1 if there are any."""
    root = Path(folder).resolve()
    pages = {}
    for path in (p for p in root.rglob("*.html") if "_static" not in p.parts):
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    wrong = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme in ("http", "https", ""):
                    wrong.append(f"{path.relative_to(root)} loads {link} from outside")
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            if not target.exists():
                wrong.append(f"{path.relative_to(root)} links to {link}, which does not exist")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].ids
            ):
                wrong.append(f"{path.relative_to(root)} links to {link}: no such anchor")
    for line in sorted(set(wrong)):
        print(line)
    print(f"checked {len(pages)} pages: {len(set(wrong))} broken links")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
