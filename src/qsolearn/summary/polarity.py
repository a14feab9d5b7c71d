"""Negation and opposites: a summary may use the source's words and say the contrary.

Each sentence is laid beside the source sentences that share most of its rare words; a "not" or an
opposite that none of them has is marked.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

import numpy as np
from scipy import sparse

from qsolearn.summary.flags import Flag
from qsolearn.summary.lexicon import NEGATIONS, STOP_WORDS, read_lines
from qsolearn.summary.text import Text, stem

__all__ = ["Alignment", "align_words", "check_polarity"]

_PREFIXES = ("un", "in", "im", "ir", "non")
_NEIGHBORS = 3
_LEAST = 0.2
_MARKED = 0.3
_SCOPE = 3
_CLOSE = 4
_WIDE = 6
_LEAST_SHARED = 3
_MOST_PLACES = 100
_BLOCK = 512


class Alignment:
    """Which source sentences each summary sentence is nearest to, by shared rare words.

    Attributes
    ----------
    best : array (n, k)
        Indices of the k nearest source sentences, nearest first.
    similarity : array (n, k)
        Their TF-IDF cosines.
    """

    def __init__(self, best: np.ndarray, similarity: np.ndarray) -> None:
        """Keep the two arrays."""
        self.best = best
        self.similarity = similarity


def align_words(candidate: Text, source: Text) -> Alignment:
    """Find the nearest source sentences of each summary sentence without embeddings.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.

    Returns
    -------
    Alignment
        Over n sentences of the candidate and at most 3 of the source.

    Notes
    -----
    Each sentence is a vector of the stems of its content words, weighted by
    ``1 + ln(m / n_s)`` with n_s of the m source sentences holding the stem.
    """
    columns: dict[str, int] = {}
    theirs = _counts(source, columns)
    ours = _counts(candidate, columns)
    theirs.resize(theirs.shape[0], len(columns))
    frequency = np.bincount(theirs.indices, minlength=len(columns))
    weight = sparse.diags(1 + np.log(theirs.shape[0] / np.maximum(frequency, 1)))
    ours, theirs = _unit(ours @ weight), _unit(theirs @ weight)
    k = min(_NEIGHBORS, theirs.shape[0])
    best = np.zeros((ours.shape[0], k), dtype=int)
    similarity = np.zeros((ours.shape[0], k))
    turned = theirs.T.tocsr()
    for begin in range(0, ours.shape[0], _BLOCK):
        block = (ours[begin : begin + _BLOCK] @ turned).toarray()
        rows = np.arange(len(block))
        for j in range(k):
            nearest = block.argmax(axis=1)
            best[begin : begin + _BLOCK, j] = nearest
            similarity[begin : begin + _BLOCK, j] = block[rows, nearest]
            block[rows, nearest] = -1
    return Alignment(best, similarity)


def _counts(text, columns):
    """Sentences x stems: 1 where a content stem occurs."""
    rows, cols = [], []
    for s in range(len(text.sentences)):
        here = {
            text.stems[i]
            for i in range(text.first_word[s], text.first_word[s + 1])
            if text.words[i] not in STOP_WORDS
        }
        cols += [columns.setdefault(one, len(columns)) for one in sorted(here)]
        rows += [s] * len(here)
    shape = (len(text.sentences), len(columns))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, cols)), shape=shape)


def _unit(matrix):
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags(1 / np.where(norm == 0, 1, norm)) @ matrix


@cache
def _opposites():
    table: dict[str, set[str]] = {}
    for line in read_lines("antonyms.txt"):
        a, b = map(stem, line.split())
        table.setdefault(a, set()).add(b)
        table.setdefault(b, set()).add(a)
    return table


def opposites(word_stem: str) -> set[str]:
    """Stems of opposite meaning: from the list, and by the prefixes un-, in-, im-, ir-, non-.

    Examples
    --------
    >>> stem("decreases") in opposites(stem("increases"))
    True
    """
    found = set(_opposites().get(word_stem, ()))
    for prefix in _PREFIXES:
        if word_stem.startswith(prefix) and len(word_stem) > len(prefix) + 4:
            found.add(word_stem[len(prefix) :])
        if len(word_stem) > 4:
            found.add(prefix + word_stem)
    return found


def _is_negation(word):
    return word in NEGATIONS or word.endswith(("n't", "n’t"))


class _Sentence:
    """Stems, negations and negated stems of one sentence."""

    def __init__(self, text, s):
        """Read sentence `s` of a text."""
        self.words = range(text.first_word[s], text.first_word[s + 1])
        self.stems = {text.stems[i] for i in self.words}
        self.cues = []
        self.negated = set()
        for i in self.words:
            if not _is_negation(text.words[i]):
                continue
            scope = []
            for j in range(i + 1, self.words.stop):
                if text.words[j] in STOP_WORDS or _is_negation(text.words[j]):
                    continue
                scope.append(text.stems[j])
                if len(scope) == _SCOPE:
                    break
            self.cues.append((i, scope))
            self.negated.update(scope)


def check_polarity(
    candidate: Text, source: Text, alignment: Alignment | None = None
) -> tuple[dict[str, float], list[Flag]]:
    """Check negations and opposites.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.
    alignment : Alignment, optional
        Result of `align_words`, to spare its cost.

    Returns
    -------
    scores : dict
        negation, antonyms: 1 minus the mean over sentences of the contradictions found, each
        weighted by how near the source sentence is.
    flags : list of Flag
        "negation": denied here and not there, or the reverse. "antonym": the source has the
        opposite word.
    """
    alignment = alignment or align_words(candidate, source)
    cache: dict[int, _Sentence] = {}
    negation = opposite = 0.0
    flags = []
    for s in range(len(candidate.sentences)):
        ours = _Sentence(candidate, s)
        near = []
        for j, value in zip(alignment.best[s], alignment.similarity[s], strict=True):
            if value >= _LEAST:
                near.append((cache.setdefault(j, _Sentence(source, j)), value, int(j)))
        if not near:
            continue
        lost, found = _negations(candidate, ours, near, source)
        negation += lost
        flags += found
        opposite += _antonyms(candidate, ours, near, source)
    flags += _turned_words(candidate, source)
    n = len(candidate.sentences)
    return {"negation": 1 - negation / n, "antonyms": 1 - opposite / n}, flags


def _quote(source, s, width=160):
    text = source.sentence_text(s)
    return text if len(text) <= width else text[: width - 3] + "..."


def _negations(candidate, ours, near, source):
    lost, flags = 0.0, []
    for i, scope in ours.cues:
        known = set(scope) & set().union(*(other.stems for other, _, _ in near))
        denied = set(scope) & set().union(*(other.negated for other, _, _ in near))
        if denied:
            continue
        value = near[0][1]
        lost += value * (0.5 if any(other.cues for other, _, _ in near) else 1.0)
        if len(known) >= 2 and value >= _MARKED and not near[0][0].cues:
            flags.append(
                Flag(
                    "negation",
                    candidate.starts[i],
                    candidate.ends[i],
                    f'the source does not deny it: "{_quote(source, near[0][2])}"',
                )
            )
    other, value, j = near[0]
    for k, scope in other.cues:
        said = [one for one in scope[:2] if one in ours.stems]
        if not said or ours.negated & set(said):
            continue
        lost += value * (0.5 if ours.cues else 1.0)
        if len(said) == min(2, len(scope)) and value >= _MARKED and not ours.cues:
            first = min(i for i in ours.words if candidate.stems[i] in said)
            flags.append(
                Flag(
                    "negation",
                    candidate.starts[first],
                    candidate.ends[first],
                    f'the source denies it ("{source.words[k]}"): "{_quote(source, j)}"',
                )
            )
    return lost, flags


def _around(text, i, words, reach):
    """Content stems near word i, within the sentence."""
    content = [k for k in words if text.words[k] not in STOP_WORDS and k != i]
    at = bisect_left(content, i)
    return {text.stems[k] for k in content[max(0, at - reach) : at + reach]}


def _places(candidate, source):
    """Where the source has the candidate's turnable words and their opposites."""
    wanted = set()
    for word_stem in candidate.stem_set:
        against = opposites(word_stem) & source.stem_set
        if against:
            wanted |= against | {word_stem}
    places: dict[str, list[int]] = {}
    for i, word_stem in enumerate(source.stems):
        if word_stem in wanted and len(places.setdefault(word_stem, [])) < _MOST_PLACES:
            places[word_stem].append(i)
    return places


