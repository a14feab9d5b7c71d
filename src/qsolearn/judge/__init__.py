"""How good is a selection? Rates with intervals, confusion matrices, number counts, redshifts.

Every rate is an `Estimate`: a float that carries its interval and the number of objects behind it.
An efficiency is meaningless without the class mix it was measured in, so `SelectionReport` states
the mix and recomputes the efficiency for any other.
"""

from qsolearn.judge.chain import completeness_chain
from qsolearn.judge.confusion import Confusion, confusion
from qsolearn.judge.counts import CountsSlope, counts_slope, number_counts
from qsolearn.judge.covariate_shift import CovariateWeights, covariate_weights
from qsolearn.judge.double_power_law import DoublePowerLaw, fit_double_power_law
from qsolearn.judge.estimate import Estimate, proportion
from qsolearn.judge.extrapolation import Extrapolation, extrapolated_efficiency
from qsolearn.judge.follow_up import FollowUp, follow_up, follow_up_table
from qsolearn.judge.lists import compare_lists, recovery_by_reason
from qsolearn.judge.prior_shift import PriorEstimate, estimate_priors, mix_distance
from qsolearn.judge.ratios import calibrated_ratios, likelihood_ratios, shifted_posterior
from qsolearn.judge.redshift import nmad, outlier_fraction, redshift_report
from qsolearn.judge.reliability import probability_integral, reliability
from qsolearn.judge.selection import (
    SelectionReport,
    class_labels,
    completeness,
    efficiency,
    false_positive_rate,
    is_quasar_class,
    selection_report,
)
from qsolearn.judge.splits import (
    block_splits,
    over_splits,
    paired_difference,
    split_mean,
    stratified_splits,
)
from qsolearn.judge.threshold import (
    average_precision_gain,
    precision_recall,
    recall_at_precision,
    threshold_curve,
)

__all__ = [
    "Confusion",
    "CountsSlope",
    "CovariateWeights",
    "DoublePowerLaw",
    "Estimate",
    "Extrapolation",
    "FollowUp",
    "PriorEstimate",
    "SelectionReport",
    "average_precision_gain",
    "block_splits",
    "calibrated_ratios",
    "class_labels",
    "compare_lists",
    "completeness",
    "completeness_chain",
    "confusion",
    "counts_slope",
    "covariate_weights",
    "efficiency",
    "estimate_priors",
    "extrapolated_efficiency",
    "false_positive_rate",
    "fit_double_power_law",
    "follow_up",
    "follow_up_table",
    "is_quasar_class",
    "likelihood_ratios",
    "mix_distance",
    "nmad",
    "number_counts",
    "outlier_fraction",
    "over_splits",
    "paired_difference",
    "precision_recall",
    "probability_integral",
    "proportion",
    "recall_at_precision",
    "recovery_by_reason",
    "redshift_report",
    "reliability",
    "selection_report",
    "shifted_posterior",
    "split_mean",
    "stratified_splits",
    "threshold_curve",
]
