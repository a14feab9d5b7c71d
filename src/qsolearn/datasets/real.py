"""Loaders for the real catalogs: each gives a photometric frame and the labels beside it.

Every loader takes ``folder`` (default: environment variable ``QSOLEARN_DATA``) and returns
``(frame, labels)`` with the same rows: ``frame`` as `qsolearn.frame` defines it (AB, not
dereddened, NaN = missing), ``labels`` with ``true_class`` and ``true_z`` where the catalog knows
them. SDSS magnitudes are asinh magnitudes, moved to AB (u - 0.04, z + 0.02).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError
from qsolearn.frame import frame_from_table, read_table

__all__ = [
    "data_file",
    "load_desi_dr1",
    "load_milliquas_stripe82",
    "load_ps1_gaia_wise_quasars",
    "load_quasar_luminosities",
    "load_radio_matches",
    "load_sdss_dr5_quasars",
    "load_sdss_dr7",
    "load_sdss_dr17",
    "load_sdss_point_sources",
    "load_stripe82x_agn",
]

#: Redshift that parts low- from high-redshift quasars (Calderone et al. 2024).
HIGH_REDSHIFT = 2.5


def data_file(name: str, folder: str | Path | None) -> Path:
    """Path of a real catalog in the folder of the reader's own.

    Parameters
    ----------
    name : str
        Name of the file.
    folder : str or Path or None
        Where the catalogs lie; None = the environment variable ``QSOLEARN_DATA``.

    Returns
    -------
    Path

    Raises
    ------
    CatalogError
        If no folder is named or the file is not there.
    """
    folder = folder or os.environ.get("QSOLEARN_DATA")
    if not folder:
        raise CatalogError(
            f"{name} is a real catalog that does not ship with the package; put it into a folder "
            "and name that folder in QSOLEARN_DATA or folder=."
        )
    path = Path(folder) / name
    if not path.is_file():
        raise CatalogError(f"There is no {name} in the folder {folder}.")
    return path


def _quasar_class(z):
    """Class of a quasar by its redshift: QSOlowZ up to 2.5, QSOhighZ beyond."""
    return np.where(np.asarray(z, dtype=float) > HIGH_REDSHIFT, "QSOhighZ", "QSOlowZ")


def load_sdss_dr7(folder: str | Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read 30,000 quasars and 30,000 stars of SDSS DR7 with PSF magnitudes in ugriz.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame, 60,000 rows
        No positions: ``ra``, ``dec``, ``ebv`` are NaN.
    labels : pandas.DataFrame
        ``true_class`` ("QSO" or "Star"), ``true_z``, ``err_z``.

    Notes
    -----
    The stars are spectroscopic targets, not a random sample of the sky, and g > 19; efficiencies
    in the mix of this file mean nothing without the mix.
    """
    parts = []
    for kind, label in (("qso", "QSO"), ("star", "Star")):
        table = read_table(data_file(f"sdss_dr7_{kind}_psfmag_30k.csv.gz", folder))
        parts.append(table.assign(true_class=label))
    table = pd.concat(parts, ignore_index=True)
    labels = pd.DataFrame(
        {"true_class": table["true_class"], "true_z": table["z"], "err_z": table["zErr"]}
    )
    return frame_from_table(table), labels


