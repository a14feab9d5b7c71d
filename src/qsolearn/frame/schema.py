"""What a photometric frame is, and the check that a table is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qsolearn.bands import BANDS, get_band
from qsolearn.errors import CatalogError, nearest_names, plural

__all__ = [
    "COMMON",
    "DESCRIPTIONS",
    "UCDS",
    "UNITS",
    "bands_of",
    "describe",
    "magnitudes",
    "meaning",
    "validate_frame",
]

#: Columns that every frame has, whatever its bands.
COMMON = ("id", "ra", "dec", "ebv")

UNITS = {
    "ra": "deg", "dec": "deg", "ebv": "mag", "density_quasar": "mag**-4",
    "density_star": "mag**-4", "radio_mjy": "mJy", "proper_motion": "mas/yr",
    "row": "pix", "column": "pix", "hours": "h", "altitude": "deg", "moon_distance": "deg",
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
    "rank": "meta.number",
    "warnings": "meta.note",
    "domain_distance": "stat.fit.goodness",
    "in_domain": "meta.code",
    "hours": "time.duration",
    "first_utc": "time.start",
    "best_utc": "time.epoch",
    "last_utc": "time.end",
    "altitude": "pos.az.alt",
    "airmass": "obs.airMass",
    "moon_distance": "pos.angDistance",
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
#: What columns mean, in one line each, for readers of the files.
DESCRIPTIONS = {
    "id": "name of the source",
    "ra": "right ascension, ICRS",
    "dec": "declination, ICRS",
    "ebv": "E(B-V) of Schlegel, Finkbeiner & Davis, as printed",
    "P_QSO": "probability of the quasar classes; missing if not classified",
    "selected_class": "most probable class; empty if not classified",
    "is_candidate": "whether the source is a candidate",
    "reason": "one sentence that says why",
    "z_phot": "photometric redshift of a candidate; missing where the model has none",
    "rank": "place in the list, 1 = first",
    "warnings": "what speaks for caution; empty if nothing does",
    "domain_distance": "distance from the training domain, as a standard normal variable",
    "in_domain": "whether that is within 99 % of the training sample",
    "hours": "time visible in the dark",
    "first_utc": "first time visible",
    "best_utc": "time of the greatest altitude while visible",
    "last_utc": "last time visible",
    "altitude": "altitude at the best time",
    "airmass": "airmass at the best time",
    "moon_distance": "distance from the Moon at the best time",
}


def describe(column: str) -> tuple[str | None, str | None]:
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


def meaning(column: str) -> str | None:
    """What a column that the project writes means.

    Parameters
    ----------
    column : str
        Column name.

    Returns
    -------
    str or None
        One line; None for a column of somebody else.

    Examples
    --------
    >>> meaning("mag_wise_w1")
    'AB magnitude in W1 (wise)'
    """
    kind, _, band = column.partition("_")
    texts = {
        "mag": "AB magnitude in {}",
        "err": "error of the magnitude in {}",
        "limit": "whether the magnitude in {} is an upper limit",
    }
    if band in BANDS and kind in texts:
        record = get_band(band)
        return texts[kind].format(f"{record.label} ({record.survey})")
    return DESCRIPTIONS.get(column)


def bands_of(frame: pd.DataFrame) -> list[str]:
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


def magnitudes(frame: pd.DataFrame, bands: Sequence[str]) -> np.ndarray:
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


def validate_frame(frame: pd.DataFrame) -> pd.DataFrame:
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
