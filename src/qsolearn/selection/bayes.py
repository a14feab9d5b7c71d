"""Bayes' rule on arrays: densities, priors of each object, and further evidence.

A classifier such as `KernelBayesClassifier` gives the density of every class at every object. What
else is known enters here: a prior that changes from object to object (`CountsPrior`), and evidence
beside the colors (`BinnedEvidence`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

__all__ = ["log_joint", "posterior"]


def log_joint(
    log_density: ArrayLike, priors: ArrayLike, evidence: Sequence[ArrayLike] = ()
) -> np.ndarray:
    """Log of prior times density times evidence, for every object and class.

    Parameters
    ----------
    log_density : (n, n_classes) array
        Natural log of the density of each class at each object; -inf where it is zero.
    priors : (n_classes,) or (n, n_classes) array
        Prior probability of each class, the same for all objects or one row for each.
    evidence : sequence of (n, n_classes) arrays
        Log likelihoods of further measurements, such as `BinnedEvidence` gives; zeros in a row
        mean that nothing was measured there.

    Returns
    -------
    (n, n_classes) array
        Where every density is zero the densities are left out: priors and evidence decide.

    Raises
    ------
    ValueError
        If shapes differ, a prior is not above 0 or does not sum to 1, or a likelihood is NaN.

    Notes
    -----
    .. math:: \\log P(c|b) + \\log p(x|c) + \\sum_k \\log P(e_k|c),

    which takes colors x and pieces of evidence e_k as independent within a class.

    Examples
    --------
    >>> log_joint(np.log([[2.0, 0.5]]), [0.5, 0.5]).round(3)
    array([[ 0.   , -1.386]])
    """
    joint = np.array(log_density, dtype=np.float64)
    if joint.ndim != 2 or np.isnan(joint).any():
        raise ValueError(
            f"log_density has shape {joint.shape}{_nan(joint)}: give one row per object and one "
            "column per class, -inf where a density is zero."
        )
    joint[np.isneginf(joint).all(axis=1)] = 0.0
    joint += np.log(_checked_priors(priors, joint.shape))
    for k, one in enumerate(evidence):
        one = np.asarray(one, dtype=np.float64)
        if one.shape != joint.shape or not np.isfinite(one).all():
            raise ValueError(
                f"evidence {k} has shape {one.shape}{_nan(one)}, the densities {joint.shape}: give "
                "finite log likelihoods of the same shape, zero where nothing was measured."
            )
        joint += one
    return joint


def posterior(
    log_density: ArrayLike, priors: ArrayLike, evidence: Sequence[ArrayLike] = ()
) -> np.ndarray:
    """Posterior probability of every class by Bayes' rule.

    Parameters
    ----------
    log_density, priors, evidence
        As for `log_joint`.

    Returns
    -------
    (n, n_classes) array
        Rows sum to 1.

    Raises
    ------
    ValueError
        As for `log_joint`.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, equation 1.

    Examples
    --------
    Equal densities leave the prior; a radio source that is ten times as common among quasars
    moves it; without a measurement nothing moves.

    >>> same, priors = np.zeros((3, 2)), [0.1, 0.9]
    >>> radio = np.log([[0.1, 0.01], [0.9, 0.99], [1.0, 1.0]])
    >>> posterior(same, priors, [radio]).round(3)
    array([[0.526, 0.474],
           [0.092, 0.908],
           [0.1  , 0.9  ]])
    """
    joint = log_joint(log_density, priors, evidence)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def _checked_priors(priors, shape):
    priors = np.asarray(priors, dtype=np.float64)
    if priors.shape not in (shape, shape[1:]):
        raise ValueError(
            f"priors have shape {priors.shape}: give one number per class, shape {shape[1:]}, or "
            f"one row per object, shape {shape}."
        )
    if not (priors > 0).all() or not np.allclose(priors.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        raise ValueError("priors must be above 0 and sum to 1 for every object.")
    return priors


def _nan(values):
    return " with NaN in it" if np.isnan(values).any() else ""
