"""Candidates counted in cells of redshift and magnitude, and what a sky predicts for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from qsolearn.errors import CatalogError
from qsolearn.simulate.luminosity import count_quasars, quasar_counts

__all__ = ["Cells", "Prediction", "count_cells"]


@dataclass(frozen=True)
class Cells:
    """Counts in cells of redshift and magnitude.

    Attributes
    ----------
    z_edges : ndarray, shape (k + 1,)
        Edges in redshift, spectroscopic or estimated.
    magnitude_edges : ndarray, shape (m + 1,)
        Edges in i, Galactic extinction removed [mag].
    quasars, contaminants : ndarray of int, shape (k, m)
        Candidates with a spectrum that says quasar, or anything else.
    unlabeled : ndarray of int, shape (k, m)
        Candidates without a spectrum; all zero where the redshift is that of the spectrum.
    share : ndarray, shape (m,)
        Share of the candidates that have a spectrum.
    photometric : bool
        Whether the redshifts are estimated from colors.
    """

    z_edges: np.ndarray
    magnitude_edges: np.ndarray
    quasars: np.ndarray
    contaminants: np.ndarray
    unlabeled: np.ndarray
    share: np.ndarray
    photometric: bool


def count_cells(
    z: ArrayLike,
    magnitude: ArrayLike,
    is_quasar: ArrayLike,
    z_edges: ArrayLike,
    magnitude_edges: ArrayLike,
    *,
    photometric: bool,
) -> Cells:
    """Count candidates in cells.

    Parameters
    ----------
    z : array_like, shape (n,)
        Redshift of each candidate. With ``photometric=False`` that of its spectrum, NaN where there
        is none or it shows no quasar; else the estimated one, of all candidates.
    magnitude : array_like, shape (n,)
        i magnitude, Galactic extinction removed [mag].
    is_quasar : array_like, shape (n,)
        1 or 0 by its spectrum; NaN = no spectrum.
    z_edges, magnitude_edges : array_like
        Cell edges.
    photometric : bool
        Which redshifts these are.

    Returns
    -------
    Cells

    Raises
    ------
    CatalogError
        If lengths differ or a bin of magnitude has candidates but no spectrum.

    Notes
    -----
    Candidates with a spectrum must be a random part of the candidates of their magnitude bin. With
    spectroscopic redshifts the share is measured, spectra over candidates; contaminants have no
    redshift and drop out. With estimated redshifts the contaminants with a spectrum tell how many
    there are among those without.
    """
    z, magnitude, is_quasar = (np.asarray(a, dtype=float) for a in (z, magnitude, is_quasar))
    if not (z.shape == magnitude.shape == is_quasar.shape and z.ndim == 1):
        raise CatalogError(
            f"Redshifts, magnitudes and classes differ in shape: {z.shape}, {magnitude.shape}, "
            f"{is_quasar.shape}."
        )
    z_edges, magnitude_edges = (np.asarray(e, dtype=float) for e in (z_edges, magnitude_edges))
    edges = (z_edges, magnitude_edges)
    with_spectrum = np.isfinite(is_quasar)
    every, seen = (
        np.histogram(magnitude[rows], magnitude_edges)[0]
        for rows in (np.ones(len(z), bool), with_spectrum)
    )
    if ((every > 0) & (seen == 0)).any():
        bad = int(np.argmax((every > 0) & (seen == 0)))
        raise CatalogError(
            f"No candidate with magnitude {magnitude_edges[bad]:g} to {magnitude_edges[bad + 1]:g} "
            "has a spectrum; widen the bins or leave them out."
        )
    share = np.divide(seen, every, out=np.ones(len(every)), where=every > 0)

    def counted(rows):
        return np.histogram2d(z[rows], magnitude[rows], edges)[0].astype(int)

    known = np.isfinite(z)
    quasar = known & (is_quasar == 1)
    none = np.zeros((len(z_edges) - 1, len(magnitude_edges) - 1), dtype=int)
    other = counted(known & (is_quasar == 0)) if photometric else none
    rest = counted(known & ~with_spectrum) if photometric else none
    return Cells(z_edges, magnitude_edges, counted(quasar), other, rest, share, photometric)


class Prediction:
    """Quasars among the candidates that a luminosity function predicts for cells.

    Parameters
    ----------
    cells : Cells
        Whose edges; they lie on the table of the sky, steps of 0.02 in redshift and 0.05 mag.
    selection : callable, or sequence of k callables
        Probability of being selected of arrays (z, magnitude); for estimated redshifts one per
        redshift cell: the probability of being selected and put there.
    area_deg2 : float
        Area that was searched [deg^2].
    scatter : float
        Scatter of the measured about the true magnitudes: noise and variability [mag].

    Raises
    ------
    CatalogError
        If edges, area or selection cannot be used.
    """

    def __init__(self, cells, selection, area_deg2, scatter=0.0):
        if not area_deg2 > 0:
            raise CatalogError(f"The area must be positive, not {area_deg2} square degrees.")
        k = len(cells.z_edges) - 1
        if cells.photometric and (callable(selection) or len(selection) != k):
            raise CatalogError(
                f"Estimated redshifts need one selection function per redshift cell, {k} of them."
            )
        if not cells.photometric and not callable(selection):
            raise CatalogError("Spectroscopic redshifts need one selection function.")
        self.cells, self.area, self.scatter = cells, float(area_deg2), float(scatter)
        table = quasar_counts()
        self._z, self._mag = table.z, table.magnitude
        steps = [(c[1] - c[0], c[0] - (c[1] - c[0]) / 2) for c in (self._z, self._mag)]
        self._columns = _on_table(cells.magnitude_edges, *steps[1], "magnitude", len(self._mag))
        if cells.photometric:
            weights = np.nan_to_num([self._selected(s) for s in selection])
            # Redshifts from which no quasar comes need no counts.
            some = np.flatnonzero(weights.any(axis=(0, 2)))
            self._used = slice(some[0], some[-1] + 1) if len(some) else slice(0, 2)
            self._rows, self._weights = None, weights[:, self._used]
        else:
            places = _on_table(cells.z_edges, *steps[0], "redshift", len(self._z))
            self._used, self._rows = slice(places[0], places[-1]), places - places[0]
            weight = self._selected(selection)[self._used]
            if np.isnan(weight[:, self._columns[0] : self._columns[-1]]).any():
                raise CatalogError(
                    "The selection function does not cover all cells; measure a larger grid or "
                    "leave cells out."
                )
            self._weights = [np.nan_to_num(weight)]

    def _selected(self, selection):
        return np.asarray(selection(self._z[:, None], self._mag[None, :]), dtype=float)

    def __call__(self, parameters):
        """Expected numbers of selected quasars.

        Parameters
        ----------
        parameters : LuminosityParameters
            Of the luminosity function.

        Returns
        -------
        ndarray, shape (k, m)
        """
        density = count_quasars(parameters, self._used).density
        sums = [self._observed(density * w) for w in self._weights]
        columns = self._columns
        if self._rows is None:
            per_cell = np.array([s.sum(axis=0) for s in sums])
        else:
            per_cell = np.add.reduceat(sums[0], self._rows[:-1], axis=0)
        cut = per_cell[:, : columns[-1]]
        return np.add.reduceat(cut, columns[:-1], axis=1) * self.area

    def _observed(self, density):
        """Counts by measured magnitude from counts by true magnitude."""
        if self.scatter == 0:
            return density
        step = self._mag[1] - self._mag[0]
        return ndimage.gaussian_filter1d(density, self.scatter / step, axis=1, mode="nearest")


def _on_table(edges, step, first, name, cells):
    """Places of edges on a table with a step, as whole numbers."""
    place = (edges - first) / step
    whole = np.round(place).astype(int)
    if not (np.abs(place - whole) < 1e-6).all() or whole[0] < 0 or whole[-1] > cells:
        raise CatalogError(
            f"The {name} edges must lie on the steps of {step:g} from {first:g} to "
            f"{first + step * cells:g} that the sky is tabulated in."
        )
    return whole
