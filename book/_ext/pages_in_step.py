"""Write every page anew when what other pages show of one has changed.

After an edit Sphinx writes the edited page alone. Titles in the contents, texts of links, numbers
of figures and exercises in the others would stay as they were, and the search would forget the
names that they explain.
"""

import hashlib
import json
from pathlib import Path


def shown_elsewhere(env):
    """Hash of the titles, labels, terms, numbers and citations of all pages."""
    names = env.domaindata["std"]
    cited = env.domaindata.get("cite", {}).get("citation_refs", [])
    parts = [
        sorted((page, title.astext()) for page, title in env.titles.items()),
        *(sorted(names[kind].items()) for kind in ("labels", "anonlabels", "terms", "objects")),
        sorted((page, sorted(n.items())) for page, n in env.toc_fignumbers.items()),
        sorted((page, sorted(n.items())) for page, n in env.toc_secnumbers.items()),
        sorted({target.key for ref in cited for target in ref.targets}),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def pages_to_write(app, env):
    """All pages if the hash is another one than after the last build."""
    before = getattr(env, "qsolearn_shown_elsewhere", None)
    env.qsolearn_shown_elsewhere = shown_elsewhere(env)
    return [] if env.qsolearn_shown_elsewhere == before else sorted(env.found_docs)


def names_in_search(app):
    """Names that the search of the last build knew: those of each page."""
    path = Path(app.outdir) / "searchindex.js"
    if not path.is_file():
        return {}
    last = json.loads(path.read_text(encoding="utf-8").partition("(")[2].rpartition(")")[0])
    found = {}
    for name, places in last["indexentries"].items():
        for page, anchor, is_main in places:
            entry = (name, anchor, "main" if is_main else "")
            found.setdefault(last["docnames"][page], []).append(entry)
    return found


def keep_names(app):
    """Give the names of pages that are not written again back to the search."""
    indexer = getattr(app.builder, "indexer", None)
    if indexer is not None:
        for page, entries in names_in_search(app).items():
            if page in app.env.all_docs:
                indexer._index_entries.setdefault(page, sorted(entries))
    return []


def setup(app):
    """Register with Sphinx, after everything that gives numbers."""
    app.connect("env-get-updated", pages_to_write, priority=900)
    app.connect("html-collect-pages", keep_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
