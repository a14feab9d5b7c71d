"""Leave-one-out accuracy over a grid of bandwidths."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import _check_sample_weight, check_X_y

from qsolearn.selection.kde.densities import log_normalization
from qsolearn.selection.kde.engine import (
    class_span,
    grow_objects,
    log_sum_class,
    prepare,
    run_nodes,
    sum_class,
)
from qsolearn.selection.kde.thresholds import sum_near_thresholds
from qsolearn.selection.kde.validation import (
    check_features,
    check_kernel,
    check_priors,
    count_threads,
    weigh_classes,
)

__all__ = ["leave_one_out_accuracy"]


def leave_one_out_accuracy(
    X: ArrayLike,
    y: ArrayLike,
    bandwidths: ArrayLike,
    priors: dict[str, float] | None = None,
    *,
    kernel: str = "epanechnikov",
    sample_weight: ArrayLike | None = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Accuracy of the kernel Bayes classifier on its training set, each object left out in turn.

    Parameters
    ----------
    X : (n, d) array
        Features of the training objects, d from 1 to 8. NaN is an error.
    y : (n,) array
        Their labels.
    bandwidths : (k, n_classes) array
        One combination to try per row: ``bandwidths[i, c]`` is the bandwidth of class c, classes
        in sorted order, in the units of `X`. A 10 x 10 grid has k = 100 rows.
    priors : dict of {label: probability}, optional
        Class priors; None takes the training frequencies.
    kernel : {"epanechnikov", "gaussian"}
    sample_weight : (n,) array, optional
        An object of weight 2 counts twice, in the densities and in the accuracy; None weighs all
        alike.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores.

    Returns
    -------
    (k, n_classes) array
        The fraction of each class's objects that get their own label back. The overall accuracy
        is the mean over classes weighted by their sizes.

    Raises
    ------
    ValueError
        If `X` has NaN, `bandwidths` is not positive or has not one column per class, or `priors`
        do not name every class and sum to 1.

    Notes
    -----
    The density of its own class at an object is estimated from the other ``N - 1`` objects of that
    class, normalized to ``N - 1``. An object with zero density under every class gets the class
    with the largest prior.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> X = [[0.0], [0.2], [0.3], [1.0], [1.1]]
    >>> y = ["QSO", "QSO", "QSO", "star", "star"]
    >>> leave_one_out_accuracy(X, y, [[0.15, 0.15], [0.3, 0.05]])
    array([[1., 1.],
           [1., 0.]])
    """
    check_kernel(kernel)
    X, y = check_X_y(X, y, dtype=np.float64, ensure_all_finite=False)
    check_features(X, "leave_one_out_accuracy")
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    classes, labels = np.unique(y, return_inverse=True)
    bandwidths = np.asarray(bandwidths, dtype=np.float64)
    if bandwidths.ndim != 2 or bandwidths.shape[1] != len(classes):
        raise ValueError(
            f"bandwidths has shape {bandwidths.shape}, but one column for each of the "
            f"{len(classes)} classes is needed: give an array of shape (k, {len(classes)})."
        )
    if not (np.isfinite(bandwidths).all() and (bandwidths > 0).all()):
        raise ValueError(
            "bandwidths holds values that are not positive and finite: "
            "give every class a bandwidth above 0 in the units of X."
        )
    totals = weigh_classes(classes, labels, weights)
    priors = check_priors(priors, classes, totals)
    kept = weights > 0
    training = _LeftOut(X[kept], labels[kept], weights[kept], kernel, count_threads(n_jobs))
    right = training.count_right(bandwidths, np.log(priors), int(np.argmax(priors)))
    return right / totals


