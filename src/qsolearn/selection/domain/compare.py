"""A catalog held against the training domain, feature by feature and source by source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes, validate_frame
from qsolearn.judge import Estimate, proportion
from qsolearn.photometry import colors
from qsolearn.selection.domain.summary import (
    LEVELS,
    TAIL,
    TrainingDomain,
    feature_quantiles,
    pattern_shares,
)
from qsolearn.selection.domain.zero_points import zero_point_suspects

__all__ = ["DomainReport", "compare_with_domain", "missing_bands"]

#: Share of the sources beyond the range of the training sample from which a feature is foreign.
FOREIGN = 0.05
#: Difference in the share of missing values from which a band is said to have gaps.
GAPS = 0.10
#: Smallest shift that a wrong system would explain and that is put down to it [mag].
EXPLAINED = 0.1


@dataclass
class DomainReport:
    """How far a catalog lies from a training sample.

    Attributes
    ----------
    features : pandas.DataFrame
        One row per magnitude and color: ``training`` and ``catalog`` median [mag], ``shift``
        between them [mag], ``widths`` (the shift in half-widths of the central 68 % of the training
        sample), ``distance`` (largest difference of the cumulative distributions at the stored
        quantiles, 0 to 1), ``below`` and ``above`` (shares beyond the range of all training
        classes; at most 0.005 each is expected), ``missing_training`` and ``missing`` (shares),
        ``verdict`` (a sentence part).
    outside : Estimate
        Share of the sources with a color that lie farther from every training class than all but
        1 % of the training sample.
    expected : float
        What that share is in the training sample.
    patterns : float
        Half the summed difference of the shares of the patterns of missing bands (total variation
        distance), 0 to 1.
    unseen : float
        Share of sources whose pattern of missing bands no training source has.
    suspects : list of (tuple of str, str)
        As `zero_point_suspects` gives them.
    quantiles : ndarray, shape (n_features, len(LEVELS))
        Of the catalog [mag].
    training_quantiles : ndarray, same shape
    n_rows : int
    """

    features: pd.DataFrame
    outside: Estimate
    expected: float
    patterns: float
    unseen: float
    suspects: list
    quantiles: np.ndarray
    training_quantiles: np.ndarray
    n_rows: int

    @property
    def verdict(self) -> str:
        """One sentence on the whole catalog."""
        if self.suspects:
            return "Mend the zero points first: " + " ".join(map(_suspicion, self.suspects))
        if not self.outside.n:
            return "No source has a color of the model, so nothing can be selected."
        share = f"{float(self.outside):.1%} of the sources lie outside the training domain"
        if self.outside.low > FOREIGN:
            return (
                f"{share} ({self.expected:.0%} would be expected): their probabilities are "
                "extrapolations."
            )
        if self.outside.low > self.expected:
            return f"{share}, slightly more than the {self.expected:.0%} expected."
        return f"{share}; the model knows this kind of catalog."

    def __str__(self):
        """Verdict, then a table, then what stands out."""
        table = self.features.drop(columns=["verdict", "missing_training"])
        percent = ["below", "above", "missing"]
        formats = {c: "{:.1%}".format for c in percent}
        formats |= {c: "{:.2f}".format for c in ("training", "catalog", "distance")}
        formats |= {c: "{:+.2f}".format for c in ("shift", "widths")}
        lines = [self.verdict, ""]
        lines += table.to_string(formatters=formats, na_rep="-").splitlines()
        odd = self.features[self.features["verdict"] != "alike"]
        lines += ["", *(f"! {name}: {text}" for name, text in odd["verdict"].items())]
        if self.unseen > 0.01:
            lines.append(
                f"! {self.unseen:.1%} of the sources lack a combination of bands that no training "
                "source lacks."
            )
        return "\n".join(lines).rstrip()

    def to_dict(self) -> dict:
        """All numbers as plain values, for a result file.

        Returns
        -------
        dict
        """
        features = self.features.astype(object).where(self.features.notna(), None)
        return {
            "verdict": self.verdict,
            "outside": self.outside.to_dict(),
            "expected": self.expected,
            "patterns": round(self.patterns, 6),
            "unseen": round(self.unseen, 6),
            "suspects": [[list(bands), kind] for bands, kind in self.suspects],
            "features": features.to_dict("index"),
            "rows": self.n_rows,
        }


def compare_with_domain(domain: TrainingDomain, frame: pd.DataFrame) -> DomainReport:
    """Hold a catalog against a training domain.

    Parameters
    ----------
    domain : TrainingDomain
    frame : pandas.DataFrame, n rows
        A photometric frame, dereddened (or not) as the training sample was.

    Returns
    -------
    DomainReport

    Raises
    ------
    CatalogError
        If the frame lacks a band of the domain.

    Notes
    -----
    Medians and distributions move with the mix of the classes, so a shift alone is no alarm: the
    verdict rests on shares beyond the range of every training class, which no mix of the same
    classes can raise.

    Examples
    --------
    >>> from qsolearn.selection.domain import TrainingDomain, compare_with_domain
    >>> from qsolearn.simulate import make_sky
    >>> sky = make_sky("sdss", n_sources=2000, seed=1)
    >>> bands = ["sdss_u", "sdss_g", "sdss_r"]
    >>> domain = TrainingDomain.from_frame(sky, bands, sky["true_class"])
    >>> compare_with_domain(domain, sky).features.loc["u-g", "verdict"]
    'alike'
    """
    absent = [b for b in domain.bands if f"mag_{b}" not in validate_frame(frame)]
    if absent:
        raise CatalogError(missing_bands(domain.bands, absent))
    mags = magnitudes(frame, domain.bands)
    values = np.hstack([mags, colors(mags)])
    suspects = zero_point_suspects(domain, frame)
    found = feature_quantiles(mags)
    rows = [_feature(domain, k, column, found[k], suspects) for k, column in enumerate(values.T)]
    distance = domain.distance(frame)
    known = np.isfinite(distance)
    shares = pattern_shares(np.isfinite(mags))
    names = set(shares) | set(domain.patterns)
    return DomainReport(
        pd.DataFrame(rows, index=domain.features),
        proportion(int(np.sum(distance[known] > domain.threshold)), int(known.sum())),
        TAIL,
        0.5 * sum(abs(shares.get(p, 0.0) - domain.patterns.get(p, 0.0)) for p in names),
        sum(share for p, share in shares.items() if p not in domain.patterns),
        suspects,
        found,
        domain.quantiles,
        len(frame),
    )


def missing_bands(bands, absent):
    """Sentence on bands of a model that a catalog does not have.

    Parameters
    ----------
    bands : sequence of str
        Bands of the model.
    absent : sequence of str
        Those that the catalog lacks.

    Returns
    -------
    str

    Examples
    --------
    >>> print(missing_bands(["sdss_u", "sdss_g", "sdss_r"], ["sdss_u"]))
    The catalog lacks sdss_u of the model: map a column to it, or train with --bands sdss_g,sdss_r.
    """
    shared = [b for b in bands if b not in absent]
    other = f"train with --bands {','.join(shared)}" if len(shared) > 1 else "train with its bands"
    return f"The catalog lacks {', '.join(absent)} of the model: map a column to it, or {other}."


def _feature(domain, k, column, found, suspects):
    """One row of the table of features."""
    values = column[np.isfinite(column)]
    training = domain.quantiles[k]
    at = dict(zip(LEVELS, training, strict=True))
    width = max((at[0.84] - at[0.16]) / 2, 0.01)
    shift = found[LEVELS.index(0.5)] - at[0.5]
    # np.mean of nothing warns; a feature that is absent on either side has no shares.
    comparable = len(values) > 0 and np.isfinite(training).all()
    cumulative = (
        np.searchsorted(np.sort(values), training, side="right") / len(values)
        if comparable
        else np.full(len(LEVELS), np.nan)
    )
    row = {
        "training": at[0.5],
        "catalog": found[LEVELS.index(0.5)],
        "shift": shift,
        "widths": shift / width,
        "distance": np.max(np.abs(cumulative - LEVELS)),
        "below": np.mean(values < domain.ranges[k, 0]) if comparable else np.nan,
        "above": np.mean(values > domain.ranges[k, 1]) if comparable else np.nan,
        "missing_training": _missing(domain, k),
        "missing": 1 - len(values) / len(column),
    }
    return row | {"verdict": _verdict(domain, k, row, suspects)}


def _missing(domain, k):
    """Share of the training sample without a magnitude, or without either band of a color."""
    n = len(domain.bands)
    needed = (k,) if k < n else (k - n, k - n + 1)
    there = sum(s for p, s in domain.patterns.items() if all(p[i] == "1" for i in needed))
    return max(0.0, 1 - there)


def _verdict(domain, k, row, suspects):
    n = len(domain.bands)
    if np.isnan(row["catalog"]):
        return "not measured in this catalog"
    if np.isnan(row["training"]):
        return "never measured in the training sample"
    told = []
    own = domain.bands[k - n : k - n + 2] if k >= n else [domain.bands[k]]
    told_by = _explained(own, suspects)
    if abs(told_by) > EXPLAINED:
        kinds = {kind for bands, kind in suspects if set(own) & set(bands)}
        what = "Vega magnitudes" if kinds == {"vega"} else "a second conversion from Vega"
        return f"shifted by {row['shift']:+.2f} mag: {what}? (would be {told_by:+.2f} mag)"
    names = ("bluer", "redder") if k >= n else ("brighter", "fainter")
    for side, name in zip(("below", "above"), names, strict=True):
        if row[side] > FOREIGN:
            told.append(f"{row[side]:.0%} {name} than the training sample")
    if k < n and abs(row["missing"] - row["missing_training"]) > GAPS:
        told.append(
            f"missing for {row['missing']:.0%} (training sample: {row['missing_training']:.0%})"
        )
    if not told and abs(row["widths"]) > 1:
        told.append(
            f"shifted by {row['shift']:+.2f} mag within the range of the training sample: another "
            "mix of classes" + (" or another depth" if k < n else "")
        )
    return "; ".join(told) or "alike"


def _explained(bands, suspects):
    """Shift of a magnitude or color by the suspected systems [mag]."""
    total = 0.0
    for sign, band in zip((1, -1), bands, strict=False):
        for suspected, kind in suspects:
            if band in suspected:
                total -= sign * get_band(band).vega_to_ab * (1 if kind == "vega" else -1)
    return total


def _suspicion(suspect):
    bands, kind = suspect
    labels = ", ".join(get_band(b).label for b in bands)
    if kind == "vega":
        return f'{labels} look like Vega magnitudes taken for AB (say system = "vega").'
    return f'{labels} look as if AB magnitudes were converted from Vega once more (say "ab").'
