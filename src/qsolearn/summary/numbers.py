"""Numbers of a summary against the numbers of its source.

Three questions: is the number in the source at all, is its unit the same, and does it stand
beside the same words there? A right number in the wrong place is an error too.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from qsolearn.summary.flags import Flag
from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.text import Text

__all__ = ["Number", "check_numbers", "find_numbers"]

_SCALE = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "dozen": 12, "half": 0.5, "quarter": 0.25, "third": 1 / 3,
}  # fmt: skip
_UNITS = {
    "arcsec": "arcsec", "arcsecs": "arcsec", "arcsecond": "arcsec", "arcseconds": "arcsec",
    "arcmin": "arcmin", "arcmins": "arcmin", "arcminute": "arcmin", "arcminutes": "arcmin",
    "deg": "deg", "degs": "deg", "degree": "deg", "degrees": "deg", "deg2": "deg2",
    "mag": "mag", "mags": "mag", "magnitude": "mag", "magnitudes": "mag",
    "mas": "mas", "mjy": "mjy", "jy": "jy", "kpc": "kpc", "mpc": "mpc", "pc": "pc",
    "km": "km", "cm": "cm", "mm": "mm", "nm": "nm", "gyr": "gyr", "myr": "myr", "kg": "kg",
    "mg": "mg", "ml": "ml", "second": "s", "seconds": "s", "minute": "min", "minutes": "min",
    "hour": "h", "hours": "h", "day": "day", "days": "day", "week": "week", "weeks": "week",
    "month": "month", "months": "month", "year": "year", "years": "year",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-−–+±]?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?[×x*]\s?10\s?\^?\s?\{?(?P<power>[-−]?\d{1,2})\}?|e(?P<e>[-+]?\d{1,2}))?"
    r"(?P<kilo>[kK](?![\w]))?"
    r"(?!\w*[A-Za-z]\d)(?![A-Z]{2})"  # not inside a name: 2MASS, 7DS
)
_AFTER = re.compile(
    r"[\s-]*(?P<percent>%|percent\b|per\s+cent\b)?(?P<square>(?:square|sq\.?)\s+(?=deg))?"
    r"(?P<word>[A-Za-z]+2?)?"
)
_WORD_NUMBER = re.compile(r"\b(" + "|".join(_WORDS) + r")s?\b", re.IGNORECASE)
_SUBSET = re.compile(r"\b(?:of|among|out of|from)\s+(?:the|these|those|which|all|its|their)?\s*$")
_CONTRAST = re.compile(
    r"\b(?:on the other hand|another|others?|while|whereas|in contrast|by contrast|however|further|"
    r"additional(?:ly)?|in addition|besides)\b",
    re.IGNORECASE,
)
_CONTEXT = 6
_SOURCE_CONTEXT = 14
_NEAR_CONTEXT = 5
_SWAP_GAIN = 0.25


class Number(NamedTuple):
    """A number in a text.

    Attributes
    ----------
    value : float
        Its value; percent are not divided by 100, "million" and x10^n are multiplied in.
    step : float
        The unit of its last printed digit: 0.1 for 22.5.
    unit : str
        "%" or a unit in one spelling, "" where none is known.
    start, end : int
        Span in the text.
    """

    value: float
    step: float
    unit: str
    start: int
    end: int


def find_numbers(raw: str, words: bool = False) -> list[Number]:
    """Numbers of a text in reading order.

    Parameters
    ----------
    raw : str
        The text.
    words : bool
        Whether numbers in words ("four") count too.

    Returns
    -------
    list of Number
        A digit inside a name (KS4, W1, DR16Q) is no number. Both ends of a range and both parts
        of a value with its error are numbers of their own.

    Examples
    --------
    >>> [n.value for n in find_numbers("30.8 million sources, 1.5 x 10^4 in KS4, 22.1-22.7 mag")]
    [30800000.0, 15000.0, 22.1, 22.7]
    >>> find_numbers("only 0.4 percent")[0].unit
    '%'
    """
    numbers = []
    for match in _NUMBER.finditer(raw):
        digits = match["digits"].replace(",", "")
        value = float(digits)
        step = 10.0 ** -(len(digits) - digits.index(".") - 1) if "." in digits else 1.0
        factor = 1.0
        power = match["power"] or match["e"]
        if power is not None:
            factor *= 10.0 ** int(power.replace("−", "-"))
        if match["kilo"]:
            factor *= 1e3
        end = match.end()
        after = _AFTER.match(raw, end)
        assert after is not None  # all its parts are optional
        unit = ""
        word = (after["word"] or "").lower()
        if after["percent"]:
            unit, end = "%", after.end("percent")
        elif word in _SCALE:
            factor *= _SCALE[word]
            end = after.end("word")
        elif word in _UNITS:
            unit = _UNITS[word] + ("2" if after["square"] else "")
        sign = -1.0 if match["sign"] in "-−" and match["sign"] and _is_sign(raw, match) else 1.0
        numbers.append(
            Number(sign * value * factor, step * factor, unit, match.start("digits"), end)
        )
    if words:
        for match in _WORD_NUMBER.finditer(raw):
            value = float(_WORDS[match[1].lower()])
            numbers.append(Number(value, 1.0, "", match.start(), match.end()))
        numbers.sort(key=lambda number: number.start)
    return numbers


def _is_sign(raw, match):
    """Whether a dash before a number is its sign; in "22.1 - 22.7" and "type -1" it is not."""
    before = raw[: match.start()].rstrip()[-1:]
    return not before or before in "=<>(≤≥~∼≈"


class _Index:
    """Numbers of the source, sorted by size."""

    def __init__(self, source):
        """Read and sort the source's numbers."""
        numbers = sorted(find_numbers(source.raw, words=True), key=lambda number: number.value)
        self.numbers = numbers
        self.values = [number.value for number in numbers]

    def matches(self, number):
        """Numbers of the source that round to the given one (or, by sign, its opposite)."""
        found = []
        half = 0.5 * number.step * (1 + 1e-9)
        for value in {number.value, -number.value}:
            low = bisect_left(self.values, value - half - 1e-12 * abs(value))
            high = bisect_right(self.values, value + half + 1e-12 * abs(value))
            found += [
                n
                for n in self.numbers[low:high]
                if n.step <= number.step * 1.000001 or abs(n.value) == abs(number.value)
            ]
        if number.unit == "%":
            low = bisect_left(self.values, (number.value - half) / 100)
            high = bisect_right(self.values, (number.value + half) / 100)
            found += [
                n
                for n in self.numbers[low:high]
                if n.unit == "" and "." in repr(n.value) and n.step < 1
            ]
        return found

    def nearest(self, number, raw):
        """The source's own spelling of the closest number."""
        if not self.values:
            return "the source has no numbers"
        i = bisect_left(self.values, number.value)
        closest = min(
            self.numbers[max(0, i - 1) : i + 1] or self.numbers[-1:],
            key=lambda other: abs(other.value - number.value),
        )
        return f"not in the source; the nearest number there is {raw[closest.start : closest.end]}"


