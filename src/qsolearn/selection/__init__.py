"""Selectors: what turns a photometric frame into quasar candidates.

`select_frame` is the one function that the command line, the book and any larger engine call. A
selector is a classifier on colors (`KernelBayesClassifier`, `ReverseSelectionClassifier`,
`UVExcessCut`, any of scikit-learn's) wrapped in a `FrameSelector`, which knows the bands.
`posterior` is Bayes' rule on arrays, with a prior for each object (`CountsPrior`) and evidence
beside the colors (`BinnedEvidence`). `StackedSelector` weighs the scores of several selectors.
"""

from qsolearn.selection.baselines import UVExcessCut, dummy_classifier
from qsolearn.selection.bayes import posterior
from qsolearn.selection.cuts import QualityCut, SelectionChain, SNRCut, rejected_by
from qsolearn.selection.domain import (
    DomainReport,
    TrainingDomain,
    compare_with_domain,
    zero_point_suspects,
)
from qsolearn.selection.evidence import BinnedEvidence
from qsolearn.selection.frame_selector import FrameSelector
from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy
from qsolearn.selection.leave_one_out import choose_bandwidths, leave_one_out_labels
from qsolearn.selection.priors import CountsPrior
from qsolearn.selection.ranking import rank_candidates
from qsolearn.selection.reverse import BoostedTrees, ReverseSelectionClassifier
from qsolearn.selection.saving import load_selector, save_selector
from qsolearn.selection.sedfit import SEDClassifier
from qsolearn.selection.selecting import select_frame
from qsolearn.selection.stacked import LogOddsRegression, StackedSelector, quasar_log_odds
from qsolearn.selection.two_pass import TwoPassBayes, valley
from qsolearn.selection.wedge import (
    KIM2024_WEDGE,
    MATEOS2012_AB,
    MATEOS2012_VEGA,
    ColorEdge,
    ColorWedge,
)

__all__ = [
    "KIM2024_WEDGE",
    "MATEOS2012_AB",
    "MATEOS2012_VEGA",
    "BinnedEvidence",
    "BoostedTrees",
    "ColorEdge",
    "ColorWedge",
    "CountsPrior",
    "DomainReport",
    "FrameSelector",
    "KernelBayesClassifier",
    "LogOddsRegression",
    "QualityCut",
    "ReverseSelectionClassifier",
    "SEDClassifier",
    "SNRCut",
    "SelectionChain",
    "StackedSelector",
    "TrainingDomain",
    "TwoPassBayes",
    "UVExcessCut",
    "choose_bandwidths",
    "compare_with_domain",
    "dummy_classifier",
    "leave_one_out_accuracy",
    "leave_one_out_labels",
    "load_selector",
    "posterior",
    "quasar_log_odds",
    "rank_candidates",
    "rejected_by",
    "save_selector",
    "select_frame",
    "valley",
    "zero_point_suspects",
]
