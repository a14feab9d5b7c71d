"""Do two summaries say the same, and does a summary say what its source says?

`compare` judges one summary, `benchmark` several. The room stands apart: it imports nothing of
the rest of qsolearn, and torch only when a model is loaded.
"""

from qsolearn.summary.combine import Weights, combine, load_weights
from qsolearn.summary.comparison import benchmark, compare
from qsolearn.summary.embed import Embedder, load_embedder
from qsolearn.summary.notebook import SCIBERT, NotebookMetric
from qsolearn.summary.overlap import rouge_l, rouge_lsum, rouge_n, rouge_tokens
from qsolearn.summary.planted import ERROR_KINDS, plant_error
from qsolearn.summary.report import Report
from qsolearn.summary.similarity import (
    baseline_similarity,
    rescale,
    tfidf_cosine,
    topic_similarity,
    unrelated_sentences,
)
from qsolearn.summary.statistics import (
    Interval,
    PairedTest,
    bootstrap_documents,
    bootstrap_sentences,
    paired_test,
)
from qsolearn.summary.support import novel_ngrams, pair_support
from qsolearn.summary.text import Text, read_text

__all__ = [
    "ERROR_KINDS",
    "SCIBERT",
    "Embedder",
    "Interval",
    "NotebookMetric",
    "PairedTest",
    "Report",
    "Text",
    "Weights",
    "baseline_similarity",
    "benchmark",
    "bootstrap_documents",
    "bootstrap_sentences",
    "combine",
    "compare",
    "load_embedder",
    "load_weights",
    "novel_ngrams",
    "pair_support",
    "paired_test",
    "plant_error",
    "read_text",
    "rescale",
    "rouge_l",
    "rouge_lsum",
    "rouge_n",
    "rouge_tokens",
    "tfidf_cosine",
    "topic_similarity",
    "unrelated_sentences",
]
