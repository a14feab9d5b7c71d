"""Catalogs: real ones from a folder of yours, one published table, and simulated skies.

``load_`` reads from disk: a table that ships with the package, or a real catalog in the folder
that the environment variable ``QSOLEARN_DATA`` (or the argument ``folder``) names. The real
catalogs do not ship with the package; the book says where each comes from. ``fetch_`` asks an
archive and keeps the answer in a cache. ``make_challenge`` simulates one for a blind test.
"""

from qsolearn.datasets.archives import ARCHIVES, Archive
from qsolearn.datasets.challenge import make_challenge, open_challenge
from qsolearn.datasets.fetch import fetch_around, fetch_region
from qsolearn.datasets.ks4 import (
    load_ks4_counts,
    load_ks4_histograms,
    load_ks4_milliquas_points,
)
from qsolearn.datasets.published import load_calderone2024_new_quasars
from qsolearn.datasets.real import (
    load_desi_dr1,
    load_milliquas_stripe82,
    load_ps1_gaia_wise_quasars,
    load_quasar_luminosities,
    load_radio_matches,
    load_sdss_dr5_quasars,
    load_sdss_dr7,
    load_sdss_dr17,
    load_sdss_point_sources,
    load_stripe82x_agn,
)

__all__ = [
    "ARCHIVES",
    "Archive",
    "fetch_around",
    "fetch_region",
    "load_calderone2024_new_quasars",
    "load_desi_dr1",
    "load_ks4_counts",
    "load_ks4_histograms",
    "load_ks4_milliquas_points",
    "load_milliquas_stripe82",
    "load_ps1_gaia_wise_quasars",
    "load_quasar_luminosities",
    "load_radio_matches",
    "load_sdss_dr5_quasars",
    "load_sdss_dr7",
    "load_sdss_dr17",
    "load_sdss_point_sources",
    "load_stripe82x_agn",
    "make_challenge",
    "open_challenge",
]
