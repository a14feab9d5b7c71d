"""Published numbers of the paper, each with its section; None where it was not recovered."""

from __future__ import annotations

from typing import Any

__all__ = ["BANDS", "PARTS", "PUBLISHED"]

#: The bands of the four colors, in order.
BANDS = ("sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z")

#: The numbers of the paper by what they are, each None where it was not recovered.
PUBLISHED: dict[str, Any] = {
    "bandwidth": 0.15,  # mag, for both classes; Sect. 3.6
    "prior_star": 0.88,  # Sect. 3.8
    "u_g_limit": 1.0,  # mag, SDSS zero points; value from memory of the literature
    "g_bright": 14.5,  # mag, observed; Sect. 3.3
    "g_faint": 21.0,  # mag, dereddened; Sect. 3.3
    "err_u_limit": 0.5,  # mag; Sect. 3.3
    "training_quasars": 16_713,
    "training_stars": 478_144,
    "training_stars_cleaned": None,
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
    "quasars_per_deg2": 45.5,  # 95,502 quasars expected; Sect. 6
    "completeness_chain": (16_713, 14_592, 13_574, 12_856),
    "completeness": 0.947,
    "lost_to_flags": 0.05,  # roughly; Sect. 4.1
    "spectroscopic_matches": 22_737,
    "spectroscopic_quasars": 22_191,
    "efficiency_matched": 0.976,
    "efficiency_extrapolated": 0.950,
    "quasars_extrapolated": 95_502,
    "uvx_cut_in_catalog": 97_035,
    "uvx_cut_in_input": 139_161,
    "uvx_cut_efficiency": 0.662,
    "uvx_cut_limit": None,
    "photo_z_within_0.3": 0.860,
    "photo_z_within_0.1": 0.648,
    "radio_matches": 2533,
    "x_ray_matches": 1304,
    "x_ray_radius_arcsec": 30.0,
    "x_ray_sources": 7000,  # about; Sect. 4.4.2
    "x_ray_by_chance": 69,  # about; Sect. 4.4.2
    "x_ray_ambiguous": 15,  # X-ray sources with two candidates
    "proper_motions": 41_241,
    "proper_motion_limit": 20.0,  # mas/yr
    "quasars_below_motion_limit": 0.995,
    "candidates_above_motion_limit": 799,
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
