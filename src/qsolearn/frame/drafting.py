"""A first column map for a catalog whose names are nobody's habit."""

from __future__ import annotations

import json
import re

import numpy as np

from qsolearn.bands import BANDS
from qsolearn.frame.columns import COMMON_NAMES, guess_bands
from qsolearn.frame.read import no_magnitude

__all__ = ["draft_column_map", "magnitude_like"]

#: Beginnings and ends of column names that mean an error.
_ERROR = re.compile(r"(error|err|sigma|sig|^e_|_e$|unc|rms)", re.IGNORECASE)


def magnitude_like(table, used=()):
    """Columns whose numbers look like magnitudes.

    Parameters
    ----------
    table : pandas.DataFrame
        A catalog.
    used : collection of str
        Columns that are known already and left out.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import pandas as pd
    >>> magnitude_like(pd.DataFrame({"G": [19.5, 20.1], "ra": [19.5, 20.1], "n": [19, 20]}))
    ['G']
    """
    out = []
    for column in table.columns:
        values = table[column]
        if column in used or values.dtype.kind != "f":
            continue
        values = values[np.isfinite(values) & ~no_magnitude(values.to_numpy(float))]
        if len(values) == 0 or str(column).lower().startswith(("ra", "dec", "de", "glon", "glat")):
            continue
        low, median, high = values.quantile([0.01, 0.5, 0.99])
        if 0 < low < high < 35 and 8 < median < 28:
            out.append(column)
    return out


def draft_column_map(table):
    """Write a column map that is right where names tell, and asks where they do not.

    Parameters
    ----------
    table : pandas.DataFrame
        A catalog.

    Returns
    -------
    str
        TOML. Recognized columns are filled in. Every other column that looks like a magnitude is a
        commented block, with the bands that its letter could mean and the column that looks like
        its error; the reader takes away the ``#`` and completes.

    Examples
    --------
    >>> import pandas as pd
    >>> print(draft_column_map(pd.DataFrame({"G_x": [19.5, 20.1], "w1mpro": [15.0, 16.2]})))
    # Column map: delete the # before what is right, and fill in what is missing.
    [columns]
    # id = "..."
    # ra = "..."
    # dec = "..."
    # ebv = "..."
    <BLANKLINE>
    [bands.wise_w1]
    mag = "w1mpro"
    system = "vega"
    <BLANKLINE>
    # [bands.???]  # sdss_g, ps1_g, gaia_g or legacy_g?
    # mag = "G_x"
    # system = "ab"  # or "vega", or "sdss"; qsolearn doctor --model helps to tell
    <BLANKLINE>
    """
    real = {str(c).lower(): str(c) for c in table.columns}
    lines = ["# Column map: delete the # before what is right, and fill in what is missing."]
    lines.append("[columns]")
    for role, names in COMMON_NAMES.items():
        found = next((real[n] for n in names if n in real), None)
        if found is not None:
            lines.append(f"{role} = {_quoted(found)}")
        else:
            guess = _naming(table) if role == "id" else "..."
            lines.append(f"# {role} = {_quoted(guess)}")
    specs = guess_bands(table.columns)
    for band, spec in specs.items():
        lines += ["", f"[bands.{band}]", *(f"{k} = {_quoted(v)}" for k, v in spec.items())]
    used = {v for spec in specs.values() for v in spec.values()}
    for column in magnitude_like(table, used):
        error = _error_of(column, table.columns)
        lines += ["", f"# {_possible(column)}", f"# mag = {_quoted(column)}"]
        lines += [f"# err = {_quoted(error)}"] if error else []
        lines.append(
            '# system = "ab"  # or "vega", or "sdss"; qsolearn doctor --model helps to tell'
        )
    return "\n".join(lines) + "\n"


def _quoted(text):
    # A JSON string is a TOML string.
    return json.dumps(str(text), ensure_ascii=False)


#: Where a filter can stand in a name: W1 anywhere, a word of its own, before a capital letter, and
#: after one letter that stands for the survey, as in pg.
_FILTERS = (
    r"(?i:(w[1-4]))",
    r"(?i:(?<![a-z])(bp|rp|ks|[ugrizyjhkbv])(?![a-z]))",
    r"(?<![A-Za-z])([ugrizyjhk])(?=[A-Z])",
    r"(?i:(?<![a-z])[a-z]([ugrizyjhk])(?![a-z]))",
)


def _letters(name):
    """The part of a name that could be a filter: W1, bp, or a single letter."""
    name = re.sub(r"(?i:mag|psf|vega|gaia|model|auto|aper)", " ", str(name))
    found = next(filter(None, (re.search(pattern, name) for pattern in _FILTERS)), None)
    return found.group(1).lower() if found else None


def _possible(column):
    """Head of the block of a column: its band, or the bands that it could be."""
    letter = _letters(column)
    bands = [b for b in BANDS if b.split("_")[1] == letter or (letter, b[-3:]) == ("k", "_ks")]
    if len(bands) == 1:
        return f"[bands.{bands[0]}]"
    if not bands:
        surveys = ", ".join(dict.fromkeys(b.split("_")[0] for b in BANDS))
        return f"[bands.???]  # a band of {surveys}?"
    return f"[bands.???]  # {', '.join(bands[:-1])} or {bands[-1]}?"


def _naming(table):
    """First column of text or whole numbers without repetition: it may name the sources."""
    for column in table.columns:
        values = table[column]
        if values.dtype.kind not in "fb" and values.notna().all() and values.is_unique:
            return column
    return "..."


def _error_of(column, columns):
    """The column that looks like the error of a magnitude."""
    plain = re.sub(r"[^a-z0-9]", "", str(column).lower().replace("mag", ""))
    for other in map(str, columns):
        if other == column or not _ERROR.search(other):
            continue
        rest = re.sub(r"[^a-z0-9]", "", _ERROR.sub("", other).lower().replace("mag", ""))
        if rest and rest in (plain, re.sub(r"psf|vega|ab|model|auto", "", plain)):
            return other
    return None
