"""CPU seconds of the summary comparison, by length of the source.

    OMP_NUM_THREADS=1 python benchmarks/summaries.py [--output FILE] [--longest WORDS]

The texts are made on the spot: random sentences over a vocabulary of 5,000 made-up words, names and
numbers included, a summary of 300 words of which half are sentences of the source, and a reference
summary of 300 words. Times are CPU seconds of one thread after the model is loaded, with embeddings
and without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from qsolearn.summary import compare, load_embedder
from qsolearn.summary.embed import torch_available

LENGTHS = (1_000, 3_400, 10_000, 50_000, 200_000)
SYLLABLES = "bacedifogukalemiopuraseti"


def make_text(n_words, seed):
    rng = np.random.default_rng(seed)
    vocabulary = [
        "".join(SYLLABLES[2 * k : 2 * k + 2] for k in rng.integers(0, 12, rng.integers(2, 5)))
        for _ in range(5000)
    ]
    rank = 1 / np.arange(1, 5001)
    rank /= rank.sum()
    glue = ["the", "of", "and", "in", "to", "is", "was", "for", "with", "by"]
    sentences, total = [], 0
    while total < n_words:
        n = int(rng.integers(12, 30))
        words = [vocabulary[k] for k in rng.choice(5000, n, p=rank)]
        for k in range(0, n, 3):
            words[k] = glue[rng.integers(len(glue))]
        if rng.random() < 0.4:
            words[rng.integers(n)] = f"{rng.integers(1, 99999):,}"
        if rng.random() < 0.3:
            words[rng.integers(1, n)] = words[0].capitalize() + str(rng.integers(1, 20))
        words[0] = words[0].capitalize()
        sentences.append(" ".join(words) + ".")
        total += n
    return sentences


def cpu(texts, model, repeats):
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        compare(*texts, model)
        best = min(best, time.process_time() - start)
    return round(best, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--longest", type=int, default=LENGTHS[-1])
    options = parser.parse_args()
    embedder = None
    if torch_available():
        import torch

        torch.set_num_threads(1)
        embedder = load_embedder("minilm")
        embedder(["warm up"])
    foreign = make_text(150, seed=99)
    reference = " ".join(make_text(300, seed=98))
    rows = []
    for n in LENGTHS:
        if n > options.longest:
            continue
        source = make_text(n, seed=n)
        summary = " ".join(source[:8] + foreign)
        text = " ".join(source)
        repeats = 3 if n <= 10_000 else 1
        texts = summary, reference, text
        row = {"words": len(text.split()), "without_embeddings": cpu(texts, "none", repeats)}
        if embedder is not None:
            row["with_embeddings"] = cpu(texts, embedder, min(repeats, 2))
        rows.append(row)
        print(row, flush=True)
    result = {
        "command": "OMP_NUM_THREADS=1 python benchmarks/summaries.py --output "
        + str(options.output),
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "versions": {
            name: version(name)
            for name in ("numpy", "scikit-learn", *(["torch", "transformers"] if embedder else []))
        },
        "threads": 1,
        "unit": "CPU seconds",
        "rows": rows,
    }
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
