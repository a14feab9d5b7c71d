"""Inoue et al. 2014 against a plain transcription of its equations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.sed import igm_transmission
from qsolearn.sed.igm import _SERIES, lyman_continuum_depth, lyman_series_depth


def plain_series(wavelength, z):
    """One wavelength, one line at a time."""
    total = 0.0
    for line, a1, a2, a3, d1, d2 in _SERIES:
        if not line < wavelength < line * (1 + z):
            continue
        x = wavelength / line
        total += a1 * x**1.2 if x < 2.2 else a2 * x**3.7 if x < 5.7 else a3 * x**5.5
        total += d1 * x**2 if x < 3.0 else d2 * x**3
    return total


def plain_continuum(wavelength, z):
    x = wavelength / 911.75
    if x >= 1 + z:
        return 0.0
    if z < 1.2:
        laf = 0.325 * (x**1.2 - (1 + z) ** -0.9 * x**2.1)
    elif z < 4.7:
        if x < 2.2:
            laf = 0.0255 * (1 + z) ** 1.6 * x**2.1 + 0.325 * x**1.2 - 0.25 * x**2.1
        else:
            laf = 0.0255 * ((1 + z) ** 1.6 * x**2.1 - x**3.7)
    elif x < 2.2:
        laf = 5.22e-4 * (1 + z) ** 3.4 * x**2.1 + 0.325 * x**1.2 - 0.0314 * x**2.1
    elif x < 5.7:
        laf = 5.22e-4 * (1 + z) ** 3.4 * x**2.1 + 0.218 * x**2.1 - 0.0255 * x**3.7
    else:
        laf = 5.22e-4 * ((1 + z) ** 3.4 * x**2.1 - x**5.5)
    if z < 2:
        dla = 0.211 * (1 + z) ** 2 - 0.0766 * (1 + z) ** 2.3 * x**-0.3 - 0.135 * x**2
    elif x < 3:
        dla = 0.634 + 0.047 * (1 + z) ** 3 - 0.0178 * (1 + z) ** 3.3 * x**-0.3
        dla += -0.135 * x**2 - 0.291 * x**-0.3
    else:
        dla = 0.047 * (1 + z) ** 3 - 0.0178 * (1 + z) ** 3.3 * x**-0.3 - 0.0292 * x**3
    return laf + dla


@settings(derandomize=True, deadline=None, max_examples=200)
@given(wavelength=st.floats(912.0, 10_000.0), z=st.floats(0.0, 7.0))
def test_depths_agree_with_plain_formulas(wavelength, z):
    assert lyman_series_depth([wavelength], z)[0] == pytest.approx(plain_series(wavelength, z))
    assert lyman_continuum_depth([wavelength], z)[0] == pytest.approx(
        plain_continuum(wavelength, z), abs=1e-12
    )


def test_transmission_is_a_share_and_falls_with_redshift():
    wave = np.linspace(912.0, 9000.0, 500)
    through = np.array([igm_transmission(wave, z) for z in (1.0, 2.0, 3.0, 4.0, 5.0)])
    assert np.all((through > 0) & (through <= 1.0 + 1e-9))
    assert np.all(np.diff(through.mean(axis=1)) < 0)
    assert igm_transmission([1300.0 * 4], 3.0)[0] == 1.0


def test_factors_scale_the_depth():
    wave = np.array([4000.0])
    one, two = (igm_transmission(wave, 3.0, forest=f, continuum=0.0)[0] for f in (1.0, 2.0))
    assert two == pytest.approx(one**2)


@pytest.mark.parametrize("z", [-0.1, 11.0, float("nan")])
def test_redshift_outside_the_model(z):
    with pytest.raises(ValueError, match="outside the model; give one from 0 to 10"):
        igm_transmission([4000.0], z)
