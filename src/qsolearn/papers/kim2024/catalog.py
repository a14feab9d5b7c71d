"""Joining the infrared surveys to an optical catalog, and the format of the paper's Table 1."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError
from qsolearn.frame import validate_frame
from qsolearn.papers.kim2024.constants import MATCH_RADII
from qsolearn.sky import match_nearest

__all__ = ["build_catalog", "from_table1", "near_infrared", "to_table1"]

_NONE = -99.0
#: Column stem in Table 1 and band, optical and mid-infrared.
_DIRECT = {
    **{f.upper(): f"kmt_{f}" for f in "bvri"},
    **{f"W{k}": f"wise_w{k}" for k in (1, 2, 3, 4)},
}
_NEAR = {"J": "j", "H": "h", "K": "ks"}
#: Meaning of the flag beside a near-infrared magnitude.
_SOURCES = {1: "vista", 2: "twomass"}
_ORDER = ("B", "V", "R", "I", "J", "H", "K", "W1", "W2", "W3", "W4")


def build_catalog(
    optical: pd.DataFrame, **infrared: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Give each optical source the photometry of its nearest infrared neighbors.

    Parameters
    ----------
    optical : pandas.DataFrame, n rows
        A photometric frame with positions.
    **infrared : pandas.DataFrame
        Photometric frames with positions: ``twomass``, ``vista``, ``wise``, matched within 2, 1
        and 2 arcsec.

    Returns
    -------
    frame : pandas.DataFrame, n rows
        ``optical`` with the bands of the infrared frames; a source without match has NaN there.
    matches : dict of str to pandas.DataFrame
        What `match_nearest` gave per survey: separations, ambiguous and shared matches.

    Raises
    ------
    CatalogError
        If a survey is unknown, or a frame is none or lacks positions.

    References
    ----------
    Kim et al. 2024, Sect. 2.
    """
    out, matches = validate_frame(optical).copy(), {}
    for survey, table in infrared.items():
        if survey not in MATCH_RADII:
            raise CatalogError(
                f"The infrared surveys are {', '.join(MATCH_RADII)}, not {survey!r}."
            )
        found = match_nearest(optical, table, MATCH_RADII[survey])
        matches[survey] = found
        near = (found["match"] >= 0).to_numpy()
        row = found["match"].to_numpy()
        for column in table.columns:
            kind, _, band = str(column).partition("_")
            if kind not in ("mag", "err", "limit") or band.split("_")[0] != survey:
                continue
            value = np.full(len(out), False if kind == "limit" else np.nan)
            value[near] = table[column].to_numpy()[row[near]]
            out[column] = value
    return out, matches


def near_infrared(frame: pd.DataFrame) -> pd.DataFrame:
    """One J, H and Ks per source: VHS where it has a value, else 2MASS.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with bands of VISTA, of 2MASS, or of both.

    Returns
    -------
    pandas.DataFrame, n rows, same index
        ``mag_j``, ``err_j`` [AB mag], ``limit_j`` (bool) and ``flag_j`` (0 none, 1 VHS, 2 2MASS),
        and the same for h and ks. The choice is made band by band: VHS has no H in the northern
        Galactic cap. An upper limit of VHS stands before a detection in 2MASS.
    """
    out: dict[str, np.ndarray] = {}
    for band in _NEAR.values():
        n = len(frame)
        mag, err = np.full(n, np.nan), np.full(n, np.nan)
        limit, flag = np.zeros(n, dtype=bool), np.zeros(n, dtype=int)
        for number, survey in _SOURCES.items():
            name = f"{survey}_{band}"
            if f"mag_{name}" not in frame:
                continue
            value = _values(frame, f"mag_{name}")
            take = np.isfinite(value) & (flag == 0)
            mag[take], flag[take] = value[take], number
            err[take] = _values(frame, f"err_{name}")[take]
            limit[take] = _is_limit(frame, name)[take]
        out |= {f"mag_{band}": mag, f"err_{band}": err}
        out |= {f"limit_{band}": limit, f"flag_{band}": flag}
    return pd.DataFrame(out, index=frame.index)


