"""Richards et al. 2004: two kernel densities in color space and Bayes' rule.

`PUBLISHED` holds the paper's numbers, each None where it was not recovered. `in_test_set` applies
the cuts that make the paper's test set of ultraviolet-excess point sources.

References
----------
Richards et al. 2004, ApJS 155, 257.
"""

from __future__ import annotations

import numpy as np

from qsolearn.bands import get_band
from qsolearn.frame import magnitudes

__all__ = ["BANDS", "PARTS", "PUBLISHED", "in_test_set"]

#: The bands of the four colors, in order.
BANDS = ("sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z")

PUBLISHED = {
    "bandwidth": 0.15,  # mag, for both classes; Sect. 3.4
    "prior_star": 0.88,  # Sect. 3.6
    "u_g_limit": 1.0,  # mag, SDSS zero points; value from memory of the literature
    "g_bright": 14.5,  # mag, observed; Sect. 3.2
    "g_faint": 21.0,  # mag, dereddened; Sect. 3.2
    "err_u_limit": 0.5,  # mag; Sect. 3.2
    "training_quasars": 16_713,
    "training_stars": 478_144,
    "leave_one_out_quasars": 0.9448,
    "leave_one_out_stars": 0.9791,
    "leave_one_out_quasars_cleaned": 0.9586,
    "leave_one_out_stars_cleaned": 0.9989,
    "test_set": None,
    "share_classified_as_quasars": 0.137,
    "star_density_limit": None,
    "gaussian_bandwidth_factor": None,
    "catalog": 100_563,
    "area_deg2": 2099.0,
    "completeness_chain": (16_713, 14_592, 13_574, 12_856),
    "completeness": 0.947,
    "spectroscopic_matches": 22_737,
    "spectroscopic_quasars": 22_191,
    "efficiency_matched": 0.976,
    "efficiency_extrapolated": 0.950,
    "uvx_cut_in_catalog": 97_035,
    "uvx_cut_in_input": 139_161,
    "uvx_cut_efficiency": 0.662,
    "photo_z_within_0.3": 0.860,
    "photo_z_within_0.1": 0.648,
}

#: What the paper consists of, in its order. The text at hand has lost its headings; sections are
#: counted so that the cross references it keeps (3.8, 4.3, 5) come out right.
PARTS = (
    *("Section 1", "Section 2", "Section 3"),
    *(f"Section 3.{k}" for k in range(1, 10)),
    "Section 4",
    *(f"Section 4.{k}" for k in range(1, 5)),
    *(f"Section 4.4.{k}" for k in range(1, 4)),
    *("Section 5", "Section 6"),
    *("Equation 1", "Equation 2"),
    *("Table 1", "Table 2"),
    *(f"Figure {k}" for k in range(1, 12)),
)


def in_test_set(frame):
    """Which sources pass the cuts of the paper's test set.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with SDSS u and g; the paper's faint limit is meant for dereddened g,
        so deredden first if the frame has ``ebv``.

    Returns
    -------
    ndarray of bool, shape (n,)
        u - g < 1 (in SDSS zero points), 14.5 < g < 21, u error below 0.5 mag. False where a
        value is missing.

    Notes
    -----
    The paper cuts the observed g at the bright end and the dereddened at the faint end; here the
    same g is used for both, which matters only for the brightest quasars. Photometric flags and the
    point-source criterion are not in a photometric frame.

    References
    ----------
    Richards et al. 2004, Sect. 3.2.
    """
    u, g = magnitudes(frame, ["sdss_u", "sdss_g"]).T
    err_u = frame["err_sdss_u"].to_numpy(dtype=float, na_value=np.nan)
    u_g_limit = PUBLISHED["u_g_limit"] + get_band("sdss_u").survey_to_ab
    return (
        (u - g < u_g_limit)
        & (g > PUBLISHED["g_bright"])
        & (g < PUBLISHED["g_faint"])
        & (err_u < PUBLISHED["err_u_limit"])
    )
