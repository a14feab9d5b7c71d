"""Match a selection with its truth and put the judgement into words and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError, nearest_names, plural
from qsolearn.frame import bands_of, read_table
from qsolearn.judge import (
    completeness,
    confusion,
    efficiency,
    is_quasar_class,
    selection_report,
)

__all__ = ["Judgement", "judge_files"]

#: Largest difference in declination [deg] of one source between two files.
_SAME_PLACE = 0.01
#: The magnitude that a selection is judged by: the first of these that the file has.
_PREFERRED = ("sdss_i", "ps1_i", "kmt_i", "legacy_r", "gaia_g")


@dataclass(frozen=True)
class Judgement:
    """A judgement as text for people and as numbers for programs.

    Attributes
    ----------
    text : str
    numbers : dict
        JSON-able.
    """

    text: str
    numbers: dict


def judge_files(selection, truth, *, label, redshift, quasars, by, mixes):
    """Judge the output file of a selection.

    Parameters
    ----------
    selection, truth : Path
        Files; matched by ``id``, or row by row where no ids are in common.
    label, redshift : str
        Columns of the truth.
    quasars : list of str or None
        Classes that are quasars; None = those that begin with QSO.
    by : list of str
        Any of "mag" and "z".
    mixes : list of float
        Shares of non-quasars.

    Returns
    -------
    Judgement

    Raises
    ------
    CatalogError
        If a column is missing or the rows cannot be matched.
    """
    chosen, known = read_table(selection), read_table(truth)
    for column in ("is_candidate", "selected_class"):
        if column not in chosen:
            raise CatalogError(
                f"{selection} has no column {column}; it is not the output of select."
            )
    if label not in known:
        raise CatalogError(
            f"Column {label!r} is not in {truth}; {nearest_names(label, known.columns)}."
        )
    chosen, known, how = _match(chosen, known)
    true_class = known[label].map(str)
    is_quasar = (
        is_quasar_class(true_class) if quasars is None else true_class.isin(quasars).to_numpy()
    )
    if not is_quasar.any():
        raise CatalogError(
            f"No source of {truth} is a quasar by its {label} "
            f"({', '.join(sorted(set(true_class))[:5])}); say which are with --quasar."
        )
    selected = chosen["is_candidate"].fillna(False).astype(bool).to_numpy()
    report = selection_report(is_quasar, selected)
    table = report.table(mixes)
    matrix = confusion(true_class, chosen["selected_class"])
    counts = matrix.counts.loc[matrix.counts.sum(axis=1) > 0]
    lines = [
        f"{plural(report.n_quasars, 'quasar')} and {plural(report.n_others, 'other')} ({how})",
        "",
        table.round(4).to_string(),
        "",
        "true class against selected class",
        counts.to_string(),
    ]
    numbers = {
        "matched": how,
        "n_quasars": report.n_quasars,
        "n_others": report.n_others,
        "rates": table.to_dict(orient="index"),
        "confusion": counts.to_dict(orient="index"),
    }
    for quantity in by:
        name, values, bins = _quantity(quantity, chosen, known, redshift, truth)
        binned = {"completeness": completeness(is_quasar, selected, values, bins)}
        if quantity == "mag":
            binned["efficiency"] = efficiency(is_quasar, selected, values, bins)
        for rate, result in binned.items():
            result = result[result["n"] > 0]
            mix = f" at {report.other_fraction:.0%} others" if rate == "efficiency" else ""
            lines += ["", f"{rate} by {name}{mix}", result.round(4).to_string(index=False)]
            numbers[f"{rate}_by_{quantity}"] = {
                "quantity": name,
                "bins": result.to_dict(orient="records"),
            }
    return Judgement("\n".join(lines), numbers)


def _match(chosen, known):
    if "id" in chosen and "id" in known and known["id"].is_unique and chosen["id"].is_unique:
        common = pd.Index(chosen["id"]).intersection(known["id"])
        if len(common):
            chosen = chosen.set_index("id").loc[common].reset_index()
            known = known.set_index("id").loc[common].reset_index()
            _check_positions(chosen, known)
            return chosen, known, f"{plural(len(common), 'source')} matched by id"
    if len(chosen) == len(known):
        return chosen, known, "matched row by row"
    raise CatalogError(
        f"The selection ({len(chosen):,} rows) and the truth ({len(known):,} rows) have no ids in "
        "common and differ in length."
    )


def _check_positions(chosen, known):
    """The same id at two places of the sky is not the same source."""
    if not all(c in t for t in (chosen, known) for c in ("ra", "dec")):
        return
    far = np.abs(chosen["dec"].to_numpy(float) - known["dec"].to_numpy(float)) > _SAME_PLACE
    if far.any():
        raise CatalogError(
            f"{plural(int(far.sum()), 'source')} of {plural(len(far), 'source')} have the same id "
            "but another position in the selection and in the truth: these are two catalogs."
        )


def _quantity(quantity, chosen, known, redshift, truth):
    if quantity == "mag":
        bands = bands_of(chosen)
        if not bands:
            raise CatalogError("The selection has no magnitude column to judge by.")
        band = next((b for b in _PREFERRED if b in bands), bands[0])
        values = chosen[f"mag_{band}"].to_numpy(float)
        name, step = f"mag_{band}", 0.5
    else:
        if redshift not in known:
            raise CatalogError(
                f"Column {redshift!r} is not in {truth}; {nearest_names(redshift, known.columns)}."
            )
        values = pd.to_numeric(known[redshift], errors="coerce").to_numpy(float)
        name, step = redshift, 0.25
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        raise CatalogError(f"{name} has no value to judge by.")
    low, high = np.floor(finite.min() / step) * step, np.ceil(finite.max() / step) * step
    if not high - low <= 1000 * step:
        raise CatalogError(f"{name} runs from {low:g} to {high:g}: no sensible bins of {step:g}.")
    return name, values, np.arange(low, high + 1.5 * step, step)
