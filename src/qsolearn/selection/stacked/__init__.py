"""Stacking: the scores of several selectors weighed into one probability."""

from qsolearn.selection.stacked.scores import quasar_log_odds, stacking_features
from qsolearn.selection.stacked.selector import StackedSelector

__all__ = ["StackedSelector", "quasar_log_odds", "stacking_features"]
