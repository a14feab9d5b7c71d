"""What a comparison found: scores with intervals, marked places, and what the model really saw."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["Report"]

_GROUPS = (
    ("reference_", "Similarity to the reference"),
    ("source_", "Support by the source"),
    ("check_", "Checks (1 = nothing found)"),
)


@dataclass(repr=False)
class Report:
    """Result of `compare`.

    Attributes
    ----------
    scores : dict
        Score by name. Names that begin with `reference_` compare with the reference, those with
        `source_` with the source; `check_` are shares of a summary that passed a check against
        the source.
    intervals : dict
        For scores that are means over sentences, (low, high) of the 95 % bootstrap interval.
    flags : DataFrame
        Marked places: check, text, start, end, hint; `text` equals ``candidate[start:end]``.
    seen : DataFrame
        For each text its words, and how many of its tokens the model was shown.
    signature : str
        What the scores depend on. Scores are comparable only under equal signatures.
    notes : list of str
        What was not done, and why.
    alignment : DataFrame
        Similarity of each sentence of the candidate (rows) to those of the source, or of the
        reference without a source (columns); blocks of sentences where there are more than 60.
    candidate : str
        The text itself.
    sentences : DataFrame
        Sentences of the candidate: start, end, support (their best similarity).
    """

    scores: dict[str, float]
    flags: pd.DataFrame
    seen: pd.DataFrame
    signature: str
    candidate: str
    sentences: pd.DataFrame
    alignment: pd.DataFrame
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def groups(self) -> list[tuple[str, list]]:
        """Scores in their groups: (title, [(name, value, interval or None), ...])."""
        found = []
        for prefix, title in _GROUPS:
            rows = [
                (name, value, self.intervals.get(name))
                for name, value in self.scores.items()
                if name.startswith(prefix)
            ]
            if rows:
                found.append((title, rows))
        return found

    def to_dict(self) -> dict:
        """Plain dictionaries and lists; NaN becomes None."""
        return {
            "scores": {name: _plain(value) for name, value in self.scores.items()},
            "intervals": {name: list(map(_plain, pair)) for name, pair in self.intervals.items()},
            "flags": self.flags.to_dict("records"),
            "seen": self.seen.reset_index(names="text").to_dict("records"),
            "notes": list(self.notes),
            "signature": self.signature,
        }

    def to_json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def to_html(self, path: str | os.PathLike) -> Path:
        """Write a page of its own: marked text, scores, and the heat map of the sentences.

        Parameters
        ----------
        path : str or path
            The file; its folder must exist. A file that is there is replaced at once, whole.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        FileNotFoundError
            If the folder does not exist.
        """
        from qsolearn.summary.html import write_page

        return write_page([("candidate", self)], path)

    def _repr_html_(self):
        """Scores and flags as tables, for a notebook."""
        table = pd.Series(self.scores, name="score").round(3).to_frame()
        return table.to_html() + self.flags.to_html(escape=True)

    def __str__(self):
        """Return the report as plain text."""
        lines = []
        for title, rows in self.groups():
            lines.append(title)
            for name, value, interval in rows:
                shown = f"{value:8.3f}" if np.isfinite(value) else "       -"
                extra = f"  [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
                lines.append(f"  {name:32s}{shown}{extra}")
        lines.append(f"Marked places: {len(self.flags)}")
        for flag in self.flags.itertuples():
            text = flag.text if len(flag.text) <= 60 else flag.text[:57] + "..."
            lines.append(f"  {flag.check:15s} {flag.start}-{flag.end} {text!r}: {flag.hint}")
        for name, row in self.seen.iterrows():
            if row["tokens"]:
                share = row["seen"] / row["tokens"]
                lines.append(f"The model saw {share:.0%} of the {row['tokens']} tokens ({name}).")
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(self.signature)
        return "\n".join(lines)

    __repr__ = __str__


def _plain(value):
    value = float(value)
    return value if np.isfinite(value) else None
