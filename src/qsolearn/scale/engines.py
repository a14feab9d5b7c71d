"""Two ways of growing the same trees: in this process from disk, or on the workers of Dask."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qsolearn.bands import color_names
from qsolearn.scale.jobs import local_client
from qsolearn.scale.parts import Part
from qsolearn.selection.reverse.trees import import_xgboost

__all__ = ["engine_for"]


def engine_for(workers, scratch):
    """What grows the trees: this process, or several.

    Parameters
    ----------
    workers : int
    scratch : str, Path or None
        Folder for the bins on disk.

    Returns
    -------
    context manager
        Has ``grow`` and ``survivors``.
    """
    return _Disk(scratch) if workers == 1 else _Workers(workers)


@dataclass
class _Disk:
    """Grow trees in this process, with the binned colors on disk."""

    scratch: str | Path | None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def grow(self, trees, parts, groups):
        """Booster for the groups of labels."""
        xgboost = import_xgboost()
        params = trees.params(len(groups))

        class Batches(xgboost.DataIter):
            def __init__(self, cache):
                self.at = 0
                super().__init__(cache_prefix=cache)

            def reset(self):
                self.at = 0

            def next(self, input_data):
                while self.at < len(parts):
                    X, y = parts[self.at].codes(groups)
                    self.at += 1
                    if len(y):
                        input_data(data=X, label=y)
                        return True
                return False

        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            matrix = xgboost.ExtMemQuantileDMatrix(
                Batches(f"{folder}/bins"), nthread=params["nthread"]
            )
            booster = xgboost.Booster(params, [matrix])
            for k in range(trees.n_rounds):
                booster.update(matrix, k)
            # The file of bins is in use as long as the matrix lives.
            booster = xgboost.Booster(params, model_file=booster.save_raw())
            del matrix
        return booster

    def survivors(self, parts, booster, own, threshold):
        """Colors and labels that a step leaves."""
        found = [part.survivors(booster, own, threshold) for part in parts]
        return tuple(np.concatenate(x) for x in zip(*found, strict=True))


@dataclass
class _Workers:
    """Grow the same trees on the workers of a Dask cluster."""

    workers: int
    _cluster: Any = field(default=None, init=False)
    _client: Any = field(default=None, init=False)

    def __enter__(self):
        self._cluster = local_client(self.workers)
        self._client = self._cluster.__enter__()
        return self

    def __exit__(self, *error):
        return self._cluster.__exit__(*error)

    def grow(self, trees, parts, groups):
        """Booster for the groups of labels."""
        import dask.dataframe as dd
        import pandas as pd
        from distributed import wait

        import_xgboost()
        from xgboost import dask as distributed_xgboost

        params = trees.params(len(groups))
        params.pop("nthread")
        names = color_names(parts[0].reader.wanted)
        meta = pd.DataFrame({n: pd.Series(dtype=np.float32) for n in [*names, "code"]})
        # Each part has its worker: where a part lies decides the limits of the bins. Read once:
        # colors and codes are two views of the same rows.
        loaded = [
            self._client.submit(_load_table, part, groups, names, workers=k % self.workers)
            for k, part in enumerate(parts)
        ]
        wait(loaded)
        for future in loaded:
            if future.status == "error":
                raise future.exception()
        table = dd.from_delayed(loaded, meta=meta, verify_meta=False)
        matrix = distributed_xgboost.DaskQuantileDMatrix(self._client, table[names], table["code"])
        done = distributed_xgboost.train(
            self._client, params, matrix, num_boost_round=trees.n_rounds
        )
        booster = done["booster"]
        booster.feature_names = booster.feature_types = None
        return booster

    def survivors(self, parts, booster, own, threshold):
        """Colors and labels that a step leaves."""
        trees = self._client.scatter(booster, broadcast=True)
        futures = [
            self._client.submit(Part.survivors, part, trees, own, threshold) for part in parts
        ]
        found = self._client.gather(futures)
        return tuple(np.concatenate(x) for x in zip(*found, strict=True))


def _load_table(part, groups, names):
    import pandas as pd

    X, code = part.codes(groups)
    return pd.DataFrame(X, columns=names).assign(code=code)
