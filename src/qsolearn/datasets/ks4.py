"""The figures of Kim et al. 2024 as numbers, read from files in a folder of the reader's own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from qsolearn.datasets.real import data_file
from qsolearn.frame import read_table

__all__ = ["load_ks4_counts", "load_ks4_histograms", "load_ks4_milliquas_points"]


def load_ks4_milliquas_points(folder: str | Path | None = None) -> pd.DataFrame:
    """Read the 472 Milliquas quasars of Kim et al. 2024, Fig. 3, with the paper's verdict.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    pandas.DataFrame
        ``verdict`` ("selected", "colorSNR_rej", "SED_rej") and the AB colors ``W2-W3``,
        ``W1-W2``, ``B-W3`` [mag]; NaN where a band is missing.
    """
    table = read_table(data_file("ks4_fig3_milliquas_points.csv", folder))
    return table.rename(columns=lambda c: c.removesuffix("_AB")).rename(
        columns={"status": "verdict"}
    )


def load_ks4_counts(folder: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """Read the number counts of Kim et al. 2024, Fig. 6: KS4, SDSS DR16 and DES.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    dict of str to pandas.DataFrame
        Per sample ``center`` [i' mag, AB] and ``per_deg2`` [1 / deg^2 / 0.25 mag].
    """
    content = json.loads(data_file("ks4_fig6_counts.json", folder).read_text(encoding="utf-8"))
    return {
        name: pd.DataFrame(values, columns=["center", "per_deg2"]).astype(float)
        for name, values in content.items()
        if isinstance(values, list)
    }


def load_ks4_histograms(folder: str | Path | None = None) -> dict[str, dict[str, float]]:
    """Read the stacked histograms of Kim et al. 2024, Figs 5, 8 and 9.

    Parameters
    ----------
    folder : str or Path, optional
        Where the catalogs lie.

    Returns
    -------
    dict of str to dict of str to float
        Per histogram (``fig5_z_selected``, ``fig8_i_PQSO>0.5``, ...) the center of each bin, as
        text, and the number of sources in it.
    """
    return json.loads(data_file("ks4_histograms.json", folder).read_text(encoding="utf-8"))
