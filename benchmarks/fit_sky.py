"""Fit the quasar model to the even rows of the real catalogs.

    QSOLEARN_SHARED=... python benchmarks/fit_sky.py

Writes src/qsolearn/sed/data/quasar.json: the smooth correction of the mean spectrum (from median
colors) and the strength of the scatter (from widths). Odd rows are never looked at.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import real_samples as rs
from qsolearn.photometry import colors
from qsolearn.sed.filters import LOG_STEP, WAVELENGTH, filter_weights
from qsolearn.sed.grid import build_grid
from qsolearn.sed.igm import igm_transmission
from qsolearn.sed.quasar import quasar_components
from qsolearn.simulate.quasars import absolute_magnitude

FILE = Path(__file__).parents[1] / "src" / "qsolearn" / "sed" / "data" / "quasar.json"
EDGES = np.concatenate([np.arange(0.3, 3.0, 0.05), np.arange(3.0, 4.55, 0.1)])
Z = (EDGES[1:] + EDGES[:-1]) / 2
BANDS = rs.SDSS + rs.PGW
#: Scatter that is fitted to the widths (section, key).
SCATTER = [
    *(("scatter", k) for k in ("slope", "dust_mean", "high", "low", "iron", "hot", "warm", "host",
                               "young", "forest", "survey")),
    *(("band", k) for k in ("sdss", "ps1", "gaia", "wise")),
]  # fmt: skip
#: SDSS colors that selection bends are not fitted.
BENT = (Z > 2.5) & (Z < 3.0)


def apertures(p, bands):
    """As `qsolearn.sed.grid.apertures`, for these parameters."""
    given = p["aperture"]
    return np.array([given.get(b, given.get(b.split("_")[0], 1.0)) for b in bands])


class MeanModel:
    """Colors of the mean quasar at the centers of the bins, quickly."""

    def __init__(self, faint_sdss, faint_pgw):
        self.faint = (faint_sdss, faint_pgw)
        weights = filter_weights(BANDS)
        self.used = np.flatnonzero(weights.any(axis=1))
        self.shift = np.round(np.log1p(Z) / LOG_STEP).astype(int)
        self.weights = weights[self.used]
        self.depth = []
        for z in Z:
            through = igm_transmission(WAVELENGTH[self.used], z)
            self.depth.append(through)

    def __call__(self, p):
        parts = quasar_components(p)
        lum = p["luminosity"]
        power = np.array([0, lum["baldwin_high"], lum["baldwin_low"], 0, lum["hot"], lum["warm"],
                          lum["host"], lum["host"]])  # fmt: skip
        stars = apertures(p, BANDS)
        out = []
        for k in range(len(Z)):
            at = np.clip(self.used - self.shift[k], 0, len(WAVELENGTH) - 1)
            flux = parts[:, at] * self.depth[k] @ self.weights
            mags = []
            for faint, bands in zip(self.faint, (slice(0, 5), slice(5, None)), strict=True):
                amount = np.tile(10 ** (power * faint[k]), (flux[:, bands].shape[1], 1)).T
                amount[6:] *= stars[bands]
                mags.append(-2.5 * np.log10((amount * flux[:, bands]).sum(axis=0)))
            out.append(np.concatenate([colors(m) for m in mags]))
        return np.array(out)


def unpack(p, x):
    """Parameters with the fitted values of a vector."""
    k = len(p["correction"])
    return {**p, "correction": list(x[:k]), "host": x[k], "host_young": x[k + 1],
            "balmer": x[k + 2],
            "aperture": {"gaia_g": x[k + 3], "gaia": x[k + 4], "wise": x[k + 5]}}  # fmt: skip


#: Prior widths of host, host_young, balmer and the three apertures.
PRIOR = [0.1, 0.2, 0.05, 0.2, 0.3, 0.3]


def fit_mean(model, p, target, sigma, smooth):
    """Least squares on colors with a penalty on rough corrections."""
    k = len(p["correction"])
    start = np.array(
        [
            *p["correction"],
            p["host"],
            p["host_young"],
            p["balmer"],
            *(p["aperture"][a] for a in ("gaia_g", "gaia", "wise")),
        ]
    )
    low = np.array([-2.0] * k + [0.02, 0.0, 0.0, 0.0, 0.5, 0.5])
    high = np.array([2.0] * k + [0.8, 0.95, 0.25, 1.0, 2.5, 2.5])
    prior = start[k:].copy()

    def residual(x):
        miss = (model(unpack(p, x)) - target) / sigma
        miss = np.where(np.isfinite(miss), miss, 0.0).ravel()
        rough = np.diff(x[:k], 2) / smooth
        return np.concatenate([miss, rough, x[:k] / 3.0, (x[k:] - prior) / np.array(PRIOR)])

    fit = least_squares(residual, start, bounds=(low, high), loss="soft_l1", max_nfev=6,
                        x_scale=0.05)  # fmt: skip
    return unpack(p, fit.x), fit.cost


def measure(p, sdss, pgw, seed, grids=None):
    """Medians and widths (bins, colors) of real and simulated samples side by side."""
    parts = quasar_components(p)
    out = []
    for frame, twin, bands in ((sdss, rs.sdss_twin, rs.SDSS), (pgw, rs.pgw_twin, rs.PGW)):
        joined = list(bands) if "sdss_i" in bands else [*bands, "sdss_i"]
        key = tuple(joined)
        grids = {} if grids is None else grids
        if key not in grids:
            grids[key] = build_grid(joined, parts, apertures(p, joined))
        made = twin(frame, seed, parameters=p, grid=grids[key])
        z = frame["z"].to_numpy()
        out.append((rs.cells(z, colors(rs.magnitudes(frame, bands)), EDGES),
                    rs.cells(z, colors(made), EDGES)))  # fmt: skip
    real = np.concatenate([out[0][0], out[1][0]], axis=2)
    return real, np.concatenate([out[0][1], out[1][1]], axis=2)


def fit_scatter(p, sdss, pgw, real):
    """Scatter of the model from the ratios of widths; random numbers are the same throughout."""

    def with_scatter(x):
        q = json.loads(json.dumps(p))
        for (section, key), value in zip(SCATTER, x, strict=True):
            place = q["scatter"]["band"] if section == "band" else q["scatter"]
            place[key] = float(np.exp(value))
        return q

    def start():
        for section, key in SCATTER:
            place = p["scatter"]["band"] if section == "band" else p["scatter"]
            yield np.log(place[key])

    first = np.array(list(start()))

    grids = {}

    def residual(x):
        made = measure(with_scatter(x), sdss, pgw, 5, grids)[1]
        ratio = np.log(made[2] / real[2])
        ratio[:, 8] = np.nan  # y - BP crosses surveys
        ratio[Z > 2.5, 0] = np.nan
        ratio[BENT, :4] = np.nan
        ratio[:, 14] /= 3.0  # W4 is mostly noise
        ratio = np.where(np.isfinite(ratio), ratio, 0.0).ravel()
        return np.concatenate([ratio, (x - first) * 0.5])

    fit = least_squares(residual, first, diff_step=0.06, max_nfev=5, loss="soft_l1", f_scale=0.3)
    return with_scatter(fit.x)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--smooth", type=float, default=0.06)
    args = parser.parse_args(argv)
    p = json.loads(FILE.read_text())
    sdss, pgw = rs.sdss_cut(rs.half(rs.load_dr5(), 0)), rs.pgw_cut(rs.half(rs.load_pgw(), 0))
    faint = []
    for frame, band in ((sdss, "sdss_i"), (pgw, "ps1_i")):
        m = absolute_magnitude(
            frame["z"].to_numpy(), frame[f"mag_{band}"].to_numpy() - 1.69 * frame["ebv"].to_numpy()
        )
        faint.append(0.4 * (rs.cells(frame["z"].to_numpy(), m[:, None], EDGES)[0, :, 0]
                            - p["luminosity"]["reference"]))  # fmt: skip
    good = np.isfinite(faint[1])
    faint[1] = np.interp(Z, Z[good], faint[1][good])
    model = MeanModel(*faint)
    for turn in range(args.rounds):
        real, made = measure(p, sdss, pgw, seed=turn)
        offset = made[0] - model(p)  # medians of the population less the mean quasar
        sigma = np.hypot(real[1], 0.02)
        sigma[:, 4 + 4] *= 50.0  # y - BP crosses surveys
        sigma[:, 4 + 7] *= 3.0  # RP - W1 crosses surveys
        sigma[Z > 2.5, 0] = np.nan
        sigma[BENT, :4] = np.nan
        sigma[:, 4 + 10] *= 4.0  # W4 is detected where it happens to be bright
        miss = made[0] - real[0]
        print(
            turn,
            "rms before",
            np.round(
                np.sqrt(np.nanmean(np.where(np.isfinite(sigma), miss, np.nan) ** 2, axis=0)), 3
            ),
        )
        p, cost = fit_mean(model, p, real[0] - offset, sigma, args.smooth)
        print(
            turn,
            "cost",
            round(cost, 1),
            [round(float(p[k]), 3) for k in ("host", "host_young", "balmer")],
        )
        if turn < args.rounds - 1:
            p = fit_scatter(p, sdss, pgw, real)
            print(
                {k: round(v, 3) for k, v in p["scatter"].items() if k != "band"},
                p["scatter"]["band"],
                p["aperture"],
            )
    real, made = measure(p, sdss, pgw, seed=99)
    p["correction"] = [round(float(v), 4) for v in p["correction"]]
    p = json.loads(json.dumps(p), parse_float=lambda v: round(float(v), 4))
    FILE.write_text(json.dumps(p, indent=1) + "\n")


if __name__ == "__main__":
    main()
