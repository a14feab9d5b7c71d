"""Leave-one-out accuracy over a grid of bandwidths."""

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_X_y

from qsolearn.selection.kde.densities import kernel_log_density
from qsolearn.selection.kde.validation import (
    check_features,
    check_kernel,
    check_priors,
    count_threads,
    weigh_classes,
)

__all__ = ["leave_one_out_accuracy"]


def leave_one_out_accuracy(
    X, y, bandwidths, priors=None, *, kernel="epanechnikov", sample_weight=None, n_jobs=None
):
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
    Richards et al. 2004, ApJS 155, 257, section 2.3.

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
    log_priors = np.log(check_priors(priors, classes, totals))
    n_threads = count_threads(n_jobs)

    tried = [np.unique(column, return_inverse=True) for column in bandwidths.T]
    tables = [
        [
            _left_out_log_density(X, weights, labels == c, bandwidth, kernel, n_threads)
            for bandwidth in tried[c][0]
        ]
        for c in range(len(classes))
    ]
    accuracy = np.empty(bandwidths.shape)
    by_prior = np.argmax(log_priors)
    for row in range(len(bandwidths)):
        posterior = np.stack(
            [tables[c][tried[c][1][row]] + log_priors[c] for c in range(len(classes))]
        )
        winner = posterior.argmax(axis=0)
        winner[np.isneginf(posterior).all(axis=0)] = by_prior
        right = np.bincount(labels, weights * (winner == labels), minlength=len(classes))
        accuracy[row] = right / totals
    return accuracy


def _left_out_log_density(X, weights, members, bandwidth, kernel, n_threads):
    """Log density of one class at every object, its own members each left out in turn."""
    left_out = np.full(len(X), -1)
    left_out[members] = np.arange(members.sum())
    return kernel_log_density(
        X[members], weights[members], X, bandwidth, kernel, n_threads, left_out
    )
