"""Kernel Bayes classification at the size of Richards et al. 2004, beside other packages.

830,000 objects against 478,144 stars and 16,713 quasars in four colors, bandwidth 0.15. Everything
is simulated: stars along a curved ridge, quasars around a loop. CPU seconds of one thread, tree
builds and fits included. Peers run on a marked subset of the objects where they are slow, and only
what grows with the number of objects is scaled up, never their fit.

    python benchmarks/kde.py epanechnikov    labels and densities beside peers
    python benchmarks/kde.py gaussian        Gaussian densities beside peers
    python benchmarks/kde.py check           labels against brute force
    python benchmarks/kde.py leave-one-out   a 10 x 10 grid of bandwidths
    python benchmarks/kde.py growth          numbers of objects and of training points
    python benchmarks/kde.py threads         the second thread; wants a quiet machine
"""

import argparse
import importlib
import json
import os
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numba import njit
from scipy.spatial import cKDTree
from sklearn.neighbors import KernelDensity

from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy

RESULT = Path(__file__).parent / "results" / "kde.json"
N_STARS, N_QUASARS, N_OBJECTS = 478_144, 16_713, 830_000
BANDWIDTH = 0.15
PRIORS = {"QSO": 0.12, "star": 0.88}
N_CHECKED = 20_000
PACKAGES = ["qsolearn", "scikit-learn", "mlpack"]


def make_stars(rng, n, reddest=1.0):
    t = reddest * rng.beta(1.2, 3.0, n)
    ridge = np.column_stack(
        [
            0.75 + 2 * t,
            0.15 + 1.3 * t - 0.1 * t**2,
            0.02 + 0.35 * t + 1.2 * t**4,
            -0.02 + 0.15 * t + 0.7 * t**4,
        ]
    )
    scatter = np.array([0.09, 0.04, 0.04, 0.05]) * np.where(rng.random((n, 1)) < 0.03, 5, 1)
    return ridge + scatter * rng.normal(size=(n, 4))


def make_quasars(rng, n):
    a = 2 * np.pi * rng.random(n)
    loop = np.column_stack(
        [
            0.35 + 0.4 * np.cos(a),
            0.15 + 0.2 * np.sin(a),
            0.12 + 0.12 * np.cos(2 * a),
            0.08 + 0.1 * np.sin(2 * a),
        ]
    )
    return loop + 0.11 * rng.normal(size=(n, 4))


def make_objects(rng, n):
    """88 % stars, of the blue quarter of the ridge."""
    stars = make_stars(rng, round(0.88 * n), reddest=0.25)
    return rng.permutation(np.vstack([stars, make_quasars(rng, n - len(stars))]))


