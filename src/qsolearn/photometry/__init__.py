"""Magnitudes, fluxes, colors, extinction and calibration: pure functions on arrays.

Magnitudes are AB unless a name says otherwise, fluxes are in nanomaggies (an AB source of
magnitude 22.5 has flux 1), and NaN in is NaN out: no function here raises for a missing value.
"""

from qsolearn.photometry.calibration import (
    ZeroPoint,
    jester2005_i,
    kmtnet_from_references,
    sdss_i_from_kmtnet,
    zero_point,
)
from qsolearn.photometry.dust import sfd_ebv
from qsolearn.photometry.magnitudes import (
    POGSON,
    SDSS_SOFTENING,
    ab_from_vega,
    asinh_from_flux,
    color_covariance,
    colors,
    deredden,
    error_from_snr,
    flux_from_asinh,
    flux_from_mag,
    mag_from_flux,
    snr_from_error,
    vega_from_ab,
)

__all__ = [
    "POGSON",
    "SDSS_SOFTENING",
    "ZeroPoint",
    "ab_from_vega",
    "asinh_from_flux",
    "color_covariance",
    "colors",
    "deredden",
    "error_from_snr",
    "flux_from_asinh",
    "flux_from_mag",
    "jester2005_i",
    "kmtnet_from_references",
    "mag_from_flux",
    "sdss_i_from_kmtnet",
    "sfd_ebv",
    "snr_from_error",
    "vega_from_ab",
    "zero_point",
]
