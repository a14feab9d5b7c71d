"""What is in this catalog, what is wrong with it, and which method fits?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError, plural
from qsolearn.frame import bands_of, frame_from_table, guess_bands, read_table
from qsolearn.frame.drafting import magnitude_like
from qsolearn.frame.read import no_magnitude
from qsolearn.selection.domain import DomainReport, compare_with_domain

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
    domain : DomainReport or None
        Distance from the training domain of a model; None if no model was given, or it cannot be
        told (see ``domain_note``).
    domain_note : str
        Why it cannot be told; empty otherwise.
    unread : str
        Why the bands could not be read; empty if they could.
    """

    name: str
    n_rows: int
    n_columns: int
    bands: pd.DataFrame
    sky: list[str]
    problems: list[str] = field(default_factory=list)
    magnitude_like: list[str] = field(default_factory=list)
    methods: pd.DataFrame = field(default_factory=pd.DataFrame)
    domain: DomainReport | None = None
    domain_note: str = ""
    unread: str = ""

    def __str__(self):
        """Whole diagnosis as text."""
        lines = [f"{self.name}: {plural(self.n_rows, 'row')}, {plural(self.n_columns, 'column')}"]
        lines += ["", "Bands"]
        if len(self.bands):
            lines += ["  " + row for row in self.bands.to_string().splitlines()]
        elif self.unread:
            lines += [f"  none could be read: {self.unread}"]
        else:
            lines += ["  none recognized by name"]
        if self.magnitude_like and not self.unread:
            lines += [
                "  columns that look like magnitudes: " + ", ".join(self.magnitude_like[:20]),
                "  To use them, write a column map, for example map.toml with",
                "    [bands.sdss_g]       # one such table per band",
                '    mag = "..."          # the column; err = "..." if there is one',
                '    system = "ab"        # "vega" or "sdss" where the survey says so',
                "  (--draft map.toml begins it), and give it with --columns map.toml.",
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
        if self.domain is not None or self.domain_note:
            told = self.domain_note or str(self.domain)
            lines += ["", "Distance from the training domain of the model"]
            lines += [f"  {line}".rstrip() for line in told.splitlines()]
        return "\n".join(lines)


def examine(
    path: str | Path,
    *,
    bands: dict | None = None,
    columns: dict | None = None,
    selector: Any = None,
    treat: Any = None,
) -> Diagnosis:
    """Look a catalog over.

    Parameters
    ----------
    path : str or Path
        Any file that `qsolearn.frame.read_table` reads.
    bands, columns : dict, optional
        As for `qsolearn.frame.read_frame`.
    selector : fitted selector, optional
        Also tell how far the catalog lies from its training domain.
    treat : callable, optional
        ``treat(frame, selector)`` gives the frame as the selector wants it, dereddened or not; by
        default it is taken as it is.

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
    problems, frame, unread = [], None, ""
    if specs:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                frame = frame_from_table(table, bands=specs, columns=columns)
            except CatalogError as error:
                unread = str(error)
        problems += [str(w.message) for w in caught]
    rows = (
        {} if frame is None else {b: _band_row(table, frame, b, specs[b]) for b in bands_of(frame)}
    )
    found = set(rows)
    problems += _table_problems(table)
    methods = pd.DataFrame(
        [{"method": m, "fits": bool(test(found)), "needs": n} for m, test, n in METHODS]
    )
    domain, note = (None, "") if selector is None else _distance(frame, selector, treat)
    return Diagnosis(
        Path(path).name,
        len(table),
        table.shape[1],
        pd.DataFrame(rows).T,
        _sky(frame),
        problems,
        magnitude_like(table, {v for spec in specs.values() for v in spec.values()}),
        methods,
        domain,
        note,
        unread,
    )


def _distance(frame, selector, treat):
    """Distance from the training domain, or why there is none."""
    domain = getattr(selector, "domain_", None)
    if frame is None:
        return None, "Not told: no band could be read."
    if domain is None:
        return None, (
            "Not told: the model has no record of its training sample (it needs none, or was saved "
            "before models had one; train again)."
        )
    try:
        return compare_with_domain(domain, treat(frame, selector) if treat else frame), ""
    except CatalogError as error:
        return None, f"Not told: {error}"


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
        return ["not examined: no band could be read"]
    notes = []
    ra, dec = frame["ra"].to_numpy(float), frame["dec"].to_numpy(float)
    known = np.isfinite(ra) & np.isfinite(dec)
    if known.any():
        notes.append(
            f"positions for {known.mean():.1%}: ra {ra[known].min():.3f} to {ra[known].max():.3f}, "
            f"dec {dec[known].min():.3f} to {dec[known].max():.3f} deg"
        )
    else:
        notes.append("no positions: candidates cannot be planned for a night or marked for DS9")
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
