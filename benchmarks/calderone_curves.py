"""Curves of Calderone et al. 2024 on a simulated sky; writes book/calderone2024/curves.json.

    python benchmarks/calderone_curves.py

The sky has the paper's numbers of galaxies, quasars and other sources, a fiftieth of its stars and
a tenth of its unclassified sources: small enough for dozens of trainings, with all high-z quasars.
Five stratified 80/20 splits, as the paper's curves; on each: precision and recall against the
number of rounds (Fig. 3), against a threshold set afterwards (Fig. 4), and against the threshold of
the discards (Fig. 6); reliability of the probabilities; redshifts of what is predicted to be a
quasar (Fig. 7). At last, candidates from the unclassified sources, trained on all that is known,
with the truth that only a simulation knows.
"""

import json
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.judge import (
    precision_recall,
    proportion,
    redshift_report,
    reliability,
    stratified_splits,
    threshold_curve,
)
from qsolearn.papers.calderone2024 import (
    CLASSES,
    PUBLISHED,
    TARGET,
    features,
    find_candidates,
    metrics,
    run_split,
)
from qsolearn.redshift import RedshiftRegressor
from qsolearn.simulate import make_sky

OUT = Path(__file__).parents[1] / "book/calderone2024/curves.json"
SEED = 24
STARS, UNCLASSIFIED = 50, 10
ROUNDS = {
    "direct": (2, 5, 10, 15, 20, 30, 40),
    "undersampled": (2, 5, 10, 15, 20, 30),
    "reverse": (2, 5, 10, 20, 30),
}
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
HIGH = CLASSES.index(TARGET)


def sky():
    """The thinned sky."""
    mix = dict(PUBLISHED["composition"])
    mix["Star"] //= STARS
    mix[""] //= UNCLASSIFIED
    return make_sky("ps1-gaia-wise", n_sources=sum(mix.values()), composition=mix, seed=SEED)


def plain(numbers):
    """Estimates as rounded floats."""
    return {k: round(float(v), 5) for k, v in numbers.items()}


def one_split(X, labels, z, train, test, k):
    """All rows of one split, and the arrays that are pooled over the splits."""
    true, is_target = labels[test], labels[test] == TARGET
    rounds, taus, pooled = [], [], {}

    _, model = run_split("direct", X, labels, train, test)
    for n in ROUNDS["direct"]:
        proba = model.booster_.inplace_predict(X[test], iteration_range=(0, n))
        found = model.classes_[proba.argmax(axis=1)]
        rounds.append({"method": "direct", "split": k, "setting": n,
                       **plain(metrics(true, found, z[test]))})  # fmt: skip
    curve = threshold_curve(is_target, proba, HIGH)
    fig_4 = [
        {"split": k, "setting": round(r["threshold"], 2),
         **{c: None if pd.isna(r[c]) else round(r[c], 7) for c in ("precision", "recall", "fpr")}}
        for r in curve.to_dict("records")
    ]  # fmt: skip
    pooled["direct"] = proba[:, HIGH]
    for n in ROUNDS["undersampled"]:
        found, _ = run_split("undersampled", X, labels, train, test, n_rounds=n, seed=k)
        rounds.append({"method": "undersampled", "split": k, "setting": n,
                       **plain(metrics(true, found, z[test]))})  # fmt: skip
    for n in ROUNDS["reverse"]:
        found, _ = run_split("reverse", X, labels, train, test, n_rounds=n)
        rounds.append({"method": "reverse", "split": k, "setting": n,
                       **plain(metrics(true, found, z[test]))})  # fmt: skip
    for tau in THRESHOLDS:
        found, model = run_split("reverse", X, labels, train, test, threshold=tau)
        taus.append({"split": k, "setting": tau, **plain(metrics(true, found, z[test]))})
        if tau == PUBLISHED["threshold"]:
            predicted = found
            pooled["reverse"] = model.target_score(X[test])
            stages = {
                "training": model.stages_["n"].tolist(),
                "test": model.stage_table(X[test], true)["n"].tolist(),
                "high_z_training": model.stages_["n_target"].tolist(),
                "high_z_test": [int(n) for n in model.stage_table(X[test], true)["n_target"]],
            }
    quasars = train[np.isfinite(z[train]) & np.char.startswith(labels[train], "QSO")]
    z_phot = RedshiftRegressor().fit(X[quasars], z[quasars]).predict(X[test])
    judged = np.char.startswith(true, "QSO") & np.char.startswith(predicted, "QSO")
    report = redshift_report(z_phot[judged], z[test][judged], predicted[judged])
    points = pd.DataFrame(
        {"z": z[test][judged], "z_phot": z_phot[judged], "predicted": predicted[judged]}
    )
    hits = pd.crosstab(true, predicted == TARGET).reindex(columns=[False, True], fill_value=0)
    return rounds, fig_4, taus, stages, pooled, is_target, report, points, hits


def table(rows):
    """A reliability table as plain records."""
    return [
        {k: None if pd.isna(v) else round(float(v), 5) for k, v in row.items()}
        for row in rows.to_dict("records")
    ]


