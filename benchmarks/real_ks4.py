"""The wedge, the slopes and Stripe 82X of Kim et al. 2024 on real data; book/kim2024/real_ks4.json.

    QSOLEARN_DATA=folder python benchmarks/real_ks4.py        (or: make real)

Nothing is fitted or tuned: the wedge has the paper's numbers, the points, counts and histograms are
the paper's figures as numbers, Stripe 82X is a sample of X-ray AGN that knows nothing of the wedge.
"""

import itertools
import json
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.datasets import (
    load_ks4_counts,
    load_ks4_histograms,
    load_ks4_milliquas_points,
    load_stripe82x_agn,
)
from qsolearn.judge import counts_slope, proportion
from qsolearn.papers.kim2024 import PUBLISHED
from qsolearn.selection import KIM2024_WEDGE, MATEOS2012_AB, SNRCut

OUT = Path(__file__).parents[1] / "book/kim2024/real_ks4.json"
SAMPLES = {"KS4": ["KS4_b10"], "SDSS": ["SDSS_complete"], "DES": ["DES_fill"]}
Z_BINS = np.arange(0.0, 1.01, 0.25)


def frame_of_colors(points):
    """A frame with the given AB colors; the brightness does not enter the wedge."""
    w3 = np.zeros(len(points))
    w2 = w3 + points["W2-W3"]
    return pd.DataFrame(
        {
            "mag_kmt_b": w3 + points["B-W3"],
            "mag_wise_w1": w2 + points["W1-W2"],
            "mag_wise_w2": w2,
            "mag_wise_w3": w3,
        }
    )


def milliquas(folder):
    """The 472 points of Fig. 3: where the paper's verdict and the wedge meet."""
    points = load_ks4_milliquas_points(folder)
    frame = frame_of_colors(points)
    inside = KIM2024_WEDGE.contains(frame)
    complete = points[["W1-W2", "W2-W3", "B-W3"]].notna().all(axis=1).to_numpy()
    rejected = (points["verdict"] == "colorSNR_rej").to_numpy()
    margins = KIM2024_WEDGE.margins(frame)[rejected & complete & ~inside]
    return {
        "points": len(points),
        "passed": int((~rejected).sum()),
        "passed_complete": int((~rejected & complete).sum()),
        "passed_complete_inside": int((~rejected & complete & inside).sum()),
        "rejected": int(rejected.sum()),
        "rejected_outside": int((rejected & complete & ~inside).sum()),
        "rejected_inside": int((rejected & complete & inside).sum()),
        "rejected_incomplete": int((rejected & ~complete).sum()),
        "rejecting_edges": {name: int((column <= 0).sum()) for name, column in margins.items()},
        "colors": {
            verdict: points.loc[points["verdict"] == verdict, ["W2-W3", "W1-W2", "B-W3"]]
            .round(3).astype(object).where(lambda t: t.notna(), None).to_numpy().tolist()
            for verdict in ("selected", "colorSNR_rej", "SED_rej")
        },
    }  # fmt: skip


def slopes(folder):
    """Slopes of the digitized counts of Fig. 6, from 16 to 19, next to the published ones."""
    tables, out = load_ks4_counts(folder), {}
    low, high = PUBLISHED["slope_range"]
    for name, parts in SAMPLES.items():
        table = pd.concat([tables[p] for p in parts])
        used = table[(table["center"] > low) & (table["center"] < high)]
        fit = counts_slope(used["center"], used["per_deg2"])
        out[name] = {
            "least_squares": fit.slope, "error": fit.slope_error,
            "likelihood": fit.likelihood_slope, "published": PUBLISHED["slope"][name],
            "bins": len(used), "center": table["center"].tolist(),
            "per_deg2": table["per_deg2"].tolist(),
        }  # fmt: skip
    ks4 = tables["KS4_b10"]["per_deg2"].sum() * PUBLISHED["areas"][10][1]
    out["KS4_bins_times_area"] = float(ks4)
    # How far the choice of the bins at the ends moves the least-squares slope.
    table = tables["KS4_b10"]
    out["KS4_by_range"] = {
        f"{a:g} to {b:g}": counts_slope(*table[table["center"].between(a, b)].to_numpy().T).slope
        for a, b in ((16, 19), (16.25, 19), (16.5, 19), (16, 18.75), (15.75, 19.25))
    }
    return out


def stripe82x(folder):
    """Completeness of the wedge for X-ray AGN: broad lines, other spectra, without spectrum."""
    frame, labels = load_stripe82x_agn(folder)
    # There is no B: g stands in, moved along a quasar's slope between the two (0.1 mag).
    frame = frame.copy()
    frame["mag_kmt_b"] = frame["mag_sdss_g"]
    frame["err_kmt_b"] = frame["err_sdss_g"]
    detected = SNRCut({"wise_w1": 2, "wise_w2": 2, "wise_w3": 2}).contains(frame)
    mateos, kim = MATEOS2012_AB.contains(frame), KIM2024_WEDGE.contains(frame)
    out = {"rows": len(frame), "b_from": "SDSS g (4750 angstrom against 4442)"}
    names = {"QSO": "broad lines", "other": "other spectra", "": "no spectrum"}
    for label, name in names.items():
        own = (labels["true_class"] == label).to_numpy()
        part = own & detected
        out[name] = {
            "n": int(own.sum()),
            "detected": int(part.sum()),
            "three_edges": proportion(int((mateos & part).sum()), int(part.sum())).to_dict(),
            "with_B_W3": proportion(int((kim & part).sum()), int(part.sum())).to_dict(),
            "of_all": proportion(int((kim & part).sum()), int(own.sum())).to_dict(),
        }
    broad = (labels["true_class"] == "QSO").to_numpy() & detected
    out["broad_by_z"] = [
        {"low_edge": a, "high_edge": b,
         **proportion(int((kim & own).sum()), int(own.sum())).to_dict()}
        for a, b in itertools.pairwise(Z_BINS)
        if (own := broad & labels["true_z"].between(a, b, inclusive="left").to_numpy()).any()
    ]  # fmt: skip
    shifts = (-0.2, 0.0, 0.2)
    out["with_B_W3_if_B_is_g_plus"] = {
        f"{s:+.1f}": float(
            KIM2024_WEDGE.contains(frame.assign(mag_kmt_b=frame["mag_sdss_g"] + s))[broad].mean()
        )
        for s in shifts
    }
    return out


def compute(folder=None):
    """All results as one JSON-able dict."""
    return {
        "milliquas": milliquas(folder),
        "slopes": slopes(folder),
        "stripe82x": stripe82x(folder),
        "histograms": load_ks4_histograms(folder),
    }


def main():
    result = {
        "command": "python benchmarks/real_ks4.py",
        "date": date.today().isoformat(),
        "versions": {p: version(p) for p in ("qsolearn", "numpy", "pandas")},
        **compute(),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    for key in ("milliquas", "slopes", "stripe82x"):
        short = {k: v for k, v in result[key].items() if k != "colors"}
        print(json.dumps({key: short}, indent=1)[:3000])


if __name__ == "__main__":
    sys.exit(main())
