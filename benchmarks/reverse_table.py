"""Run methods on folds, keep what each said, and make the table with paired intervals."""

import time
from pathlib import Path

import numpy as np

from reverse_methods import METHODS
from reverse_sky import cpu

PRECISIONS = (0.5, 0.6, 0.7, 0.8)
#: Sources that are no target and rank below this many others of a fold leave the bootstrap.
KEPT = 5_000


def run(X, y, target, folds, work, methods=tuple(METHODS), seconds=np.inf):
    """Fill the folder ``work`` with one file per method and fold; whether all are there.

    ``folds`` is a list of (training rows, test rows). Work that is there already is not repeated,
    and none is begun after ``seconds``.
    """
    work = Path(work)
    work.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    for k, (fit, judge) in enumerate(folds):
        for name in methods:
            path = work / f"{list(METHODS).index(name)}-{k}.npz"
            if path.exists():
                continue
            if time.perf_counter() - begun > seconds:
                return False
            start = cpu()
            selected, score = METHODS[name](X[fit], y[fit], X[judge], target, k)
            spent = cpu() - start
            order = np.argsort(-score, kind="stable")
            keep = np.zeros(len(judge), bool)
            keep[order[:KEPT]] = True
            keep |= (y[judge] == target) | selected
            np.savez(path, rows=judge[keep], selected=selected[keep], score=score[keep], cpu=spent)
            print(f"fold {k}, {name}: {spent:.1f} CPU-s", flush=True)
    return True


def curve(hit, score, weight):
    """Recall and precision down the ranking, sources weighted; ties hide the targets."""
    order = np.lexsort((hit, -score))
    w, h = weight[order], hit[order]
    true, all_ = np.cumsum(w * h), np.cumsum(w)
    return true / max(true[-1], 1e-12), true / np.maximum(all_, 1e-12), w * h


def average_precision(hit, score, weight):
    """Mean precision at the targets."""
    _, precision, own = curve(hit, score, weight)
    return float(np.sum(precision * own) / max(np.sum(own), 1e-12))


def recall_at(hit, score, weight, level):
    """Largest recall whose precision is at least a level."""
    recall, precision, _ = curve(hit, score, weight)
    good = precision >= level
    return float(recall[good].max()) if good.any() else 0.0


def table(
    y, target, n_folds, work, methods=tuple(METHODS), references=(), draws=400, seed=0, z=None
):
    """All numbers of the methods, with intervals from resampling sources, the same for all."""
    said = {
        name: [
            dict(np.load(Path(work) / f"{list(METHODS).index(name)}-{k}.npz"))
            for k in range(n_folds)
        ]
        for name in methods
    }
    # Only sources that some method kept can matter; each has the same weights for all methods.
    used = np.unique(np.concatenate([p["rows"] for parts in said.values() for p in parts]))
    rng = np.random.default_rng(seed)
    draw = rng.poisson(1.0, (draws, len(used))).astype(np.uint8)
    high = np.flatnonzero(y[used] == target)
    draw[:, high] = rng.multinomial(len(high), np.full(len(high), 1 / len(high)), draws)
    out, aps = {}, {}
    for name, parts in said.items():
        rows, selected, score = (
            np.concatenate([p[key] for p in parts]) for key in ("rows", "selected", "score")
        )
        hit, one = y[rows] == target, np.ones(len(rows))

        def numbers(w, rows=rows, selected=selected, score=score, hit=hit):
            found = selected * w
            far = {} if z is None else {
                "recall_z3": np.sum(found * hit * (z[rows] > 3))
                / max(np.sum(w * hit * (z[rows] > 3)), 1)
            }  # fmt: skip
            return {
                "precision": np.sum(found * hit) / max(found.sum(), 1),
                "recall": np.sum(found * hit) / max(np.sum(w * hit), 1),
                **far,
                **{f"recall_at_{p:.1f}": recall_at(hit, score, w, p) for p in PRECISIONS},
                "average_precision": average_precision(hit, score, w),
            }

        value = numbers(one)
        place = np.searchsorted(used, rows)
        drawn = [numbers(w[place].astype(float)) for w in draw]
        aps[name] = np.array([d["average_precision"] for d in drawn])
        recall, precision, _ = curve(hit, score, one)
        grid = np.linspace(0.02, 1.0, 50)
        place = np.minimum(np.searchsorted(recall, grid - 1e-12), len(recall) - 1)
        out[name] = {
            **{
                key: {
                    "value": round(float(v), 4),
                    "low": round(float(np.quantile([d[key] for d in drawn], 0.025)), 4),
                    "high": round(float(np.quantile([d[key] for d in drawn], 0.975)), 4),
                }
                for key, v in value.items()
            },
            "selected": int(selected.sum()),
            "cpu_seconds": round(float(np.mean([p["cpu"] for p in parts])), 2),
            "curve": {"recall": grid.round(3).tolist(),
                      "precision": precision[place].round(4).tolist()},
        }  # fmt: skip
    for reference in references:
        own = out[reference]["average_precision"]["value"]
        for name in methods:
            difference = aps[name] - aps[reference]
            out[name][f"average_precision_minus {reference}"] = {
                "value": round(out[name]["average_precision"]["value"] - own, 4),
                "low": round(float(np.quantile(difference, 0.025)), 4),
                "high": round(float(np.quantile(difference, 0.975)), 4),
            }
    return out


def show(result):
    """Print a table, one line per method."""
    for name, r in result.items():
        ap = r["average_precision"]
        at = "/".join(f"{r[f'recall_at_{p:.1f}']['value']:.2f}" for p in PRECISIONS)
        print(
            f"{name:38s} P {r['precision']['value']:.3f} R {r['recall']['value']:.3f} "
            f"R at P {at} AP {ap['value']:.3f} ({ap['low']:.3f} to {ap['high']:.3f}) "
            f"{r['cpu_seconds']:.1f} CPU-s"
        )
