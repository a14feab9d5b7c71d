"""Why does the combined score lose pairs whose numbers were exchanged, and what would help?

`python benchmarks/summaries_real.py ablate` calls this module. Everything here is computed on the
even documents of SummEval, the training half; the test documents are not opened.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from qsolearn.summary import Text, bootstrap_documents, load_weights
from qsolearn.summary.combine import Weights, combine
from qsolearn.summary.lexicon import STOP_WORDS

# The ablation takes the check of numbers apart, so it needs the parts.
from qsolearn.summary.numbers import _context, _fit, _Index, find_numbers
from qsolearn.summary.support import PAIR_WINDOW, SOURCE_WINDOW, content_positions

__all__ = ["SWAPPED", "ablation", "number_measures"]

SWAPPED = "numbers swapped"
NEAR = 5  # content words that count as neighbors of a number
MATCHES = 50  # places of one number in the source that are looked at
WEIGHTS_TRIED = (0.1, 0.2, 0.3, 0.5, 1.0)
NEW_PARTS = {
    "sides": "nearest words before and after the number, each on its own side of it",
    "sides_half": "the same, half for a word on the other side",
    "number_pairs": "pairs of the number and a word, by their distance and order",
    "rival": "no other number of the source stands nearer to these words",
    "own_rival": "no other number of the summary stands nearer to these words",
}
RAISED = {"number_context": (0.2, 0.3, 0.5, 1.0), "word_pairs": (2.0, 3.0)}
FEW_KNOWN = 0.25


def side_words(text, start, end, reach):
    """Content stems before and after a span, in its sentence, weighted by 1 / distance."""
    s = text.sentence_of(start)
    first, last = text.first_word[s], text.first_word[s + 1]
    left = bisect_left(text.starts, start, first, last)
    right = bisect_left(text.starts, end, first, last)
    sides = []
    for sequence in (range(left - 1, first - 1, -1), range(right, last)):
        content = [i for i in sequence if text.words[i] not in STOP_WORDS][:reach]
        found = {}
        for distance, i in enumerate(content, 1):
            if not text.words[i][0].isdigit():
                found.setdefault(text.stems[i], 1.0 / distance)
        sides.append(found)
    return sides


def side_fit(ours, theirs, other_side):
    """Weighted share of our words that stand on the same side there."""
    total = sum(sum(side.values()) for side in ours)
    hits = sum(
        weight * (1.0 if stem in theirs[k] else other_side * (stem in theirs[1 - k]))
        for k in (0, 1)
        for stem, weight in ours[k].items()
    )
    return hits / total if total else 1.0


def pairs_by_distance(candidate, source):
    """Pairs of a number and a word near it: does the source have both as near, in that order?"""
    where = {}
    for place, i in enumerate(content_positions(source)):
        where.setdefault(source.stems[i], []).append(place)
    positions = content_positions(candidate)
    hits = total = 0.0
    for first, last in zip(candidate.first_word, candidate.first_word[1:], strict=False):
        here = [candidate.stems[i] for i in positions if first <= i < last]
        for i, number in enumerate(here):
            if not number[0].isdigit():
                continue
            for j in range(max(0, i - PAIR_WINDOW), min(len(here), i + PAIR_WINDOW + 1)):
                if here[j] == number:
                    continue
                ours, best = j - i, 0.0
                for a in where.get(number, ())[:MATCHES]:
                    for b in where.get(here[j], ())[:MATCHES]:
                        if 0 < abs(b - a) <= SOURCE_WINDOW:
                            near = min(1.0, (abs(ours) + 1) / (abs(b - a) + 1))
                            best = max(best, near if (b - a) * ours > 0 else 0.5 * near)
                hits += best / abs(ours)
                total += 1 / abs(ours)
    return hits / total if total else 1.0


def number_measures(candidate, source):
    """The measures of `NEW_PARTS`; all are 1 for a summary without numbers."""
    numbers = find_numbers(candidate.raw)
    if not numbers:
        return dict.fromkeys(NEW_PARTS, 1.0)
    index = _Index(source)
    places = [index.matches(number)[:MATCHES] for number in numbers]
    contexts = {m: _context(source, m.start, m.end, NEAR) for m in index.numbers}
    values = {name: [] for name in NEW_PARTS if name != "number_pairs"}
    for number, matches in zip(numbers, places, strict=True):
        if not matches:
            for many in values.values():
                many.append(0.0)
            continue
        ours = side_words(candidate, number.start, number.end, 3)
        for name, reach, other_side in (("sides", 6, 0.0), ("sides_half", 4, 0.5)):
            values[name].append(
                max(
                    side_fit(ours, side_words(source, m.start, m.end, reach), other_side)
                    for m in matches
                )
            )
        near = _context(candidate, number.start, number.end, NEAR)
        own = max(_fit(near, contexts[m]) for m in matches)
        rivals = {
            "rival": [m for m in index.numbers if m.value != number.value],
            "own_rival": [
                m
                for other, theirs in zip(numbers, places, strict=True)
                if other.value != number.value
                for m in theirs
            ],
        }
        for name, others in rivals.items():
            best = max((_fit(near, contexts[m]) for m in others), default=0.0)
            values[name].append(min(1.0, 1.0 + own - best))
    found = {name: float(np.mean(many)) for name, many in values.items()}
    return found | {"number_pairs": pairs_by_distance(candidate, source)}


def classes_of(faithful, spans, spoiled, source, good, bad):
    """What kind of pair this is, for counting."""
    one, other = (spoiled[slice(*span)] for span in reversed(spans))
    starts = spans[0][0], spans[1][0] - (len(other) - len(one))
    text = Text(faithful, source.vocabulary)
    numbers = {n.start: n for n in find_numbers(faithful)}
    a, b = (numbers[start] for start in starts)
    index = _Index(source)
    near, fits = [], []
    for number in (a, b):
        matches = index.matches(number)[:MATCHES]
        theirs = [_context(source, m.start, m.end, NEAR) for m in matches]
        ours = _context(text, number.start, number.end, NEAR)
        near.append(set().union(*theirs))
        fits.append(max((_fit(ours, t) for t in theirs), default=0.0))
    grams = ("known_3", "rouge2_precision")
    return {
        "both numbers in one sentence": text.sentence_of(a.start) == text.sentence_of(b.start),
        "same unit, or none": a.unit == b.unit,
        "same words stand near both in the source": bool(near[0] & near[1]),
        "a number not in the source, or without neighbors": not all(near),
        "half of a number's neighbors not near it there": min(fits) <= 0.5,
        "at most a quarter of its 3-grams in the source": good["known_3"] <= FEW_KNOWN,
        "the exchange costs no 2-gram or 3-gram": all(good[g] <= bad[g] for g in grams),
        "word pairs do not fall": good["word_pairs"] <= bad["word_pairs"],
        "sentence precision rises": good["sentence_precision"] < bad["sentence_precision"],
    }


def wins(pairs, weights):
    """1 for a pair that the faithful text wins, 1/2 for a tie."""
    scores = [(combine(good, weights), combine(bad, weights)) for _, good, bad, *_ in pairs]
    return np.array([float(a > b) + 0.5 * (a == b) for a, b in scores])


def interval(values, documents):
    kept = np.isfinite(values)
    values, documents = values[kept], np.asarray(documents)[kept]
    result = bootstrap_documents(lambda rows: float(values[rows].mean()), documents)
    return [round(x, 3) for x in result]


def ablation(documents, rows, people, taus):
    """The tables of the ablation.

    `rows` are pairs by kind of error; `people` are (document, human marks, measures, summary);
    `taus(scores)` gives Kendall's tau of scores for `people` by document.
    """
    sources = {document["doc_id"]: Text(document["source"]) for document in documents}
    references = {document["doc_id"]: document["references"] for document in documents}
    rows = rows | {SWAPPED: list({(pair[0], pair[5]): pair for pair in rows[SWAPPED]}.values())}
    _measure(sources, references, rows, people)
    frozen = load_weights().terms
    parts = list(frozen)
    tables = {kind: (pairs, [pair[0] for pair in pairs]) for kind, pairs in rows.items()}

    def with_weights(**changed):
        terms = {name: dict(term) for name, term in frozen.items()}
        for name, weight in changed.items():
            if name in terms:
                terms[name]["weight"] = weight
            else:
                values = [one[2][name] for one in people]
                scale = max(float(np.std(values)), 0.02)
                terms[name] = {"weight": weight, "mean": float(np.mean(values)), "scale": scale}
        return Weights(0, terms)

    def measured(weights):
        won = {kind: wins(pairs, weights) for kind, (pairs, _) in tables.items()}
        return won, np.array(taus([combine(one[2], weights) for one in people]))

    base_won, base_taus = measured(with_weights())
    tau_documents = list(dict.fromkeys(one[0] for one in people))

    def against_frozen(won, by_document):
        entry = {
            kind: {
                "gain": interval(won[kind] - base_won[kind], where),
                "pairs_won_and_lost": [
                    int((won[kind] > base_won[kind]).sum()),
                    int((won[kind] < base_won[kind]).sum()),
                ],
            }
            for kind, (_, where) in tables.items()
        }
        gain = interval(by_document - base_taus, tau_documents)
        return {"kinds": entry, "tau_gain": gain}

    swapped, where = tables[SWAPPED]
    lost = base_won[SWAPPED] < 1
    result = {
        "pairs": {kind: len(pairs) for kind, (pairs, _) in tables.items()},
        "swapped_documents": len(set(where)),
        "swapped_lost": int(lost.sum()),
        "swapped_lost_documents": len({d for d, x in zip(where, lost, strict=True) if x}),
        "frozen": {kind: interval(base_won[kind], d) for kind, (_, d) in tables.items()},
        "frozen_tau_consistency": interval(base_taus, tau_documents),
        "parts": {},
        "classes": {},
        "remedies": {},
    }
    for name in [*parts, *NEW_PARTS]:
        change = np.array([good[name] - bad[name] for _, good, bad, *_ in swapped])
        result["parts"][name] = {
            "wins": round(float((change > 0).mean()), 3),
            "ties": round(float((change == 0).mean()), 3),
            "loses": round(float((change < 0).mean()), 3),
            "in_lost_pairs_wins_ties_loses": [
                int((np.sign(change[lost]) == sign).sum()) for sign in (1, 0, -1)
            ],
        }
        if name in parts:
            without = against_frozen(*measured(with_weights(**{name: 0.0})))
            result["parts"][name]["gain_without_it"] = without["kinds"][SWAPPED]["gain"]
            result["parts"][name]["tau_gain_without_it"] = without["tau_gain"]
    found = [
        classes_of(references[d][j], spans, text, sources[d], good, bad)
        for d, good, bad, _, j, text, spans in swapped
    ]
    for name in found[0]:
        has = np.array([one[name] for one in found])
        result["classes"][name] = {
            "of_lost": int(has[lost].sum()),
            "of_won": int(has[~lost].sum()),
        }
    grid = [(name, w) for name in NEW_PARTS for w in WEIGHTS_TRIED]
    grid += [(name, w) for name, many in RAISED.items() for w in many]
    gains = [np.zeros(len(swapped))]
    for name, weight in grid:
        won, by_document = measured(with_weights(**{name: weight}))
        result["remedies"][f"{name} {weight:g}"] = against_frozen(won, by_document)
        gains.append(won[SWAPPED] - base_won[SWAPPED])
    result["new_parts"] = NEW_PARTS
    result["chosen_by_cross_validation"] = cross_validated(
        np.array(gains), ["none"] + [f"{name} {weight:g}" for name, weight in grid], where
    )
    return result


def cross_validated(gains, labels, documents):
    """Choose the best remedy without one document and see what it gains there."""
    documents = np.asarray(documents)
    gain, choices = np.zeros(len(documents)), []
    for document in dict.fromkeys(documents.tolist()):
        left_out = documents == document
        best = int(gains[:, ~left_out].mean(axis=1).argmax())
        choices.append(labels[best])
        gain[left_out] = gains[best, left_out]
    return {
        "settings": len(labels),
        "gain": interval(gain, documents),
        "choices": {name: choices.count(name) for name in dict.fromkeys(choices)},
    }


def _measure(sources, references, rows, people):
    """Add the new measures to the measures of every text."""
    known = {}
    texts = [
        (pair[0], text, found)
        for pairs in rows.values()
        for pair in pairs
        for text, found in ((references[pair[0]][pair[4]], pair[1]), (pair[5], pair[2]))
    ]
    texts += [(document, text, found) for document, _, found, text in people]
    for document, text, found in texts:
        source = sources[document]
        if (document, text) not in known:
            candidate = Text(text, source.vocabulary)
            known[document, text] = number_measures(candidate, source)
        found.update(known[document, text])
