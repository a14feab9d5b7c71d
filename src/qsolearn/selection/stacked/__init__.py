"""Stacking: the scores of several selectors weighed into one probability."""

from qsolearn.selection.stacked.final import LogOddsRegression
from qsolearn.selection.stacked.scores import quasar_log_odds
from qsolearn.selection.stacked.selector import StackedSelector

__all__ = ["LogOddsRegression", "StackedSelector", "quasar_log_odds"]
