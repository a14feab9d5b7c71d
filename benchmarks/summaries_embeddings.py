"""The embedding numbers that the chapters show, from texts that ship with the package.

    OMP_NUM_THREADS=1 python benchmarks/summaries_embeddings.py

Needs torch and all-MiniLM-L6-v2; writes book/real/summaries_embeddings.json.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from qsolearn.summary import (
    NotebookMetric,
    baseline_similarity,
    compare,
    load_embedder,
    unrelated_sentences,
)
from qsolearn.summary.embed import minilm_folder
from qsolearn.summary.examples import load_examples

RESULT = Path(__file__).resolve().parents[1] / "book" / "real" / "summaries_embeddings.json"
PHRASES = (
    ("document here", "summary here"),
    ("document here", "summary there"),
    ("document", "summary"),
    ("here", "here"),
    ("document here", "Plumbers replaced rusty pipes beneath our kitchen sink."),
)


def main():
    embedder, notebook = load_embedder("minilm"), NotebookMetric(minilm_folder())
    examples = load_examples()
    vectors = embedder(list(unrelated_sentences()))
    cosines = vectors @ vectors.T
    pairs = cosines[np.triu_indices(len(cosines), 1)]

    everything = "\n\n".join(example.source for example in examples.values())
    start = everything[: len(everything) // 2]
    cut = start + "\n\n" + " ".join(unrelated_sentences()) * 3
    shown, total = notebook.seen(everything)

    rows = {}
    for key, example in examples.items():
        right = compare(example.summary, example.summary, example.source, embedder)
        paraphrase = compare(example.paraphrase, example.summary, example.source, embedder)
        planted = []
        for error in example.planted:
            wrong = compare(error.text, example.summary, example.source, embedder)
            planted.append(
                {
                    "kind": error.kind,
                    "right": error.right,
                    "wrong": error.wrong,
                    "notebook_cosine": round(notebook.similarity(example.summary, error.text), 4),
                    "support_change": round(
                        wrong.scores["source_support"] - right.scores["source_support"], 3
                    ),
                    "marked": bool(
                        (
                            (wrong.flags["start"] < error.end) & (wrong.flags["end"] > error.start)
                        ).any()
                    ),
                }
            )
        rows[key] = {
            "support": round(right.scores["source_support"], 3),
            "paraphrase_rouge2": round(paraphrase.scores["reference_rouge2"], 3),
            "paraphrase_sentence_f": round(paraphrase.scores["reference_sentence_f"], 3),
            "paraphrase_sentence_f_rescaled": round(
                paraphrase.scores["reference_sentence_f_rescaled"], 3
            ),
            "planted": planted,
        }
    kim, richards = examples["kim2024"], examples["richards2004"]
    other = compare(richards.summary, kim.summary, kim.source, embedder)
    table = compare(kim.summary, source=kim.source, model=embedder).alignment
    result = {
        "command": "OMP_NUM_THREADS=1 python benchmarks/summaries_embeddings.py",
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "torch", "transformers")},
        "model": embedder.name,
        "revision": embedder.revision,
        "unrelated": {
            "cosines": np.round(cosines, 2).tolist(),
            "mean": round(baseline_similarity(embedder), 4),
            "lowest": round(float(pairs.min()), 3),
            "highest": round(float(pairs.max()), 3),
        },
        "phrases": [[a, b, round(notebook.similarity(a, b), 3)] for a, b in PHRASES],
        "cut": {
            "tokens": total,
            "seen": shown,
            "same_start_other_end": round(notebook.similarity(everything, cut), 4),
        },
        "examples": rows,
        "other_paper": {
            "reference_sentence_f": round(other.scores["reference_sentence_f"], 3),
            "reference_cosine": round(other.scores["reference_cosine"], 3),
            "notebook_cosine": round(notebook.similarity(richards.summary, kim.summary), 3),
        },
        "alignment": {
            "values": np.round(table.to_numpy(), 2).tolist(),
            "summary": table.index.tolist(),
            "source": table.columns.tolist(),
        },
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    del result["alignment"], result["unrelated"]["cosines"]
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
