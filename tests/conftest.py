"""What every test shares: deterministic hypothesis runs, a small sky, the folder of real data."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings

from qsolearn.simulate import make_sky

mpl.use("agg")
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("steady")

BANDS = ["sdss_u", "sdss_g", "sdss_r", "sdss_i", "sdss_z"]


@pytest.fixture(scope="session")
def sky():
    """Small simulated sky; tests must not change it."""
    return make_sky("sdss", n_sources=4000, seed=11)


@pytest.fixture(scope="session")
def real_data():
    """Folder of the real catalogs, or a skip that says why."""
    folder = os.environ.get("QSOLEARN_DATA")
    if not folder and os.environ.get("QSOLEARN_SHARED"):
        folder = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the real catalogs are not here: set QSOLEARN_DATA to their folder")
    return folder
