"""One finding of a check: what, where, and what may have been meant."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Flag"]


class Flag(NamedTuple):
    """A marked place in a summary.

    Attributes
    ----------
    check : str
        Which check found it.
    start, end : int
        Span in the summary's own characters: ``summary[start:end]``.
    hint : str
        What the source has instead, or why it was marked.
    """

    check: str
    start: int
    end: int
    hint: str