def cpu_seconds(work, *arguments, **keywords):
    """CPU seconds of this process, user and system, and the result."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = work(*arguments, **keywords)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result


def fit(X, y, kernel="epanechnikov", n_jobs=1):
    return KernelBayesClassifier(BANDWIDTH, kernel, PRIORS, n_jobs).fit(X, y)


@njit(fastmath=True)
def brute_force_sums(x, points, square):
    """Kernel sums pair by pair; points come as (4, n)."""
    sums = np.zeros(len(x))
    for i in range(len(x)):
        total = 0.0
        for j in range(points.shape[1]):
            distance = 0.0
            for d in range(4):
                distance += (x[i, d] - points[d, j]) ** 2
            total += max(1.0 - distance / square, 0.0)
        sums[i] = total
    return sums


def check(rng):
    """Disagreements with brute force on random objects, ties (to 1e-12) aside."""
    X, y, objects = make_all(rng, N_STARS, N_QUASARS, N_OBJECTS)
    which = rng.choice(len(objects), N_CHECKED, replace=False)
    model = fit(X, y)
    sums, exact = [], []
    for c, label in enumerate(model.classes_):
        points = X[y == label]
        sums.append(brute_force_sums(objects[which], points.T.copy(), BANDWIDTH**2))
        volume = np.pi**2 / 2 * BANDWIDTH**4 / 3 * len(points)
        exact.append(np.exp(model.log_density(objects[which])[:, c]) * volume)
        sums[-1] *= PRIORS[label] / len(points)
        exact[-1] *= PRIORS[label] / len(points)
    quasars, stars = sums
    closeness = abs(quasars - stars) / np.maximum(np.maximum(quasars, stars), 1e-300)
    tie = (closeness < 1e-12) & (closeness > 0)
    differ = (quasars > stars) != (model.predict(objects)[which] == "QSO")
    dense = [own > 1e-3 * PRIORS[c] / np.sum(y == c) for own, c in zip(sums, PRIORS, strict=True)]
    errors = [
        abs(own[k] / reference[k] - 1).max()
        for own, reference, k in zip(exact, sums, dense, strict=True)
    ]
    result = {
        "checked": N_CHECKED,
        "disagreements": int((differ & ~tie).sum()),
        "ties": int(tie.sum()),
        "largest_relative_error_of_sums_above_0.001": float(f"{max(errors):.1e}"),
    }
    print(json.dumps(result), flush=True)
    return result


def time_ours(X, y, objects, tasks):
    """CPU seconds with fit of each (task, kernel, method)."""
    rows = []
    for task, kernel, method in tasks:
        seconds, model = cpu_seconds(fit, X, y, kernel)
        more, _ = cpu_seconds(getattr(model, method), objects)
        rows.append(row(task, "qsolearn", len(objects), seconds, more, len(objects)))
    return rows


def row(task, package, n, fit_seconds, seconds, n_all):
    whole = fit_seconds + seconds * n_all / n
    result = {
        "task": task,
        "package": package,
        "objects_timed": n,
        "subset": n < n_all,
        "cpu_seconds_fit": round(fit_seconds, 3),
        "cpu_seconds_timed": round(seconds, 3),
        "cpu_seconds_all": round(whole, 2),
        "objects_per_cpu_second": round(n_all / whole, 1),
    }
    print(json.dumps(result), flush=True)
    return result


def time_sklearn(samples, objects, task, kernel, rtol, n):
    fits, estimates = cpu_seconds(
        lambda: [
            KernelDensity(bandwidth=BANDWIDTH, kernel=kernel, rtol=rtol).fit(s) for s in samples
        ]
    )
    seconds, _ = cpu_seconds(lambda: [e.score_samples(objects[:n]) for e in estimates])
    return row(task, f"scikit-learn, rtol {rtol:g}", n, fits, seconds, len(objects))


def time_mlpack(samples, objects, task, kernel, rtol, n):
    """Reference and query together: with a reference alone mlpack computes all of its densities.

    Its binding builds trees in the same call, so a call on few objects gives the fit.
    """
    kde = importlib.import_module("mlpack").kde

    def call(m):
        for sample in samples:
            kde(
                reference=sample,
                query=objects[:m],
                bandwidth=BANDWIDTH,
                kernel=kernel,
                rel_error=rtol,
                abs_error=0.0,
                algorithm="dual-tree",
                tree="kd-tree",
            )

    fits, _ = cpu_seconds(call, 10)
    seconds, _ = cpu_seconds(call, n)
    return row(task, f"mlpack dual tree, rel {rtol:g}", n, fits, seconds - fits, len(objects))


def epanechnikov(rng, packages, mlpack_objects, known):
    tasks = [("labels", "epanechnikov", "predict"), ("densities", "epanechnikov", "log_density")]
    peers = ("densities", "epanechnikov", 0.0)
    return compare(rng, tasks, peers, packages, 2000, mlpack_objects, known)


def gaussian(rng, packages, mlpack_objects, known):
    tasks = [("gaussian", "gaussian", "log_density")]
    peers = ("gaussian", "gaussian", 1e-4)
    return compare(rng, tasks, peers, packages, 500, mlpack_objects // 10, known)


def compare(rng, tasks, peers, packages, sklearn_objects, mlpack_objects, known):
    """Rows of the packages, beside those known of the others; ratios of objects per CPU second."""
    X, y, objects = make_all(rng, N_STARS, N_QUASARS, N_OBJECTS)
    samples = [X[y == label] for label in ("QSO", "star")]
    within = [
        cKDTree(own).query_ball_point(objects[:500], BANDWIDTH, return_length=True).mean()
        for own in samples
    ]
    rows = []
    if "qsolearn" in packages:
        rows += time_ours(X, y, objects, tasks)
    if "scikit-learn" in packages:
        rows.append(time_sklearn(samples, objects, *peers, sklearn_objects))
    if "mlpack" in packages:
        rows.append(time_mlpack(samples, objects, *peers, mlpack_objects))
    rows = [r | provenance() for r in rows]
    timed = {(r["task"], r["package"]) for r in rows}
    rows += [r for r in known if (r["task"], r["package"]) not in timed]
    ratios = []
    for ours in rows:
        for theirs in rows:
            if ours["package"] == "qsolearn" and theirs["package"] != "qsolearn":
                ratio = ours["objects_per_cpu_second"] / theirs["objects_per_cpu_second"]
                ratios.append(
                    {"task": ours["task"], "package": theirs["package"], "ratio": round(ratio, 1)}
                )
                print(json.dumps(ratios[-1]), flush=True)
    return {
        "mean_within_bandwidth": {
            label: round(float(n), 1) for label, n in zip(("QSO", "star"), within, strict=True)
        },
        "rows": rows,
        "ratios": ratios,
    }


def leave_one_out(rng):
    X, y, _ = make_all(rng, N_STARS, N_QUASARS, 1)
    tried = np.linspace(0.06, 0.24, 10)
    grid = np.array([(q, s) for q in tried for s in tried])
    leave_one_out_accuracy(X[::5000], y[::5000], grid[:1])
    seconds, accuracy = cpu_seconds(leave_one_out_accuracy, X, y, grid, priors=PRIORS)
    frequencies = [np.mean(y == "QSO"), np.mean(y == "star")]
    best = int(np.argmax(accuracy @ frequencies))
    result = {
        "objects": len(X),
        "pairs": len(grid),
        "bandwidths": tried.round(3).tolist(),
        "cpu_seconds": round(seconds, 2),
        "best_pair": grid[best].round(3).tolist(),
        "best_accuracy": accuracy[best].round(5).tolist(),
    }
    print(json.dumps(result), flush=True)
    return result


def growth(rng):
    """More objects, and more training points, for labels."""
    rows = []
    X, y, objects = make_all(rng, N_STARS, N_QUASARS, 10_000_000)
    for n in (10_000, 100_000, 1_000_000, 10_000_000):
        rows.append(time_labels(X, y, objects[:n], 1))
    for n in (50_000, 500_000, 5_000_000):
        X, y, _ = make_all(rng, n - n // 30, n // 30, 1)
        rows.append(time_labels(X, y, objects[:830_000], 1))
    return {"rows": rows}


def threads(rng):
    """One and two threads in turn, three times; the load of the machine before each."""
    X, y, objects = make_all(rng, N_STARS, N_QUASARS, 3_000_000)
    rows = []
    for _ in range(3):
        for n_jobs in (1, 2):
            load = round(os.getloadavg()[0], 2)
            rows.append(time_labels(X, y, objects, n_jobs) | {"load_before": load})
    wall = [
        min(r["wall_seconds_predict"] for r in rows if r["threads"] == n_jobs) for n_jobs in (1, 2)
    ]
    print(json.dumps({"speed_up": round(wall[0] / wall[1], 2)}), flush=True)
    return {"rows": rows, "speed_up": round(wall[0] / wall[1], 2)}


def time_labels(X, y, objects, n_jobs):
    wall = time.perf_counter()
    fits, model = cpu_seconds(fit, X, y, n_jobs=n_jobs)
    fit_wall = time.perf_counter() - wall
    wall = time.perf_counter()
    seconds, _ = cpu_seconds(model.predict, objects)
    result = {
        "objects": len(objects),
        "training": len(X),
        "threads": n_jobs,
        "cpu_seconds_fit": round(fits, 3),
        "cpu_seconds_predict": round(seconds, 3),
        "wall_seconds_fit": round(fit_wall, 3),
        "wall_seconds_predict": round(time.perf_counter() - wall, 3),
    }
    print(json.dumps(result), flush=True)
    return result


def make_all(rng, n_stars, n_quasars, n_objects):
    X = np.vstack([make_stars(rng, n_stars), make_quasars(rng, n_quasars)])
    y = np.repeat(["star", "QSO"], [n_stars, n_quasars])
    return X, y, make_objects(rng, n_objects)


def versions():
    found = {"python": platform.python_version()}
    for package in ("numpy", "numba", "scikit-learn", "mlpack"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def warm_up(rng):
    """Have everything compiled before anything is timed."""
    small = make_all(rng, 3000, 3000, 30_000)
    for kernel in ("epanechnikov", "gaussian"):
        model = fit(*small[:2], kernel)
        model.predict(small[2])
        model.log_density(small[2])


def provenance():
    return {
        "command": " ".join(["python", *sys.argv]),
        "date": datetime.now(UTC).date().isoformat(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "part",
        choices=["epanechnikov", "gaussian", "check", "leave-one-out", "growth", "threads"],
    )
    parser.add_argument("--packages", nargs="+", default=PACKAGES, choices=PACKAGES)
    parser.add_argument(
        "--mlpack-objects", type=int, default=100_000, help="a tenth of it for gaussian"
    )
    arguments = parser.parse_args()
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    name = arguments.part.replace("-", "_")
    known = result.get(name, {}).get("rows", [])
    beside = {
        "packages": arguments.packages,
        "mlpack_objects": arguments.mlpack_objects,
        "known": known,
    }
    run = {
        "epanechnikov": partial(epanechnikov, **beside),
        "gaussian": partial(gaussian, **beside),
        "check": check,
        "leave-one-out": leave_one_out,
        "growth": growth,
        "threads": threads,
    }
    part = provenance() | {
        "versions": versions(),
        "stars": N_STARS,
        "quasars": N_QUASARS,
        "objects": N_OBJECTS,
        "bandwidth": BANDWIDTH,
    }
    print(json.dumps(part), flush=True)
    warm_up(np.random.default_rng(1))
    result[name] = part | run[arguments.part](np.random.default_rng(0))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
