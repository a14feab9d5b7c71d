"""Band fluxes of every template at every redshift: what a fit compares sources with.

A template at redshift z seen through a band is one dot product. Redshift shifts a spectrum on the
logarithmic wavelength grid by ln(1 + z) / step pixels; between whole pixels it is interpolated.
The mean intergalactic gas (`qsolearn.sed.igm`) takes its share.

AGN and hosts are 1 at rest 1.6 micron, so that their amplitudes a and h tell the host's share of
the light there, h / (a + h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.bands import check_bands
from qsolearn.errors import CatalogError
from qsolearn.sed.filters import LOG_STEP, WAVELENGTH, filter_weights
from qsolearn.sed.igm import igm_transmission
from qsolearn.sed.stars import ALL_BANDS

if TYPE_CHECKING:
    from qsolearn.sed.library import TemplateSet

__all__ = ["SHARE_WAVELENGTH", "ModelGrid", "model_grid", "redshifted_fluxes"]

#: Rest wavelength at which the host's share of the light is told [angstrom].
SHARE_WAVELENGTH = 16_000.0


@dataclass(frozen=True)
class ModelGrid:
    """Band fluxes of templates, by redshift; every scale is arbitrary.

    Attributes
    ----------
    bands : tuple of str, length b
    z : ndarray, shape (nz,)
        Redshifts.
    agn : ndarray, shape (nz, a, b)
        AB fluxes of AGN that are 1 at rest 1.6 micron.
    hosts : ndarray, shape (nz, h, b)
        The same of host galaxies.
    galaxies : ndarray, shape (nz, g, b)
    stars : ndarray, shape (s, b)
    agn_tau : ndarray, shape (a,)
        Optical depth of polar dust at V.
    agn_names, host_names, galaxy_names, star_names : tuple of str
    source : str
        Where the templates come from.
    """

    bands: tuple[str, ...]
    z: np.ndarray
    agn: np.ndarray
    hosts: np.ndarray
    galaxies: np.ndarray
    stars: np.ndarray
    agn_tau: np.ndarray
    agn_names: tuple[str, ...]
    host_names: tuple[str, ...]
    galaxy_names: tuple[str, ...]
    star_names: tuple[str, ...]
    source: str

    @property
    def counts(self) -> dict[str, int]:
        """Models per source of each kind, a dict of str to int."""
        nz = len(self.z)
        return {
            "qso": nz * self.agn.shape[1] * self.hosts.shape[1],
            "galaxy": nz * self.galaxies.shape[1],
            "star": len(self.stars),
        }


def redshifted_fluxes(
    spectra: ArrayLike, z: ArrayLike, bands: Sequence[str], *, gas: bool = True
) -> np.ndarray:
    """Band fluxes of rest-frame spectra at redshifts.

    Parameters
    ----------
    spectra : array_like, shape (n, pixels)
        Rest-frame f_lambda on `qsolearn.sed.WAVELENGTH`.
    z : array_like, shape (nz,)
        Redshifts, 0 to 10.
    bands : sequence of str, length b, or ndarray, shape (pixels, b)
        Band ids, or the weights of filters of your own (`qsolearn.sed.filters.curve_weights`).
    gas : bool
        Whether the light passes the mean intergalactic gas.

    Returns
    -------
    ndarray, shape (nz, n, b)
        AB fluxes, any scale that is the same for all bands; NaN where a spectrum does not cover
        the band at that redshift.

    Examples
    --------
    >>> from qsolearn.sed import galaxy_spectrum
    >>> flux = redshifted_fluxes([galaxy_spectrum(0.0)], [0.0, 0.5], ["sdss_g", "sdss_r"])
    >>> (-2.5 * np.log10(flux[:, 0, 0] / flux[:, 0, 1])).round(1)  # g - r grows with redshift
    array([1. , 2.8])
    """
    spectra, z = np.atleast_2d(np.asarray(spectra, float)), np.asarray(z, float)
    weights = bands if isinstance(bands, np.ndarray) else filter_weights(bands)
    inside = [slice(lit[0], lit[-1] + 1) for lit in (np.flatnonzero(w) for w in weights.T)]
    out = np.empty((len(z), len(spectra), weights.shape[1]))
    for k, redshift in enumerate(z):
        shift = np.log1p(redshift) / LOG_STEP
        whole = int(np.ceil(shift))
        part = whole - shift  # rest pixel = observed pixel - whole + part
        through = igm_transmission(WAVELENGTH, redshift) if gas and redshift > 0 else None
        for j, at in enumerate(inside):
            weight = weights[at, j] if through is None else weights[at, j] * through[at]
            # Pixels off the blue end of the grid repeat its first: no light is left there.
            rest = np.clip(np.arange(at.start - whole, at.stop - whole), 0, None)
            flux = (1 - part) * (spectra[:, rest] @ weight)
            if part > 0:
                flux += part * (spectra[:, rest + 1] @ weight)
            out[k, :, j] = flux / (1 + redshift)
    return out


def model_grid(templates: TemplateSet, bands: Sequence[str], z: ArrayLike) -> ModelGrid:
    """Band fluxes of a set of templates.

    Parameters
    ----------
    templates : TemplateSet
        As `qsolearn.sed.library` makes them.
    bands : sequence of str, length b
        Band ids.
    z : array_like, shape (nz,)
        Redshifts of AGN and galaxies, increasing.

    Returns
    -------
    ModelGrid

    Raises
    ------
    CatalogError
        If a template does not cover a band at one of the redshifts.

    Examples
    --------
    >>> from qsolearn.sed.library import own_templates
    >>> grid = model_grid(own_templates(), ["kmt_i", "wise_w1"], [0.0, 1.0, 2.0])
    >>> grid.agn.shape, grid.counts["qso"]
    ((3, 18, 2), 378)
    """
    bands, z = tuple(check_bands(bands)), np.asarray(z, float)
    spectra = np.concatenate([_unit(templates.agn), _unit(templates.hosts), templates.galaxies])
    names = (*templates.agn_names, *templates.host_names, *templates.galaxy_names)
    flux = redshifted_fluxes(spectra, z, bands)
    _check_covered(flux, names, bands, z)
    if templates.star_vectors:
        columns = [ALL_BANDS.index(band) for band in bands]
        stars = 10 ** (-0.4 * templates.stars[:, columns])
    else:
        stars = redshifted_fluxes(templates.stars, [0.0], bands)
        _check_covered(stars, templates.star_names, bands, np.zeros(1))
        stars = stars[0]
    a, h = len(templates.agn), len(templates.hosts)
    # Galaxies and stars have no scale of their own: 1 in the mean keeps single precision safe.
    galaxies = flux[:, a + h :] / flux[:, a + h :].mean(axis=2, keepdims=True)
    # Nucleus and host share a scale at each redshift.
    flux = flux / flux[:, :a].mean(axis=(1, 2))[:, None, None]
    return ModelGrid(
        bands, z, flux[:, :a], flux[:, a : a + h], galaxies,
        stars / stars.mean(axis=1, keepdims=True), np.asarray(templates.agn_tau, float),
        tuple(templates.agn_names), tuple(templates.host_names), tuple(templates.galaxy_names),
        tuple(templates.star_names), templates.source,
    )  # fmt: skip


def _unit(spectra):
    at = np.searchsorted(WAVELENGTH, SHARE_WAVELENGTH)
    return spectra / spectra[:, [at]]


def _check_covered(flux, names, bands, z):
    gone = np.argwhere(~np.isfinite(flux))
    if len(gone):
        k, n, j = gone[0]
        raise CatalogError(
            f"The template {names[n]!r} does not cover {bands[j]} at redshift {z[k]:g}; leave the "
            "band or the template out, or the redshifts."
        )
