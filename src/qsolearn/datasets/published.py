"""Published tables that ship with the package."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd
from astropy.coordinates import SkyCoord

__all__ = ["load_calderone2024_new_quasars"]


def load_calderone2024_new_quasars() -> pd.DataFrame:
    """Read the 107 new quasars at z > 2.5 of Calderone et al. 2024.

    Returns
    -------
    pandas.DataFrame, 107 rows
        ``id`` (QUBRICS number), ``ra``, ``dec`` [deg, ICRS], ``mag_ps1_i`` [AB mag], ``true_z``,
        ``instrument``, ``month`` of the observation, ``note`` ("" where there is none).

    References
    ----------
    Calderone et al. 2024, A&A 683, A34, table of confirmed quasars.

    Examples
    --------
    >>> table = load_calderone2024_new_quasars()
    >>> len(table), float(table["true_z"].min())
    (107, 2.51)
    """
    path = files("qsolearn.datasets") / "data" / "calderone2024_new_quasars.csv"
    with path.open(encoding="utf-8") as stream:
        raw = pd.read_csv(stream, dtype={"note": "str"}, keep_default_na=False)
    position = SkyCoord(raw["ra_hms"], raw["dec_dms"], unit=("hourangle", "deg"))
    return pd.DataFrame(
        {
            "id": raw["qubrics_id"],
            "ra": position.ra.deg,
            "dec": position.dec.deg,
            "mag_ps1_i": raw["ps1_i_mag"].astype(float),
            "true_z": raw["z"].astype(float),
            "instrument": raw["instrument"],
            "month": raw["date_mm_yyyy"],
            "note": raw["note"],
        }
    )
