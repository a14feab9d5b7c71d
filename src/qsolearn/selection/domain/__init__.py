"""How far a catalog lies from the sample that a selector was trained on.

`TrainingDomain` is a small summary of a training sample (quantiles and covariances, no rows);
`compare_with_domain` holds a catalog against it and gives a `DomainReport`; `zero_point_suspects`
finds bands whose Vega or AB system was confused.
"""

from qsolearn.selection.domain.compare import DomainReport, compare_with_domain
from qsolearn.selection.domain.summary import TrainingDomain
from qsolearn.selection.domain.zero_points import zero_point_suspects

__all__ = ["DomainReport", "TrainingDomain", "compare_with_domain", "zero_point_suspects"]