def _context(text, start, end, reach):
    """Content stems around a span, within one sentence, nearest first, with their distance."""
    s = text.sentence_of(start)
    first, last = text.first_word[s], text.first_word[s + 1]
    left = bisect_left(text.starts, start, first, last)
    right = bisect_left(text.starts, end, first, last)
    found = {}
    for sequence in (range(left - 1, first - 1, -1), range(right, last)):
        distance = 0
        for i in sequence:
            if text.words[i] in STOP_WORDS:
                continue
            distance += 1
            if distance > reach:
                break
            if not text.words[i][0].isdigit():
                found.setdefault(text.stems[i], 1.0 / distance**0.5)
    return found


def _fit(ours, theirs):
    """Share of our weighted context that stands in the other context too."""
    total = sum(ours.values())
    return sum(w for stem, w in ours.items() if stem in theirs) / total if total else 1.0


def check_numbers(candidate: Text, source: Text) -> tuple[dict[str, float], list[Flag]]:
    """Check the numbers of a summary.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.

    Returns
    -------
    scores : dict
        numbers: share of the summary's numbers that the source has, rounded to the printed
        precision. number_context: mean over its numbers of the share of neighboring words that
        stand near the same number in the source (0 for a number that the source has not). Both
        are 1 for a summary without numbers.
    flags : list of Flag
        "number": not in the source. "unit": there, but only with another unit. "number context":
        there, but beside other words, or in another relation.
    """
    numbers = find_numbers(candidate.raw)
    if not numbers:
        return {"numbers": 1.0, "number_context": 1.0}, []
    index = _Index(source)
    flags, fits, places = [], [], []
    for number in numbers:
        matches = index.matches(number)
        places.append(matches)
        if not matches:
            flags.append(
                Flag("number", number.start, number.end, index.nearest(number, source.raw))
            )
            fits.append(0.0)
            continue
        units = {match.unit for match in matches}
        if number.unit and "" not in units and number.unit not in units:
            flags.append(
                Flag(
                    "unit",
                    number.start,
                    number.end,
                    f"the source gives this number in {', '.join(sorted(units))}",
                )
            )
        ours = _context(candidate, number.start, number.end, _CONTEXT)
        best, where = -1.0, matches[0]
        for match in matches[:200]:
            theirs = _context(source, match.start, match.end, _SOURCE_CONTEXT)
            fit = _fit(ours, theirs)
            if fit > best:
                best, where = fit, match
        fits.append(best)
        if best == 0 and len(ours) >= 3:
            hint = f'in the source it stands in: "{_quote(source, where.start)}"'
            flags.append(Flag("number context", number.start, number.end, hint))
    flags += _wrong_subsets(candidate, source, numbers, places)
    flags += _exchanged(candidate, source, numbers, places)
    supported = sum(bool(matches) for matches in places) / len(numbers)
    return {"numbers": supported, "number_context": sum(fits) / len(fits)}, flags


