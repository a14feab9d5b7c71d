"""Calderone et al. 2024: throw out what is certainly not a quasar, step by step.

`PUBLISHED` holds the paper's numbers, each None where it was not recovered, with its confusion
matrices and Table 4 as functions. `recipe` builds the paper's selector from the library's general
parts, `run_split` and `metrics` its evaluation. `check_sums`, `follow_up` and `independent_list` do
the paper's arithmetic again, with intervals.

References
----------
Calderone et al. 2024, A&A 683, A34 (arXiv 2312.13194).
"""

from qsolearn.papers.calderone2024.candidates import find_candidates, priority
from qsolearn.papers.calderone2024.method import (
    ORDER,
    TARGET,
    classifier,
    features,
    metrics,
    recipe,
    run_split,
    undersample,
)
from qsolearn.papers.calderone2024.published import (
    BANDS,
    CLASSES,
    HIGH_Z,
    METHODS,
    PARTS,
    PUBLISHED,
    published_confusion,
    published_stages,
)
from qsolearn.papers.calderone2024.sums import check_sums, follow_up, independent_list

__all__ = [
    "BANDS",
    "CLASSES",
    "HIGH_Z",
    "METHODS",
    "ORDER",
    "PARTS",
    "PUBLISHED",
    "TARGET",
    "check_sums",
    "classifier",
    "features",
    "find_candidates",
    "follow_up",
    "independent_list",
    "metrics",
    "priority",
    "published_confusion",
    "published_stages",
    "recipe",
    "run_split",
    "undersample",
]
