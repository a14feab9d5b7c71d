"""Texts, sentences and words, each with its exact place in the original characters.

A text copied from a PDF breaks words over lines ("candi-" + "dates"). Here nothing is rewritten:
a word keeps the span it has in the original, and only its normal form is repaired.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from functools import cached_property, lru_cache
from pathlib import Path

from qsolearn.summary.lexicon import ABBREVIATIONS

__all__ = ["MAX_CHARACTERS", "Text", "read_text", "stem"]

MAX_CHARACTERS = 20_000_000
"""Longest text that is accepted, in characters."""

LONGEST_SENTENCE = 80
"""Words after which a text without sentence ends is cut anyway."""

_WORD = re.compile(
    r"\d+(?:[.,]\d+)+"  # 72,964 or 22.75 stay whole
    r"|[^\W_]+(?:['’][^\W_]+)*(?:(?<=[a-z]{2})-[ \t]*\r?\n[ \t]*[a-z][^\W_]*)*"  # with line breaks
)
_BREAK = re.compile(r"(?<=[a-z]{2})-[ \t]*\r?\n[ \t]*(?=[a-z])")
_LINE = re.compile(r"-[ \t]*\r?\n[ \t]*")
_SPACE = re.compile(r"\s+")
_END = re.compile(r"[.!?。！？]+[\"'”’)\]]*(?=\s)|[。！？]+|\n[ \t]*\r?\n\s*")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Cut the common English endings off a lower-case word.

    Parameters
    ----------
    word : str
        One word in lower case; a word with a digit in it is returned as it is.

    Returns
    -------
    str
        The stem. It need not be a word; equal stems are what counts.

    Notes
    -----
    Far simpler than Porter's rules and enough to join "candidate" to "candidates" and "select" to
    "selecting".

    Examples
    --------
    >>> stem("candidates"), stem("selected"), stem("studies"), stem("ks4")
    ('candidat', 'select', 'study', 'ks4')
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ings", "ing", "edly", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if ending == "s" and word.endswith("ss"):
                break
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


class Text:
    """A text with its sentences and words.

    Parameters
    ----------
    raw : str
        The characters as they came. Spans everywhere count characters of this string.
    vocabulary : set of str, optional
        Lower-case words of a text that this one is compared with. A hyphen inside a line
        ("candi-dates") is repaired when the joined word is in the vocabulary and a part is not.

    Attributes
    ----------
    raw : str
        The original.
    words : list of str
        Lower-case normal forms, n of them.
    stems : list of str
        Their stems, n of them.
    starts, ends : list of int
        The span of each word in `raw`: ``raw[starts[i]:ends[i]]``.
    sentences : list of (int, int)
        The span of each sentence in `raw`.
    first_word : list of int
        Index of the first word of each sentence, with n at the end.

    Raises
    ------
    TypeError
        If `raw` is not a string.
    ValueError
        If `raw` is empty or without words, too long, or holds NUL characters.

    Examples
    --------
    >>> text = Text("We find 72,964 candi-\\ndates. Only 0.4 % were known.")
    >>> text.words[:4]
    ['we', 'find', '72,964', 'candidates']
    >>> [text.raw[a:b] for a, b in text.sentences][1]
    'Only 0.4 % were known.'
    """

    def __init__(self, raw: str, vocabulary: frozenset[str] | set[str] | None = None) -> None:
        """Read words and sentences."""
        if not isinstance(raw, str):
            raise TypeError(
                f"A text must be a string, got {type(raw).__name__}: decode it or read the file "
                "with read_text."
            )
        if not raw.strip():
            raise ValueError("The text is empty: give at least one word.")
        if len(raw) > MAX_CHARACTERS:
            raise ValueError(
                f"The text has {len(raw):,} characters and the limit is {MAX_CHARACTERS:,}: cut it "
                "into parts."
            )
        if "\0" in raw:
            raise ValueError(
                "The text holds NUL characters, so it is a binary file: give plain text in UTF-8."
            )
        self.raw = raw
        self._read_words(vocabulary or frozenset())
        if not self.words:
            raise ValueError("The text has no word and no number in it: give a text to compare.")
        self.sentences = _sentence_spans(raw, self.starts)
        self.first_word = [bisect_right(self.starts, a - 1) for a, _ in self.sentences]
        self.first_word.append(len(self.words))

    def _read_words(self, vocabulary):
        self.words, self.starts, self.ends = [], [], []
        raw = self.raw
        for match in _WORD.finditer(raw):
            word, start, end = match.group().lower(), match.start(), match.end()
            if "\n" in word:
                word = _BREAK.sub("", word)
            elif (
                vocabulary
                and self.ends
                and start - self.ends[-1] == 1
                and raw[start - 1] == "-"
                and self.words[-1] + word in vocabulary
                and not (self.words[-1] in vocabulary and word in vocabulary)
            ):
                self.words[-1] += word
                self.ends[-1] = end
                continue
            self.words.append(word)
            self.starts.append(start)
            self.ends.append(end)

    def __len__(self):
        """Return the number of words."""
        return len(self.words)

    @cached_property
    def stems(self) -> list[str]:
        """Stem of each word."""
        return [stem(word.removesuffix("'s").removesuffix("’s")) for word in self.words]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All lower-case words, as a set."""
        return frozenset(self.words)

    @cached_property
    def stem_set(self) -> frozenset[str]:
        """All stems, as a set."""
        return frozenset(self.stems)

    @cached_property
    def lower_case(self) -> bool:
        """Whether the text was put in lower case, so that capitals tell nothing."""
        return _is_lower_case(self.raw)

    def sentence_text(self, i: int) -> str:
        """Sentence `i` in one line, with line-break hyphens repaired."""
        start, end = self.sentences[i]
        return _SPACE.sub(" ", _LINE.sub("-", _BREAK.sub("", self.raw[start:end]))).strip()

    def sentence_texts(self) -> list[str]:
        """All sentences, each in one line."""
        return [self.sentence_text(i) for i in range(len(self.sentences))]

    def sentence_of(self, position: int) -> int:
        """Index of the sentence that holds the character at `position`."""
        starts = self._sentence_starts
        return max(0, bisect_right(starts, position) - 1)

    @cached_property
    def _sentence_starts(self):
        return [start for start, _ in self.sentences]


