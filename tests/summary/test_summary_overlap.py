import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.summary import overlap as overlap_module
from qsolearn.summary import rouge_l, rouge_lsum, rouge_n, rouge_tokens

rouge_scorer = pytest.importorskip(
    "rouge_score.rouge_scorer", reason="rouge-score (extra 'summaries') is the reference here"
)
SCORER = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"])
SENTENCES = st.lists(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=9), min_size=1, max_size=4
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(SENTENCES, SENTENCES)
def test_all_four_equal_rouge_score(candidate, reference):
    one = "\n".join(" ".join(words) for words in candidate)
    other = "\n".join(" ".join(words) for words in reference)
    expected = SCORER.score(other, one)
    ours, theirs = rouge_tokens(one), rouge_tokens(other)
    found = {
        "rouge1": rouge_n(ours, theirs, 1),
        "rouge2": rouge_n(ours, theirs, 2),
        "rougeL": rouge_l(ours, theirs),
        "rougeLsum": rouge_lsum(candidate, reference),
    }
    for name, score in found.items():
        values = expected[name].precision, expected[name].recall, expected[name].fmeasure
        np.testing.assert_allclose(score, values, atol=1e-12)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_gives_the_numbers_of_rouge_score(one, other):
    expected = SCORER.score(other, one)
    ours, theirs = rouge_tokens(one), rouge_tokens(other)
    assert rouge_n(ours, theirs, 1).f == pytest.approx(expected["rouge1"].fmeasure)
    assert rouge_l(ours, theirs).f == pytest.approx(expected["rougeL"].fmeasure)


def test_a_table_that_is_too_large_is_nan(monkeypatch):
    monkeypatch.setattr(overlap_module, "LONGEST_TABLE", 5)
    assert np.isnan(rouge_l(["a"] * 3, ["a"] * 2).f)
    assert np.isnan(rouge_lsum([["a"] * 3], [["a"] * 2]).f)


def test_blocks_of_sentences_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    sentences = [
        ["".join(rng.choice(list("abc"), 1)) for _ in range(rng.integers(1, 12))] for _ in range(40)
    ]
    whole = rouge_lsum(sentences[:25], sentences[25:])
    monkeypatch.setattr(overlap_module, "_CELLS", 300)
    assert rouge_lsum(sentences[:25], sentences[25:]) == whole
