"""Similarity of two texts: by embeddings of their sentences, by rare words, by topics.

A mean of many vectors hides what a text says; so beside the cosine of the means stand precision
(is each of my sentences somewhere in yours?) and recall (is each of yours somewhere in mine?).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from qsolearn.summary.embed import Embedder
from qsolearn.summary.lexicon import STOP_WORDS, read_lines
from qsolearn.summary.text import Text

__all__ = [
    "EmbeddedText",
    "baseline_similarity",
    "best_cosines",
    "rescale",
    "tfidf_cosine",
    "topic_similarity",
    "unrelated_sentences",
]

_BLOCK = 1024
_TOPICS = 5


class EmbeddedText:
    """A text with one vector per sentence.

    Parameters
    ----------
    text : Text
        The text.
    embedder : Embedder
        What makes the vectors.

    Attributes
    ----------
    text : Text
        The text.
    vectors : array (n, d)
        Unit vectors of its n sentences.
    tokens : array (n,)
        Tokens of each sentence, as the model counts them.
    seen : array (n,)
        How many of them the model was shown.
    """

    def __init__(self, text: Text, embedder: Embedder) -> None:
        """Embed every sentence."""
        self.text = text
        sentences = text.sentence_texts()
        self.vectors = embedder(sentences)
        self.tokens = embedder.count(sentences)
        limit = embedder.max_tokens
        self.seen = self.tokens if limit is None else np.minimum(self.tokens, limit)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of the sentence vectors, each weighted by its tokens, as a unit vector (d,)."""
        mean = np.average(self.vectors, axis=0, weights=np.maximum(self.seen, 1))
        norm = np.linalg.norm(mean)
        return mean / (norm if norm else 1)


def best_cosines(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each vector, its highest cosine with any vector of the other text.

    Parameters
    ----------
    ours : array (n, d)
        Unit vectors.
    theirs : array (m, d)
        Unit vectors.

    Returns
    -------
    array (n,), array (m,)
        Row and column maxima of the matrix of cosines, which is never held whole.
    """
    rows = np.empty(len(ours), dtype=np.float32)
    columns = np.full(len(theirs), -1, dtype=np.float32)
    for begin in range(0, len(ours), _BLOCK):
        block = ours[begin : begin + _BLOCK] @ theirs.T
        rows[begin : begin + _BLOCK] = block.max(axis=1)
        np.maximum(columns, block.max(axis=0), out=columns)
    return rows, columns


def unrelated_sentences() -> tuple[str, ...]:
    """Sentences that share no subject and no content word."""
    return read_lines("unrelated.txt")


def baseline_similarity(embedder: Embedder) -> float:
    """Mean cosine of unrelated sentences: what the model calls "nothing in common".

    Parameters
    ----------
    embedder : Embedder
        The model; the result is kept on it.

    Returns
    -------
    float
        Mean over all pairs of `unrelated_sentences`.
    """
    if embedder.baseline is None:
        vectors = embedder(list(unrelated_sentences()))
        cosines = vectors @ vectors.T
        embedder.baseline = float(cosines[np.triu_indices(len(vectors), 1)].mean())
    return embedder.baseline


def rescale(cosine: float, baseline: float) -> float:
    """Move a cosine so that unrelated texts score 0 and equal texts 1.

    Notes
    -----
    ``(cosine - baseline) / (1 - baseline)``, as BERTScore does it.

    References
    ----------
    Zhang et al. 2020, BERTScore: evaluating text generation with BERT.

    Examples
    --------
    >>> round(rescale(0.95, 0.73), 3)
    0.815
    """
    return (cosine - baseline) / (1 - baseline) if baseline < 1 else float("nan")


def _sentence_stems(text):
    return [
        [
            text.stems[i]
            for i in range(text.first_word[s], text.first_word[s + 1])
            if text.words[i] not in STOP_WORDS
        ]
        for s in range(len(text.sentences))
    ]


def tfidf_cosine(one: Text, other: Text) -> float:
    """Cosine of the two texts' TF-IDF vectors.

    Parameters
    ----------
    one, other : Text
        Two texts.

    Returns
    -------
    float
        Between 0 and 1; NaN where a text has no content word.

    Notes
    -----
    Stems of content words, logarithmic counts; the document frequencies are counted over the
    sentences of both texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    sentences = _sentence_stems(one), _sentence_stems(other)
    whole = [[stem for sentence in many for stem in sentence] for many in sentences]
    if not all(whole):
        return float("nan")
    vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit(sentences[0] + sentences[1])
    a, b = vectorizer.transform(whole)
    return float((a @ b.T).toarray()[0, 0])


def topic_similarity(one: Text, other: Text, random_state: int = 0) -> float:
    """Similarity of the two texts' mixtures of topics.

    Parameters
    ----------
    one, other : Text
        Two texts.
    random_state : int
        Start of the topic model.

    Returns
    -------
    float
        1 minus the Jensen-Shannon distance (base 2) of the mixtures; NaN where a text has no
        content word.

    Notes
    -----
    Latent Dirichlet allocation with five topics, fitted to the sentences of both texts. Two texts
    on one subject share their topics whatever they claim: the blindest of the measures here.
    """
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer

    sentences = _sentence_stems(one), _sentence_stems(other)
    whole = [[stem for sentence in many for stem in sentence] for many in sentences]
    if not all(whole):
        return float("nan")
    vectorizer = CountVectorizer(analyzer=list)
    counts = vectorizer.fit_transform(sentences[0] + sentences[1])
    model = LatentDirichletAllocation(_TOPICS, max_iter=5, random_state=random_state).fit(counts)
    mixtures = model.transform(vectorizer.transform(whole))  # every entry is above 0
    middle = mixtures.mean(axis=0)
    divergence = 0.5 * (mixtures * np.log2(mixtures / middle)).sum()
    return float(1 - np.sqrt(max(divergence, 0.0)))  # rounding may go below 0
