"""A HATS folder: its partitions, its files, and what is written beside them at the end."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.scale.packages import need

__all__ = [
    "BATCH",
    "HEALPIX",
    "HatsFolder",
    "damaged",
    "finish_catalog",
    "healpix_range",
    "open_parquet",
    "partition_path",
    "pixel_name",
    "put_in_place",
    "write_batches",
]

#: Rows that are read, selected and written at once: bounds the memory, whatever the partition.
BATCH = 150_000
#: Column of the HEALPix number of order 29 (a cell of 0.4 milliarcsec), by which rows are sorted.
HEALPIX = "_healpix_29"
_ORDER = 29


@dataclass(frozen=True)
class HatsFolder:
    """A HATS catalog on disk.

    Attributes
    ----------
    path : Path
        The folder.
    pixels : tuple of (int, int)
        HEALPix order and number of each partition, along the sky.
    info : hats.catalog.TableProperties
        Its properties.
    schema : pyarrow.Schema
        Of every partition.
    """

    path: Path
    pixels: tuple
    info: Any
    schema: Any

    @classmethod
    def open(cls, path: str | Path) -> HatsFolder:
        """Read what a HATS catalog says of itself; no rows are read.

        Parameters
        ----------
        path : str or Path
            Folder of a catalog, or of a collection, of which the main catalog is taken.

        Returns
        -------
        HatsFolder

        Raises
        ------
        CatalogError
            If it is no complete HATS catalog of objects on a local disk.

        Examples
        --------
        >>> HatsFolder.open("nowhere")
        Traceback (most recent call last):
        ...
        qsolearn.errors.CatalogError: There is no folder nowhere.
        """
        hats = need("hats")
        path = Path(path)
        if not path.is_dir():
            raise CatalogError(f"There is no folder {path}.")
        try:
            catalog = hats.read_hats(path)
        except (FileNotFoundError, ValueError, KeyError, TypeError, OSError) as error:
            raise CatalogError(
                f"{path} is no HATS catalog ({_first_line(error)}); make one with write_hats."
            ) from None
        if hasattr(catalog, "main_catalog"):
            path, catalog = Path(str(catalog.main_catalog_dir)), catalog.main_catalog
        kind = str(getattr(catalog.catalog_info, "catalog_type", ""))
        if kind not in ("object", "source") or catalog.schema is None:
            raise CatalogError(f"{path} is a HATS catalog of the kind {kind!r}, not of objects.")
        pixels = tuple((int(p.order), int(p.pixel)) for p in catalog.get_healpix_pixels())
        if catalog.catalog_info.npix_suffix == "/":
            raise CatalogError(
                f"The partitions of {path} are folders of several files; write it again with one "
                "file each (lsdb: to_hats)."
            )
        return cls(path, pixels, catalog.catalog_info, catalog.schema)

    def file(self, pixel: tuple[int, int]) -> Path:
        """Path of the Parquet file of a partition.

        Parameters
        ----------
        pixel : (int, int)
            Order and number.

        Returns
        -------
        Path
        """
        return self.path / partition_path(pixel, self.info.npix_suffix)

    def fingerprint(self) -> list:
        """What tells this catalog from another: its partitions, its columns and their statistics.

        Returns
        -------
        list
            JSON-able. The rows themselves are not read; the smallest and largest value of each
            column of each partition stand in ``_metadata``, if the catalog has it.
        """
        try:
            statistics = hashlib.sha256((self.path / "dataset/_metadata").read_bytes()).hexdigest()
        except FileNotFoundError:
            statistics = self.info.total_rows
        return [statistics, self.pixels, [[f.name, str(f.type)] for f in self.schema]]


def partition_path(pixel, suffix=".parquet"):
    """Path of a partition within its catalog, as the HATS standard has it.

    Parameters
    ----------
    pixel : (int, int)
        Order and number.
    suffix : str

    Returns
    -------
    Path

    Examples
    --------
    >>> partition_path((7, 12345)).as_posix()
    'dataset/Norder=7/Dir=10000/Npix=12345.parquet'
    """
    order, number = pixel
    folder = f"dataset/Norder={order}/Dir={number // 10_000 * 10_000}"
    return Path(folder) / f"Npix={number}{suffix}"


def healpix_range(pixel):
    """First number of order 29 within a pixel, and the first behind it.

    Parameters
    ----------
    pixel : (int, int)

    Returns
    -------
    first, end : int

    Examples
    --------
    >>> healpix_range((28, 3))
    (12, 16)
    """
    order, number = pixel
    shift = 2 * (_ORDER - order)
    return number << shift, (number + 1) << shift


def open_parquet(path, what):
    """Open a Parquet file, or say in one sentence that it is damaged.

    Parameters
    ----------
    path : Path
    what : str
        What to call it, at the beginning of a sentence.

    Returns
    -------
    pyarrow.parquet.ParquetFile
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Buffering ahead would keep all that was read before, up to the whole file.
        return pq.ParquetFile(path, pre_buffer=False)
    except FileNotFoundError:
        raise CatalogError(f"{what} is missing: there is no file {path}.") from None
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(damaged(what, error)) from None


