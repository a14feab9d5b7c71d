"""Is the simulated sky real? Compare it with real catalogs and write book/real/sky.json.

    QSOLEARN_SHARED=... python benchmarks/real_sky.py

The quasar model was fitted on even rows (benchmarks/fit_sky.py); every figure here is of odd rows.
"""

import argparse
import copy
import datetime
import itertools
import json
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

import real_samples as rs
from qsolearn.bands import get_band, survey_bands
from qsolearn.papers.richards2004 import PUBLISHED, in_test_set
from qsolearn.photometry import colors, deredden
from qsolearn.sed.quasar import quasar_parameters
from qsolearn.simulate import make_sky, quasar_counts
from qsolearn.simulate.luminosity import _mean_magnitudes
from real_classifier import classifier_test

RESULT = Path(__file__).parents[1] / "book" / "real" / "sky.json"
EDGES = np.round(np.arange(0.3, 4.55, 0.1), 1)
#: A cell counts when its real median is known to this [mag].
KNOWN = 0.05
#: Simulated twins per real quasar, so that the simulated medians are known better.
TWINS = 5
#: Mean E(B-V) by which the DR17 stars, which have no map value, are dereddened.
MEAN_EBV = 0.035


def name_colors(bands):
    """Color names with survey where a color crosses surveys."""
    short = [get_band(b).label for b in bands]
    return [f"{a}-{b}" for a, b in itertools.pairwise(short)]


def rates(rows):
    """Pass rates of some cells; a cell without simulated quasars fails."""
    miss = np.array([abs(r["made"] - r["real"]) for r in rows])
    ratio = np.array([r["width_made"] / r["width_real"] for r in rows])
    return {
        "number_of_cells": len(rows),
        "within_0.10": round(float(np.mean(miss <= 0.10)), 3),
        "largest": round(float(np.nanmax(miss)), 3),
        "width_within_30_percent": round(float(np.mean((ratio > 0.7) & (ratio < 1.3))), 3),
    }