def unclassified(frame, labeled, taken):
    """Candidates among the unclassified, and what they truly are.

    ``taken`` is, per class, the share of the labeled test sources that is selected: with it the
    loss of precision is parted into what the other class mix does and what other sources do.
    """
    labels = frame["label_class"].to_numpy(str)
    known_z = np.where(labels != "", frame["true_z"], np.nan)
    found = find_candidates(frame, labels, known_z)
    rest = frame[labels == ""]
    n = len(found)
    true = found["true_class"].value_counts()
    high = int((rest["true_class"] == TARGET).sum())
    hit = int(true.get(TARGET, 0))
    late = found[found["z_phot"] > 2.5]
    first = found.head(100)
    hits = int((first["true_class"] == TARGET).sum())
    number = rest["true_class"].value_counts()
    expected = {c: float(number.get(c, 0) * taken[c]) for c in CLASSES}
    return {
        "sources": len(rest),
        "high_z_among_them": high,
        "candidates": n,
        "true_classes": {k: int(v) for k, v in true.items()},
        "precision": proportion(hit, n).to_dict(),
        "recall": proportion(hit, high).to_dict(),
        "precision_labeled_test": labeled,
        "precision_of_mix_alone": expected[TARGET] / sum(expected.values()),
        "selected_share": {
            c: {"labeled_test": round(taken[c], 6), "unclassified": round(true.get(c, 0) / n_c, 6)}
            for c, n_c in number.items()
        },
        "estimated_z_above_2.5": {
            "n": len(late),
            "precision": proportion(int((late["true_class"] == TARGET).sum()), len(late)).to_dict(),
            "recall": proportion(int((late["true_class"] == TARGET).sum()), high).to_dict(),
        },
        "first_hundred": proportion(hits, len(first)).to_dict(),
    }


def main():
    """Compute, print, write."""
    start = time.process_time()
    frame = sky()
    known = frame[frame["label_class"] != ""].reset_index(drop=True)
    X, labels = features(known), known["label_class"].to_numpy(str)
    z = known["true_z"].to_numpy()
    print(f"{len(known):,} known, {len(frame) - len(known):,} unclassified", flush=True)
    splits = stratified_splits(labels, PUBLISHED["n_splits_of_curves"], 0.2, SEED)
    rounds, fig_4, taus, stages, reports, pooled, truth = [], [], [], [], [], [], []
    parts, counts = [], []
    for k, (train, test) in enumerate(splits):
        made = one_split(X, labels, z, train, test, k)
        rounds += made[0]
        fig_4 += made[1]
        taus += made[2]
        stages.append(made[3])
        pooled.append(made[4])
        truth.append(made[5])
        reports.append(made[6])
        parts.append(made[7])
        counts.append(made[8])
        print(f"split {k}: {time.process_time() - start:.0f} CPU s", flush=True)
    truth = np.concatenate(truth)
    scores = {m: np.concatenate([p[m] for p in pooled]).clip(0, 1) for m in ("direct", "reverse")}
    edges = [0, 1e-4, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]
    chosen = [r for r in taus if r["setting"] == PUBLISHED["threshold"]]
    points = parts[0]
    both = sum(counts[1:], counts[0])
    taken = (both[True] / both.sum(axis=1)).to_dict()
    rng = np.random.default_rng(0)
    few = rng.permutation(len(points))[:1200]
    result = {
        "sky": {
            "labels": known["label_class"].value_counts().to_dict(),
            "unclassified": len(frame) - len(known),
            "stars_thinned_by": STARS,
            "unclassified_thinned_by": UNCLASSIFIED,
            "seed": SEED,
        },
        "splits": len(splits),
        "rounds": rounds,
        "thresholds_after": fig_4,
        "floor": 1 / len(CLASSES),
        "thresholds_of_discards": taus,
        "stages": stages,
        "reliability": {m: table(reliability(truth, s, edges)) for m, s in scores.items()},
        "average_precision": {
            m: [round(precision_recall(t, p[m]).attrs["average_precision"], 4)
                for t, p in zip(np.split(truth, len(splits)), pooled, strict=True)]
            for m in scores
        },
        "redshift": {
            group: {c: [round(float(r.loc[group, c]), 4) for r in reports]
                    for c in ("n", "nmad", "std", "outliers", "outlier_fraction")}
            for group in ("QSOlowZ", "QSOhighZ")
        },
        "redshift_points": {c: (points.iloc[few][c].round(3) if c != "predicted"
                                else points.iloc[few][c]).tolist() for c in points},
        "unclassified": unclassified(
            frame, float(np.mean([r["precision"] for r in chosen])), taken
        ),
        "cpu_seconds": round(time.process_time() - start, 1),
        "command": "python benchmarks/calderone_curves.py",
        "date": date.today().isoformat(),
        "versions": {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn", "xgboost")},
    }  # fmt: skip
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
    print(pd.DataFrame(chosen).mean(), result["unclassified"], result["redshift"])
    print(f"{result['cpu_seconds']} CPU s; wrote {OUT.name}")


if __name__ == "__main__":
    main()
