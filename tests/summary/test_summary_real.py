"""The founding case: the three texts of the notebook, and its own metric."""

import os
from pathlib import Path

import pytest

from qsolearn.summary import SCIBERT, NotebookMetric, compare
from qsolearn.summary.embed import torch_available

SHARED = os.environ.get("QSOLEARN_SHARED")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED, reason="QSOLEARN_SHARED names no folder with texts/"),
]


@pytest.fixture(scope="module")
def texts():
    folder = Path(SHARED) / "texts"
    found = {
        name: (folder / f"{name}_summary.txt").read_text(encoding="utf-8")
        for name in ("standard", "meta", "large_book")
    }
    found["paper"] = found["meta"][: found["meta"].rindex("References:")]
    return found


def test_the_large_book_text_is_marked(texts):
    flags = compare(texts["large_book"], source=texts["paper"], model="none").flags
    found = dict(zip(flags["text"], flags["hint"], strict=True))
    assert {"KS2", "Solstice Surveyor", "X-ray diffraction"} <= set(found)
    assert "KS4" in found["KS2"]
    assert any("38,534" in text and "23,593" in text for text in found)
    for flag in flags.itertuples():
        assert texts["large_book"][flag.start : flag.end] == flag.text


def test_the_meta_text_is_named_as_pasted_with_its_reference_list(texts):
    flags = compare(texts["meta"], source=texts["paper"], model="none").flags
    assert {"pasted text", "reference list"} <= set(flags["check"])
    entry = flags[flags["check"] == "reference list"].iloc[0]
    assert entry["text"].startswith("[1]")
    assert entry["text"].count("\n") >= 50


def test_the_standard_summary_has_at_most_one_flag(texts):
    assert len(compare(texts["standard"], source=texts["paper"], model="none").flags) <= 1


def test_the_notebook_gets_its_three_values(texts):
    model = os.environ.get("QSOLEARN_SCIBERT", SCIBERT)
    if not torch_available():
        pytest.skip("torch and transformers are not installed")
    try:
        metric = NotebookMetric(model)
    except ValueError:
        pytest.skip(f"the weights of {model} are neither in the cache nor in QSOLEARN_SCIBERT")
    standard = texts["standard"].strip()
    assert metric.similarity(standard, texts["meta"].strip()) == pytest.approx(0.9490, abs=5e-5)
    # In the notebook this text begins with one more quotation mark.
    large_book = '"' + texts["large_book"].strip()
    assert metric.similarity(standard, large_book) == pytest.approx(0.9445, abs=5e-5)
    assert metric.similarity("document here", "summary here") == pytest.approx(0.7304, abs=5e-5)
