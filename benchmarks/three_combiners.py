"""Choose the final model of a stack in training sets; write book/your_catalog/three_combiners.json.

    QSOLEARN_DATA=folder python benchmarks/three_combiners.py [--work FOLDER]

The training rows of benchmarks/real_three_methods.py (SDSS DR17, DESI with and without Gaia), and
those of a sky like that of benchmarks/three_methods.py, but of another seed; no row that judges
there is read. Every part has scored every training row out of fold; each way of combining the
scores is fitted on two thirds of the rows and ranks the rest, in turn. The rule, fixed before: the
way with the smallest area above the curve of efficiency over recall (1 - average precision), in the
geometric mean over the catalogs, is taken; among ways within one percent of it, the one with the
smallest trees.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

import real_three_methods as real
import three_methods as simulated
from qsolearn.frame import magnitudes
from qsolearn.judge import precision_recall
from qsolearn.photometry import colors
from qsolearn.selection import BoostedTrees, LogOddsRegression
from reverse_sky import provenance
from three_table import EFFICIENCIES, Ranked, kept_scores

OUT = Path(__file__).parents[1] / "book/your_catalog/three_combiners.json"
#: Sky of its own [deg^2], seed.
AREA, SEED = 36.0, 2027
FOLDS = 3


def lines(scores, quasar, new):
    """Bent lines, one for each score."""
    return LogOddsRegression().fit(scores, quasar).decision_function(new)


def straight(scores, quasar, new):
    """One weight for each score, and one for its silence."""

    def features(s):
        silent = np.isnan(s)
        return np.hstack([np.where(silent, 0.0, s), silent])

    model = LogisticRegression(max_iter=5000).fit(features(scores), quasar)
    return model.decision_function(features(new))


def calibrated_mean(scores, quasar, new):
    """Each score calibrated alone by bent lines, then the plain mean."""
    alone = [lines(scores[:, [k]], quasar, new[:, [k]]) for k in range(scores.shape[1])]
    return np.mean(alone, axis=0)


def trees(features, quasar, new, rounds, depth):
    """Log-odds of boosted trees."""
    model = BoostedTrees(n_rounds=rounds, max_depth=depth).fit(features, quasar)
    p = np.clip(model.predict_proba(new)[:, 1].astype(float), 1e-7, 1 - 1e-7)
    return np.log(p) - np.log1p(-p)


def combined(scores, color, quasar, new, new_color, single):
    """Log-odds of the new rows in every way; `single` is the column of the best single part."""
    bent = lines(scores, quasar, new)
    out = {
        "bent lines": bent,
        "straight lines": straight(scores, quasar, new),
        "mean of calibrated scores": calibrated_mean(scores, quasar, new),
        "mean of bent lines and boosted trees": 0.5 * (bent + new[:, single]),
    }
    both, new_both = np.hstack([scores, color]), np.hstack([new, new_color])
    for rounds, depth in ((20, 3), (40, 3), (20, 4)):
        size = f"{rounds} trees of depth {depth}"
        of_both = trees(both, quasar, new_both, rounds, depth)
        out[f"{size} on scores and colors"] = of_both
        out[f"mean of bent lines and {size} on scores and colors"] = 0.5 * (bent + of_both)
    of_scores = trees(scores, quasar, new, rounds, depth)
    out[f"{size} on scores"] = of_scores
    out[f"mean of bent lines and {size} on scores"] = 0.5 * (bent + of_scores)
    return out


def cross_validated(scores, color, quasar, names):
    """Average precision, recalls and log loss of every way and every part."""
    single = names.index("trees all bands" if "trees all bands" in names else "boosted trees")
    made = {}
    for fit, judge in StratifiedKFold(FOLDS, shuffle=True, random_state=3).split(quasar, quasar):
        ways = combined(
            scores[fit], color[fit], quasar[fit], scores[judge], color[judge], single
        ) | {f"alone: {n}": scores[judge, k] for k, n in enumerate(names)}
        for way, s in ways.items():
            made.setdefault(way, np.empty(len(quasar)))[judge] = s
    out = {}
    for way, s in made.items():
        told = np.nan_to_num(s, nan=np.log(quasar.mean()))
        recalls = Ranked(quasar, s).recalls(np.ones(len(quasar)))
        out[way] = {
            "average_precision": float(precision_recall(quasar, s).attrs["average_precision"]),
            "log_loss": float(np.mean(np.logaddexp(0, np.where(quasar, -told, told)))),
            "recall": {f"{e:.2f}": r for e, r in zip(EFFICIENCIES, recalls, strict=True)},
        }
    return out


def training_sets(work):
    """Name, out-of-fold scores, colors, quasar or not, names of the parts."""
    for name, frame, label, train, _, *bands in real.cases():
        made = kept_scores(work and work / f"{name}.npz",
                           lambda given=(frame, label, train, *bands): real.scored_case(*given),
                           time.process_time())  # fmt: skip
        color = colors(magnitudes(frame, bands[1]))[train]
        yield name, made["seen"], color, (label == "QSO")[train], made["names"].tolist()
    sky = simulated.make(AREA, SEED)
    made = kept_scores(work and work / f"sky_{SEED}.npz",
                       lambda: simulated.scored_sky(*sky), time.process_time())  # fmt: skip
    frame, _, quasar, train = sky
    color = colors(magnitudes(frame, simulated.ALL))[train]
    yield "simulated", made["seen"], color, quasar[train], made["names"].tolist()


def main(argv=None):
    """Compute, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="folder that keeps the scores of each catalog")
    args = parser.parse_args(argv)
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    start = time.process_time()
    result = {"catalogs": {}}
    for name, scores, color, quasar, names in training_sets(args.work):
        tried = cross_validated(scores, color, quasar, names)
        rows = {"training_rows": len(quasar), "quasars": int(quasar.sum())}
        result["catalogs"][name] = rows | {"tried": tried}
        print(name, rows)
        for way, r in sorted(tried.items(), key=lambda kv: -kv[1]["average_precision"]):
            recalls = " ".join(f"{v:.3f}" for v in r["recall"].values())
            print(f"  {way:70s} AP {r['average_precision']:.4f} {recalls} {r['log_loss']:.5f}")
    tables = [
        pd.Series({w: 1 - r["average_precision"] for w, r in c["tried"].items()})
        for c in result["catalogs"].values()
    ]
    common = [w for w in tables[0].index if not w.startswith("alone")]
    area = np.exp(np.mean([np.log(t[common]) for t in tables], axis=0))
    result["area_above_the_curve"] = dict(zip(common, area.tolist(), strict=True))
    for way, a in sorted(result["area_above_the_curve"].items(), key=lambda kv: kv[1]):
        print(f"{way:70s} {a:.5f}")
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result |= provenance()
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
