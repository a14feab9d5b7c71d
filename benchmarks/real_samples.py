"""Real catalogs and their simulated twins: same redshifts, i magnitudes, errors, cuts, dust."""

import os
import warnings
from pathlib import Path

import numpy as np

from qsolearn.frame import magnitudes, read_frame, read_table
from qsolearn.photometry import asinh_from_flux, flux_from_asinh
from qsolearn.simulate.extinction import draw_ebv
from qsolearn.simulate.quasars import quasar_magnitudes
from qsolearn.sky import galactic_latitude

__all__ = ["magnitudes", "read_frame", "read_table"]

SDSS = [f"sdss_{f}" for f in "ugriz"]
#: Order in which neighboring differences give the compared colors.
PGW = [
    *(f"ps1_{f}" for f in "grizy"),
    *("gaia_bp", "gaia_g", "gaia_rp"),
    *(f"wise_w{k}" for k in (1, 2, 3, 4)),
]


def data_folder():
    """Folder of the real catalogs, or None."""
    shared = os.environ.get("QSOLEARN_SHARED")
    folder = os.environ.get("QSOLEARN_DATA") or (shared and str(Path(shared) / "data"))
    return Path(folder) if folder else None


def load_dr5():
    """SDSS DR5 quasars with positions from their names and modelled E(B-V)."""
    frame = read_frame(data_folder() / "sdss_dr5q_schneider2007.tab.gz", keep=["z", "SDSS"])
    name = frame["SDSS"].astype(str).str.strip()

    def number(a, b):
        return name.str[a:b].astype(float)

    ra = 15 * (number(0, 2) + number(2, 4) / 60 + number(4, 9) / 3600)
    sign = np.where(name.str[9] == "-", -1.0, 1.0)
    dec = sign * (number(10, 12) + number(12, 14) / 60 + number(14, 18) / 3600)
    frame["ebv"] = draw_ebv(galactic_latitude(ra, dec), 1)
    return frame


def load_pgw():
    """Quasars detected in PS1, Gaia and WISE, with modelled E(B-V)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file has no errors and no E(B-V)
        frame = read_frame(
            data_folder() / "voss23_qso_ps1_gaia_wise.fits", keep=["z_spec", "RAd", "DECd"]
        )
    frame["z"] = frame["z_spec"]
    frame["ebv"] = draw_ebv(galactic_latitude(frame["RAd"], frame["DECd"]), 2)
    return frame


def half(frame, parity):
    """Even (0) or odd (1) rows."""
    return frame.iloc[parity::2].reset_index(drop=True)


#: Largest error of g, r, i, z in the comparison [mag].
LIMITS = (0.1, 0.1, 0.1, 0.2)


def sdss_cut(frame):
    """Rows with a redshift of the test, five magnitudes and small errors from g to z."""
    good = frame["z"].between(0.3, 4.5) & np.isfinite(magnitudes(frame, SDSS)).all(axis=1)
    for band, limit in zip(SDSS[1:], LIMITS, strict=True):
        good &= frame[f"err_{band}"].between(1e-4, limit)
    good &= frame["err_sdss_u"] > 1e-4
    return frame[good].reset_index(drop=True)


def noisy_asinh(mags, errors, rng):
    """Magnitudes after Gaussian noise in flux, as SDSS measures and prints them."""
    out = np.empty_like(mags)
    for k, band in enumerate(SDSS):
        # The real error stands at the real magnitude; carry its flux error to the simulated one.
        flux = flux_from_asinh(mags[:, k], band)
        noise = errors[:, k]
        seen = flux + noise * rng.standard_normal(len(flux))
        out[:, k] = asinh_from_flux(seen, band)
        if k > 0:  # the cut of `sdss_cut` on the simulated error
            with np.errstate(divide="ignore"):
                out[:, k] = np.where(1.0857 * noise < LIMITS[k - 1] * seen, out[:, k], np.nan)
    return out


def flux_errors(frame):
    """SDSS flux errors [nanomaggy] from the errors of asinh magnitudes."""
    out = []
    for band in SDSS:
        mag, err = frame[f"mag_{band}"].to_numpy(), frame[f"err_{band}"].to_numpy()
        step = flux_from_asinh(mag - 1e-3, band) - flux_from_asinh(mag + 1e-3, band)
        out.append(err * step / 2e-3)
    return np.column_stack(out)


def sdss_twin(frame, seed, **model):
    """Simulated magnitudes (n, 5) for the rows of a frame that passed `sdss_cut`."""
    rng = np.random.default_rng(seed)
    ebv = frame["ebv"].to_numpy()
    i = frame["mag_sdss_i"].to_numpy() - 1.698 * ebv
    mags = quasar_magnitudes(frame["z"].to_numpy(), SDSS, i, ebv=ebv, seed=rng, **model)
    return noisy_asinh(mags, flux_errors(frame), rng)


def pgw_cut(frame):
    """Rows with a redshift of the test."""
    return frame[frame["z"].between(0.3, 4.5)].reset_index(drop=True)


#: Depth (signal 5 times the noise, AB) and floor of the error of each band of `PGW` [mag].
PGW_NOISE = {
    **dict(zip(PGW[:5], ((22.0, 0.012), (21.8, 0.012), (21.5, 0.012), (20.9, 0.012), (20.9, 0.012)),
               strict=True)),
    "gaia_bp": (21.0, 0.01), "gaia_g": (22.5, 0.005), "gaia_rp": (20.8, 0.01),
    "wise_w1": (19.6, 0.024), "wise_w2": (19.3, 0.022), "wise_w3": (16.7, 0.02),
    "wise_w4": (14.6, 0.02),
}  # fmt: skip


def pgw_twin(frame, seed, **model):
    """Simulated magnitudes (n, 12), NaN rows where not detected in every band or y > 18.5."""
    rng = np.random.default_rng(seed)
    ebv = frame["ebv"].to_numpy()
    i = frame["mag_ps1_i"].to_numpy() - 1.682 * ebv
    mags = quasar_magnitudes(frame["z"].to_numpy(), PGW, i, ebv=ebv, seed=rng, **model)
    for k, band in enumerate(PGW):
        depth, floor = PGW_NOISE[band]
        flux = 10 ** (0.4 * (depth - mags[:, k])) * 5.0  # in units of the noise
        seen = flux + rng.standard_normal(len(flux)) + floor * flux * rng.standard_normal(len(flux))
        mags[:, k] = depth - 2.5 * np.log10(np.where(seen > 2.0, seen, np.nan) / 5.0)
    mags[~np.isfinite(mags).all(axis=1) | (mags[:, 4] > 18.5)] = np.nan
    return mags


def robust(values):
    """Median, its standard error and half the central 68 % of columns, ignoring NaN."""
    n = np.isfinite(values).sum(axis=0)
    low, middle, high = np.nanpercentile(values, [15.87, 50, 84.13], axis=0)
    width = (high - low) / 2
    return middle, 1.2533 * width / np.sqrt(np.maximum(n, 1)), width


def cells(z, colors, edges, least=10):
    """Medians, their errors and widths of colors in redshift bins: (bins, colors) each."""
    place = np.digitize(z, edges) - 1
    out = np.full((3, len(edges) - 1, colors.shape[1]), np.nan)
    for k in range(len(edges) - 1):
        rows = colors[place == k]
        rows = rows[np.isfinite(rows).all(axis=1)]
        if len(rows) >= least:
            out[:, k] = robust(rows)
    return out
