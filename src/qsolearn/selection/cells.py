"""Cells between edges: which cell an object is in, and how many of each class are there."""

import numpy as np

__all__ = ["cells_of", "check_edges", "check_strength", "count_by_class"]


def check_edges(edges):
    """Edges of the cells along one coordinate as an array, or a ValueError."""
    edges = np.asarray(edges, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise ValueError(f"Edges must be at least two and increase, not {edges.tolist()}.")
    return edges


def check_strength(strength):
    """Strength of the smoothing, or a ValueError."""
    if not 0 < strength < np.inf:
        raise ValueError(f"strength is {strength!r}: give a number of objects above 0.")
    return float(strength)


def cells_of(columns, edges):
    """Number of each row's cell, and whether all its coordinates are known.

    Parameters
    ----------
    columns : (n, k) array
    edges : list of k arrays
        A cell holds its lower edge; a row outside belongs to the nearest cell.

    Returns
    -------
    where : (n,) int array
        Cells numbered with the last coordinate running fastest; 0 where a coordinate is NaN.
    known : (n,) bool array
    """
    known = ~np.isnan(columns).any(axis=1)
    where = np.zeros(len(columns), dtype=np.int64)
    for column, edge in zip(columns.T, edges, strict=True):
        place = np.clip(np.searchsorted(edge, column, side="right") - 1, 0, len(edge) - 2)
        where = where * (len(edge) - 1) + np.where(known, place, 0)
    return where, known


def count_by_class(where, known, y, weights, shape):
    """Objects of each class in each cell, and in all.

    Returns
    -------
    classes : (n_classes,) array
    counts : (*shape, n_classes) array
        Of the rows with known cells.
    overall : (n_classes,) array
        Of all rows.

    Raises
    ------
    ValueError
        If labels or weights are not one for each object, a weight is below 0, or a class has no
        weight.
    """
    y = np.asarray(y)
    weights = np.ones(len(where)) if weights is None else np.asarray(weights, dtype=np.float64)
    if y.shape != where.shape or weights.shape != where.shape or not (weights >= 0).all():
        raise ValueError(
            f"There are {len(where)} objects, labels of shape {y.shape} and weights of shape "
            f"{weights.shape}: give one label and one weight, not below 0, for each."
        )
    classes, label = np.unique(y, return_inverse=True)
    overall = np.bincount(label, weights, minlength=len(classes))
    if not len(classes) or not (overall > 0).all():
        raise ValueError("Every class needs an object of positive weight; one has none.")
    n_cells = int(np.prod(shape))
    flat = np.bincount(
        (where * len(classes) + label)[known], weights[known], minlength=n_cells * len(classes)
    )
    return classes, flat.reshape(*shape, len(classes)), overall