def _quote(text, position, width=160):
    sentence = text.sentence_text(text.sentence_of(position))
    return sentence if len(sentence) <= width else sentence[: width - 3] + "..."


def _wrong_subsets(candidate, source, numbers, places):
    """Flags for "of the A ..., B ..." where the source never relates A and B in one sentence."""
    flags = []
    for k in range(len(numbers) - 1):
        a, b = numbers[k], numbers[k + 1]
        s = candidate.sentence_of(a.start)
        begin = candidate.sentences[s][0]
        subset = _SUBSET.search(candidate.raw[max(begin, a.start - 20) : a.start].lower())
        joined = re.search(r"\bof (?:which|them|these|those)\b", candidate.raw[a.end : b.start])
        if not (subset or joined) or candidate.sentence_of(b.start) != s or b.unit == "%":
            continue
        if not places[k] or not places[k + 1] or b.value > a.value:
            continue
        with_a = {source.sentence_of(match.start) for match in places[k]}
        with_b = {source.sentence_of(match.start) for match in places[k + 1]}
        if with_a & with_b:
            continue
        where = min(with_b, key=lambda i: min(abs(i - j) for j in with_a))
        apart = min(abs(where - j) for j in with_a)
        if apart <= 2 and not _CONTRAST.search(source.sentence_text(where)):
            continue  # the source may well go on about the same objects
        flags.append(
            Flag(
                "number context",
                a.start,
                b.end,
                "the source does not count the second number among the first: "
                f'"{_quote(source, source.sentences[where][0])}"',
            )
        )
    return flags


def _exchanged(candidate, source, numbers, places):
    """Flags for two numbers of a sentence that fit the source better the other way round."""

    def fit(context, matches):
        return max(
            _fit(context, _context(source, match.start, match.end, _NEAR_CONTEXT))
            for match in matches[:20]
        )

    flags = []
    sentence = [candidate.sentence_of(number.start) for number in numbers]
    contexts = {}
    for i, a in enumerate(numbers):
        for j in range(i + 1, min(i + 6, len(numbers))):
            b = numbers[j]
            if sentence[i] != sentence[j]:
                break
            if not places[i] or not places[j] or a.value == b.value or a.unit != b.unit:
                continue
            for k in (i, j):
                if k not in contexts:
                    number = numbers[k]
                    contexts[k] = _context(candidate, number.start, number.end, _NEAR_CONTEXT)
            straight = fit(contexts[i], places[i]), fit(contexts[j], places[j])
            crossed = fit(contexts[i], places[j]), fit(contexts[j], places[i])
            if min(crossed[0] - straight[0], crossed[1] - straight[1]) < 0:
                continue
            if sum(crossed) - sum(straight) >= _SWAP_GAIN:
                other = {k: candidate.raw[numbers[k].start : numbers[k].end] for k in (i, j)}
                for k, partner in ((i, j), (j, i)):
                    hint = f"in the source {other[partner]} stands beside these words"
                    flags.append(Flag("number context", numbers[k].start, numbers[k].end, hint))
    return flags
