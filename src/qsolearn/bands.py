"""Every photometric band that the project knows, and each number about it, once.

A band is named ``<survey>_<filter>``: ``sdss_u``, ``ps1_g``, ``gaia_bp``, ``wise_w1``.
Look one up with `get_band`, or all of a survey with `survey_bands`:

>>> from qsolearn.bands import get_band, survey_bands
>>> get_band("wise_w1").vega_to_ab
2.699
>>> [band.id for band in survey_bands("sdss")]
['sdss_u', 'sdss_g', 'sdss_r', 'sdss_i', 'sdss_z']

Conventions
-----------
``vega_to_ab`` is added to a Vega magnitude to give the AB magnitude.
``survey_to_ab`` is added to a magnitude in the survey's own zero points when these are
meant to be AB but miss it by a little (SDSS u and z); 0 elsewhere.
``extinction`` is A_band / E(B-V) with E(B-V) from the map of Schlegel, Finkbeiner & Davis
1998 *as printed* (unscaled): the 0.86 that Schlafly & Finkbeiner 2011 found is inside the
coefficient, so it must not be applied to E(B-V) again. ``extinction_sfd98`` is the older
coefficient without the 0.86, used by Richards et al. 2004; None where none was published.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["BANDS", "Band", "check_bands", "color_names", "get_band", "survey_bands"]

_SF11 = "Schlafly & Finkbeiner 2011, Table 6, R_V = 3.1"
_F99 = (
    "Fitzpatrick 1999 curve (R_V = 3.1) through the filter curve, flat f_nu, scaled to the "
    "SDSS r value of Schlafly & Finkbeiner 2011"
)
_XD = "Bovy et al. 2011 (XDQSO), for the SFD98 map"
_SPECLITE = "filter curve of speclite 1.0, flat f_lambda, photon-weighted"
_KIM = "Kim et al. 2024 (arXiv 2410.17187)"


@dataclass(frozen=True)
class Band:
    """One photometric band.

    Attributes
    ----------
    id : str
        Name used in every column: ``mag_<id>``, ``err_<id>``, ``limit_<id>``.
    label : str
        Short name for axes and color names (``u``, ``W1``).
    wavelength : float
        Effective wavelength [angstrom].
    native : str
        System in which the survey publishes: "ab" or "vega".
    vega_to_ab : float or None
        AB minus Vega magnitude [mag]; None = not used by any catalog here.
    extinction : float
        A_band / E(B-V)_SFD, the 0.86 included.
    extinction_sfd98 : float or None
        The same without the 0.86 (older convention).
    depth : float or None
        Depth, AB [mag]: 5 sigma, or 95 % completeness for SDSS (see ``sources``); None = not
        recovered.
    survey_to_ab : float
        AB minus the survey's own zero point [mag].
    ucd : str
        IVOA unified content descriptor of the magnitude.
    sources : dict of str to str
        Where each number comes from.
    """

    id: str
    label: str
    wavelength: float
    native: str
    vega_to_ab: float | None
    extinction: float
    extinction_sfd98: float | None
    depth: float | None
    survey_to_ab: float
    ucd: str
    sources: dict[str, str]

    @property
    def survey(self) -> str:
        """Survey part of the id (``sdss`` of ``sdss_u``)."""
        return self.id.split("_")[0]


def _family(survey, native, rows, *, depth_source=None, zero_source="", extinction_source="", **kw):
    sources = {
        "wavelength": kw.get("wavelength_source", _SPECLITE),
        "vega_to_ab": zero_source,
        "extinction": extinction_source,
        "depth": depth_source or "not recovered",
    }
    for name, label, wavelength, vega, ext, sfd98, depth, offset, ucd in rows:
        yield Band(
            f"{survey}_{name}", label, wavelength, native, vega, ext, sfd98, depth, offset,
            f"phot.mag;em.{ucd}", sources,
        )  # fmt: skip


# name, label, wavelength, Vega to AB, A/E(B-V), the same of SFD98, depth, survey to AB, UCD
_SDSS = [
    ("u", "u", 3614.4, None, 4.239, 5.155, 22.0, -0.04, "opt.U"),
    ("g", "g", 4749.2, None, 3.303, 3.793, 22.2, 0.0, "opt.B"),
    ("r", "r", 6205.8, None, 2.285, 2.751, 22.2, 0.0, "opt.R"),
    ("i", "i", 7525.6, None, 1.698, 2.086, 21.3, 0.0, "opt.I"),
    ("z", "z", 8947.4, None, 1.263, 1.479, 20.5, 0.02, "opt.I"),
]
_PS1 = [
    ("g", "g", 4900.1, None, 3.172, None, 23.3, 0.0, "opt.B"),
    ("r", "r", 6241.3, None, 2.271, None, 23.2, 0.0, "opt.R"),
    ("i", "i", 7563.8, None, 1.682, None, 23.1, 0.0, "opt.I"),
    ("z", "z", 8690.1, None, 1.322, None, 22.3, 0.0, "opt.I"),
    ("y", "y", 9644.6, None, 1.087, None, 21.4, 0.0, "opt.I"),
]
_GAIA = [
    ("g", "G", 6719.6, 0.1136, 2.514, None, 20.7, 0.0, "opt"),
    ("bp", "BP", 5319.9, 0.0155, 3.085, None, None, 0.0, "opt.B"),
    ("rp", "RP", 7939.1, 0.3561, 1.648, None, None, 0.0, "opt.R"),
]
_TWOMASS = [
    ("j", "J", 12408.0, 0.91, 0.723, None, 17.4, 0.0, "IR.J"),
    ("h", "H", 16513.7, 1.39, 0.460, None, 17.2, 0.0, "IR.H"),
    ("ks", "Ks", 21656.2, 1.85, 0.310, None, 16.9, 0.0, "IR.K"),
]
_VISTA = [
    ("j", "J", 12505.2, 0.916, 0.703, None, 21.5, 0.0, "IR.J"),
    ("h", "H", 16387.9, 1.366, 0.457, None, 21.2, 0.0, "IR.H"),
    ("ks", "Ks", 21451.4, 1.827, 0.310, None, 20.3, 0.0, "IR.K"),
]
_KMT = [
    ("b", "B", 4442.2, -0.09, 3.626, None, 22.75, 0.0, "opt.B"),
    ("v", "V", 5536.1, 0.02, 2.742, None, 22.60, 0.0, "opt.V"),
    ("r", "R", 6648.3, 0.21, 2.169, None, 22.80, 0.0, "opt.R"),
    ("i", "I", 8086.4, 0.45, 1.505, None, 22.09, 0.0, "opt.I"),
]
_WISE = [
    ("w1", "W1", 34002.5, 2.699, 0.184, None, 19.6, 0.0, "IR.3-4um"),
    ("w2", "W2", 46520.1, 3.339, 0.113, None, 19.3, 0.0, "IR.4-8um"),
    ("w3", "W3", 128103.4, 5.174, 0.0241, None, 16.7, 0.0, "IR.8-15um"),
    ("w4", "W4", 223752.8, 6.620, 0.00910, None, 14.6, 0.0, "IR.15-30um"),
]
_LEGACY = [
    ("g", "g", 4816.0, None, 3.214, None, None, 0.0, "opt.B"),
    ("r", "r", 6437.8, None, 2.165, None, None, 0.0, "opt.R"),
    ("z", "z", 9229.7, None, 1.211, None, None, 0.0, "opt.I"),
]

#: Every band by its id.
BANDS: dict[str, Band] = {
    band.id: band
    for family in (
        _family(
            "sdss", "ab", _SDSS,
            depth_source="SDSS 95 % completeness for point sources",
            zero_source="SDSS photometric calibration pages: u_AB = u - 0.04, z_AB = z + 0.02",
            extinction_source=_SF11,
        ),
        _family(
            "ps1", "ab", _PS1,
            depth_source="Pan-STARRS1 stack, 5 sigma",
            zero_source="AB survey", extinction_source=_SF11,
        ),
        _family(
            "gaia", "vega", _GAIA,
            depth_source="limit G <= 20.7 (Kim et al. 2024)",
            zero_source="Gaia EDR3 zero points: 25.8010, 25.3540, 25.1040 (AB) less 25.6874, "
            "25.3385, 24.7479 (Vega)",
            extinction_source=_F99,
        ),
        _family(
            "twomass", "vega", _TWOMASS, depth_source=_KIM,
            zero_source="Blanton et al. 2005", extinction_source=_SF11,
        ),
        _family(
            "vista", "vega", _VISTA, depth_source=_KIM + ", VHS DR5",
            zero_source="Gonzalez-Fernandez et al. 2018", extinction_source=_F99,
            wavelength_source="filter curve of astro-sedpy",
        ),
        _family(
            "kmt", "ab", _KMT, depth_source=_KIM,
            zero_source="Blanton & Roweis 2007, Bessell BVRI; the catalog itself is AB: " + _KIM,
            extinction_source=_SF11 + " (Landolt BVRI)",
            wavelength_source="Bessell BVRI of speclite 1.0, standing in for the KMTNet filters",
        ),
        _family(
            "wise", "vega", _WISE, depth_source=_KIM + ", AllWISE",
            zero_source="WISE Explanatory Supplement; Kim et al. 2024",
            extinction_source=_XD + " (W1, W2); DESI Legacy Imaging Surveys DR9 (W3, W4)",
        ),
        _family(
            "legacy", "ab", _LEGACY, zero_source="nanomaggies, AB",
            extinction_source="DESI Legacy Imaging Surveys DR9, for the SFD98 map",
            wavelength_source="BASS g, r and MzLS z curves of speclite 1.0",
        ),
    )
    for band in family
}  # fmt: skip


def get_band(band: str) -> Band:
    """Look one band up by its id.

    Parameters
    ----------
    band : str
        Band id such as ``"sdss_u"``.

    Returns
    -------
    Band

    Raises
    ------
    ValueError
        If the id is unknown; the message names the nearest ids.

    Examples
    --------
    >>> get_band("sdss_u").extinction
    4.239
    >>> get_band("sdss_x")
    Traceback (most recent call last):
    ...
    ValueError: Unknown band 'sdss_x'; did you mean sdss_z, sdss_u or sdss_r?
    """
    if band in BANDS:
        return BANDS[band]
    near = difflib.get_close_matches(str(band), BANDS, n=3, cutoff=0.4)
    hint = (
        f"did you mean {', '.join(near[:-1])}{' or ' if near[:-1] else ''}{near[-1]}?"
        if near
        else f"the known surveys are {', '.join(sorted({b.survey for b in BANDS.values()}))}."
    )
    raise ValueError(f"Unknown band {band!r}; {hint}")


def survey_bands(survey: str) -> list[Band]:
    """Bands of one survey, in the order of the survey's own tables.

    Parameters
    ----------
    survey : str
        ``sdss``, ``ps1``, ``gaia``, ``twomass``, ``vista``, ``kmt``, ``wise`` or ``legacy``.

    Returns
    -------
    list of Band

    Raises
    ------
    ValueError
        If no band belongs to that survey.

    Examples
    --------
    >>> [band.label for band in survey_bands("gaia")]
    ['G', 'BP', 'RP']
    """
    found = [band for band in BANDS.values() if band.survey == survey]
    if not found:
        known = ", ".join(dict.fromkeys(b.survey for b in BANDS.values()))
        raise ValueError(f"Unknown survey {survey!r}; the known surveys are {known}.")
    return found


def check_bands(bands: Iterable[str]) -> list[str]:
    """Check a list of band ids: all known, none twice, at least one.

    Parameters
    ----------
    bands : iterable of str
        Band ids.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If the list is empty, repeats a band or names an unknown one.

    Examples
    --------
    >>> check_bands(("sdss_u", "sdss_g"))
    ['sdss_u', 'sdss_g']
    """
    bands = [bands] if isinstance(bands, str) else list(bands)
    if not bands:
        raise ValueError("No band was given; name at least one, such as sdss_u.")
    for band in bands:
        get_band(band)
    repeated = sorted({band for band in bands if bands.count(band) > 1})
    if repeated:
        raise ValueError(f"Band {repeated[0]} is named more than once; name each band once.")
    return bands


def color_names(bands: Sequence[str]) -> list[str]:
    """Names of the neighboring colors of a list of bands.

    Parameters
    ----------
    bands : sequence of str, length b
        Band ids in the order in which magnitudes are subtracted.

    Returns
    -------
    list of str, length b - 1
        ``u-g`` style labels; the survey is added where two surveys share a label.

    Examples
    --------
    >>> color_names(["sdss_u", "sdss_g", "sdss_r"])
    ['u-g', 'g-r']
    """
    records = [get_band(band) for band in check_bands(bands)]
    labels = [band.label for band in records]
    names = [b.id if labels.count(b.label) > 1 else b.label for b in records]
    return [f"{a}-{b}" for a, b in itertools.pairwise(names)]
