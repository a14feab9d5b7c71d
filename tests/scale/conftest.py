"""A small sky, the same as a HATS catalog, and a selector fitted to it."""

import numpy as np
import pytest

from qsolearn.selection import FrameSelector, KernelBayesClassifier
from qsolearn.simulate import make_sky

UGRI = ["sdss_u", "sdss_g", "sdss_r", "sdss_i"]


@pytest.fixture(scope="session", autouse=True)
def _extra():
    for package in ("hats", "dask", "distributed"):
        pytest.importorskip(package, reason="pip install qsolearn[scale]")


@pytest.fixture(scope="session")
def small_sky():
    """Sources with gaps; tests must not change it."""
    sky = make_sky("sdss", n_sources=3000, seed=5)
    rng = np.random.default_rng(1)
    sky.loc[rng.random(len(sky)) < 0.1, "mag_sdss_u"] = np.nan
    return sky


@pytest.fixture(scope="session")
def bayes(small_sky):
    """A fitted selector that takes no NaN."""
    is_quasar = small_sky["true_class"].str.startswith("QSO")
    labels = np.where(is_quasar, "QSO", "other")
    return FrameSelector(KernelBayesClassifier(bandwidth=0.2), UGRI).fit(small_sky, labels)


@pytest.fixture(scope="session")
def hats_sky(small_sky, tmp_path_factory):
    """The sky in partitions of at most 400 rows."""
    from qsolearn.scale import write_hats

    folder = tmp_path_factory.mktemp("hats") / "sky"
    write_hats(small_sky, folder, rows_per_partition=400)
    return folder
