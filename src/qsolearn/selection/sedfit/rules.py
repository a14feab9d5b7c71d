"""The rules that turn fits into candidates, apart from the fits: changing one costs no refit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2 as chi2_law

__all__ = ["DOF", "PARAMETERS", "STAR_RULES", "accept", "bic", "candidate_table", "reasons"]

#: Free parameters k of each kind of model. Quasar: two amplitudes, redshift, depth of polar dust;
#: galaxy: amplitude and redshift; star: amplitude. Which template it is, is not counted.
PARAMETERS = {"qso": 4, "galaxy": 2, "star": 1}

#: How stars may be told from quasars.
STAR_RULES = ("margin", "lower", "none")
#: What the degrees of freedom of the chi2 level may be.
DOF = ("bands - parameters", "bands", "sample")


def bic(chi2: ArrayLike, kind: str, n: ArrayLike) -> np.ndarray:
    """Bayesian information criterion of the best model of a kind.

    Parameters
    ----------
    chi2 : array_like, shape (n_sources,)
    kind : {"qso", "galaxy", "star"}
    n : array_like of int, shape (n_sources,)
        Detected bands.

    Returns
    -------
    ndarray, shape (n_sources,)
        chi2 + k ln n.

    Examples
    --------
    >>> bic([10.0], "galaxy", [8]).round(2)
    array([14.16])
    """
    return np.asarray(chi2, float) + PARAMETERS[kind] * np.log(np.asarray(n, float))


def accept(
    fits: pd.DataFrame, *, bic_margin: float = 10.0, star_rule: str = "margin",
    chi2_level: float = 0.977, dof: str = "bands - parameters", max_tau: float = 1.0,
) -> pd.DataFrame:  # fmt: skip
    """Apply the rules of a quasar candidate, one by one.

    Parameters
    ----------
    fits : pandas.DataFrame, n rows
        As `SEDClassifier.fit_sources` gives them.
    bic_margin : float
        A quasar's BIC is lower than that of the best galaxy by at least this.
    star_rule : {"margin", "lower", "none"}
        "margin": the same margin for stars; "lower": the BIC is lower than a star's; "none":
        stars are not looked at.
    chi2_level : float
        chi2 of the quasar model is at most this quantile of a chi2 distribution; 1 = any.
    dof : {"bands - parameters", "bands", "sample"}
        Degrees of freedom of that distribution: n - 4 or n, n the detected bands; "sample": the
        quantile is that of the chi2 of the given sources themselves.
    max_tau : float
        Largest optical depth of polar dust.

    Returns
    -------
    pandas.DataFrame of bool, n rows
        ``galaxy``, ``star``, ``tau``, ``chi2``: which rules are kept; ``all``. A source without a
        fit keeps none.
    """
    known = fits["chi2_qso"].notna().to_numpy()
    value = fits["chi2_qso"].to_numpy()
    gap = fits["bic_galaxy"].to_numpy() - fits["bic_qso"].to_numpy()
    star_gap = fits["bic_star"].to_numpy() - fits["bic_qso"].to_numpy()
    least = {"margin": bic_margin, "lower": np.nextafter(0, 1), "none": -np.inf}[star_rule]
    if chi2_level >= 1:
        top = np.inf
    elif dof == "sample":
        top = np.quantile(value[known], chi2_level) if known.any() else np.nan
    else:
        n = fits["n_bands"].to_numpy() - (PARAMETERS["qso"] if dof == "bands - parameters" else 0)
        top = chi2_law.ppf(chi2_level, np.maximum(n, 1))
    with np.errstate(invalid="ignore"):
        out = pd.DataFrame(
            {
                "galaxy": known & (gap >= bic_margin),
                "star": known & (star_gap >= least),
                "tau": known & (fits["tau"].to_numpy() <= max_tau + 1e-9),
                "chi2": known & (value <= top),
            },
            index=fits.index,
        )
    out["all"] = out.all(axis=1)
    return out


def reasons(fits: pd.DataFrame, rules: pd.DataFrame) -> np.ndarray:
    """One sentence per source: a rule that it breaks, or the fit that it passes by.

    Parameters
    ----------
    fits : pandas.DataFrame, n rows
        As `SEDClassifier.fit_sources` gives them.
    rules : pandas.DataFrame of bool, n rows
        As `accept` gives them.

    Returns
    -------
    ndarray of str, shape (n,)
        Of several broken rules the last of chi2, dust, star, galaxy.
    """

    def text(column, form):
        return fits[column].map(form.format).to_numpy(dtype=object)

    out = "quasar template fits: chi2 = " + text("chi2_qso", "{:.1f}")
    broken = {
        "chi2": "no quasar template fits: chi2 = " + text("chi2_qso", "{:.1f}"),
        "tau": "too dusty: tau = " + text("tau", "{:g}"),
        "star": "star template not excluded: chi2 = " + text("chi2_star", "{:.1f}"),
        "galaxy": "galaxy template not excluded: chi2 = " + text("chi2_galaxy", "{:.1f}"),
    }
    for rule, sentence in broken.items():
        gone = ~rules[rule].to_numpy()
        out[gone] = sentence[gone]
    few = fits["chi2_qso"].isna().to_numpy()
    need = f" measured bands, {PARAMETERS['qso'] + 1} are needed"
    out[few] = (text("n_bands", "{}") + need)[few]
    return out


def candidate_table(fits: pd.DataFrame, rules: pd.DataFrame, classes: np.ndarray) -> pd.DataFrame:
    """What `qsolearn.selection.select_frame` returns, of fits and the rules they keep.

    Parameters
    ----------
    fits : pandas.DataFrame, n rows
        As ``SEDClassifier.fit_sources`` gives them.
    rules : pandas.DataFrame of bool, n rows
        As `accept` gives them.
    classes : array of str
        Names of the kinds, in the order of `PARAMETERS`.

    Returns
    -------
    pandas.DataFrame, n rows, same index
        ``P_QSO`` (weight exp(-BIC/2) of the quasar model among the three; NaN without a fit),
        ``selected_class`` (the kind of lowest BIC), ``is_candidate`` (all rules kept), ``reason``,
        ``z_phot``.
    """
    values = fits[[f"bic_{kind}" for kind in PARAMETERS]].to_numpy()
    known = np.isfinite(values).all(axis=1)
    filled = np.where(known[:, None], values, 0.0)
    odds = np.exp(-0.5 * (filled - filled.min(axis=1, keepdims=True)))
    label = np.asarray(classes)[np.argmin(filled, axis=1)].astype(object)
    return pd.DataFrame(
        {
            "P_QSO": np.where(known, odds[:, 0] / odds.sum(axis=1), np.nan),
            "selected_class": np.where(known, label, ""),
            "is_candidate": rules["all"].to_numpy(),
            "reason": reasons(fits, rules),
            "z_phot": fits["z_phot"].to_numpy(),
        },
        index=fits.index,
    )