def compare(z, real, made, names, skip=None, bent=None):
    """Misses of medians and ratios of widths, cell by cell, with the pass rates."""
    one = rs.cells(z, real, EDGES)
    two = rs.cells(np.tile(z, len(made) // len(z)), made, EDGES)
    count = np.histogram(z, EDGES)[0]
    out = {"cells": [], "bent": []}
    for c, name in enumerate(names):
        for k in range(len(EDGES) - 1):
            low = float(EDGES[k])
            if not one[1, k, c] < KNOWN or (skip and skip(name, low)):
                continue
            row = {
                "color": name, "z": low, "n": int(count[k]),
                "real": round(float(one[0, k, c]), 3), "made": round(float(two[0, k, c]), 3),
                "error": round(float(one[1, k, c]), 3),
                "width_real": round(float(one[2, k, c]), 3),
                "width_made": round(float(two[2, k, c]), 3),
            }  # fmt: skip
            out["bent" if bent and bent(low) else "cells"].append(row)
    out.update(rates(out["cells"]))
    by_name = {name: [r for r in out["cells"] if r["color"] == name] for name in names}
    out["by_color"] = {name: rates(rows) for name, rows in by_name.items() if rows}
    return out


def quasar_colors_test():
    """SDSS and PS1+Gaia+WISE quasars, odd rows."""
    frame = rs.sdss_cut(rs.half(rs.load_dr5(), 1))
    made = np.concatenate([rs.sdss_twin(frame, 11 + k) for k in range(TWINS)])
    sdss = compare(
        frame["z"].to_numpy(), colors(rs.magnitudes(frame, rs.SDSS)), colors(made),
        name_colors(rs.SDSS), skip=lambda name, z: name == "u-g" and z >= 2.5,
        bent=lambda z: 2.5 <= z < 3.0,
    )  # fmt: skip
    sdss["rows"] = len(frame)
    frame = rs.pgw_cut(rs.half(rs.load_pgw(), 1))
    made = np.concatenate([rs.pgw_twin(frame, 21 + k) for k in range(TWINS)])
    names = name_colors(rs.PGW)
    kept = {"g-r", "r-i", "i-z", "z-y", "BP-G", "G-RP", "W1-W2", "W2-W3"}
    pgw = compare(
        frame["z"].to_numpy(), colors(rs.magnitudes(frame, rs.PGW)), colors(made), names,
        skip=lambda name, z: name not in kept,
    )  # fmt: skip
    pgw["rows"] = len(frame)
    pgw["twins_detected"] = round(float(np.isfinite(made[:, 0]).mean()), 3)
    return {"sdss": sdss, "pgw": pgw}


def width_ablation():
    """Shares of widths within 30 % of z-y and W1-W2 with one ingredient changed: even rows."""
    frame = rs.pgw_cut(rs.half(rs.load_pgw(), 0))
    z, names = frame["z"].to_numpy(), name_colors(rs.PGW)
    real = rs.cells(z, colors(rs.magnitudes(frame, rs.PGW)), EDGES)
    half_host = copy.deepcopy(quasar_parameters())
    half_host["scatter"]["host"] *= 0.5
    calm_ps1 = copy.deepcopy(quasar_parameters())
    calm_ps1["scatter"]["band"]["ps1"] *= 0.6
    less_noise = {b: (rs.PGW_NOISE[b][0] + 0.7, rs.PGW_NOISE[b][1]) for b in rs.PGW_NOISE}
    out = {}
    for case, noise, model in (
        ("as it is", {}, {}), ("noise 0.7 mag deeper", less_noise, {}),
        ("half the spread of hosts", {}, {"parameters": half_host}),
        ("0.6 of the extra scatter of PS1", {}, {"parameters": calm_ps1}),
    ):  # fmt: skip
        with patch.dict(rs.PGW_NOISE, noise):
            made = np.concatenate([rs.pgw_twin(frame, 3 + k, **model) for k in range(2)])
        ratio = (rs.cells(np.tile(z, 2), colors(made), EDGES)[2] / real[2]).T
        out[case] = {}
        for name in ("z-y", "W1-W2"):
            one = ratio[names.index(name)][real[1, :, names.index(name)] < KNOWN]
            out[case][name] = round(float(np.mean((one > 0.7) & (one < 1.3))), 3)
    return out


def star_ridge():
    """Ridge lines: colors of simulated and real stars at the same g - i (odd rows)."""
    shift = np.array([b.survey_to_ab for b in survey_bands("sdss")])
    extinction = np.array([b.extinction for b in survey_bands("sdss")])
    point = rs.read_table(rs.data_folder() / "sdss_ptsrc_train.tab.gz")
    point = point[point["Class"] == 2].iloc[1::2]
    bright = point[["u_g", "g_r", "r_i", "i_z"]].to_numpy() + shift[:-1] - shift[1:]
    table = rs.read_table(rs.data_folder() / "sdss_dr17_100k.csv.gz")
    table = table[(table["class"] == "STAR") & (table["r"] < 19.5)].iloc[1::2]
    mags = table[list("ugriz")].to_numpy() + shift - MEAN_EBV * extinction
    sky = make_sky("sdss", area_deg2=30, seed=8)
    sky = deredden(sky[(sky["true_class"] == "Star") & (sky["mag_sdss_r"] < 19.5)])
    made = colors(rs.magnitudes(sky, rs.SDSS))
    out = {}
    for name, real, low, high in (
        ("point sources", bright, 0.3, 2.0), ("DR17 stars", colors(mags), -0.5, 3.0),
    ):  # fmt: skip
        edges = np.arange(low, high + 0.01, 0.1)
        one, two = (rs.cells(c[:, 1] + c[:, 2], c, edges, least=20) for c in (real, made))
        rows = []
        for k, color in enumerate(("u-g", "g-r", "r-i", "i-z")):
            known = one[1, :, k] < (0.05 if color == "u-g" else 0.02)
            miss = (two[0] - one[0])[known, k]
            limit = 0.1 if color == "u-g" else 0.05
            rows.append({
                "color": color, "bins": int(known.sum()), "limit": limit,
                "within": round(float(np.mean(np.abs(miss) <= limit)), 3),
                "largest": round(float(np.nanmax(np.abs(miss))), 3),
                "largest_at_g-i": round(
                    float(edges[:-1][known][np.nanargmax(np.abs(miss))] + 0.05), 2),
            })  # fmt: skip
        out[name] = {"rows": len(real), "ridge": rows}
    return out


def desi_stars():
    """Gaia and WISE colors of simulated stars against DESI stars (odd rows), at equal BP - RP."""
    bands = ["gaia_bp", "gaia_g", "gaia_rp", "wise_w1", "wise_w2"]
    frame = rs.read_frame(rs.data_folder() / "desi_dr1_random10k.csv.gz", keep=["spectype"])
    frame = frame[frame["spectype"] == "STAR"].iloc[1::2]
    frame = frame[["ebv", *(f"{k}_{b}" for b in bands for k in ("mag", "err"))]]
    sharp = frame["err_wise_w2"].to_numpy() < 0.1
    real = rs.magnitudes(deredden(frame), bands)
    sky = make_sky("ps1-gaia-wise", area_deg2=20, seed=9)
    sky = sky[sky["true_class"] == "Star"]
    fine = sky["err_wise_w2"].to_numpy() < 0.1
    made = rs.magnitudes(deredden(sky[list(frame.columns)]), bands)
    edges = np.arange(0.3, 2.6, 0.2)
    rows = []
    for name, a, b, keep_real, keep_made in (
        ("BP-G", 0, 1, slice(None), slice(None)), ("G-RP", 1, 2, slice(None), slice(None)),
        ("W1-W2", 3, 4, sharp, fine),
    ):  # fmt: skip
        pair = [
            rs.cells((m[:, 0] - m[:, 2])[keep], (m[:, a] - m[:, b])[keep][:, None], edges)
            for m, keep in ((real, keep_real), (made, keep_made))
        ]
        miss = np.abs(pair[1][0] - pair[0][0])[pair[0][1] < 0.03]
        rows.append({"color": name, "bins": int(np.isfinite(miss).sum()),
                     "largest": round(float(np.nanmax(miss)), 3),
                     "median": round(float(np.nanmedian(miss)), 3)})  # fmt: skip
    return {"rows": len(frame), "ridge": rows}


def counts_test():
    """Quasars per square degree at z < 2 against SDSS (digitized, complete bins)."""
    path = rs.data_folder() / "ks4_fig6_counts.json"
    bins = [(m, n) for m, n in json.loads(path.read_text())["SDSS_complete"] if 16.5 < m < 19.0]
    counts = quasar_counts()

    def model(faint, z_min, z_max):
        rows = (counts.z > z_min) & (counts.z < z_max)
        inside = np.abs(counts.magnitude - faint) < 0.125
        return float(counts.density[rows][:, inside].sum())

    # The same function read with the K correction of a power law, alpha = -0.5, without lines: the
    # published magnitudes M_g(z=2) may mean either.
    nodes, shape = _mean_magnitudes()
    own = np.interp(counts.z, nodes, shape[:, 0]) - np.interp(2.0, nodes, shape[:, 0])
    shift = -1.25 * np.log10((1 + counts.z) / 3.0) - own
    plain = np.array([
        10 ** np.interp(counts.magnitude - d, counts.magnitude, np.log10(row))
        for d, row in zip(shift, counts.density, strict=True)
    ])  # fmt: skip

    def power_law(m):
        return float(plain[counts.z < 2.0][:, np.abs(counts.magnitude - m) < 0.125].sum())

    rows = [
        {"i": m, "real": n, "made": round(model(m, 0.0, 2.0), 4),
         "ratio": round(model(m, 0.0, 2.0) / n, 2), "ratio_power_law": round(power_law(m) / n, 2)}
        for m, n in bins
    ]  # fmt: skip
    out = {"bins": rows}
    out["ratio_power_law_16.5_to_19"] = round(
        sum(power_law(m) for m, _ in bins) / sum(n for _, n in bins), 3
    )
    out["ratio_16.5_to_19"] = round(sum(r["made"] for r in rows) / sum(r["real"] for r in rows), 3)
    # Where the difference comes from: the uniform SDSS DR7 sample by redshift, i < 19.1.
    table = np.loadtxt(rs.data_folder() / "qlf_sdss_dr7.dat.gz")
    z, area = table[:, 1], 6248.0
    out["by_redshift_i_19.1"] = [
        {"z": [low, high],
         "real": round(float((1 / table[(z > low) & (z < high), 3]).sum() / area), 3),
         "made": round(counts.total(19.1, low, high), 3),
         "ratio": round(counts.total(19.1, low, high)
                        / float((1 / table[(z > low) & (z < high), 3]).sum() / area), 2)}
        for low, high in ((0.3, 0.68), (0.68, 1.06), (1.06, 1.44), (1.44, 1.82), (1.82, 2.2))
    ]  # fmt: skip
    return out


def uvx_density(area=60.0):
    """Sources per deg^2 that pass the cuts of Richards et al. 2004, by true class and kind.

    The paper's own number, 831,600 on 2,099 deg^2, is known from memory of the literature only.
    """
    sky = deredden(make_sky("sdss", area_deg2=area, seed=3))
    sky = sky[in_test_set(sky)]
    density = sky["true_class"].astype(str).value_counts() / area
    c = colors(rs.magnitudes(sky[sky["true_class"] == "Star"], rs.SDSS))
    turn_off = (c[:, 1] + c[:, 2] > 0.2) & (c[:, 1] + c[:, 2] < 0.8) & (c[:, 0] > 0.6)
    return {
        "all": round(len(sky) / area, 1),
        "by_class": {k: round(float(v), 1) for k, v in density.items()},
        "turn_off_stars": round(float(turn_off.sum() / area), 1),
        "paper_from_memory": round(831_600 / PUBLISHED["area_deg2"], 1),
        "quasars_of_paper": round(
            PUBLISHED["catalog"] * PUBLISHED["efficiency_extrapolated"] / PUBLISHED["area_deg2"], 1
        ),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args(argv)
    start = time.process_time()
    result = {
        "quasars": quasar_colors_test(), "stars": star_ridge(), "desi": desi_stars(),
        "counts": counts_test(), "classifier": classifier_test(), "uvx": uvx_density(),
        "widths_on_even_rows": width_ablation(),
    }  # fmt: skip
    for key in ("stars", "desi", "counts", "classifier", "uvx", "widths_on_even_rows"):
        print(key, json.dumps(result[key], indent=1))
    result["command"] = "python benchmarks/real_sky.py"
    result["date"] = datetime.date.today().isoformat()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    for name, part in result["quasars"].items():
        print(name, {k: v for k, v in part.items() if k not in ("cells", "bent", "by_color")})
        for color, row in part["by_color"].items():
            print("   ", color, row)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
