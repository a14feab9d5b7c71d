"""The published numbers of Calderone et al. 2024."""

from __future__ import annotations

from typing import Any

import pandas as pd

from qsolearn.judge import Confusion

__all__ = [
    "BANDS",
    "CLASSES",
    "HIGH_Z",
    "METHODS",
    "PARTS",
    "PUBLISHED",
    "published_confusion",
    "published_stages",
]

#: Bands of the colors. The bands are the paper's; their order, and so the list of neighboring
#: colors, was not recovered: each survey by wavelength, then the next survey.
BANDS = (
    "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "gaia_bp", "gaia_g", "gaia_rp",
    "wise_w1", "wise_w2", "wise_w3", "wise_w4",
)  # fmt: skip

#: The five classes, in the order of the paper's matrices; "" = unclassified.
CLASSES = ("Galaxy", "QSOhighZ", "QSOlowZ", "Star", "other")

#: Redshift that parts the two classes of quasars; Sect. 2.
HIGH_Z = 2.5

#: The three methods that the paper compares.
METHODS = ("direct", "undersampled", "reverse")

#: What the paper consists of.
PARTS = (
    *(f"Section {k}" for k in ("1", "2", "3", "3.1", "3.2", "4", "5", "5.1", "5.2", "5.3", "5.4",
                               "5.5", "5.6", "5.7", "6", "7", "8", "A", "B")),
    *(f"Equation {k}" for k in (1, 2)),
    *(f"Table {k}" for k in range(1, 9)),
    *(f"Figure {k}" for k in range(1, 8)),
)  # fmt: skip

#: The numbers of the paper by what they are, each None where it was not recovered.
PUBLISHED: dict[str, Any] = {
    # Sect. 4, Table 2: sources by label.
    "main_sample": 30_796_027,
    "composition": {
        "Star": 27_985_913,
        "Galaxy": 150_581,
        "QSOlowZ": 16_269,
        "QSOhighZ": 1_908,
        "other": 2_172,
        "": 2_639_184,
    },
    "composition_percent": {
        "Star": 90.875,
        "Galaxy": 0.489,
        "QSOlowZ": 0.053,
        "QSOhighZ": 0.006,
        "other": 0.007,
        "": 8.570,
    },
    "star_sigma": 3.0,  # significance of the proper motion or parallax of a star
    "match_radius_arcsec": 0.5,
    "multiple_matches_gaia": 0.00004,
    "multiple_matches_wise": 0.0006,
    "dec_limits_deg": None,
    "latitude_limit_deg": None,
    "y_limits_mag": None,
    "colors": None,
    # Sect. 5.1
    "test_fraction": 0.2,
    "training": 22_525_474,
    "test": 5_631_369,
    "training_high_z": 1_526,
    "test_high_z": 382,
    # Sect. 5.2
    "num_round": {"direct": 40, "undersampled": 15, "reverse": 20},
    "max_depth": 20,
    "tree_method": "hist",
    "objective": "multi:softprob",
    "undersampled_per_class": 1_526,
    "training_minutes": 2.0,
    # Table 3 and Sect. 5.6, in percent
    "table_3": {"direct": (70.3, 57.1), "undersampled": (1.1, 94.8), "reverse": (55.1, 85.6)},
    "hundred_splits": {
        "direct": {"precision": 70.0, "recall": 50.0, "recall_z3": 70.0},
        "reverse": {"precision": 60.0, "recall": 85.0, "recall_z3": 90.0},
    },
    "n_splits": 100,
    "n_splits_of_curves": 5,  # Figs. 3, 4 and 6
    # Sect. 5.7
    "threshold": 0.9,
    "curves_fig_3": None,
    "curves_fig_4": None,
    "histograms_fig_5": None,
    "curves_fig_6": None,
    # Sect. 6
    "regressor_num_round": 15,
    "regressor_max_depth": 15,
    "regressor_objective": "reg:squarederror",
    "nmad": {"QSOlowZ": 0.11, "QSOhighZ": 0.29},
    "std": {"QSOlowZ": None, "QSOhighZ": 0.47},
    "predicted_high_z": 530,
    "outliers": 35,
    "outlier_nmads": 3.0,
    "points_fig_7": None,
    # Sect. 7
    "candidates": 3_098,
    "followed_up": 121,
    "new_high_z": 107,
    "new_stars": 2,
    "new_low_z": 12,
    "from_literature": 21,
    "quasars_in_all": 143,
    # Sect. 7, the independent list of Cristiani et al. 2023
    "independent": 1_672,
    "independent_in_footprint": 1_142,
    "independent_high_z": 717,
    "independent_high_z_candidates": 658,
    "independent_z3": 110,
    "independent_z3_candidates": 103,
    "independent_low_z": 425,
    "independent_low_z_candidates": 381,
    "independent_low_z_estimated_z3": 2,
    "candidates_estimated_high_z": 1_563,
    "overlap_estimated_high_z": 0.78,
    # Sect. 1, the survey as a whole
    "survey_spectra": 1_302,
    "survey_quasars": 1_219,
    "survey_high_z": 943,
    "survey_second_bound": 1_079,  # above a redshift that was not recovered
    "survey_second_bound_z": None,
    "survey_highest": 123,  # above a redshift that was not recovered
    "survey_stars": 56,
    "survey_galaxies": 27,
}

