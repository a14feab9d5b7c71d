"""Recall of several scores at equal efficiency, with paired bootstrap intervals."""

import time

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from qsolearn.judge import completeness, efficiency, precision_recall
from qsolearn.selection.stacked.combined import CombinedModel

EFFICIENCIES = (0.60, 0.80, 0.95)
LEVEL = 0.95


class Ranked:
    """A score sorted once, for many weightings of the sources; NaN is ranked last."""

    def __init__(self, quasar, score):
        score = np.where(np.isnan(score), -np.inf, score)
        self.order = np.argsort(-score, kind="stable")
        ranked = score[self.order]
        self.last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        self.quasar = quasar[self.order]

    def recalls(self, weight):
        """Highest recall at each of the efficiencies, or better; 0 where none is reached."""
        weight = weight[self.order]
        selected = np.cumsum(weight)[self.last]
        found = np.cumsum(np.where(self.quasar, weight, 0.0))[self.last]
        pure = np.divide(found, selected, out=np.zeros_like(found), where=selected > 0)
        return [found[pure >= e].max(initial=0.0) / found[-1] for e in EFFICIENCIES]


def estimate(value, draws):
    """Value and the central 95 % of the draws."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(draws, [tail, 100 - tail])
    return {"value": float(value), "low": float(low), "high": float(high)}


def recall_table(quasar, scores, references, *, draws=300, seed=0):
    """Recalls of every score, and by how much those of the references are higher.

    Quasars and others are redrawn separately, so that each draw has the class mix of the sample;
    all methods are judged on the same draw.
    """
    quasar = np.asarray(quasar, dtype=bool)
    ranked = {name: Ranked(quasar, np.asarray(s, dtype=float)) for name, s in scores.items()}
    ones = np.ones(len(quasar))
    values = {name: r.recalls(ones) for name, r in ranked.items()}
    drawn = {name: [] for name in ranked}
    rng = np.random.default_rng(seed)
    n = int(quasar.sum())
    for _ in range(draws):
        weight = rng.poisson(1.0, len(quasar)).astype(float)
        weight[quasar] = np.bincount(rng.integers(0, n, n), minlength=n)
        for name, r in ranked.items():
            drawn[name].append(r.recalls(weight))
    out = {}
    for name in ranked:
        own = np.array(drawn[name])
        row = {
            "recall": {
                f"{e:.2f}": estimate(values[name][k], own[:, k]) for k, e in enumerate(EFFICIENCIES)
            },
            "average_precision": precision_recall(quasar, scores[name]).attrs["average_precision"],
        }
        for reference in references:
            if reference != name:
                gap = np.array(drawn[reference]) - own
                row[f"{reference} minus this"] = {
                    f"{e:.2f}": estimate(values[reference][k] - values[name][k], gap[:, k])
                    for k, e in enumerate(EFFICIENCIES)
                }
        out[name] = row
    return out


def cut_for(quasar, score, least):
    """Lowest score at which the efficiency of a training set reaches a value."""
    table = precision_recall(quasar, score)
    reached = table[(table["precision"] >= least) & np.isfinite(table["score"])]
    return float(reached["score"].min()) if len(reached) else np.inf


def realized(quasar, score, cut):
    """Recall and efficiency on a test set with a cut that was fixed before."""
    chosen = np.nan_to_num(score, nan=-np.inf) >= cut
    return {
        "recall": completeness(quasar, chosen).to_dict(),
        "efficiency": efficiency(quasar, chosen).to_dict(),
        "selected": int(chosen.sum()),
    }


def out_of_fold_final(scores, colors, quasar, folds=4):
    """Log-odds of the final model for the training sources, each by a fit without it."""
    out = np.empty(len(quasar))
    for fit, judge in StratifiedKFold(folds, shuffle=True, random_state=1).split(quasar, quasar):
        model = CombinedModel().fit(scores.iloc[fit], colors[fit], quasar[fit])
        out[judge] = model.decision_function(scores.iloc[judge], colors[judge])
    return out


def kept_scores(path, make, start):
    """Arrays that `make` returns, with the CPU seconds since a start, kept in a file if given."""
    if path and path.exists():
        with np.load(path) as stored:
            return dict(stored)
    made = make()
    made["cpu_seconds"] = round(time.process_time() - start, 1)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **made)
    return made


def choose(candidates, fit_score, quasar, rows, folds=3):
    """The candidate of highest out-of-fold average precision within some rows."""
    tried = {}
    for name, candidate in candidates.items():
        score = np.full(len(quasar), np.nan)
        for fit, judge in StratifiedKFold(folds, shuffle=True, random_state=2).split(
            quasar[rows], quasar[rows]
        ):
            score[rows[judge]] = fit_score(clone(candidate), rows[fit], rows[judge])
        curve = precision_recall(quasar[rows], score[rows])
        tried[name] = float(curve.attrs["average_precision"])
    return max(tried, key=tried.get), tried


def show(title, table):
    """Print a table of `recall_table`."""
    print(title)
    for name, row in table.items():
        cells = [
            f"{r['value']:.3f} ({r['low']:.3f}-{r['high']:.3f})" for r in row["recall"].values()
        ]
        print(f"  {name:34s}", *cells, f"AP {row['average_precision']:.3f}")
        for key, gaps in row.items():
            if key.endswith("minus this"):
                gaps = [
                    f"{g['value']:+.3f} ({g['low']:+.3f}..{g['high']:+.3f})" for g in gaps.values()
                ]
                print(f"      {key:30s}", *gaps)