def load_sdss_dr5_quasars(folder: str | Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the SDSS DR5 quasar catalog, 77,429 quasars.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame, 77,429 rows
        Positions are taken from the names (good to about 0.1 arcsec).
    labels : pandas.DataFrame
        ``true_class``, ``true_z``, ``first_mag`` (FIRST 20 cm peak flux density as AB
        magnitude; NaN = none), ``first_covered`` (bool), ``rosat_log_rate`` (log count rate
        [1/s]; NaN = none), ``abs_mag_i`` [mag].

    References
    ----------
    Schneider et al. 2007, AJ 134, 102.
    """
    table = read_table(data_file("sdss_dr5q_schneider2007.tab.gz", folder))
    name = table["SDSS"].astype(str)
    ra = _sexagesimal(name.str.slice(0, 9), hours=True)
    dec = _sexagesimal(name.str.slice(9), hours=False)
    first, rosat = table["FIRST"], table["ROSAT"]
    labels = pd.DataFrame(
        {
            "true_class": _quasar_class(table["z"]),
            "true_z": table["z"],
            "first_mag": first.where(first > 0),
            "first_covered": first >= 0,
            "rosat_log_rate": rosat.where(rosat > -9),
            "abs_mag_i": table["Mp"],
        }
    )
    photometry = table.drop(columns="z").assign(ra=ra, dec=dec)
    return frame_from_table(photometry, columns={"id": "SDSS"}), labels


def _sexagesimal(text, *, hours):
    """Degrees of texts such as 000006.53 (hours) or +003055.2 (degrees)."""
    sign = np.where(text.str.startswith("-"), -1.0, 1.0)
    digits = text.str.lstrip("+-")
    value = (
        digits.str.slice(0, 2).astype(float)
        + digits.str.slice(2, 4).astype(float) / 60
        + digits.str.slice(4).astype(float) / 3600
    )
    return (sign * value * (15 if hours else 1)).to_numpy()


def load_sdss_point_sources(
    which: str = "train", folder: str | Path | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the colors of SDSS point sources: 9,000 labeled or 12,884 unlabeled.

    Parameters
    ----------
    which : {"train", "test"}
        "train" is labeled (2,000 quasars, 5,000 stars, 2,000 white dwarfs), "test" is not.
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    labels : pandas.DataFrame
        ``true_class`` ("QSO", "Star", "WD"; "" when unlabeled).
    colors : pandas.DataFrame
        ``u-g, g-r, r-i, i-z`` [mag], in SDSS zero points: there are no magnitudes, so no frame.
    """
    if which not in ("train", "test"):
        raise CatalogError(f"There are the sets 'train' and 'test', not {which!r}.")
    table = read_table(data_file(f"sdss_ptsrc_{which}.tab.gz", folder))
    names = {1: "QSO", 2: "Star", 3: "WD"}
    label = table["Class"].map(names) if "Class" in table else pd.Series("", index=table.index)
    points = table[["u_g", "g_r", "r_i", "i_z"]].set_axis(["u-g", "g-r", "r-i", "i-z"], axis=1)
    return pd.DataFrame({"true_class": label}), points


def load_sdss_dr17(folder: str | Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read 99,999 SDSS DR17 objects: galaxies, stars and quasars with ugriz model magnitudes.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame
        Model (not PSF) magnitudes; no errors (``err_`` is NaN).
    labels : pandas.DataFrame
        ``true_class`` ("Galaxy", "Star", "QSOlowZ", "QSOhighZ"), ``true_z``. Redshifts of 6.9 or
        more are pipeline failures: ``true_z`` is NaN there and the class "QSOlowZ" does not
        follow from it, so such quasars have the class "".
    """
    table = read_table(data_file("sdss_dr17_100k.csv.gz", folder))
    bands = {f"sdss_{f}": {"mag": f, "system": "sdss"} for f in "ugriz"}
    z = table["redshift"].where(table["redshift"] < 6.9)
    label = table["class"].map({"GALAXY": "Galaxy", "STAR": "Star", "QSO": "QSO"}).astype(object)
    quasar = label == "QSO"
    label = label.where(~quasar, pd.Series(_quasar_class(z), index=z.index))
    label = label.where(~(quasar & z.isna()), "")
    frame = frame_from_table(table, bands=bands)
    return frame, pd.DataFrame({"true_class": label, "true_z": z})


def load_desi_dr1(folder: str | Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read 10,000 random DESI DR1 targets with Legacy, WISE and Gaia photometry.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame
        Fluxes of 0 or -99 and Gaia magnitudes of 0 are missing; ``ebv`` is SFD98, unscaled.
    labels : pandas.DataFrame
        ``true_class`` ("Galaxy", "Star", "QSOlowZ", "QSOhighZ"), ``true_z``, ``err_z``,
        ``morphology``.
    """
    table = read_table(data_file("desi_dr1_random10k.csv.gz", folder))
    kind = table["spectype"].map({"GALAXY": "Galaxy", "STAR": "Star", "QSO": "QSO"})
    label = kind.where(kind != "QSO", pd.Series(_quasar_class(table["z"]), index=table.index))
    labels = pd.DataFrame(
        {
            "true_class": label,
            "true_z": table["z"],
            "err_z": table["zerr"],
            "morphology": table["morphtype"],
        }
    )
    return frame_from_table(table), labels


def load_ps1_gaia_wise_quasars(
    folder: str | Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read 17,581 known quasars with PS1, Gaia and AllWISE photometry.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame
        Complete in twelve bands, which is a selection in itself; no errors.
    labels : pandas.DataFrame
        ``true_class`` ("QSOlowZ", "QSOhighZ", parted at 2.5), ``true_z``, ``pmra``, ``pmdec``
        [mas/yr] and their errors, ``parallax_snr``.
    """
    table = read_table(data_file("voss23_qso_ps1_gaia_wise.fits", folder))
    labels = pd.DataFrame(
        {
            "true_class": table["objtype"].str.strip(),
            "true_z": table["z_spec"].astype(float),
            "pmra": table["pmra"],
            "pmdec": table["pmdec"],
            "err_pmra": table["pmra_error"],
            "err_pmdec": table["pmdec_error"],
            "parallax_snr": table["parallax_over_error"],
        }
    )
    frame = frame_from_table(table, columns={"id": "qid", "ra": "RAd", "dec": "DECd"})
    return frame, labels


def load_stripe82x_agn(folder: str | Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read 1,509 X-ray AGN of Stripe 82X at z < 1 with photometry from u to W4.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    frame : pandas.DataFrame
        A WISE magnitude without error is an upper limit.
    labels : pandas.DataFrame
        ``true_z`` (NaN without a spectrum), ``true_class`` ("QSO" for broad lines, "other" for
        other spectra, "" without), ``z_phot_published``, ``chi2_published``,
        ``template_published`` of the LePhare fit in the same file.
    """
    table = read_table(data_file("stripe82x_agn_1509.fits", folder))
    bands = {
        f"sdss_{f}": {"mag": f.upper(), "err": f"{f.upper()}ERR", "system": "ab"} for f in "ugriz"
    }
    for f, column in (("j", "J"), ("h", "H"), ("ks", "K")):
        bands[f"vista_{f}"] = {"mag": column, "err": f"{column}ERR"}
    for f in ("1", "2", "3", "4"):
        bands[f"wise_w{f}"] = {"mag": f"W{f}", "err": f"W{f}ERR", "limit": "no_error"}
    z = table["REDSHIFT"].astype(float)
    z = z.where(z > 0)
    broad = table["SPEC_SUBCLASS"].fillna("").astype(str).str.contains("BROADLINE")
    label = np.where(z.isna(), "", np.where(broad, "QSO", "other"))
    labels = pd.DataFrame(
        {
            "true_class": label,
            "true_z": z,
            "z_phot_published": table["PHOTOZ"].astype(float),
            "chi2_published": table["CHI_BEST"].astype(float),
            "template_published": table["SED_NAME"].astype(str).str.strip(),
        }
    )
    frame = frame_from_table(
        table, bands=bands, columns={"id": "REC_NO", "ra": "CTP_RA", "dec": "CTP_DEC"}
    )
    return frame, labels


def load_milliquas_stripe82(folder: str | Path | None = None) -> pd.DataFrame:
    """Read positions and redshifts of the 35,317 Milliquas quasars with abs(dec) < 1.26 deg.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``ra``, ``dec`` [deg], ``true_z``, ``reference``: positions only, no photometry.
    """
    table = read_table(data_file("stripe82_milliquas.csv.gz", folder))
    names = {"mq_name": "id", "mq_ra": "ra", "mq_dec": "dec", "mq_z": "true_z"}
    return table.rename(columns={**names, "mq_cite": "reference"})[
        ["id", "ra", "dec", "true_z", "reference"]
    ]


def load_radio_matches(folder: str | Path | None = None) -> pd.DataFrame:
    """Read 9,797 SDSS DR16 objects with FIRST, NVSS, GLEAM and RACS radio matches.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``ra``, ``dec`` [deg], ``true_class``, ``true_z``, then the columns of the file.
    """
    table = read_table(data_file("zhang_radio_match.csv.gz", folder))
    names = {"sdss_name": "id", "sdss_ra": "ra", "sdss_dec": "dec"}
    return table.rename(columns={**names, "sdss_class": "true_class", "sdss_z": "true_z"})


def load_quasar_luminosities(folder: str | Path | None = None) -> pd.DataFrame:
    """Read redshift and absolute magnitude of 48,664 SDSS DR7 quasars with selection function.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    pandas.DataFrame
        ``true_z``, ``abs_mag_1450`` [mag], ``selection`` (probability), ``area_deg2``.
    """
    table = pd.read_csv(
        data_file("qlf_sdss_dr7.dat.gz", folder),
        sep=r"\s+",
        comment="#",
        header=None,
        usecols=range(5),
        names=["sample", "true_z", "abs_mag_1450", "selection", "area_deg2"],
    )
    return table.drop(columns="sample")
