"""A training sample in a few numbers: where its magnitudes and colors lie."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.covariance import empirical_covariance

from qsolearn.bands import color_names, get_band
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELS", "TrainingDomain", "feature_quantiles"]

#: Probabilities at which the quantiles of every feature are kept; the ends are its range.
LEVELS = (0.005, 0.025, 0.05, 0.1, 0.16, 0.25, 0.35, 0.5, 0.65, 0.75, 0.84, 0.9, 0.95, 0.975, 0.995)
#: Share of the training sample that counts as outside it: the tail beyond the threshold.
TAIL = 0.01
#: Scatter that no color is better than [mag]; it keeps a tight class from being a needle.
_FLOOR = 0.03
#: A class is cut into this many parts along its longest axis, so that a bent locus is followed.
_PARTS = 4
#: Fewest sources of a part, per color.
_FEWEST = 10
#: A larger sample is summed up from this many of its rows, evenly spread over it.
_ROWS = 200_000


class TrainingDomain:
    """Where the magnitudes and colors of a training sample lie, without any of its rows.

    Parameters
    ----------
    bands : sequence of str, length b
        Bands in the order of the colors.
    quantiles : ndarray, shape (2 b - 1, len(LEVELS))
        Quantiles of the b magnitudes [mag] and the b - 1 colors [mag]; NaN where none is measured.
    ranges : ndarray, shape (2 b - 1, 2)
        Smallest 0.5 % quantile of any class and largest 99.5 % quantile [mag].
    patterns : dict of str to float
        Share of the sources with each pattern of measured (1) and missing (0) bands.
    parts : dict
        ``label`` (p,), ``mean`` (p, b - 1) and ``covariance`` (p, b - 1, b - 1) of the colors of
        the parts of the classes [mag].
    threshold : float
        Distance beyond which 1 % of the training sample lies.
    n_rows : int
        Size of the sample.

    Notes
    -----
    Each class with enough sources is cut into four equal parts along the first principal axis of
    its colors, and each part is described by mean and covariance (values beyond its 1st and 99th
    percentile are moved there first). The distance of a source is the smallest over the parts of

    .. math:: s = \\frac{(D^2/k)^{1/3} - (1 - 2/9k)}{\\sqrt{2/9k}}, \\quad
        D^2 = (c - \\mu)^T \\Sigma^{-1} (c - \\mu)

    over the k colors that it has: for a Gaussian part D^2 follows a chi-squared distribution and s,
    after Wilson and Hilferty, a standard normal one, whatever k is. So sources with few and with
    many bands can be compared. The classes enter alike, however many sources they have: another mix
    of the same classes is no distance.

    References
    ----------
    Wilson & Hilferty 1931, PNAS 17, 684; the smallest Mahalanobis distance over classes as a test
    for foreign data: Lee et al. 2018, NeurIPS 31, 7167.

    Examples
    --------
    >>> from qsolearn.simulate import make_sky
    >>> sky = make_sky("sdss", n_sources=2000, seed=1)
    >>> bands = ["sdss_u", "sdss_g", "sdss_r"]
    >>> domain = TrainingDomain.from_frame(sky, bands, sky["true_class"])
    >>> bool((domain.distance(sky) > domain.threshold).mean() < 0.02)
    True
    """

    def __init__(
        self,
        bands: Sequence[str],
        quantiles: np.ndarray,
        ranges: np.ndarray,
        patterns: Mapping[str, float],
        parts: Mapping[str, np.ndarray],
        threshold: float,
        n_rows: int,
    ) -> None:
        self.bands, self.quantiles, self.ranges = list(bands), quantiles, ranges
        self.patterns, self.parts = dict(patterns), dict(parts)
        self.threshold, self.n_rows = float(threshold), int(n_rows)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, bands: Sequence[str], labels: ArrayLike
    ) -> TrainingDomain:
        """Sum up a training sample.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, treated as the selector gets it.
        bands : sequence of str, length b >= 2
        labels : array_like of str, shape (n,)
            Class of each source.

        Returns
        -------
        TrainingDomain

        Raises
        ------
        CatalogError
            If a band is absent, or no source has a color.
        """
        n = len(frame)
        rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).round().astype(int))
        mags = magnitudes(frame, bands)[rows]
        labels = np.asarray(labels, dtype=object)[rows].astype(str)
        X = colors(mags)
        if not np.isfinite(X).any():
            raise CatalogError("No training source has a color, so there is no training domain.")
        each = np.array([feature_quantiles(mags[labels == c])[:, [0, -1]] for c in set(labels)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a band may be without any value
            ranges = np.stack([np.nanmin(each[..., 0], 0), np.nanmax(each[..., 1], 0)], axis=1)
        patterns = pattern_shares(np.isfinite(mags))
        self = cls(bands, feature_quantiles(mags), ranges, patterns, _parts(X, labels), np.inf, n)
        distance = self.color_distance(X)
        self.threshold = float(np.quantile(distance[np.isfinite(distance)], 1 - TAIL))
        return self

    @property
    def features(self) -> list[str]:
        """Names of the features, magnitudes (``mag u``) before colors (``u-g``)."""
        labels = [get_band(b).label for b in self.bands]
        clear = [x if labels.count(x) == 1 else b for x, b in zip(labels, self.bands, strict=True)]
        return [f"mag {x}" for x in clear] + color_names(self.bands)

    def distance(self, frame: pd.DataFrame) -> np.ndarray:
        """How far each source lies from the training sample in color.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame with the same bands.

        Returns
        -------
        ndarray, shape (n,)
            In units of a standard normal variable; NaN for a source without any color.
        """
        return self.color_distance(colors(magnitudes(frame, self.bands)))

    def color_distance(self, X: np.ndarray) -> np.ndarray:
        """As `distance`, of colors.

        Parameters
        ----------
        X : ndarray, shape (n, b - 1)
            Colors [mag]; NaN = missing.

        Returns
        -------
        ndarray, shape (n,)
        """
        X = np.asarray(X, dtype=float)
        out = np.full(len(X), np.nan)
        patterns, which = np.unique(np.isfinite(X), axis=0, return_inverse=True)
        for number, has in enumerate(patterns):
            k = int(has.sum())
            if k == 0:
                continue
            rows = np.flatnonzero(which.ravel() == number)
            best = np.full(len(rows), np.inf)
            for mean, covariance in zip(
                self.parts["mean"][:, has], self.parts["covariance"][:, has][:, :, has], strict=True
            ):
                if np.isnan(mean).any():
                    continue  # no training source of this part has these colors
                off = np.linalg.solve(np.linalg.cholesky(covariance), (X[rows][:, has] - mean).T)
                best = np.minimum(best, np.sum(off**2, axis=0))
            out[rows] = (np.cbrt(best / k) - (1 - 2 / (9 * k))) / np.sqrt(2 / (9 * k))
        return out

    def class_separation(self, X: np.ndarray, label: str) -> np.ndarray:
        """How far each color lies from the nearest part of one class, in its standard deviations.

        Parameters
        ----------
        X : ndarray, shape (n, b - 1)
            Colors [mag].
        label : str
            Class.

        Returns
        -------
        ndarray, shape (n, b - 1)
            Of the part that is nearest in all colors together; NaN where a color is missing or the
            class is unknown.
        """
        own = np.flatnonzero(self.parts["label"] == label)
        out = np.full(np.shape(X), np.nan)
        if not len(own):
            return out
        mean = self.parts["mean"][own]
        sigma = np.sqrt(np.diagonal(self.parts["covariance"][own], axis1=1, axis2=2))
        z = (np.asarray(X)[:, None, :] - mean) / sigma
        nearest = np.nansum(z**2, axis=2).argmin(axis=1)
        return z[np.arange(len(z)), nearest]

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """What the summary consists of, for saving.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict of ndarray
        """
        values = {
            "bands": self.bands, "levels": list(LEVELS), "patterns": self.patterns,
            "threshold": self.threshold, "rows": self.n_rows,
        }  # fmt: skip
        return values, {"quantiles": self.quantiles, "ranges": self.ranges, **self.parts}

    @classmethod
    def from_state(cls, values: dict, arrays: dict[str, np.ndarray]) -> TrainingDomain:
        """Make the summary again: the inverse of `to_state`.

        Parameters
        ----------
        values, arrays
            As `to_state` gave them.

        Returns
        -------
        TrainingDomain
        """
        parts = {name: arrays[name] for name in ("label", "mean", "covariance")}
        return cls(
            values["bands"], arrays["quantiles"], arrays["ranges"], values["patterns"], parts,
            values["threshold"], values["rows"],
        )  # fmt: skip


def feature_quantiles(mags):
    """Quantiles of magnitudes and neighboring colors.

    Parameters
    ----------
    mags : ndarray, shape (n, b)
        Magnitudes [mag]; NaN = missing.

    Returns
    -------
    ndarray, shape (2 b - 1, len(LEVELS))
        NaN where nothing is measured.
    """
    out = np.full((2 * mags.shape[1] - 1, len(LEVELS)), np.nan)
    for k, values in enumerate(np.hstack([mags, colors(mags)]).T):
        values = values[np.isfinite(values)]
        if len(values):
            out[k] = np.quantile(values, LEVELS)
    return out


def pattern_shares(measured):
    """Share of each pattern of measured bands.

    Parameters
    ----------
    measured : ndarray of bool, shape (n, b)

    Returns
    -------
    dict of str to float
        Such as ``{"111": 0.9, "110": 0.1}``.

    Examples
    --------
    >>> pattern_shares(np.array([[True, True], [True, False]]))
    {'10': 0.5, '11': 0.5}
    """
    found, count = np.unique(measured, axis=0, return_counts=True)
    names = ["".join("1" if m else "0" for m in row) for row in found]
    return dict(zip(names, (count / count.sum()).tolist(), strict=True))


def _parts(X, labels):
    """Mean and covariance of the parts of every class."""
    label, means, covariances = [], [], []
    for name in np.unique(labels):
        own = X[(labels == name) & np.isfinite(X).any(axis=1)]
        for part in _cut(own):
            mean, covariance = _moments(part)
            label.append(name)
            means.append(mean)
            covariances.append(covariance)
    return {
        "label": np.asarray(label, dtype=str),
        "mean": np.asarray(means),
        "covariance": np.asarray(covariances),
    }


def _cut(X):
    """Equal parts along the first principal axis; the whole if there are too few sources."""
    if not len(X):
        return []
    if len(X) < _PARTS * _FEWEST * X.shape[1]:
        return [X]
    filled = _winsorized(X)
    with np.errstate(invalid="ignore"):
        middle = np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else 0.0
                           for c in filled.T])  # fmt: skip
    filled = np.where(np.isfinite(filled), filled, middle) - middle
    axis = np.linalg.eigh(empirical_covariance(filled))[1][:, -1]
    # The sign of an eigenvector is arbitrary and does not matter: only the order is used.
    return [X[rows] for rows in np.array_split(np.argsort(filled @ axis, kind="stable"), _PARTS)]


def _winsorized(X):
    out = X.copy()
    for column in out.T:
        good = np.isfinite(column)
        if good.any():
            column[good] = np.clip(column[good], *np.quantile(column[good], [0.01, 0.99]))
    return out


def _moments(X):
    """Mean and covariance from the pairs of colors that are there; NaN mean for a color without."""
    import pandas as pd

    table = pd.DataFrame(_winsorized(X))
    mean, sigma = table.mean().to_numpy(), table.std(ddof=0).fillna(0.0).to_numpy()
    correlation = table.corr(min_periods=_FEWEST).fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(correlation, 1.0)
    # Correlations of different pairs of rows need not fit together: mend the negative ones.
    value, vector = np.linalg.eigh(correlation)
    correlation = (vector * np.clip(value, 1e-6, None)) @ vector.T
    return mean, correlation * np.outer(sigma, sigma) + _FLOOR**2 * np.eye(len(sigma))
