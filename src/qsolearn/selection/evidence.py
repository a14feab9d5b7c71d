"""Evidence beside the colors: a radio or X-ray detection, a proper motion."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.selection.cells import cells_of, check_edges, check_strength, count_by_class

__all__ = ["BinnedEvidence"]


class BinnedEvidence:
    """Log likelihood of one measured number under each class, from its histogram in each class.

    Parameters
    ----------
    edges : (k + 1,) array
        Edges of the bins, increasing; a value outside is counted in the nearest bin. For
        something that is detected (1) or not (0): ``(0, 0.5, 1)``.
    strength : float
        How many objects with the histogram of all classes together are added to each class, so
        that no bin is impossible and a class with few objects claims little.

    Attributes
    ----------
    classes_ : (n_classes,) array
        The labels, sorted as a classifier sorts them.
    shares_ : (k, n_classes) array
        Probability of each bin in each class; columns sum to 1.

    Raises
    ------
    ValueError
        If edges do not increase or ``strength`` is not above 0.

    Notes
    -----
    A value that was not measured (NaN: no coverage, no match) is neutral: it is taken to be missing
    for reasons that have nothing to do with the class, and its log likelihood is 0 for every class.
    "Looked at and not detected" is a measurement. With n_b of N objects of a class in bin b, and
    the share p_b of all classes together,

    .. math:: P(b|c) = \\frac{n_b + s\\, p_b}{N + s}.

    Examples
    --------
    One quasar in ten is a radio source, and one star in a thousand.

    >>> radio = BinnedEvidence([0, 0.5, 1]).fit_shares({"QSO": [0.9, 0.1], "Star": [0.999, 0.001]})
    >>> log_likelihood = radio.log_likelihood([1, 0, np.nan])
    >>> np.exp(log_likelihood[:, 0] - log_likelihood[:, 1]).round(3)
    array([100.   ,   0.901,   1.   ])
    """

    def __init__(self, edges: ArrayLike, strength: float = 1.0) -> None:
        self.edges = check_edges(edges)
        self.strength = check_strength(strength)

    def fit(self, values: ArrayLike, y: ArrayLike) -> Self:
        """Learn the histograms from objects of known class.

        Parameters
        ----------
        values : (n,) array
            The measured number; objects with NaN are left out.
        y : (n,) array
            Labels.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is not one label for each value, or a class has no measured value.
        """
        where, known = self._bins(values)
        classes, counts, _ = count_by_class(where, known, y, None, [len(self.edges) - 1])
        measured = counts.sum(axis=0)
        if not (measured > 0).all():
            raise ValueError(
                f"Class {classes.tolist()[np.argmin(measured)]!r} has no measured value: leave it "
                "out or give its histogram by fit_shares."
            )
        # Half an object in all, evenly over the bins, keeps an empty bin from being impossible.
        together = counts.sum(axis=1) + 0.5 / len(counts)
        together /= together.sum()
        self.classes_ = classes
        self.shares_ = (counts + self.strength * together[:, None]) / (measured + self.strength)
        return self

    def fit_shares(self, shares: dict[str, ArrayLike]) -> Self:
        """Take the histograms as given, for example from a paper.

        Parameters
        ----------
        shares : dict of {label: (k,) array}
            Probability of each bin, above 0 and summing to 1.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a list has not one number above 0 for each bin, or does not sum to 1.
        """
        for label, share in shares.items():
            share = np.asarray(share, dtype=np.float64)
            right = share.shape == (len(self.edges) - 1,) and (share > 0).all()
            if not right or abs(share.sum() - 1) > 1e-9:
                raise ValueError(
                    f"The shares of class {label!r} are {share.tolist()}: give one number above 0 "
                    f"for each of the {len(self.edges) - 1} bins, summing to 1."
                )
        self.classes_ = np.array(sorted(shares))
        self.shares_ = np.array([shares[c] for c in self.classes_.tolist()], dtype=np.float64).T
        return self

    def log_likelihood(self, values: ArrayLike) -> np.ndarray:
        """Log probability of each object's bin under each class.

        Parameters
        ----------
        values : (n,) array
            NaN where nothing was measured.

        Returns
        -------
        (n, n_classes) array
            In the order of ``classes_``; 0 in a row without a measurement. Give it to `posterior`.
        """
        where, known = self._bins(values)
        out = np.log(self.shares_)[where]
        out[~known] = 0.0
        return out

    def _bins(self, values):
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 1:
            raise ValueError(
                f"Values have shape {values.shape}: give one number for each object, NaN where "
                "nothing was measured."
            )
        return cells_of(values[:, None], [self.edges])
