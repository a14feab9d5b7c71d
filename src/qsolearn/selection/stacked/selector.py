"""Several selectors, each with its own bands, stacked into one calibrated probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes, validate_frame
from qsolearn.photometry import colors
from qsolearn.selection.reverse.trees import import_xgboost
from qsolearn.selection.stacked.combined import CombinedModel
from qsolearn.selection.stacked.folds import check_labels, fit_part, make_folds, out_of_fold
from qsolearn.selection.stacked.scores import quasar_log_odds, speaks, with_bands

__all__ = ["StackedSelector"]


class StackedSelector(BaseEstimator):
    """Several selectors stacked: a final model weighs their out-of-fold scores.

    Parameters
    ----------
    selectors : dict of str to selector
        Name and unfitted selector, two or more: `FrameSelector`, or one that learns nothing from
        labels, such as `SEDClassifier`, `ColorWedge` or `SelectionChain`. Each has its own bands.
    cv : int or sequence of (array of int, array of int)
        Number of folds, or the folds: row numbers to fit and to score, every row scored once. Give
        folds of your own if the frame has the same object in several rows.
    merge : dict of {str: dict of {str: str}}, optional
        Labels that a selector learns under another name: ``{"kernel": {"Galaxy": "Star"}}``.
    threshold : float, optional
        Smallest P_QSO of a candidate; by default above one half.
    random_state : int
        Draws the folds.
    with_colors : bool
        Whether the final model is the mean of a logistic regression on the scores and of shallow
        boosted trees on the scores and all colors (needs xgboost), or the regression alone.

    Attributes
    ----------
    selectors_ : dict of str to fitted selector
        Each fitted on all training sources in which it has a color.
    scores_ : pandas.DataFrame, n rows
        Log-odds of the training sources, one column per selector: out of fold for those that
        learn from labels; NaN = silent.
    final_ : CombinedModel
        The final model, fitted to ``scores_``: ``lines_`` is its `LogOddsRegression`, ``trees_``
        its `BoostedTrees`, or None.
    classes_, quasar_classes_ : ndarray of str, list of str
        "QSO" and "other"; "QSO".
    class_counts_ : dict of str to int
        Training sources of each label.
    bands : list of str
        Bands of all selectors together.

    Raises
    ------
    CatalogError
        By `fit`, if a selector is no such object, labels or folds do not fit, or a selector has no
        quasar or nothing else to learn from in some fold.
    ImportError
        By `fit`, if ``with_colors`` and xgboost is not installed.

    Notes
    -----
    The scores are those of `quasar_log_odds`. Fitted to scores of sources that a selector has seen
    in its training, the final model would trust the one that overfits most; so each source is
    scored by a fit without it.

    The final log-odds are the mean of those of `LogOddsRegression`, which weighs the scores alike
    for all sources, and of trees that see the scores and the colors (neighboring bands, missing =
    NaN) and so can trust one selector here and another there.

    The probability is calibrated for the class mix of the training sources, no other. A source in
    which no selector has a color gets NaN.

    References
    ----------
    Wolpert 1992, Neural Networks 5, 241 (stacked generalization).

    Examples
    --------
    >>> from qsolearn.selection import FrameSelector, KernelBayesClassifier, UVExcessCut
    >>> from qsolearn.simulate import make_sky
    >>> sky = make_sky("sdss", n_sources=2000, seed=3)
    >>> label = np.where(sky["true_class"].str.startswith("QSO"), "QSO", "Star")
    >>> bands = [f"sdss_{b}" for b in "ugriz"]
    >>> parts = {"kernel": FrameSelector(KernelBayesClassifier(0.2), bands),
    ...          "UV excess": FrameSelector(UVExcessCut(), bands[:2])}
    >>> stack = StackedSelector(parts, cv=3).fit(sky, label)
    >>> stack.select(sky)["P_QSO"].between(0, 1).all()
    np.True_
    """

    def __init__(
        self,
        selectors: dict[str, Any],
        cv: int | Sequence = 5,
        merge: dict[str, dict[str, str]] | None = None,
        threshold: float | None = None,
        random_state: int = 0,
        with_colors: bool = True,
    ) -> None:
        self.selectors = selectors
        self.cv = cv
        self.merge = merge
        self.threshold = threshold
        self.random_state = random_state
        self.with_colors = with_colors

    @property
    def bands(self) -> list[str]:
        """Bands of all selectors together, a list of str."""
        return list(dict.fromkeys(b for bands in self._band_lists() for b in bands))

    def fit(self, frame: pd.DataFrame, y: ArrayLike, z: ArrayLike | None = None) -> Self:
        """Score every source out of fold, weigh the scores, fit each selector on all sources.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.
        y : array_like of str, shape (n,)
            Labels; those that begin with "qso" or "quasar" are quasars.
        z : array_like, shape (n,), optional
            Redshifts, for selectors that estimate them.

        Returns
        -------
        self
        """
        self._check_settings()
        validate_frame(frame)
        label, quasar = check_labels(y, len(frame))
        folds = make_folds(self.cv, quasar, self.random_state)
        scores, self.selectors_ = {}, {}
        for name, selector in self.selectors.items():
            own = label.replace((self.merge or {}).get(name, {})).to_numpy()
            if hasattr(selector, "estimator"):
                usable = speaks(frame, selector.bands)
                scores[name] = out_of_fold(name, selector, frame, own, z, folds, usable)
                self.selectors_[name] = fit_part(name, selector, frame, own, z, usable)
            else:
                fresh = hasattr(selector, "fit") and not hasattr(selector, "grid_")
                fitted = clone(selector).fit(frame) if fresh else selector
                scores[name] = quasar_log_odds(fitted, frame)
                self.selectors_[name] = fitted
        self.scores_ = pd.DataFrame(scores, index=frame.index)
        heard = self.scores_.notna().any(axis=1).to_numpy()
        self.final_ = CombinedModel(self.with_colors).fit(
            self.scores_[heard], self._colors(frame)[heard], quasar[heard]
        )
        self.classes_, self.quasar_classes_ = np.array(["QSO", "other"]), ["QSO"]
        self.class_counts_ = label.value_counts().sort_index().to_dict()
        self.dereddened_ = frame.attrs.get("dereddened", False)
        return self

    def _check_settings(self):
        if not isinstance(self.selectors, dict) or len(self.selectors) < 2:
            raise CatalogError(
                "A stack needs two selectors or more, as a dict of name to selector; use a single "
                "one by itself."
            )
        for name, selector in self.selectors.items():
            learns = hasattr(selector, "estimator") and hasattr(selector, "bands")
            if not learns and not (hasattr(selector, "select") or hasattr(selector, "contains")):
                raise CatalogError(
                    f"Selector {name!r} is a {type(selector).__name__}, which reads no frames; "
                    "wrap a classifier in FrameSelector(classifier, bands)."
                )
        unknown = [name for name in self.merge or {} if name not in self.selectors]
        if unknown:
            raise CatalogError(
                f"Labels are merged for {unknown[0]!r}, which is not among the selectors "
                f"{', '.join(self.selectors)}."
            )
        if self.with_colors:
            _need_xgboost()
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise CatalogError(f"A threshold lies between 0 and 1, not at {self.threshold}.")

    def scores(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Log-odds of every source by each selector.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, dereddened as in training; bands that it lacks are missing.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            One column per selector; NaN where it is silent.
        """
        check_is_fitted(self, "final_")
        validate_frame(frame)
        own, given = (
            d["convention"] if d else "not"
            for d in (self.dereddened_, frame.attrs.get("dereddened", False))
        )
        if own != given:
            raise CatalogError(
                f"The magnitudes of the training set are dereddened: {own}, those of this frame: "
                f"{given}; treat both the same."
            )
        made = {name: quasar_log_odds(s, frame) for name, s in self.selectors_.items()}
        return pd.DataFrame(made, index=frame.index)

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of quasar and other.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, dereddened as in training; bands that it lacks are missing.

        Returns
        -------
        ndarray, shape (n, 2)
            In the order of ``classes_``; NaN where every selector is silent.
        """
        return self._weigh(self.scores(frame), frame)

    def _weigh(self, scores, frame):
        p = 0.5 * (1 + np.tanh(0.5 * self.final_.decision_function(scores, self._colors(frame))))
        both = np.column_stack([p, 1 - p])
        return np.where(scores.isna().all(axis=1).to_numpy()[:, None], np.nan, both)

    def _colors(self, frame):
        # The longest list of bands comes first: the order of the selectors does not matter.
        lists = sorted(self._band_lists(), key=lambda bands: (-len(bands), bands))
        order = list(dict.fromkeys(b for bands in lists for b in bands))
        return colors(magnitudes(with_bands(frame, order), order))

    def _band_lists(self):
        made = getattr(self, "selectors_", self.selectors)
        return [list(getattr(s, "bands_", None) or s.bands or ()) for s in made.values()]

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Candidates of a frame: what `select_frame` returns.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, dereddened as in training; bands that it lacks are missing.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            ``P_QSO``, ``selected_class``, ``is_candidate``, ``reason`` (with the score of every
            selector), ``z_phot`` (of the first selector that gives one to a candidate).
        """
        scores = self.scores(frame)
        p = self._weigh(scores, frame)[:, 0]
        least = np.nextafter(0.5, 1) if self.threshold is None else self.threshold
        candidate = p >= least
        label = np.where(np.isnan(p), "", np.where(p > 0.5, *self.classes_)).astype(object)
        return pd.DataFrame(
            {
                "P_QSO": p,
                "selected_class": label,
                "is_candidate": candidate,
                "reason": _reasons(scores, label, p),
                "z_phot": self._redshifts(frame, np.flatnonzero(candidate)),
            },
            index=frame.index,
        )

    def to_state(self) -> tuple[dict, dict]:
        """What the final model consists of, for saving; the selectors are saved beside it.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict of ndarray
        """
        check_is_fitted(self, "final_")
        values, arrays = self.final_.to_state()
        values |= {
            "threshold": self.threshold, "merge": self.merge,
            "class_counts": self.class_counts_, "dereddened": self.dereddened_,
        }  # fmt: skip
        return values, arrays

    @classmethod
    def from_state(cls, values: dict, arrays: dict, selectors: dict[str, Any]) -> Self:
        """Make the fitted stack again: the inverse of `to_state`.

        Parameters
        ----------
        values, arrays
            As `to_state` gave them.
        selectors : dict of str to fitted selector

        Returns
        -------
        StackedSelector
            Without the training sources' ``scores_``.
        """
        self = cls(selectors, merge=values["merge"], threshold=values["threshold"])
        self.with_colors = values.get("trees") is not None
        self.selectors_ = dict(selectors)
        self.final_ = CombinedModel.from_state(values, arrays, len(selectors))
        self.class_counts_ = dict(values["class_counts"])
        self.dereddened_ = values["dereddened"]
        self.classes_, self.quasar_classes_ = np.array(["QSO", "other"]), ["QSO"]
        return self

    def _redshifts(self, frame, rows):
        out = np.full(len(frame), np.nan)
        for selector in self.selectors_.values():
            open_rows = rows[np.isnan(out[rows])]
            if len(open_rows) and getattr(selector, "redshift_", None) is not None:
                part = with_bands(frame.iloc[open_rows], selector.bands)
                out[open_rows] = selector.redshifts(part)["z_phot"].to_numpy()
        return out


def _need_xgboost():
    """Say it before the folds are fitted, not after."""
    try:
        import_xgboost()
    except ImportError:
        raise ImportError(
            "The trees of the final model need xgboost, which is not installed; pip install "
            "qsolearn[trees], or set with_colors=False."
        ) from None


def _reasons(scores, label, p):
    """Class, probability and the score of every selector, in one line per source."""
    texts = [
        scores[name].map(lambda s, n=name: f"{n} silent" if np.isnan(s) else f"{n} {s:+.1f}")
        for name in scores
    ]
    out = []
    for c, prob, *parts in zip(label, p, *texts, strict=True):
        said = ", ".join(parts)
        out.append(f"{c}: P = {prob:.3f} ({said})" if c else "no selector has a measured color")
    return np.asarray(out, dtype=object)
