"""The paper's numbers, each with its place; what was not recovered is None."""

from __future__ import annotations

from typing import Any

__all__ = ["BANDS", "EXPOSURES", "MATCH_RADII", "PARTS", "PUBLISHED", "SNR_LIMITS"]

#: Optical and infrared bands of the catalog, near-infrared from VHS (VISTA) or 2MASS.
BANDS = (
    *(f"kmt_{f}" for f in "bvri"),
    *(f"{survey}_{f}" for survey in ("vista", "twomass") for f in ("j", "h", "ks")),
    *(f"wise_w{k}" for k in (1, 2, 3, 4)),
)

#: Match radius of each infrared survey [arcsec]; Sect. 2.
MATCH_RADII = {"twomass": 2.0, "vista": 1.0, "wise": 2.0}

#: Smallest S/N of each band, to be exceeded, with S/N = 1 / magnitude error; Sect. 3.1.
SNR_LIMITS = {"kmt_i": 5.0, "kmt_b": 2.0, "wise_w1": 2.0, "wise_w2": 2.0, "wise_w3": 2.0}

#: Smallest number of dithered exposures in each optical band; Sect. 3.1.
EXPOSURES = {f"ndith_kmt_{f}": 4 for f in "bvri"}

#: The numbers of the paper by what they are, each None where it was not recovered.
PUBLISHED: dict[str, Any] = {
    # Sect. 2
    "tiles": 638,
    "tile_side_deg": 2.0,
    "area_imaged_deg2": 2500.0,
    "offsets_arcmin": (4.0, 7.0),  # of the four dithered exposures, in RA and Dec
    "gaps_arcsec": None,  # between the four CCDs
    "calibration_error": {"kmt_b": 0.026, "kmt_v": 0.023, "kmt_r": 0.025, "kmt_i": 0.026},  # mag
    # Sect. 3.1
    "retention_type1": 0.915,  # color criteria, SDSS quasars of Lyke et al. 2020
    "retention_type2": 0.062,  # 37 of 595, Reyes et al. 2008
    "retention_z2": 0.95,  # to redshift about 2
    "retention_z3.3": 0.07,
    "color_candidates": 106_443,
    # Sect. 3.2
    "bic_margin": 10.0,  # accepted if BIC of the quasar fit is this much lower than the galaxy's
    "tau_limit": 1.0,
    "chi2_level": 0.977,
    "candidates": 72_964,
    "share_known": 0.004,
    # Sect. 4.1
    "milliquas": 484,
    "milliquas_selected": 325,
    "milliquas_color_snr_rejected": 128,
    "milliquas_sed_rejected": 31,
    "bright_nearby": (232, 21, 13),  # selected, color or S/N, SED; I < 20 and z < 2
    "recovery": 0.87,
    "recovery_colors_alone": 0.92,
    # number counts
    "slope": {"KS4": 0.85, "SDSS": 0.83, "DES": 0.78},  # of log10 N, 16 < i' < 19
    "slope_range": (16.0, 19.0),
    "sdss_complete_to": 19.1,  # i'
    "level": 12,  # adopted
    # Table 2: smallest |b| [deg], area [deg^2] at level 11, 12 and 13, candidates
    "areas": {
        10: (2077.2, 1977.9, 1731.1, 72_636),
        20: (1217.2, 1158.1, 975.5, 48_924),
        30: (555.7, 527.3, 430.0, 23_090),
        40: (188.9, 179.1, 141.2, 8_147),
    },
    # comparison with Gaia DR3
    "gaia_quasar": 0.64,  # of the candidates with P_QSO > 0.5
    "gaia_star": 0.34,  # of those matched, with P_Star > 0.5
    "known_quasars_called_stars": 0.20,
    # comparison with Quaia
    "quaia": 64_734,
    "quaia_not_in_catalog": 2_542,
    "quaia_both": 38_534,
    "quaia_missed": 23_593,
    "quaia_rejected": {"exposures": 3_731, "color or S/N": 14_931, "SED": 4_996},
    "only_here": 34_102,
    # standard deviation of unWISE - AllWISE in W1 and W2 [mag]
    "unwise_scatter_rejected": (0.41, 0.28),
    "unwise_scatter_selected": (0.16, 0.13),
}

#: What the paper consists of. The numbers of the sections after 4.1 and of the equations after the
#: fourth were not recovered.
PARTS = (
    "Section 1", "Section 2", "Section 3", "Section 3.1", "Section 3.2",
    "Section 4", "Section 4.1",
    *(f"Equation {k}" for k in range(1, 5)),
    "Table 1", "Table 2",
    *(f"Figure {k}" for k in range(1, 10)),
)  # fmt: skip
