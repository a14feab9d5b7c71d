"""The templates of a fit: AGN, their host galaxies, galaxies without a nucleus, stars.

`own_templates` makes a set from the components of this package; `folder_templates` reads one from
a user's folder. Both give a `TemplateSet`, so that whatever fits them cannot tell them apart.

The own AGN come in three kinds, as those of Lyu & Rieke 2017 [1]_: normal, with less hot dust and
with less warm dust; each behind polar dust of six optical depths [2]_. The dust has large grains,
so that it takes almost as much red light as blue, and shines with the energy that it took:

.. math:: f'(\\lambda) = f(\\lambda)\\,e^{-\\tau_V k(\\lambda)} + c\\,E\\,g(\\lambda),\\quad
          E = \\int f\\,(1 - e^{-\\tau_V k})\\,d\\lambda

where k is 1 at V, g the dust's spectrum of unit energy (black bodies of 70 to 400 K) and c the
share of the sky, seen from the nucleus, that polar dust covers. Curve, temperatures and share are
approximate; a user with the published templates reads them with `folder_templates`.

References
----------
.. [1] Lyu, Rieke & Shi 2017, ApJ 835, 257 (three kinds of AGN).
.. [2] Lyu & Rieke 2018, ApJ 866, 92 (polar dust).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.sed.filters import WAVELENGTH
from qsolearn.sed.folder import read_folder
from qsolearn.sed.galaxy import galaxy_spectrum
from qsolearn.sed.quasar import quasar_components, quasar_parameters
from qsolearn.sed.stars import ALL_BANDS, star_templates

__all__ = ["POLAR_DEPTHS", "TemplateSet", "folder_templates", "own_templates"]

#: Optical depths of polar dust at V (Kim et al. 2024: 0 to 1.25 in six steps).
POLAR_DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)

#: Shares of young stars of the own hosts and of the own galaxies, and E(B-V) of the latter [mag].
_HOSTS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8)
_YOUNG = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
_DUST = (0.0, 0.15, 0.3)
#: Share of the sky covered by polar dust, seen from the nucleus (approximate).
_COVER = 0.2
#: Gray extinction of large grains, as a power of the wavelength, up to 2 micron (approximate).
_GRAY = -0.25
#: Hosts among the galaxies of a folder without a subfolder host: the types that Kim et al. 2024
#: name, by the start of the file names in the public COSMOS set.
_HOST_NAMES = ("Ell2", "Ell6", "S0", "Sa", "Sb", "Sc", "Sd")


@dataclass(frozen=True)
class TemplateSet:
    """Templates of the four kinds.

    Attributes
    ----------
    source : str
        Where they come from.
    agn : ndarray, shape (a, pixels)
        Rest-frame f_lambda on `qsolearn.sed.WAVELENGTH`, any unit, of AGN without host.
    agn_names : tuple of str, length a
    agn_tau : ndarray, shape (a,)
        Optical depth of polar dust at V.
    hosts, galaxies : ndarray, shape (h, pixels), (g, pixels)
        The same of host galaxies, and of galaxies without a nucleus.
    host_names, galaxy_names : tuple of str
    stars : ndarray, shape (s, pixels) or (s, 30)
        Spectra, or magnitudes in `qsolearn.sed.stars.ALL_BANDS` (see ``star_vectors``).
    star_names : tuple of str, length s
    star_vectors : bool
        Whether ``stars`` are magnitudes in all bands rather than spectra.
    """

    source: str
    agn: np.ndarray
    agn_names: tuple[str, ...]
    agn_tau: np.ndarray
    hosts: np.ndarray
    host_names: tuple[str, ...]
    galaxies: np.ndarray
    galaxy_names: tuple[str, ...]
    stars: np.ndarray
    star_names: tuple[str, ...]
    star_vectors: bool


def _polar(nucleus, tau):
    """A nucleus behind polar dust, with the dust's own light."""
    k = (np.clip(WAVELENGTH, 1500.0, 20_000.0) / 5500.0) ** _GRAY
    k = k * np.minimum(20_000.0 / WAVELENGTH, 1.0)
    passed = np.exp(-tau * k)
    lit = WAVELENGTH > 912.0
    energy = np.trapezoid((nucleus * (1 - passed))[lit], WAVELENGTH[lit])
    glow = np.zeros_like(WAVELENGTH)
    for temperature in np.geomspace(70.0, 400.0, 8):
        with np.errstate(over="ignore"):
            body = WAVELENGTH**-5 / np.expm1(1.4388e8 / (WAVELENGTH * temperature))
        # Energy of a black body in these units: pi^4 / 15 (T / 1.4388e8)^4.
        glow += body / (np.pi**4 / 15 * (temperature / 1.4388e8) ** 4) / 8
    return nucleus * passed + _COVER * energy * glow


