"""The simulated sky of the reverse-selection benchmarks: colors, labels, splits, methods, rates."""

import datetime
import json
import os
import platform
import resource
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pyarrow.parquet as pq

from qsolearn.selection import BoostedTrees, ReverseSelectionClassifier
from qsolearn.simulate import make_sky

FOLDER = Path(__file__).parents[1] / "book" / "calderone2024"
ROWS = 30_796_027
BANDS = (
    *(f"ps1_{f}" for f in "grizy"),
    *("gaia_bp", "gaia_g", "gaia_rp"),
    *(f"wise_w{k}" for k in (1, 2, 3, 4)),
)
#: Sorted, so that the code of a class is its place in ``classes_``.
CLASSES = ("Galaxy", "QSOhighZ", "QSOlowZ", "Star", "other")
HIGH, STAR = CLASSES.index("QSOhighZ"), CLASSES.index("Star")
ORDER = [CLASSES.index(c) for c in ("Star", "Galaxy", "QSOlowZ")]


def cpu():
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_gib():
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def simulated(part, seed, folder=None, n_jobs=1):
    """Parquet file of the sky at 1 / part of the paper's size; made if it is not there."""
    folder = Path(folder or tempfile.gettempdir())
    path = folder / f"qsolearn-sky-{part}-{seed}.parquet"
    if not path.exists():
        make_sky(
            "ps1-gaia-wise", n_sources=ROWS // part, seed=seed, composition="paper", to=path,
            n_jobs=n_jobs,
        )  # fmt: skip
    return path


def codes_of(path, column):
    """A column of classes as int8 codes of `CLASSES`, -1 = none."""
    out = []
    for batch in pq.ParquetFile(path).iter_batches(262_144, columns=[column]):
        text = batch.column(0)
        names = text.dictionary.to_pylist()
        place = np.array([CLASSES.index(n) if n in CLASSES else -1 for n in names], dtype=np.int8)
        out.append(place[text.indices.to_numpy()])
    return np.concatenate(out)


def colors_of(path, groups):
    """Colors (float32) of each group of rows; a group is a bool mask over the file."""
    out = [np.empty((int(g.sum()), len(BANDS) - 1), dtype=np.float32) for g in groups]
    filled = [0] * len(groups)
    start = 0
    for batch in pq.ParquetFile(path).iter_batches(262_144, columns=[f"mag_{b}" for b in BANDS]):
        mags = np.column_stack([batch.column(f"mag_{b}").to_numpy(zero_copy_only=False)
                                for b in BANDS])  # fmt: skip
        color = mags[:, :-1] - mags[:, 1:]
        for k, group in enumerate(groups):
            rows = color[group[start : start + len(color)]]
            out[k][filled[k] : filled[k] + len(rows)] = rows
            filled[k] += len(rows)
        start += len(color)
    return out


def redshifts_of(path, mask):
    """True redshifts of the rows of a mask; NaN for stars."""
    return pq.read_table(path, columns=["true_z"]).column(0).to_numpy()[mask]


def stratified(codes, share, seed):
    """Bool mask of a random share of each class; rows of code -1 are False."""
    rng = np.random.default_rng(seed)
    out = np.zeros(len(codes), bool)
    for c in range(len(CLASSES)):
        rows = np.flatnonzero(codes == c)
        out[rng.permutation(rows)[: round(share * len(rows))]] = True
    return out


def undersampled(codes, seed, n=None):
    """Rows with as many of each class as there are targets (or ``n``)."""
    rng = np.random.default_rng(seed)
    n = int(np.sum(codes == HIGH)) if n is None else n
    rows = [rng.permutation(np.flatnonzero(codes == c))[:n] for c in range(len(CLASSES))]
    return np.sort(np.concatenate(rows))


def direct(n_jobs=None):
    """The paper's direct classifier."""
    return BoostedTrees(n_rounds=40, n_jobs=n_jobs)


def reverse(n_jobs=None, **settings):
    """The paper's reverse selection."""
    return ReverseSelectionClassifier(
        BoostedTrees(n_rounds=20, n_jobs=n_jobs), target=HIGH, order=ORDER, **settings
    )


def rates(true, predicted, z):
    """Counts behind precision, recall at z > 2.5 and recall at z > 3."""
    found, high = predicted == HIGH, true == HIGH
    return {
        "predicted": int(found.sum()),
        "true_positives": int((found & high).sum()),
        "targets": int(high.sum()),
        "true_positives_z3": int((found & high & (z > 3)).sum()),
        "targets_z3": int((high & (z > 3)).sum()),
    }


def average_precision(positive, score):
    """Area under the precision-recall curve, ties counted together."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, score))


def provenance():
    """Command (without the folders and time limits of this machine), date and versions."""
    own = ("--sky", "--work", "--seconds")
    args = [a for k, a in enumerate(sys.argv) if a not in own and sys.argv[k - 1] not in own]
    return {
        "command": " ".join(["python", f"benchmarks/{Path(args[0]).name}", *args[1:]]),
        "date": datetime.date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in ("qsolearn", "numpy", "scikit-learn", "xgboost")},
        },
    }


def write(name, result):
    """Write a result file of the book and print it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1)
    (FOLDER / name).write_text(text + "\n", encoding="utf-8")
    return text
