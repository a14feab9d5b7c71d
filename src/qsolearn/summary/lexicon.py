"""The word lists that the checks read, kept as data beside the code."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

__all__ = ["ABBREVIATIONS", "NEGATIONS", "NOT_NAMES", "STOP_WORDS", "read_lines"]


def _read(name):
    return files("qsolearn.summary").joinpath("data", name).read_text(encoding="utf-8")


@cache
def read_lines(name: str) -> tuple[str, ...]:
    """Lines of a shipped text file, without comments and blank lines."""
    lines = (line.strip() for line in _read(name).splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


_WORDS = {name: frozenset(words.split()) for name, words in json.loads(_read("words.json")).items()}

STOP_WORDS = _WORDS["stop_words"]
"""Words without content. Direction and negation (before, more, without, no) are not among them."""

ABBREVIATIONS = _WORDS["abbreviations"]
"""Words after which a full stop ends no sentence."""

NOT_NAMES = _WORDS["not_names"]
"""Words that a summary may begin with a capital letter without naming anything."""

NEGATIONS = _WORDS["negations"]
"""Words that deny."""
