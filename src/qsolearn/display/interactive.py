"""Figures with sliders that work without Python: in the pages of the book, from static files."""

from __future__ import annotations

import hashlib
import html
import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bokeh.models import LayoutDOM
    from bokeh.plotting import figure

__all__ = ["InteractiveFigure", "empty_figure", "load_in_notebook"]

#: Figures of every number: enough for a line on a screen, few enough to agree between machines.
_DIGITS = 6
_NOTE = (
    "This figure has sliders. They work on the page of the book; in a notebook of your own, run "
    "display.load_in_notebook() first."
)


class InteractiveFigure:
    """A bokeh layout whose sliders work in a browser alone, as the output of a notebook cell.

    Parameters
    ----------
    layout : bokeh.models.UIElement
        Figure and sliders, such as ``column(figure, slider)``; what a slider does stands in a
        `bokeh.models.CustomJS`, because no Python runs behind a page of the book.
    alt : str
        What the figure shows and what its sliders do, for readers who do not see it.

    Raises
    ------
    ImportError
        If bokeh is not installed.
    ValueError
        If there is no text in ``alt``.

    Notes
    -----
    The output holds the figure as JSON and a few lines of script, not BokehJS itself. The book
    brings that along once for all pages (``book/_ext/interactive_figures.py``); a live notebook
    loads it with `load_in_notebook`. Without it, a sentence stands in place of the figure.

    The same figure gives the same bytes: the ids that bokeh counts up in a process are replaced by
    numbers in order of appearance, and floats are rounded to 6 figures. Column data are written as
    plain lists.

    Examples
    --------
    >>> from bokeh.models import CustomJS, Slider
    >>> from bokeh.layouts import column
    >>> figure = empty_figure("threshold", "efficiency")
    >>> line = figure.line([0.0, 1.0], [0.2, 1.0])
    >>> slider = Slider(start=0, end=1, step=0.1, value=0.5, title="threshold")
    >>> slider.js_on_change("value", CustomJS(args={"line": line}, code="line.visible = true"))
    >>> shown = InteractiveFigure(column(figure, slider), alt="Efficiency rises with threshold.")
    >>> shown.to_html() == shown.to_html()
    True
    """

    def __init__(self, layout: LayoutDOM, alt: str) -> None:
        if not str(alt).strip():
            raise ValueError("An interactive figure needs a text in alt that says what it shows.")
        _bokeh()
        self.layout, self.alt = layout, str(alt)

    def to_json(self) -> str:
        """The figure as BokehJS reads it, the same at every call.

        Returns
        -------
        str
        """
        from bokeh.embed import json_item

        item = json_item(self.layout)
        ids = {old: str(k) for k, old in enumerate(_ids(item))}
        name = _digest(json.dumps(_plain(item, ids)))
        ids = {old: f"{name}-{k}" for old, k in ids.items()}
        return json.dumps(_plain(item, ids), separators=(",", ":"))

    def to_html(self) -> str:
        """The output of a cell: the JSON, a sentence for readers without BokehJS, and a script.

        Returns
        -------
        str
        """
        text = self.to_json().replace("</", "<\\/")
        box = f"interactive-{_digest(text)}"
        script = resources.files("qsolearn.display").joinpath("data/interactive.js").read_text()
        return (
            f'<div class="interactive-figure" id="{box}" role="group" '
            f'aria-label="{html.escape(self.alt)}" '
            'style="background: #fff; color: #1b1f24; padding: 6px; border-radius: 4px; '
            'text-align: left;">\n'
            f'<p class="interactive-note">{_NOTE}</p>\n'
            '<div class="interactive-drawing"></div>\n'
            f'<script type="application/json">{text}</script>\n'
            f"<script>\n{script.replace('BOX', box)}</script>\n</div>"
        )

    def _repr_html_(self):
        return self.to_html()

    def __repr__(self):
        """The text for those who do not see the figure."""
        return f"<InteractiveFigure: {self.alt}>"


def empty_figure(x_label: str, y_label: str, *, height: int = 320, **options: Any) -> figure:
    """A bokeh figure in the style of the book: as wide as the page, no tools.

    Parameters
    ----------
    x_label, y_label : str
        Labels of the axes.
    height : int
        Height [px]; the width follows the page, down to a phone.
    **options
        Handed to `bokeh.plotting.figure`, such as ``x_range`` and ``y_axis_type``.

    Returns
    -------
    bokeh.plotting.figure

    Raises
    ------
    ImportError
        If bokeh is not installed.

    Examples
    --------
    >>> empty_figure("recall", "precision", y_range=(0, 1)).xaxis.axis_label
    'recall'
    """
    _bokeh()
    from bokeh.plotting import figure

    made = figure(
        height=height,
        sizing_mode="stretch_width",
        tools="",
        toolbar_location=None,
        x_axis_label=x_label,
        y_axis_label=y_label,
        **options,
    )
    made.axis.axis_label_text_font_style = "normal"
    made.axis.axis_label_text_font_size = "14px"
    made.axis.major_label_text_font_size = "13px"
    made.axis.axis_label_text_color = made.axis.major_label_text_color = "#1b1f24"
    made.grid.grid_line_color = "#e3e6eb"
    made.outline_line_color = None
    return made


def load_in_notebook() -> None:
    """Load BokehJS into a live notebook, from the installed package and not from the network.

    Interactive figures of cells that ran before appear, too. The pages of the book do not need it.

    Raises
    ------
    ImportError
        If bokeh is not installed.
    """
    _bokeh()
    from bokeh.io import output_notebook
    from bokeh.resources import INLINE

    output_notebook(INLINE, hide_banner=True)


def _bokeh():
    try:
        import bokeh  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "An interactive figure needs the package bokeh; install it with: pip install "
            "'qsolearn[book]'."
        ) from error


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _ids(value):
    """Ids of the models of bokeh's JSON, in order of appearance."""
    if isinstance(value, dict):
        own = [value[k] for k in ("root_id", "id") if isinstance(value.get(k), str)]
        parts = list(value.values())
    else:
        own, parts = [], value if isinstance(value, list | tuple) else []
    for part in parts:
        own += _ids(part)
    return list(dict.fromkeys(own))


def _plain(value, ids):
    """Bokeh's JSON with other ids, arrays as lists and rounded floats."""
    if isinstance(value, dict):
        if value.get("type") == "ndarray":
            from bokeh.core.serialization import Deserializer

            return _plain(Deserializer().decode(value, []).tolist(), ids)
        return {
            k: ids.get(v, v) if k in ("id", "root_id") and isinstance(v, str) else _plain(v, ids)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(x, ids) for x in value]
    if isinstance(value, float):
        if math.isnan(value):
            return {"type": "number", "value": "nan"}
        if math.isinf(value):
            return {"type": "number", "value": "+inf" if value > 0 else "-inf"}
        return float(f"{value:.{_DIGITS}g}")
    return value
