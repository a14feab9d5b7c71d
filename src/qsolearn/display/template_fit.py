"""The photometry of one source and the best template of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from qsolearn.bands import get_band
from qsolearn.display.basic import _axes
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import mag_from_flux
from qsolearn.sed.filters import WAVELENGTH
from qsolearn.sed.igm import igm_transmission
from qsolearn.sed.models import SHARE_WAVELENGTH, redshifted_fluxes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from qsolearn.sed.library import TemplateSet
    from qsolearn.selection import SEDClassifier

__all__ = ["TemplateFitDisplay"]

_COLORS = {"galaxy": "#0072B2", "qso": "#D55E00", "star": "#7f8794"}
_NAMES = {"galaxy": "galaxy", "qso": "quasar", "star": "star"}


class TemplateFitDisplay:
    """Measured magnitudes and best models of one source over wavelength.

    Parameters
    ----------
    wavelength : ndarray, shape (b,)
        Effective wavelengths of the bands [micron].
    mag, err : ndarray, shape (b,)
        Measured AB magnitudes and errors; NaN = missing; a limit has no error.
    limit : ndarray of bool, shape (b,)
    models : dict of str to ndarray, shape (b,)
        AB magnitudes of the best model of each kind ("qso", "galaxy", "star") in the bands.
    curves : dict of str to (ndarray, ndarray)
        Wavelength [micron] and AB magnitude of the same models as spectra, where known.
    chi2 : dict of str to float

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self,
        wavelength: np.ndarray,
        mag: np.ndarray,
        err: np.ndarray,
        limit: np.ndarray,
        models: dict[str, np.ndarray],
        curves: dict[str, tuple[np.ndarray, np.ndarray]],
        chi2: dict[str, float],
    ) -> None:
        self.wavelength, self.mag, self.err, self.limit = wavelength, mag, err, limit
        self.models, self.curves, self.chi2 = models, curves, chi2

    @classmethod
    def from_estimator(
        cls, classifier: SEDClassifier, frame: pd.DataFrame, templates: TemplateSet | None = None
    ) -> TemplateFitDisplay:
        """Fit one source and hold what is drawn.

        Parameters
        ----------
        classifier : SEDClassifier
            Fitted.
        frame : pandas.DataFrame, 1 row
            A photometric frame, dereddened.
        templates : TemplateSet, optional
            The templates of the classifier, to draw spectra; without them the models are drawn in
            the bands only.

        Returns
        -------
        TemplateFitDisplay

        Raises
        ------
        CatalogError
            If the frame has another number of rows than one.
        """
        if len(frame) != 1:
            raise CatalogError(f"A fit is drawn for one source; the frame has {len(frame)} rows.")
        fits = classifier.fit_sources(frame)
        fit, bands = fits.iloc[0], classifier.bands_
        limit = np.array([bool(frame[f"limit_{b}"].iloc[0]) if f"limit_{b}" in frame else False
                          for b in bands])  # fmt: skip
        err = frame[[f"err_{b}" for b in bands]].to_numpy(dtype=float)[0]
        fluxes = {kind: classifier.model_fluxes(fits, kind)[0] for kind in _COLORS}
        curves = {} if templates is None else _spectra(classifier, fit, fluxes, templates)
        return cls(
            np.array([get_band(b).wavelength for b in bands]) / 1e4,
            magnitudes(frame, bands)[0], err, limit,
            {kind: mag_from_flux(flux) for kind, flux in fluxes.items()}, curves,
            {kind: float(fit[f"chi2_{kind}"]) for kind in _COLORS},
        )  # fmt: skip

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        order = np.argsort(self.wavelength)
        for kind, color in _COLORS.items():
            label = rf"{_NAMES[kind]}, $\chi^2$ = {self.chi2[kind]:.1f}"
            if kind in self.curves:
                self.ax_.plot(*self.curves[kind], color=color, lw=1.2, label=label)
            else:
                self.ax_.plot(
                    self.wavelength[order], self.models[kind][order], color=color, lw=1.2,
                    ls="--", marker=".", label=label,
                )  # fmt: skip
        seen = np.isfinite(self.mag) & ~self.limit
        self.ax_.errorbar(
            self.wavelength[seen], self.mag[seen], yerr=self.err[seen], fmt="s", ms=6,
            color="#E69F00", mec="k", ecolor="k", zorder=3, label="measured",
        )  # fmt: skip
        top = np.isfinite(self.mag) & self.limit
        if top.any():
            self.ax_.plot(
                self.wavelength[top], self.mag[top], "v", ms=7, color="#E69F00", mec="k",
                zorder=3, label="upper limit",
            )  # fmt: skip
        known = self.mag[np.isfinite(self.mag)]
        self.ax_.set(
            xscale="log", xlabel="observed wavelength [micron]", ylabel="AB magnitude",
            xlim=(0.3, 30.0), ylim=(known.max() + 1.5, known.min() - 1.5),
        )  # fmt: skip
        self.ax_.set_xticks([0.4, 1, 2, 5, 10, 20], ["0.4", "1", "2", "5", "10", "20"])
        self.ax_.minorticks_off()
        self.ax_.legend(fontsize=9)
        return self


def _spectra(classifier, fit, fluxes, templates):
    """Spectra of the best models, scaled to their own band fluxes."""
    at = np.searchsorted(WAVELENGTH, SHARE_WAVELENGTH)

    def one(names, spectra, column):
        return spectra[names.index(fit[column])]

    nucleus = one(templates.agn_names, templates.agn, "qso_model")
    host = one(templates.host_names, templates.hosts, "host_model")
    share = fit["host_share"]
    rest = {
        "qso": ((1 - share) * nucleus / nucleus[at] + share * host / host[at], fit["z_phot"]),
        "galaxy": (one(templates.galaxy_names, templates.galaxies, "galaxy_model"),
                   fit["z_galaxy"]),
    }  # fmt: skip
    if not templates.star_vectors:
        rest["star"] = (one(templates.star_names, templates.stars, "star_model"), 0.0)
    out = {}
    for kind, (spectrum, z) in rest.items():
        shown = np.interp(WAVELENGTH / (1 + z), WAVELENGTH, spectrum) * WAVELENGTH**2
        if z > 0:
            shown = shown * igm_transmission(WAVELENGTH, z)
        bands = redshifted_fluxes(spectrum[None], [z], classifier.bands_)[0, 0]
        # f_lambda lambda^2 is f_nu up to a constant: a flat AB spectrum fixes the constant.
        flat = redshifted_fluxes(WAVELENGTH[None] ** -2.0, [0.0], classifier.bands_)[0, 0].mean()
        scale = fluxes[kind].sum() / (bands * (1 + z)).sum() * flat
        out[kind] = (WAVELENGTH / 1e4, mag_from_flux(shown * scale))
    return out
