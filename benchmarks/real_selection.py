"""Run the selections on real SDSS DR7 objects and write book/real/selection.json.

    QSOLEARN_DATA=folder python benchmarks/real_selection.py        (or: make real)

Protocol. Rows that repeat another in every magnitude are dropped (they could stand in both halves).
A random half trains, the other half is opened once. Kernel Bayes runs with the paper's settings
(nothing is tuned). The limit of the UV-excess cut is chosen on the training half so that its
completeness there equals that of the kernel classifier on the same half by leave-one-half-out. The
command line runs on files of the same halves and must give the same numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from qsolearn.datasets import load_sdss_dr7
from qsolearn.frame import magnitudes, write_frame
from qsolearn.judge import completeness, efficiency, false_positive_rate, selection_report
from qsolearn.papers.richards2004 import BANDS, PUBLISHED, in_test_set
from qsolearn.selection import (
    FrameSelector,
    KernelBayesClassifier,
    UVExcessCut,
    dummy_classifier,
    select_frame,
)

OUT = Path(__file__).parents[1] / "book/real/selection.json"
SEED = 2004
MIXES = (0.27, 0.50, 0.88)
MAG_BINS = np.arange(19.0, 21.01, 0.25)
Z_BINS = np.array([0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.5])
PRIORS = {"QSO": 1 - PUBLISHED["prior_star"], "Star": PUBLISHED["prior_star"]}


def halves(folder=None):
    """Frame, labels, and which rows train and which are judged."""
    frame, labels = load_sdss_dr7(folder)
    first = ~frame.filter(like="mag_").duplicated()
    frame, labels = frame[first].reset_index(drop=True), labels[first].reset_index(drop=True)
    frame["id"] = np.arange(len(frame))
    frame.attrs["repeated_rows_dropped"] = int((~first).sum())
    train = np.random.default_rng(SEED).random(len(frame)) < 0.5
    return frame, labels, train, ~train & in_test_set(frame)


def kde():
    """Kernel classifier with the settings of Richards et al. 2004."""
    return FrameSelector(
        KernelBayesClassifier(bandwidth=PUBLISHED["bandwidth"], priors=PRIORS), list(BANDS)
    )


def matched_cut(frame, label, train):
    """UV-excess limit whose completeness equals the kernel classifier's, within the training half.

    The training half is halved again: the classifier learns on one part and is measured on the
    other, and the cut is set on that other part.
    """
    rng = np.random.default_rng(SEED + 1)
    inner = rng.random(len(frame)) < 0.5
    learn, measure = train & inner, train & ~inner & in_test_set(frame)
    quasar = measure & (label == "QSO")
    found = select_frame(kde().fit(frame[learn], label[learn]), frame[quasar])["is_candidate"]
    u, g = magnitudes(frame[quasar], BANDS[:2]).T
    return float(np.quantile(u - g, found.mean()))


def rows(table):
    """Table of a binned rate as JSON-able records, empty bins left out."""
    return json.loads(table[table["n"] > 0].to_json(orient="records"))


def judged(frame, labels, test, selected):
    """All numbers of one selection on the test objects."""
    quasar = (labels["true_class"][test] == "QSO").to_numpy()
    report = selection_report(quasar, selected)
    g, z = frame["mag_sdss_g"][test].to_numpy(), labels["true_z"][test].to_numpy()
    return {
        "completeness": report.completeness.to_dict(),
        "false_positive_rate": report.false_positive_rate.to_dict(),
        "efficiency": {f"{m:.2f}": report.efficiency_at(m).to_dict() for m in MIXES},
        "efficiency_own_mix": report.efficiency.to_dict(),
        "completeness_by_g": rows(completeness(quasar, selected, g, MAG_BINS)),
        "false_positive_rate_by_g": rows(false_positive_rate(quasar, selected, g, MAG_BINS)),
        "efficiency_by_g": rows(efficiency(quasar, selected, g, MAG_BINS)),
        "completeness_by_z": rows(completeness(quasar, selected, z, Z_BINS)),
    }


def by_command_line(frame, labels, train, test):
    """The same train, select and judge through the command line; its completeness and rates."""
    labeled = frame.assign(true_class=labels["true_class"], true_z=labels["true_z"])
    labeled.attrs = frame.attrs
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        write_frame(labeled[train], at / "train.parquet")
        write_frame(labeled[test], at / "test.parquet")

        def run(*args):
            command = [sys.executable, "-c", "from qsolearn.cli import main; main()", *args]
            subprocess.run(command, cwd=at, check=True, capture_output=True)

        priors = [a for k, v in PRIORS.items() for a in ("--prior", f"{k}={v}")]
        run("train", "train.parquet", "--label", "true_class", "--bands", ",".join(BANDS),
            "--bandwidth", str(PUBLISHED["bandwidth"]), *priors, "-o", "model")  # fmt: skip
        run("select", "test.parquet", "--model", "model", "-o", "out.parquet")
        run("judge", "out.parquet", "--truth", "test.parquet", "--by", "mag,z",
            "--mix", ",".join(map(str, MIXES)), "--json", "judged.json")  # fmt: skip
        return json.loads((at / "judged.json").read_text())["rates"]


def compute(folder=None):
    """Everything that the page shows, but for date and versions."""
    frame, labels, train, test = halves(folder)
    label = labels["true_class"].to_numpy()
    limit = matched_cut(frame, label, train)
    methods = {
        "kernel Bayes": kde(),
        "UV-excess cut, same completeness": FrameSelector(UVExcessCut(limit), list(BANDS[:2])),
        "UV-excess cut, u-g < 0.6": FrameSelector(UVExcessCut(), list(BANDS[:2])),
        "dummy": FrameSelector(dummy_classifier(), list(BANDS)),
    }
    result, scores = {}, {}
    for name, selector in methods.items():
        out = select_frame(selector.fit(frame[train], label[train]), frame[test])
        result[name] = judged(frame, labels, test, out["is_candidate"].to_numpy())
        scores[name] = out["P_QSO"].to_numpy()
    quasar = label[test] == "QSO"
    u, g = magnitudes(frame[test], BANDS[:2]).T
    return {
        "rows": {
            "repeated_rows_dropped": frame.attrs["repeated_rows_dropped"],
            "train": {c: int((label[train] == c).sum()) for c in ("QSO", "Star")},
            "test": {c: int((label[test] == c).sum()) for c in ("QSO", "Star")},
        },
        "seed": SEED,
        "settings": {"bandwidth": PUBLISHED["bandwidth"], "priors": PRIORS, "cut_limit": limit},
        "methods": result,
        "trade_off": {
            "kernel Bayes": curve(quasar, scores["kernel Bayes"]),
            "UV-excess cut": curve(quasar, g - u),
        },
    }


def curve(quasar, score, points=60):
    """Completeness on a fixed grid of false-positive rates (the largest that does not exceed)."""
    order = np.argsort(-score, kind="stable")
    fpr = np.cumsum(~quasar[order]) / (~quasar).sum()
    found = np.cumsum(quasar[order]) / quasar.sum()
    grid = np.logspace(-3, 0, points)
    place = np.searchsorted(fpr, grid, side="right") - 1
    values = np.where(place >= 0, found[np.maximum(place, 0)], 0.0)
    return {"false_positive_rate": grid.round(5).tolist(), "completeness": values.round(5).tolist()}


def main():
    """Compute, compare with the command line, write."""
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    result = compute()
    frame, labels, train, test = halves()
    rates = by_command_line(frame, labels, train, test)
    own = result["methods"]["kernel Bayes"]
    pairs = {
        "completeness": own["completeness"],
        "false-positive rate": own["false_positive_rate"],
        **{f"efficiency at {m:.0%} others": own["efficiency"][f"{m:.2f}"] for m in MIXES},
    }
    for name, expected in pairs.items():
        if abs(rates[name]["value"] - expected["value"]) > 1e-12:
            raise SystemExit(f"the command line gives another {name}: {rates[name]} {expected}")
    result["command_line_agrees"] = True
    result["command"] = "make real"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn")}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, numbers in result["methods"].items():
        c, f = numbers["completeness"], numbers["false_positive_rate"]
        mixes = ", ".join(
            f"{numbers['efficiency'][f'{m:.2f}']['value']:.3f} at {m:.0%} stars" for m in MIXES
        )
        print(
            f"{name}: completeness {c['value']:.4f} ({c['low']:.4f} to {c['high']:.4f}), "
            f"false-positive rate {f['value']:.4f} ({f['low']:.4f} to {f['high']:.4f}), "
            f"efficiency {mixes}"
        )
    print(f"the command line gives the same numbers; wrote {OUT.name}")


if __name__ == "__main__":
    main()
