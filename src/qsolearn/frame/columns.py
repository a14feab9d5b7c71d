"""Which columns of a catalog are which bands: naming habits of surveys, and column maps.

A *band specification* says where one band is found, as a dictionary:

``mag`` and ``err``
    columns of magnitude and error; or
``flux`` and ``flux_err`` or ``ivar``
    columns of flux and its error or inverse variance, in nanomaggies.
``system``
    "ab" (default), "vega", "sdss" (SDSS zero points, 0.04 mag off AB in u and -0.02 in z).
``limit``
    how upper limits are marked: a boolean column, or the rule "no_error" (AllWISE: a magnitude
    whose error is missing) or "negative_error" (KS4: a magnitude with error -99).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from qsolearn.bands import BANDS, check_bands
from qsolearn.errors import CatalogError, nearest_names

__all__ = ["COMMON_NAMES", "guess_bands", "load_column_map"]

#: Column names that archives use for what every frame has, in order of preference.
COMMON_NAMES = {
    "id": ("id", "objid", "source_id", "targetid", "sdss_name", "designation", "name"),
    "ra": ("ra", "raj2000", "ra_icrs", "ra_deg", "rad", "sdss_ra", "alpha_j2000", "raj"),
    "dec": (
        "dec",
        "dej2000",
        "decj2000",
        "de_icrs",
        "dec_deg",
        "decd",
        "sdss_dec",
        "delta_j2000",
        "dej",
    ),
    "ebv": ("ebv", "e_bv", "ebv_sfd", "e(b-v)", "ebmv"),
}

_SYSTEMS = ("ab", "vega", "sdss")
_KEYS = {"mag", "err", "flux", "flux_err", "ivar", "system", "limit"}


def _habits():
    """Yield (band, spec) for every naming habit; a spec fits when all its columns exist."""
    for band, record in BANDS.items():
        f = band.split("_")[1]
        yield band, {"mag": f"mag_{band}", "err": f"err_{band}", "limit": f"limit_{band}"}
        if record.survey == "sdss":
            yield band, {"mag": f"psfMag_{f}", "err": f"psfMagErr_{f}", "system": "sdss"}
            yield band, {"mag": f"{f}_mag", "err": f"sig_{f}_mag", "system": "sdss"}
        elif record.survey == "ps1":
            yield band, {"mag": f"{f}PSFMag", "err": f"{f}PSFMagErr"}
            yield band, {"mag": f"{f}MeanPSFMag", "err": f"{f}MeanPSFMagErr"}
        elif record.survey == "gaia":
            yield band, {"mag": f"phot_{f}_mean_mag", "system": "vega"}
            yield band, {"mag": f"gaia_phot_{f}_mean_mag", "system": "vega"}
        elif record.survey == "wise":
            vega = {"system": "vega", "limit": "no_error"}
            yield band, {"mag": f"{f}mpro", "err": f"{f}sigmpro", **vega}
            yield band, {"flux": f"flux_{f}", "ivar": f"flux_ivar_{f}"}
        elif record.survey == "twomass":
            letter = f[0]
            yield band, {"mag": f"{letter}_m", "err": f"{letter}_msigcom", "system": "vega"}
            yield band, {"mag": f"{letter}_m", "err": f"{letter}_cmsig", "system": "vega"}
        elif record.survey == "vista":
            yield band, {"mag": f"{f}AperMag3", "err": f"{f}AperMag3Err", "system": "vega"}
        elif record.survey == "legacy":
            yield band, {"flux": f"flux_{f}", "ivar": f"flux_ivar_{f}"}


def guess_bands(columns: Iterable[str]) -> dict[str, dict]:
    """Recognize bands by the column names that surveys use.

    Parameters
    ----------
    columns : iterable of str
        Column names of a catalog (upper or lower case does not matter).

    Returns
    -------
    dict of str to dict
        Band specification per band, in the order of `qsolearn.bands.BANDS`; empty when
        nothing is recognized. A bare ``u, g, r, i, z`` is never guessed: ``z`` is too often a
        redshift.

    Examples
    --------
    >>> guess_bands(["w1mpro", "w1sigmpro", "z"])
    {'wise_w1': {'mag': 'w1mpro', 'err': 'w1sigmpro', 'system': 'vega', 'limit': 'no_error'}}
    """
    real = {str(c).lower(): str(c) for c in columns}
    found = {}
    for band, spec in _habits():
        if band in found:
            continue
        first = spec.get("mag", spec.get("flux"))
        if first.lower() not in real:
            continue
        own = {}
        for key, value in spec.items():
            if key in ("system",) or value in ("no_error", "negative_error"):
                own[key] = value
            elif value.lower() in real:
                own[key] = real[value.lower()]
        if own.get("limit") == "no_error" and "err" not in own:
            del own["limit"]
        found[band] = own
    return {band: found[band] for band in BANDS if band in found}


def check_spec(band, spec, available):
    """Check one band specification against the columns that exist."""
    if not isinstance(spec, dict):
        raise CatalogError(f"Band {band} needs a table such as {{'mag': COLUMN, 'err': COLUMN}}.")
    unknown = sorted(set(spec) - _KEYS)
    if unknown:
        raise CatalogError(
            f"Band {band} has the unknown key {unknown[0]!r}; "
            f"the keys are {', '.join(sorted(_KEYS))}."
        )
    if ("mag" in spec) == ("flux" in spec):
        raise CatalogError(f"Band {band} needs either 'mag' or 'flux', one of the two.")
    system = spec.get("system", "ab")
    if system not in _SYSTEMS:
        raise CatalogError(
            f"Band {band} has system {system!r}; the systems are {', '.join(_SYSTEMS)}."
        )
    for key in ("mag", "err", "flux", "flux_err", "ivar", "limit"):
        column = spec.get(key)
        if key == "limit" and column in ("no_error", "negative_error"):
            continue
        if column is not None and column not in available:
            raise CatalogError(
                f"Column {column!r} ({key} of {band}) is not in the catalog; "
                f"{nearest_names(column, available)}."
            )


def load_column_map(path: str | Path) -> dict:
    """Read a column map: a TOML file that says which column is what.

    Parameters
    ----------
    path : str or Path
        A file with the optional tables ``[columns]`` (id, ra, dec, ebv), ``[bands.<band>]`` (a
        band specification each) and ``[labels]`` (label in the file = label to use).

    Returns
    -------
    dict
        With keys ``columns``, ``bands`` and ``labels``; ``bands`` is None when not given.

    Raises
    ------
    CatalogError
        If the file is absent, is not TOML or has unknown parts.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(
            f"The column map {path} cannot be read: {error.strerror or error}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"The column map {path} is not valid TOML: {error}.") from None
    unknown = sorted(set(content) - {"columns", "bands", "labels"})
    if unknown:
        raise CatalogError(
            f"The column map {path} has the unknown table [{unknown[0]}]; "
            "the tables are [columns], [bands.<band>] and [labels]."
        )
    for name, value in content.items():
        if not isinstance(value, dict):
            raise CatalogError(f"In the column map {path}, {name!r} must be a table.")
    bands = content.get("bands")
    if bands is not None:
        try:
            check_bands(bands)
        except ValueError as error:
            raise CatalogError(f"In the column map {path}: {error}") from None
    return {
        "columns": content.get("columns", {}),
        "bands": bands,
        "labels": {str(k): str(v) for k, v in content.get("labels", {}).items()},
    }
