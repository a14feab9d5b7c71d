"""The numbers of a double power law that evolves with redshift."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from qsolearn.errors import CatalogError

__all__ = ["LuminosityParameters"]

#: Redshift at which the evolution changes its form.
PIVOT = 2.2


@dataclass(frozen=True)
class LuminosityParameters:
    """Parameters of the quasar luminosity function.

    Attributes
    ----------
    log_phi : float
        log10 of Phi* below z = 2.2 [Mpc^-3 mag^-1].
    m0 : float
        M*(0), the knee at redshift 0 [AB mag, M_g(z=2)].
    alpha, beta : float
        Slopes of the bright and of the faint end.
    k1, k2 : float
        M*(z) = M*(0) - 2.5 (k1 z + k2 z^2) below z = 2.2.
    c1a, c1b : float
        log10 Phi* changes by c1a (z - 2.2) + c1b (z - 2.2)^2 above.
    c2, c3 : float
        Change of M* and of alpha per unit redshift above 2.2.

    Raises
    ------
    CatalogError
        If a number is not finite.

    References
    ----------
    The defaults: Palanque-Delabrouille et al. 2016, A&A 587, A41, PLE+LEDE model.

    Examples
    --------
    >>> LuminosityParameters(beta=-1.6).beta
    -1.6
    """

    log_phi: float = -5.93
    m0: float = -22.25
    alpha: float = -3.89
    beta: float = -1.47
    k1: float = 1.59
    k2: float = -0.36
    c1a: float = -0.46
    c1b: float = -0.06
    c2: float = -0.14
    c3: float = 0.32

    def __post_init__(self):
        """Refuse what is no number."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not np.isfinite(value):
                raise CatalogError(
                    f"Parameter {field.name} of the luminosity function must be a finite number, "
                    f"not {value}."
                )
