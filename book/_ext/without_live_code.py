"""Leave out the scripts of live code cells: they would come from another site, twice declared."""


def drop_scripts(app, pagename, templatename, context, doctree):
    """Keep the page's scripts that are not Thebe's."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in (str(script) + str(getattr(script, "attributes", ""))).lower()
    ]


def setup(app):
    """Register with Sphinx, after the theme and the extensions have added their scripts."""
    app.connect("html-page-context", drop_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
