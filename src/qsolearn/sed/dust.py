"""Dust: the SMC-like curve that reddens quasars.

The dust around quasars reddens like that of the Small Magellanic Cloud, without the bump at
2175 angstrom. A power law describes it from the ultraviolet to the near infrared [1]_:

.. math:: A_\\lambda = 1.39\\,(\\lambda/\\mu\\mathrm{m})^{-1.2}\\,E(B-V)

Galactic dust is another matter: it is applied per band, with the coefficients of
`qsolearn.bands`.

References
----------
.. [1] Prevot et al. 1984, A&A 132, 389; in this form Richards et al. 2003, AJ 126, 1131.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["smc_extinction"]


def smc_extinction(wavelength: ArrayLike) -> np.ndarray:
    """Extinction of SMC-like dust per unit of E(B-V).

    Parameters
    ----------
    wavelength : array_like
        Rest-frame wavelengths [angstrom].

    Returns
    -------
    ndarray
        A / E(B-V) [mag], same shape.

    Examples
    --------
    >>> smc_extinction([2000.0, 5500.0]).round(2)
    array([9.59, 2.85])
    """
    return 1.39 * (np.asarray(wavelength, dtype=float) / 1e4) ** -1.2