def _turned_words(candidate, source):
    """Flags for words whose opposite stands in the source among the same neighbors."""
    places = _places(candidate, source)
    flags = []

    def best(stems, context, beside):
        """Most shared neighbors, an adjacent one counting twice, and where that is."""
        found = (0, -1)
        for one in stems:
            for k in places.get(one, ()):
                s = source.sentence_of(source.starts[k])
                words = range(source.first_word[s], source.first_word[s + 1])
                shared = len(context & _around(source, k, words, _WIDE))
                shared += bool(beside & _around(source, k, words, 1))
                found = max(found, (shared, -k))
        return found

    for s in range(len(candidate.sentences)):
        words = range(candidate.first_word[s], candidate.first_word[s + 1])
        for i in words:
            against = opposites(candidate.stems[i])
            if not any(one in places for one in against):
                continue
            context = _around(candidate, i, words, _CLOSE) - against
            beside = _around(candidate, i, words, 1) - against
            opposite, k = best(against, context, beside)
            same, _ = best({candidate.stems[i]}, context, beside)
            if opposite < _LEAST_SHARED or opposite < same + 2:
                continue
            quote = _quote(source, source.sentence_of(source.starts[-k]))
            hint = f'the source says "{source.words[-k]}": "{quote}"'
            flags.append(Flag("antonym", candidate.starts[i], candidate.ends[i], hint))
    return flags


def _antonyms(candidate, ours, near, source):
    """How much of the sentence says the opposite of the sentences nearest to it."""
    lost = 0.0
    for i in ours.words:
        word_stem = candidate.stems[i]
        against = opposites(word_stem)
        if not against or word_stem in near[0][0].stems:
            continue
        for other, value, _ in near:
            hit = against & other.stems
            if not hit or hit & ours.stems:
                continue
            k = next(k for k in other.words if source.stems[k] in hit)
            if not _around(candidate, i, ours.words, 3) & _around(source, k, other.words, 3):
                continue
            lost += value
            break
    return lost
