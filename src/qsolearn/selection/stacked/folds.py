"""Fits in folds: every source is scored by a selector that has not seen it."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from qsolearn.errors import CatalogError, plural
from qsolearn.judge import class_labels, is_quasar_class
from qsolearn.selection.stacked.scores import quasar_log_odds

__all__ = ["check_labels", "fit_part", "make_folds", "out_of_fold"]


def make_folds(cv, quasar, random_state):
    """Rows to fit and to score in each fold; every row is scored once, by a fit without it."""
    if isinstance(cv, (int, np.integer)):
        least = int(min(quasar.sum(), (~quasar).sum()))
        if not 2 <= cv <= least:
            raise CatalogError(
                f"{cv} folds cannot be made of {int(quasar.sum()):,} quasars and "
                f"{int((~quasar).sum()):,} others; choose 2 or more and at most {least:,}."
            )
        splitter = StratifiedKFold(cv, shuffle=True, random_state=random_state)
        return list(splitter.split(quasar, quasar))
    folds = [tuple(np.asarray(part, dtype=np.int64) for part in fold) for fold in cv]
    scored = np.sort(np.concatenate([judge for _, judge in folds]))
    if not np.array_equal(scored, np.arange(len(quasar))) or any(
        np.isin(judge, learn).any() for learn, judge in folds
    ):
        raise CatalogError(
            f"The folds must score each of the {plural(len(quasar), 'row')} once, by a fit "
            "without it."
        )
    return folds


def check_labels(y, n):
    """Labels as text, and which are quasars."""
    label = class_labels(y)
    if len(label) != n:
        raise CatalogError(f"There are {n:,} sources but {len(label):,} labels.")
    empty = int((label == "").sum())
    if empty:
        raise CatalogError(
            f"{plural(empty, 'row')} have no label; leave them out of the training set."
        )
    quasar = is_quasar_class(label)
    if quasar.all() or not quasar.any():
        raise CatalogError(
            f"Labels are {', '.join(sorted(set(label))[:4])}: a stack learns from quasars (labels "
            "that begin with QSO) and from others."
        )
    return label, quasar


def fit_part(name, selector, frame, label, z, rows):
    """A clone of a selector, fitted on some rows."""
    rows = np.flatnonzero(rows)
    quasar = is_quasar_class(label[rows])
    if not len(rows) or quasar.all() or not quasar.any():
        raise CatalogError(
            f"Selector {name!r} has a color in {int(quasar.sum()):,} quasars and "
            f"{int((~quasar).sum()):,} others of a training fold and cannot learn; leave it out."
        )
    more = {} if getattr(selector, "redshift", None) is None else {"z": _taken(z, rows)}
    return clone(selector).fit(frame.iloc[rows], label[rows], **more)


def _taken(z, rows):
    return None if z is None else np.asarray(z, dtype=float)[rows]


def out_of_fold(name, selector, frame, label, z, folds, usable):
    """Log-odds of every source by a clone that has not seen it."""
    out = np.full(len(frame), np.nan)
    # Redshifts play no part in the scores.
    bare = clone(selector).set_params(redshift=None)
    for learn, judge in folds:
        rows = np.zeros(len(frame), bool)
        rows[learn] = True
        fitted = fit_part(name, bare, frame, label, z, rows & usable)
        out[judge] = quasar_log_odds(fitted, frame.iloc[judge])
    return out
