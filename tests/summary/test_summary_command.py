import json

import pytest
from click.testing import CliRunner

from qsolearn.cli.summarizing import summaries


@pytest.fixture
def files(tmp_path):
    (tmp_path / "source.txt").write_text("KS4 found 13 sources in the southern sky.")
    (tmp_path / "good.txt").write_text("KS4 found 13 sources.")
    (tmp_path / "bad.txt").write_text("KS2 found 31 sources.")
    return tmp_path


def run(*words):
    return CliRunner().invoke(summaries, [str(word) for word in words])


def test_text_output(files):
    result = run(files / "good.txt", files / "bad.txt", "--source", files / "source.txt",
                 "--model", "none")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "== good.txt" in result.output
    assert "did you mean KS4?" in result.output


def test_json_output_is_json_alone(files):
    result = run(files / "bad.txt", "--reference", files / "good.txt", "--source",
                 files / "source.txt", "--model", "none", "--json")  # fmt: skip
    data = json.loads(result.output)
    assert [flag["text"] for flag in data["bad.txt"]["flags"]] == ["KS2", "31"]


def test_html_output(files):
    page = files / "report.html"
    result = run(files / "good.txt", files / "bad.txt", "--source", files / "source.txt",
                 "--model", "none", "--html", page)  # fmt: skip
    assert result.exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "<h2>good.txt</h2>" in text
    assert "<h2>bad.txt</h2>" in text


def test_files_of_one_name_are_told_apart(files):
    (files / "sub").mkdir()
    (files / "sub" / "bad.txt").write_text("KS2 found 31 sources.")
    result = run(files / "bad.txt", files / "sub" / "bad.txt", "--source", files / "source.txt",
                 "--model", "none")  # fmt: skip
    assert f"== {files / 'sub' / 'bad.txt'}" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("good.txt",), "nothing to compare with"),
        (("none.txt", "--source", "source.txt"), "no text file"),
        (("good.txt", "--source", "source.txt", "--html", "no/where.html"), "create it first"),
        (("good.txt", "--source", "picture.png"), "not text in UTF-8"),
    ],
)
def test_faults_are_one_sentence_and_exit_1(files, monkeypatch, words, message):
    monkeypatch.chdir(files)
    (files / "picture.png").write_bytes(b"\x89PNG\x00")
    result = run(*words, "--model", "none")
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