def to_table1(frame: pd.DataFrame) -> pd.DataFrame:
    """Catalog in the columns of the paper's Table 1.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame.

    Returns
    -------
    pandas.DataFrame, n rows
        ``ID, RA, DEC``; per band ``Bmag, e_Bmag``, and for J, H, K also ``f_Jmag`` (0 none, 1 VHS,
        2 2MASS). What is missing is -99; a magnitude with the error -99 is an upper limit.

    Notes
    -----
    A magnitude that has no error although it is a detection would read as an upper limit: that is
    an error here.

    Raises
    ------
    CatalogError
        If a detection has no error.

    References
    ----------
    Kim et al. 2024, Table 1.
    """
    out = {
        "ID": frame["id"].to_numpy(),
        "RA": _values(frame, "ra"),
        "DEC": _values(frame, "dec"),
    }
    near = near_infrared(frame)
    for stem in _ORDER:
        table, band = (near, _NEAR[stem]) if stem in _NEAR else (frame, _DIRECT[stem])
        mag, err = _values(table, f"mag_{band}"), _values(table, f"err_{band}")
        limit = _is_limit(table, band)
        bad = np.isfinite(mag) & ~limit & ~np.isfinite(err)
        if bad.any():
            raise CatalogError(
                f"Row {int(np.argmax(bad))} has a magnitude in {stem} without an error, which this "
                "format would take for an upper limit; give it an error or set its limit."
            )
        out[f"{stem}mag"] = np.where(np.isfinite(mag), mag, _NONE)
        out[f"e_{stem}mag"] = np.where(np.isfinite(mag) & ~limit, err, _NONE)
        if stem in _NEAR:
            out[f"f_{stem}mag"] = near[f"flag_{band}"].to_numpy()
    return pd.DataFrame(out)


def from_table1(table: pd.DataFrame) -> pd.DataFrame:
    """Photometric frame of a catalog in the columns of the paper's Table 1.

    Parameters
    ----------
    table : pandas.DataFrame, n rows
        As `to_table1` makes it, or read from the published file.

    Returns
    -------
    pandas.DataFrame, n rows
        -99 is NaN, a magnitude with the error -99 has its ``limit_`` set; J, H and K stand under
        VISTA or 2MASS as their flag says. ``ebv`` is NaN: the table does not give it.

    Raises
    ------
    CatalogError
        If a column is absent or a flag is none of 0, 1, 2.
    """
    needed = ["ID", "RA", "DEC", *(f"{p}{s}mag" for s in _ORDER for p in ("", "e_"))]
    needed += [f"f_{stem}mag" for stem in _NEAR]
    for name in needed:
        if name not in table:
            raise CatalogError(f"A catalog in the format of Table 1 has a column {name!r}.")
    out = {"id": table["ID"].to_numpy(), "ra": _values(table, "RA"), "dec": _values(table, "DEC")}
    out["ebv"] = np.full(len(table), np.nan)
    for stem in _ORDER:
        mag, err = (_values(table, f"{prefix}{stem}mag") for prefix in ("", "e_"))
        mag, err = (np.where(value == _NONE, np.nan, value) for value in (mag, err))
        if stem not in _NEAR:
            _put(out, _DIRECT[stem], mag, err, np.ones(len(table), dtype=bool))
            continue
        flag = table[f"f_{stem}mag"].to_numpy()
        if not np.isin(flag, (0, *_SOURCES)).all():
            raise CatalogError(f"The column f_{stem}mag holds 0, 1 or 2 and nothing else.")
        for number, survey in _SOURCES.items():
            _put(out, f"{survey}_{_NEAR[stem]}", mag, err, flag == number)
    frame = pd.DataFrame(out)
    frame.attrs["dereddened"] = False
    return frame


def _put(out, band, mag, err, own):
    out[f"mag_{band}"] = np.where(own, mag, np.nan)
    out[f"err_{band}"] = np.where(own, err, np.nan)
    out[f"limit_{band}"] = own & np.isfinite(mag) & ~np.isfinite(err)


def _values(frame, column):
    if column not in frame:
        return np.full(len(frame), np.nan)
    return frame[column].to_numpy(dtype=float, na_value=np.nan)


def _is_limit(frame, band):
    if f"limit_{band}" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame[f"limit_{band}"].to_numpy(dtype=bool, na_value=False)
