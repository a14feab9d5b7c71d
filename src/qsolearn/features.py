"""From magnitudes to named colors, as a scikit-learn transformer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from qsolearn.bands import BANDS, color_names
from qsolearn.photometry import colors

__all__ = ["NeighborColors"]


class NeighborColors(TransformerMixin, BaseEstimator):
    """Differences of neighboring magnitudes, each named after its bands.

    Attributes
    ----------
    n_features_in_ : int
        Number of magnitudes b.
    feature_names_in_ : ndarray of str, shape (b,)
        Column names, when fitted on a DataFrame.

    Notes
    -----
    A color is NaN where either of its magnitudes is NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> mag = pd.DataFrame({"mag_sdss_u": [20.0], "mag_sdss_g": [19.5]})
    >>> NeighborColors().set_output(transform="pandas").fit_transform(mag)
       u-g
    0  0.5
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the number and the names of the magnitudes.

        Parameters
        ----------
        X : array_like, shape (n, b)
            Magnitudes [mag]; at least two columns; NaN = missing.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are fewer than two columns.
        """
        validate_data(self, X, ensure_all_finite="allow-nan", ensure_min_features=2)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Take the differences.

        Parameters
        ----------
        X : array_like, shape (n, b)
            Magnitudes [mag].

        Returns
        -------
        ndarray, shape (n, b - 1)
            Colors [mag].
        """
        check_is_fitted(self, "n_features_in_")
        return colors(validate_data(self, X, reset=False, ensure_all_finite="allow-nan"))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Names of the colors, such as ``u-g``.

        Parameters
        ----------
        input_features : sequence of str, shape (b,), optional
            Names of the magnitudes; by default those seen in `fit`.

        Returns
        -------
        ndarray of str, shape (b - 1,)

        Raises
        ------
        ValueError
            If the names do not fit those seen in `fit`.
        """
        check_is_fitted(self, "n_features_in_")
        names = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        plain = [str(n).removeprefix("mag_") for n in names]
        if all(n in BANDS for n in plain):
            return np.asarray(color_names(plain), dtype=object)
        return np.asarray([f"{a}-{b}" for a, b in itertools.pairwise(plain)], dtype=object)

    def __sklearn_tags__(self):
        """Tell scikit-learn that NaN is allowed and that fitting learns nothing of the data."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
