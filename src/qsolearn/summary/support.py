"""Support by the source: how much of a summary can be found in the text it summarizes.

Nothing here needs an embedding. All measures lie between 0 and 1 but for compression.
"""

from __future__ import annotations

from typing import NamedTuple

from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.overlap import rouge_n, rouge_tokens
from qsolearn.summary.text import Text

__all__ = [
    "PairSupport",
    "content_positions",
    "copied_runs",
    "lexical_support",
    "novel_ngrams",
    "pair_support",
]

PAIR_WINDOW = 6
"""Content words of the summary over which a pair is formed."""

SOURCE_WINDOW = 20
"""Content words of the source within which the pair must occur."""

COPY_LENGTH = 8
"""Words in a row that count as copied."""


def content_positions(text: Text) -> list[int]:
    """Indices of the words that carry content: numbers and negations count, stop words do not."""
    return [i for i, word in enumerate(text.words) if word not in STOP_WORDS]


def novel_ngrams(candidate: Text, source: Text, n: int) -> float:
    """Share of the candidate's n-grams that do not occur in the source.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.
    n : int
        Length of the n-grams.

    Returns
    -------
    float
        Between 0 (all copied) and 1; NaN for a candidate of fewer than n words.

    Examples
    --------
    >>> novel_ngrams(Text("a b c d"), Text("x a b c y"), 2)
    0.3333333333333333
    """
    ours = list(zip(*(candidate.words[i:] for i in range(n)), strict=False))
    if not ours:
        return float("nan")
    theirs = set(zip(*(source.words[i:] for i in range(n)), strict=False))
    return sum(gram not in theirs for gram in ours) / len(ours)


class PairSupport(NamedTuple):
    """Result of `pair_support`.

    Attributes
    ----------
    share : float
        Supported pairs over all pairs; NaN for fewer than two content words.
    per_sentence : list of float
        The same for each sentence of the candidate.
    pairs : list of int
        Number of pairs in each sentence.
    """

    share: float
    per_sentence: list[float]
    pairs: list[int]


def pair_support(candidate: Text, source: Text) -> PairSupport:
    """Share of the summary's neighboring content-word pairs that stand together in the source.

    A wrong number, a wrong name, an added "not" and a swapped word all break the pairs they
    stand in, whichever kind of error it is.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.

    Returns
    -------
    PairSupport
        The share over the whole text, and by sentence.

    Notes
    -----
    A pair is two stems at most `PAIR_WINDOW` content words apart in one sentence. It counts 1 if
    the source has both within `SOURCE_WINDOW` content words in that order, and 1/2 if it has them
    in the other order only: two numbers that changed places keep their company but not its order.
    """
    positions = content_positions(candidate)
    pairs, k = [], 0
    for s in range(len(candidate.sentences)):
        here = []
        while k < len(positions) and positions[k] < candidate.first_word[s + 1]:
            here.append(candidate.stems[positions[k]])
            k += 1
        pairs.append(
            [
                (a, b)
                for i, a in enumerate(here)
                for b in here[i + 1 : i + 1 + PAIR_WINDOW]
                if a != b
            ]
        )
    found = _source_pairs(source, {pair for many in pairs for pair in many})
    hits = [
        sum(1.0 if (a, b) in found else 0.5 * ((b, a) in found) for a, b in many) for many in pairs
    ]
    n = sum(map(len, pairs))
    share = sum(hits) / n if n else float("nan")
    counts = [len(many) for many in pairs]
    per_sentence = [h / k if k else float("nan") for h, k in zip(hits, counts, strict=True)]
    return PairSupport(share, per_sentence, counts)


def _source_pairs(source, wanted):
    """Ordered pairs of the wanted words that stand close together in the source."""
    used = {stem for pair in wanted for stem in pair}
    wanted = wanted | {(b, a) for a, b in wanted}
    place = -1
    recent: list[tuple[int, str]] = []
    found = set()
    for word, stem in zip(source.words, source.stems, strict=True):
        if word in STOP_WORDS:
            continue
        place += 1
        if stem not in used:
            continue
        recent = [(p, s) for p, s in recent if place - p <= SOURCE_WINDOW]
        for _, other in recent:
            if (other, stem) in wanted:
                found.add((other, stem))
        recent.append((place, stem))
    return found


def copied_runs(candidate: Text, source: Text, length: int = COPY_LENGTH) -> list[tuple[int, int]]:
    """Runs of the candidate's words that stand word for word in the source.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.
    length : int
        Shortest run that counts, in words.

    Returns
    -------
    list of (int, int)
        First word and one past the last of each run; runs do not overlap.

    Examples
    --------
    >>> copied_runs(Text("so a b c d"), Text("a b c d"), length=3)
    [(1, 5)]
    """
    theirs = set(zip(*(source.words[i:] for i in range(length)), strict=False))
    runs: list[tuple[int, int]] = []
    for i, gram in enumerate(zip(*(candidate.words[k:] for k in range(length)), strict=False)):
        if gram not in theirs:
            continue
        if runs and i <= runs[-1][1]:
            runs[-1] = (runs[-1][0], i + length)
        else:
            runs.append((i, i + length))
    return runs


def lexical_support(candidate: Text, source: Text) -> dict[str, float]:
    """Support measures that count words, without `pair_support`.

    Parameters
    ----------
    candidate, source : Text
        The summary and the text it summarizes.

    Returns
    -------
    dict
        novel_1 ... novel_4: share of novel n-grams. words: share of content words found in the
        source. rouge2_precision: ROUGE-2 precision against the source.
        copied: share of words in runs of `COPY_LENGTH` words or more that the source has too.
        compression: words of the source per word of the candidate. word_coverage: share of the
        source's content words (each as often as it occurs) that the candidate uses.
    """
    scores = {f"novel_{n}": novel_ngrams(candidate, source, n) for n in range(1, 5)}
    content = [candidate.stems[i] for i in content_positions(candidate)]
    scores["words"] = (
        sum(stem in source.stem_set for stem in content) / len(content) if content else float("nan")
    )
    scores["rouge2_precision"] = rouge_n(
        rouge_tokens(candidate.raw), rouge_tokens(source.raw), 2
    ).precision
    copied = sum(end - start for start, end in copied_runs(candidate, source))
    scores["copied"] = copied / len(candidate)
    scores["compression"] = len(source) / len(candidate)
    theirs = [source.stems[i] for i in content_positions(source)]
    used = {*content}
    scores["word_coverage"] = (
        sum(stem in used for stem in theirs) / len(theirs) if theirs else float("nan")
    )
    return scores
