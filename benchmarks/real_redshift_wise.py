"""Redshifts of real PS1+Gaia+WISE quasars; writes book/calderone2024/redshift.json.

    QSOLEARN_DATA=folder python benchmarks/real_redshift_wise.py        (or: make real)

Protocol. Twenty stratified random splits, 80 % for training. On each: the regression of Calderone
et al. 2024 with the paper's settings, and the conditional density, its settings chosen inside that
split's training set by the highest mean log density of 1,500 quasars held out from it; the test set
is opened once. The best redshift is the middle of the interval of half width 0.1 with the most
probability, fixed beforehand. Both are grouped by the same predicted class: low-z or high-z at 2.5
by boosted trees with the paper's settings on the same training set.

Settings tried while this was written, all on parts of the training set of a split of its own (seed
2024): `BY_HAND`; which settings are in the grid comes from there.
"""

import json
import os
import time
from datetime import date
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.datasets import load_ps1_gaia_wise_quasars
from qsolearn.frame import magnitudes
from qsolearn.judge import (
    paired_difference,
    probability_integral,
    redshift_report,
    reliability,
    split_mean,
    stratified_splits,
)
from qsolearn.papers.calderone2024 import BANDS, PUBLISHED
from qsolearn.photometry import colors
from qsolearn.redshift import ConditionalRedshift, RedshiftRegressor, solutions
from qsolearn.selection import BoostedTrees

OUT = Path(__file__).parents[1] / "book/calderone2024/redshift.json"
SEED, N_SPLITS, N_HELD_OUT = 31, 20, 1500
WINDOW = 0.1
BY_HAND = 127
PAPER, OURS = "regression, paper's settings", "conditional density"
#: First which bands, with the middle of the second grid; then the three settings together.
N_BANDS = (10, 11, 12)
MIDDLE = {"bandwidth": 1.4, "smoothing": 0.03, "background": 0.03}
GRID = [
    {"bandwidth": h, "smoothing": s, "background": b}
    for h, s, b in product((1.4, 2.0), (0.02, 0.03), (0.0, 0.03))
]


def load(folder=None):
    """Magnitudes, redshifts and classes."""
    frame, labels = load_ps1_gaia_wise_quasars(folder)
    first = ~frame.duplicated("id").to_numpy()
    mag = magnitudes(frame, BANDS)[first]
    return mag, labels["true_z"].to_numpy()[first], labels["true_class"].to_numpy(str)[first]


def density(mag, z, train, test, settings):
    """Fitted conditional density and its values for the test quasars."""
    settings = dict(settings)
    X = colors(mag[:, : settings.pop("n_bands")])
    i_mag = mag[:, BANDS.index("ps1_i")]
    model = ConditionalRedshift(error_weight=0.0, window=WINDOW, **settings)
    model.fit(X[train], z[train], i_mag[train])
    return model, model.predict_density(X[test], magnitude=i_mag[test])


def log_score(model, values, z):
    """Mean log density at the true redshifts; one beyond the grid counts as its last cell."""
    step = model.z_grid_[1] - model.z_grid_[0]
    cell = np.minimum((z / step).astype(int), values.shape[1] - 1)
    return float(np.mean(np.log(np.maximum(values[np.arange(len(z)), cell], 1e-9))))


def choose(mag, z, train):
    """Settings with the best mean log density of held-out quasars, and every attempt."""
    held, learn = train[:N_HELD_OUT], train[N_HELD_OUT:]
    attempts = []

    def attempt(settings):
        model, values = density(mag, z, learn, held, settings)
        attempts.append({"settings": settings, "score": log_score(model, values, z[held])})

    for n_bands in N_BANDS:
        attempt({"n_bands": n_bands, **MIDDLE})
    n_bands = max(attempts, key=lambda a: a["score"])["settings"]["n_bands"]
    for settings in GRID:
        if settings != MIDDLE:
            attempt({"n_bands": n_bands, **settings})
    return max(attempts, key=lambda a: a["score"])["settings"], attempts


def one_split(mag, z, label, train, test):
    """Everything about one split: chosen settings, report per method, arrays to pool."""
    X = colors(mag)
    predicted = BoostedTrees(n_rounds=20).fit(X[train], label[train]).predict(X[test])
    settings, attempts = choose(mag, z, train)
    model, values = density(mag, z, train, test, settings)
    table = solutions(values, model.z_grid_, window=WINDOW)
    z_phot = {
        PAPER: RedshiftRegressor().fit(X[train], z[train]).predict(X[test]),
        OURS: table["z_phot"].to_numpy(),
    }
    reports = {
        name: {
            "predicted": redshift_report(values_, z[test], predicted),
            "true": redshift_report(values_, z[test], label[test]),
        }
        for name, values_ in z_phot.items()
    }
    inside = (z[test] >= table["z_low"]) & (z[test] <= table["z_high"])
    pooled = pd.DataFrame(
        {
            "z": z[test],
            "predicted": predicted,
            "probability": table["probability"],
            "inside": inside.to_numpy(),
            "high": values[:, model.z_grid_ > 2.5].sum(axis=1) * 0.01,
            "pit": probability_integral(values, model.z_grid_, z[test]),
            **z_phot,
        }
    )
    return settings, attempts, reports, pooled


