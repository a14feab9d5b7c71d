"""Save a trained selector as a folder of JSON and npz that anyone can read; no pickles.

The folder holds ``model.json`` (what it is, bands, labels, settings, provenance, versions) and
``arrays.npz`` (the numbers; boosted trees are there as the bytes of xgboost's own JSON).
"""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier

from qsolearn.errors import CatalogError
from qsolearn.frame.write import replace_atomically
from qsolearn.redshift import ColorRedshiftRelation, ConditionalRedshift
from qsolearn.selection.baselines import UVExcessCut
from qsolearn.selection.domain import TrainingDomain
from qsolearn.selection.frame_selector import FrameSelector
from qsolearn.selection.kde import KernelBayesClassifier
from qsolearn.selection.reverse import BoostedTrees, ReverseSelectionClassifier
from qsolearn.selection.reverse.trees import import_xgboost
from qsolearn.selection.sedfit import SEDClassifier
from qsolearn.selection.stacked import StackedSelector
from qsolearn.selection.two_pass import TwoPassBayes
from qsolearn.selection.wedge import ColorWedge

__all__ = ["load_selector", "save_selector"]

_FORMAT = 1
_FILES = ("model.json", "arrays.npz")
_SAVED = {
    c.__name__: c
    for c in (
        BoostedTrees,
        KernelBayesClassifier,
        ReverseSelectionClassifier,
        TwoPassBayes,
        UVExcessCut,
    )
}
_REDSHIFTS = {c.__name__: c for c in (ColorRedshiftRelation, ConditionalRedshift)}
#: What the arrays of the redshift estimator are called, beside those of the classifier.
_REDSHIFT_PREFIX = "redshift/"
#: The same of the summary of the training sample.
_DOMAIN_PREFIX = "domain/"
#: Selectors that read frames themselves, without a FrameSelector around them.
_SELECTORS: dict[str, Any] = {"ColorWedge": ColorWedge, "SEDClassifier": SEDClassifier}


def save_selector(
    selector: FrameSelector | ColorWedge | SEDClassifier | StackedSelector,
    folder: str | Path,
    *,
    provenance: dict | None = None,
    overwrite: bool = False,
) -> None:
    """Write a fitted selector to a folder, whole or not at all.

    Parameters
    ----------
    selector : FrameSelector, ColorWedge, SEDClassifier or StackedSelector of these
        Fitted, around a KernelBayesClassifier, a TwoPassBayes, a UVExcessCut, BoostedTrees, a
        ReverseSelectionClassifier of BoostedTrees, or scikit-learn's DummyClassifier, with or
        without one of the estimators of `qsolearn.redshift`.
    folder : str or Path
        Folder to write.
    provenance : dict, optional
        JSON-able record of the training (files, row counts, seed).
    overwrite : bool
        Whether an existing folder may be replaced.

    Raises
    ------
    CatalogError
        If classifier or redshift estimator cannot be saved, the folder exists, or writing fails.
    """
    model, arrays = _describe(selector)
    model = {"format": _FORMAT, **model, "provenance": provenance or {}}
    _write(model, arrays, folder, overwrite)


def _describe(selector):
    """What a selector consists of: JSON-able record and named arrays."""
    kind = type(selector).__name__
    if kind in _SELECTORS:
        values, arrays = selector.to_state()
        model = {"selector": kind, "values": values, "versions": {"qsolearn": version("qsolearn")}}
        return model, arrays
    if kind == "StackedSelector":
        return _describe_stack(selector)
    estimator = getattr(selector, "estimator_", None)
    if hasattr(selector, "steps"):
        raise CatalogError(f"{kind} cannot be saved; save its steps {', '.join(selector.steps)}.")
    if estimator is None or not isinstance(selector, FrameSelector):
        raise CatalogError("Only a fitted FrameSelector can be saved; call fit first.")
    kind = type(estimator).__name__
    if kind in _SAVED:
        values, arrays = estimator.to_state()
    elif kind == "DummyClassifier" and estimator.strategy == "prior":
        values, arrays = {}, {"prior": estimator.class_prior_, "classes": selector.classes_}
    else:
        raise CatalogError(
            f"{kind} cannot be saved; these can: {', '.join(_SAVED)} and DummyClassifier (prior)."
        )
    redshift, more = _redshift_state(getattr(selector, "redshift_", None))
    domain = getattr(selector, "domain_", None)
    if domain is not None:
        domain, arrays_of_domain = domain.to_state()
        more |= {_DOMAIN_PREFIX + name: values for name, values in arrays_of_domain.items()}
    model = {
        "selector": "FrameSelector",
        "bands": list(selector.bands),
        "quasar_classes": list(selector.quasar_classes_),
        "threshold": selector.threshold,
        "dereddened": selector.dereddened_,
        "class_counts": selector.class_counts_,
        "left_out": selector.n_left_out_,
        "classifier": {"kind": kind, "values": values},
        "redshift": redshift,
        "redshifts": selector.n_redshifts_,
        "domain": domain,
        "versions": _versions(kind),
    }
    return model, arrays | more


