"""One number for the support of a summary by its source, with frozen weights."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Weights", "combine", "load_weights"]


class Weights(NamedTuple):
    """Weights of the combined score.

    Attributes
    ----------
    version : int
        Number of the calibration, part of the signature.
    terms : dict
        For each measure its weight, and the mean and scale that turn it into a z-score.
    """

    version: int
    terms: dict


@cache
def load_weights() -> Weights:
    """The weights that ship with the package; `data/weights.json` says where they come from."""
    text = files("qsolearn.summary").joinpath("data", "weights.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Weights(data["version"], data["terms"])


def combine(measures: dict[str, float], weights: Weights | None = None) -> float:
    """Weighted mean of z-scores.

    Parameters
    ----------
    measures : dict
        Values of the measures named in the weights; a measure that is absent or NaN is left out,
        and the weights of the others are renormalized.
    weights : Weights, optional
        Other weights than the shipped ones.

    Returns
    -------
    float
        0 for a summary like the average one of the calibration, 1 for one that is a standard
        deviation better in everything; NaN if no measure is there.

    Notes
    -----
    ``sum w_k (m_k - mean_k) / scale_k / sum w_k``; measures of novelty enter as 1 minus novelty.

    Examples
    --------
    >>> one = Weights(0, {"words": {"weight": 1.0, "mean": 0.9, "scale": 0.1}})
    >>> round(combine({"words": 0.8}, one), 3)
    -1.0
    """
    total = norm = 0.0
    for name, term in (weights or load_weights()).terms.items():
        value = measures.get(name, float("nan"))
        if value == value:
            total += term["weight"] * (value - term["mean"]) / term["scale"]
            norm += term["weight"]
    return total / norm if norm else float("nan")
