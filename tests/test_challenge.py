"""The blind challenge: the same for everyone, shut until it is opened, and fit for `judge`."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from qsolearn.cli.main import cli
from qsolearn.datasets import make_challenge, open_challenge
from qsolearn.errors import CatalogError
from qsolearn.frame import attach_columns, read_frame, read_table, write_table
from qsolearn.judge import is_quasar_class
from qsolearn.selection import FrameSelector, UVExcessCut, select_frame

N = 2000
FILES = ["catalog.parquet", "challenge.json", "training.parquet"]


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    """A small challenge that stays shut."""
    return make_challenge(tmp_path_factory.mktemp("challenge") / "blind", seed=4, n_sources=N)


def test_the_same_seed_gives_the_same_bytes(blind, tmp_path):
    again = make_challenge(tmp_path / "again", seed=4, n_sources=N)
    other = make_challenge(tmp_path / "other", seed=5, n_sources=N)
    for name in FILES:
        assert (again / name).read_bytes() == (blind / name).read_bytes()
        assert (other / name).read_bytes() != (blind / name).read_bytes()


def test_nothing_of_the_truth_is_written_before_it_is_opened(blind):
    assert sorted(p.name for p in blind.iterdir()) == FILES
    catalog, training = (read_table(blind / f"{n}.parquet") for n in ("catalog", "training"))
    assert len(catalog) == N
    assert not [c for c in catalog if "true" in c or "class" in c]
    assert set(training.columns) - set(catalog.columns) == {"spec_class", "spec_z"}
    assert "seed" not in (blind / "challenge.json").read_text()
    assert b"true_class" not in (blind / "catalog.parquet").read_bytes()


def test_the_training_file_is_biased_as_spectra_are(blind, tmp_path):
    catalog, training = (read_frame(blind / f"{n}.parquet") for n in ("catalog", "training"))
    assert training["mag_sdss_i"].median() < catalog["mag_sdss_i"].median() - 0.7
    truth = read_table(open_challenge(make_challenge(tmp_path / "b", seed=4, n_sources=N), seed=4))
    known = read_table(blind / "training.parquet")
    shares = [is_quasar_class(c).mean() for c in (known["spec_class"], truth["true_class"])]
    assert shares[0] > 4 * shares[1] > 0
    assert np.array_equal(known["spec_z"].notna(), known["spec_class"] != "Star")
    # No object is in both files.
    both = set(zip(catalog["ra"], catalog["dec"], strict=True)) & set(
        zip(training["ra"], training["dec"], strict=True)
    )
    assert not both


def test_judge_accepts_an_entry(tmp_path):
    run = CliRunner().invoke
    folder = tmp_path / "blind"
    done = run(cli, ["challenge", str(folder), "--seed", "4", "--n", str(N)])
    assert done.exit_code == 0
    assert "stays shut" in done.output
    catalog = read_frame(folder / "catalog.parquet")
    known = read_table(folder / "training.parquet")
    labels = np.where(is_quasar_class(known["spec_class"]), "QSO", "other")
    training = read_frame(folder / "training.parquet")
    cut = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"]).fit(training, labels)
    entry = attach_columns(catalog, select_frame(cut, catalog))
    write_table(entry, tmp_path / "entry.parquet")
    done = run(cli, ["challenge", str(folder), "--seed", "4", "--open"])
    assert done.exit_code == 0
    truth = folder / "truth.parquet"
    arguments = [str(tmp_path / "entry.parquet"), "--truth", str(truth), "--by", "mag,z"]
    done = run(cli, ["judge", *arguments, "--json", str(tmp_path / "score.json")])
    assert done.exit_code == 0, done.output
    score = json.loads((tmp_path / "score.json").read_text())
    is_quasar = is_quasar_class(read_table(truth)["true_class"])
    assert score["n_quasars"] == is_quasar.sum()
    found = (entry["is_candidate"].to_numpy(bool) & is_quasar).sum()
    assert score["rates"]["completeness"]["value"] == pytest.approx(found / is_quasar.sum())
    assert len(score["completeness_by_z"]["bins"]) > 5


def test_the_truth_is_the_announced_one(blind, tmp_path):
    with pytest.raises(CatalogError, match="Seed 5 does not make the truth"):
        open_challenge(blind, seed=5)
    with pytest.raises(CatalogError, match=r"holds no challenge\.json"):
        open_challenge(tmp_path, seed=4)
    assert sorted(p.name for p in blind.iterdir()) == FILES


def test_a_new_challenge_leaves_no_old_truth(tmp_path):
    folder = make_challenge(tmp_path / "blind", seed=4, n_sources=1000)
    open_challenge(folder, seed=4)
    with pytest.raises(CatalogError, match=r"holds catalog\.parquet already"):
        make_challenge(folder, seed=5, n_sources=1000)
    with pytest.raises(CatalogError, match=r"truth\.parquet exists already"):
        open_challenge(folder, seed=4)
    make_challenge(folder, seed=5, n_sources=1000, overwrite=True)
    assert sorted(p.name for p in folder.iterdir()) == FILES


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seed": -1}, "The seed is -1; it must be a whole number from 0 on"),
        ({"seed": 1.5}, "The seed is 1.5"),
        ({"n_sources": 10}, "The challenge has 10 sources; it takes"),
        ({"folder": "nowhere/at/all"}, "does not exist"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(tmp_path, changes, sentence):
    folder = tmp_path / changes.pop("folder", "blind")
    with pytest.raises(CatalogError, match=sentence):
        make_challenge(folder, **{"seed": 1, "n_sources": 1000, **changes})
