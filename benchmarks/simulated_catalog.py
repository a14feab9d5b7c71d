"""The recipe of Richards et al. 2004 on the simulated SDSS sky; book/richards2004/simulated.json.

    python benchmarks/simulated_catalog.py

One sky trains: its known quasars, and a random tenth of its other sources as stars, among them the
quasars that no survey has found. Another is selected from and judged by the truth. A spectroscopic
subset of the catalog is drawn as a survey would have it, for the efficiency by magnitude and its
extrapolation. The whole is done with and without cleaning the stars, and with the true labels.
"""

import json
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from qsolearn.frame import magnitudes
from qsolearn.judge import (
    completeness,
    completeness_chain,
    counts_slope,
    efficiency,
    extrapolated_efficiency,
    fit_double_power_law,
    is_quasar_class,
    number_counts,
    selection_report,
)
from qsolearn.papers.richards2004 import (
    BANDS,
    completeness_cuts,
    in_test_set,
    recipe,
    simulated_completeness,
    star_cuts,
    training_accuracies,
)
from qsolearn.photometry import colors, deredden
from qsolearn.redshift import ColorRedshiftRelation
from qsolearn.selection import select_frame
from qsolearn.simulate import make_sky
from real_selection import rows

OUT = Path(__file__).parents[1] / "book/richards2004/simulated.json"
TRAIN_AREA, TEST_AREA = 150.0, 100.0  # deg2
SEEDS = (41, 42)
STAR_SHARE = 0.1  # of the point sources, as in the paper
CANDIDATE_BANDWIDTHS = (0.10, 0.15, 0.20, 0.25)
#: Redshift bins wide enough for few quasars.
RELATION = ColorRedshiftRelation(bin_width=0.1, bin_step=0.05, min_objects=10)
G_BINS = np.arange(17.0, 21.01, 0.5)
Z_BINS = np.arange(0.25, 3.01, 0.25)
#: Shares of the recognized training quasars that the limit on the star density keeps.
KEEPS = (0.98, 0.99, 0.995)
REDDENING = (-0.03, 0.0, 0.03, 0.06)
COUNT_BINS = np.arange(16.5, 20.51, 0.25)


def halves():
    """Two skies, dereddened, with truth; the second cut to the test set."""
    out = []
    for area, seed in zip((TRAIN_AREA, TEST_AREA), SEEDS, strict=True):
        out.append(deredden(make_sky("sdss", area_deg2=area, seed=seed)))
    return out


def has_spectrum(g, odds, prefers):
    """Which candidates have a spectrum: six in ten at g = 19, one in ten at 21.

    With ``prefers``, nine times more often where the odds are above their median.
    """
    share = np.clip(0.6 - 0.25 * (g - 19.0), 0.1, 0.6)
    if prefers:
        share = share * np.where(odds > np.median(odds), 1.5, 1 / 6)
    return np.random.default_rng(SEEDS[1]).random(len(g)) < share


def limited(quasar, spectroscopic, found):
    """Rates with one limit on the star density."""
    return {
        "completeness_of_known": completeness(spectroscopic, found).to_dict(),
        "completeness": completeness(quasar, found).to_dict(),
        "efficiency": efficiency(quasar, found).to_dict(),
    }


def judged(selector, test, quasar):
    """Truth of a selector on the test set, by magnitude too."""
    out = select_frame(selector, test)
    found = out["is_candidate"].to_numpy()
    bayes = selector.predict(test) == "QSO"
    report = selection_report(quasar, found)
    g = test["mag_sdss_g"].to_numpy()
    numbers = {
        "star_fraction": report.other_fraction,
        "share_called_quasars": float(bayes.mean()),
        "catalog": int(found.sum()),
        "completeness": report.completeness.to_dict(),
        "false_positive_rate": report.false_positive_rate.to_dict(),
        "efficiency": report.efficiency.to_dict(),
        "efficiency_at_0.88": report.efficiency_at(0.88).to_dict(),
        "efficiency_without_limit": selection_report(quasar, bayes).efficiency.to_dict(),
        "completeness_without_limit": selection_report(quasar, bayes).completeness.to_dict(),
        "efficiency_by_g": rows(efficiency(quasar, found, g, G_BINS)),
        "completeness_by_g": rows(completeness(quasar, found, g, G_BINS)),
        "completeness_by_z": rows(
            completeness(quasar, found, test["true_z"].to_numpy(), Z_BINS)
        ),
        "accuracy": selector.estimator_.accuracy_.to_dict(),
    }  # fmt: skip
    return numbers, found


