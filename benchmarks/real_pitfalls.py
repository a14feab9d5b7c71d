"""How much do the usual mistakes flatter? Write book/your_catalog/pitfalls.json.

    QSOLEARN_DATA=folder python benchmarks/real_pitfalls.py        (or: make real)

Each mistake is made on purpose on real objects, beside the right way, with the same method and
the same objects. Nothing is tuned but where tuning is the mistake.

accuracy: a dummy on DR7 test objects, restated for the mix of the sky.
position: SDSS DR17, quasars against the rest (a random subset), colors alone and colors with
position, random parts against blocks of sky.
duplicates: redshifts of quasars by the nearest neighbor in color, in the DR5 and DR17 files one
below the other, random parts against blocks of sky in which the same source stays together.
tuning: 200 equally good classifiers of 300 sources each, the best of them on 200 test sources, and
the same one on all other sources.
"""

import json
import os
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.neighbors import KNeighborsRegressor

from qsolearn import datasets
from qsolearn.frame import magnitudes
from qsolearn.judge import (
    average_precision_gain,
    block_splits,
    paired_difference,
    proportion,
)
from qsolearn.papers.richards2004 import BANDS, PUBLISHED
from qsolearn.photometry import colors
from qsolearn.selection import KernelBayesClassifier
from qsolearn.sky import sky_blocks
from real_selection import halves

OUT = Path(__file__).parents[1] / "book/your_catalog/pitfalls.json"
SEED, PARTS, SUBSET = 8, 3, 30_000


def random_splits(n):
    """Parts of single sources."""
    return block_splits(np.arange(n), PARTS, SEED)


def accuracy(frame, labels, train, test):
    """Right answers of a dummy, and of the kernel classifier, in the mix of the sky."""
    label = labels["true_class"].to_numpy()
    x = colors(magnitudes(frame, BANDS))
    model = KernelBayesClassifier(PUBLISHED["bandwidth"], priors={"QSO": 0.5, "Star": 0.5})
    said = model.fit(x[train], label[train]).predict(x[test]) == "QSO"
    quasar = label[test] == "QSO"
    found, false = said[quasar].mean(), said[~quasar].mean()
    share = 0.02
    return {
        "quasar_share": share,
        "dummy": {"accuracy": 1 - share, "completeness": 0.0},
        "kernel": {
            "accuracy": share * found + (1 - share) * (1 - false),
            "completeness": float(found),
            "efficiency": share * found / (share * found + (1 - share) * false),
            "efficiency_in_the_file": float(quasar[said].mean()),
            "file_share": float(quasar.mean()),
        },
    }


def position(folder):
    """Average precision with and without position as a feature, by random parts and by blocks."""
    frame, labels = datasets.load_sdss_dr17(folder)
    keep = (labels["true_class"] != "") & np.isfinite(magnitudes(frame, BANDS)).all(axis=1)
    keep &= ~frame.filter(like="mag_").duplicated()
    some = np.random.default_rng(SEED).permutation(np.flatnonzero(keep))[:SUBSET]
    keep = np.isin(np.arange(len(frame)), some)
    frame, labels = frame[keep].reset_index(drop=True), labels[keep].reset_index(drop=True)
    quasar = labels["true_class"].str.startswith("QSO").to_numpy()
    x = colors(magnitudes(frame, BANDS))
    place = frame[["ra", "dec"]].to_numpy()
    blocks = sky_blocks(frame, level=3, together=2.0)
    splits = {"random": random_splits(len(x)), "blocks": block_splits(blocks, PARTS, SEED)}
    features = {"colors": x, "colors and position": np.column_stack([x, place])}
    scores, result = {}, {"n": len(x), "quasars": int(quasar.sum()), "blocks": len(set(blocks))}
    for how, parts in splits.items():
        for name, own in features.items():
            score = np.empty(len(x))
            for train, test in parts:
                model = HistGradientBoostingClassifier(max_iter=50, random_state=0)
                score[test] = model.fit(own[train], quasar[train]).predict_proba(own[test])[:, 1]
            scores[how, name] = score
            result[f"{how}, {name}"] = float(average_precision_score(quasar, score))
        result[f"{how}, gain"] = average_precision_gain(
            quasar, scores[how, "colors and position"], scores[how, "colors"], n_bootstrap=50
        ).to_dict()
    return result


