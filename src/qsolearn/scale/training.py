"""Grow boosted trees on more rows than fit into memory: from disk, or on the workers of Dask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from qsolearn.bands import check_bands, color_names
from qsolearn.errors import CatalogError, plural
from qsolearn.scale.assembling import assemble_selector
from qsolearn.scale.engines import engine_for
from qsolearn.scale.parts import count_labels, find_parts
from qsolearn.selection import BoostedTrees, FrameSelector, ReverseSelectionClassifier
from qsolearn.selection.reverse.state import size_table
from qsolearn.selection.reverse.validation import check_order, check_target, check_threshold

__all__ = ["train_catalog"]


def train_catalog(
    source: str | Path,
    label: str,
    bands: Sequence[str],
    estimator: Any = None,
    *,
    quasar_classes: Sequence[str] | None = None,
    threshold: float | None = None,
    workers: int = 1,
    scratch: str | Path | None = None,
) -> FrameSelector:
    """Train a selector on a catalog that does not fit into memory.

    Parameters
    ----------
    source : str or Path
        A HATS folder or a Parquet file.
    label : str
        Column with the class of each source; rows without one are left out.
    bands : sequence of str, length b >= 2
        Bands whose neighboring colors are the features, in this order.
    estimator : BoostedTrees or ReverseSelectionClassifier, optional
        Its settings; None is ``BoostedTrees()``. A ReverseSelectionClassifier has BoostedTrees, no
        ranker and no folds.
    quasar_classes, threshold
        As for `qsolearn.selection.FrameSelector`.
    workers : int
        1 grows the trees in this process, with the binned colors on disk. More are processes of a
        Dask cluster on this machine that hold the colors in memory, shared out, and grow the same
        trees together.
    scratch : str or Path, optional
        Folder for the bins on disk (one byte per color and row); by default the system's.

    Returns
    -------
    FrameSelector
        Fitted: for `select_frame`, `select_hats`, `save_selector`.

    Raises
    ------
    CatalogError
        If the label or a band is absent, a file is damaged, or the estimator is of another kind.

    Notes
    -----
    The limits of the 256 bins of a color come from a sketch that is merged over the parts of the
    catalog, and sums run in another order; so trees differ from those of
    `BoostedTrees.fit` on all rows in memory as the trees of two orders of the same rows do. The
    same catalog and the same number of workers give the same trees.

    Reverse selection grows its first step on all rows. Those that this step does not discard, a few
    percent where the first class is the common one, are held in memory for the steps after it.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from qsolearn.simulate import make_sky
    >>> file = mkdtemp() + "/sky.parquet"
    >>> _ = make_sky("sdss", n_sources=3000, seed=1, to=file)
    >>> trees = BoostedTrees(n_rounds=5, max_depth=4)
    >>> selector = train_catalog(file, "true_class", ["sdss_u", "sdss_g", "sdss_r"], trees)
    >>> sum(selector.class_counts_.values())
    3000
    """
    estimator = BoostedTrees() if estimator is None else estimator
    trees = _trees_of(estimator)
    if not (workers >= 1 and workers % 1 == 0):
        raise CatalogError(f"workers is {workers}; it is a whole number of processes, at least 1.")
    try:
        bands = check_bands(bands)
    except ValueError as error:
        raise CatalogError(str(error)) from None
    if len(bands) < 2:
        raise CatalogError(f"A color needs two bands; only {bands[0]} was given.")
    parts, dereddened = find_parts(source, label, bands)
    counts, n_left_out = count_labels(parts)
    if len(counts) < 2:
        raise CatalogError(
            f"Column {label!r} holds {plural(len(counts), 'class').replace('classs', 'classes')}; "
            "a classifier needs two."
        )
    classes = np.array(sorted(counts))
    with engine_for(workers, scratch) as engine:
        if isinstance(estimator, BoostedTrees):
            fitted = clone(trees)
            booster = engine.grow(fitted, parts, [[c] for c in classes])
            fitted.adopt(booster, classes, len(bands) - 1, color_names(bands))
        else:
            fitted = _reverse(engine, estimator, trees, parts, counts, color_names(bands))
    return assemble_selector(
        fitted, bands, quasar_classes, threshold, class_counts=counts, n_left_out=n_left_out,
        dereddened=dereddened,
    )  # fmt: skip


def _trees_of(estimator):
    """The BoostedTrees whose settings count."""
    if isinstance(estimator, BoostedTrees):
        return estimator
    if isinstance(estimator, ReverseSelectionClassifier):
        trees = BoostedTrees() if estimator.estimator is None else estimator.estimator
        if isinstance(trees, BoostedTrees) and estimator.ranker is None and estimator.cv is None:
            return trees
        raise CatalogError(
            "Reverse selection is trained from disk with BoostedTrees, without ranker and folds."
        )
    raise CatalogError(
        f"{type(estimator).__name__} cannot be trained from disk; BoostedTrees and "
        "ReverseSelectionClassifier can."
    )


def _reverse(engine, estimator, trees, parts, counts, names):
    """Reverse selection with the first step on all rows, the others on what it leaves."""
    check_threshold(estimator.threshold)
    classes = np.array(sorted(counts))
    sizes = np.array([counts[c] for c in classes.tolist()])
    target = check_target(estimator.target, classes, sizes)
    order = check_order(estimator.order, classes, sizes, target)
    first = classes[order[0]]
    others = [c for c in classes.tolist() if c != first]
    booster = engine.grow(trees, parts, [others, [first.item()]])
    X, y = engine.survivors(parts, booster, first.item(), estimator.threshold)
    step = clone(trees).adopt(booster, np.array([0, 1], dtype=np.int32), len(names))
    target_rows = y == classes[target]
    if (booster.inplace_predict(X[target_rows]) > estimator.threshold).all():
        raise CatalogError(
            f"The first step ({first}) would discard every source of the target "
            f"{classes[target]}; raise the threshold."
        )
    rest = _rest(estimator, trees, X, y.astype(classes.dtype), classes[target], classes[order[1:]])
    model = clone(estimator)
    model.classes_, model.n_features_in_ = classes, len(names)
    model.feature_names_in_ = np.array(names, dtype=object)
    model.target_, model.order_ = classes[target], [classes[c] for c in order]
    shares = np.where(np.arange(len(classes)) == order[0], 0, sizes)
    model._shares = [shares / shares.sum()]
    for share in rest["shares"]:
        wide = np.zeros(len(classes))
        wide[np.searchsorted(classes, rest["classes"])] = share
        model._shares.append(wide)
    model.estimators_ = [step, *rest["estimators"]]
    model._active = [True, *rest["active"]]
    model.final_estimator_, model.final_classes_ = rest["final"], rest["final_classes"]
    model.ranker_ = model._ranked = None
    seen = [(int(sizes.sum()), int(sizes[target])), *rest["seen"]]
    model.stages_ = size_table(model.order_, *np.array(seen).T)
    return model


def _rest(estimator, trees, X, y, target, order):
    """The steps after the first, in memory."""
    classes, codes = np.unique(y, return_inverse=True)
    if len(order):
        model = ReverseSelectionClassifier(trees, estimator.threshold, target, list(order))
        model.fit(X, y)
        return {
            "classes": model.classes_,
            "shares": model._shares,
            "estimators": model.estimators_,
            "active": model._active,
            "final": model.final_estimator_,
            "final_classes": model.final_classes_,
            "seen": model.stages_[["n", "n_target"]].to_numpy().tolist(),
        }
    final = clone(trees).fit(X, codes) if len(classes) > 1 else None
    return {
        "classes": classes, "shares": [], "estimators": [], "active": [], "final": final,
        "final_classes": classes, "seen": [(len(y), int(np.sum(y == target)))],
    }  # fmt: skip
