"""The founding notebook's own metric, exactly, so that its numbers can be had again."""

from __future__ import annotations

import os
from functools import lru_cache

import numpy as np

from qsolearn.summary.embed import _TORCH_HELP, load_network, torch_available

__all__ = ["SCIBERT", "NotebookMetric"]

SCIBERT = "allenai/scibert_scivocab_uncased"
"""The notebook's model, as its library names it."""


class NotebookMetric:
    """Cosine of mean-pooled last hidden states, cut at 512 tokens.

    Parameters
    ----------
    model : str or path
        A local folder with a transformers model, or a name whose files are in the local cache.
        Nothing is downloaded.
    max_tokens : int
        Where the text is cut, special tokens included; the notebook has 512.

    Raises
    ------
    ImportError
        If torch or transformers is missing.
    ValueError
        If the model is not there or cannot be read.

    Notes
    -----
    The mean runs over all positions of the last hidden state, padding included. The notebook
    embeds one text at a time, so there is no padding and nothing changes; in a batch the same code
    would average over padding too. The metrics of this room mask it out.
    """

    def __init__(self, model: str | os.PathLike = SCIBERT, max_tokens: int = 512) -> None:
        """Load the model."""
        if not torch_available():
            raise ImportError(_TORCH_HELP)
        self.model = os.fspath(model)
        self.max_tokens = max_tokens
        self._tokenizer, self._network = _network(self.model)

    def embed(self, text: str) -> np.ndarray:
        """Vector of one text, shape (d,)."""
        import torch

        inputs = self._tokenizer(
            text, return_tensors="pt", truncation=True, max_length=self.max_tokens, padding=True
        )
        with torch.no_grad():
            hidden = self._network(**inputs).last_hidden_state
        return hidden.mean(dim=1).numpy()[0]

    def similarity(self, one: str, other: str) -> float:
        """Cosine of the two texts' vectors."""
        a, b = self.embed(one), self.embed(other)
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))

    def seen(self, text: str) -> tuple[int, int]:
        """Tokens that the model is shown, and tokens that the text has (special ones included)."""
        total = len(self._tokenizer(text, truncation=False, verbose=False)["input_ids"])
        return min(total, self.max_tokens), total


@lru_cache(maxsize=2)
def _network(model):
    return load_network(model)
