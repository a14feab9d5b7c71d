"""The fit on real sources, the paper's templates, and LePhare beside us, where they are."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from qsolearn.sed.library import folder_templates, own_templates
from qsolearn.sed.models import model_grid
from test_real import ROOT, differences, load_script


@pytest.fixture(scope="module")
def paper_templates():
    shared = os.environ.get("QSOLEARN_SHARED")
    folder = Path(shared) / "templates/ks4" if shared else None
    if folder is None or not folder.is_dir():
        pytest.skip("the paper's templates are not here: set QSOLEARN_SHARED")
    return folder


@pytest.mark.real
def test_the_page_shows_what_the_catalogs_give(real_data, paper_templates, monkeypatch):
    monkeypatch.setenv("QSOLEARN_TEMPLATES", str(paper_templates))
    published = json.loads((ROOT / "book/kim2024/sedfit_real.json").read_text())
    found = json.loads(json.dumps(load_script("real_sedfit").compute(real_data)))
    expected = {k: published[k] for k in found}
    assert differences(found, expected) == []


@pytest.mark.real
def test_the_papers_templates_are_read_whole(paper_templates):
    made, ours = folder_templates(paper_templates), own_templates()
    assert len(made.agn) == len(ours.agn) == 18
    assert sorted(made.agn_tau) == sorted(ours.agn_tau)
    assert len(made.hosts) == 7
    assert len(made.galaxies) == len(ours.galaxies) == 31
    assert len(made.stars) == 135
    bands = ["kmt_b", "kmt_i", "wise_w1", "wise_w4"]
    grid = model_grid(made, bands, [0.0, 1.0, 3.0, 6.0])
    assert np.isfinite(grid.agn).all()
    assert np.isfinite(grid.galaxies).all()


@pytest.mark.real
def test_chi2_agrees_with_lephare(monkeypatch):
    if not os.environ.get("QSOLEARN_LEPHARE"):
        pytest.skip("LePhare is not here: set QSOLEARN_LEPHARE to a Python that can import it")
    found = load_script("sedfit").agreement(500)
    for kind in ("qso", "galaxy"):
        assert found[kind]["within_1_percent"] == 1.0
        assert found[kind]["median"] < 1e-3
