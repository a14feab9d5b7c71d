"""What a template fit consists of, as JSON-able values and arrays, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from qsolearn.sed.models import ModelGrid

__all__ = ["classifier_state", "restore_state"]


def classifier_state(settings: dict, grid: ModelGrid) -> tuple[dict, dict[str, np.ndarray]]:
    """Values and arrays of a classifier.

    Parameters
    ----------
    settings : dict
        Its parameters; templates and bands are those of the grid.
    grid : ModelGrid
        Band fluxes of its models.

    Returns
    -------
    values : dict
        JSON-able.
    arrays : dict of ndarray
    """
    kept = {k: v for k, v in settings.items() if k not in ("templates", "bands")}
    kept["host_share"] = list(kept["host_share"])
    fields = dataclasses.asdict(grid)
    arrays = {k: v for k, v in fields.items() if isinstance(v, np.ndarray)}
    names = {k: list(v) for k, v in fields.items() if isinstance(v, tuple)}
    return {"settings": kept, "source": grid.source, **names}, arrays


def restore_state(values: dict, arrays: Mapping[str, np.ndarray]) -> tuple[dict, ModelGrid]:
    """The inverse of `classifier_state`.

    Parameters
    ----------
    values, arrays
        As `classifier_state` gave them.

    Returns
    -------
    settings : dict
        Parameters, the bands among them.
    grid : ModelGrid
    """
    settings = {**values["settings"], "bands": list(values["bands"])}
    settings["host_share"] = tuple(settings["host_share"])
    parts: dict[str, Any] = {**arrays, "source": values["source"]}
    parts |= {k: tuple(values[k]) for k in values if k.endswith("_names") or k == "bands"}
    return settings, ModelGrid(**parts)
