"""Compare a summary with a reference and with the text it summarizes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qsolearn.summary.combine import combine, load_weights
from qsolearn.summary.embed import load_embedder, torch_available
from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.names import check_names
from qsolearn.summary.numbers import check_numbers
from qsolearn.summary.overlap import rouge_l, rouge_lsum, rouge_n, rouge_tokens
from qsolearn.summary.pasted import check_pasted
from qsolearn.summary.polarity import align_words, check_polarity
from qsolearn.summary.report import Report
from qsolearn.summary.similarity import (
    EmbeddedText,
    baseline_similarity,
    best_cosines,
    rescale,
    tfidf_cosine,
    topic_similarity,
)
from qsolearn.summary.statistics import bootstrap_sentences
from qsolearn.summary.support import lexical_support, pair_support
from qsolearn.summary.text import LONGEST_SENTENCE, Text

if TYPE_CHECKING:
    from qsolearn.summary.embed import Embedder

__all__ = ["benchmark", "compare"]

_MAP_SIZE = 60
_FLAG_COLUMNS = ["check", "text", "start", "end", "hint"]


def compare(
    candidate: str,
    reference: str | None = None,
    source: str | None = None,
    model: str | os.PathLike | Callable | Embedder | None = "auto",
) -> Report:
    """Compare a summary with a reference summary, with its source, or with both.

    Parameters
    ----------
    candidate : str
        The summary to judge.
    reference : str, optional
        A summary that is taken as the standard. It can err too: judge it in its turn.
    source : str, optional
        The text that the candidate summarizes. Only with it facts can be checked.
    model : str, path, callable or None
        Embedder, as in `load_embedder`: "auto", "minilm", "none", a model folder, or a callable
        ``embed(list[str]) -> (n, d)``.

    Returns
    -------
    Report
        Scores, marked places with their spans in the candidate, and what the model saw.

    Raises
    ------
    TypeError
        If a text is not a string.
    ValueError
        If a text is empty, too long or binary, or neither reference nor source is given.
    ImportError
        If embeddings are asked for and torch is missing.

    Examples
    --------
    >>> report = compare(
    ...     "The survey finds 1,219 quasars in KS2.",
    ...     source="The survey found 1,291 quasars in the KS4 field of 2,500 square degrees.",
    ...     model="none",
    ... )
    >>> report.flags[["check", "text", "start", "end"]]
        check   text  start  end
    0  number  1,219     17   22
    1    name    KS2     34   37
    """
    _check_others(reference, source)
    embedder = load_embedder(model)
    notes = _missing_torch(model, embedder)
    return _compare(
        candidate, _prepare(reference, embedder), _prepare(source, embedder), embedder, notes
    )


def benchmark(
    candidates: dict[str, str] | Sequence[str],
    reference: str | None = None,
    source: str | None = None,
    model: str | os.PathLike | Callable | Embedder | None = "auto",
) -> pd.DataFrame:
    """Compare several summaries under the same conditions.

    Parameters
    ----------
    candidates : dict of str to str, or sequence of str
        The summaries, by name; a sequence is numbered from 0.
    reference, source, model
        As in `compare`. Both are read and embedded once.

    Returns
    -------
    DataFrame
        One row per candidate, one column per score, and `flags`, the number of marked places;
        ``attrs["signature"]`` holds the signature.

    Raises
    ------
    ValueError
        If there are no candidates; and as in `compare`.

    Examples
    --------
    >>> table = benchmark(
    ...     {"good": "The box is red.", "bad": "The box is not red."},
    ...     source="We saw the box, and the box is red.", model="none",
    ... )
    >>> table["source_support"].idxmax()
    'good'
    """
    reports = compare_all(candidates, reference, source, model)
    table = pd.DataFrame(
        [{**report.scores, "flags": len(report.flags)} for report in reports.values()],
        index=pd.Index(list(reports), name="candidate"),
    )
    table.attrs["signature"] = next(iter(reports.values())).signature
    return table


def compare_all(
    candidates: dict[str, str] | Sequence[str],
    reference: str | None = None,
    source: str | None = None,
    model: str | os.PathLike | Callable | Embedder | None = "auto",
) -> dict[str | int, Report]:
    """Reports of several summaries, by name; reference and source are embedded once."""
    if isinstance(candidates, str):
        raise TypeError(
            "The candidates are one string: give a dictionary or a list of texts, or use compare."
        )
    if not isinstance(candidates, Mapping):
        candidates = dict(enumerate(candidates))
    if not candidates:
        raise ValueError("There is no candidate: give at least one summary.")
    _check_others(reference, source)
    embedder = load_embedder(model)
    notes = _missing_torch(model, embedder)
    reference, source = _prepare(reference, embedder), _prepare(source, embedder)
    return {
        name: _compare(text, reference, source, embedder, notes)
        for name, text in candidates.items()
    }


def _check_others(reference, source):
    if reference is None and source is None:
        raise ValueError(
            "There is nothing to compare with: give a reference summary, the source, or both."
        )


def _missing_torch(model, embedder):
    if embedder is None and isinstance(model, str) and model == "auto":
        what = "all-MiniLM-L6-v2 is" if torch_available() else "torch and transformers are"
        return [f"No embeddings, because {what} not installed; all other scores are complete."]
    return []


class _Prepared:
    """A reference or source, read and embedded once."""

    def __init__(self, raw, embedder):
        """Read and embed a text."""
        self.text = Text(raw)
        self.embedded = EmbeddedText(self.text, embedder) if embedder else None


def _prepare(raw, embedder):
    return None if raw is None else _Prepared(raw, embedder)


def _compare(raw, reference, source, embedder, notes):
    others = [one for one in (reference, source) if one is not None]
    text = Text(raw, frozenset().union(*(one.text.vocabulary for one in others)))
    embedded = EmbeddedText(text, embedder) if embedder else None
    scores, intervals, flags = {}, {}, []
    notes = notes + _language(text)
    alignment = None
    support = np.full(len(text.sentences), np.nan)
    if reference is not None:
        scores |= _to_reference(text, embedded, reference, embedder, intervals)
    if source is not None:
        alignment = align_words(text, source.text)
        found, support = _to_source(text, embedded, source, embedder, alignment, intervals, flags)
        scores |= found
    else:
        notes = [*notes, "No source: numbers, names and claims were not checked."]
    pasted, found = check_pasted(text, source.text if source else None)
    flags += found
    if source is not None:
        scores["check_pasted"] = 1 - pasted["pasted"]
    return Report(
        scores=scores,
        intervals=intervals,
        flags=_flag_table(raw, flags),
        seen=_seen(text, embedded, reference, source),
        signature=_signature(embedder),
        candidate=raw,
        sentences=pd.DataFrame(text.sentences, columns=["start", "end"]).assign(support=support),
        notes=notes,
        alignment=_heat_map(text, embedded, source or reference, alignment),
    )


def _to_reference(text, embedded, other, embedder, intervals):
    scores = {}
    if embedded is not None:
        baseline = baseline_similarity(embedder)
        cosine = float(embedded.mean @ other.embedded.mean)
        ours, theirs = best_cosines(embedded.vectors, other.embedded.vectors)
        precision, recall = float(ours.mean()), float(theirs.mean())
        f = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
        scores = {
            "reference_cosine": cosine,
            "reference_cosine_rescaled": rescale(cosine, baseline),
            "reference_sentence_precision": precision,
            "reference_sentence_recall": recall,
            "reference_sentence_f": f,
            "reference_sentence_f_rescaled": rescale(f, baseline),
        }
        intervals["reference_sentence_precision"] = bootstrap_sentences(ours)[1:]
        intervals["reference_sentence_recall"] = bootstrap_sentences(theirs)[1:]
    one, two = rouge_tokens(text.raw), rouge_tokens(other.text.raw)
    scores["reference_rouge1"] = rouge_n(one, two, 1).f
    scores["reference_rouge2"] = rouge_n(one, two, 2).f
    scores["reference_rougeL"] = rouge_l(one, two).f
    scores["reference_rougeLsum"] = rouge_lsum(
        [rouge_tokens(sentence) for sentence in text.sentence_texts()],
        [rouge_tokens(sentence) for sentence in other.text.sentence_texts()],
    ).f
    scores["reference_tfidf"] = tfidf_cosine(text, other.text)
    scores["reference_topics"] = topic_similarity(text, other.text)
    return scores


def _to_source(text, embedded, other, embedder, alignment, intervals, flags):
    measures = lexical_support(text, other.text)
    pairs = pair_support(text, other.text)
    measures["word_pairs"] = pairs.share
    support = np.array(pairs.per_sentence)
    intervals["source_word_pairs"] = bootstrap_sentences(support, pairs.pairs)[1:]
    if embedded is not None:
        ours, theirs = best_cosines(embedded.vectors, other.embedded.vectors)
        support = ours
        measures["cosine"] = float(embedded.mean @ other.embedded.mean)
        measures["sentence_precision"] = float(ours.mean())
        measures["sentence_precision_rescaled"] = rescale(
            measures["sentence_precision"], baseline_similarity(embedder)
        )
        measures["sentence_recall"] = float(theirs.mean())
        intervals["source_sentence_precision"] = bootstrap_sentences(ours)[1:]
        intervals["source_sentence_recall"] = bootstrap_sentences(theirs)[1:]
    checks, found = check_numbers(text, other.text)
    flags += found
    more, found = check_names(text, other.text)
    checks |= more
    flags += found
    more, found = check_polarity(text, other.text, alignment)
    checks |= more
    flags += found
    combined = combine(measures | checks | {"known_3": 1 - measures["novel_3"]})
    scores = {"source_support": combined}
    scores |= {f"source_{name}": value for name, value in measures.items()}
    scores |= {f"check_{name}": float(value) for name, value in checks.items()}
    return scores, support


def _language(text):
    if len(text) >= 20 and sum(word in STOP_WORDS for word in text.words) < 0.1 * len(text):
        return [
            "The candidate does not read like English prose: negations, opposites, terms and "
            "endings are known in English only."
        ]
    return []


def _flag_table(raw, flags):
    lists = [flag for flag in flags if flag.check == "reference list"]
    flags = [
        flag
        for flag in flags
        if flag in lists or not any(a.start <= flag.start and flag.end <= a.end for a in lists)
    ]
    flags = sorted(set(flags), key=lambda flag: (flag.start, flag.end, *flag))
    rows = [(f.check, raw[f.start : f.end], f.start, f.end, f.hint) for f in flags]
    return pd.DataFrame(rows, columns=_FLAG_COLUMNS).astype({"start": int, "end": int})


def _seen(text, embedded, reference, source):
    rows = {}
    parts = [("candidate", text, embedded)]
    parts += [
        (name, one.text, one.embedded)
        for name, one in (("reference", reference), ("source", source))
        if one is not None
    ]
    for name, one, vectors in parts:
        rows[name] = {
            "words": len(one),
            "sentences": len(one.sentences),
            "tokens": int(vectors.tokens.sum()) if vectors else 0,
            "seen": int(vectors.seen.sum()) if vectors else 0,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _signature(embedder):
    try:
        release = version("qsolearn")
    except PackageNotFoundError:
        release = "unknown"
    parts = ["qsolearn.summary"]
    if embedder is None:
        parts.append("model:none")
    else:
        limit = "all" if embedder.max_tokens is None else embedder.max_tokens
        parts += [
            f"model:{embedder.name}",
            f"revision:{embedder.revision}",
            f"chunk:sentence<={LONGEST_SENTENCE}w,{limit}t",
            f"baseline:{baseline_similarity(embedder):.4f}",
        ]
    return "|".join([*parts, f"weights:{load_weights().version}", f"version:{release}"])


def _heat_map(text, embedded, other, alignment):
    """Similarity of the sentences, in at most 60 rows and columns."""
    rows = _groups(len(text.sentences))
    columns = _groups(len(other.text.sentences))
    if embedded is not None:
        left, right = embedded.vectors, other.embedded.vectors
        table = np.empty((len(rows), len(columns)))
        for i, (a, b) in enumerate(rows):
            best = (left[a:b] @ right.T).max(axis=0)
            table[i] = [best[c:d].max() for c, d in columns]
    else:
        near = alignment or align_words(text, other.text)
        table = np.zeros((len(rows), len(columns)))
        last = np.array([d for _, d in columns])
        for i, (a, b) in enumerate(rows):
            place = np.searchsorted(last, near.best[a:b].ravel(), side="right")
            np.maximum.at(table[i], place, near.similarity[a:b].ravel())
    return pd.DataFrame(table, index=[a + 1 for a, _ in rows], columns=[c + 1 for c, _ in columns])


def _groups(n):
    edges = np.unique(np.linspace(0, n, min(n, _MAP_SIZE) + 1).astype(int))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
