"""The referee's question: what else finds one class in ten thousand, and does it do better?

    python benchmarks/reverse_referee.py [--part 20] [--folds 3] [--sky FOLDER] [--work FOLDER]
                                         [--seconds S]

Every method sees the same folds of the simulated sky with the paper's mix of classes (seed 2024; a
20th of the paper's size). Each labelled source is judged once, by models that have not seen it;
settings, where a method has any, are chosen inside the training folds (nested). Intervals come from
resampling sources, the same draw for all methods, so differences are paired. Needs the dependency
group ``benchmarks`` (imbalanced-learn). With ``--seconds`` it stops beginning new fits after that
time and goes on when it is called again with the same ``--work``. Writes
book/calderone2024/referee.json.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from reverse_methods import METHODS
from reverse_sky import (
    HIGH,
    codes_of,
    colors_of,
    provenance,
    redshifts_of,
    simulated,
    write,
)
from reverse_table import run, show, table

SEED = 2024
REFERENCES = ("direct", "direct, best weights, chosen inside")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=int, default=20)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--sky", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--seconds", type=float, default=np.inf)
    args = parser.parse_args(argv)
    path = simulated(args.part, SEED, args.sky)
    codes = codes_of(path, "label_class")
    known = codes >= 0
    (X,) = colors_of(path, [known])
    y, z = codes[known], redshifts_of(path, known)
    folds = list(StratifiedKFold(args.folds, shuffle=True, random_state=SEED).split(X, y))
    work = args.work or tempfile.mkdtemp()
    if not run(X, y, HIGH, folds, work, seconds=args.seconds):
        print("not all done; call again")
        raise SystemExit(3)
    methods = table(y, HIGH, args.folds, work, references=REFERENCES, z=z)
    result = {
        "part_of_the_papers_size": args.part,
        "rows": {"labelled": len(y), "targets": int(np.sum(y == HIGH)),
                 "targets_z3": int(np.sum((y == HIGH) & (z > 3)))},
        "folds": args.folds,
        "seed": SEED,
        "what": {name: f.__doc__.splitlines()[0] for name, f in METHODS.items()},
        "not_compared": {
            "probabilistic random forest": "no maintained classifier of that name is on PyPI "
            "(November 2026)"
        },
        "methods": methods,
        **provenance(),
    }  # fmt: skip
    write("referee.json", result)
    show(methods)


if __name__ == "__main__":
    main()