def duplicates(folder):
    """Redshift error of the nearest neighbor in color, when files repeat sources."""
    five, five_labels = datasets.load_sdss_dr5_quasars(folder)
    new, new_labels = datasets.load_sdss_dr17(folder)
    own = new_labels["true_class"].str.startswith("QSO").to_numpy()
    columns = ["ra", "dec", *(f"mag_{b}" for b in BANDS)]
    table = pd.concat([
        five[columns].assign(z=five_labels["true_z"]),
        new.loc[own, columns].assign(z=new_labels["true_z"][own]),
    ], ignore_index=True)  # fmt: skip
    mags = table[[f"mag_{b}" for b in BANDS]].to_numpy()
    keep = np.isfinite(mags).all(axis=1) & table["z"].notna().to_numpy()
    table, mags = table[keep].reset_index(drop=True), mags[keep]
    z = table["z"].to_numpy()
    x = np.column_stack([colors(mags), 0.3 * mags[:, 3]])
    objects = sky_blocks(table, level=29, together=1.0)
    _, code, count = np.unique(objects, return_inverse=True, return_counts=True)
    repeated = count[code] > 1
    blocks = sky_blocks(table, level=3, together=1.0)
    result = {"n": len(z), "repeated": proportion(repeated.sum(), len(z)).to_dict()}
    for name, parts in {
        "random": random_splits(len(z)), "blocks": block_splits(blocks, PARTS, SEED)
    }.items():  # fmt: skip
        guess = np.empty(len(z))
        for train, test in parts:
            model = KNeighborsRegressor(n_neighbors=1).fit(x[train], z[train])
            guess[test] = model.predict(x[test])
        far = np.abs(guess - z) > 0.15 * (1 + z)
        result[name] = {
            "outliers": proportion(far.sum(), len(z)).to_dict(),
            "outliers_repeated": proportion(far[repeated].sum(), repeated.sum()).to_dict(),
            "outliers_single": proportion(far[~repeated].sum(), (~repeated).sum()).to_dict(),
        }
    return result


def tuning(frame, labels, train, test):
    """The best of many equal classifiers on a small test set, and on the rest."""
    label = labels["true_class"].to_numpy()
    x = colors(magnitudes(frame, BANDS))
    best, fresh, middle = [], [], []
    for repeat in range(10):
        rng = np.random.default_rng([SEED, repeat])
        mine = rng.permutation(np.flatnonzero(test))
        small, rest = mine[:200], mine[200:]
        shown, models = [], []
        for _ in range(200):
            own = rng.choice(np.flatnonzero(train), 300, replace=False)
            model = KernelBayesClassifier(0.3, priors={"QSO": 0.5, "Star": 0.5})
            model.fit(x[own], label[own])
            shown.append(np.mean(model.predict(x[small]) == label[small]))
            models.append(model)
        winner = models[int(np.argmax(shown))]
        best.append(max(shown))
        middle.append(float(np.median(shown)))
        fresh.append(float(np.mean(winner.predict(x[rest]) == label[rest])))
    gain = np.array(best) - np.array(fresh)
    return {
        "tries": 200, "test_sources": 200, "repeats": 10,
        "best_on_the_test_set": float(np.mean(best)),
        "median_on_the_test_set": float(np.mean(middle)),
        "same_one_on_fresh_sources": float(np.mean(fresh)),
        "flattered_by": paired_difference(best, fresh, test_fraction=0.01).to_dict(),
        "always": bool((gain > 0).all()),
    }  # fmt: skip


def compute(folder=None):
    """All mistakes."""
    frame, labels, train, test = halves(folder)
    return {
        "accuracy": accuracy(frame, labels, train, test),
        "position": position(folder),
        "duplicates": duplicates(folder),
        "tuning": tuning(frame, labels, train, test),
    }


def main():
    """Compute, write, print."""
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    start = time.process_time()
    result = compute()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "make real"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn")}
    OUT.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    print(f"{result['cpu_seconds']} CPU seconds; wrote {OUT.name}")


if __name__ == "__main__":
    main()
