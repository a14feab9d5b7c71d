"""Quasars by fitting templates (Kim et al. 2024): chi2, BIC and the rules of a candidate."""

from qsolearn.selection.sedfit.choices import count_choices
from qsolearn.selection.sedfit.classifier import SEDClassifier
from qsolearn.selection.sedfit.rules import accept

__all__ = ["SEDClassifier", "accept", "count_choices"]
