"""Names and technical terms of a summary against its source, with the nearest name as a hint."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cache

from qsolearn.summary.flags import Flag
from qsolearn.summary.lexicon import NOT_NAMES, STOP_WORDS, read_lines
from qsolearn.summary.text import Text, stem

__all__ = ["check_names", "find_names", "nearest_name"]

_MOST_HINTS = 200
_OPENERS = frozenset(".!?:\"'“‘(")
_JOINS = frozenset({" ", "-", " & ", "/", "–", ".", ". "})


@cache
def _term_stems():
    return frozenset(stem(word) for word in read_lines("terms.txt"))


def _is_odd(raw):
    """Whether a word looks like a name wherever it stands: KS4, SDSS, SPHEREx, 2MASS."""
    if raw.isdigit():
        return False
    digits = any(map(str.isdigit, raw))
    letters = any(map(str.isalpha, raw))
    return (digits and letters and not raw[0].isdigit()) or any(map(str.isupper, raw[1:]))


def find_names(text: Text) -> list[tuple[int, int]]:
    """Runs of words that look like names, as word indices.

    Parameters
    ----------
    text : Text
        Any text; in one put in lower case only words with digits inside are found.

    Returns
    -------
    list of (int, int)
        First word and one past the last of each name.

    Examples
    --------
    >>> text = Text("They search for stars in the Solstice Surveyor and in KS2.")
    >>> [text.raw[text.starts[a]:text.ends[b - 1]] for a, b in find_names(text)]
    ['Solstice Surveyor', 'KS2']
    """
    raw = text.raw
    firsts = set(text.first_word)
    names: list[tuple[int, int]] = []
    for i, word in enumerate(text.words):
        shown = raw[text.starts[i] : text.ends[i]]
        if word in STOP_WORDS and not (len(shown) > 1 and shown.isupper()):
            continue
        if not _is_odd(shown):
            if not shown[0].isupper() or word in NOT_NAMES:
                continue
            opens = (
                i in firsts
                or raw[max(0, text.starts[i] - 3) : text.starts[i]].rstrip()[-1:] in _OPENERS
            )
            follows = i + 1 < len(text.words) and raw[text.starts[i + 1]].isupper()
            if opens and not follows:
                continue
        if (
            names
            and names[-1][1] == i
            and i not in firsts
            and raw[text.ends[i - 1] : text.starts[i]] in _JOINS
        ):
            names[-1] = (names[-1][0], i + 1)
        else:
            names.append((i, i + 1))
    return names


def _source_names(source):
    found: dict[str, None] = {}
    for start, end in find_names(source):
        for i in range(start, end):
            word = source.raw[source.starts[i] : source.ends[i]]
            if len(word) > 1:
                found.setdefault(word)
        if end - start > 1:
            found.setdefault(source.raw[source.starts[start] : source.ends[end - 1]])
    return list(found)


def nearest_name(name: str, names: list[str], least: float = 0.6) -> str:
    """The most similar of some names, or "" where none is similar.

    Parameters
    ----------
    name : str
        A name.
    names : list of str
        Names to choose from.
    least : float
        Least ratio of matching characters.

    Returns
    -------
    str
        The name with the highest ratio of matching characters, or "". One with capitals and digits
        in the same places gains 0.2, so that KS2 is nearer to KS4 than to Ks.

    Examples
    --------
    >>> nearest_name("KS2", ["SDSS", "KS4", "Gaia"])
    'KS4'
    """
    best, best_ratio = "", least
    low = name.lower()
    for other in names:
        if abs(len(other) - len(name)) > 0.5 * max(len(other), len(name)):
            continue
        matcher = SequenceMatcher(None, low, other.lower(), autojunk=False)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < max(least, best_ratio - 0.2):
            continue
        ratio = matcher.ratio()
        if ratio < least:
            continue
        ratio += 0.2 * (_shape(name) == _shape(other))
        if ratio > best_ratio:
            best, best_ratio = other, ratio
    return best


def _shape(name):
    """Letters and digits of a name, each replaced by its kind."""
    return [(c.isdigit(), c.isupper()) for c in name]


def _known_hint(name):
    """What the list of known names says of a name that the source has nothing like."""
    known = nearest_name(name, list(read_lines("names.txt")), 0.75)
    if known.lower() == name.lower():
        return ", though there is something of that name"
    return f"; it looks like {known}, which the source does not name either" if known else ""


def _initials(source):
    """First letters of all words of the source, and of its content words, in a row."""
    letters = "".join(word[0] for word in source.words)
    content = "".join(word[0] for word in source.words if word not in STOP_WORDS)
    return letters, content


def check_names(candidate: Text, source: Text) -> tuple[dict[str, float], list[Flag]]:
    """Check the names and technical terms of a summary.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.

    Returns
    -------
    scores : dict
        names: share of the words in names that the source has (1 without names). terms: share of
        the technical terms that the source has (1 without terms).
    flags : list of Flag
        "name": a name, or part of one, that the source has not. "term": a word of method or
        instrument that the source has not.

    Notes
    -----
    A word is in the source if its stem is, or if it spells the initials of words there (SED for
    "spectral energy distribution"). In a long source a foreign acronym of three letters may match
    such initials by chance, and then it is not marked.
    """
    flags: list[Flag] = []
    letters: str | None = None
    content = ""
    pool: list[str] | None = None
    named: set[int] = set()
    checked = found = 0
    hints: dict[str, str] = {}
    for start, end in find_names(candidate):
        named.update(range(start, end))
        missing = []
        for i in range(start, end):
            word = candidate.words[i]
            if word.isdigit() or len(word) < 2:
                continue
            checked += 1
            known = candidate.stems[i] in source.stem_set or word in source.vocabulary
            if not known and word.isalpha() and 2 < len(word) < 7:
                if letters is None:
                    letters, content = _initials(source)
                shown = candidate.raw[candidate.starts[i] : candidate.ends[i]]
                known = shown[:-1].isupper() and (word in letters or word in content)
            if known:
                found += 1
            else:
                missing.append(i)
        if not missing:
            continue
        a, b = missing[0], missing[-1] + 1
        span = candidate.raw[candidate.starts[a] : candidate.ends[b - 1]]
        if span not in hints and len(hints) < _MOST_HINTS:
            if pool is None:
                pool = _source_names(source)
            near = nearest_name(span, pool)
            hints[span] = f"; did you mean {near}?" if near else _known_hint(span)
        hint = hints.get(span, "")
        flags.append(
            Flag(
                "name",
                candidate.starts[a],
                candidate.ends[b - 1],
                "not in the source" + hint,
            )
        )
    scores = {"names": found / checked if checked else 1.0}
    term_scores, term_flags = _check_terms(candidate, source, named)
    return scores | term_scores, flags + term_flags


def _check_terms(candidate, source, named):
    flags, checked, found = [], 0, 0
    terms = _term_stems()
    for i, word_stem in enumerate(candidate.stems):
        if word_stem not in terms or i in named:
            continue
        checked += 1
        if word_stem in source.stem_set or _root_known(word_stem, source.stem_set):
            found += 1
            continue
        first = _first_word_of_term(candidate, i)
        flags.append(
            Flag("term", candidate.starts[first], candidate.ends[i], "not a term of the source")
        )
    return {"terms": found / checked if checked else 1.0}, flags


def _root_known(word_stem, stems):
    """Whether the source has another word of the same root (spectroscop-y, spectroscop-ic)."""
    root = word_stem[: max(6, len(word_stem) - 3)]
    return len(word_stem) >= 7 and any(other.startswith(root) for other in stems)


def _first_word_of_term(candidate, i):
    """Go back over hyphenated modifiers: "X-ray" belongs to "X-ray diffraction"."""

    def gap(k):
        return candidate.raw[candidate.ends[k - 1] : candidate.starts[k]]

    if i >= 2 and gap(i) == " " and gap(i - 1) == "-":
        i -= 1
    while i > 0 and gap(i) == "-":
        i -= 1
    return i
