"""Selectors: what turns a photometric frame into quasar candidates.

`select_frame` is the one function that the command line, the book and any larger engine call. A
selector is a classifier on colors (`KernelBayesClassifier`, `ReverseSelectionClassifier`,
`UVExcessCut`, any of scikit-learn's) wrapped in a `FrameSelector`, which knows the bands.
"""

from qsolearn.selection.baselines import UVExcessCut, dummy_classifier
from qsolearn.selection.frame_selector import FrameSelector, select_frame
from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy
from qsolearn.selection.reverse import BoostedTrees, ReverseSelectionClassifier
from qsolearn.selection.saving import load_selector, save_selector

__all__ = [
    "BoostedTrees",
    "FrameSelector",
    "KernelBayesClassifier",
    "ReverseSelectionClassifier",
    "UVExcessCut",
    "dummy_classifier",
    "leave_one_out_accuracy",
    "load_selector",
    "save_selector",
    "select_frame",
]
