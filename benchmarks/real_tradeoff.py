"""Completeness against false-positive rate on real SDSS DR7 objects; book/real/tradeoff.json.

    QSOLEARN_DATA=folder python benchmarks/real_tradeoff.py        (or: make real)

Protocol. The halves, the cuts and the classes are those of ``real_selection.py``. Kernel, the
bandwidth of each class and the weight of the i magnitude are chosen by five-fold cross-validation
inside the training half: the highest sum of the completeness at a false-positive rate of 0.027 and
of the value at which completeness and efficiency are equal in the sample's own mix. So is each
working point: a prior P(Star), read from the scores of the training objects that were held out.
Then the other half is opened, once, for the paper's settings and for the two chosen ones (colors
alone, colors and magnitude). Without a density of either class, an object is called a star.
"""

import json
import os
import time
from datetime import date
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np

from qsolearn.frame import magnitudes
from qsolearn.judge import selection_report
from qsolearn.papers.richards2004 import BANDS, PUBLISHED, in_test_set
from qsolearn.photometry import colors
from qsolearn.selection import KernelBayesClassifier
from real_selection import MIXES, SEED, curve, halves

OUT = Path(__file__).parents[1] / "book/real/tradeoff.json"
N_FOLDS = 5
#: Working points of the paper's settings on these objects, which are to be beaten.
COMPLETENESS, FALSE_POSITIVES, BALANCE = 0.946, 0.027, 0.978
#: Weights of the i magnitude beside the colors; 0 leaves it out.
WEIGHTS = (0.0, 0.1, 0.2, 0.3)
BANDWIDTHS = {
    "epanechnikov": (0.12, 0.15, 0.18, 0.22, 0.26, 0.30),
    "gaussian": (0.04, 0.05, 0.06, 0.075, 0.09, 0.11),
}
#: Settings compared while the method was written, all inside the training half.
BY_HAND = 18
PAPER = {"kernel": "epanechnikov", "bandwidths": [PUBLISHED["bandwidth"]] * 2, "weight": 0.0}
CLASSES = ("QSO", "Star")
#: Log density where there is none: lower than any that a kernel gives.
FLOOR = -200.0


def features(mag, weight):
    """Colors [mag], and the weighted i magnitude as a fifth feature if the weight is not 0."""
    X = colors(mag)
    return X if weight == 0 else np.column_stack([X, weight * mag[:, 3]])


def log_density(points, at, kernel, bandwidth):
    """Log density of one class at some places."""
    model = KernelBayesClassifier(bandwidth, kernel=kernel).fit(points, np.zeros(len(points)))
    return np.maximum(model.log_density(at)[:, 0], FLOOR)


def score(quasar, star):
    """Log odds of the densities; the floor where neither class has one."""
    return np.where((quasar <= FLOOR) & (star <= FLOOR), FLOOR, quasar - star)


def fit_and_score(mag, label, at, settings):
    """Scores of the objects ``at`` from training objects."""
    X, new = (features(m, settings["weight"]) for m in (mag, at))
    own = [
        log_density(X[label == c], new, settings["kernel"], h)
        for c, h in zip(CLASSES, settings["bandwidths"], strict=True)
    ]
    return score(*own)


def prior_of(threshold):
    """P(Star) whose Bayes' rule cuts the log odds of the densities at a threshold."""
    return float(1 / (1 + np.exp(-threshold)))


def working_points(quasar, s):
    """Thresholds and rates of the two working points.

    Parameters
    ----------
    quasar : ndarray of bool, shape (n,)
    s : ndarray, shape (n,)
        Scores.

    Returns
    -------
    dict
        ``completeness_at`` the false-positive rate to beat, ``false_positives_at`` the completeness
        to keep, ``balance`` where completeness equals efficiency, and the two thresholds.
    """
    order = np.argsort(-s, kind="stable")
    found, false = np.cumsum(quasar[order]), np.cumsum(~quasar[order])
    completeness = found / quasar.sum()
    fpr = false / (~quasar).sum()
    # As many selected as there are quasars: completeness and efficiency are the same number.
    k = int(quasar.sum()) - 1
    kept = int(np.searchsorted(completeness, COMPLETENESS))
    allowed = int(np.searchsorted(fpr, FALSE_POSITIVES, side="right")) - 1
    return {
        "completeness_at": float(completeness[allowed]),
        "false_positives_at": float(fpr[kept]),
        "balance": float(completeness[k]),
        "threshold_completeness": float(s[order][kept]),
        "threshold_balance": float(s[order][k]),
    }


