"""A fitted FrameSelector from parts that were fitted or read elsewhere."""

from __future__ import annotations

import numpy as np

from qsolearn.selection.frame_selector import FrameSelector

__all__ = ["assemble_selector"]


def assemble_selector(
    estimator,
    bands,
    quasar_classes,
    threshold,
    *,
    class_counts,
    n_left_out,
    dereddened,
    redshift=None,
    n_redshifts=0,
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
    redshift : estimator, optional
        Fitted.
    n_redshifts : int
        How many quasars it learned from.

    Returns
    -------
    FrameSelector

    Raises
    ------
    CatalogError
        If no class is one of quasars.
    """
    selector = FrameSelector(estimator, bands, quasar_classes, threshold, redshift)
    selector.redshift_, selector.n_redshifts_ = redshift, int(n_redshifts)
    selector.estimator_ = estimator
    selector.classes_ = np.asarray(estimator.classes_).astype(str)
    selector.quasar_classes_ = selector._find_quasar_classes()
    selector.class_counts_ = dict(class_counts)
    selector.n_left_out_ = int(n_left_out)
    selector.dereddened_ = dereddened
    return selector
