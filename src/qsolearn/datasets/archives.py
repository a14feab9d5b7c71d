"""The archives that `qsolearn.datasets.fetch` can ask: which table, which columns, which bands.

All are tables of VizieR, asked through its one TAP service, so that a query looks the same for
each. `adql_region` and `adql_around` write the queries as a reader would.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from qsolearn.errors import CatalogError, nearest_names

__all__ = ["ARCHIVES", "VIZIER_TAP", "Archive", "adql_around", "adql_region", "get_archive"]

#: Address of VizieR's TAP service.
VIZIER_TAP = "https://tapvizier.cds.unistra.fr/TAPVizieR/tap"


@dataclass(frozen=True)
class Archive:
    """One table of an archive, and how it becomes a photometric frame.

    Attributes
    ----------
    name : str
        What the user calls it.
    table : str
        Name in the TAP service.
    identifier, ra, dec : str
        Columns of the source name and of the ICRS position [deg].
    bands : dict
        Band id to ``{"mag": column, "err": column, "system": "ab" | "vega" | "sdss"}``.
    keep : tuple of str
        Further columns that come along (redshift, class, proper motion).
    where : str
        Further condition in ADQL, "" = none.
    reference : str
        What to cite.
    """

    name: str
    table: str
    identifier: str
    ra: str
    dec: str
    reference: str
    bands: dict = field(default_factory=dict)
    keep: tuple = ()
    where: str = ""

    @property
    def columns(self) -> list[str]:
        """Every column that is asked for, in a fixed order."""
        photometry = [spec[kind] for spec in self.bands.values() for kind in ("mag", "err")]
        return [self.identifier, self.ra, self.dec, *photometry, *self.keep]


def _bands(pairs, system, column="{}mag", error="e_{}mag"):
    return {
        band: {"mag": column.format(name), "err": error.format(name), "system": system}
        for band, name in pairs.items()
    }


_SDSS = {f"sdss_{b}": b for b in "ugriz"}
_WISE = {f"wise_w{n}": f"W{n}" for n in (1, 2, 3, 4)}

#: Archives by name.
ARCHIVES = {
    archive.name: archive
    for archive in (
        Archive(
            "sdss-stars",
            "V/154/sdss16",
            "objID",
            "RA_ICRS",
            "DE_ICRS",
            "SDSS DR16, Ahumada et al. 2020, ApJS 249, 3",
            _bands(_SDSS, "sdss", "{}pmag", "e_{}pmag"),
            ("spCl", "zsp"),
            'class = 6 AND "mode" = 1',
        ),
        Archive(
            "sdss-quasars",
            "VII/289/dr16q",
            "SDSS",
            "RAJ2000",
            "DEJ2000",
            "SDSS DR16Q, Lyke et al. 2020, ApJS 250, 8",
            _bands(_SDSS, "sdss"),
            ("z",),
        ),
        Archive(
            "milliquas",
            "VII/294/catalog",
            "Name",
            "RAJ2000",
            "DEJ2000",
            "Milliquas v8, Flesch 2023, OJAp 6, 49",
            {},
            ("Type", "z"),
        ),
        Archive(
            "allwise",
            "II/328/allwise",
            "AllWISE",
            "RAJ2000",
            "DEJ2000",
            "AllWISE, Cutri et al. 2013",
            _bands(_WISE, "vega"),
            ("ccf", "qph"),
        ),
        Archive(
            "ps1",
            "II/349/ps1",
            "objID",
            "RAJ2000",
            "DEJ2000",
            "Pan-STARRS1 DR1, Chambers et al. 2016",
            _bands({f"ps1_{b}": b for b in "grizy"}, "ab"),
        ),
        Archive(
            "gaia",
            "I/355/gaiadr3",
            "Source",
            "RA_ICRS",
            "DE_ICRS",
            "Gaia DR3, Gaia Collaboration 2023, A&A 674, A1",
            _bands({"gaia_g": "G", "gaia_bp": "BP", "gaia_rp": "RP"}, "vega"),
            ("Plx", "e_Plx", "pmRA", "e_pmRA", "pmDE", "e_pmDE"),
        ),
        Archive(
            "2mass",
            "II/246/out",
            "2MASS",
            "RAJ2000",
            "DEJ2000",
            "2MASS, Skrutskie et al. 2006, AJ 131, 1163",
            _bands({"twomass_j": "J", "twomass_h": "H", "twomass_ks": "K"}, "vega"),
        ),
        Archive(
            "vhs",
            "II/367/vhs_dr5",
            "SrcID",
            "RAJ2000",
            "DEJ2000",
            "VISTA Hemisphere Survey DR5, McMahon et al. 2013, Msngr 154, 35",
            _bands({"vista_j": "J", "vista_h": "H", "vista_ks": "Ks"}, "vega", "{}ap3", "e_{}ap3"),
        ),
    )
}


def get_archive(name: str) -> Archive:
    """Look an archive up.

    Parameters
    ----------
    name : str
        One of `ARCHIVES`.

    Returns
    -------
    Archive

    Raises
    ------
    CatalogError
        If there is none of that name.
    """
    if name not in ARCHIVES:
        raise CatalogError(f"There is no archive {name!r}; {nearest_names(name, ARCHIVES)}.")
    return ARCHIVES[name]


def _select(archive, prefix=""):
    return ", ".join(f'{prefix}"{column}"' for column in archive.columns)


def adql_region(
    archive: Archive, ra: float, dec: float, radius: float, dec_low: float, dec_high: float
) -> str:
    """Write the query for the part of a cone between two declinations.

    Parameters
    ----------
    archive : Archive
        What to ask.
    ra, dec, radius : float
        Center and radius of the cone [deg], ICRS.
    dec_low, dec_high : float
        Only dec_low <= declination < dec_high [deg].

    Returns
    -------
    str
        ADQL.

    Examples
    --------
    >>> print(adql_region(ARCHIVES["milliquas"], 10, 2, 1, 1, 3))
    SELECT "Name", "RAJ2000", "DEJ2000", "Type", "z"
    FROM "VII/294/catalog"
    WHERE 1 = CONTAINS(POINT('ICRS', "RAJ2000", "DEJ2000"), CIRCLE('ICRS', 10.0, 2.0, 1.0))
    AND "DEJ2000" >= 1.0 AND "DEJ2000" < 3.0
    """
    lines = [
        f"SELECT {_select(archive)}",
        f'FROM "{archive.table}"',
        f'WHERE 1 = CONTAINS(POINT(\'ICRS\', "{archive.ra}", "{archive.dec}"), '
        f"CIRCLE('ICRS', {float(ra)!r}, {float(dec)!r}, {float(radius)!r}))",
        f'AND "{archive.dec}" >= {float(dec_low)!r} AND "{archive.dec}" < {float(dec_high)!r}',
    ]
    return "\n".join(lines + ([f"AND {archive.where}"] if archive.where else []))


def adql_around(archive: Archive, radius: float) -> str:
    """Write the query for the sources near uploaded positions.

    Parameters
    ----------
    archive : Archive
        What to ask.
    radius : float
        Largest distance [deg].

    Returns
    -------
    str
        ADQL; the positions are uploaded as the table ``positions`` with ``nth``, ``ra_deg`` and
        ``dec_deg``.
    """
    lines = [
        f"SELECT p.nth, {_select(archive, 'a.')}",
        f'FROM TAP_UPLOAD.positions AS p JOIN "{archive.table}" AS a',
        f'ON 1 = CONTAINS(POINT(\'ICRS\', a."{archive.ra}", a."{archive.dec}"), '
        f"CIRCLE('ICRS', p.ra_deg, p.dec_deg, {float(radius)!r}))",
    ]
    return "\n".join(lines + ([f"WHERE {archive.where}"] if archive.where else []))