def _is_lower_case(raw):
    head = raw[:20_000]
    letters = sum(map(str.isalpha, head))
    return sum(map(str.isupper, head)) < 0.004 * letters


def _sentence_spans(raw, starts):
    """Sentence spans by rule, then cut where one runs past LONGEST_SENTENCE words."""
    lower_case = _is_lower_case(raw)
    spans, begin = [], 0
    for match in _END.finditer(raw):
        if match.group()[0] == "." and not _ends_here(raw, match, lower_case):
            continue
        spans.append((begin, match.end()))
        begin = match.end()
    spans.append((begin, len(raw)))
    cut, j = [], 0
    for start, end in spans:
        first = j
        while j < len(starts) and starts[j] < end:
            j += 1
        if j == first:
            continue  # no word in it: marks only
        inner = [starts[k] for k in range(first + LONGEST_SENTENCE, j, LONGEST_SENTENCE)]
        cut += zip([start, *inner], [*inner, end], strict=True)
    trimmed = []
    for start, end in cut:
        while start < end and raw[start].isspace():
            start += 1
        while end > start and raw[end - 1].isspace():
            end -= 1
        trimmed.append((start, end))
    return trimmed


def _ends_here(raw, match, lower_case):
    """Whether a full stop ends a sentence rather than an abbreviation."""
    dot = match.start()
    k = dot
    while k > 0 and not raw[k - 1].isspace() and dot - k < 12:
        k -= 1
    before = raw[k:dot].lstrip("(\"'“[")
    if before.lower() in ABBREVIATIONS:
        return False
    if len(before) == 1 and before.isalpha() and before.isupper():
        return False  # an initial
    after = raw[match.end() : match.end() + 40].lstrip(" \t\r\n\"'“(")
    detached = dot > 0 and raw[dot - 1].isspace()
    if not detached and not lower_case and after[:1].islower():
        return False
    return not (detached and k == dot and raw[max(0, dot - 4) : dot].rstrip().endswith(" al"))


def read_text(path: str | os.PathLike) -> str:
    """Read a text file in UTF-8.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    str
        Its characters, without a byte order mark.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not UTF-8 text, is empty or is too long.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no text file {str(path)!r}: check the path.")
    if path.stat().st_size > 4 * MAX_CHARACTERS:
        raise ValueError(
            f"The file {str(path)!r} has {path.stat().st_size:,} bytes and the limit is "
            f"{4 * MAX_CHARACTERS:,}: cut it into parts."
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None or "\0" in text:
        raise ValueError(
            f"The file {str(path)!r} is not text in UTF-8: convert it to plain text first."
        )
    if not text.strip():
        raise ValueError(f"The file {str(path)!r} is empty: give a text with at least one word.")
    return text
