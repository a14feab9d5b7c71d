"""Grow boosted trees on more rows than fit into memory: from disk, or on the workers of Dask."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from qsolearn.bands import check_bands, color_names
from qsolearn.errors import CatalogError, plural
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors
from qsolearn.scale.assembling import assemble_selector
from qsolearn.scale.catalog import BATCH, HatsFolder, damaged, open_parquet
from qsolearn.scale.jobs import local_client
from qsolearn.scale.reading import FrameReader
from qsolearn.selection import BoostedTrees, FrameSelector, ReverseSelectionClassifier
from qsolearn.selection.reverse.state import size_table
from qsolearn.selection.reverse.trees import import_xgboost
from qsolearn.selection.reverse.validation import check_order, check_target, check_threshold

__all__ = ["train_catalog"]


def train_catalog(
    source: str | Path,
    label: str,
    bands: Sequence[str],
    estimator: Any = None,
    *,
    quasar_classes: Sequence[str] | None = None,
    threshold: float | None = None,
    workers: int = 1,
    scratch: str | Path | None = None,
) -> FrameSelector:
    """Train a selector on a catalog that does not fit into memory.

    Parameters
    ----------
    source : str or Path
        A HATS folder or a Parquet file.
    label : str
        Column with the class of each source; rows without one are left out.
    bands : sequence of str, length b >= 2
        Bands whose neighboring colors are the features, in this order.
    estimator : BoostedTrees or ReverseSelectionClassifier, optional
        Its settings; None is ``BoostedTrees()``. A ReverseSelectionClassifier has BoostedTrees, no
        ranker and no folds.
    quasar_classes, threshold
        As for `qsolearn.selection.FrameSelector`.
    workers : int
        1 grows the trees in this process, with the binned colors on disk. More are processes of a
        Dask cluster on this machine that hold the colors in memory, shared out, and grow the same
        trees together.
    scratch : str or Path, optional
        Folder for the bins on disk (one byte per color and row); by default the system's.

    Returns
    -------
    FrameSelector
        Fitted: for `select_frame`, `select_hats`, `save_selector`.

    Raises
    ------
    CatalogError
        If the label or a band is absent, a file is damaged, or the estimator is of another kind.

    Notes
    -----
    The limits of the 256 bins of a color come from a sketch that is merged over the parts of the
    catalog, and sums run in another order; so trees differ from those of
    `BoostedTrees.fit` on all rows in memory as the trees of two orders of the same rows do. The
    same catalog and the same number of workers give the same trees.

    Reverse selection grows its first step on all rows. Those that this step does not discard, a few
    percent where the first class is the common one, are held in memory for the steps after it.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from qsolearn.simulate import make_sky
    >>> file = mkdtemp() + "/sky.parquet"
    >>> _ = make_sky("sdss", n_sources=3000, seed=1, to=file)
    >>> trees = BoostedTrees(n_rounds=5, max_depth=4)
    >>> selector = train_catalog(file, "true_class", ["sdss_u", "sdss_g", "sdss_r"], trees)
    >>> sum(selector.class_counts_.values())
    3000
    """
    estimator = BoostedTrees() if estimator is None else estimator
    trees = _trees_of(estimator)
    if not (workers >= 1 and workers % 1 == 0):
        raise CatalogError(f"workers is {workers}; it is a whole number of processes, at least 1.")
    try:
        bands = check_bands(bands)
    except ValueError as error:
        raise CatalogError(str(error)) from None
    if len(bands) < 2:
        raise CatalogError(f"A color needs two bands; only {bands[0]} was given.")
    parts, dereddened = _parts(source, label, bands)
    counts, n_left_out = _count_labels(parts)
    if len(counts) < 2:
        raise CatalogError(
            f"Column {label!r} holds {plural(len(counts), 'class').replace('classs', 'classes')}; "
            "a classifier needs two."
        )
    classes = np.array(sorted(counts))
    with _engine(workers, scratch) as engine:
        if isinstance(estimator, BoostedTrees):
            fitted = clone(trees)
            booster = engine.grow(fitted, parts, [[c] for c in classes])
            fitted.adopt(booster, classes, len(bands) - 1, color_names(bands))
        else:
            fitted = _reverse(engine, estimator, trees, parts, counts, color_names(bands))
    return assemble_selector(
        fitted, bands, quasar_classes, threshold, class_counts=counts, n_left_out=n_left_out,
        dereddened=dereddened,
    )  # fmt: skip


def _trees_of(estimator):
    """The BoostedTrees whose settings count."""
    if isinstance(estimator, BoostedTrees):
        return estimator
    if isinstance(estimator, ReverseSelectionClassifier):
        trees = BoostedTrees() if estimator.estimator is None else estimator.estimator
        if isinstance(trees, BoostedTrees) and estimator.ranker is None and estimator.cv is None:
            return trees
        raise CatalogError(
            "Reverse selection is trained from disk with BoostedTrees, without ranker and folds."
        )
    raise CatalogError(
        f"{type(estimator).__name__} cannot be trained from disk; BoostedTrees and "
        "ReverseSelectionClassifier can."
    )


@dataclass(frozen=True)
class _Part:
    """A partition, or a row group of a Parquet file."""

    path: Path
    group: int | None
    reader: FrameReader
    label: str

    def _batches(self, columns):
        import pyarrow as pa

        groups = None if self.group is None else [self.group]
        with open_parquet(self.path, str(self.path)) as parquet:
            try:
                for batch in parquet.iter_batches(
                    BATCH, row_groups=groups, columns=columns, use_threads=False
                ):
                    yield pa.Table.from_batches([batch])
            except (pa.ArrowException, OSError) as error:
                raise CatalogError(damaged(str(self.path), error)) from None

    def labels(self):
        """Label of each row as text; "" = none."""
        found = [_text(t.column(self.label)) for t in self._batches([self.label])]
        return np.concatenate(found) if found else np.array([], dtype=object)

    def load(self):
        """Colors (n, b - 1) as float32 and labels (n,) of the rows that have a label."""
        bands = self.reader.wanted
        X, y = [np.empty((0, len(bands) - 1), np.float32)], [np.array([], dtype=object)]
        for table in self._batches(list(dict.fromkeys([*self.reader.read, self.label]))):
            own = _text(table.column(self.label))
            known = own != ""
            if known.any():
                frame = self.reader.frame(table)
                X.append(colors(magnitudes(frame, bands)).astype(np.float32)[known])
                y.append(own[known])
        return np.concatenate(X), np.concatenate(y)

    def codes(self, groups):
        """Colors, and the place of each label in groups of labels, as float32."""
        X, y = self.load()
        place = {name: k for k, group in enumerate(groups) for name in group}
        return X, np.array([place[name] for name in y], dtype=np.float32)

    def survivors(self, booster, own, threshold):
        """Colors and labels of those that a step does not discard from the training set."""
        X, y = self.load()
        if not len(y):
            return X, y
        keep = ~((booster.inplace_predict(X) > threshold) & (y == own))
        return X[keep], y[keep]


def _text(column):
    """A column of labels as an array of text, "" where there is none."""
    text = column.cast("string").fill_null("").to_numpy(zero_copy_only=False)
    return np.asarray(text, dtype=object)


def _parts(source, label, bands):
    """Parts of a HATS folder or a Parquet file; how the catalog is dereddened."""
    path = Path(source)
    if path.is_dir():
        folder = HatsFolder.open(path)
        schema, places = folder.schema, [(folder.file(p), None) for p in folder.pixels]
    else:
        with open_parquet(path, str(path)) as parquet:
            schema = parquet.schema_arrow
            places = [(path, k) for k in range(parquet.metadata.num_row_groups)]
    if label not in schema.names:
        raise CatalogError(f"The catalog has no column {label!r} of labels.")
    reader = FrameReader.of(schema, bands)
    return [_Part(p, k, reader, label) for p, k in places], reader.dereddened


def _count_labels(parts):
    """Rows of each class, and rows without a label."""
    counts, none = {}, 0
    for part in parts:
        names, rows = np.unique(part.labels().astype(str), return_counts=True)
        for name, n in zip(names.tolist(), rows.tolist(), strict=True):
            if name:
                counts[name] = counts.get(name, 0) + n
            else:
                none += n
    return counts, none


def _engine(workers, scratch):
    return _Disk(scratch) if workers == 1 else _Dask(workers)


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
class _Dask:
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
            self._client.submit(_Part.survivors, part, trees, own, threshold) for part in parts
        ]
        found = self._client.gather(futures)
        return tuple(np.concatenate(x) for x in zip(*found, strict=True))


def _load_table(part, groups, names):
    import pandas as pd

    X, code = part.codes(groups)
    return pd.DataFrame(X, columns=names).assign(code=code)


def _reverse(engine, estimator, trees, parts, counts, names):
    """Reverse selection with the first step on all rows, the others on what it leaves."""
    check_threshold(estimator.threshold)
    classes = np.array(sorted(counts))
    sizes = np.array([counts[c] for c in classes.tolist()])
    target = check_target(estimator.target, classes, sizes)
    order = check_order(estimator.order, classes, sizes, target)
    first = classes[order[0]]
    others = [c for c in classes.tolist() if c != first]
    booster = engine.grow(trees, parts, [others, [first.item()]])
    X, y = engine.survivors(parts, booster, first.item(), estimator.threshold)
    step = clone(trees).adopt(booster, np.array([0, 1], dtype=np.int32), len(names))
    target_rows = y == classes[target]
    if (booster.inplace_predict(X[target_rows]) > estimator.threshold).all():
        raise CatalogError(
            f"The first step ({first}) would discard every source of the target "
            f"{classes[target]}; raise the threshold."
        )
    rest = _rest(estimator, trees, X, y.astype(classes.dtype), classes[target], classes[order[1:]])
    model = clone(estimator)
    model.classes_, model.n_features_in_ = classes, len(names)
    model.feature_names_in_ = np.array(names, dtype=object)
    model.target_, model.order_ = classes[target], [classes[c] for c in order]
    shares = np.where(np.arange(len(classes)) == order[0], 0, sizes)
    model._shares = [shares / shares.sum()]
    for share in rest["shares"]:
        wide = np.zeros(len(classes))
        wide[np.searchsorted(classes, rest["classes"])] = share
        model._shares.append(wide)
    model.estimators_ = [step, *rest["estimators"]]
    model._active = [True, *rest["active"]]
    model.final_estimator_, model.final_classes_ = rest["final"], rest["final_classes"]
    model.ranker_ = model._ranked = None
    seen = [(int(sizes.sum()), int(sizes[target])), *rest["seen"]]
    model.stages_ = size_table(model.order_, *np.array(seen).T)
    return model


def _rest(estimator, trees, X, y, target, order):
    """The steps after the first, in memory."""
    classes, codes = np.unique(y, return_inverse=True)
    if len(order):
        model = ReverseSelectionClassifier(trees, estimator.threshold, target, list(order))
        model.fit(X, y)
        return {
            "classes": model.classes_,
            "shares": model._shares,
            "estimators": model.estimators_,
            "active": model._active,
            "final": model.final_estimator_,
            "final_classes": model.final_classes_,
            "seen": model.stages_[["n", "n_target"]].to_numpy().tolist(),
        }
    final = clone(trees).fit(X, codes) if len(classes) > 1 else None
    return {
        "classes": classes, "shares": [], "estimators": [], "active": [], "final": final,
        "final_classes": classes, "seen": [(len(y), int(np.sum(y == target)))],
    }  # fmt: skip
