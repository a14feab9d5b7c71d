"""A classifier on colors that reads photometric frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from qsolearn.bands import check_bands, color_names
from qsolearn.errors import CatalogError, plural
from qsolearn.frame import magnitudes, validate_frame
from qsolearn.judge import is_quasar_class
from qsolearn.photometry import color_covariance, colors
from qsolearn.selection.domain import TrainingDomain
from qsolearn.selection.wording import most_probable, sentences

__all__ = ["FrameSelector", "check_measured"]


class FrameSelector(BaseEstimator):
    """A classifier on colors that reads photometric frames.

    Parameters
    ----------
    estimator : scikit-learn classifier
        Anything with ``fit`` and ``predict_proba``; it is cloned.
    bands : sequence of str, length b >= 2
        Bands whose neighboring colors are the features, in this order.
    quasar_classes : sequence of str, optional
        Labels that are quasars; by default those that begin with "qso" or "quasar".
    threshold : float, optional
        Smallest P_QSO of a candidate; by default a candidate has P_QSO above one half, so that
        quasar classes together are more probable than all others together.
    redshift : estimator, optional
        Photometric redshifts of the candidates, such as a `ColorRedshiftRelation`: ``fit(colors,
        z)`` and ``predict(colors, covariance)``; it is cloned.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of str
        Labels.
    quasar_classes_ : list of str
        Those of ``classes_`` that are quasars.
    class_counts_ : dict of str to int
        Training rows used per class.
    n_left_out_ : int
        Training rows left out because a color was missing and the estimator takes no NaN.
    dereddened_ : dict or False
        Whether and how the training frame was dereddened; a frame to be selected from must agree.
    redshift_ : estimator or None
        The fitted clone, from the training quasars that have a redshift; None without.
    n_redshifts_ : int
        How many these were.
    domain_ : TrainingDomain
        Summary of the training sample, rows with a missing color included.

    Notes
    -----
    Missing values: an estimator that accepts NaN (its scikit-learn tag says so) gets them; for any
    other a source with a missing color gets no class, P_QSO = NaN and a reason that names the band.
    An upper limit is used as the magnitude that it is.

    An estimator with a method ``rejected`` has a second condition: its candidates must not be
    rejected (`TwoPassBayes` minds the density of stars). An estimator that takes NaN has none.

    Examples
    --------
    >>> from qsolearn.selection import FrameSelector, UVExcessCut, select_frame
    >>> frame = pd.DataFrame({"id": [1, 2], "mag_sdss_u": [20.0, 21.0], "mag_sdss_g": [19.8, 19.5]})
    >>> selector = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"]).fit(frame, ["QSO", "Star"])
    >>> select_frame(selector, frame)[["P_QSO", "selected_class", "is_candidate"]]
       P_QSO selected_class  is_candidate
    0    1.0            QSO          True
    1    0.0           Star         False
    """

    def __init__(
        self,
        estimator: Any,
        bands: Sequence[str],
        quasar_classes: Sequence[str] | None = None,
        threshold: float | None = None,
        redshift: Any = None,
    ) -> None:
        self.estimator = estimator
        self.bands = bands
        self.quasar_classes = quasar_classes
        self.threshold = threshold
        self.redshift = redshift

    def fit(self, frame: pd.DataFrame, y: ArrayLike, z: ArrayLike | None = None) -> Self:
        """Fit the classifier on the colors of a labeled frame.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.
        y : array_like of str, shape (n,)
            Label of each source; a missing one is an error.
        z : array_like, shape (n,), optional
            Redshift of each source, NaN where unknown; needed if the selector has a redshift
            estimator, which learns from those of the quasar classes.

        Returns
        -------
        self

        Raises
        ------
        CatalogError
            If bands, labels or redshifts are missing, or no class or no complete row is left.
        """
        if hasattr(self.estimator, "fit_sources") or hasattr(self.estimator, "contains"):
            raise CatalogError(
                f"{type(self.estimator).__name__} reads frames itself; give it to "
                "select_frame without a FrameSelector."
            )
        bands = _two_bands(self.bands)
        check_measured(validate_frame(frame), bands)
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise CatalogError(f"A threshold lies between 0 and 1, not at {self.threshold}.")
        X = self._colors(frame, bands)
        y = pd.Series(np.asarray(y, dtype=object))
        if len(y) != len(X):
            raise CatalogError(f"There are {len(X):,} sources but {len(y):,} labels.")
        empty = int((y.isna() | (y.map(str) == "")).sum())
        if empty:
            raise CatalogError(
                f"{plural(empty, 'row')} have no label; leave them out of the training set."
            )
        y = y.map(str).to_numpy(dtype=str)
        use = np.ones(len(X), bool) if _takes_nan(self.estimator) else np.isfinite(X).all(axis=1)
        if not use.any():
            raise CatalogError(
                f"No training source has all the colors {', '.join(color_names(bands))}."
            )
        lost = sorted(set(y) - set(y[use]))
        if lost:
            raise CatalogError(
                f"No source of class '{lost[0]}' has all the colors that are needed."
            )
        self.n_left_out_ = int((~use).sum())
        features = pd.DataFrame(X[use], columns=color_names(bands))
        self.estimator_ = clone(self.estimator).fit(features, y[use])
        self.classes_ = np.asarray(self.estimator_.classes_).astype(str)
        self.class_counts_ = {c: int(np.sum(y[use] == c)) for c in self.classes_}
        self.quasar_classes_ = self._find_quasar_classes()
        self.dereddened_ = frame.attrs.get("dereddened", False)
        self.domain_ = TrainingDomain.from_frame(frame, bands, y)
        self._fit_redshift(X, y, z)
        return self

    def _fit_redshift(self, X, y, z):
        self.redshift_, self.n_redshifts_ = None, 0
        if self.redshift is None:
            return
        if z is None or len(z) != len(X):
            raise CatalogError(
                f"This selector estimates redshifts, but {0 if z is None else len(z):,} redshifts "
                f"were given for {len(X):,} sources; give one each, NaN where unknown."
            )
        z = pd.Series(z).to_numpy(dtype=float, na_value=np.nan)
        use = np.isin(y, self.quasar_classes_) & np.isfinite(z) & np.isfinite(X).all(axis=1)
        if not use.any():
            raise CatalogError(
                "No training quasar has a redshift and all colors; leave redshift=None."
            )
        self.redshift_ = clone(self.redshift).fit(X[use], z[use])
        self.n_redshifts_ = int(use.sum())

    def _find_quasar_classes(self):
        if self.quasar_classes is None:
            found = [c for c in self.classes_ if is_quasar_class([c])[0]]
            if not found:
                raise CatalogError(
                    f"None of the labels {', '.join(self.classes_)} begins with QSO; say which are "
                    "quasars (quasar_classes, or --quasar)."
                )
            return found
        wanted = [str(c) for c in self.quasar_classes]
        unknown = [c for c in wanted if c not in self.classes_]
        if unknown:
            raise CatalogError(
                f"Quasar class {unknown[0]!r} is not among the labels {', '.join(self.classes_)}."
            )
        return wanted

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame in the same bands and with the same dereddening as in training.

        Returns
        -------
        ndarray, shape (n, n_classes)
            In the order of ``classes_``; NaN for a source that cannot be classified.

        Raises
        ------
        CatalogError
            If a band is absent or the dereddening differs.
        """
        X, use = self._features(frame)
        out = np.full((len(X), len(self.classes_)), np.nan)
        if use.any():
            out[use] = self.estimator_.predict_proba(X[use])
        return out

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows

        Returns
        -------
        ndarray of str, shape (n,)
            "" for a source that cannot be classified.
        """
        return most_probable(self.classes_, self.predict_proba(frame))

    def rejected(self, frame: pd.DataFrame) -> np.ndarray:
        """Which sources the estimator's second condition rejects.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows

        Returns
        -------
        ndarray of bool, shape (n,)
            False for all if the estimator has no such condition, and where a color is missing.
        """
        X, use = self._features(frame)
        out = np.zeros(len(X), bool)
        rejects = getattr(self.estimator_, "rejected", None)
        if rejects is not None and use.any():
            out[use] = rejects(X[use])
        return out

    def log10_densities(self, frame: pd.DataFrame) -> np.ndarray:
        """log10 of the color densities of quasars and of others.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        ndarray, shape (n, 2)
            Densities of the quasar classes and of the other classes, each summed with equal weights
            [1 / mag^d]; -inf where zero, NaN where a color is missing.

        Raises
        ------
        CatalogError
            If the estimator tells no densities.
        """
        X, use = self._features(frame)
        if not hasattr(self.estimator_, "log_density"):
            raise CatalogError(
                f"{type(self.estimator_).__name__} tells no densities; use TwoPassBayes or "
                "KernelBayesClassifier."
            )
        out = np.full((len(X), 2), np.nan)
        if use.any():
            density = self.estimator_.log_density(X[use])
            quasar = np.isin(self.classes_, self.quasar_classes_)
            for k, own in enumerate((quasar, ~quasar)):
                out[use, k] = np.logaddexp.reduce(density[:, own], axis=1) / np.log(10)
        return out

    def redshifts(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Photometric redshift of each source, taken as a quasar.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame; its errors enter where all of a source are known.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            ``z_phot, z_low, z_high, probability, z_second``; NaN where a color is missing, or
            everywhere if the selector has no redshift estimator.
        """
        X, _ = self._features(frame)
        names = ["z_phot", "z_low", "z_high", "probability", "z_second"]
        out = pd.DataFrame(np.nan, index=frame.index, columns=names)
        if self.redshift_ is None:
            return out
        X = X.to_numpy()
        errors = [f"err_{b}" for b in self.bands]
        err = frame.reindex(columns=errors).to_numpy(dtype=float, na_value=np.nan)
        complete = np.isfinite(X).all(axis=1)
        with_errors = complete & np.isfinite(err).all(axis=1)
        for rows, known in ((with_errors, True), (complete & ~with_errors, False)):
            if rows.any():
                covariance = color_covariance(err[rows]) if known else None
                out.loc[rows] = self.redshift_.predict(X[rows], covariance)[names].to_numpy()
        return out

    def explain(self, frame: pd.DataFrame, proba: np.ndarray | None = None) -> np.ndarray:
        """One sentence per source that says why it got its class.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
        proba
            Not used; selectors are called with it.

        Returns
        -------
        ndarray of str, shape (n,)
        """
        return self.predict_explained(frame)[1]

    def predict_explained(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """What `predict_proba` and `explain` say, with every source looked at once.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows

        Returns
        -------
        proba : ndarray, shape (n, n_classes)
        reason : ndarray of str, shape (n,)
        """
        X, use = self._features(frame)
        proba = np.full((len(X), len(self.classes_)), np.nan)
        reason = np.empty(len(X), dtype=object)
        if use.any() and hasattr(self.estimator_, "predict_explained"):
            proba[use], told = self.estimator_.predict_explained(X[use])
            reason[use] = told["reason"]
        elif use.any():
            proba[use] = self.estimator_.predict_proba(X[use])
            best = proba[use].argmax(axis=1)
            reason[use] = sentences([f"{c}: " for c in self.classes_], best, proba[use].max(axis=1))
            self._mark_outside(X, proba, use, reason)
        if not use.all():
            # Rows share few patterns of missing bands: name each pattern once.
            gone = ~np.isfinite(magnitudes(frame, list(self.bands)))[~use]
            names = np.asarray(list(self.bands), dtype=object)
            patterns, which = np.unique(gone, axis=0, return_inverse=True)
            texts = np.asarray([f"no {', '.join(names[p])}" for p in patterns], dtype=object)
            reason[~use] = texts[which.ravel()]
        return proba, reason

    def _mark_outside(self, X, proba, use, reason):
        """Say where no training source is near, for an estimator that knows."""
        outside = getattr(self.estimator_, "outside_support", None)
        if outside is None:
            return
        # Only where the answer is the prior itself can every density have been zero.
        same = np.isclose(proba, self.estimator_.priors_, rtol=0, atol=1e-9).all(axis=1)
        doubtful = np.flatnonzero(use & same)
        if len(doubtful):
            label = most_probable(self.classes_, proba[doubtful])
            for i, c in np.column_stack([doubtful, label])[outside(X.iloc[doubtful])]:
                reason[i] = f"{c}: no training source near; the prior decides"

    def _features(self, frame):
        check_is_fitted(self, "estimator_")
        bands = _two_bands(self.bands)
        X = self._colors(frame, bands)
        dereddened = frame.attrs.get("dereddened", False)
        own, given = (d["convention"] if d else "not" for d in (self.dereddened_, dereddened))
        if own != given:
            raise CatalogError(
                f"The magnitudes of the training set are dereddened: {own}, those of this frame: "
                f"{given}; treat both the same."
            )
        takes_nan = _takes_nan(self.estimator_)
        use = np.ones(len(X), bool) if takes_nan else np.isfinite(X).all(axis=1)
        return pd.DataFrame(X, columns=color_names(bands)), use

    @staticmethod
    def _colors(frame, bands):
        return colors(magnitudes(frame, bands))


def _two_bands(bands):
    try:
        bands = check_bands(bands)
    except ValueError as error:
        raise CatalogError(str(error)) from None
    if len(bands) < 2:
        raise CatalogError(f"A color needs two bands; only {bands[0]} was given.")
    return bands


def check_measured(frame: pd.DataFrame, bands: Sequence[str]) -> None:
    """Raise CatalogError if one of the bands has no measured value at all."""
    for band, column in zip(bands, magnitudes(frame, bands).T, strict=True):
        if np.isnan(column).all():
            raise CatalogError(
                f"Band {band} has no measured value in any of the {plural(len(frame), 'row')}; "
                "it is needed for a color."
            )


def _takes_nan(estimator):
    return bool(get_tags(estimator).input_tags.allow_nan)
