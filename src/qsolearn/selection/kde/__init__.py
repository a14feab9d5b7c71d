"""Nonparametric Bayes classification with kernel densities, exact and fast."""

from qsolearn.selection.kde.classifier import KernelBayesClassifier
from qsolearn.selection.kde.leave_one_out import leave_one_out_accuracy

__all__ = ["KernelBayesClassifier", "leave_one_out_accuracy"]
