"""Photometric frames out of the Arrow tables of a part of a catalog."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass

from qsolearn.errors import CatalogError, CatalogWarning, nearest_names
from qsolearn.frame import frame_from_table, guess_bands
from qsolearn.frame.columns import COMMON_NAMES
from qsolearn.photometry import deredden
from qsolearn.scale.catalog import HEALPIX

__all__ = ["FrameReader"]


@dataclass(frozen=True)
class FrameReader:
    """Which columns of a catalog make the frame, and how.

    Attributes
    ----------
    read : list of str
        Columns that are needed.
    wanted : list of str
        Bands of the frame.
    spec : dict or None
        Where each band is found; None where the columns are those of a frame already.
    columns : dict or None
        Where id, ra, dec and ebv are found.
    dereddened : dict or False
        What the catalog records.
    """

    read: list
    wanted: list
    spec: dict | None
    columns: dict | None
    dereddened: dict | bool

    @classmethod
    def of(cls, schema, wanted, bands=None, columns=None):
        """Find the columns in the schema of a catalog.

        Parameters
        ----------
        schema : pyarrow.Schema
        wanted : sequence of str or None
            Bands; None takes all that are there.
        bands, columns : dict, optional
            As for `qsolearn.frame.read_frame`.

        Returns
        -------
        FrameReader

        Raises
        ------
        CatalogError
            If a band is not there.
        """
        names = [n for n in schema.names if n != HEALPIX]
        metadata = schema.metadata or {}
        own = bands is None and not columns and b"qsolearn" in metadata
        spec = guess_bands(names) if bands is None else bands
        wanted = list(spec if wanted is None else wanted)
        for band in wanted:
            if band not in spec:
                raise CatalogError(
                    f"The catalog has no band {band} (column mag_{band}); "
                    f"{nearest_names(band, spec)}."
                )
        spec = {band: spec[band] for band in wanted}
        real = {n.lower(): n for n in names}
        read = [real[n] for role in COMMON_NAMES.values() for n in role if n in real]
        read += [c for c in (columns or {}).values() if c in names]
        read += [v for s in spec.values() for k, v in s.items() if k != "system" and v in names]
        record = json.loads(metadata.get(b"qsolearn", b"{}"))
        return cls(
            list(dict.fromkeys(read)), wanted, None if own else spec, columns,
            record.get("dereddened", False),
        )  # fmt: skip

    def frame(self, table, convention=None):
        """A part of the catalog as a photometric frame.

        Parameters
        ----------
        table : pyarrow.Table
            With the columns ``read`` at least.
        convention : str, optional
            How to deredden, if the catalog is not dereddened already.

        Returns
        -------
        pandas.DataFrame
        """
        # A block for each column spares a copy of all of them.
        frame = table.select(self.read).to_pandas(split_blocks=True)
        if self.spec is not None:
            with warnings.catch_warnings():
                # What is odd in a part need not be odd in the catalog.
                warnings.simplefilter("ignore", CatalogWarning)
                frame = frame_from_table(frame, bands=self.spec, columns=self.columns)
        frame.attrs = {"dereddened": self.dereddened}
        if convention and not self.dereddened:
            return deredden(frame, convention=convention, bands=self.wanted)
        return frame
