"""Selectors: what turns a photometric frame into quasar candidates.

`select_frame` is the one function that the command line, the book and any larger engine call. A
selector is a classifier on colors (`KernelBayesClassifier`, `UVExcessCut`, any of scikit-learn's)
wrapped in a `FrameSelector`, which knows the bands. `posterior` is Bayes' rule on arrays, with a
prior for each object (`CountsPrior`) and evidence beside the colors (`BinnedEvidence`).
"""

from qsolearn.selection.baselines import UVExcessCut, dummy_classifier
from qsolearn.selection.bayes import posterior
from qsolearn.selection.evidence import BinnedEvidence
from qsolearn.selection.frame_selector import FrameSelector, select_frame
from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy
from qsolearn.selection.priors import CountsPrior
from qsolearn.selection.saving import load_selector, save_selector

__all__ = [
    "BinnedEvidence",
    "CountsPrior",
    "FrameSelector",
    "KernelBayesClassifier",
    "UVExcessCut",
    "dummy_classifier",
    "leave_one_out_accuracy",
    "load_selector",
    "posterior",
    "save_selector",
    "select_frame",
]