def summary(reports):
    """Mean over the splits of every number of the reports, and the paired difference of NMADs."""
    out = {}
    for name in (PAPER, OURS):
        out[name] = {}
        for by in ("predicted", "true"):
            out[name][by] = {}
            for group in ("QSOlowZ", "QSOhighZ"):
                rows = [r[name][by].loc[group] for r in reports]
                out[name][by][group] = {
                    key: split_mean([float(r[key]) for r in rows]).to_dict()
                    for key in ("n", "nmad", "std", "outlier_fraction")
                }
    out["difference"] = {
        by: {
            group: paired_difference(
                *([float(r[m][by].loc[group, "nmad"]) for r in reports] for m in (PAPER, OURS))
            ).to_dict()
            for group in ("QSOlowZ", "QSOhighZ")
        }
        for by in ("predicted", "true")
    }
    return out


def compute(folder=None, n_splits=N_SPLITS):
    """Everything in the result file but date and versions."""
    mag, z, label = load(folder)
    splits = stratified_splits(label, n_splits, PUBLISHED["test_fraction"], SEED)
    made = []
    for k, (train, test) in enumerate(splits):
        made.append(one_split(mag, z, label, train, test))
        shown = made[-1][2][OURS]["predicted"]["nmad"].round(4).to_dict()
        print(f"split {k}: {made[-1][0]} NMAD {shown}", flush=True)
    first = made[0][3]
    pooled = pd.concat([m[3] for m in made], ignore_index=True)
    tables = {
        "range": reliability(pooled["inside"].to_numpy(), pooled["probability"].to_numpy()),
        "range_predicted_high": reliability(
            *(pooled.loc[pooled["predicted"] == "QSOhighZ", c].to_numpy()
              for c in ("inside", "probability"))
        ),
        "z_above_2.5": reliability(
            (pooled["z"] > 2.5).to_numpy(), np.clip(pooled["high"], 0, 1).to_numpy()
        ),
    }  # fmt: skip
    pit = np.histogram(pooled["pit"], 10, (0, 1))[0] / len(pooled)
    rng = np.random.default_rng(0)
    few = rng.permutation(len(first))[:1200]
    return {
        "rows": {"quasars": len(z), "high_z": int((z > 2.5).sum()), "train": len(splits[0][0]),
                 "test": len(splits[0][1])},
        "seed": SEED,
        "splits": n_splits,
        "window": WINDOW,
        "attempts": {"per_split": len(made[0][1]), "by_hand_before": BY_HAND},
        "chosen": [m[0] for m in made],
        "first_split_attempts": made[0][1],
        "methods": summary([m[2] for m in made]),
        "by_split": {
            name: {
                group: [round(float(m[2][name]["predicted"].loc[group, "nmad"]), 4) for m in made]
                for group in ("QSOlowZ", "QSOhighZ")
            }
            for name in (PAPER, OURS)
        },
        "reliability": {
            name: [
                {k: None if pd.isna(v) else round(float(v), 4) for k, v in row.items()}
                for row in table.to_dict("records")
            ]
            for name, table in tables.items()
        },
        "pit": pit.round(4).tolist(),
        "first_split": {
            c: (first.loc[few, c].round(3).tolist() if c != "predicted"
                else first.loc[few, c].tolist())
            for c in ("z", "predicted", PAPER, OURS)
        },
    }  # fmt: skip


def main():
    """Compute, print, write."""
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    start = time.process_time()
    result = compute()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "make real"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn", "xgboost")}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
    for by in ("predicted", "true"):
        for name in (PAPER, OURS):
            for group, numbers in result["methods"][name][by].items():
                e = numbers["nmad"]
                print(f"{by} {group}, {name}: NMAD {e['value']:.4f} ({e['low']:.4f} to "
                      f"{e['high']:.4f}), std {numbers['std']['value']:.3f}, "
                      f"outliers {numbers['outlier_fraction']['value']:.3f}")  # fmt: skip
    print(f"{result['cpu_seconds']} CPU s; wrote {OUT.name}")


if __name__ == "__main__":
    main()
