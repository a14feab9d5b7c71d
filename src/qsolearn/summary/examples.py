"""Short accounts of the three papers, written for this book, with errors to plant in them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Example", "PlantedError", "load_examples"]


class PlantedError(NamedTuple):
    """An error that can be planted in a summary.

    Attributes
    ----------
    kind : str
        What kind of error it is.
    right, wrong : str
        The words of the faithful summary, and what they are replaced with.
    text : str
        The whole spoiled summary.
    start, end : int
        Span of the wrong words in it.
    """

    kind: str
    right: str
    wrong: str
    text: str
    start: int
    end: int


class Example(NamedTuple):
    """An account of a paper and summaries of it.

    Attributes
    ----------
    title : str
        Which paper.
    source : str
        An account of its content in our own words, with its published numbers.
    summary : str
        A faithful summary of that account.
    paraphrase : str
        A faithful summary that shares few words with it.
    planted : tuple of PlantedError
        Spoiled versions of the summary, one error each.
    """

    title: str
    source: str
    summary: str
    paraphrase: str
    planted: tuple[PlantedError, ...]


@cache
def load_examples() -> dict[str, Example]:
    """Accounts of Richards et al. 2004, Calderone et al. 2024 and Kim et al. 2024, by key.

    Examples
    --------
    >>> example = load_examples()["kim2024"]
    >>> error = example.planted[0]
    >>> error.kind, error.right, error.text[error.start:error.end]
    ('number', '72,964', '72,694')
    """
    path = files("qsolearn.summary").joinpath("data", "examples.json")
    found = {}
    for key, one in json.loads(path.read_text(encoding="utf-8")).items():
        planted = []
        for kind, right, wrong in one["planted"]:
            start = one["summary"].index(right)
            text = one["summary"].replace(right, wrong, 1)
            planted.append(PlantedError(kind, right, wrong, text, start, start + len(wrong)))
        found[key] = Example(
            one["title"], one["source"], one["summary"], one["paraphrase"], tuple(planted)
        )
    return found
