"""Does the re-estimated class mix hold on real objects? Write book/your_catalog/prior_shift.json.

    QSOLEARN_DATA=folder python benchmarks/real_prior_shift.py        (or: make real)

Protocol. SDSS DR7 is halved as in real_selection.py. Half of the training half teaches a kernel
classifier with equal priors, the other half turns its log density ratio into likelihood ratios by
counting. Nothing is tuned: the Gaussian kernel has the variance of the paper's Epanechnikov kernel,
whose own probabilities stand beside it. The test half is opened once: samples of known
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
from scipy.special import expit

from qsolearn.datasets import load_sdss_dr17
from qsolearn.frame import magnitudes
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
from qsolearn.photometry import colors
from qsolearn.selection import KernelBayesClassifier
from real_selection import halves

OUT = Path(__file__).parents[1] / "book/your_catalog/prior_shift.json"
SEED = 2002
SHARES = (0.01, 0.02, 0.05, 0.12, 0.3, 0.5)
#: Kernels and bandwidths [mag]; in d = 4 the variance of an Epanechnikov kernel is h^2 / (d + 4).
KERNELS = {
    "gaussian": PUBLISHED["bandwidth"] / np.sqrt(8),
    "epanechnikov": PUBLISHED["bandwidth"],
}
SAMPLES, SIZE = 40, 2000
GRID = np.round(np.logspace(-3, np.log10(0.5), 28), 4)


def scores(folder=None):
    """Kernel score of the calibration part, the test half, and DR17, with their truths."""
    frame, labels, train, test = halves(folder)
    quasar = (labels["true_class"] == "QSO").to_numpy()
    learn = train & (np.random.default_rng(SEED).random(len(frame)) < 0.5)
    count = train & ~learn & in_test_set(frame)
    other, other_labels = load_sdss_dr17(folder)
    other["err_sdss_u"] = 0.1  # the file has no errors: let the cut on it pass
    cut = in_test_set(other) & (other["mag_sdss_g"] > 19).to_numpy()
    other, kind = other[cut], other_labels["true_class"][cut].to_numpy()
    frames = {"count": frame[count], "test": frame[test], "dr17": other}
    color = {name: colors(magnitudes(own, BANDS)) for name, own in frames.items()}
    taught = colors(magnitudes(frame[learn], BANDS)), labels["true_class"][learn].to_numpy()
    score = {}
    for kernel, width in KERNELS.items():
        model = KernelBayesClassifier(width, kernel, priors={"QSO": 0.5, "Star": 0.5}).fit(*taught)
        for name, x in color.items():
            known = np.isfinite(x).all(axis=1)
            value = np.full(len(x), np.nan)
            if kernel == "gaussian":
                density = model.log_density(x[known])
                with np.errstate(invalid="ignore"):  # nothing of either class within reach
                    value[known] = np.clip(density[:, 0] - density[:, 1], -700, 700)
                score[name] = value
            else:
                value[known] = model.predict_proba(x[known])[:, 0]
                score[f"{name} paper"] = value
    return score, {"count": quasar[count], "test": quasar[test], "dr17": kind}, int(learn.sum())


HOWS = ("counted", "Gaussian kernel says", "Epanechnikov kernel says")


def ratios(score, truth, part, own, how):
    """Likelihood ratios of some sources of a part: counted, or as a classifier says."""
    if how == "counted":
        return calibrated_ratios(truth["count"], score["count"], score[part][own])
    if how.startswith("Gaussian"):
        odds = score[part][own]
        return likelihood_ratios(expit(np.column_stack([-odds, odds])), [0.5, 0.5])
    new = score[f"{part} paper"][own]
    return likelihood_ratios(np.column_stack([1 - new, new]), [0.5, 0.5])


def counted_odds(score, truth):
    """Likelihood ratio of the counting part itself."""
    known = ratios(score, truth, "count", slice(None), "counted")
    return known[:, 1] / known[:, 0]


def drawn_samples(score, truth):
    """Samples of known mix from the test half: estimated shares, and foretold follow-up."""
    rng = np.random.default_rng(SEED + 1)
    rows = [np.flatnonzero(truth["test"] == kind) for kind in (True, False)]
    odds = counted_odds(score, truth)
    result = []
    for share in SHARES:
        found = {how: [] for how in HOWS}
        held = {"candidates": [], "efficiency": [], "completeness": []}
        rough, chances = [], []
        for k in range(SAMPLES):
            n_quasars = rng.binomial(SIZE, share)
            own = np.concatenate([
                rng.choice(rows[0], n_quasars, replace=False),
                rng.choice(rows[1], SIZE - n_quasars, replace=False),
            ])  # fmt: skip
            new, is_quasar = score["test"][own], truth["test"][own]
            for name in found:
                ratio = ratios(score, truth, "test", own, name)
                found[name].append(
                    estimate_priors(ratio, n_bootstrap=40 + 60 * (name == "counted"), seed=k)
                )
            mix = found["counted"][-1]
            guess = float(mix.share(1))
            chances.append(
                mix_distance(new, truth["count"], score["count"], guess, n_bootstrap=40)[1]
            )
            rough.append(float(np.mean(new > 0)))
            plan = follow_up(truth["count"], odds, mix.draws[:, 1], SIZE, rule_share=guess, seed=k)
            ratio = ratios(score, truth, "test", own, "counted")
            post = shifted_posterior(ratio, [1 - guess, guess])
            taken = post[:, 1] >= 0.5
            seen = {
                "candidates": taken.sum(),
                "efficiency": np.mean(is_quasar[taken]) if taken.any() else np.nan,
                "completeness": np.mean(taken[is_quasar]),
            }
            for name, value in seen.items():
                e = getattr(plan, name)
                if np.isfinite(value):  # without a candidate there is no efficiency
                    held[name].append(bool(e.low <= value <= e.high))
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
        row["follow_up_held"] = {k: proportion(sum(v), len(v)).to_dict() for k, v in held.items()}
        result.append(row)
    return result


def other_survey(score, truth):
    """The same ratios in SDSS DR17."""
    kind = truth["dr17"]
    quasar = np.char.startswith(kind.astype(str), "QSO")
    odds = counted_odds(score, truth)
    result = []
    for name, own in {
        "stars and quasars": quasar | (kind == "Star"),
        "with galaxies": kind != "",
    }.items():
        new, is_quasar = score["dr17"][own], quasar[own]
        row = {"sample": name, "n": int(own.sum()), "share": float(is_quasar.mean())}
        for how in HOWS:
            ratio = ratios(score, truth, "dr17", own, how)
            row[how] = estimate_priors(ratio, n_bootstrap=200).share(1).to_dict()
        ratio = ratios(score, truth, "dr17", own, "counted")
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


def lists(table):
    """Columns of a table for a result file; what does not exist is null."""
    rounded = table.round(5).astype(object)
    return rounded.where(table.notna(), None).to_dict("list")


def compute(folder=None):
    """Everything that the page shows, but for date, versions and seconds."""
    score, truth, learned = scores(folder)
    odds = counted_odds(score, truth)
    top = {
        name: proportion((score["count paper"] > 0.9999)[own].sum(), own.sum()).to_dict()
        for name, own in {"QSO": truth["count"], "Star": ~truth["count"]}.items()
    }
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
        "certain_by_epanechnikov": top,
        "samples": SAMPLES,
        "size": SIZE,
        "follow_up": {"options": options, "shifted": lists(table),
                      "as trained": lists(fixed)},
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
    OUT.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(json.dumps({k: result[k] for k in ("rows", "drawn", "other_survey")}, indent=1))
    print(f"{result['cpu_seconds']} CPU seconds; wrote {OUT.name}")


if __name__ == "__main__":
    main()