def compute():
    """Everything in the result file but date and versions."""
    train, new = halves()
    known = is_quasar_class(train["label_class"])
    tenth = np.random.default_rng(SEEDS[0]).random(len(train)) < STAR_SHARE
    star = np.logical_and.reduce(list(star_cuts(train, train["label_class"]).values())) & tenth
    train, known = train[known | star].reset_index(drop=True), known[known | star]
    true = is_quasar_class(train["true_class"])
    label = np.where(known, "QSO", "Star")
    z = np.where(known, train["true_z"], np.nan)
    inside = in_test_set(new)
    test = new[inside].reset_index(drop=True)
    quasar = is_quasar_class(test["true_class"])
    settings = {
        "cleaned": (recipe(CANDIDATE_BANDWIDTHS, redshift=RELATION), label, z),
        "not cleaned": (recipe(CANDIDATE_BANDWIDTHS, clean=False, redshift=RELATION), label, z),
        "true labels, not cleaned": (
            recipe(CANDIDATE_BANDWIDTHS, clean=False, redshift=RELATION),
            np.where(true, "QSO", "Star"),
            train["true_z"].to_numpy(),
        ),
    }
    result = {
        "rows": {
            "train": {"known quasars": int(known.sum()), "stars": int((~known).sum()),
                      "quasars among the stars": int((true & ~known).sum())},
            "test": {"quasars": int(quasar.sum()), "others": int((~quasar).sum())},
        },
        "area_deg2": {"train": TRAIN_AREA, "test": TEST_AREA}, "seeds": SEEDS, "methods": {},
    }  # fmt: skip
    fitted = {}
    for name, (selector, y, redshift) in settings.items():
        fitted[name] = selector.fit(train, y, redshift)
        numbers, found = judged(selector, test, quasar)
        estimator = selector.estimator_
        numbers["bandwidths"] = estimator.bandwidths_
        numbers["star_density_limit"] = estimator.star_density_limit_
        gone = ~estimator.kept_
        numbers["removed"] = {
            "all": int(gone.sum()),
            "quasars": int((gone & true).sum()),
            "quasars_left": int((~gone & true & (y == "Star")).sum()),
        }
        result["methods"][name] = numbers
        if name == "cleaned":
            chosen = found
    selector = fitted["cleaned"]
    X, X_new = (colors(magnitudes(f, BANDS)) for f in (train, test))
    labels = np.where(quasar, "QSO", "Star")
    table = training_accuracies(selector.estimator, X, label, X_new, labels)
    result["accuracies"] = table.to_dict()
    g = test["mag_sdss_g"].to_numpy()
    result["extrapolation"] = {"true": float(quasar[chosen].mean())}
    log_quasar, log_star = selector.log10_densities(test[chosen]).T
    odds = log_quasar - log_star
    for name, prefers in (("magnitude alone", False), ("sure cases", True)):
        spectra = np.flatnonzero(chosen)[has_spectrum(g[chosen], odds, prefers)]
        whole = extrapolated_efficiency(quasar[spectra], g[spectra], g[chosen], G_BINS)
        result["extrapolation"][name] = {
            "with_spectra": len(spectra),
            "efficiency_of_these": float(quasar[spectra].mean()),
            "efficiency": whole.efficiency.to_dict(),
            "by_g": rows(whole.by_magnitude),
        }
    everything = is_quasar_class(new["true_class"])
    chain = {k: v[everything] for k, v in completeness_cuts(new).items()}
    caught = np.zeros(len(new), bool)
    caught[np.flatnonzero(inside)[chosen]] = True
    chain["in the catalog"] = caught[everything]
    result["chain"] = completeness_chain(chain).reset_index(names="cut").to_dict("records")
    spectroscopic = quasar & is_quasar_class(test["label_class"])
    result["completeness_of_known"] = completeness(spectroscopic, chosen).to_dict()
    result["limits"] = {}
    for keep in KEEPS:
        own = recipe(selector.estimator_.bandwidths_, redshift=RELATION)
        own.estimator.set_params(keep=keep)
        found = select_frame(own.fit(train, label, z), test)["is_candidate"].to_numpy()
        result["limits"][str(keep)] = limited(quasar, spectroscopic, found)
    result["limits"]["none"] = limited(quasar, spectroscopic, selector.predict(test) == "QSO")
    result["by_reddening"] = {
        str(e): rows(simulated_completeness(selector, Z_BINS, reddening=e, n=1000))
        for e in REDDENING
    }
    counts = number_counts(test["mag_sdss_g"][chosen], TEST_AREA, COUNT_BINS)
    fit = fit_double_power_law(counts["center"], counts["n"])
    slope = counts_slope(counts["center"], counts["n"])
    result["counts"] = {
        "table": json.loads(counts.to_json(orient="records")),
        "true_n": np.histogram(g[quasar], COUNT_BINS)[0].tolist(),
        "single_slope": slope.likelihood_slope,
        "double": {k: getattr(fit, k) for k in
                   ("log10_norm", "mag_bend", "bright_slope", "faint_slope", "gain")},
    }  # fmt: skip
    return result


def main():
    """Compute, print, write."""
    start = time.process_time()
    result = compute()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "python benchmarks/simulated_catalog.py"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn")}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(result["rows"])
    for name, n in result["methods"].items():
        parts = [
            f"{k} {n[k]['value']:.4f} ({n[k]['low']:.4f} to {n[k]['high']:.4f})"
            for k in ("completeness", "false_positive_rate", "efficiency", "efficiency_at_0.88",
                      "completeness_without_limit", "efficiency_without_limit")
        ]  # fmt: skip
        print(f"{name}: {n['bandwidths']} {n['star_density_limit']:.2f}: {', '.join(parts)}")
        print("   ", n["accuracy"], n["removed"], n["catalog"])
    print(result["accuracies"])
    print({k: v for k, v in result["extrapolation"].items()})
    print(result["counts"]["single_slope"], result["counts"]["double"])
    print(f"{result['cpu_seconds']} CPU s; wrote {OUT.name}")


if __name__ == "__main__":
    main()
