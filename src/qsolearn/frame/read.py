"""From a plain table, or the file that holds it, to a photometric frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qsolearn.bands import BANDS, check_bands, get_band
from qsolearn.errors import CatalogError, CatalogWarning, nearest_names, plural
from qsolearn.frame.columns import COMMON_NAMES, check_spec, guess_bands
from qsolearn.frame.files import read_table
from qsolearn.frame.locus import misplaced_systems
from qsolearn.frame.schema import COMMON, bands_of, validate_frame
from qsolearn.photometry import ab_from_vega, mag_from_flux

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["MAGNITUDE_RANGE", "frame_from_table", "no_magnitude", "read_frame"]

#: No star or quasar of any catalog lies outside; -99, 99.99, -9999 and their like do.
MAGNITUDE_RANGE = (-5.0, 40.0)
#: Largest believable E(B-V) [mag]: the SFD98 map ends near 100, in the Galactic plane.
_LARGEST_EBV = 100.0
#: Values that catalogs write where an error is unknown.
_ERROR_SENTINELS = (90.0, 99.0, 99.9, 99.99, 999.0, 999.9, 9999.0)


def read_frame(
    path: str | Path,
    *,
    bands: dict[str, dict] | None = None,
    columns: dict | None = None,
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a catalog file as a photometric frame.

    Parameters
    ----------
    path : str or Path
        A Parquet, FITS, VOTable, ECSV, CSV or whitespace-separated file.
    bands : dict of str to dict, optional
        Where each band is found (see `qsolearn.frame.columns`), such as
        ``{"wise_w1": {"mag": "w1mpro", "err": "w1sigmpro", "system": "vega"}}``. By default bands
        are recognized by the names that surveys use.
    columns : dict, optional
        Where ``id``, ``ra``, ``dec``, ``ebv`` are found; by default recognized by name.
    keep : sequence of str, or "all"
        Other columns to carry along, such as labels; "all" means every column of the catalog that
        does not have the name of a frame column.

    Returns
    -------
    pandas.DataFrame
        A photometric frame: AB magnitudes, NaN where a value is missing, infinite, exactly 0,
        outside -5 to 40 mag (sentinels such as -99 or 99.99) or a flux that is not positive. An
        upper limit keeps its magnitude and has ``limit_<band>`` True. ``attrs`` records the survey,
        the input systems, dereddening and how many values were missing.

    Raises
    ------
    CatalogError
        One sentence: what is wrong with the file, the columns or the values.

    Warns
    -----
    CatalogWarning
        If a band holds no value at all, or stars lie where a band given as AB would put them if
        it were Vega (or the reverse).
    """
    table = read_table(path)
    frame = frame_from_table(table, bands=bands, columns=columns, keep=keep)
    frame.attrs["source"] = Path(path).name
    return frame


