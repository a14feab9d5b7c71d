"""A page of its own for one or more reports: nothing is loaded from elsewhere, nothing runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qsolearn.summary.report import Report

__all__ = ["render_page", "write_page"]

LONGEST_SHOWN = 200_000
"""Characters of a summary that the page shows."""

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1b;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.3rem;margin-top:2rem}h3{font-size:1.05rem}
table{border-collapse:collapse;margin:.5rem 0}th,td{padding:.2rem .7rem;text-align:left;
border-bottom:1px solid #ccc;vertical-align:top}td.n{text-align:right;
font-variant-numeric:tabular-nums}
.text{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #ccc;padding:1rem;
max-height:40rem;overflow:auto}
mark{padding:0 .1em;color:#1b1b1b;border-bottom:2px solid}
mark.number,mark.unit{background:#ffe0b3;border-color:#8a4b00}
mark.number-context{background:#fff3a6;border-color:#6b5900}
mark.name{background:#cfe3ff;border-color:#0b4a9e}mark.term{background:#dcd3ff;border-color:#4b2aa8}
mark.negation,mark.antonym{background:#ffd1d6;border-color:#a3122a}
mark.pasted-text,mark.reference-list{background:#e4e4e4;border-color:#555}
.sig{font-family:monospace;overflow-wrap:anywhere}
"""


def write_page(reports: Sequence[tuple[str, Report]], path: str | os.PathLike) -> Path:
    """Write the page to a temporary name beside its place, then move it there.

    Parameters
    ----------
    reports : sequence of (str, Report)
        Name and report of each summary.
    path : str or path
        The file; its folder must exist.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"There is no folder {str(path.parent)!r} for the report: create it first."
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(render_page(reports), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def render_page(reports: Sequence[tuple[str, Report]]) -> str:
    """HTML of the page; every character of the texts is escaped."""
    body = "".join(_section(name, report) for name, report in reports)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>Summary report</title><style>{_STYLE}</style></head><body>"
        f"<main><h1>Summary report</h1>{body}</main></body></html>\n"
    )


def _section(name, report):
    parts = [f"<section><h2>{escape(str(name))}</h2>"]
    parts += [f"<p>{escape(note)}</p>" for note in report.notes]
    parts.append("<h3>Marked text</h3>")
    parts.append(f'<div class="text" tabindex="0">{_marked(report)}</div>')
    parts.append(_flag_table(report))
    for title, rows in report.groups():
        parts.append(_score_table(title, rows))
    parts.append(_seen_table(report))
    parts.append(_heat_map(report))
    parts.append(f'<p class="sig">{escape(report.signature)}</p></section>')
    return "".join(parts)


def _marked(report):
    """The text with its flags; where flags overlap, the shortest one colors the place."""
    text = report.candidate
    end = min(len(text), LONGEST_SHOWN)
    flags = sorted(
        (flag for flag in report.flags.itertuples() if flag.start < end),
        key=lambda flag: flag.start - flag.end,
    )
    edges = sorted({0, end} | {min(e, end) for flag in flags for e in (flag.start, flag.end)})
    owner = {}
    for flag in flags:  # longest first, so a shorter flag paints over it
        first = _index(edges, flag.start)
        last = _index(edges, min(flag.end, end))
        for k in range(first, last):
            owner[k] = flag
    pieces = []
    for k, (a, b) in enumerate(pairwise(edges)):
        inner = escape(text[a:b])
        if k in owner:
            flag = owner[k]
            kind = escape(flag.check.replace(" ", "-"))
            title = escape(f"{flag.check}: {flag.hint}")
            inner = f'<mark class="{kind}" title="{title}">{inner}</mark>'
        pieces.append(inner)
    if end < len(text):
        pieces.append(f" ... ({len(text) - end:,} more characters)")
    return "".join(pieces)


def _index(edges, value):
    return int(np.searchsorted(edges, value))


def _flag_table(report):
    if report.flags.empty:
        return "<p>No place was marked.</p>"
    rows = "".join(
        f"<tr><td>{escape(f.check)}</td><td>{escape(_short(f.text))}</td>"
        f'<td class="n">{f.start}</td><td class="n">{f.end}</td><td>{escape(f.hint)}</td></tr>'
        for f in report.flags.head(500).itertuples()
    )
    head = "".join(f'<th scope="col">{t}</th>' for t in ("check", "text", "from", "to", "hint"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _short(text, width=80):
    return text if len(text) <= width else text[: width - 3] + "..."


def _score_table(title, rows):
    body = ""
    for name, value, interval in rows:
        shown = f"{value:.3f}" if np.isfinite(value) else "not computed"
        spread = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
        body += (
            f'<tr><th scope="row">{escape(name)}</th><td class="n">{shown}</td>'
            f'<td class="n">{spread}</td></tr>'
        )
    return (
        f'<h3>{escape(title)}</h3><table><thead><tr><th scope="col">score</th>'
        f'<th scope="col">value</th><th scope="col">95 % interval</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _seen_table(report):
    head = "".join(
        f'<th scope="col">{t}</th>'
        for t in ("text", "words", "sentences", "tokens", "tokens the model saw")
    )
    body = "".join(
        f'<tr><th scope="row">{escape(str(row.Index))}</th>'
        + "".join(f'<td class="n">{value:,}</td>' for value in row[1:])
        + "</tr>"
        for row in report.seen.itertuples()
    )
    return (
        f"<h3>What the model saw</h3><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _heat_map(report):
    table = report.alignment
    size = 12
    values = np.clip(table.to_numpy(), 0, 1)
    cells = []
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            shade = round(255 - 205 * float(value))
            cells.append(
                f'<rect x="{60 + j * size}" y="{20 + i * size}" width="{size}" height="{size}" '
                f'fill="rgb({shade},{shade},255)"><title>sentence {table.index[i]}, '
                f"{table.columns[j]}: {value:.2f}</title></rect>"
            )
    labels = "".join(
        f'<text x="55" y="{20 + i * size + 10}" font-size="10" text-anchor="end">{label}</text>'
        for i, label in enumerate(table.index)
    )
    labels += "".join(
        f'<text x="{60 + j * size + 2}" y="15" font-size="10">{label}</text>'
        for j, label in enumerate(table.columns)
        if j % 5 == 0
    )
    width, height = 70 + values.shape[1] * size, 30 + values.shape[0] * size
    return (
        "<h3>Which sentence is near which</h3><p>Rows: sentences of the summary. Columns: "
        "sentences of the text it is compared with. Dark: similar.</p>"
        f'<svg role="img" aria-label="Similarity of the sentences" viewBox="0 0 {width} {height}" '
        f'width="{width}" style="max-width:100%">{labels}{"".join(cells)}</svg>'
    )
