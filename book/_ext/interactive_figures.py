"""Bring BokehJS along once for the whole book, and load it only in pages with a moving figure.

The scripts come from the installed bokeh package, so that they fit the figures that it wrote and
no page asks another site for them.
"""

import shutil
from pathlib import Path

from docutils import nodes

SCRIPTS = ["bokeh.min.js", "bokeh-widgets.min.js"]
MARK = 'class="interactive-figure"'


def copy_scripts(app):
    """Put BokehJS beside the other static files."""
    if app.builder.format != "html":
        return
    import bokeh

    source = Path(bokeh.__file__).parent / "server" / "static" / "js"
    target = Path(app.outdir) / "_static" / "bokeh"
    target.mkdir(parents=True, exist_ok=True)
    for name in SCRIPTS:
        shutil.copyfile(source / name, target / name)


def load_scripts(app, pagename, templatename, context, doctree):
    """Load BokehJS in a page that has an interactive figure."""
    if doctree is None:
        return
    if any(MARK in node.astext() for node in doctree.findall(nodes.raw)):
        for name in SCRIPTS:
            app.add_js_file(f"bokeh/{name}", loading_method="defer")


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", copy_scripts)
    app.connect("html-page-context", load_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
