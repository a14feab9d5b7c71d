"""The same sources through several surveys: one table, one truth, each survey's own limits."""

from __future__ import annotations

import numpy as np

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.simulate.surveys import SURVEYS, Survey, get_survey, observe

__all__ = ["find_survey", "observe_all"]

#: Wavelength of SDSS i, in which the limits of the catalogs are given [angstrom].
_I = 7525.6


def find_survey(name):
    """Look a survey up, or join several whose names are parted by "+".

    Parameters
    ----------
    name : str
        Such as ``"sdss"`` or ``"ks4+sdss"``.

    Returns
    -------
    Survey
        Of several: all their bands, from the brightest to the faintest limit, the footprint in
        declination of the first named, the largest |b|, galaxies that are compact for all.

    Raises
    ------
    CatalogError
        If there is no such survey, or one is named twice.

    Examples
    --------
    >>> find_survey("ks4+sdss").faint
    21.0
    """
    names = str(name).split("+")
    parts = tuple(get_survey(n) for n in names)
    if len(parts) == 1:
        return parts[0]
    twice = [n for n in names if names.count(n) > 1]
    if twice:
        raise CatalogError(f"Survey {twice[0]!r} is named twice in {name!r}; name each once.")
    return Survey(
        name=name,
        bands=tuple(dict.fromkeys(b for p in parts for b in p.bands)),
        bright=min(p.bright for p in parts),
        faint=max(p.faint for p in parts),
        latitude=max(p.latitude for p in parts),
        dec=parts[0].dec,
        compact=min(p.compact for p in parts),
        spectra=tuple(float(s) for s in np.max([p.spectra for p in parts], axis=0)),
        spectra_limit=max(p.spectra_limit for p in parts),
        gaia=any(p.gaia for p in parts),
    )


def observe_all(survey, mags, dust, latitude, rng, shots=None):
    """Measured magnitudes, errors and limits of the same sources in every survey.

    Parameters
    ----------
    survey : Survey
        As `find_survey` gives it.
    mags : ndarray, shape (n, b)
        True magnitudes in its bands, Galactic extinction removed [AB mag].
    dust : ndarray, shape (n, b)
        Galactic extinction in each band [mag].
    latitude, rng, shots
        As for `qsolearn.simulate.surveys.observe`.

    Returns
    -------
    mag, err : ndarray, shape (n, b)
        AB magnitudes and errors; NaN = missing.
    limit : ndarray of bool, shape (n, b)
        Whether the magnitude is an upper limit.

    Notes
    -----
    A survey lists the sources within its own limits; what it does not list has no magnitude in its
    bands. A band that two surveys share (WISE) is measured once.
    """
    if survey.name in SURVEYS:
        return observe(survey, mags + dust, latitude, rng, shots)
    waves = np.array([get_band(b).wavelength for b in survey.bands])
    mag, err = np.full(mags.shape, np.nan), np.full(mags.shape, np.nan)
    limit, listed = np.zeros(mags.shape, bool), np.zeros(mags.shape, bool)
    measured = np.zeros(len(survey.bands), bool)
    for part in map(get_survey, survey.name.split("+")):
        own = np.array([survey.bands.index(b) for b in part.bands])
        m, e, upper = observe(
            part, (mags + dust)[:, own], latitude, rng, shots if part.name == "ks4" else None
        )
        new = ~measured[own]
        mag[:, own[new]], err[:, own[new]] = m[:, new], e[:, new]
        limit[:, own[new]] = upper[:, new]
        measured[own] = True
        i = mags[:, own[np.argmin(np.abs(waves[own] - _I))]]
        listed[:, own] |= ((i > part.bright) & (i < part.faint))[:, None]
    return np.where(listed, mag, np.nan), np.where(listed, err, np.nan), limit & listed
