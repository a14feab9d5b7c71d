"""A selector from a classifier that was fitted elsewhere, and what tells it from another."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from qsolearn.scale.jobs import digest
from qsolearn.selection import FrameSelector, save_selector

__all__ = ["assemble_selector", "selector_digest"]


def assemble_selector(
    estimator,
    bands,
    quasar_classes,
    threshold,
    *,
    class_counts,
    n_left_out,
    dereddened,
):
    """Put a fitted classifier into a FrameSelector, as if the selector had been fitted.

    Parameters
    ----------
    estimator : classifier
        Fitted on the neighboring colors of the bands.
    bands, quasar_classes, threshold
        As for `FrameSelector`.
    class_counts : dict of {str: int}
        Training rows per class.
    n_left_out : int
        Training rows that were not used.
    dereddened : dict or False
        Whether and how the training set was dereddened.

    Returns
    -------
    FrameSelector

    Raises
    ------
    CatalogError
        If no class is one of quasars.
    """
    selector = FrameSelector(estimator, bands, quasar_classes, threshold)
    selector.redshift_, selector.n_redshifts_ = None, 0
    selector.estimator_ = estimator
    selector.classes_ = np.asarray(estimator.classes_).astype(str)
    selector.quasar_classes_ = selector._find_quasar_classes()
    selector.class_counts_ = dict(class_counts)
    selector.n_left_out_ = int(n_left_out)
    selector.dereddened_ = dereddened
    return selector


def selector_digest(selector):
    """Fingerprint of all that decides what a selector selects.

    Parameters
    ----------
    selector : selector
        Fitted.

    Returns
    -------
    str
        The same for a selector and for what `save_selector` makes of it, wherever and with
        whatever provenance it is saved.

    Raises
    ------
    CatalogError
        If it is not fitted, or of a kind that cannot be saved.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        save_selector(selector, saved)
        model = json.loads((saved / "model.json").read_text(encoding="utf-8"))
        parts = [{k: v for k, v in model.items() if k not in ("versions", "provenance")}]
        with np.load(saved / "arrays.npz", allow_pickle=False) as arrays:
            for name in sorted(arrays.files):
                values = arrays[name]
                parts += [[name, str(values.dtype), list(values.shape)], values.tobytes()]
    return digest(*parts)
