"""Does the re-estimated class mix hold on real objects? Write book/your_catalog/prior_shift.json.

    QSOLEARN_DATA=folder python benchmarks/real_prior_shift.py        (or: make real)

Protocol. SDSS DR7 is halved as in real_selection.py. Half of the training half teaches the kernel
classifier (equal priors, the paper's bandwidth: nothing is tuned), the other half turns its
probabilities into likelihood ratios by counting. The test half is opened once: samples of known
class mix are drawn from it, without a label, and the mix is estimated back; the follow-up of each
sample is foretold and compared with what is in it. Then the same classifier meets SDSS DR17, whose
magnitudes are model magnitudes: first stars and quasars, then galaxies, too, a class that it
never saw. Objects that stand in both releases cannot be told apart, since the DR7 files have no
positions.
"""

import json
import os
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from qsolearn.datasets import load_sdss_dr17
from qsolearn.judge import (
    calibrated_ratios,
    estimate_priors,
    follow_up,
    follow_up_table,
    likelihood_ratios,
    mix_distance,
    proportion,
    shifted_posterior,
)
from qsolearn.papers.richards2004 import BANDS, PUBLISHED, in_test_set
from qsolearn.selection import FrameSelector, KernelBayesClassifier, select_frame
from real_selection import halves

OUT = Path(__file__).parents[1] / "book/your_catalog/prior_shift.json"
SEED = 2002
SHARES = (0.01, 0.02, 0.05, 0.12, 0.3, 0.5)
SAMPLES, SIZE = 40, 4000
GRID = np.round(np.logspace(-3, np.log10(0.5), 28), 4)


def scores(folder=None):
    """Kernel score of the calibration part, the test half, and DR17, with their truths."""
    frame, labels, train, test = halves(folder)
    quasar = (labels["true_class"] == "QSO").to_numpy()
    learn = train & (np.random.default_rng(SEED).random(len(frame)) < 0.5)
    count = train & ~learn & in_test_set(frame)
    selector = FrameSelector(
        KernelBayesClassifier(PUBLISHED["bandwidth"], priors={"QSO": 0.5, "Star": 0.5}),
        list(BANDS),
    ).fit(frame[learn], labels["true_class"][learn])
    other, other_labels = load_sdss_dr17(folder)
    other["err_sdss_u"] = 0.1  # the file has no errors: let the cut on it pass
    cut = in_test_set(other) & (other["mag_sdss_g"] > 19).to_numpy()
    other, kind = other[cut], other_labels["true_class"][cut].to_numpy()
    score = {
        "count": select_frame(selector, frame[count])["P_QSO"].to_numpy(),
        "test": select_frame(selector, frame[test])["P_QSO"].to_numpy(),
        "dr17": select_frame(selector, other)["P_QSO"].to_numpy(),
    }
    return score, {"count": quasar[count], "test": quasar[test], "dr17": kind}, int(learn.sum())


def ratios(score, truth, new, calibrated):
    """Likelihood ratios of new scores, counted or as the classifier says."""
    if calibrated:
        return calibrated_ratios(truth["count"], score["count"], new)
    return likelihood_ratios(np.column_stack([1 - new, new]), [0.5, 0.5])


