"""How the number of candidates moves with each choice that a paper leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import clone

from qsolearn.selection.sedfit.rules import accept

if TYPE_CHECKING:
    from qsolearn.selection import SEDClassifier

__all__ = ["CHOICES", "count_choices"]

#: What is tried, one at a time: setting of `accept`, value, what it is called.
CHOICES = (
    ("star_rule", "lower", "stars: a lower BIC is enough"),
    ("star_rule", "none", "stars: not looked at"),
    ("dof", "bands", "degrees of freedom: n bands"),
    ("dof", "sample", "97.7 % of the fitted sources themselves"),
    ("chi2_level", 1.0, "no limit on chi2"),
    ("max_tau", 0.5, "tau at most 0.5"),
    ("max_tau", np.inf, "no limit on tau"),
    ("bic_margin", 0.0, "BIC margin 0"),
    ("bic_margin", 5.0, "BIC margin 5"),
    ("bic_margin", 20.0, "BIC margin 20"),
)


def count_choices(
    model: SEDClassifier,
    frame: pd.DataFrame,
    floors: Sequence[float] = (0.03, 0.05, 0.15, 0.2),
    choices: Sequence[tuple] = CHOICES,
) -> pd.DataFrame:
    """Count candidates with each rule changed alone, and with other error floors.

    Parameters
    ----------
    model : SEDClassifier
        Fitted; its rules and its floor are the first line.
    frame : pandas.DataFrame, n rows
        A photometric frame, dereddened; with ``true_class``, quasars are counted apart.
    floors : sequence of float
        Error floors [mag] to try; each costs a fit of the whole frame.
    choices : sequence of (str, value, str)
        Setting of `accept`, its value, and its name.

    Returns
    -------
    pandas.DataFrame
        ``choice``, ``candidates``, ``share`` (of the n sources), and with ``true_class`` also
        ``quasars`` and ``others`` among the candidates.

    Examples
    --------
    >>> from qsolearn.selection import SEDClassifier
    >>> from qsolearn.simulate import make_sky
    >>> sky = make_sky("sdss", n_sources=300, seed=2)
    >>> model = SEDClassifier(bands=[f"sdss_{b}" for b in "ugriz"], z_step=0.2).fit()
    >>> count_choices(model, sky, floors=())["choice"].tolist()[:2]
    ['as the classifier is', 'stars: a lower BIC is enough']
    """
    rules = {
        k: getattr(model, k) for k in ("bic_margin", "star_rule", "chi2_level", "dof", "max_tau")
    }
    fits = model.fit_sources(frame)
    tried = [("as the classifier is", accept(fits, **rules)["all"])]
    for setting, value, name in choices:
        tried.append((name, accept(fits, **{**rules, setting: value})["all"]))
    for floor in floors:
        other = clone(model).set_params(error_floor=floor)
        other.use_grid(model.grid_)
        tried.append(
            (f"error floor {floor:g} mag", accept(other.fit_sources(frame), **rules)["all"])
        )
    rows = []
    for name, kept in tried:
        row = {"choice": name, "candidates": int(kept.sum()), "share": float(kept.mean())}
        if "true_class" in frame:
            quasar = frame["true_class"].str.startswith("QSO").to_numpy()
            row |= {"quasars": int((kept & quasar).sum()), "others": int((kept & ~quasar).sum())}
        rows.append(row)
    return pd.DataFrame(rows)