def own_templates() -> TemplateSet:
    """Templates made from the components of this package.

    Returns
    -------
    TemplateSet
        3 kinds of AGN x 6 depths of polar dust, 7 hosts, 31 galaxies, and stars: dwarfs of the
        disk and the halo, white dwarfs with and without hydrogen.

    Notes
    -----
    The components are also those of the simulated sky: a fit of simulated sources with these
    templates is a best case. Judge on real sources.

    Examples
    --------
    >>> made = own_templates()
    >>> len(made.agn), len(made.hosts), len(made.galaxies), len(made.stars)
    (18, 7, 31, 147)
    """
    parts = quasar_components()
    left = quasar_parameters()["scatter"]
    nucleus, hot, warm = parts[:4].sum(axis=0), parts[4], parts[5]
    kinds = {
        "normal": nucleus + hot + warm,
        "hot-deficient": nucleus + left["hot_left"] * hot + warm,
        "warm-deficient": nucleus + hot + left["warm_left"] * warm,
    }
    agn = [_polar(spectrum, tau) for spectrum in kinds.values() for tau in POLAR_DEPTHS]
    names = [f"{kind}, tau {tau:g}" for kind in kinds for tau in POLAR_DEPTHS]
    attenuation = 4.05 * (WAVELENGTH / 5500.0) ** -0.7
    galaxies, galaxy_names = [galaxy_spectrum(0.0)], ["old"]
    for young in _YOUNG:
        for ebv in _DUST:
            galaxies.append(galaxy_spectrum(young) * 10 ** (-0.4 * ebv * attenuation))
            galaxy_names.append(f"young {young:g}, dust {ebv:g}")
    stars, star_names = _own_stars()
    return TemplateSet(
        "own components", np.array(agn), tuple(names),
        np.tile(POLAR_DEPTHS, len(kinds)).astype(float),
        galaxy_spectrum(_HOSTS), tuple(f"young {young:g}" for young in _HOSTS),
        np.array(galaxies), tuple(galaxy_names), stars, tuple(star_names), True,
    )  # fmt: skip


def _own_stars():
    families = star_templates()
    rows, names = [], []
    for family, step, unit in (
        ("disk", 8, ""),
        ("halo", 8, ""),
        ("da", 10, " K"),
        ("db", 12, " K"),
    ):
        chosen = families[family]
        for k in range(0, len(chosen.parameter), step):
            value = f"{chosen.parameter[k]:.0f}{unit}" if unit else f"{chosen.parameter[k]:.2f}"
            rows.append(chosen.magnitudes[k])
            names.append(f"{family} {value}")
    assert len(ALL_BANDS) == len(rows[0])
    return np.array(rows), names


def folder_templates(folder: str | Path) -> TemplateSet:
    """Read a set of templates from a user's folder.

    Parameters
    ----------
    folder : str or Path
        With the subfolders ``agn``, ``galaxy``, ``star`` and, optionally, ``host``; files as
        `qsolearn.sed.folder.read_sed` tells. Without ``host``, the hosts are the first galaxies
        whose names begin with Ell2, Ell6, S0, Sa, Sb, Sc and Sd.

    Returns
    -------
    TemplateSet

    Raises
    ------
    CatalogError
        If a subfolder or the hosts are absent, or a file cannot be used.
    """
    folder = Path(folder)
    agn = read_folder(folder / "agn")
    galaxies = read_folder(folder / "galaxy")
    stars = read_folder(folder / "star", star=True)
    if (folder / "host").is_dir():
        hosts = read_folder(folder / "host")
    else:
        hosts = []
        for start in _HOST_NAMES:
            match = [t for t in galaxies if t.name.split("_")[0] == start]
            if not match:
                raise CatalogError(
                    f"The folder {folder} has neither a subfolder host nor a galaxy called "
                    f"{start}_...; put the host galaxies into host."
                )
            hosts.append(match[0])
    return TemplateSet(
        str(folder.name),
        np.array([t.flux for t in agn]), tuple(t.name for t in agn),
        np.array([t.tau_v for t in agn]),
        np.array([t.flux for t in hosts]), tuple(t.name for t in hosts),
        np.array([t.flux for t in galaxies]), tuple(t.name for t in galaxies),
        np.array([t.flux for t in stars]), tuple(t.name for t in stars), False,
    )  # fmt: skip
