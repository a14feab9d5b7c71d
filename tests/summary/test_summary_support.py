import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.summary import Text, novel_ngrams, pair_support
from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.support import (
    PAIR_WINDOW,
    SOURCE_WINDOW,
    content_positions,
    copied_runs,
    lexical_support,
)

VOCABULARY = ("quasar", "star", "72,964", "not", "the", "of", "galaxy", "KS4", "faint.", "of.")
WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=40).map(" ".join)


def plain_pair_support(candidate, source):
    """Every pair against every pair of places."""
    theirs = [source.stems[i] for i in content_positions(source)]
    hits = total = 0.0
    for s in range(len(candidate.sentences)):
        ours = [
            candidate.stems[i]
            for i in range(candidate.first_word[s], candidate.first_word[s + 1])
            if candidate.words[i] not in STOP_WORDS
        ]
        for i, a in enumerate(ours):
            for b in ours[i + 1 : i + 1 + PAIR_WINDOW]:
                if a == b:
                    continue
                total += 1
                after = before = False
                for p, one in enumerate(theirs):
                    for q, other in enumerate(theirs):
                        if 0 < q - p <= SOURCE_WINDOW:
                            after |= one == a and other == b
                            before |= one == b and other == a
                hits += 1.0 if after else 0.5 * before
    return hits / total if total else float("nan")


def plain_copied(candidate, source, length):
    marked = np.zeros(len(candidate), dtype=bool)
    for i in range(len(candidate) - length + 1):
        for j in range(len(source) - length + 1):
            if candidate.words[i : i + length] == source.words[j : j + length]:
                marked[i : i + length] = True
    return marked


@settings(derandomize=True, max_examples=150, deadline=None)
@given(WORDS, WORDS)
def test_pair_support_equals_the_plain_double_loop(one, other):
    candidate, source = Text(one), Text(other)
    share, per_sentence, pairs = pair_support(candidate, source)
    if sum(pairs):
        weighted = np.nansum(np.multiply(per_sentence, pairs)) / sum(pairs)
        np.testing.assert_allclose(share, weighted)
    np.testing.assert_allclose(share, plain_pair_support(candidate, source))
    assert len(per_sentence) == len(candidate.sentences)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(WORDS, WORDS, st.integers(1, 4))
def test_novelty_and_copies_equal_the_plain_search(one, other, n):
    candidate, source = Text(one), Text(other)
    grams = [tuple(candidate.words[i : i + n]) for i in range(len(candidate) - n + 1)]
    theirs = [tuple(source.words[i : i + n]) for i in range(len(source) - n + 1)]
    expected = np.mean([gram not in theirs for gram in grams]) if grams else np.nan
    np.testing.assert_allclose(novel_ngrams(candidate, source, n), expected)
    marked = np.zeros(len(candidate), dtype=bool)
    for start, end in copied_runs(candidate, source, n):
        assert not marked[start:end].any()
        marked[start:end] = True
    np.testing.assert_array_equal(marked, plain_copied(candidate, source, n))


def test_a_copy_is_fully_supported():
    text = "We find 72,964 faint quasars. They are not stars."
    scores = lexical_support(Text(text), Text(text + " More follows here."))
    assert scores["novel_1"] == 0
    assert scores["words"] == scores["rouge2_precision"] == 1
    assert scores["compression"] > 1


def test_one_wrong_number_breaks_its_pairs():
    source = Text("The catalog has 72,964 quasar candidates in the southern sky.")
    right = pair_support(Text("The catalog has 72,964 candidates."), source).share
    wrong = pair_support(Text("The catalog has 72,694 candidates."), source).share
    assert right == 1
    assert wrong < 0.5
