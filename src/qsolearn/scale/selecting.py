"""Select candidates in a HATS catalog with any fitted selector."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qsolearn.errors import CatalogError, nearest_names
from qsolearn.scale.assembling import selector_digest
from qsolearn.scale.catalog import (
    BATCH,
    HEALPIX,
    HatsFolder,
    damaged,
    open_parquet,
    pixel_name,
    write_batches,
)
from qsolearn.scale.jobs import Outcome, digest, run_job
from qsolearn.scale.reading import FrameReader
from qsolearn.selection import load_selector, save_selector, select_frame

__all__ = ["select_hats"]

_RESULTS = ("P_QSO", "selected_class", "is_candidate", "reason", "z_phot")


def select_hats(
    catalog: str | Path,
    folder: str | Path,
    selector: Any,
    *,
    bands: dict | None = None,
    columns: dict | None = None,
    keep: str | Sequence[str] = "all",
    rows: str = "all",
    workers: int = 1,
    progress: Callable | None = None,
    overwrite: bool = False,
) -> Outcome:
    """Select quasar candidates in a HATS catalog; the result is a HATS catalog.

    Parameters
    ----------
    catalog : str or Path
        Folder of the HATS catalog.
    folder : str or Path
        Of the new one, with the same partitions. If an earlier run with the same catalog, selector
        and settings was interrupted, it is completed.
    selector : selector, str or Path
        Fitted, of a kind that `qsolearn.selection.save_selector` saves; or the folder of a saved
        one.
    bands, columns : dict, optional
        Which column is what, as for `qsolearn.frame.read_frame`; by default recognized by name.
    keep : "all" or sequence of str
        Columns of the catalog to carry along; the position always is.
    rows : {"all", "candidates"}
        Whether to write every source, or the candidates only.
    workers : int
        Processes of this machine (a Dask cluster from two on).
    progress : callable, optional
        Called with the number of partitions done before, then with 1 after each.
    overwrite : bool
        Whether to begin anew where a catalog of an earlier job stands.

    Returns
    -------
    Outcome
        ``counts`` holds ``rows`` written, ``candidates`` and ``unclassified`` (P_QSO = NaN).

    Raises
    ------
    CatalogError
        If the catalog lacks a band, a partition is damaged (those before it stay finished), the
        folder belongs to another job, or the selector cannot be saved.

    Notes
    -----
    Each batch of 150,000 rows goes through `qsolearn.selection.select_frame`, so the answer is the
    same, row by row, as for a frame in memory, whatever the partitions (kernel sums, which run in
    another order, to 12 digits); memory is that of a batch for each worker.

    A catalog that qsolearn wrote is read as the photometric frame that it is, any other as by
    `qsolearn.frame.frame_from_table`. It is dereddened as the selector's training set was.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from qsolearn.scale import write_hats
    >>> from qsolearn.selection import FrameSelector, UVExcessCut
    >>> from qsolearn.simulate import make_sky
    >>> sky, home = make_sky("sdss", n_sources=2000, seed=1), Path(mkdtemp())
    >>> catalog = write_hats(sky, home / "sky", rows_per_partition=500)
    >>> labels = sky["true_class"].str.startswith("QSO").map({True: "QSO", False: "other"})
    >>> cut = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"]).fit(sky, labels)
    >>> outcome = select_hats(home / "sky", home / "out", cut, keep=["id"])
    >>> outcome.counts["rows"], outcome.counts["candidates"] > 0
    (2000, True)
    """
    if isinstance(selector, (str, Path)):
        selector = load_selector(selector)
    source = HatsFolder.open(catalog)
    if rows not in ("all", "candidates"):
        raise CatalogError(f"rows is {rows!r}; it is 'all' or 'candidates'.")
    own = selector_digest(selector)
    wanted = getattr(selector, "bands_", None) or getattr(selector, "bands", None)
    reader = FrameReader.of(source.schema, wanted, bands, columns)
    task = _Task(source, reader, _kept(source, keep), rows == "candidates", own)
    record = {
        "catalog": digest(source.fingerprint()),
        "job": "select",
        "selector": own,
        "set of settings": digest([bands, columns, task.kept, rows]),
    }
    return run_job(
        source, folder, task, record, prepare=lambda common: save_selector(selector, common / own),
        workers=workers, progress=progress, overwrite=overwrite,
    )  # fmt: skip


def _kept(source, keep):
    """Columns to carry along."""
    names = [n for n in source.schema.names if n != HEALPIX]
    if keep != "all":
        for name in keep:
            if name not in names:
                raise CatalogError(
                    f"Column {name!r} is not in the catalog; {nearest_names(name, names)}."
                )
        position = (source.info.ra_column, source.info.dec_column)
        names = [n for n in names if n in (*keep, *position)]
    return [n for n in names if n not in _RESULTS]


@dataclass(frozen=True)
class _Task:
    """Select in one partition."""

    source: HatsFolder
    reader: FrameReader
    kept: list
    only_candidates: bool
    selector: str

    def __call__(self, pixel, file, common):
        """Write the file of a partition."""
        import pyarrow as pa

        counts = {"candidates": 0, "unclassified": 0}
        path = self.source.file(pixel)
        what = f"Partition {pixel_name(pixel)} of {self.source.path}"
        names = list(dict.fromkeys([HEALPIX, *self.kept, *self.reader.read]))
        names = [n for n in names if n in self.source.schema.names]
        selector = _load(common / self.selector)
        with open_parquet(path, what) as parquet:

            def batches():
                try:
                    for batch in parquet.iter_batches(BATCH, columns=names, use_threads=False):
                        if len(batch) == 0:
                            continue
                        yield self._select(selector, pa.Table.from_batches([batch]), counts)
                except (pa.ArrowException, OSError) as error:
                    raise CatalogError(damaged(what, error)) from None

            write_batches(file, self._schema(), batches(), counts)

    def _schema(self):
        import pyarrow as pa

        old = self.source.schema
        fields = [old.field(n) for n in (HEALPIX, *self.kept) if n in old.names]
        kinds = (pa.float64(), pa.string(), pa.bool_(), pa.string(), pa.float64())
        fields += [pa.field(n, k) for n, k in zip(_RESULTS, kinds, strict=True)]
        metadata = {k: v for k, v in (old.metadata or {}).items() if k == b"qsolearn"}
        return pa.schema(fields, metadata=metadata)

    def _select(self, selector, table, counts):
        import pyarrow as pa

        treated = getattr(selector, "dereddened_", False)
        frame = self.reader.frame(table, treated and treated["convention"])
        result = select_frame(selector, frame, whole=False)
        schema = self._schema()
        columns = [table.column(f.name) for f in schema if f.name not in _RESULTS]
        columns += [pa.array(result[n], schema.field(n).type, from_pandas=False) for n in _RESULTS]
        counts["candidates"] += int(result["is_candidate"].sum())
        counts["unclassified"] += int(result["P_QSO"].isna().sum())
        out = pa.table(columns, schema=schema)
        return out.filter(out.column("is_candidate")) if self.only_candidates else out


@functools.lru_cache(maxsize=1)
def _load(common):
    """The job's selector, once per process, with one thread: the processes share the cores."""
    selector = load_selector(common)
    estimator = getattr(selector, "estimator_", None)
    parts = [selector, estimator, *getattr(estimator, "estimators_", [])]
    parts += [getattr(estimator, n, None) for n in ("final_estimator_", "ranker_")]
    for part in parts:
        if hasattr(part, "n_jobs"):
            part.n_jobs = 1
    return selector
