"""How good is a selection? Rates with intervals, confusion matrices, number counts, redshifts.

Every rate is an `Estimate`: a float that carries its interval and the number of objects behind it.
An efficiency is meaningless without the class mix it was measured in, so `SelectionReport` states
the mix and recomputes the efficiency for any other.
"""

from qsolearn.judge.confusion import Confusion, confusion
from qsolearn.judge.counts import CountsSlope, counts_slope, number_counts
from qsolearn.judge.estimate import Estimate, proportion
from qsolearn.judge.lists import compare_lists, recovery_by_reason
from qsolearn.judge.redshift import nmad, outlier_fraction
from qsolearn.judge.selection import (
    SelectionReport,
    class_labels,
    completeness,
    efficiency,
    false_positive_rate,
    is_quasar_class,
    selection_report,
)

__all__ = [
    "Confusion",
    "CountsSlope",
    "Estimate",
    "SelectionReport",
    "class_labels",
    "compare_lists",
    "completeness",
    "confusion",
    "counts_slope",
    "efficiency",
    "false_positive_rate",
    "is_quasar_class",
    "nmad",
    "number_counts",
    "outlier_fraction",
    "proportion",
    "recovery_by_reason",
    "selection_report",
]
