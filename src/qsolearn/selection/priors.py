"""A prior of its own for every object, from counts of the classes in cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.selection.cells import cells_of, check_edges, check_strength, count_by_class

__all__ = ["CountsPrior"]


class CountsPrior:
    """How common each class is where an object lies: in Galactic latitude, in magnitude.

    Parameters
    ----------
    edges : sequence of (k_i + 1,) arrays
        Edges of the cells along each coordinate, increasing. An object outside is counted in the
        nearest cell.
    strength : float
        How many objects of the overall mix are added to every cell, so that an empty cell has the
        overall mix and no class is impossible.

    Attributes
    ----------
    classes_ : (n_classes,) array
        The labels, sorted as a classifier sorts them.
    counts_ : (k_1, ..., n_classes) array
        Objects of each class in each cell.
    overall_ : (n_classes,) array
        The mix of the whole.

    Raises
    ------
    ValueError
        If edges do not increase or ``strength`` is not above 0.

    Notes
    -----
    With n_c of n objects in a cell, strength s and overall mix P_c,

    .. math:: P(c|\\mathrm{cell}) = \\frac{n_c + s P_c}{n + s}.

    The counts must come from the same kind of sample as the objects (the same cuts), and the
    densities that the prior meets in Bayes' rule from that kind, too. A missing coordinate (NaN)
    gives the overall mix.

    Examples
    --------
    Stars thin out from low to high latitude, quasars do not.

    >>> latitude = np.repeat([35.0, 75.0], [1000, 400])
    >>> label = np.repeat(["QSO", "Star", "QSO", "Star"], [100, 900, 100, 300])
    >>> prior = CountsPrior([[30, 60, 90]]).fit(latitude, label)
    >>> prior.priors([40.0, 80.0, np.nan]).round(3)
    array([[0.1  , 0.9  ],
           [0.247, 0.753],
           [0.143, 0.857]])
    """

    def __init__(self, edges: Sequence[ArrayLike], strength: float = 10.0) -> None:
        self.edges = [check_edges(e) for e in edges]
        self.strength = check_strength(strength)

    def fit(self, coordinates: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Count the classes in the cells.

        Parameters
        ----------
        coordinates : (n,) or (n, k) array
            One column per list of edges, such as \\|b\\| [deg] and magnitude. NaN: the object
            counts only in the overall mix.
        y : (n,) array
            Labels.
        weights : (n,) array, optional
            What each object stands for, such as an area; None counts each once.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the number of columns or of labels differs.
        """
        where, known = self._cells(coordinates)
        classes, total, overall = count_by_class(
            where, known, y, weights, [len(e) - 1 for e in self.edges]
        )
        return self._keep(classes, total, overall / overall.sum())

    def fit_counts(self, counts: ArrayLike, classes: Sequence[str]) -> Self:
        """Take counts, or numbers per square degree, from a table of one's own.

        Parameters
        ----------
        counts : (k_1, ..., n_classes) array
            Objects in each cell, all of them finite and not below 0.
        classes : sequence of n_classes labels
            In the order of the last axis.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the shape is not that of the cells, a count is below 0, or a class has none at all.
        """
        counts, classes = np.asarray(counts, dtype=np.float64), np.asarray(classes)
        shape = (*(len(e) - 1 for e in self.edges), len(classes))
        right = counts.shape == shape and (counts >= 0).all() and np.isfinite(counts).all()
        totals = counts.reshape(-1, len(classes)).sum(axis=0) if right else np.zeros(1)
        if not (totals > 0).all():
            raise ValueError(
                f"counts have shape {counts.shape}: give shape {shape}, no count below 0 or "
                "missing, and every class somewhere."
            )
        order = np.argsort(classes, kind="stable")
        return self._keep(classes[order], counts[..., order], totals[order] / totals.sum())

    def priors(self, coordinates: ArrayLike) -> np.ndarray:
        """Prior probability of each class for each object.

        Parameters
        ----------
        coordinates : (n,) or (n, k) array
            As in `fit`; a row with NaN has the overall mix.

        Returns
        -------
        (n, n_classes) array
            In the order of ``classes_``; every value above 0, rows sum to 1.
        """
        where, known = self._cells(coordinates)
        out = np.tile(self.overall_, (len(known), 1))
        out[known] = self._table[where[known]]
        return out

    def _keep(self, classes, counts, overall):
        self.classes_, self.counts_, self.overall_ = classes, counts, overall
        flat = counts.reshape(-1, len(classes)) + self.strength * overall
        self._table = flat / flat.sum(axis=1, keepdims=True)
        return self

    def _cells(self, coordinates):
        columns = np.asarray(coordinates, dtype=np.float64)
        columns = columns[:, None] if columns.ndim == 1 else columns
        if columns.ndim != 2 or columns.shape[1] != len(self.edges):
            raise ValueError(
                f"Coordinates have shape {columns.shape}: give one column for each of the "
                f"{len(self.edges)} lists of edges."
            )
        return cells_of(columns, self.edges)