def frame_from_table(
    table: pd.DataFrame | Table,
    *,
    bands: dict[str, dict] | None = None,
    columns: dict | None = None,
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Make a photometric frame of a table that is in memory already.

    Parameters
    ----------
    table : pandas.DataFrame or astropy Table
        The catalog.
    bands, columns, keep
        As for `read_frame`.

    Returns
    -------
    pandas.DataFrame
        A photometric frame.

    Raises
    ------
    CatalogError
        As `read_frame`.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["a"], "w1mpro": [15.0], "w1sigmpro": [0.02]})
    >>> frame_from_table(table)[["id", "mag_wise_w1", "err_wise_w1", "limit_wise_w1"]]
      id  mag_wise_w1  err_wise_w1  limit_wise_w1
    0  a       17.699         0.02          False
    """
    if hasattr(table, "to_pandas") and not isinstance(table, pd.DataFrame):
        table = table.to_pandas()
    if not isinstance(table, pd.DataFrame):
        raise CatalogError(f"A catalog is a table, not {type(table).__name__}.")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise CatalogError(f"Column {twice!r} stands in the catalog twice; rename one of them.")
    if len(table) == 0:
        raise CatalogError("The catalog has no rows.")
    recorded = table.attrs.get("qsolearn", {})
    bands = _resolve_bands(table, bands)
    out = _common_columns(table, columns or {})
    missing = {}
    for band, spec in bands.items():
        mag, err, limit = _one_band(table, band, spec)
        out[f"mag_{band}"], out[f"err_{band}"], out[f"limit_{band}"] = mag, err, limit
        missing[band] = int(np.isnan(mag).sum())
    if keep == "all":
        keep = list(table.columns)
    for column in keep:
        if column not in table:
            raise CatalogError(
                f"Column {column!r} is not in the catalog; {nearest_names(column, table.columns)}."
            )
        if column not in out:
            out[column] = table[column].to_numpy()
    frame = validate_frame(pd.DataFrame(out))
    frame.attrs = {
        "survey": "+".join(dict.fromkeys(get_band(b).survey for b in bands)),
        "input_system": {b: s.get("system", "ab") for b, s in bands.items()},
        "dereddened": recorded.get("dereddened", False),
        "missing": missing,
    }
    _warn(frame, missing)
    return frame


def _resolve_bands(table, bands):
    if bands is None:
        bands = guess_bands(table.columns)
        if not bands:
            raise CatalogError(
                f"No band was recognized among the columns ({_first(table.columns)}); say which is "
                "which with bands= or a column map."
            )
        return bands
    try:
        check_bands(bands)
    except ValueError as error:
        raise CatalogError(str(error)) from None
    for band, spec in bands.items():
        check_spec(band, spec, list(map(str, table.columns)))
    return {band: bands[band] for band in BANDS if band in bands}


def _first(names, n=8):
    return ", ".join(map(str, names[:n])) + (", ..." if len(names) > n else "")


def _common_columns(table, columns):
    unknown = sorted(set(columns) - set(COMMON))
    if unknown:
        raise CatalogError(
            f"Unknown column role {unknown[0]!r}; the roles are {', '.join(COMMON)}."
        )
    real = {str(c).lower(): c for c in table.columns}
    out = {}
    for role in COMMON:
        column = columns.get(role)
        if column is None:
            column = next((real[n] for n in COMMON_NAMES[role] if n in real), None)
        elif column not in table:
            raise CatalogError(
                f"Column {column!r} ({role}) is not in the catalog; "
                f"{nearest_names(column, table.columns)}."
            )
        if column is None:
            out[role] = np.arange(len(table)) if role == "id" else np.full(len(table), np.nan)
        else:
            out[role] = table[column].to_numpy() if role == "id" else _numbers(table, column)
    # A declination such as -99 or 999 says that the position is unknown.
    nowhere = np.isin(np.abs(out["dec"]), (99.0, 999.0, 9999.0))
    for role in ("ra", "dec"):
        out[role] = np.where(nowhere, np.nan, out[role])
    out["ebv"] = np.where((out["ebv"] < 0) | (out["ebv"] > _LARGEST_EBV), np.nan, out["ebv"])
    if pd.isna(out["id"]).any():
        warnings.warn(
            f"{plural(int(pd.isna(out['id']).sum()), 'row')} without an id; all rows are numbered "
            "instead.",
            CatalogWarning,
            stacklevel=4,
        )
        out["id"] = np.arange(len(table))
    return out


def _numbers(table, column):
    """Column as float64 with infinities as NaN; text is an error."""
    values = table[column]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        try:
            # Some readers give numbers as text or objects with None.
            values = pd.to_numeric(values)
        except (ValueError, TypeError):
            wrong = next(
                (v for v in values if pd.isna(pd.to_numeric(str(v), errors="coerce"))), "?"
            )
            raise CatalogError(
                f"Column {column!r} holds text ({str(wrong)[:20]!r}) where numbers are needed."
            ) from None
    values = values.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def no_magnitude(values: np.ndarray) -> np.ndarray:
    """Which finite values stand for "not measured": exactly zero, or no possible magnitude.

    Parameters
    ----------
    values : ndarray of float
        Numbers of a magnitude column.

    Returns
    -------
    ndarray of bool
        False for NaN and infinities, which are missing for another reason.

    Examples
    --------
    >>> no_magnitude(np.array([20.0, 0.0, -99.0, 99.99, np.nan])).tolist()
    [False, True, True, True, False]
    """
    low, high = MAGNITUDE_RANGE
    return np.isfinite(values) & ((values == 0.0) | (values < low) | (values > high))


def _one_band(table, band, spec):
    """AB magnitude, error and limit flag of one band."""
    n = len(table)
    rule = spec.get("limit")
    if "flux" in spec:
        flux = _numbers(table, spec["flux"])
        if "ivar" in spec:
            ivar = _numbers(table, spec["ivar"])
            error = np.where(ivar > 0, 1 / np.sqrt(np.where(ivar > 0, ivar, 1.0)), np.nan)
            flux = np.where(ivar > 0, flux, np.nan)
        else:
            error = _numbers(table, spec["flux_err"]) if "flux_err" in spec else np.full(n, np.nan)
        mag, err = mag_from_flux(flux, error)
    else:
        mag = _numbers(table, spec["mag"])
        err = _numbers(table, spec["err"]) if "err" in spec else np.full(n, np.nan)
    mag = np.where(no_magnitude(mag), np.nan, mag)
    marked = np.isnan(err) if rule == "no_error" else err < 0
    limit = np.zeros(n, dtype=bool)
    if rule in ("no_error", "negative_error"):
        limit = marked & ~np.isnan(mag)
    elif rule is not None:
        limit = _flags(table[rule], rule, band)
    unknown = (err <= 0) | np.isclose(err[:, None], _ERROR_SENTINELS, rtol=1e-6).any(axis=1)
    err = np.where(unknown, np.nan, err)
    system = spec.get("system", "ab")
    if system == "vega":
        mag = ab_from_vega(mag, band)
    elif system == "sdss":
        mag = mag + get_band(band).survey_to_ab
    return mag, err, limit & ~np.isnan(mag)


def _flags(values, column, band):
    """Boolean column; a missing flag is False, text or another number an error."""
    present = values.notna()
    known = values[present].isin([True, False])  # also 1 and 0, of any number type
    if not known.all():
        raise CatalogError(f"Column {column!r} (limit of {band}) is not true or false.")
    out = np.zeros(len(values), dtype=bool)
    out[present.to_numpy()] = values[present].astype(bool).to_numpy()
    return out


def _warn(frame, missing):
    for band, count in missing.items():
        if count == len(frame):
            warnings.warn(
                f"Band {band} has no measured value in any of the {plural(count, 'row')}.",
                CatalogWarning,
                stacklevel=4,
            )
    for note in misplaced_systems(frame, bands_of(frame)):
        warnings.warn(note, CatalogWarning, stacklevel=4)