def drawn_samples(score, truth):
    """Samples of known mix from the test half: estimated shares, and foretold follow-up."""
    rng = np.random.default_rng(SEED + 1)
    rows = [np.flatnonzero(truth["test"] == kind) for kind in (True, False)]
    known = ratios(score, truth, score["count"], True)
    odds = known[:, 1] / known[:, 0]
    result = []
    for share in SHARES:
        found = {"calibrated": [], "as the classifier says": []}
        held = {"candidates": 0, "efficiency": 0, "completeness": 0}
        rough, chances = [], []
        for k in range(SAMPLES):
            n_quasars = rng.binomial(SIZE, share)
            own = np.concatenate([
                rng.choice(rows[0], n_quasars, replace=False),
                rng.choice(rows[1], SIZE - n_quasars, replace=False),
            ])  # fmt: skip
            new, is_quasar = score["test"][own], truth["test"][own]
            for name in found:
                ratio = ratios(score, truth, new, name == "calibrated")
                found[name].append(estimate_priors(ratio, n_bootstrap=100, seed=k))
            mix = found["calibrated"][-1]
            guess = float(mix.share(1))
            chances.append(
                mix_distance(new, truth["count"], score["count"], guess, n_bootstrap=100)[1]
            )
            rough.append(float(np.mean(new > 0.5)))
            plan = follow_up(truth["count"], odds, mix.draws[:, 1], SIZE, rule_share=guess, seed=k)
            ratio = ratios(score, truth, new, True)
            post = shifted_posterior(ratio, [1 - guess, guess])
            taken = post[:, 1] >= 0.5
            seen = {
                "candidates": taken.sum(),
                "efficiency": np.mean(is_quasar[taken]) if taken.any() else np.nan,
                "completeness": np.mean(taken[is_quasar]),
            }
            for name, value in seen.items():
                e = getattr(plan, name)
                held[name] += bool(e.low <= value <= e.high)
        row = {"share": share, "selected_share": float(np.mean(rough))}
        for name, estimates in found.items():
            values = np.array([float(e.share(1)) for e in estimates])
            inside = sum(e.share(1).low <= share <= e.share(1).high for e in estimates)
            row[name] = {
                "mean": float(values.mean()),
                "low": float(np.quantile(values, 0.025)),
                "high": float(np.quantile(values, 0.975)),
                "held": proportion(inside, SAMPLES).to_dict(),
            }
        row["told_apart"] = float(np.mean(np.array(chances) < 0.05))
        row["follow_up_held"] = {k: proportion(v, SAMPLES).to_dict() for k, v in held.items()}
        result.append(row)
    return result


def other_survey(score, truth):
    """The same ratios in SDSS DR17."""
    kind = truth["dr17"]
    quasar = np.char.startswith(kind.astype(str), "QSO")
    known = ratios(score, truth, score["count"], True)
    odds = known[:, 1] / known[:, 0]
    result = []
    for name, own in {
        "stars and quasars": quasar | (kind == "Star"),
        "with galaxies": kind != "",
    }.items():
        new, is_quasar = score["dr17"][own], quasar[own]
        row = {"sample": name, "n": int(own.sum()), "share": float(is_quasar.mean())}
        for how in ("calibrated", "as the classifier says"):
            ratio = ratios(score, truth, new, how == "calibrated")
            row[how] = estimate_priors(ratio, n_bootstrap=200).share(1).to_dict()
        ratio = ratios(score, truth, new, True)
        mix = estimate_priors(ratio, n_bootstrap=200)
        guess = float(mix.share(1))
        distance, chance = mix_distance(new, truth["count"], score["count"], guess)
        plan = follow_up(truth["count"], odds, mix.draws[:, 1], len(new), rule_share=guess)
        taken = shifted_posterior(ratio, [1 - guess, guess])[:, 1] >= 0.5
        row |= {
            "distance": distance,
            "chance": chance,
            "foretold": {"efficiency": plan.efficiency.to_dict(),
                         "completeness": plan.completeness.to_dict()},
            "seen": {
                "efficiency": proportion((taken & is_quasar).sum(), taken.sum()).to_dict(),
                "completeness": proportion((taken & is_quasar).sum(), is_quasar.sum()).to_dict(),
            },
        }  # fmt: skip
        result.append(row)
    return result


def compute(folder=None):
    """Everything that the page shows, but for date, versions and seconds."""
    score, truth, learned = scores(folder)
    known = ratios(score, truth, score["count"], True)
    odds = known[:, 1] / known[:, 0]
    options = {"n_sources": 100_000, "exposure": 20.0, "fibers": 1}
    table = follow_up_table(truth["count"], odds, GRID, **options)
    fixed = follow_up_table(truth["count"], odds, GRID, rule_share=0.5, **options)
    return {
        "rows": {
            "learn": learned,
            "count": {"QSO": int(truth["count"].sum()), "Star": int((~truth["count"]).sum())},
            "test": {"QSO": int(truth["test"].sum()), "Star": int((~truth["test"]).sum())},
            "dr17": {k: int((truth["dr17"] == k).sum()) for k in sorted(set(truth["dr17"]) - {""})},
        },
        "samples": SAMPLES,
        "size": SIZE,
        "follow_up": {"options": options, "shifted": table.round(5).to_dict("list"),
                      "as trained": fixed.round(5).to_dict("list")},
        "drawn": drawn_samples(score, truth),
        "other_survey": other_survey(score, truth),
    }  # fmt: skip


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
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: result[k] for k in ("rows", "drawn", "other_survey")}, indent=1))
    print(f"{result['cpu_seconds']} CPU seconds; wrote {OUT.name}")


if __name__ == "__main__":
    main()
