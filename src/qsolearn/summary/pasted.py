"""Pasted text: reference lists, page furniture and long passages copied from the source."""

from __future__ import annotations

import re

from qsolearn.summary.flags import Flag
from qsolearn.summary.support import copied_runs
from qsolearn.summary.text import Text

__all__ = ["check_pasted", "reference_list"]

_ENTRY = re.compile(
    r"^[ \t]*(?:\[\d{1,3}\]|\d{1,3}\.)?[^\n]{0,200}?\b(?:1[89]|20)\d\d[a-z]?\b[),.:]*\s+"
    r"[^\n]{0,120}?\d[^\n]*$|^[ \t]*\[\d{1,3}\][ \t]+\S[^\n]*$",
    re.MULTILINE,
)
_JOURNAL = re.compile(
    r"\b(?:arXiv|ApJS?|ApJL|AJ|MNRAS|A&A|PASP|PASJ|Nature|Science|ARA&A|doi|Proc|Journal|J\.|"
    r"Phys|Rev|Lett|et al)\b|\[\d{1,3}\]"
)
_LEAST_ENTRIES = 5
_FURNITURE = re.compile(
    r"^[ \t]*(?:Draft version\b.*|Typeset using\b.*|Corresponding author\b.*|Keywords:.*|"
    r"Received [A-Z0-9].*|Accepted [A-Z0-9].*|\S+@\S+\.\S+.*|Figure \d+\.\s.*|Table \d+\.\s.*|"
    r"References:?|REFERENCES:?|Bibliography:?|Facilities:.*|Software:.*)[ \t]*$",
    re.MULTILINE,
)
_LONG_RUN = 40
_PASTED_SHARE = 0.5


def reference_list(raw: str) -> tuple[int, int] | None:
    """Span of the longest list of references in a text, or None.

    Parameters
    ----------
    raw : str
        The text.

    Returns
    -------
    (int, int) or None
        From the first entry to the end of the last; at least five entries on lines of their own,
        with at most two other lines between two of them.

    Examples
    --------
    >>> entries = "\\n".join(f"[{i}] 2022, MNRAS, 514, {2700 + i}" for i in range(1, 8))
    >>> start, end = reference_list("Our conclusions.\\n" + entries)
    >>> entries.startswith("[1]"), start, end
    (True, 17, 205)
    """
    groups: list[list[re.Match]] = []
    for match in _ENTRY.finditer(raw):
        if not _JOURNAL.search(match.group()):
            continue
        if groups and raw.count("\n", groups[-1][-1].end(), match.start()) <= 3:
            groups[-1].append(match)
        else:
            groups.append([match])
    longest = max(groups, key=len, default=[])
    if len(longest) < _LEAST_ENTRIES:
        return None
    start = longest[0].start()
    start += len(raw[start:]) - len(raw[start:].lstrip())
    return start, longest[-1].end()


def check_pasted(candidate: Text, source: Text | None) -> tuple[dict[str, float], list[Flag]]:
    """Check for text that is pasted rather than summarized.

    Parameters
    ----------
    candidate : Text
        The summary.
    source : Text or None
        The text it summarizes; without it only furniture and reference lists are found.

    Returns
    -------
    scores : dict
        pasted: share of the candidate's words in copied runs of at least 40 words (0 without a
        source).
    flags : list of Flag
        "reference list", and "pasted text": the whole text where more than half of it is copied or
        where page furniture stands in at least three lines, else each long copied run.
    """
    flags = []
    span = reference_list(candidate.raw)
    if span:
        n = candidate.raw.count("\n", *span) + 1
        flags.append(Flag("reference list", *span, f"{n} lines of references are no summary"))
    runs = copied_runs(candidate, source, length=_LONG_RUN) if source is not None else []
    share = sum(b - a for a, b in runs) / len(candidate)
    furniture = _FURNITURE.findall(candidate.raw)
    if share > _PASTED_SHARE or len(furniture) >= 3:
        why = f"{share:.0%} of the words stand in the source in runs of {_LONG_RUN} or more"
        if len(furniture) >= 3:
            why += f"; page furniture, such as {furniture[0].strip()[:60]!r}"
        flags.append(Flag("pasted text", candidate.starts[0], candidate.ends[-1], why))
    else:
        flags += [
            Flag(
                "pasted text",
                candidate.starts[a],
                candidate.ends[b - 1],
                f"{b - a} words in a row stand in the source",
            )
            for a, b in runs
        ]
    return {"pasted": share}, flags
