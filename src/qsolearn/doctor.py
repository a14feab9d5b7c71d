"""What is in this catalog, what is wrong with it, and which method fits?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError, plural
from qsolearn.frame import bands_of, frame_from_table, guess_bands, read_table
from qsolearn.frame.read import no_magnitude

__all__ = ["Diagnosis", "examine"]

#: What each method needs: a name and a test on the set of bands.
METHODS = (
    (
        "kernel densities in color space (Richards et al. 2004; qsolearn train --method kde)",
        lambda b: len(b) >= 3,
        "needs labeled sources and at least three bands without many gaps",
    ),
    (
        "UV-excess cut (qsolearn train --method uvx)",
        lambda b: {"sdss_u", "sdss_g"} <= b,
        "needs u and g",
    ),
    (
        "reverse selection (Calderone et al. 2024)",
        lambda b: len(b) >= 5 and any(x.startswith("wise") for x in b),
        "needs labeled sources and five bands or more from the optical to WISE",
    ),
    (
        "color wedge and template fit (Kim et al. 2024)",
        lambda b: {"wise_w1", "wise_w2", "wise_w3"} <= b,
        "needs W1, W2 and W3",
    ),
)


@dataclass
class Diagnosis:
    """What `examine` found.

    Attributes
    ----------
    name : str
        Name of the catalog.
    n_rows, n_columns : int
        Its size.
    bands : pandas.DataFrame
        One row per recognized band: column, system, share missing, sentinels, limits, range
        [AB mag], median error [mag].
    sky : str
        Positions and extinction in a sentence each.
    problems : list of str
        What is wrong or suspicious.
    magnitude_like : list of str
        Columns that hold numbers like magnitudes but were not recognized.
    methods : pandas.DataFrame
        Method, whether its bands are there, what it needs.
    """

    name: str
    n_rows: int
    n_columns: int
    bands: pd.DataFrame
    sky: list[str]
    problems: list[str] = field(default_factory=list)
    magnitude_like: list[str] = field(default_factory=list)
    methods: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __str__(self):
        """Whole diagnosis as text."""
        lines = [f"{self.name}: {plural(self.n_rows, 'row')}, {plural(self.n_columns, 'column')}"]
        lines += ["", "Bands"]
        if len(self.bands):
            lines += ["  " + row for row in self.bands.to_string().splitlines()]
        else:
            lines += ["  none recognized by name"]
        if self.magnitude_like:
            lines += [
                "  columns that look like magnitudes: " + ", ".join(self.magnitude_like[:20]),
                "  To use them, write a column map, for example map.toml with",
                "    [bands.sdss_g]       # one such table per band",
                '    mag = "..."          # the column; err = "..." if there is one',
                '    system = "ab"        # "vega" or "sdss" where the survey says so',
                "  and give it with --columns map.toml.",
            ]
        lines += ["", "Sky", *("  " + s for s in self.sky)]
        lines += ["", "Problems", *("  ! " + p for p in self.problems)]
        if not self.problems:
            lines.append("  none seen")
        lines += [
            "",
            "Methods whose bands are here" + ("" if len(self.bands) else " (map them first)"),
        ]
        for _, row in self.methods.iterrows():
            lines += [f"  [{'x' if row['fits'] else ' '}] {row['method']}", f"      {row['needs']}"]
        return "\n".join(lines)


def examine(
    path: str | Path, *, bands: dict | None = None, columns: dict | None = None
) -> Diagnosis:
    """Look a catalog over.

    Parameters
    ----------
    path : str or Path
        Any file that `qsolearn.frame.read_table` reads.
    bands, columns : dict, optional
        As for `qsolearn.frame.read_frame`.

    Returns
    -------
    Diagnosis

    Raises
    ------
    CatalogError
        If the file cannot be read at all or has no rows.
    """
    table = read_table(path)
    if len(table) == 0:
        raise CatalogError("The catalog has no rows.")
    specs = guess_bands(table.columns) if bands is None else bands
    problems, frame = [], None
    if specs:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                frame = frame_from_table(table, bands=specs, columns=columns)
            except CatalogError as error:
                problems.append(str(error))
        problems += [str(w.message) for w in caught]
    rows = (
        {} if frame is None else {b: _band_row(table, frame, b, specs[b]) for b in bands_of(frame)}
    )
    found = set(rows)
    problems += _table_problems(table)
    methods = pd.DataFrame(
        [{"method": m, "fits": bool(test(found)), "needs": n} for m, test, n in METHODS]
    )
    return Diagnosis(
        Path(path).name,
        len(table),
        table.shape[1],
        pd.DataFrame(rows).T,
        _sky(frame),
        problems,
        _magnitude_like(table, specs),
        methods,
    )


def _band_row(table, frame, band, spec):
    mag = frame[f"mag_{band}"].to_numpy(float)
    column = spec.get("mag", spec.get("flux"))
    raw = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    measured = mag[np.isfinite(mag)]
    low, high = np.percentile(measured, [1, 99]) if len(measured) else (np.nan, np.nan)
    err = frame[f"err_{band}"].to_numpy(float)
    return {
        "column": column,
        "system": spec.get("system", "ab"),
        "missing": f"{np.isnan(mag).mean():.1%}",
        "sentinels": int(no_magnitude(raw).sum()) if "mag" in spec else int((raw <= 0).sum()),
        "infinite": int(np.isinf(raw).sum()),
        "limits": int(frame[f"limit_{band}"].sum()),
        "1% to 99% [AB mag]": f"{low:.2f} to {high:.2f}",
        "median err": f"{np.nanmedian(err):.3f}" if np.isfinite(err).any() else "-",
    }


def _sky(frame):
    if frame is None:
        return ["not examined: no band was recognized"]
    notes = []
    ra, dec = frame["ra"].to_numpy(float), frame["dec"].to_numpy(float)
    known = np.isfinite(ra) & np.isfinite(dec)
    if known.any():
        notes.append(
            f"positions for {known.mean():.1%}: ra {ra[known].min():.3f} to {ra[known].max():.3f}, "
            f"dec {dec[known].min():.3f} to {dec[known].max():.3f} deg"
        )
    else:
        notes.append("no positions")
    ebv = frame["ebv"].to_numpy(float)
    if np.isfinite(ebv).any():
        notes.append(
            f"E(B-V): median {np.nanmedian(ebv):.3f} mag, largest {np.nanmax(ebv):.3f} mag"
        )
    else:
        notes.append("no E(B-V): extinction cannot be corrected from this file alone")
    done = frame.attrs.get("dereddened")
    notes.append(f"dereddened: {done['convention']}" if done else "not marked as dereddened")
    return notes


def _table_problems(table):
    problems = []
    exact = int(table.duplicated().sum())
    if exact:
        problems.append(f"{plural(exact, 'row')} repeat another row in every column.")
    names = {c.lower(): c for c in table.columns}
    if "z" in names:
        z = pd.to_numeric(table[names["z"]], errors="coerce").dropna()
        if len(z):
            kind = "redshifts" if z.median() < 8 else "magnitudes"
            problems.append(
                f"Column {names['z']!r} holds {kind}, by its values; z can mean either."
            )
    return problems


def _magnitude_like(table, specs):
    used = {v for spec in specs.values() for v in spec.values()}
    out = []
    for column in table.columns:
        values = table[column]
        if column in used or values.dtype.kind != "f":
            continue
        values = values[np.isfinite(values) & ~no_magnitude(values.to_numpy(float))]
        if len(values) == 0 or str(column).lower().startswith(("ra", "dec")):
            continue
        low, median, high = values.quantile([0.01, 0.5, 0.99])
        if 0 < low < high < 35 and 8 < median < 28:
            out.append(column)
    return out
