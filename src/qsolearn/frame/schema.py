"""What a photometric frame is, and the check that a table is one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qsolearn.bands import BANDS, get_band
from qsolearn.errors import CatalogError, nearest_names, plural

__all__ = ["COMMON", "UCDS", "UNITS", "bands_of", "describe", "magnitudes", "validate_frame"]

#: Columns that every frame has, whatever its bands.
COMMON = ("id", "ra", "dec", "ebv")

UNITS = {
    "ra": "deg", "dec": "deg", "ebv": "mag", "density_quasar": "mag**-4",
    "density_star": "mag**-4", "radio_mjy": "mJy", "proper_motion": "mas/yr",
    "row": "pix", "column": "pix",
    **{f"{axis}_{end}": "mag" for axis in ("magnitude", "ebv") for end in ("low", "high")},
}  # fmt: skip
UCDS = {
    "id": "meta.id;meta.main",
    "ra": "pos.eq.ra;meta.main",
    "dec": "pos.eq.dec;meta.main",
    "ebv": "phot.color.excess",
    "P_QSO": "stat.probability",
    "selected_class": "src.class",
    "is_candidate": "meta.code",
    "reason": "meta.note",
    "z_phot": "src.redshift.phot",
    "z_low": "src.redshift.phot;stat.min",
    "z_high": "src.redshift.phot;stat.max",
    "z_probability": "stat.probability",
    "density_quasar": "stat.probability",
    "density_star": "stat.probability",
    "previous_class": "src.class",
    "previous_z": "src.redshift",
    "radio_mjy": "phot.flux.density;em.radio.750-1500MHz",
    "log_x_ray_rate": "phot.count;em.X-ray",
    "proper_motion": "pos.pm",
    "true_class": "src.class",
    "true_z": "src.redshift",
    "true_ebv": "phot.color.excess",
    "label_class": "src.class",
    "redshift_low": "src.redshift;stat.min",
    "redshift_high": "src.redshift;stat.max",
    "magnitude_low": "phot.mag;stat.min",
    "magnitude_high": "phot.mag;stat.max",
    "ebv_low": "phot.color.excess;stat.min",
    "ebv_high": "phot.color.excess;stat.max",
    "selected": "meta.number",
    "tried": "meta.number",
    "completeness": "stat.probability",
    "completeness_low": "stat.probability;stat.min",
    "completeness_high": "stat.probability;stat.max",
}


def describe(column):
    """Unit and UCD of a column that the project writes.

    Parameters
    ----------
    column : str
        Column name.

    Returns
    -------
    unit, ucd : str or None
        None where the column has none.

    Examples
    --------
    >>> describe("mag_wise_w1")
    ('mag', 'phot.mag;em.IR.3-4um')
    """
    kind, _, band = column.partition("_")
    if band in BANDS:
        ucd = get_band(band).ucd
        if kind == "mag":
            return "mag", ucd
        if kind == "err":
            return "mag", f"stat.error;{ucd}"
        if kind == "extinction":
            return "mag", ucd.replace("phot.mag", "phys.absorption.gal")
        if kind == "limit":
            return None, "meta.code"
    unit = "mag" if column == "true_ebv" else UNITS.get(column)
    return unit, UCDS.get(column)


def bands_of(frame):
    """Band ids of a frame, in the order of its columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        A photometric frame.

    Returns
    -------
    list of str

    Examples
    --------
    >>> bands_of(pd.DataFrame(columns=["id", "mag_sdss_u", "err_sdss_u", "mag_sdss_g"]))
    ['sdss_u', 'sdss_g']
    """
    return [
        c.removeprefix("mag_")
        for c in map(str, frame.columns)
        if c.startswith("mag_") and c.removeprefix("mag_") in BANDS
    ]


def magnitudes(frame, bands):
    """Magnitude array of some bands of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame.
    bands : sequence of str, length b
        Band ids.

    Returns
    -------
    ndarray, shape (n, b), float64
        AB magnitudes [mag]; NaN where missing. An upper limit is a number here: look at
        ``limit_<band>`` where the difference matters.

    Raises
    ------
    CatalogError
        If the frame lacks one of the bands.
    """
    for band in bands:
        if f"mag_{band}" not in frame:
            raise CatalogError(
                f"The catalog has no band {band} (column mag_{band}); "
                f"{nearest_names(band, bands_of(frame))}."
            )
    values = frame[[f"mag_{band}" for band in bands]].to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def validate_frame(frame):
    """Check that a table is a photometric frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    pandas.DataFrame
        The same object, so that calls can be chained.

    Raises
    ------
    CatalogError
        If it is not a DataFrame, has no rows, no known band, repeated ids, positions outside the
        sky, a column twice, or a column that is not numeric where numbers are needed.

    Examples
    --------
    >>> validate_frame(pd.DataFrame({"mag_sdss_u": []}))
    Traceback (most recent call last):
    ...
    qsolearn.errors.CatalogError: The catalog has no rows.
    """
    if not isinstance(frame, pd.DataFrame):
        raise CatalogError(
            f"A photometric frame is a pandas DataFrame, not {type(frame).__name__}; "
            "read a file with read_frame."
        )
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise CatalogError(f"Column {twice[0]!r} stands in the catalog twice; rename one of them.")
    if len(frame) == 0:
        raise CatalogError("The catalog has no rows.")
    if not bands_of(frame):
        raise CatalogError(
            "The catalog has no known band: photometric columns are called mag_<band>, such as "
            f"mag_sdss_u ({nearest_names('mag_sdss_u', frame.columns)})."
        )
    for column in frame.columns:
        numeric = column in ("ra", "dec", "ebv") or str(column).startswith(("mag_", "err_"))
        if numeric and not pd.api.types.is_numeric_dtype(frame[column]):
            raise CatalogError(f"Column {column!r} holds text where numbers are needed.")
    if "id" in frame:
        repeated = frame["id"][frame["id"].duplicated()]
        if len(repeated):
            raise CatalogError(
                f"{plural(len(repeated), 'repeated id')} in the catalog (first: "
                f"{repeated.iloc[0]}); drop the repeated rows or leave the id column out."
            )
    for column, low, high in (("ra", -360.0, 360.0), ("dec", -90.0, 90.0)):
        if column in frame:
            values = frame[column].to_numpy(dtype=float, na_value=np.nan)
            bad = int(np.sum((values < low) | (values > high)))
            if bad:
                raise CatalogError(
                    f"{plural(bad, 'row')} have {column} outside {low:g} to {high:g} degrees."
                )
    return frame
