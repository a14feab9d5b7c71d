"""Richards et al. 2004: two kernel densities in color space and Bayes' rule.

`PUBLISHED` holds the paper's numbers, each None where it was not recovered. The steps stand by
themselves: `star_cuts` and `in_test_set` make the samples, `recipe` builds the selector from
general parts (bandwidths by leave-one-out accuracy, cleaned stars, Bayes' rule, a limit on the
density of stars, redshifts), `catalog` writes what it selects with the paper's columns, and
`simulated_completeness`, `training_accuracies`, `color_cut_efficiency` check it as the paper does.

References
----------
Richards et al. 2004, ApJS 155, 257.
"""

from qsolearn.papers.richards2004.catalog import CATALOG_COLUMNS, catalog
from qsolearn.papers.richards2004.checks import (
    color_cut_efficiency,
    pairs_at_one_redshift,
    simulated_completeness,
    training_accuracies,
)
from qsolearn.papers.richards2004.published import BANDS, PARTS, PUBLISHED
from qsolearn.papers.richards2004.recipe import recipe
from qsolearn.papers.richards2004.samples import completeness_cuts, in_test_set, star_cuts

__all__ = [
    "BANDS",
    "CATALOG_COLUMNS",
    "PARTS",
    "PUBLISHED",
    "catalog",
    "color_cut_efficiency",
    "completeness_cuts",
    "in_test_set",
    "pairs_at_one_redshift",
    "recipe",
    "simulated_completeness",
    "star_cuts",
    "training_accuracies",
]
