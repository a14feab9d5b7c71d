"""A job that makes one catalog of another, partition by partition, and goes on after a kill.

What is on the disk is the only memory of a job. The record of the job (`_RECORD`) is there before
the first partition; a partition's file appears under its name whole or not at all; the properties,
without which a folder is no HATS catalog, come last. So a partition is done when its file is there,
a job is done when the properties are there, and whatever moment it is killed at, the next start
finds out what is left to do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from qsolearn.errors import CatalogError
from qsolearn.scale.catalog import (
    finish_catalog,
    open_parquet,
    partition_path,
    pixel_name,
    put_in_place,
)
from qsolearn.scale.packages import need

__all__ = ["Outcome", "digest", "local_client", "run_job"]

_RECORD = "qsolearn.json"
#: Folder for what the partitions need in common, such as the selector; removed at the end.
_COMMON = ".common"


@dataclass(frozen=True)
class Outcome:
    """What a job did.

    Attributes
    ----------
    folder : Path
        The new catalog.
    partitions : int
        How many it has.
    resumed : int
        How many of these an earlier, interrupted run had finished.
    counts : dict of {str: int}
        Sums over all partitions, ``rows`` among them.
    """

    folder: Path
    partitions: int
    resumed: int
    counts: dict


def digest(*parts):
    """Short fingerprint of JSON-able values and bytes.

    Examples
    --------
    >>> digest({"a": 1}, b"xyz")
    'a186362b3291'
    """
    out = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        out.update(len(data).to_bytes(8, "little") + data)
    return out.hexdigest()[:12]


def run_job(source, folder, task, record, *, prepare=None, workers=1, progress=None, overwrite):
    """Make a catalog of every partition of another.

    Parameters
    ----------
    source : HatsFolder
    folder : str or Path
        Of the new catalog. One that an interrupted run of the same job left is completed.
    task : callable
        ``task(pixel, file, common)`` writes the file of a partition with `write_batches` and
        returns nothing; ``common`` is the folder that ``prepare`` filled. It must be picklable for
        several workers.
    record : dict of {str: str}
        What tells this job from another, in the words of an error: such as ``{"selector": ...}``.
    prepare : callable, optional
        ``prepare(common)`` writes what the partitions need in common.
    workers : int
        Processes, each with one partition at a time.
    progress : callable, optional
        Called with the number of partitions done before, then with 1 after each.
    overwrite : bool
        Whether to begin anew where a catalog of an earlier job stands.

    Returns
    -------
    Outcome

    Raises
    ------
    CatalogError
        If the folder holds something else or another job's catalog, or a partition is damaged.
    """
    if not (workers >= 1 and workers % 1 == 0):
        raise CatalogError(f"workers is {workers}; it is a whole number of processes, at least 1.")
    folder = Path(folder)
    if folder.resolve() == source.path.resolve():
        raise CatalogError("The output is the catalog itself; choose another folder.")
    _begin(folder, record, overwrite)
    files = {pixel: folder / partition_path(pixel) for pixel in source.pixels}
    done = [pixel for pixel, file in files.items() if file.exists()]
    if progress is not None:
        progress(len(done))
    if not (folder / "hats.properties").exists():
        left = [pixel for pixel in source.pixels if not files[pixel].exists()]
        common = folder / _COMMON
        if left and prepare is not None:
            shutil.rmtree(common, ignore_errors=True)
            common.mkdir()
            prepare(common)
        if left:
            _work(task, left, files, common, workers, progress)
        info = source.info
        finish_catalog(
            folder, source.pixels, name=folder.name, ra=info.ra_column, dec=info.dec_column,
            record=record,
        )  # fmt: skip
    _tidy(folder)
    return Outcome(folder, len(files), len(done), _sum_counts(files, folder))


def _begin(folder, record, overwrite):
    """Make the folder with its record, or check that it is this job's."""
    path = folder / _RECORD
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    if overwrite and path.is_file():
        shutil.rmtree(folder)
    if folder.exists() and any(p.name[:1] != "." for p in folder.iterdir()):
        if not path.is_file():
            raise CatalogError(
                f"{folder} exists already and was not begun by such a job; choose another folder."
            )
        try:
            begun = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            begun = {}
        for key, value in record.items():
            if begun.get(key) != value:
                raise CatalogError(
                    f"{folder} was begun with another {key} ({begun.get(key)}, now {value}); "
                    "choose another folder, or overwrite it."
                )
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be made: {error.strerror}.") from None
    temporary = folder / f".{_RECORD}"
    temporary.write_text(text, encoding="utf-8")
    put_in_place(temporary, path)


def _work(task, pixels, files, common, workers, progress):
    if workers == 1:
        for pixel in pixels:
            task(pixel, files[pixel], common)
            if progress is not None:
                progress(1)
        return
    with local_client(workers) as client:
        from distributed import as_completed

        futures = [client.submit(task, p, files[p], common, pure=False) for p in pixels]
        for future in as_completed(futures):
            if future.status == "error":
                client.cancel(futures)
                raise future.exception()
            future.result()
            if progress is not None:
                progress(1)


@contextlib.contextmanager
def local_client(workers):
    """Client of a Dask cluster of processes on this machine, one thread each.

    Parameters
    ----------
    workers : int

    Yields
    ------
    distributed.Client
    """
    distributed = need("distributed")
    import dask

    # Memory is bounded by the batch, not by Dask; a paused worker would never wake up.
    memory = dict.fromkeys(("pause", "spill", "target"), False)
    settings = {f"distributed.worker.memory.{name}": value for name, value in memory.items()}
    # Trees depend on which rows a worker holds: nothing moves to an idle one.
    settings["distributed.scheduler.work-stealing"] = False
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address=None,
            host="127.0.0.1",
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def _tidy(folder):
    """Remove what a kill can leave beside the catalog."""
    shutil.rmtree(folder / _COMMON, ignore_errors=True)
    for path in folder.rglob(".*"):
        path.unlink(missing_ok=True)


def _sum_counts(files, folder):
    """Sums of what each partition's file says of itself."""
    counts = {"rows": 0}
    for pixel, file in files.items():
        what = f"Partition {pixel_name(pixel)} of {folder}"
        with open_parquet(file, what) as parquet:
            counts["rows"] += parquet.metadata.num_rows
            text = (parquet.metadata.metadata or {}).get(b"qsolearn.counts", b"{}")
        for key, value in json.loads(text).items():
            counts[key] = counts.get(key, 0) + value
    return counts
