import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.photometry import (
    deredden,
    jester2005_i,
    kmtnet_from_references,
    sdss_i_from_kmtnet,
    sfd_ebv,
    zero_point,
)

MAGS = st.floats(10, 22)


@given(MAGS, MAGS, MAGS, MAGS, MAGS, MAGS)
def test_color_terms_are_those_of_the_paper(b, v, r, i, i_s, z_s):
    found = kmtnet_from_references(
        b_apass=b, v_apass=v, r_apass=r, i_apass=i, i_smss=i_s, z_smss=z_s
    )
    plain = [
        0.73 * b + 0.27 * v - 0.06,
        v + 0.02,
        0.6282 * r + 0.3718 * i + 0.0383,
        0.757 * i_s + 0.243 * z_s + 0.011,
    ]
    np.testing.assert_allclose(found, plain, rtol=1e-12)


def test_a_missing_reference_loses_its_bands_alone():
    found = kmtnet_from_references(
        b_apass=[np.nan], v_apass=[14.0], r_apass=[14.0], i_apass=[np.nan], i_smss=[14.0],
        z_smss=[14.0],
    )  # fmt: skip
    assert np.isnan(found).tolist() == [[True, False, True, False]]


def test_a_zero_point_survives_variable_stars():
    rng = np.random.default_rng(7)
    instrumental = rng.uniform(-14, -10, 400)
    reference = instrumental + 30.0 + 0.03 * rng.standard_normal(400)
    reference[:40] += rng.exponential(0.8, 40)
    reference[40] = np.nan
    found = zero_point(instrumental, reference)
    assert abs(found.value - 30.0) < 4 * found.error < 0.01
    assert found.n_used + found.n_clipped == 399
    assert found.n_clipped > 25
    assert abs(found.value - 30.0) < abs(np.nanmean(reference - instrumental) - 30.0) / 5


def test_identical_stars_give_a_zero_point_without_error():
    found = zero_point([1.0, 2.0, 3.0], [21.0, 22.0, 23.0])
    assert (found.value, found.error, found.n_clipped) == (20.0, 0.0, 0)


def test_bad_stars_are_told():
    with pytest.raises(ValueError, match="2 of the stars have both"):
        zero_point([1.0, 2.0, np.nan], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="There are 2 instrumental and 3 reference"):
        zero_point([1.0, 2.0], [1.0, 2.0, 3.0])


@given(MAGS, MAGS, MAGS, MAGS)
def test_ab_magnitudes_put_in_directly_are_a_quarter_magnitude_too_faint(b, v, r, i):
    wrong = jester2005_i(b, v, r, i)
    right = sdss_i_from_kmtnet([[b, v, r, i]])[0]
    assert wrong - right == pytest.approx(0.26, abs=0.005)
    assert 10 ** (0.85 * (wrong - right)) == pytest.approx(1.65, abs=0.01)


def maps(folder, north, south):
    """Two small maps in the projection of the SFD files, of one value each."""
    for name, sign, value in (("ngp", 1, north), ("sgp", -1, south)):
        image = fits.PrimaryHDU(np.full((64, 64), value, dtype=np.float32))
        image.header.update(CRPIX1=32.5, CRPIX2=32.5, LAM_NSGP=sign, LAM_SCAL=32.0)
        image.writeto(folder / f"SFD_dust_4096_{name}.fits")


def test_the_map_is_read_unscaled_and_086_enters_once(tmp_path, monkeypatch):
    pytest.importorskip("sfdmap2.sfdmap")
    maps(tmp_path, 0.1, 0.5)
    ebv = sfd_ebv([192.86, 12.86], [27.13, -27.13], tmp_path)
    np.testing.assert_allclose(ebv, [0.1, 0.5], rtol=1e-6)
    monkeypatch.setenv("SFD_DIR", str(tmp_path))
    np.testing.assert_allclose(sfd_ebv([192.86], [27.13]), [0.1], rtol=1e-6)
    frame = pd.DataFrame({"ebv": ebv, "mag_kmt_v": [20.0, 20.0]})
    lost = 20.0 - deredden(frame)["mag_kmt_v"].to_numpy()
    # With 0.86 once and R_V = 3.1 the V extinction is 0.86 * 3.1 E(B-V), to the 3 % that the curve
    # of the coefficient differs from the definition of V; with 0.86 twice it were 14 % less.
    np.testing.assert_allclose(lost / (0.86 * 3.1 * ebv), 1.0, atol=0.03)


@pytest.mark.parametrize("band", [f"sdss_{f}" for f in "griz"])
def test_the_two_conventions_differ_by_086(band):
    record = get_band(band)
    assert record.extinction / record.extinction_sfd98 == pytest.approx(0.86, abs=0.05)


def test_absent_maps_are_told(tmp_path, monkeypatch):
    monkeypatch.delenv("SFD_DIR", raising=False)
    with pytest.raises(CatalogError, match="not in any folder that SFD_DIR names; fetch"):
        sfd_ebv([1.0], [1.0])
    with pytest.raises(CatalogError, match=r"SFD_dust_4096_ngp\.fits is not in"):
        sfd_ebv([1.0], [1.0], tmp_path)


def test_the_absent_package_is_told(tmp_path, monkeypatch):
    maps(tmp_path, 0.1, 0.5)
    monkeypatch.setitem(__import__("sys").modules, "sfdmap2.sfdmap", None)
    with pytest.raises(CatalogError, match=r"pip install 'qsolearn\[sky\]'"):
        sfd_ebv([1.0], [1.0], tmp_path)
