"""Photometric redshifts: the probability of every redshift, given the colors.

A color does not determine a redshift: two redshifts can share the same colors. So both estimators
here first compute a density over redshift, ``predict_density``, and only then summarize it as a
best value with its range, the probability of that range, and a second solution, ``predict``.

`ColorRedshiftRelation` describes the quasars of a redshift bin by one Gaussian in color space;
`ConditionalRedshift` by one small Gaussian on every training quasar. `RedshiftRegressor` is plain
regression by trees: one number, no density.
"""

from qsolearn.redshift.conditional import ConditionalRedshift
from qsolearn.redshift.regressor import RedshiftRegressor
from qsolearn.redshift.relation import ColorRedshiftRelation
from qsolearn.redshift.solutions import solutions

__all__ = ["ColorRedshiftRelation", "ConditionalRedshift", "RedshiftRegressor", "solutions"]
