"""Planted errors: make a faithful text lie in one known place, to see whether a metric notices.

A metric that cannot tell the text from its spoiled twin is blind to that kind of error, however
well it correlates with people elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from qsolearn.summary.names import find_names
from qsolearn.summary.numbers import find_numbers
from qsolearn.summary.text import Text

__all__ = ["ERROR_KINDS", "plant_error"]

ERROR_KINDS = (
    "number",
    "numbers swapped",
    "name",
    "names swapped",
    "negation",
    "antonym",
    "foreign sentence",
)
"""Kinds of error that `plant_error` knows."""

_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|has|have|had|does|did|may|might)\b"
    r"(?! (?:not|n't)\b)(?!n't|’t)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(is|are|was|were|can|could|will|would|should|has|have|had|does|did|do|"
                     r"may|might) (?:not|n't)\b", re.IGNORECASE)  # fmt: skip
# Chosen apart from the list that the antonym check uses; some pairs stand in both.
_PAIRS = """increase decrease,increases decreases,increased decreased,increasing decreasing,
higher lower,high low,larger smaller,large small,more fewer,most least,best worst,better worse,
strong weak,stronger weaker,early late,earlier later,first last,before after,above below,old young,
older younger,new outdated,won lost,win lose,winning losing,good bad,long short,longer shorter,
positive negative,significant negligible,important trivial,rare frequent,common unusual,fast slow,
hot cold,open closed,inside outside,north south,northern southern,east west,safe hazardous,
reduce raise,reduced raised,reduces raises,improve impair,improved impaired,with without,
accepted refused,allowed prohibited,started ended,begin finish,began finished,died survived,
dead alive,man woman,men women,husband wife,mother father,son daughter,brother sister,boy girl,
efficient wasteful,bright dim,brighter dimmer,dense tenuous,broad narrow,complex simple,
possible impossible,known mysterious,similar dissimilar,same opposite,always never,near far,
left right,full empty,public secret,rich poor,love hate,success failure,successful failed,
accurate imprecise,stable fluctuating,maximum minimum,upper bottom,deep superficial,rise drop,
rising dropping,rose dropped,joined left,arrived departed,bought sold,confirmed denied"""
_OPPOSITE: dict[str, str] = {}
for _pair in _PAIRS.replace("\n", "").split(","):
    _one, _other = _pair.split()
    _OPPOSITE.setdefault(_one, _other)
    _OPPOSITE.setdefault(_other, _one)


def plant_error(
    text: str,
    kind: str,
    random_state: int | np.random.Generator = 0,
    *,
    names: Collection[str] | None = None,
    pool: Sequence[str] = (),
) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """Spoil a text in one place.

    Parameters
    ----------
    text : str
        A text that is taken to be faithful.
    kind : str
        One of `ERROR_KINDS`.
    random_state : int or numpy Generator
        Where the randomness comes from.
    names : collection of str, optional
        Words of the text that count as names; None = by capitals and digits.
    pool : sequence of str
        Foreign names (for "name") or foreign sentences (for "foreign sentence").

    Returns
    -------
    (str, tuple of (int, int)) or None
        The spoiled text and the changed spans in it; None where the text offers no place for this
        kind of error.

    Raises
    ------
    ValueError
        If `kind` is unknown.

    Examples
    --------
    >>> plant_error("The method is fast.", "negation")
    ('The method is not fast.', ((14, 17),))
    >>> plant_error("Nothing to swap here.", "numbers swapped") is None
    True
    """
    if kind not in ERROR_KINDS:
        raise ValueError(f"The kind of error {kind!r} is unknown: choose one of {ERROR_KINDS}.")
    rng = np.random.default_rng(random_state)
    if kind == "number":
        return _change_number(text, rng)
    if kind == "numbers swapped":
        spans = [(n.start, n.start + len(_digits(text, n))) for n in find_numbers(text)]
        return _swap(text, spans, rng)
    if kind == "name":
        spans = _name_spans(text, names)
        here = {text[a:b].lower() for a, b in spans}
        others = [name for name in pool if name.lower() not in here]
        if not spans or not others:
            return None
        return _replace(text, spans[rng.integers(len(spans))], others[rng.integers(len(others))])
    if kind == "names swapped":
        return _swap(text, _name_spans(text, names), rng)
    if kind == "negation":
        return _negate(text, rng)
    if kind == "antonym":
        return _turn(text, rng)
    return _insert(text, pool, rng)


def _replace(text, span, new):
    start, end = span
    return text[:start] + new + text[end:], ((start, start + len(new)),)


def _digits(text, number):
    return re.match(r"[\d,.]*\d", text[number.start :]).group()


def _change_number(text, rng):
    numbers = find_numbers(text)
    if not numbers:
        return None
    number = numbers[rng.integers(len(numbers))]
    old = _digits(text, number)
    new = old
    while new == old:
        new = "".join(str(rng.integers(0, 10)) if c.isdigit() else c for c in old)
        if len(old) > 1 and old[0] != "0" and new[0] == "0":
            new = str(rng.integers(1, 10)) + new[1:]
    return _replace(text, (number.start, number.start + len(old)), new)


def _swap(text, spans, rng):
    pairs = [
        (a, b)
        for i, a in enumerate(spans)
        for b in spans[i + 1 :]
        if text[slice(*a)].lower() != text[slice(*b)].lower()
    ]
    if not pairs:
        return None
    (a, b), (c, d) = pairs[rng.integers(len(pairs))]
    one, other = text[a:b], text[c:d]
    new = text[:a] + other + text[b:c] + one + text[d:]
    shift = len(other) - len(one)
    return new, ((a, a + len(other)), (c + shift, c + shift + len(one)))


def _name_spans(text, names):
    read = Text(text)
    if names is None:
        return [(read.starts[a], read.ends[b - 1]) for a, b in find_names(read)]
    return [
        (start, end)
        for word, start, end in zip(read.words, read.starts, read.ends, strict=True)
        if word in names
    ]


def _negate(text, rng):
    add = [(match.end(), match.end(), " not") for match in _AUXILIARY.finditer(text)]
    drop = [(match.end(1), match.end(), "") for match in _DENIED.finditer(text)]
    places = add + drop
    if not places:
        return None
    start, end, new = places[rng.integers(len(places))]
    spoiled, _ = _replace(text, (start, end), new)
    return spoiled, ((start + bool(new), start + len(new)),)


def _turn(text, rng):
    read = Text(text)
    places = [i for i, word in enumerate(read.words) if word in _OPPOSITE]
    if not places:
        return None
    i = places[rng.integers(len(places))]
    new = _OPPOSITE[read.words[i]]
    if text[read.starts[i]].isupper():
        new = new.capitalize()
    return _replace(text, (read.starts[i], read.ends[i]), new)


def _insert(text, pool, rng):
    if not len(pool):
        return None
    read = Text(text)
    ends = [end for _, end in read.sentences]
    at = ends[rng.integers(len(ends))]
    new = " " + pool[rng.integers(len(pool))].strip()
    return text[:at] + new + text[at:], ((at + 1, at + len(new)),)
