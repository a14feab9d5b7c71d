"""Reverse selection at the size of the paper: compute, memory, recall and precision.

    python benchmarks/reverse.py [--part 20] [--seed 2024] [--sky FOLDER]

The simulated sky has the paper's mix of classes: 22,525,474 training, 5,631,369 test and 2,639,184
unclassified rows at ``--part 1``, a 20th of it by default. Each method is fitted in a process of
its own, so that its peak memory is its own, on the same two threads; CPU seconds are those of the
fit (features in memory, as float32) and of the prediction. Writes book/calderone2024/full_size.json
at ``--part 1`` and benchmarks/results/reverse.json otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from qsolearn.judge import confusion, proportion
from qsolearn.selection import BoostedTrees
from reverse_sky import (
    CLASSES,
    FOLDER,
    HIGH,
    average_precision,
    codes_of,
    colors_of,
    cpu,
    direct,
    peak_gib,
    provenance,
    rates,
    redshifts_of,
    reverse,
    simulated,
    stratified,
    undersampled,
)

THREADS = 2
METHODS = ("reverse", "undersampled", "direct")


def prepare(path, seed, folder):
    """Write colors and labels of the three sets as npy files."""
    codes = codes_of(path, "label_class")
    train = stratified(codes, 0.8, seed)
    test, unknown = (codes >= 0) & ~train, codes < 0
    sets = {"train": train, "test": test, "unclassified": unknown}
    for name, color in zip(sets, colors_of(path, list(sets.values())), strict=True):
        np.save(folder / f"{name}.npy", color)
    for name in ("train", "test"):
        np.save(folder / f"{name}_label.npy", codes[sets[name]])
    np.save(folder / "test_z.npy", redshifts_of(path, test))
    true = codes_of(path, "true_class")[unknown]
    np.save(folder / "unclassified_true.npy", true)


def fit(method, folder, seed):
    """Fit and judge one method in this process."""
    X, y = (np.load(folder / f"{name}.npy") for name in ("train", "train_label"))
    n = len(y)
    start, wall = cpu(), time.perf_counter()
    if method == "undersampled":
        rows = undersampled(y, seed)
        model = BoostedTrees(n_rounds=15, n_jobs=THREADS).fit(X[rows], y[rows])
    else:
        model = (direct if method == "direct" else reverse)(n_jobs=THREADS).fit(X, y)
    out = {"fit_cpu_seconds": cpu() - start, "fit_wall_seconds": time.perf_counter() - wall}
    out["training_rows"], out["peak_gib"] = n, peak_gib()
    del X
    X, y, z = (np.load(folder / f"{name}.npy") for name in ("test", "test_label", "test_z"))
    start, wall = cpu(), time.perf_counter()
    predicted = model.predict(X)
    out["predict_rows_per_cpu_second"] = len(y) / (cpu() - start)
    out["predict_rows_per_second"] = len(y) / (time.perf_counter() - wall)
    out["peak_gib_with_prediction"] = peak_gib()
    out["counts"] = rates(y, predicted, z)
    names = np.array(CLASSES)
    table = confusion(names[y], names[predicted], labels=CLASSES).counts
    out["confusion"] = {"classes": list(CLASSES), "counts": table.to_numpy().tolist()}
    if method == "reverse":
        out["average_precision"] = average_precision(y == HIGH, model.target_score(X))
        unknown = np.load(folder / "unclassified.npy")
        out["stages"] = {
            "training": model.stages_.n.tolist(),
            "test": model.stage_table(X).n.tolist(),
            "unclassified": model.stage_table(unknown).n.tolist(),
            "targets_training": model.stages_.n_target.tolist(),
            "targets_test": model.stage_table(X, y).n_target.tolist(),
        }
    else:
        proba = model.predict_proba(X)[:, HIGH]
        out["average_precision"] = average_precision(y == HIGH, proba)
        unknown = np.load(folder / "unclassified.npy")
    found = model.predict(unknown) == HIGH
    true = np.load(folder / "unclassified_true.npy") == HIGH
    out["unclassified"] = {"candidates": int(found.sum()), "true": int((found & true).sum()),
                           "targets": int(true.sum())}  # fmt: skip
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in out.items()}


def judged(counts):
    """Precision and recalls with their intervals."""
    return {
        "precision": proportion(counts["true_positives"], counts["predicted"]).to_dict(),
        "recall": proportion(counts["true_positives"], counts["targets"]).to_dict(),
        "recall_z3": proportion(counts["true_positives_z3"], counts["targets_z3"]).to_dict(),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--sky", type=Path, help="folder of the simulated sky (default: temporary)")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--arrays", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.only:
        print(json.dumps(fit(args.only, args.arrays, args.seed)))
        return
    path = simulated(args.part, args.seed, args.sky, n_jobs=THREADS)
    methods = {}
    with tempfile.TemporaryDirectory(dir=args.sky) as folder:
        prepare(path, args.seed, Path(folder))
        for method in METHODS:
            command = [sys.executable, __file__, "--only", method, "--arrays", folder,
                       "--seed", str(args.seed)]  # fmt: skip
            wall = time.perf_counter()
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True,
                env={**os.environ, "OMP_NUM_THREADS": str(THREADS)},
            )  # fmt: skip
            methods[method] = json.loads(done.stdout)
            methods[method] |= judged(methods[method]["counts"])
            methods[method]["process_wall_seconds"] = round(time.perf_counter() - wall, 1)
            print(method, json.dumps(methods[method]), flush=True)
    ratio = methods["reverse"]["fit_cpu_seconds"] / methods["direct"]["fit_cpu_seconds"]
    result = {
        "what": "one stratified 80/20 split of the simulated sky; every method on the same rows",
        "part_of_the_papers_size": args.part,
        "rows": {
            "training": methods["reverse"]["stages"]["training"][0],
            "test": methods["reverse"]["stages"]["test"][0],
            "unclassified": methods["reverse"]["stages"]["unclassified"][0],
        },
        "seed": args.seed,
        "threads": THREADS,
        "reverse_over_direct_cpu": round(ratio, 4),
        "methods": methods,
        **provenance(),
    }
    out = FOLDER / "full_size.json" if args.part == 1 else RESULTS / "reverse.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"reverse / direct CPU seconds of the fit: {ratio:.3f}; wrote {out.name}")


RESULTS = Path(__file__).parent / "results"

if __name__ == "__main__":
    main()
