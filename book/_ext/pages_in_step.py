"""Write every page anew when what other pages show of one has changed.

After an edit Sphinx writes the edited page alone. Titles in the contents, texts of links, numbers
of figures and exercises in the others would stay as they were.
"""

import hashlib


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


def setup(app):
    """Register with Sphinx, after everything that gives numbers."""
    app.connect("env-get-updated", pages_to_write, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
