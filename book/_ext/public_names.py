"""The directive `public-names`: everything in a module's `__all__`, from its docstrings."""

import importlib
import inspect
import re
import sys

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import nested_parse_with_titles


def kind(value):
    """What autodoc calls a value: class, function or data."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) or hasattr(value, "__wrapped__") else "data"


def comment(room, name, value):
    """What the source says of a constant: the lines "#:" above it, or the string below it."""
    for place, module in sorted(sys.modules.items()):
        own = place == room or place.startswith(f"{room}.")
        if own and vars(module).get(name) is value:
            found = ModuleAnalyzer.for_module(place).find_attr_docs().get(("", name))
            if found:
                return found
    return [""]


def described(room):
    """Lines of reStructuredText: a list of the names, then each in full."""
    module = importlib.import_module(room)
    yield from re.sub(
        r"\n(\w+)\n-{3,}\n", r"\n.. rubric:: \1\n\n", inspect.getdoc(module)
    ).splitlines()
    yield ""
    values = {name: getattr(module, name) for name in module.__all__}
    notes = {
        name: comment(room, name, value)
        if kind(value) == "data"
        else inspect.getdoc(value).splitlines()
        for name, value in values.items()
    }
    for name, lines in notes.items():
        sentence = " ".join(lines).split("  ")[0] if kind(values[name]) == "data" else lines[0]
        yield f"- :py:obj:`~{room}.{name}`: {sentence}"
    yield ""
    for name, value in values.items():
        if kind(value) == "data":
            yield from [f".. py:data:: {room}.{name}", f"   :type: {type(value).__name__}", ""]
            yield from (f"   {line}" for line in notes[name])
        else:
            yield f".. auto{kind(value)}:: {room}.{name}"
        yield ""


def skip(app, what, name, value, skipped, options):
    """Leave out what scikit-learn adds to every estimator."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def escape(app, what, name, value, options, lines):
    """A name with an underscore at its end is no link: "a_, b_ : ndarray, shape (n_features_,)"."""
    lines[:] = [
        re.sub(r"_(?=[,)])", r"\\_", line) if re.match(r"\w.* : ", line) else line for line in lines
    ]


class PublicNames(Directive):
    """Write the reference of one module."""

    required_arguments = 1

    def run(self):
        """Parse what `described` gives."""
        room = self.arguments[0]
        node = nodes.container()
        lines = StringList(list(described(room)), source=f"the docstrings of {room}")
        nested_parse_with_titles(self.state, lines, node)
        return node.children


def join_names(app, what, name, value, options, lines):
    """Keep "a, b" of an attribute together: a space would make of "a," a type and of "b" a name.

    And keep the underscore at the end of "classes_", which would make a link of it.
    """
    for k, line in enumerate(lines):
        field = re.match(r":(ivar|vartype) [\w\\, ]+:", line)
        if field:
            names = re.sub(r"(?<!\\)_(?=[,:])", r"\\_", field[0].replace(", ", ","))
            lines[k] = names + line[field.end() :]


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("autodoc-skip-member", skip)
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("autodoc-process-docstring", join_names, priority=600)
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