def _describe_stack(selector):
    values, arrays = selector.to_state()
    parts = []
    for k, (name, part) in enumerate(selector.selectors_.items()):
        record, own = _describe(part)
        parts.append({"name": name, **record})
        arrays |= {f"part_{k}/{key}": array for key, array in own.items()}
    versions = {p: v for part in parts for p, v in part["versions"].items()}
    if selector.final_.trees_ is not None:
        versions |= _versions("BoostedTrees")
    model = {"selector": "StackedSelector", "values": values, "parts": parts, "versions": versions}
    return model, arrays


def _load_stack(model, arrays):
    parts = {}
    for k, record in enumerate(model["parts"]):
        own = _with_prefix(arrays, f"part_{k}/")
        parts[record["name"]] = _restore(record, own)
    return StackedSelector.from_state(model["values"], arrays, parts)


def _with_prefix(arrays, prefix):
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _write(model, arrays, folder, overwrite):
    folder = Path(folder)
    if overwrite and folder.is_dir():
        other = sorted(p.name for p in folder.iterdir() if p.name not in _FILES)
        if other:
            raise CatalogError(
                f"{folder} is no model folder (it holds {other[0]!r}) and will not be replaced."
            )
    with replace_atomically(folder, overwrite=overwrite) as temporary:
        temporary.mkdir()
        (temporary / "model.json").write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")
        np.savez_compressed(temporary / "arrays.npz", **arrays)


def _versions(kind):
    """Versions that a reader of the model may ask for."""
    found = {name: version(name) for name in ("qsolearn", "numpy", "scikit-learn")}
    if kind in ("BoostedTrees", "ReverseSelectionClassifier"):
        # Not by the name of the package, which is xgboost or xgboost-cpu.
        found["xgboost"] = import_xgboost().__version__
    return found


def _redshift_state(estimator):
    """The redshift estimator as JSON-able values and named arrays."""
    if estimator is None:
        return None, {}
    kind = type(estimator).__name__
    if kind not in _REDSHIFTS:
        raise CatalogError(
            f"{kind} cannot be saved as a redshift estimator; these can: {', '.join(_REDSHIFTS)}."
        )
    values, arrays = estimator.to_state()
    return {"kind": kind, "values": values}, {_REDSHIFT_PREFIX + k: v for k, v in arrays.items()}


def _load_redshift(record, arrays):
    if record is None:
        return None
    own = _with_prefix(arrays, _REDSHIFT_PREFIX)
    return _REDSHIFTS[record["kind"]].from_state(record["values"], own)


def load_selector(
    folder: str | Path,
) -> FrameSelector | ColorWedge | SEDClassifier | StackedSelector:
    """Read a selector that `save_selector` wrote.

    Parameters
    ----------
    folder : str or Path
        The model folder.

    Returns
    -------
    FrameSelector, ColorWedge, SEDClassifier or StackedSelector
        Fitted; it selects exactly as the one that was saved. ``provenance_`` holds the record of
        its training.

    Raises
    ------
    CatalogError
        If the folder is absent, incomplete, damaged or of another format.
    """
    folder = Path(folder)
    if not (folder / "model.json").is_file():
        raise CatalogError(f"{folder} is not a model folder: it has no model.json.")
    try:
        model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if model["format"] != _FORMAT:
            raise CatalogError(
                f"{folder} has model format {model['format']}; this version reads {_FORMAT}."
            )
        # The file is opened here so that it is closed also when numpy refuses it.
        with (folder / "arrays.npz").open("rb") as stream:
            stored = np.load(stream, allow_pickle=False)
            arrays = {name: stored[name] for name in stored.files}
        selector = _restore(model, arrays)
        selector.provenance_ = dict(model["provenance"])
    except CatalogError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CatalogError(
            f"The model in {folder} is damaged ({type(error).__name__}: {error})."
        ) from None
    return selector


def _restore(model, arrays):
    """The fitted selector that a record and its arrays describe."""
    if model["selector"] in _SELECTORS:
        return _SELECTORS[model["selector"]].from_state(model["values"], arrays)
    if model["selector"] == "StackedSelector":
        return _load_stack(model, arrays)
    kind, values = model["classifier"]["kind"], model["classifier"]["values"]
    if kind in _SAVED:
        estimator = _SAVED[kind].from_state(values, arrays)
    elif kind == "DummyClassifier":
        # Refit on one row per class with the saved frequencies as weights.
        rows = np.zeros((len(arrays["classes"]), 1))
        estimator = DummyClassifier(strategy="prior").fit(
            rows, arrays["classes"], sample_weight=arrays["prior"]
        )
    else:
        raise CatalogError(f"The model folder holds the unknown classifier {kind!r}.")
    # Models that were saved before there were redshifts have no record of them.
    redshift = _load_redshift(model.get("redshift"), arrays)
    selector = FrameSelector(
        estimator, model["bands"], model["quasar_classes"], model["threshold"], redshift
    )
    selector.redshift_, selector.n_redshifts_ = redshift, int(model.get("redshifts", 0))
    selector.estimator_ = estimator
    # Nor has one of the domain, if it is older than that.
    record = model.get("domain")
    selector.domain_ = record and TrainingDomain.from_state(
        record, _with_prefix(arrays, _DOMAIN_PREFIX)
    )
    selector.classes_ = np.asarray(estimator.classes_).astype(str)
    selector.quasar_classes_ = list(model["quasar_classes"])
    selector.class_counts_ = dict(model["class_counts"])
    selector.n_left_out_ = int(model["left_out"])
    selector.dereddened_ = model["dereddened"]
    return selector
