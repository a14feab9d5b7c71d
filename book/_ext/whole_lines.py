"""Join what a cell prints as it was printed.

A kernel sends its output in pieces, when it has time. MyST-NB ends every piece with a new line,
also in the middle of a line; so put the pieces together first.
"""

from myst_nb.core import render

merge = render.coalesce_streams


def join(outputs):
    """Outputs of a cell with one output for each stream, which holds all of its text."""
    joined, streams = [], {}
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(output)
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            streams[output["name"]] = type(output)(output)
            joined.append(streams[output["name"]])
    return merge(joined)


def setup(app):
    """Register with MyST-NB."""
    render.coalesce_streams = join
    return {"parallel_read_safe": True, "parallel_write_safe": True}
