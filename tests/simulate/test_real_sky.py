"""The simulated quasars against real ones (odd rows of SDSS DR5; the fit saw the even rows)."""

from pathlib import Path

import numpy as np
import pytest

from qsolearn.frame import magnitudes, read_frame
from qsolearn.photometry import colors
from qsolearn.simulate import quasar_colors

UGRIZ = [f"sdss_{f}" for f in "ugriz"]


@pytest.mark.real
def test_median_colors_follow_real_quasars(real_data):
    frame = read_frame(Path(real_data) / "sdss_dr5q_schneider2007.tab.gz", keep=["z"]).iloc[1::2]
    mags, z = magnitudes(frame, UGRIZ), frame["z"].to_numpy()
    good = np.isfinite(mags).all(axis=1) & (z > 0.5) & (z < 2.4)
    real, z, i = colors(mags[good]), z[good], mags[good, 3] - 1.698 * 0.035
    made = quasar_colors(z, UGRIZ, magnitude=i, ebv=0.035, seed=0)
    misses = [
        np.median(made[near], axis=0) - np.median(real[near], axis=0)
        for near in (np.abs(z - center) < 0.05 for center in np.arange(0.55, 2.4, 0.1))
    ]
    assert np.abs(misses).max() < 0.15
    assert np.mean(np.abs(misses) < 0.1) > 0.9
