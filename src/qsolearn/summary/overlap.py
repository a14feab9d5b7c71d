"""Word overlap: ROUGE, computed fast, with the same numbers as the package rouge-score.

The tokens are rouge-score's own (lower case, letters a to z and digits, no stemming), so values
can be compared with published ones.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

__all__ = ["LONGEST_TABLE", "Overlap", "rouge_l", "rouge_lsum", "rouge_n", "rouge_tokens"]

LONGEST_TABLE = 400_000_000
"""Word pairs above which a longest common subsequence is not computed (NaN)."""

_BLOCK = 512
_CELLS = 20_000_000
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class Overlap(NamedTuple):
    """Precision, recall and F1 of an overlap; NaN where it was not computed."""

    precision: float
    recall: float
    f: float


def _overlap(hits, n_candidate, n_reference):
    precision = hits / n_candidate if n_candidate else 0.0
    recall = hits / n_reference if n_reference else 0.0
    total = precision + recall
    return Overlap(precision, recall, 2 * precision * recall / total if total else 0.0)


def rouge_tokens(text: str) -> list[str]:
    """Tokens as rouge-score makes them: lower case, everything but a-z and 0-9 is a gap.

    Examples
    --------
    >>> rouge_tokens("The KS4 data: 72,964 QSOs")
    ['the', 'ks4', 'data', '72', '964', 'qsos']
    """
    return _NOT_WORD.sub(" ", text.lower()).split()


def rouge_n(candidate: list[str], reference: list[str], n: int) -> Overlap:
    """ROUGE-N: n-grams in common, each counted as often as it is in both.

    Parameters
    ----------
    candidate, reference : list of str
        Tokens.
    n : int
        Length of the n-grams, at least 1.

    Returns
    -------
    Overlap
        Precision (share of the candidate's n-grams), recall (share of the reference's) and F1.

    Notes
    -----
    With counts ``c`` and ``r`` of each n-gram, hits = sum min(c, r).

    References
    ----------
    Lin 2004, ROUGE: a package for automatic evaluation of summaries.

    Examples
    --------
    >>> rouge_n("a b c".split(), "a b d".split(), 2).f
    0.5
    """
    ours = Counter(zip(*(candidate[i:] for i in range(n)), strict=False))
    theirs = Counter(zip(*(reference[i:] for i in range(n)), strict=False))
    hits = sum(min(count, theirs[gram]) for gram, count in ours.items() if gram in theirs)
    return _overlap(hits, sum(ours.values()), sum(theirs.values()))


def rouge_l(candidate: list[str], reference: list[str]) -> Overlap:
    """ROUGE-L: length of the longest common subsequence of the two token lists.

    Parameters
    ----------
    candidate, reference : list of str
        Tokens.

    Returns
    -------
    Overlap
        NaN in all three where the lists have more than `LONGEST_TABLE` word pairs.

    Examples
    --------
    >>> rouge_l("the cat sat".split(), "the dog sat".split()).f
    0.6666666666666666
    """
    if len(candidate) * len(reference) > LONGEST_TABLE:
        return Overlap(*[float("nan")] * 3)
    a, b = _codes(candidate, reference)
    row = np.zeros(len(b) + 1, dtype=np.int32)
    for word in a:
        row = _next_row(row, word == b)
    return _overlap(int(row[-1]), len(candidate), len(reference))


def rouge_lsum(candidate: list[list[str]], reference: list[list[str]]) -> Overlap:
    """ROUGE-Lsum: union of the longest common subsequences, sentence by sentence.

    Parameters
    ----------
    candidate, reference : list of list of str
        Tokens of each sentence.

    Returns
    -------
    Overlap
        NaN in all three where the texts have more than `LONGEST_TABLE` word pairs.
    """
    n_candidate = sum(map(len, candidate))
    n_reference = sum(map(len, reference))
    if n_candidate * n_reference > LONGEST_TABLE:
        return Overlap(*[float("nan")] * 3)
    left = Counter(word for sentence in candidate for word in sentence)
    right = Counter(word for sentence in reference for word in sentence)
    index: dict[str, int] = {}
    longest = (max(map(len, candidate), default=0) + 1) * (max(map(len, reference), default=0) + 1)
    step = max(1, min(_BLOCK, _CELLS // longest))
    blocks = [
        _padded(candidate[begin : begin + step], index) for begin in range(0, len(candidate), step)
    ]
    hits = 0
    for sentence in reference:
        codes = np.array([index.get(word, -2) for word in sentence], dtype=np.int64)
        found = np.zeros(len(sentence), dtype=bool)
        for words, lengths in blocks:
            _mark_subsequences(codes, words, lengths, found)
        for i in np.flatnonzero(found):
            word = sentence[i]
            if left[word] > 0 and right[word] > 0:
                hits += 1
                left[word] -= 1
                right[word] -= 1
    return _overlap(hits, n_candidate, n_reference)


def _codes(a, b):
    """Both token lists as integers."""
    index: dict[str, int] = {}
    return tuple(
        np.array([index.setdefault(word, len(index)) for word in words], dtype=np.int64)
        for words in (a, b)
    )


def _next_row(row, equal):
    """Next row of the table of common lengths: a running maximum, so no inner loop."""
    new = row.copy()
    np.maximum(new[1:], row[:-1] + equal, out=new[1:])
    return np.maximum.accumulate(new, out=new)


def _padded(sentences, index):
    """Sentences as rows of integers, filled up with -1, and their lengths."""
    lengths = np.array([len(sentence) for sentence in sentences])
    words = np.full((len(sentences), max(1, lengths.max(initial=1))), -1, dtype=np.int64)
    for row, sentence in zip(words, sentences, strict=True):
        row[: len(sentence)] = [index.setdefault(word, len(index)) for word in sentence]
    return words, lengths


def _mark_subsequences(reference, words, lengths, found):
    """Mark the reference words in a longest common subsequence with any row of `words`.

    All rows are worked on at once. Ties are broken as rouge-score breaks them.
    """
    table = np.zeros((len(reference) + 1, len(words), words.shape[1] + 1), dtype=np.int32)
    for i, word in enumerate(reference):
        new = table[i + 1]
        new[:] = table[i]
        np.maximum(new[:, 1:], table[i, :, :-1] + (words == word), out=new[:, 1:])
        np.maximum.accumulate(new, axis=1, out=new)
    row = np.arange(len(words))
    i, j = np.full(len(words), len(reference)), lengths.copy()
    while True:
        kept = (i > 0) & (j > 0)
        if not kept.any():
            return
        row, i, j = row[kept], i[kept], j[kept]
        equal = reference[i - 1] == words[row, j - 1]
        found[i[equal] - 1] = True
        left = ~equal & (table[i, row, j - 1] > table[i - 1, row, j])
        j = j - (equal | left)
        i = i - ~left
