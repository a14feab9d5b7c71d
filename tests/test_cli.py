import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from qsolearn import __version__
from qsolearn.cli import main
from qsolearn.frame import read_frame, write_frame
from qsolearn.judge import selection_report
from qsolearn.selection import load_selector, select_frame
from qsolearn.simulate import make_sky


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command; give its exit status, standard output and standard error."""

    def call(*args):
        status = 0
        try:
            main([str(a) for a in args])
        except SystemExit as stop:
            status = stop.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


@pytest.fixture
def files(tmp_path, sky, run):
    """A training file, a test file and a model."""
    write_frame(sky, tmp_path / "train.parquet")
    write_frame(make_sky("sdss", n_sources=1500, seed=12), tmp_path / "test.fits")
    status, out, _ = run(
        "train", tmp_path / "train.parquet", "--label", "true_class", "-o", tmp_path / "model"
    )
    assert status == 0
    assert "trained kde on" in out
    return tmp_path


def test_version_and_help(run):
    assert __version__ in run("--version")[1]
    for command in ("train", "select", "judge", "doctor", "simulate"):
        status, out, _ = run(command, "--help")
        assert status == 0
        assert f"Example: qsolearn {command}" in " ".join(out.split())
    status, _, err = run("selct")
    assert status == 2
    assert "No such command" in err


def test_the_whole_way_gives_the_numbers_of_the_library(files, run):
    status, out, err = run(
        "select", files / "test.fits", "--model", files / "model", "-o", files / "out.vot"
    )
    assert (status, err) == (0, "")
    frame = read_frame(files / "test.fits", keep=["true_class"])
    direct = select_frame(load_selector(files / "model"), frame)
    assert f"{direct['is_candidate'].sum()} candidates among 1,500 sources" in out
    status, out, _ = run(
        "judge", files / "out.vot", "--truth", files / "test.fits", "--by", "mag,z",
        "--mix", "0.27,0.88", "--json", files / "j.json",
    )  # fmt: skip
    assert status == 0
    assert "1,500 sources matched by id" in out
    numbers = json.loads((files / "j.json").read_text())
    report = selection_report(
        frame["true_class"].str.startswith("QSO").to_numpy(), direct["is_candidate"].to_numpy()
    )
    assert numbers["rates"]["completeness"]["value"] == pytest.approx(report.completeness)
    assert numbers["rates"]["efficiency at 88% others"]["value"] == pytest.approx(
        report.efficiency_at(0.88)
    )
    assert numbers["completeness_by_mag"]["quantity"] == "mag_sdss_i"
    assert sum(b["n"] for b in numbers["completeness_by_z"]["bins"]) == report.n_quasars


def test_train_learns_redshifts_where_there_are_some(tmp_path, run):
    sky = make_sky("sdss", n_sources=20_000, seed=5)
    write_frame(sky, tmp_path / "train.parquet")
    write_frame(sky.rename(columns={"true_z": "redshift"}), tmp_path / "other.parquet")
    train = ["--label", "true_class", "-o"]
    status, out, _ = run("train", tmp_path / "train.parquet", *train, tmp_path / "auto")
    assert status == 0
    known = sky["true_class"].str.startswith("QSO").sum()
    assert f"learned redshifts from {known} quasars" in out
    run("train", tmp_path / "other.parquet", "--redshift", "redshift", *train, tmp_path / "named")
    _, out, _ = run(
        "train", tmp_path / "train.parquet", "--redshift", "none", *train, tmp_path / "n"
    )
    assert "learned redshifts" not in out
    found = {}
    for model in ("auto", "named", "n"):
        out = tmp_path / f"{model}.parquet"
        assert (
            run("select", tmp_path / "train.parquet", "--model", tmp_path / model, "-o", out)[0]
            == 0
        )
        found[model] = pd.read_parquet(out)
    assert found["n"]["z_phot"].isna().all()
    auto = found["auto"]
    assert (auto["z_phot"].notna() == auto["is_candidate"]).all()
    pd.testing.assert_series_equal(auto["z_phot"], found["named"]["z_phot"])
    own = auto["is_candidate"] & (auto["true_z"] > 0)
    assert ((auto["z_phot"] - auto["true_z"])[own].abs() < 0.3).mean() > 0.6
    model = json.loads((tmp_path / "named" / "model.json").read_text())
    assert model["provenance"]["redshift_column"] == "redshift"
    assert model["redshift"]["kind"] == "ConditionalRedshift"


def test_reverse_selection_from_training_to_candidates(files, run):
    status, out, err = run(
        "train", files / "train.parquet", "--label", "true_class", "--method", "reverse",
        "--target", "QSOlowZ", "--discard", "Star, Galaxy", "--discard-above", 0.8,
        "-o", files / "m3",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "trained reverse on" in out
    model = load_selector(files / "m3").estimator_
    assert (model.threshold, model.target_, model.order_) == (0.8, "QSOlowZ", ["Star", "Galaxy"])
    status, out, _ = run("select", files / "test.fits", "--model", files / "m3",
                         "-o", files / "o3.parquet")  # fmt: skip
    assert status == 0
    assert (
        pd.read_parquet(files / "o3.parquet")["reason"].str.match("(step [12]|last step): ").all()
    )
    status, _, err = run(
        "train", files / "train.parquet", "--label", "true_class", "--method", "reverse",
        "--target", "Blazar", "-o", files / "m4",
    )  # fmt: skip
    assert status == 1
    assert "target names the class 'Blazar', which is not among Galaxy, " in err


def test_two_catalogs_with_the_same_ids_are_told_apart(files, run):
    run("select", files / "test.fits", "--model", files / "model", "-o", files / "out.fits")
    status, out, err = run("judge", files / "out.fits", "--truth", files / "train.parquet")
    assert (status, out) == (1, "")
    assert "stand at another position" in err


def test_output_carries_units_ucds_and_provenance(files, run):
    run("select", files / "test.fits", "--model", files / "model", "-o", files / "out.parquet")
    schema = pq.read_schema(files / "out.parquet")
    assert schema.field("P_QSO").metadata[b"ucd"] == b"stat.probability"
    assert schema.field("mag_sdss_u").metadata[b"unit"] == b"mag"
    meta = json.loads(schema.metadata[b"qsolearn"])
    assert meta["catalog"] == "test.fits"
    assert meta["selected_by"]["files"] == ["train.parquet"]


def test_same_seed_same_bytes(tmp_path, run):
    for name in ("a", "b"):
        run("simulate", "sdss", "--n", 200, "--seed", 5, "-o", tmp_path / f"{name}.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_own_column_names_labels_and_vega(files, run, sky):
    table = pd.DataFrame(
        {
            "name": [f"s{i}" for i in range(len(sky))],
            "U": sky["mag_sdss_u"],
            "G": sky["mag_sdss_g"],
            "R": sky["mag_sdss_r"],
            "kind": np.where(sky["true_class"] == "Star", 1, 3),
        }
    )
    table.to_csv(files / "own.csv", index=False)
    (files / "map.toml").write_text(
        '[columns]\nid="name"\n[bands.sdss_u]\nmag="U"\n[bands.sdss_g]\nmag="G"\n'
        '[bands.sdss_r]\nmag="R"\n[labels]\n1="Star"\n3="QSO"\n'
    )
    own = ("--columns", files / "map.toml")
    status, out, err = run("train", files / "own.csv", "--label", "kind", *own, "-o", files / "m2",
                           "--prior", "Star=0.88", "--prior", "QSO=0.12")  # fmt: skip
    assert (status, err) == (0, "")
    status, out, err = run("select", files / "own.csv", "--model", files / "m2", *own,
                           "-o", files / "own_out.csv")  # fmt: skip
    assert (status, err) == (0, "")
    back = pd.read_csv(files / "own_out.csv")
    assert back["id"].tolist() == table["name"].tolist()
    assert "kind" in back
    status, out, _ = run("judge", files / "own_out.csv", "--truth", files / "own.csv",
                         "--label", "kind", "--quasar", "3")  # fmt: skip
    assert status == 0
    assert "4,000 sources matched by id" in out
    status, out, _ = run("judge", files / "own_out.csv", "--truth", files / "own.csv",
                         "--label", "kind", *own)  # fmt: skip
    assert status == 0
    assert "Star" in out.split("selected class")[1]


def test_dereddening_is_done_again_when_the_model_is_used(files, run):
    run("train", files / "train.parquet", "--label", "true_class", "--deredden", "sf11",
        "-o", files / "m3")  # fmt: skip
    status, _, err = run(
        "select", files / "test.fits", "--model", files / "m3", "-o", files / "o3.fits"
    )
    assert (status, err) == (0, "")
    # The magnitudes that were given come back as they were.
    given, back = read_frame(files / "test.fits"), read_frame(files / "o3.fits")
    assert np.array_equal(given["mag_sdss_u"], back["mag_sdss_u"])
    assert back.attrs["dereddened"] is False


def test_dummy_and_cut(files, run):
    for method, extra in (("dummy", ()), ("uvx", ("--limit", "0.6"))):
        status, _, err = run(
            "train", files / "train.parquet", "--label", "two", "--method", method, *extra,
            "-o", files / method,
        )  # fmt: skip
        assert status == 1
        assert "'two' is not in the catalog" in err


def test_uvx_takes_its_limit_in_sdss_zero_points(files, run):
    status, _, err = run("train", files / "train.parquet", "--label", "true_class", "--method",
                         "uvx", "--limit", "0.6", "-o", files / "cut")  # fmt: skip
    assert (status, err) == (0, "")
    model = load_selector(files / "cut")
    assert model.estimator_.limit == pytest.approx(0.56)
    assert model.quasar_classes_ == ["QSO"]
    status, _, err = run("train", files / "train.parquet", "--label", "true_class", "--method",
                         "uvx", "--bands", "sdss_g,sdss_r", "-o", files / "cut2")  # fmt: skip
    assert status == 1
    assert "sdss_u,sdss_g" in err


def test_missing_labels_are_never_a_class(files, run, sky):
    out = sky.head(50).copy()
    out.loc[out.index[:5], "true_class"] = None
    out.attrs = {}
    write_frame(out, files / "gaps.parquet")
    status, _, err = run(
        "train", files / "gaps.parquet", "--label", "true_class", "-o", files / "g"
    )
    assert status == 1
    assert "5 rows have no label" in err


def test_truth_in_another_order_or_with_another_id_name(files, run):
    run("select", files / "test.fits", "--model", files / "model", "-o", files / "out.fits")
    truth = read_frame(files / "test.fits", keep=["true_class"])
    rates = {}
    for name, table in {
        "objid": truth.sample(frac=1, random_state=1).rename(columns={"id": "objid"}),
        "order": truth.drop(columns="id"),
        "gaps": truth.assign(true_class=truth["true_class"].where(truth.index > 9)),
    }.items():
        table[[c for c in table if c in ("objid", "id", "ra", "dec", "true_class")]].to_csv(
            files / f"{name}.csv", index=False
        )
        status, out, err = run("judge", files / "out.fits", "--truth", files / f"{name}.csv",
                               "--json", files / f"{name}.json")  # fmt: skip
        assert (status, err) == (0, "")
        rates[name] = json.loads((files / f"{name}.json").read_text())
        rates[name]["text"] = out
    assert rates["objid"]["rates"] == rates["order"]["rates"]
    assert "10 rows of the truth without a label left out" in rates["gaps"]["text"]
    shuffled = truth.drop(columns="id").sample(frac=1, random_state=1)
    shuffled.to_csv(files / "shuffled.csv", index=False)
    status, _, err = run("judge", files / "out.fits", "--truth", files / "shuffled.csv")
    assert status == 1
    assert "two orders of rows" in err


def test_doctor_speaks_of_a_foreign_catalog(tmp_path, run):
    rng = np.random.default_rng(1)
    pd.DataFrame(
        {
            "ra": [1.0, 2, 3],
            "dec": [1.0, 2, 3],
            "u": rng.normal(20, 1, 3),
            "z": rng.normal(18, 1, 3),
        }
    ).to_csv(tmp_path / "foreign.csv")
    status, out, _ = run("doctor", tmp_path / "foreign.csv")
    assert status == 0
    assert "columns that look like magnitudes: u, z" in out
    assert "Column 'z' holds magnitudes" in out


BAD = [
    (["select", "{test}", "--model", "{model}", "-o", "{there}"], "exists already"),
    (["select", "{nothing}", "--model", "{model}", "-o", "{new}"], "There is no file"),
    (["select", "{test}", "--model", "{nothing}", "-o", "{new}"], "not a model folder"),
    (["select", "{test}", "--model", "{model}", "-o", "{new}.doc"], "none of the endings"),
    (["select", "{wise}", "--model", "{model}", "-o", "{new}"], "lacks sdss_u"),
    (["train", "{train}", "--label", "klass", "-o", "{new}"], "'klass' is not in the catalog"),
    (["train", "{train}", "--label", "true_class", "-o", "{model}"], "exists already"),
    (["train", "{train}", "--label", "true_class", "--prior", "Star", "-o", "{new}"], "CLASS=P"),
    (
        ["train", "{train}", "--label", "true_class", "--bands", "sdss_q", "-o", "{new}"],
        "Unknown band",
    ),
    (
        ["train", "{train}", "--label", "true_class", "--redshift", "zz", "-o", "{new}"],
        "No training file has the column 'zz'",
    ),
    (
        [
            "train",
            "{train}",
            "--label",
            "true_class",
            "--redshift",
            "true_ebv",
            "--quasar",
            "other",
            "-o",
            "{new}",
        ],
        "too few to learn from",
    ),
    (["judge", "{test}", "--truth", "{test}"], "not the output of select"),
    (["simulate", "lsst", "--n", "10", "-o", "{new}"], "Unknown survey"),
    (["simulate", "sdss", "-o", "{new}"], "one of the two"),
    (["simulate", "sdss", "--area", "-3", "-o", "{new}"], "must be positive"),
    (["doctor", "{nothing}"], "There is no file"),
]


@pytest.mark.parametrize(("args", "words"), BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(files, run, args, words):
    (files / "there.csv").write_text("precious")
    pd.DataFrame({"w1mpro": [15.0], "w1sigmpro": [0.1]}).to_csv(files / "wise.csv")
    names = {
        "train": files / "train.parquet", "test": files / "test.fits", "model": files / "model",
        "nothing": files / "nothing.csv", "new": files / "new.csv", "there": files / "there.csv",
        "wise": files / "wise.csv",
    }  # fmt: skip
    before = {p.name for p in files.iterdir()}
    status, _, err = run(*[a.format(**names) for a in args])
    assert status == 1
    sentences = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert len(sentences) == 1
    assert words in sentences[0]
    assert {p.name for p in files.iterdir()} == before
    assert (files / "there.csv").read_text() == "precious"


def test_an_interrupt_leaves_nothing(files, run, monkeypatch):
    from qsolearn.frame import write

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "_write_parquet", stop)
    before = {p.name for p in files.iterdir()}
    status, _, err = run(
        "select", files / "test.fits", "--model", files / "model", "-o", files / "o.parquet"
    )
    assert status == 130
    assert "nothing was written" in err
    assert {p.name for p in files.iterdir()} == before
