"""Quasar, galaxy or star: the best template of each kind, compared by BIC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from qsolearn.bands import check_bands
from qsolearn.errors import CatalogError, plural
from qsolearn.frame import bands_of, validate_frame
from qsolearn.sed.library import TemplateSet, folder_templates, own_templates
from qsolearn.sed.models import ModelGrid, model_grid
from qsolearn.selection.sedfit.engine import fit_one, fit_two
from qsolearn.selection.sedfit.photometry import fluxes_and_weights
from qsolearn.selection.sedfit.redshift import redshift_summary
from qsolearn.selection.sedfit.rules import (
    DOF,
    PARAMETERS,
    STAR_RULES,
    accept,
    bic,
    candidate_table,
)
from qsolearn.selection.sedfit.state import classifier_state, restore_state

__all__ = ["SEDClassifier"]

#: Sources fitted at once: keeps chi2 by redshift of all of them within some 20 MB.
_CHUNK = 4096
_KINDS = ("qso", "galaxy", "star")


class SEDClassifier(BaseEstimator):
    """Fit quasar, galaxy and star templates to each source and compare them by BIC.

    It learns nothing from labels: physics takes the place of a training set. `fit` makes the grid
    of models for some bands; `fit_sources` fits every source. It reads photometric frames itself,
    so give it to `select_frame` directly.

    Parameters
    ----------
    templates : TemplateSet, str or Path, optional
        Templates, or a folder of them (`qsolearn.sed.library.folder_templates`); by default those
        made from the components of this package.
    bands : sequence of str, length b >= 5, optional
        Bands to fit; by default all of the frame that is fitted first.
    z_max, z_step : float
        Redshifts of quasars and galaxies: 0 to ``z_max`` in steps of ``z_step``.
    host_share : tuple of float
        Smallest and largest share of the host galaxy in a quasar's light at rest 1.6 micron.
    error_floor : float or dict of str to float
        Systematic error of a magnitude [mag], added in quadrature; by band, if a dict (bands or
        surveys that it does not name have its value of ``"other"``).
    bic_margin, star_rule, chi2_level, dof, max_tau
        The rules of a candidate, see `qsolearn.selection.sedfit.rules.accept`.
    n_jobs : int
        Threads.

    Attributes
    ----------
    grid_ : ModelGrid
        Band fluxes of all models.
    bands_ : list of str, length b
    floor_ : ndarray, shape (b,)
        Error floor of each band [mag].
    classes_ : ndarray of str
        QSO, Galaxy, Star.
    quasar_classes_ : list of str
    dereddened_ : dict
        How ``qsolearn select`` dereddens a catalog before the fit.
    n_models_ : dict of str to int
        Models per source of each kind.

    Raises
    ------
    CatalogError
        By `fit`, if there are fewer bands than the 4 parameters of a quasar model plus one, a
        parameter is out of range, or a template does not cover a band.

    Notes
    -----
    For each kind the best model has the smallest chi2 = sum over bands of (f - m)^2 / sigma^2; the
    amplitudes of galaxies and stars (one) and of nucleus and host (two, within ``host_share``)
    follow in closed form. Kinds are compared by BIC = chi2 + k ln n with n the detected bands and

    ======  =  ====================================================
    kind    k  free parameters
    ======  =  ====================================================
    quasar  4  amplitudes of nucleus and host, redshift, tau of dust
    galaxy  2  amplitude, redshift
    star    1  amplitude
    ======  =  ====================================================

    Which template of a kind it is, is a choice and not counted. A candidate has BIC_QSO <=
    BIC_galaxy - 10, the same against stars (the paper's text names galaxies only), tau <= 1 and a
    chi2 below the 97.7 % quantile of a chi2 distribution of n - 4 degrees of freedom.

    Missing bands do not enter. An upper limit enters as 0 +- half the limit and is not among the
    n detected bands. A source with fewer than 5 detected bands has no fit: NaN, and a reason.
    Deredden the frame first: the models know no Galactic dust.

    References
    ----------
    Kim et al. 2024 (arXiv 2410.17187), Sect. 3.2; Lyu & Rieke 2017, 2018 for the AGN.

    Examples
    --------
    >>> from qsolearn.simulate import make_sky
    >>> sky = make_sky("sdss", n_sources=200, seed=1)
    >>> model = SEDClassifier(bands=[f"sdss_{b}" for b in "ugriz"], z_step=0.1, z_max=3.0)
    >>> fits = model.fit_sources(sky)
    >>> fits[["chi2_qso", "chi2_galaxy", "chi2_star"]].shape
    (200, 3)
    """

    def __init__(
        self, templates: TemplateSet | str | Path | None = None,
        bands: Sequence[str] | None = None, *, z_max: float = 6.0, z_step: float = 0.01,
        host_share: tuple[float, float] = (0.01, 0.95),
        error_floor: float | dict[str, float] = 0.1, bic_margin: float = 10.0,
        star_rule: str = "margin", chi2_level: float = 0.977, dof: str = "bands - parameters",
        max_tau: float = 1.0, n_jobs: int = 2,
    ) -> None:  # fmt: skip
        self.templates = templates
        self.bands = bands
        self.z_max = z_max
        self.z_step = z_step
        self.host_share = host_share
        self.error_floor = error_floor
        self.bic_margin = bic_margin
        self.star_rule = star_rule
        self.chi2_level = chi2_level
        self.dof = dof
        self.max_tau = max_tau
        self.n_jobs = n_jobs

    def fit(self, frame: pd.DataFrame | None = None, y: object = None) -> Self:
        """Make the grid of models.

        Parameters
        ----------
        frame : pandas.DataFrame, optional
            A photometric frame; its bands are used if ``bands`` was not given.
        y : object
            Not used.

        Returns
        -------
        self
        """
        self._check_settings()
        bands = self.bands
        if bands is None:
            if frame is None:
                raise CatalogError("Name the bands (bands=...), or give fit a photometric frame.")
            bands = bands_of(validate_frame(frame))
        try:
            bands = check_bands(bands)
        except ValueError as error:
            raise CatalogError(str(error)) from None
        self._check_count(bands)
        templates = self.templates
        if templates is None:
            templates = own_templates()
        elif not isinstance(templates, TemplateSet):
            templates = folder_templates(templates)
        z = np.arange(round(self.z_max / self.z_step) + 1) * self.z_step
        return self.use_grid(model_grid(templates, bands, z))

    def use_grid(self, grid: ModelGrid) -> Self:
        """Take a grid of models that was made before, instead of `fit`.

        Parameters
        ----------
        grid : ModelGrid
            Band fluxes of all models.

        Returns
        -------
        self
        """
        self._check_settings()
        self._check_count(grid.bands)
        self.grid_ = grid
        self.bands_ = list(grid.bands)
        self.floor_ = self._floor(self.bands_)
        self.classes_ = np.array(["QSO", "Galaxy", "Star"])
        self.quasar_classes_ = ["QSO"]
        self.dereddened_ = {"convention": "sf11"}
        return self

    @staticmethod
    def _check_count(bands):
        need = PARAMETERS["qso"] + 1
        if len(bands) < need:
            raise CatalogError(
                f"{plural(len(bands), 'band')} cannot judge a quasar model of {need - 1} free "
                f"parameters; give at least {need}."
            )

    def _check_settings(self):
        low, high = self.host_share
        checks = (
            (self.z_step > 0 and 0 <= self.z_max <= 10, "z_max lies in 0 to 10 and z_step above 0"),
            (0 < low < high < 1, "host_share is two shares, 0 < low < high < 1"),
            (self.star_rule in STAR_RULES, f"star_rule is one of {', '.join(STAR_RULES)}"),
            (self.dof in DOF, f"dof is one of {', '.join(DOF)}"),
            (0 < self.chi2_level <= 1, "chi2_level lies above 0 and up to 1"),
        )
        for good, rule in checks:
            if not good:
                raise CatalogError(f"A setting of SEDClassifier is out of range: {rule}.")

    def _floor(self, bands):
        given = self.error_floor
        if isinstance(given, dict):
            rest = given.get("other", 0.0)
            values = [given.get(b, given.get(b.split("_")[0], rest)) for b in bands]
        else:
            values = [given] * len(bands)
        values = np.asarray(values, float)
        if not (np.isfinite(values) & (values >= 0)).all():
            raise CatalogError("An error floor is a number of magnitudes, zero or above.")
        return values

    @property
    def n_models_(self) -> dict[str, int]:
        """Models per source of each kind, a dict of str to int."""
        return self.grid_.counts

    def fit_sources(self, frame: pd.DataFrame, progress: Callable | None = None) -> pd.DataFrame:
        """Best model of each kind for every source.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, dereddened.
        progress : callable, optional
            Called with the number of rows done, after each chunk.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            ``chi2_qso``, ``chi2_galaxy``, ``chi2_star`` and ``bic_`` of each; ``n_bands``
            (detected); ``z_phot`` (redshift of the best quasar model), ``z_low``, ``z_high`` (68 %
            range), ``z_probability`` (that z lies within 0.1 (1 + z_phot) of z_phot); ``tau``,
            ``host_share``; ``qso_model``, ``host_model``, ``galaxy_model``, ``z_galaxy``,
            ``star_model``; the amplitudes ``amp_nucleus``, ``amp_host``, ``amp_galaxy``,
            ``amp_star`` [nanomaggy per unit of the grid]. NaN or "" without a fit.

        Raises
        ------
        CatalogError
            If the frame lacks a band, has errors of zero or below, or no source has 5 bands.
        """
        validate_frame(frame)
        if not hasattr(self, "grid_"):
            self.fit(frame)
        self.floor_ = self._floor(self.bands_)
        flux, weight, detected = fluxes_and_weights(frame, self.bands_, self.floor_)
        n = detected.sum(axis=1)
        use = n > PARAMETERS["qso"]
        if not use.any():
            raise CatalogError(
                f"No source has the {PARAMETERS['qso'] + 1} bands with magnitude and error that a "
                f"fit needs; the best has {n.max()}."
            )
        rows = np.flatnonzero(use)
        parts = []
        for start in range(0, len(rows), _CHUNK):
            at = rows[start : start + _CHUNK]
            # Fluxes of a source are of the order of one: single precision then cannot overflow.
            scale = np.max(flux[at], axis=1, keepdims=True)
            parts.append(self._chunk(flux[at] / scale, weight[at] * scale**2, scale[:, 0]))
            if progress is not None:
                progress(len(at))
        made = pd.concat(parts, ignore_index=True)
        out = made.reindex(np.where(use, np.cumsum(use) - 1, -1))
        out.index = frame.index
        for name in ("qso_model", "host_model", "galaxy_model", "star_model"):
            out[name] = out[name].fillna("").astype(object)
        out["n_bands"] = n
        for kind in _KINDS:
            out[f"bic_{kind}"] = bic(out[f"chi2_{kind}"], kind, np.maximum(n, 1))
        return out

    def _chunk(self, flux, weight, scale):
        g = self.grid_
        jobs = self.n_jobs
        chi2_q, at_q, amp_q, profile = fit_two(flux, weight, g.agn, g.hosts, self.host_share, jobs)
        chi2_g, at_g, amp_g, _ = fit_one(flux, weight, g.galaxies, jobs)
        chi2_s, at_s, amp_s, _ = fit_one(flux, weight, g.stars[None], jobs)
        na, nh, ng = g.agn.shape[1], g.hosts.shape[1], g.galaxies.shape[1]
        nucleus = at_q // nh % na
        z, low, high, probability = redshift_summary(g.z, profile, at_q // (na * nh))
        return pd.DataFrame(
            {
                "chi2_qso": chi2_q, "chi2_galaxy": chi2_g, "chi2_star": chi2_s,
                "bic_qso": 0.0, "bic_galaxy": 0.0, "bic_star": 0.0, "n_bands": 0,
                "z_phot": z, "z_low": low, "z_high": high, "z_probability": probability,
                "tau": g.agn_tau[nucleus],
                "host_share": amp_q[:, 1] / amp_q.sum(axis=1),
                "qso_model": np.asarray(g.agn_names, object)[nucleus],
                "host_model": np.asarray(g.host_names, object)[at_q % nh],
                "galaxy_model": np.asarray(g.galaxy_names, object)[at_g % ng],
                "z_galaxy": g.z[at_g // ng],
                "star_model": np.asarray(g.star_names, object)[at_s],
                "amp_nucleus": amp_q[:, 0] * scale, "amp_host": amp_q[:, 1] * scale,
                "amp_galaxy": amp_g * scale, "amp_star": amp_s * scale,
            }
        )  # fmt: skip

    def model_fluxes(self, fits: pd.DataFrame, kind: str) -> np.ndarray:
        """Band fluxes of the best models of a kind.

        Parameters
        ----------
        fits : pandas.DataFrame, n rows
            As `fit_sources` gives them.
        kind : {"qso", "galaxy", "star"}

        Returns
        -------
        ndarray, shape (n, b)
            AB flux [nanomaggy] in each of ``bands_``; NaN without a fit.
        """
        g = self.grid_
        known = fits["chi2_qso"].notna().to_numpy()
        best = fits[known]

        def place(names, column):
            return pd.Index(names).get_indexer(best[column])

        def at(column):
            return np.searchsorted(g.z, best[column].to_numpy() - 1e-9)

        if kind == "star":
            flux = best[["amp_star"]].to_numpy() * g.stars[place(g.star_names, "star_model")]
        elif kind == "galaxy":
            model = g.galaxies[at("z_galaxy"), place(g.galaxy_names, "galaxy_model")]
            flux = best[["amp_galaxy"]].to_numpy() * model
        else:
            z = at("z_phot")
            nucleus = g.agn[z, place(g.agn_names, "qso_model")]
            host = g.hosts[z, place(g.host_names, "host_model")]
            flux = best[["amp_nucleus"]].to_numpy() * nucleus
            flux += best[["amp_host"]].to_numpy() * host
        out = np.full((len(fits), len(g.bands)), np.nan)
        out[known] = flux
        return out

    def accept(self, fits: pd.DataFrame) -> pd.DataFrame:
        """Apply the rules of a candidate to fits.

        Parameters
        ----------
        fits : pandas.DataFrame, n rows
            As `fit_sources` gives them.

        Returns
        -------
        pandas.DataFrame of bool, n rows
            ``galaxy``, ``star``, ``tau``, ``chi2`` and ``all``.
        """
        return accept(
            fits, bic_margin=self.bic_margin, star_rule=self.star_rule,
            chi2_level=self.chi2_level, dof=self.dof, max_tau=self.max_tau,
        )  # fmt: skip

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Candidates of a frame: what `select_frame` returns.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame, dereddened.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            As `qsolearn.selection.sedfit.rules.candidate_table` describes it.
        """
        fits = self.fit_sources(frame)
        return candidate_table(fits, self.accept(fits), self.classes_)

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """What the classifier consists of, for saving.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict of ndarray
        """
        if not hasattr(self, "grid_"):
            raise CatalogError("Only a fitted SEDClassifier can be saved; call fit first.")
        return classifier_state(self.get_params(), self.grid_)

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping[str, np.ndarray]) -> SEDClassifier:
        """Make the classifier again of what `to_state` gave.

        Parameters
        ----------
        values, arrays

        Returns
        -------
        SEDClassifier
        """
        settings, grid = restore_state(values, arrays)
        return cls(**settings).use_grid(grid)