#: Tables 5 to 7: rows true, columns predicted class, in the order of `CLASSES`.
_CONFUSIONS = {
    "direct": (
        (26399, 1, 282, 3428, 6),
        (0, 218, 129, 35, 0),
        (516, 82, 2571, 79, 6),
        (84, 8, 22, 5597069, 0),
        (408, 1, 15, 5, 5),
    ),
    "undersampled": (
        (21622, 41, 793, 807, 6853),
        (1, 362, 13, 5, 1),
        (67, 346, 2598, 18, 225),
        (183999, 32456, 8528, 5371001, 1199),
        (113, 2, 18, 0, 301),
    ),
    "reverse": (
        (25628, 8, 657, 3389, 434),
        (0, 327, 29, 24, 2),
        (277, 203, 2615, 77, 82),
        (772, 54, 31, 5596316, 10),
        (322, 1, 18, 2, 91),
    ),
}

#: The column totals as the paper prints them.
_TOTALS = {
    "direct": (27407, 310, 3019, 5600616, 17),
    "undersampled": (205802, 33207, 11950, 5371831, 8579),
    "reverse": (26999, 593, 3350, 5599808, 619),
}

#: Table 4.
_STAGES = {
    "training": (22_525_474, 138_505, 18_568, 5_749),
    "test": (5_631_369, 32_141, 5_237, 1_891),
    "unclassified": (2_639_184, 1_324_967, 107_193, 81_853),
    "high_z_percent_training": (0.007, 1.102, 8.218, 26.544),
    "high_z_percent_test": (0.007, 1.126, 6.912, 17.610),
}


def published_confusion(method: str) -> Confusion:
    """The paper's confusion matrix of one method.

    Parameters
    ----------
    method : {"direct", "undersampled", "reverse"}
        Tables 5, 6 and 7.

    Returns
    -------
    qsolearn.judge.Confusion
        All three forms; 5,631,369 sources of the test set.

    Raises
    ------
    ValueError
        If there is no such method.

    Examples
    --------
    >>> matrix = published_confusion("reverse")
    >>> float(matrix.by_true.loc["QSOhighZ", "QSOhighZ"].round(3))
    0.856
    """
    if method not in _CONFUSIONS:
        raise ValueError(f"The paper compares {', '.join(METHODS)}, not {method!r}.")
    names = list(CLASSES)
    return Confusion(
        pd.DataFrame(
            _CONFUSIONS[method],
            index=pd.Index(names, name="true"),
            columns=pd.Index(names, name="predicted"),
        )
    )


def published_stages() -> pd.DataFrame:
    """Table 4: sizes and high-z shares at each step of one reverse run.

    Returns
    -------
    pandas.DataFrame, 4 rows
        One row per step; columns ``training``, ``test``, ``unclassified`` [sources],
        ``high_z_percent_training``, ``high_z_percent_test`` [percent] and, not printed in the
        paper but the only whole numbers that fit its shares, ``high_z_training`` and
        ``high_z_test`` [sources].

    Notes
    -----
    No high-z quasar ever leaves the training set, because only correct predictions are discarded
    there; the test set loses 20 at the first step and 29 at the third.

    Examples
    --------
    >>> published_stages()[["high_z_training", "high_z_test"]].to_numpy().T.tolist()
    [[1526, 1526, 1526, 1526], [382, 362, 362, 333]]
    """
    table = pd.DataFrame(_STAGES, index=pd.Index([1, 2, 3, 4], name="step"))
    for part in ("training", "test"):
        number = table[part] * table[f"high_z_percent_{part}"] / 100
        # Three digits of the first step's percentage tell no number; the text does.
        number.loc[1] = PUBLISHED[f"{part}_high_z"]
        table[f"high_z_{part}"] = number.round().astype(int)
    return table