class _LeftOut:
    """Log densities at all training objects, each without itself.

    Parameters
    ----------
    X : (n, d) array
    labels : (n,) int array
        Class numbers.
    weights : (n,) array, all positive
    kernel : {"epanechnikov", "gaussian"}
    n_threads : int
    """

    def __init__(self, X, labels, weights, kernel, n_threads):
        members = [labels == c for c in range(labels.max() + 1)]
        self.training = prepare(
            [X[own] for own in members], [weights[own] for own in members], None, kernel
        )
        self.objects, self.nodes = grow_objects(X, "labels")
        self.labels = labels[self.objects.order]
        self.weights = weights[self.objects.order]
        self.n_threads = n_threads

    def count_right(self, bandwidths, log_priors, default):
        """Weight of the objects of each class that get their own label, (k, n_classes).

        The smaller classes get exact sums. Then all rows with the same bandwidth of the largest
        class set two thresholds for each object, and only a sum between them has to be exact.
        """
        n_classes = bandwidths.shape[1]
        largest = int(np.argmax(np.bincount(self.labels)))
        others = [c for c in range(n_classes) if c != largest]
        tables = {
            (c, h): log_priors[c] + self.log_density(c, h)
            for c in others
            for h in np.unique(bandwidths[:, c])
        }
        right = np.empty(bandwidths.shape)
        for h in np.unique(bandwidths[:, largest]):
            rows = np.flatnonzero(bandwidths[:, largest] == h)
            low, high = np.inf, -np.inf
            for row in rows:
                best = self._best([tables[c, bandwidths[row, c]] for c in others])[1]
                low, high = np.minimum(low, best), np.maximum(high, best)
            own = log_priors[largest] + self.log_density(
                largest, h, low - log_priors[largest], high - log_priors[largest]
            )
            for row in rows:
                posterior = [tables.get((c, bandwidths[row, c]), own) for c in range(n_classes)]
                winner, best = self._best(posterior)
                winner[np.isneginf(best)] = default
                right[row] = np.bincount(
                    self.labels, self.weights * (winner == self.labels), minlength=n_classes
                )
        return right

    def log_density(self, c, bandwidth, low=None, high=None):
        """Log density of class c at every object; infinite where bounds settle it.

        Parameters
        ----------
        c : int
        bandwidth : float
        low, high : (n,) arrays, optional
            Where the log density is below `low` or above `high` it may come as -inf or +inf.
        """
        training = self.training
        itself = np.where(self.labels == c, self.weights, 0.0)
        rest = np.maximum(training.totals[c] - itself, 0.0)
        # A lone member leaves nothing behind.
        rest[rest <= training.nothing[c]] = 0.0
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log_scale = np.log(rest) + log_normalization(
                training.kernel, training.n_features, bandwidth
            )
            if training.kernel == "gaussian":
                left_out = self._left_out(c)
                log_sums = log_sum_class(
                    training, c, bandwidth, self.objects, self.n_threads, left_out
                )
            elif low is None:
                sums = sum_class(training, c, bandwidth, self.objects, self.nodes, self.n_threads)
                log_sums = np.log(self._without(sums, itself, c))
            else:
                sums = np.empty(len(itself))
                low, high = np.exp(low + log_scale) + itself, np.exp(high + log_scale) + itself

                def work(node):
                    sum_near_thresholds(
                        self.objects,
                        node,
                        training.forest,
                        training.roots[c],
                        bandwidth,
                        low,
                        high,
                        sums,
                    )

                run_nodes(work, self.nodes, self.n_threads)
                log_sums = np.log(self._without(sums, itself, c))
            return np.where(rest > 0.0, log_sums - log_scale, -np.inf)

    def _without(self, sums, itself, c):
        """Kernel sums less the object itself, which adds exactly its weight."""
        sums = sums - itself
        return np.where(sums > self.training.nothing[c], sums, 0.0)

    def _left_out(self, c):
        """For each object its place among the training points if it is in class c, or -1."""
        forest = self.training.forest
        start, stop = class_span(self.training, c)
        place = np.empty(stop - start, dtype=np.int64)
        place[forest.order[start:stop]] = np.arange(start, stop)
        members = np.flatnonzero(self.labels == c)
        in_input_order = members[np.argsort(self.objects.order[members])]
        left_out = np.full(len(self.labels), -1)
        left_out[in_input_order] = place
        return left_out

    @staticmethod
    def _best(posterior):
        """Number and value of the largest of some arrays; the first where equal."""
        winner = np.zeros(len(posterior[0]), dtype=np.int64)
        best = posterior[0].copy()
        for c in range(1, len(posterior)):
            better = posterior[c] > best
            winner[better] = c
            best[better] = posterior[c][better]
        return winner, best
