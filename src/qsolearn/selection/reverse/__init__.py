"""Reverse selection (Calderone et al. 2024): discard what is surely uninteresting, then classify.

`ReverseSelectionClassifier` works around any classifier with probabilities; `BoostedTrees` is the
paper's, xgboost with the paper's settings, made fit for tens of millions of rows.
"""

from qsolearn.selection.reverse.classifier import ReverseSelectionClassifier
from qsolearn.selection.reverse.trees import BoostedTrees

__all__ = ["BoostedTrees", "ReverseSelectionClassifier"]
