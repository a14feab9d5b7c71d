"""The whole selection of the paper, built from general parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qsolearn.papers.richards2004.published import BANDS, PUBLISHED
from qsolearn.redshift import ColorRedshiftRelation
from qsolearn.selection import FrameSelector, TwoPassBayes
from qsolearn.selection.two_pass import EQUAL_VARIANCE

__all__ = ["recipe"]


def recipe(
    bandwidth: float | Sequence[float] = PUBLISHED["bandwidth"],
    *,
    prior_star: float = PUBLISHED["prior_star"],
    clean: bool = True,
    gaussian_factor: float = EQUAL_VARIANCE,
    star_density_limit: float | None = None,
    redshift: Any = None,
    n_jobs: int | None = None,
) -> FrameSelector:
    """Build the selector of the paper, ready to be fitted.

    Parameters
    ----------
    bandwidth : float or sequence of float
        Bandwidth of the Epanechnikov kernels [mag], the paper's by default; a sequence is tried for
        both classes in every combination by leave-one-out accuracy.
    prior_star : float
        P(Star), between 0 and 1.
    clean : bool
        Whether a first pass cleans the stars.
    gaussian_factor : float
        Bandwidth of the Gaussian densities over that of the Epanechnikov kernels. The paper's was
        not recovered; the default, 1 / sqrt(8), gives both the same variance in four dimensions.
    star_density_limit : float, optional
        Largest log10 of the star density of a candidate. The paper's was not recovered; by default
        98 % of the recognized training quasars stay below.
    redshift : estimator, optional
        Photometric redshifts of the candidates; by default a `ColorRedshiftRelation`.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores.

    Returns
    -------
    FrameSelector
        Fit it with ``.fit(frame, label, z)``: dereddened magnitudes, the labels "QSO" and "Star",
        and the redshifts of the quasars.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3; Weinstein et al. 2004, ApJS 155, 243 (redshifts).

    Examples
    --------
    >>> selector = recipe([0.10, 0.15, 0.20])
    >>> selector.estimator.priors
    {'QSO': 0.12, 'Star': 0.88}
    """
    return FrameSelector(
        TwoPassBayes(
            bandwidth,
            priors={"QSO": round(1 - prior_star, 12), "Star": prior_star},
            clean=clean,
            gaussian_factor=gaussian_factor,
            star_density_limit=star_density_limit,
            n_jobs=n_jobs,
        ),
        list(BANDS),
        redshift=ColorRedshiftRelation() if redshift is None else redshift,
    )
