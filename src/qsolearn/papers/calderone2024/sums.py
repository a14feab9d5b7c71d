"""The paper's own arithmetic, done again: sums, rates, and what the follow-up proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from qsolearn.judge import proportion
from qsolearn.papers.calderone2024.published import (
    _TOTALS,
    METHODS,
    PUBLISHED,
    published_confusion,
    published_stages,
)

if TYPE_CHECKING:
    from qsolearn.judge import Estimate

__all__ = ["check_sums", "follow_up", "independent_list"]


def check_sums() -> pd.DataFrame:
    """Recompute every sum and rate that the paper states.

    Returns
    -------
    pandas.DataFrame
        Columns ``where`` (section or table), ``statement``, ``stated``, ``computed`` and
        ``agrees``: whether the computed number, rounded as the stated one is, equals it.

    Notes
    -----
    A number of the paper that does not follow from its other numbers stands in the table with
    ``agrees`` False; which of them is meant cannot be told from the text.

    References
    ----------
    Calderone et al. 2024, Tables 2 to 7 and Sects. 5.1, 6 and 7.

    Examples
    --------
    >>> table = check_sums()
    >>> table.loc[~table["agrees"], ["stated", "computed"]].to_numpy().tolist()[-1]
    [143.0, 140.0]
    """
    p = PUBLISHED
    rows = []

    def check(where, statement, stated, computed, digits=0):
        agrees = abs(computed - stated) <= 0.5 * 10.0**-digits + 1e-9
        rows.append((where, statement, float(stated), float(computed), bool(agrees)))

    total, parts = p["main_sample"], p["composition"]
    check("Table 2", "the classes add up to the main sample", total, sum(parts.values()))
    for name, percent in p["composition_percent"].items():
        share = 100 * parts[name] / total
        check("Table 2", f"share of {name or 'unclassified'} [%]", percent, share, 3)
    labeled = total - parts[""]
    check("Sect. 5.1", "training and test are all that has a class", labeled,
          p["training"] + p["test"])  # fmt: skip
    check("Sect. 5.1", "high-z quasars of both", parts["QSOhighZ"],
          p["training_high_z"] + p["test_high_z"])  # fmt: skip
    check("Sect. 5.1", "training share [%]", 80, 100 * p["training"] / labeled)
    for k, method in enumerate(METHODS):
        matrix = published_confusion(method)
        columns, rows_ = matrix.counts.sum(axis=0), matrix.counts.sum(axis=1)
        table = f"Table {5 + k}"
        check(table, f"{method}: all of the test set", p["test"], columns.sum())
        for name, stated in zip(columns.index, _TOTALS[method], strict=True):
            check(table, f"{method}: predicted {name}", stated, columns[name])
        check(table, f"{method}: true high-z", p["test_high_z"], rows_["QSOhighZ"])
        precision = 100 * matrix.by_predicted.loc["QSOhighZ", "QSOhighZ"]
        recall = 100 * matrix.by_true.loc["QSOhighZ", "QSOhighZ"]
        check("Table 3", f"{method}: precision [%]", p["table_3"][method][0], precision, 1)
        check("Table 3", f"{method}: recall [%]", p["table_3"][method][1], recall, 1)
    stages = published_stages()
    for part in ("training", "test"):
        share = 100 * p[f"{part}_high_z"] / p[part]
        stated = stages.loc[1, f"high_z_percent_{part}"]
        check("Table 4", f"high-z share of the {part} set [%]", stated, share, 3)
    for step in (2, 3, 4):
        size, stated = stages.loc[step, "training"], stages.loc[step, "high_z_percent_training"]
        share = 100 * p["training_high_z"] / size
        check("Table 4", f"step {step}: no high-z left the training set [%]", stated, share, 3)
    reverse = published_confusion("reverse").counts["QSOhighZ"]
    check("Sect. 6", "quasars predicted high-z", p["predicted_high_z"],
          reverse["QSOhighZ"] + reverse["QSOlowZ"])  # fmt: skip
    check("Sect. 6", "outliers [%]", 6, 100 * p["outliers"] / p["predicted_high_z"])
    check("Sect. 7", "candidates of the unclassified [%]", 0.1, 100 * p["candidates"] / parts[""],
          1)  # fmt: skip
    check("Sect. 7", "the followed-up sources", p["followed_up"],
          p["new_high_z"] + p["new_stars"] + p["new_low_z"])  # fmt: skip
    check("Sect. 7", "success rate [%]", 88, 100 * p["new_high_z"] / p["followed_up"])
    check("Sect. 7", "independent list at z < 2.5", p["independent_low_z"],
          p["independent_in_footprint"] - p["independent_high_z"])  # fmt: skip
    check("Sect. 7", "overlap at z > 2.5 [%]", 92,
          100 * p["independent_high_z_candidates"] / p["independent_high_z"])  # fmt: skip
    check("Sect. 7", "overlap at z > 3 [%]", 94,
          100 * p["independent_z3_candidates"] / p["independent_z3"])  # fmt: skip
    found = p["independent_high_z_candidates"]
    check("Sect. 7", "bound of the precision [%]", 63,
          100 * found / (found + p["independent_low_z_candidates"]))  # fmt: skip
    check("Sect. 1", "good spectra of the survey", p["survey_spectra"],
          p["survey_quasars"] + p["survey_stars"] + p["survey_galaxies"])  # fmt: skip
    check("Sect. 1", "quasars among them [%]", 94,
          100 * p["survey_quasars"] / p["survey_spectra"])  # fmt: skip
    check("Sect. 7", "quasars identified in all", p["quasars_in_all"],
          p["new_high_z"] + p["new_low_z"] + p["from_literature"])  # fmt: skip
    return pd.DataFrame(rows, columns=["where", "statement", "stated", "computed", "agrees"])


def follow_up() -> dict[str, Estimate]:
    """What the spectra of the followed-up candidates say, with intervals.

    Returns
    -------
    dict of str to qsolearn.judge.Estimate
        Shares of the 121 followed-up candidates: ``z > 2.5``, ``z < 2.5``, ``star``, ``quasar``.

    Notes
    -----
    The 121 were not drawn at random: brighter candidates and higher estimated redshifts came
    first. So the success rate is that of the observed targets, and no estimate of the precision
    of the whole list.

    References
    ----------
    Calderone et al. 2024, Sect. 7.

    Examples
    --------
    >>> follow_up()["z > 2.5"]
    0.88 (0.82 to 0.93, n = 121)
    """
    p, n = PUBLISHED, PUBLISHED["followed_up"]
    counts = {
        "z > 2.5": p["new_high_z"],
        "z < 2.5": p["new_low_z"],
        "star": p["new_stars"],
        "quasar": p["new_high_z"] + p["new_low_z"],
    }
    return {name: proportion(k, n) for name, k in counts.items()}


def independent_list() -> pd.DataFrame:
    """The overlap with the independent list as set arithmetic, with intervals.

    Returns
    -------
    pandas.DataFrame
        One row per share: index names the share; ``k``, ``n``, ``value``, ``low``, ``high``.

    Notes
    -----
    The list has 717 sources at z > 2.5 and 425 below in the footprint; 658 and 381 of them are
    among the 3,098 candidates. The other 2,059 candidates are not in the list and of unknown
    class. If they held the same share of z > 2.5, the precision would be 658 / (658 + 381); any
    stars and galaxies among them lower it, and the list has none, hence "at most".

    References
    ----------
    Calderone et al. 2024, Sect. 7; Cristiani et al. 2023, MNRAS 522, 2019.

    Examples
    --------
    >>> independent_list()["value"].round(2).tolist()
    [0.92, 0.94, 0.9, 0.63, 0.34, 0.5]
    """
    p = PUBLISHED
    high, low = p["independent_high_z_candidates"], p["independent_low_z_candidates"]
    shares = {
        "listed at z > 2.5 that are candidates": (high, p["independent_high_z"]),
        "listed at z > 3 that are candidates": (p["independent_z3_candidates"],
                                                p["independent_z3"]),
        "listed at z < 2.5 that are candidates": (low, p["independent_low_z"]),
        "candidates in the list that are at z > 2.5": (high, high + low),
        "candidates that are in the list": (high + low, p["candidates"]),
        "candidates left with estimated z > 2.5": (p["candidates_estimated_high_z"],
                                                   p["candidates"]),
    }  # fmt: skip
    rows = {}
    for name, (k, n) in shares.items():
        e = proportion(k, n)
        rows[name] = {"k": k, "n": n, "value": float(e), "low": e.low, "high": e.high}
    return pd.DataFrame(rows).T.astype({"k": int, "n": int})
