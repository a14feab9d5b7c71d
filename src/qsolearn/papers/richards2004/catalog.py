"""The catalog of candidates with the columns of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.papers.richards2004.published import BANDS
from qsolearn.photometry import deredden
from qsolearn.selection import select_frame

if TYPE_CHECKING:
    from qsolearn.selection import FrameSelector

__all__ = ["CATALOG_COLUMNS", "catalog"]

#: Our column for each of the 33 of the paper's Table 2, in its order.
CATALOG_COLUMNS = (
    "number", "name", "ra", "dec", "object_id", "row", "column",
    *(f"mag_{b}" for b in BANDS), *(f"err_{b}" for b in BANDS), *(f"extinction_{b}" for b in BANDS),
    "density_quasar", "density_star", "z_phot", "z_low", "z_high", "z_probability",
    "previous_class", "previous_z", "radio_mjy", "log_x_ray_rate", "proper_motion",
)  # fmt: skip

#: Columns that come from elsewhere than the photometry; missing text is "", a number NaN.
_TEXT = ("object_id", "previous_class")
_NUMBERS = ("row", "column", "previous_z", "radio_mjy", "log_x_ray_rate", "proper_motion")


def catalog(
    selector: FrameSelector, frame: pd.DataFrame, matches: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Select candidates and give them the columns of the paper's catalog.

    Parameters
    ----------
    selector : FrameSelector
        A fitted `recipe`: its classifier tells Gaussian densities.
    frame : pandas.DataFrame, n rows
        A photometric frame as observed, not dereddened, with positions.
    matches : pandas.DataFrame, n rows, optional
        What other catalogs know of the same sources: any of ``object_id``, ``row``, ``column``,
        ``previous_class``, ``previous_z``, ``radio_mjy`` [mJy], ``log_x_ray_rate`` [log10 of
        counts per second] and ``proper_motion`` [mas/yr].

    Returns
    -------
    pandas.DataFrame
        One row per candidate, by right ascension, with the columns `CATALOG_COLUMNS`: a
        photometric frame that `qsolearn.frame.write_frame` writes with units.

    Raises
    ------
    CatalogError
        If the frame is dereddened or without positions, or matches do not fit.

    Notes
    -----
    As in the paper, magnitudes stand as observed and the extinction beside them. Unlike there, they
    are AB, and what is missing is NaN, not -1 or -9.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Table 2.
    """
    if frame.attrs.get("dereddened"):
        raise CatalogError(
            "The catalog lists magnitudes as observed; give the frame before dereddening."
        )
    if not {"ra", "dec"} <= set(frame) or frame[["ra", "dec"]].isna().any(axis=None):
        raise CatalogError("The catalog names sources by position; every row needs ra and dec.")
    if matches is not None and len(matches) != len(frame):
        raise CatalogError(
            f"There are {len(frame):,} sources but {len(matches):,} rows of matches; give one each."
        )
    convention = selector.dereddened_["convention"] if selector.dereddened_ else None
    treated = deredden(frame, convention=convention, bands=BANDS) if convention else frame
    chosen = np.flatnonzero(select_frame(selector, treated)["is_candidate"])
    chosen = chosen[np.argsort(frame["ra"].to_numpy()[chosen], kind="stable")]
    own, treated = frame.iloc[chosen], treated.iloc[chosen]
    out = {
        "number": np.arange(1, len(chosen) + 1),
        "name": _names(own["ra"].to_numpy(), own["dec"].to_numpy()),
        "ra": own["ra"].to_numpy(),
        "dec": own["dec"].to_numpy(),
    }
    for band in BANDS:
        out[f"mag_{band}"] = own[f"mag_{band}"].to_numpy()
        out[f"err_{band}"] = own[f"err_{band}"].to_numpy()
        k = get_band(band)
        size = k.extinction_sfd98 if convention == "sfd98" else k.extinction
        ebv = own["ebv"].to_numpy() if "ebv" in own else np.nan
        out[f"extinction_{band}"] = np.full(len(chosen), size) * ebv
    density = 10.0 ** selector.log10_densities(treated)
    out |= {"density_quasar": density[:, 0], "density_star": density[:, 1]}
    z = selector.redshifts(treated).rename(columns={"probability": "z_probability"})
    out |= {c: z[c].to_numpy() for c in ("z_phot", "z_low", "z_high", "z_probability")}
    known = pd.DataFrame(index=own.index) if matches is None else matches.iloc[chosen]
    for column in _TEXT:
        out[column] = known[column].map(str).to_numpy() if column in known else ""
    for column in _NUMBERS:
        out[column] = known[column].to_numpy(dtype=float) if column in known else np.nan
    table = pd.DataFrame(out)[list(CATALOG_COLUMNS)]
    table.attrs = {**frame.attrs, "dereddened": False}
    return table


def _names(ra, dec):
    """SDSS names, JHHMMSS.ss+DDMMSS.s: truncated, not rounded."""
    seconds = np.floor((np.asarray(ra, dtype=float) % 360) * 24000 + 1e-6).astype(np.int64)
    tenths = np.floor(np.abs(np.asarray(dec, dtype=float)) * 36000 + 1e-6).astype(np.int64)
    return [
        f"SDSS J{s // 360000:02d}{s // 6000 % 60:02d}{s % 6000 / 100:05.2f}"
        f"{'-' if d < 0 else '+'}{t // 36000:02d}{t // 600 % 60:02d}{t % 600 / 10:04.1f}"
        for s, t, d in zip(seconds, tenths, dec, strict=True)
    ]
