"""Kim et al. 2024: infrared color wedge and template fits in the southern sky (KS4).

`PUBLISHED` holds the paper's numbers; `recipe` builds its selection from the general parts;
`build_catalog` joins the infrared surveys to an optical catalog as the paper does, `to_table1` and
`from_table1` speak the format of its catalog.

References
----------
Kim Y. et al. 2024, arXiv 2410.17187.
"""

from qsolearn.papers.kim2024.catalog import build_catalog, from_table1, near_infrared, to_table1
from qsolearn.papers.kim2024.constants import (
    BANDS,
    EXPOSURES,
    MATCH_RADII,
    PARTS,
    PUBLISHED,
    SNR_LIMITS,
)
from qsolearn.papers.kim2024.recipe import recipe

__all__ = [
    "BANDS",
    "EXPOSURES",
    "MATCH_RADII",
    "PARTS",
    "PUBLISHED",
    "SNR_LIMITS",
    "build_catalog",
    "from_table1",
    "near_infrared",
    "recipe",
    "to_table1",
]