def cross_validate(mag, label, judged):
    """Every setting with its held-out rates, in order, and the scores of each.

    Parameters
    ----------
    mag : ndarray, shape (n, 5)
        Magnitudes of the training half [mag].
    label : ndarray of str, shape (n,)
    judged : ndarray of bool, shape (n,)
        Which of them pass the cuts of the test set.
    """
    fold = np.random.default_rng(SEED + 2).integers(0, N_FOLDS, len(label))
    records = []
    for weight, (kernel, bandwidths) in product(WEIGHTS, BANDWIDTHS.items()):
        X = features(mag, weight)
        density = np.full((len(CLASSES), len(bandwidths), len(X)), np.nan)
        for f in range(N_FOLDS):
            held = judged & (fold == f)
            for (c, name), (j, h) in product(enumerate(CLASSES), enumerate(bandwidths)):
                learn = (fold != f) & (label == name)
                density[c, j, held] = log_density(X[learn], X[held], kernel, h)
        for (j, a), (k, b) in product(enumerate(bandwidths), enumerate(bandwidths)):
            s = score(density[0, j], density[1, k])[judged]
            points = working_points(label[judged] == "QSO", s)
            settings = {"kernel": kernel, "bandwidths": [a, b], "weight": weight}
            records.append({"settings": settings, **points})
        print(f"  weight {weight}, {kernel}: {best(records)}", flush=True)
    return records


def best(records):
    """The record with the highest sum of the two rates."""
    return max(records, key=lambda r: r["completeness_at"] + r["balance"])


def judged_at(quasar, s, threshold):
    """Rates of the test objects at a threshold chosen before."""
    report = selection_report(quasar, s >= threshold)
    return {
        "prior_star": prior_of(threshold),
        "completeness": report.completeness.to_dict(),
        "false_positive_rate": report.false_positive_rate.to_dict(),
        "efficiency_own_mix": report.efficiency.to_dict(),
        "efficiency": {f"{m:.2f}": report.efficiency_at(m).to_dict() for m in MIXES},
    }


def compute(folder=None, chosen=None):
    """Everything in the result file but date and versions; without ``chosen``, choose first."""
    frame, labels, train, test = halves(folder)
    mag, label = magnitudes(frame, BANDS), labels["true_class"].to_numpy().astype(str)
    train = train & np.isfinite(mag).all(axis=1)
    inside = in_test_set(frame)[train]
    result = {
        "rows": {
            "train": {c: int((label[train] == c).sum()) for c in CLASSES},
            "cross_validated_on": {c: int((label[train][inside] == c).sum()) for c in CLASSES},
            "test": {c: int((label[test] == c).sum()) for c in CLASSES},
        },
        "seed": SEED,
        "aims": {"completeness": COMPLETENESS, "false_positive_rate": FALSE_POSITIVES,
                 "balance": BALANCE},
    }  # fmt: skip
    if chosen is None:
        records = cross_validate(mag[train], label[train], inside)
        paper = next(r for r in records if r["settings"] == PAPER)
        chosen = {
            "paper's settings": paper,
            "colors alone": best([r for r in records if r["settings"]["weight"] == 0]),
            "colors and magnitude": best([r for r in records if r["settings"]["weight"] > 0]),
        }
        result["attempts"] = {
            "cross_validated": len(records), "by_hand_before": BY_HAND, "test_half_opened": 1,
        }  # fmt: skip
    result["chosen"] = chosen
    quasar = label[test] == "QSO"
    result["methods"] = {}
    for name, record in chosen.items():
        s = fit_and_score(mag[train], label[train], mag[test], record["settings"])
        seen = working_points(quasar, s)
        result["methods"][name] = {
            "curve": curve(quasar, s, points=100),
            "at_completeness": judged_at(quasar, s, record["threshold_completeness"]),
            "at_balance": judged_at(quasar, s, record["threshold_balance"]),
            # Read off the curve of the test half: no threshold has been carried over.
            "on_the_curve": {k: v for k, v in seen.items() if not k.startswith("threshold")},
        }
    return result


def main():
    """Compute, print, write."""
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    start = time.process_time()
    result = compute()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "make real"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn")}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(result["rows"], result["attempts"])
    for name, numbers in result["methods"].items():
        print(f"{name}: {result['chosen'][name]['settings']}; curve {numbers['on_the_curve']}")
        for point in ("at_completeness", "at_balance"):
            line = ", ".join(
                f"{k} {e['value']:.4f} ({e['low']:.4f} to {e['high']:.4f})"
                for k in ("completeness", "false_positive_rate", "efficiency_own_mix")
                for e in [numbers[point][k]]
            )
            print(f"  {point}, P(Star) = {numbers[point]['prior_star']:.3f}: {line}")
            mixes = numbers[point]["efficiency"].items()
            print("   ", ", ".join(f"{e['value']:.3f} at {m} stars" for m, e in mixes))
    print(f"{result['cpu_seconds']} CPU s; wrote {OUT.name}")


if __name__ == "__main__":
    main()
