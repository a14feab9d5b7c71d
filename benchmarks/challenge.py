"""Enter the book's methods into a blind challenge, and judge them once.

    python benchmarks/challenge.py        writes book/capstone/scores.json

Every setting comes from the training file, or is the library's default. The truth is opened after
all entries are made. Three more challenges tell how much the scores depend on the training file.
"""

import functools
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.datasets import make_challenge, open_challenge
from qsolearn.frame import read_frame, read_table
from qsolearn.judge import completeness, is_quasar_class, proportion, selection_report
from qsolearn.photometry import deredden
from qsolearn.selection import (
    BoostedTrees,
    FrameSelector,
    KernelBayesClassifier,
    ReverseSelectionClassifier,
    UVExcessCut,
    choose_bandwidths,
    select_frame,
)
from qsolearn.simulate import make_sky

OUT = Path(__file__).parents[1] / "book/capstone/scores.json"
SEED = 2026
PRACTICE = range(11, 14)
BANDS = [f"sdss_{b}" for b in "ugriz"]
BANDWIDTHS = [0.1, 0.15, 0.2, 0.3]
#: Share of quasars among the point sources of a whole sky (Before you start).
SKY_SHARE = 0.018


def colors(frame):
    """Neighboring colors, shape (n, 4)."""
    return -np.diff(frame[[f"mag_{b}" for b in BANDS]].to_numpy(), axis=1)


def made_fainter(known, catalog, seed=0):
    """The training sources moved to magnitudes of the catalog, with the noise found there."""
    rng = np.random.default_rng(seed)
    out = pd.concat([known] * 4, ignore_index=True).assign(id=np.arange(4 * len(known)))
    goal = rng.choice(catalog["mag_sdss_i"].to_numpy(), len(out))
    shift = np.maximum(goal - out["mag_sdss_i"], 0.0)
    for band in BANDS:
        seen = catalog.sort_values(f"mag_{band}")
        moved = out[f"mag_{band}"] + shift
        wanted = np.interp(moved, seen[f"mag_{band}"], seen[f"err_{band}"])
        extra = np.sqrt(np.maximum(wanted**2 - out[f"err_{band}"] ** 2, 0.0))
        out[f"mag_{band}"] = moved + extra * rng.standard_normal(len(out))
    return out


def two(labels):
    """QSO or other."""
    return pd.Series(np.where(is_quasar_class(labels), "QSO", "other"))


def kernel(X, y, priors=None):
    """Kernel densities with bandwidths chosen by leaving one out."""
    best, _ = choose_bandwidths(X, y, BANDWIDTHS, priors)
    return KernelBayesClassifier(bandwidth=best, priors=priors)


@functools.cache
def simulated():
    """A sky with known classes, made as the catalog was."""
    return deredden(make_sky("sdss", n_sources=100_000, seed=1))


def entries(known, catalog):
    """Yield name, what it learns from, and a fitted selector, one method at a time."""
    y = two(known["spec_class"])
    sky_priors = {"QSO": SKY_SHARE, "other": 1 - SKY_SHARE}
    yield "UV-excess cut", "nothing", FrameSelector(UVExcessCut(), BANDS[:2]), known, y
    for name, priors in (("training mix", None), ("the sky's mix", sky_priors)):
        model = kernel(colors(known), y, priors)
        yield f"kernel densities, prior: {name}", "training", FrameSelector(model, BANDS), known, y
    faint = made_fainter(known, catalog)
    y4 = two(faint["spec_class"])
    model = KernelBayesClassifier(bandwidth=0.2, priors=sky_priors)
    yield (
        "kernel densities, training made fainter", "training", FrameSelector(model, BANDS), faint,
        y4,
    )  # fmt: skip
    four = known["spec_class"]
    yield (
        "boosted trees", "training", FrameSelector(BoostedTrees(), BANDS), known, four
    )  # fmt: skip
    reverse = ReverseSelectionClassifier(BoostedTrees(), 0.9)
    yield "reverse selection", "training", FrameSelector(reverse, BANDS), known, four
    sky = simulated()
    model = KernelBayesClassifier(bandwidth=0.15)
    yield (
        "kernel densities, simulated training", "the simulation", FrameSelector(model, BANDS), sky,
        two(sky["true_class"]),
    )  # fmt: skip


def enter(seed):
    """Make a challenge, enter every method, open it, and judge: rows of the methods and sizes."""
    folder = make_challenge(Path(tempfile.mkdtemp()) / "blind", seed=seed)
    catalog = deredden(read_frame(folder / "catalog.parquet"))
    known = read_frame(folder / "training.parquet")
    table = read_table(folder / "training.parquet")
    known = deredden(known).assign(spec_class=table["spec_class"].to_numpy())
    selected, seconds, learns = {}, {}, {}
    for name, source, selector, frame, labels in entries(known, catalog):
        start = time.process_time()
        out = select_frame(selector.fit(frame, labels), catalog)
        selected[name], learns[name] = out["is_candidate"].to_numpy(bool), source
        seconds[name] = time.process_time() - start
    truth = read_table(open_challenge(folder, seed=seed))
    assert (truth["id"].to_numpy() == catalog["id"].to_numpy()).all()
    is_quasar = is_quasar_class(truth["true_class"])
    is_far = is_quasar & (truth["true_z"].to_numpy() > 2.5)
    rows = []
    for name, chosen in selected.items():
        report = selection_report(is_quasar, chosen)
        estimates = {
            "completeness": report.completeness,
            "efficiency": report.efficiency,
            "agreement": proportion(report.found, report.n_quasars + report.false),
            "completeness_beyond_2.5": completeness(is_far, chosen),
        }
        rows.append(
            {
                "entry": name,
                "learns_from": learns[name],
                "found": report.found,
                "false": report.false,
                **{
                    k: [round(float(v), 4) for v in (e, e.low, e.high)]
                    for k, e in estimates.items()
                },
                "cpu_seconds": round(seconds[name], 1),
            }
        )
    rows.sort(key=lambda row: -row["agreement"][0])
    sizes = {"catalog": len(catalog), "training": len(known), "quasars": int(is_quasar.sum())}
    return rows, sizes


def main():
    """Enter, open, judge, write."""
    rows, sizes = enter(SEED)
    print(pd.DataFrame(rows).to_string())
    practice = {row["entry"]: [] for row in rows}
    for seed in PRACTICE:
        for row in enter(seed)[0]:
            practice[row["entry"]].append(row["agreement"][0])
    print(pd.DataFrame(practice, index=PRACTICE).T.to_string())
    result = {
        "seed": SEED,
        "rows": sizes,
        "entries": rows,
        "practice_seeds": list(PRACTICE),
        "practice_agreement": practice,
        "command": "python benchmarks/challenge.py",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": sys.version.split()[0], "numpy": np.__version__},
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