def damaged(what, error):
    """The sentence that tells of a damaged file; ``what`` begins it."""
    return f"{what} is damaged ({_first_line(error)}); put a sound copy there and start again."


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def write_batches(path, schema, batches, counts=None):
    """Write record batches to a Parquet file that appears at once, whole, or not at all.

    Parameters
    ----------
    path : Path
        Where; its folders are made.
    schema : pyarrow.Schema
    batches : iterable of pyarrow.Table
        Each becomes a row group.
    counts : dict of {str: int}, optional
        Recorded in the file when all batches are written.

    Returns
    -------
    int
        Rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    rows = 0
    # Numbers pack better as byte streams; LZ4 costs two thirds of zstd's time for 4 % more disk.
    encoding, text = {}, []
    for field in schema:
        kind = field.type
        if pa.types.is_floating(kind) or pa.types.is_int64(kind) or pa.types.is_int32(kind):
            encoding[field.name] = "BYTE_STREAM_SPLIT"
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            text.append(field.name)
    if HEALPIX in schema.names:
        encoding[HEALPIX] = "DELTA_BINARY_PACKED"
    try:
        with pq.ParquetWriter(
            temporary,
            schema,
            compression="lz4",
            use_dictionary=text,
            column_encoding=encoding,
        ) as writer:
            for table in batches:
                if len(table):
                    writer.write_table(table, row_group_size=BATCH)
                rows += len(table)
            if counts is not None:
                writer.add_key_value_metadata({"qsolearn.counts": json.dumps(counts)})
        put_in_place(temporary, path)
    except OSError as error:
        raise CatalogError(
            f"{path} could not be written ({error.strerror or error}); what was finished before is "
            "kept."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def put_in_place(temporary, path):
    """Give a finished file its name, with its bytes on the disk before."""
    with open(temporary, "rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def finish_catalog(folder, pixels, *, name, ra, dec, record):
    """Write what makes a folder of partitions a HATS catalog; its properties come last.

    Parameters
    ----------
    folder : Path
        Holds ``dataset/`` with every partition.
    pixels : sequence of (int, int)
        Order and number of each, along the sky.
    name : str
        Of the catalog.
    ra, dec : str
        Columns of the position [deg].
    record : dict
        JSON-able; recorded in the properties.

    Returns
    -------
    rows : int
        In the whole catalog.
    """
    import pyarrow.parquet as pq

    hats = need("hats")
    from hats.catalog.dataset.table_properties import TableProperties
    from hats.pixel_math import HealpixPixel

    footers, rows = [], []
    for pixel in pixels:
        place = partition_path(pixel)
        footer = open_parquet(folder / place, f"Partition {pixel_name(pixel)} of {folder}").metadata
        footer.set_file_path(place.relative_to("dataset").as_posix())
        footers.append(footer)
        rows.append(footer.num_rows)
    schema = footers[0].schema.to_arrow_schema()
    _write(folder / "dataset/_metadata", lambda p: pq.write_metadata(schema, p, footers))
    _write(folder / "dataset/_common_metadata", lambda p: pq.write_metadata(schema, p))
    info = hats.catalog.PartitionInfo([HealpixPixel(*pixel) for pixel in pixels])
    _write(folder / "partition_info.csv", lambda p: info.as_dataframe().to_csv(p, index=False))
    properties = TableProperties(
        catalog_name=name,
        catalog_type="object",
        total_rows=int(np.sum(rows)),
        ra_column=ra,
        dec_column=dec,
        healpix_column=HEALPIX,
        healpix_order=_ORDER,
        hats_max_rows=int(np.max(rows)),
        moc_sky_fraction=round(float(info.calculate_fractional_coverage()), 6),
        hats_order=max(order for order, _ in pixels),
        hats_builder=f"qsolearn {version('qsolearn')}",
        qsolearn=json.dumps(record, sort_keys=True),
    )

    def store(path):
        from upath import UPath

        properties.to_properties_file_path(UPath(path), initial_comments="HATS catalog")

    _write(folder / "properties", store)
    _write(folder / "hats.properties", store)
    return int(np.sum(rows))


def pixel_name(pixel):
    """How a partition is called in a sentence."""
    return f"Norder={pixel[0]}, Npix={pixel[1]}"


def _write(path, writer):
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        writer(temporary)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
