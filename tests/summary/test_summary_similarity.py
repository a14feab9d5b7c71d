from string import ascii_lowercase

import numpy as np
import pytest

from qsolearn.summary import (
    Embedder,
    Text,
    baseline_similarity,
    load_embedder,
    rescale,
    tfidf_cosine,
    topic_similarity,
    unrelated_sentences,
)
from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.similarity import EmbeddedText, best_cosines


def letters(texts):
    """A toy embedder: how often each letter occurs."""
    return np.array([[text.lower().count(c) for c in ascii_lowercase] for text in texts])


def test_best_cosines_are_row_and_column_maxima():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2500, 5)), rng.normal(size=(70, 5))
    cosines = ours @ theirs.T
    rows, columns = best_cosines(ours, theirs)
    np.testing.assert_allclose(rows, cosines.max(axis=1), rtol=1e-6)
    np.testing.assert_allclose(columns, np.maximum(cosines.max(axis=0), -1), rtol=1e-6)


def test_the_mean_vector_weighs_sentences_by_their_tokens():
    embedded = EmbeddedText(Text("One two three four. Five."), Embedder(letters))
    assert embedded.tokens.tolist() == [4, 1]
    expected = np.average(embedded.vectors, axis=0, weights=[4, 1])
    np.testing.assert_allclose(embedded.mean, expected / np.linalg.norm(expected), rtol=1e-6)


def test_what_a_model_does_not_see_is_counted():
    embedder = Embedder(letters, max_tokens=3)
    embedded = EmbeddedText(Text("One two three four five."), embedder)
    assert (embedded.tokens.sum(), embedded.seen.sum()) == (5, 3)


def test_the_baseline_is_the_mean_over_pairs():
    embedder = Embedder(letters)
    vectors = embedder(list(unrelated_sentences()))
    pairs = [a @ b for i, a in enumerate(vectors) for b in vectors[:i]]
    assert baseline_similarity(embedder) == pytest.approx(np.mean(pairs), rel=1e-5)
    assert embedder.baseline == baseline_similarity(embedder)


def test_unrelated_sentences_share_no_content_word():
    seen = set()
    for sentence in unrelated_sentences():
        stems = {s for w, s in zip(Text(sentence).words, Text(sentence).stems, strict=True)
                 if w not in STOP_WORDS}  # fmt: skip
        assert not stems & seen, sentence
        seen |= stems


def test_rescaling_moves_the_baseline_to_zero():
    assert rescale(0.3, 0.3) == 0
    assert rescale(1.0, 0.3) == 1
    assert np.isnan(rescale(0.5, 1.0))


def test_tfidf_and_topics_lie_between_nothing_and_all():
    text = Text("The survey finds quasars. The catalog holds candidates with colors.")
    other = Text("Bakers let dough rest. Loaves are shaped in the morning.")
    assert tfidf_cosine(text, text) == pytest.approx(1)
    assert tfidf_cosine(text, other) == 0
    assert topic_similarity(text, text) == pytest.approx(1)
    assert 0 <= topic_similarity(text, other) < 1
    assert topic_similarity(text, other) == topic_similarity(text, other)
    assert np.isnan(tfidf_cosine(text, Text("the of and")))
    assert np.isnan(topic_similarity(text, Text("the of and")))


def test_callables_are_accepted_and_their_output_checked():
    assert load_embedder(letters).name == "letters"
    assert load_embedder(None) is None
    assert load_embedder("none") is None
    embedder = load_embedder(letters)
    assert load_embedder(embedder) is embedder
    assert np.allclose(np.linalg.norm(embedder(["abc", "zz"]), axis=1), 1)
    with pytest.raises(ValueError, match="one row per text"):
        Embedder(lambda texts: np.ones(3))(["a"])
    with pytest.raises(ValueError, match="not finite"):
        Embedder(lambda texts: np.full((len(texts), 2), np.nan))(["a"])
