"""`qsolearn scale` from end to end."""

import pytest

from qsolearn.cli import main
from qsolearn.frame import write_frame
from qsolearn.scale import HatsFolder
from qsolearn.selection import save_selector


@pytest.fixture
def run(capsys):
    """Run a command; give its exit status, standard output and standard error."""

    def call(*args):
        status = 0
        try:
            main(["scale", *map(str, args)])
        except SystemExit as stop:
            status = stop.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


def test_from_a_file_to_candidates_matched_with_another_catalog(small_sky, bayes, tmp_path, run):
    write_frame(small_sky, tmp_path / "sky.parquet")
    save_selector(bayes, tmp_path / "model")
    status, out, _ = run("write", tmp_path / "sky.parquet", "-o", tmp_path / "sky", "--rows", 900)
    assert status == 0
    assert out.startswith("3,000 rows in ")
    status, out, _ = run(
        "select", tmp_path / "sky", "--model", tmp_path / "model", "-o", tmp_path / "out",
        "--candidates", "--keep", "id",
    )  # fmt: skip
    assert status == 0
    assert " candidates, " in out
    found = HatsFolder.open(tmp_path / "out")
    assert f"{found.info.total_rows:,} rows in" in out
    status, out, _ = run(
        "match", tmp_path / "out", tmp_path / "sky", "--radius", 1, "-o", tmp_path / "both"
    )
    assert status == 0
    assert out.startswith(f"{found.info.total_rows:,} matches, ")
    status, out, _ = run(
        "match", tmp_path / "out", tmp_path / "sky", "--radius", 1, "-o", tmp_path / "both"
    )
    assert "of them done before" in out


def test_train_writes_a_model_that_select_takes(small_sky, tmp_path, run):
    write_frame(small_sky, tmp_path / "sky.parquet")
    run("write", tmp_path / "sky.parquet", "-o", tmp_path / "sky", "--rows", 900)
    train = ("train", tmp_path / "sky", "--label", "true_class", "--bands", "sdss_u,sdss_g,sdss_r",
             "-o", tmp_path / "model")  # fmt: skip
    status, out, _ = run(*train)
    assert status == 0
    assert out.startswith("trained trees on ")
    assert run(*train)[2].endswith("exists already; choose another name or add --overwrite.\n")
    status, out, _ = run(
        "select", tmp_path / "sky", "--model", tmp_path / "model", "-o", tmp_path / "out"
    )
    assert status == 0
    assert "3,000 rows in" in out


def test_an_interruption_says_what_to_do(hats_sky, bayes, tmp_path, run, monkeypatch):
    import qsolearn.scale.selecting as selecting

    save_selector(bayes, tmp_path / "model")
    command = ("select", hats_sky, "--model", tmp_path / "model", "-o", tmp_path / "out")
    select, calls = selecting.select_frame, []

    def stop_at_the_third(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return select(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(selecting, "select_frame", stop_at_the_third)
        status, _, err = run(*command)
    assert status == 1
    assert "the same command goes on from there" in err
    assert "(2 of them done before)" in run(*command)[1]


def test_errors_are_one_sentence(tmp_path, run):
    status, _, err = run("select", tmp_path, "--model", tmp_path, "-o", tmp_path / "out")
    assert status == 1
    assert err == f"qsolearn: {tmp_path} is not a model folder: it has no model.json.\n"
