"""A fitted reverse selection as plain values and arrays, and back; the table of its steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone

from qsolearn.errors import CatalogError
from qsolearn.selection.reverse.trees import BoostedTrees

__all__ = ["from_state", "size_table", "to_state"]


def size_table(order, n, target=None):
    """Sources and targets that reach each step, as `ReverseSelectionClassifier.stages_`."""
    target = np.full(len(n), np.nan) if target is None else target
    return pd.DataFrame(
        {
            "discards": [*map(str, order), ""],
            "n": n,
            "n_target": target,
            "target_fraction": np.divide(target, n, where=n > 0, out=np.full(len(n), np.nan)),
        },
        index=pd.RangeIndex(1, len(n) + 1, name="step"),
    )


def to_state(model):
    """Values and arrays of a fitted `ReverseSelectionClassifier`."""
    parts = {f"step_{k + 1}": part for k, part in enumerate(model.estimators_)}
    if model.final_estimator_ is not None:
        parts["last"] = model.final_estimator_
    if model.ranker_ is not None:
        parts["ranker"] = model.ranker_
    kind = next((type(p) for p in parts.values() if type(p) is not BoostedTrees), None)
    if kind is not None:
        raise CatalogError(
            f"Reverse selection with {kind.__name__} cannot be saved; with BoostedTrees it can."
        )
    states = {name: part.to_state() for name, part in parts.items()}
    values = {
        "threshold": model.threshold,
        "cv": model.cv,
        "classes": model.classes_.tolist(),
        "classes_dtype": model.classes_.dtype.str,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", np.array([])).tolist(),
        "target": model.target_.item(),
        "order": [c.item() for c in model.order_],
        "active": model._active,
        "shares": [s.tolist() for s in model._shares],
        "final_classes": model.final_classes_.tolist(),
        "ranked": model._ranked,
        "sizes": model.stages_[["n", "n_target"]].to_numpy().tolist(),
        "trees": {name: state[0] for name, state in states.items()},
    }
    return values, {f"{name}_booster": state[1]["booster"] for name, state in states.items()}


def from_state(cls, values, arrays):
    """A `ReverseSelectionClassifier` from values and arrays."""
    parts = {
        name: BoostedTrees.from_state(state, {"booster": arrays[f"{name}_booster"]})
        for name, state in values["trees"].items()
    }
    dtype = np.dtype(values["classes_dtype"])
    model = cls(
        clone(parts["step_1"]),
        threshold=values["threshold"],
        target=values["target"],
        order=values["order"],
        ranker=clone(parts["ranker"]) if "ranker" in parts else None,
        cv=values["cv"],
    )
    model.classes_ = np.array(values["classes"], dtype=dtype)
    model.n_features_in_ = values["n_features_in"]
    if values["feature_names_in"]:
        model.feature_names_in_ = np.array(values["feature_names_in"], dtype=object)
    model.target_ = np.array(values["target"], dtype=dtype)[()]
    model.order_ = list(np.array(values["order"], dtype=dtype))
    model._active = list(values["active"])
    model._shares = [np.array(s) for s in values["shares"]]
    model._ranked = values["ranked"]
    model.estimators_ = [parts[f"step_{k + 1}"] for k in range(len(model.order_))]
    model.final_estimator_ = parts.get("last")
    model.ranker_ = parts.get("ranker")
    model.final_classes_ = np.array(values["final_classes"], dtype=dtype)
    model.stages_ = size_table(model.order_, *np.array(values["sizes"]).T)
    return model
