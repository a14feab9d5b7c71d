"""Write a HATS catalog from a table of any length, with the memory of one partition."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from qsolearn.errors import CatalogError, plural
from qsolearn.frame.write import replace_atomically
from qsolearn.scale.catalog import (
    BATCH,
    HEALPIX,
    HatsFolder,
    damaged,
    finish_catalog,
    open_parquet,
    partition_path,
    write_batches,
)
from qsolearn.scale.packages import need

__all__ = ["partition_sky", "write_hats"]

#: Rows are counted in pixels of this order (0.003 deg^2); no partition is smaller than one.
_COUNT_ORDER = 10


def write_hats(
    source: Any,
    folder: str | Path,
    *,
    rows_per_partition: int = 1_000_000,
    name: str | None = None,
    overwrite: bool = False,
) -> HatsFolder:
    """Write a table as a HATS catalog.

    Parameters
    ----------
    source : pandas.DataFrame, str or Path
        A photometric frame, or a Parquet file; any table with ``ra``, ``dec`` [deg].
    folder : str or Path
        Of the catalog; it appears whole or not at all.
    rows_per_partition : int
        Largest number of rows of a partition. A piece of sky is quartered until it has no more.
    name : str, optional
        Of the catalog; by default that of the folder.
    overwrite : bool
        Whether an existing folder may be replaced.

    Returns
    -------
    HatsFolder
        The catalog.

    Raises
    ------
    CatalogError
        If a position is missing or off the sky, there are no rows, the folder exists, or more rows
        than a partition may have lie within 0.003 square degrees.

    Notes
    -----
    The file is read twice: once to count the sources in each pixel, once to deal the rows out, in
    batches, to a spool per partition, which is then sorted along the sky. Rows of the same pixel of
    order 29 keep their order. Needs memory for one partition, and as much disk again as the
    catalog, for the spools.

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import mkdtemp
    >>> table = pd.DataFrame({"ra": [10.0, 10.1, 200.0], "dec": [0.0, 0.0, -60.0]})
    >>> catalog = write_hats(table, mkdtemp() + "/three", rows_per_partition=2)
    >>> catalog.info.total_rows, catalog.pixels
    (3, ((0, 4), (0, 10)))
    """
    need("hats")
    if not (rows_per_partition >= 1 and rows_per_partition % 1 == 0):
        raise CatalogError(
            f"rows_per_partition is {rows_per_partition}; it is a whole number, at least 1."
        )
    folder = Path(folder)
    source = _Source(source)
    numbers, rows = source.count()
    pixels = partition_sky(numbers, rows, _COUNT_ORDER, int(rows_per_partition))
    with replace_atomically(folder, overwrite=overwrite) as new:
        new.mkdir()
        with tempfile.TemporaryDirectory(dir=new, prefix=".spool-") as spool:
            source.deal(pixels, Path(spool))
            for pixel in pixels:
                _sort_spool(Path(spool) / f"{pixel[0]}-{pixel[1]}", new, pixel, source.schema)
        finish_catalog(
            new, pixels, name=name or folder.name, ra="ra", dec="dec", record={"job": "write"}
        )
    return HatsFolder.open(folder)


def partition_sky(numbers, rows, order, most):
    """Pixels, as large as can be, with no more than so many rows each.

    Parameters
    ----------
    numbers, rows : (n,) array of int
        Occupied pixels of an order, sorted, and the rows in each.
    order : int
        That order.
    most : int
        Largest number of rows of a partition.

    Returns
    -------
    list of (int, int)
        Order and number of every partition that holds rows, along the sky.

    Raises
    ------
    CatalogError
        If a pixel of the given order holds more.

    Examples
    --------
    Sixteen pixels of order 2 are one of order 0; four of them are one of order 1.

    >>> partition_sky([0, 3, 15], [5, 1, 6], 2, 8)
    [(1, 0), (1, 3)]
    """
    numbers, rows = np.asarray(numbers, dtype=np.int64), np.asarray(rows, dtype=np.int64)
    if rows.max() > most:
        raise CatalogError(
            f"{plural(int(rows.max()), 'row')} lie in one HEALPix pixel of order {order}, more "
            f"than a partition may have ({most:,}); allow more rows per partition."
        )
    out = []
    for level in range(order + 1):
        parent = numbers >> (2 * (order - level))
        own, place = np.unique(parent, return_inverse=True)
        fits = np.bincount(place, weights=rows) <= most
        out += [(level, int(p)) for p in own[fits]]
        left = ~fits[place]
        numbers, rows = numbers[left], rows[left]
        if not len(numbers):
            break
    return sorted(out, key=lambda pixel: pixel[1] << (2 * (order - pixel[0])))


class _Source:
    """A table that is read in batches: a frame in memory, or a Parquet file."""

    def __init__(self, source):
        import json

        import pyarrow as pa

        self._table = self._path = None
        if hasattr(source, "columns"):
            plain = source.copy(deep=False)
            record = {k: v for k, v in plain.attrs.items() if k in ("survey", "dereddened")}
            plain.attrs = {}
            self._table = pa.Table.from_pandas(plain, preserve_index=False)
            metadata = {b"qsolearn": json.dumps(record).encode()} if record else None
            schema = self._table.schema.with_metadata(metadata)
            self._table = self._table.cast(schema)
        else:
            self._path = Path(source)
            if self._path.is_dir():
                raise CatalogError(f"{source} is a folder; give one Parquet file.")
            with open_parquet(self._path, f"{source}") as file:
                schema = file.schema_arrow
            metadata = schema.metadata or {}
            # What pandas recorded of the index of the file does not hold for its parts.
            schema = schema.with_metadata({k: v for k, v in metadata.items() if k != b"pandas"})
        for column in ("ra", "dec"):
            if column not in schema.names:
                raise CatalogError(
                    f"The table has no column {column!r}; positions are ra, dec [deg]."
                )
        if HEALPIX in schema.names:
            schema = schema.remove(schema.get_field_index(HEALPIX))
        fields = [pa.field(HEALPIX, pa.int64())]
        for field in schema:
            # Each partition is read alone: a dictionary of text would have to be in all of them.
            text = pa.types.is_dictionary(field.type)
            fields.append(field.with_type(field.type.value_type) if text else field)
        self.schema = pa.schema(fields, metadata=schema.metadata)

    def _batches(self, columns=None):
        import pyarrow as pa

        if self._table is not None:
            yield from self._table.to_batches(max_chunksize=BATCH)
            return
        try:
            with open_parquet(self._path, str(self._path)) as file:
                yield from file.iter_batches(BATCH, columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise CatalogError(damaged(str(self._path), error)) from None

    def count(self):
        """Rows in each occupied pixel of the counting order."""
        counts = np.zeros(12 * 4**_COUNT_ORDER, dtype=np.int32)
        seen = 0
        for batch in self._batches(["ra", "dec"]):
            index = _spatial_index(batch, seen)
            seen += len(index)
            found, rows = np.unique(index >> (2 * (29 - _COUNT_ORDER)), return_counts=True)
            counts[found] += rows.astype(np.int32)
        if not seen:
            raise CatalogError("The table has no rows.")
        found = np.flatnonzero(counts)
        return found, counts[found]

    def deal(self, pixels, spool):
        """Append each row to the spool of its partition."""
        import pyarrow as pa

        # Partitions cover the sky in order, so that the last one that begins before a row has it.
        begin = np.array([number << (2 * (29 - order)) for order, number in pixels])
        for batch in self._batches():
            index = _spatial_index(batch, 0)
            place = np.searchsorted(begin, index, side="right") - 1
            order = np.argsort(place, kind="stable")
            table = pa.Table.from_batches([batch])
            columns = [pa.array(index)]
            columns += [table.column(f.name).cast(f.type) for f in self.schema if f.name != HEALPIX]
            table = pa.table(columns, schema=self.schema).take(pa.array(order))
            edges = np.searchsorted(place[order], np.arange(len(pixels) + 1))
            for k in np.unique(place).tolist():
                piece = table.slice(edges[k], edges[k + 1] - edges[k]).combine_chunks()
                name = f"{pixels[k][0]}-{pixels[k][1]}"
                with open(spool / name, "ab") as stream:
                    for part in piece.to_batches():
                        data = part.serialize()
                        stream.write(len(data).to_bytes(8, "little"))
                        stream.write(data)


def _spatial_index(batch, seen):
    """HEALPix number of order 29 of each row."""
    from hats.pixel_math.spatial_index import compute_spatial_index

    ra, dec = (
        batch.column(name).to_numpy(zero_copy_only=False).astype(float) for name in ("ra", "dec")
    )
    bad = ~(np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90))
    if bad.any():
        raise CatalogError(
            f"Row {seen + int(np.argmax(bad)):,} has no position on the sky; leave such rows out."
        )
    return compute_spatial_index(ra % 360.0, dec)


def _sort_spool(path, folder, pixel, schema):
    """One partition from its spool, sorted along the sky."""
    import pyarrow as pa

    parts = []
    with pa.memory_map(str(path)) as stream:
        while stream.tell() < stream.size():
            size = int.from_bytes(stream.read(8), "little")
            parts.append(pa.ipc.read_record_batch(pa.py_buffer(stream.read_buffer(size)), schema))
        table = pa.Table.from_batches(parts, schema=schema)
        order = np.argsort(table.column(HEALPIX).to_numpy(), kind="stable")
        table = table.take(pa.array(order))
        del parts
    write_batches(folder / partition_path(pixel), schema, [table])
    path.unlink()
