"""Measure the color statistics that the first simulated sky is made of.

Reads two real catalogs (folder QSOLEARN_DATA) and writes statistics only, never rows:
medians and covariances of quasar colors per redshift bin (SDSS DR5 quasar catalog of Schneider
et al. 2007), and the share of point sources per bin of g-i (astrodatR's SDSS point sources).

    QSOLEARN_DATA=folder python benchmarks/measure_colors.py
"""

import itertools
import json
from pathlib import Path

import numpy as np

from qsolearn.datasets import load_sdss_dr5_quasars, load_sdss_point_sources
from qsolearn.frame import magnitudes
from qsolearn.photometry import color_covariance, colors

BANDS = ["sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z"]
OUT = Path(__file__).parents[1] / "src/qsolearn/simulate/data/sdss_colors.json"


def robust(x, cov_err):
    """Median and covariance of colors, photometric errors taken off, outliers clipped."""
    center = np.median(x, axis=0)
    sigma = 1.4826 * np.median(np.abs(x - center), axis=0)
    good = (np.abs(x - center) < 3.5 * sigma).all(axis=1)
    cov = np.cov(x[good], rowvar=False) - np.median(cov_err[good], axis=0)
    values, vectors = np.linalg.eigh(cov)
    # A covariance has no negative eigenvalue; 0.03 mag is the least width that is believed.
    return center, (vectors * np.maximum(values, 0.03**2)) @ vectors.T


def main():
    frame, labels = load_sdss_dr5_quasars()
    err = frame[[f"err_{b}" for b in BANDS]].to_numpy()
    mag = magnitudes(frame, BANDS)
    z = labels["true_z"].to_numpy()
    # From z = 3 the Lyman limit leaves little light in u, and above 3.6 in g.
    good = np.isfinite(mag).all(axis=1) & (err[:, 2:] < 0.2).all(axis=1)
    good &= (err[:, 1] < 0.2) | (z > 3.6)
    good &= (err[:, 0] < 0.3) | (z > 2.8)
    edges = np.round(np.r_[np.arange(0.1, 4.0, 0.1), np.arange(4.0, 5.2, 0.2)], 2)
    bins = []
    for low, high in itertools.pairwise(edges):
        rows = good & (z >= low) & (z < high)
        center, cov = robust(colors(mag[rows]), color_covariance(err[rows]))
        bins.append(
            {
                "z_low": float(low),
                "z_high": float(high),
                "n": int(np.sum((z >= low) & (z < high) & np.isfinite(mag[:, 3]))),
                "median": np.round(center, 3).tolist(),
                "covariance": np.round(cov, 5).tolist(),
            }
        )
    _, points = load_sdss_point_sources("test")
    g_i = points["g-r"] + points["r-i"]
    g_i_edges = np.round(np.arange(-0.6, 3.01, 0.1), 1)
    share, _ = np.histogram(g_i, g_i_edges)
    # Quasars and white dwarfs are added on their own: keep what is neither by its u-g.
    blue = (points["u-g"] < 0.6) & (g_i < 0.6)
    star_share, _ = np.histogram(g_i[~blue], g_i_edges)
    OUT.write_text(
        json.dumps(
            {
                "source": {
                    "quasars": "SDSS DR5 quasar catalog (Schneider et al. 2007, AJ 134, 102)",
                    "stars": "SDSS point sources of the R package astrodatR, unlabeled set",
                    "system": "AB, not dereddened",
                    "n_points": int(share.sum()),
                },
                "quasars": bins,
                "g_i_edges": g_i_edges.tolist(),
                "star_share": np.round(star_share / star_share.sum(), 5).tolist(),
            },
            indent=1,
        )
        + "\n"
    )
    print(f"wrote {OUT.name}: {len(bins)} redshift bins, {int(good.sum()):,} quasars")


if __name__ == "__main__":
    main()
