"""Match two HATS catalogs by position, exactly, also across the edges of their partitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError
from qsolearn.scale.catalog import (
    BATCH,
    HEALPIX,
    HatsFolder,
    damaged,
    healpix_range,
    open_parquet,
    pixel_name,
    write_batches,
)
from qsolearn.scale.jobs import Outcome, digest, run_job
from qsolearn.sky import match_nearest

__all__ = ["match_hats", "surroundings"]

#: Finest order of a margin relative to its partition: 1024 small pixels along the border.
_FINER = 8


def match_hats(
    catalog: str | Path,
    other: str | Path,
    folder: str | Path,
    radius: float,
    *,
    suffix: str = "_2",
    workers: int = 1,
    progress: Callable | None = None,
    overwrite: bool = False,
) -> Outcome:
    """Give each source of a HATS catalog the columns of its nearest one in another.

    Parameters
    ----------
    catalog, other : str or Path
        Folders of the HATS catalogs.
    folder : str or Path
        Of the new one: the rows and partitions of ``catalog``, the columns of both. If an earlier
        run of the same match was interrupted, it is completed.
    radius : float
        Largest separation, inclusive [arcsec]; at most 3600.
    suffix : str
        Added to those columns of ``other`` whose name ``catalog`` has too.
    workers, progress, overwrite
        As for `qsolearn.scale.select_hats`.

    Returns
    -------
    Outcome
        ``counts`` holds ``rows``, ``matched`` and ``ambiguous``.

    Raises
    ------
    CatalogError
        If the radius is out of range, columns clash even so, or a partition is damaged.

    Notes
    -----
    A partition is matched with all of ``other`` that lies within it or within a margin around it
    that is wider than the radius, so no pair is lost at an edge; neither catalog needs a margin
    cache. The match is that of `qsolearn.sky.match_nearest`: the new columns ``separation``
    [arcsec] and ``ambiguous`` (more than one entry within the radius) stand beside those of the
    other catalog, all null where there is none. An entry may be the match of several sources.
    """
    radius = float(radius)
    if not 0 < radius <= 3600:
        raise CatalogError(
            f"The radius is {radius:g}; it is a number of arcsec above 0, at most 3600."
        )
    source, there = HatsFolder.open(catalog), HatsFolder.open(other)
    for each in (source, there):
        if HEALPIX not in each.schema.names:
            raise CatalogError(f"{each.path} has no column {HEALPIX}; write it again (write_hats).")
    own = source.schema.names
    names = {}
    for name in there.schema.names:
        if name != HEALPIX:
            names[name] = name + suffix if name in own else name
    taken = [*own, *names.values(), "separation", "ambiguous"]
    twice = next((n for n in taken if taken.count(n) > 1), None)
    if twice is not None:
        raise CatalogError(
            f"Column {twice!r} would stand in the result twice; choose another suffix."
        )
    record = {
        "catalog": digest(source.fingerprint()),
        "job": "match",
        "other catalog": digest(there.fingerprint()),
        "set of settings": digest([radius, suffix]),
    }
    return run_job(
        source, folder, _Task(source, there, names, radius), record, workers=workers,
        progress=progress, overwrite=overwrite,
    )  # fmt: skip


@dataclass(frozen=True)
class _Task:
    """Match one partition."""

    source: HatsFolder
    other: HatsFolder
    names: dict
    radius: float

    def __call__(self, pixel, file, common):
        """Write the file of a partition."""
        import pyarrow as pa

        counts = {"matched": 0, "ambiguous": 0}
        what = f"Partition {pixel_name(pixel)} of {self.source.path}"
        near = self._near(pixel)
        place = _positions(near, self.other.info)
        with open_parquet(self.source.file(pixel), what) as parquet:

            def batches():
                try:
                    for batch in parquet.iter_batches(BATCH, use_threads=False):
                        table = pa.Table.from_batches([batch])
                        yield self._match(table, near, place, counts)
                except (pa.ArrowException, OSError) as error:
                    raise CatalogError(damaged(what, error)) from None

            write_batches(file, self._schema(), batches(), counts)

    def _schema(self):
        import pyarrow as pa

        fields = list(self.source.schema)
        fields += [self.other.schema.field(a).with_name(b) for a, b in self.names.items()]
        fields = [f.with_nullable(True) for f in fields]
        fields += [pa.field("separation", pa.float64()), pa.field("ambiguous", pa.bool_())]
        metadata = {
            k: v for k, v in (self.source.schema.metadata or {}).items() if k == b"qsolearn"
        }
        return pa.schema(fields, metadata=metadata)

    def _near(self, pixel):
        """Rows of the other catalog within the partition and its margin."""
        import pyarrow as pa

        first, end = surroundings(pixel, self.radius)
        found = []
        for neighbor in self.other.pixels:
            low, high = healpix_range(neighbor)
            touches = (first < high) & (end > low)
            if not touches.any():
                continue
            what = f"Partition {pixel_name(neighbor)} of {self.other.path}"
            with open_parquet(self.other.file(neighbor), what) as parquet:
                try:
                    for batch in parquet.iter_batches(BATCH, use_threads=False):
                        found.append(_within(pa.Table.from_batches([batch]), first, end))
                except (pa.ArrowException, OSError) as error:
                    raise CatalogError(damaged(what, error)) from None
        schema = self.other.schema
        found = [t.select(schema.names).cast(schema) for t in found if len(t)]
        return pa.concat_tables(found) if found else schema.empty_table()

    def _match(self, table, near, place, counts):
        import pyarrow as pa

        pairs = match_nearest(_positions(table, self.source.info), place, self.radius)
        match = pairs["match"].to_numpy()
        nothing = match < 0
        rows = pa.array(np.where(nothing, 0, match), mask=nothing)
        schema = self._schema()
        columns = [table.column(n) for n in self.source.schema.names]
        columns += [near.column(n).take(rows) for n in self.names]
        columns.append(pa.array(pairs["separation"].to_numpy(), mask=nothing))
        columns.append(pa.array(pairs["ambiguous"].to_numpy(), mask=nothing))
        counts["matched"] += int((~nothing).sum())
        counts["ambiguous"] += int(pairs["ambiguous"].sum())
        return pa.table(columns, schema=schema)


def surroundings(pixel, radius):
    """Ranges of HEALPix numbers of order 29 that hold a pixel and all within a radius of it.

    Parameters
    ----------
    pixel : (int, int)
        Order and number.
    radius : float
        [arcsec]

    Returns
    -------
    first, end : (k,) array of int
        Sorted, disjoint, half open.
    """
    from hats.pixel_math import healpix_shim
    from hats.pixel_math.pixel_margins import get_margin

    order, _ = pixel
    # Small pixels along the border, with a smallest width of at least twice the radius.
    level = 29
    while level > 0 and healpix_shim.order2mindist(level) * 60 < 2 * radius:
        level -= 1
    level = min(level, order + _FINER)
    if level < order:
        # The pixel is smaller than the margin is wide: take the larger one that holds it.
        pixel = (level, pixel[1] >> (2 * (order - level)))
    ranges = [healpix_range(pixel)]
    ranges += [healpix_range((level, n)) for n in get_margin(*pixel, level - pixel[0])]
    ranges.sort()
    first, end = (np.array(x, dtype=np.int64) for x in zip(*ranges, strict=True))
    begins = np.flatnonzero(np.concatenate([[True], first[1:] > end[:-1]]))
    return first[begins], np.append(end[begins[1:] - 1], end[-1])


def _within(table, first, end):
    import pyarrow as pa

    number = table.column(HEALPIX).to_numpy()
    place = np.searchsorted(first, number, side="right") - 1
    inside = (place >= 0) & (number < end[np.maximum(place, 0)])
    return table.filter(pa.array(inside))


def _positions(table, info):
    columns = (info.ra_column, info.dec_column)
    ra, dec = (table.column(c).to_numpy().astype(float) for c in columns)
    return pd.DataFrame({"ra": ra, "dec": dec})
