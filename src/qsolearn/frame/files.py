"""Catalog files as plain tables, nothing interpreted."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError

__all__ = ["FORMATS", "file_format", "read_table"]

#: File endings that can be read, and the kind of file each means.
FORMATS = {
    ".parquet": "Parquet",
    ".fits": "FITS",
    ".fit": "FITS",
    ".fits.gz": "FITS",
    ".vot": "VOTable",
    ".votable": "VOTable",
    ".xml": "VOTable",
    ".ecsv": "ECSV",
    ".csv": "CSV",
    ".csv.gz": "CSV",
    ".tab": "whitespace table",
    ".tab.gz": "whitespace table",
}


def file_format(path: str | Path) -> str:
    """Kind of file that an ending means.

    Parameters
    ----------
    path : str or Path
        Name of a file, which need not exist.

    Returns
    -------
    str
        One of the values of `FORMATS`.

    Raises
    ------
    CatalogError
        If the ending is not known.
    """
    name = Path(path).name.lower()
    for ending in sorted(FORMATS, key=len, reverse=True):
        if name.endswith(ending):
            return FORMATS[ending]
    raise CatalogError(f"{path} has none of the endings that are known: {', '.join(FORMATS)}.")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read any catalog file as a plain table, nothing interpreted.

    Parameters
    ----------
    path : str or Path
        A Parquet, FITS, VOTable, ECSV, CSV or whitespace-separated file.

    Returns
    -------
    pandas.DataFrame
        One row per source; masked values are NaN (or None in text); columns that hold arrays
        are left out. ``attrs["qsolearn"]`` holds what `write_frame` recorded, if anything.

    Raises
    ------
    CatalogError
        If the file is absent, of an unknown kind, truncated or otherwise unreadable.
    """
    path = Path(path)
    kind = file_format(path)
    if not path.is_file():
        raise CatalogError(f"There is no file {path}.")
    try:
        with warnings.catch_warnings():
            # Units and UCDs that astropy does not know do not matter for the numbers.
            warnings.simplefilter("ignore")
            if kind == "Parquet":
                table, meta = _read_parquet(path)
            elif kind == "CSV":
                table, meta = pd.read_csv(path, low_memory=False, float_precision="round_trip"), {}
            elif kind == "whitespace table":
                table, meta = pd.read_csv(path, sep=r"\s+"), {}
            else:
                table, meta = _read_astropy(path, kind)
    except MemoryError:
        raise CatalogError(f"{path} does not fit into memory.") from None
    except Exception as error:  # a damaged file can fail anywhere inside its reader
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CatalogError(f"{path} cannot be read as {kind}: {reason.rstrip('.')}.") from None
    table.columns = [str(c) for c in table.columns]
    table.attrs = {"qsolearn": meta} if meta else {}
    return table


def _read_parquet(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    raw = (table.schema.metadata or {}).get(b"qsolearn")
    return table.to_pandas(), json.loads(raw) if raw else {}


def _read_astropy(path, kind):
    from astropy.table import Table

    names = {"FITS": "fits", "VOTable": "votable", "ECSV": "ascii.ecsv"}
    if kind == "VOTable":
        from astropy.io.votable import parse

        document = parse(path)
        table = document.get_first_table().to_table(use_names_over_ids=True)
        raw = next(
            (i.value for r in document.resources for i in r.infos if i.name == "qsolearn"), ""
        )
    else:
        options = {"hdu": 1} if kind == "FITS" else {}
        table = Table.read(path, format=names[kind], **options)
        raw = table.meta.get("QSOLEARN", table.meta.get("qsolearn", ""))
    flat = [name for name in table.colnames if table[name].ndim == 1]
    table = table[flat]
    for name in flat:
        if table[name].dtype.kind == "S":
            # Damaged text must not cost the numbers beside it.
            text = np.char.decode(np.ma.filled(table[name], b""), "utf-8", errors="replace")
            table.replace_column(name, table.Column(np.char.strip(text), name=name))
    frame = table.to_pandas()
    for column in frame.columns:
        if pd.api.types.is_extension_array_dtype(frame[column].dtype) and (
            pd.api.types.is_numeric_dtype(frame[column].dtype) and frame[column].isna().any()
        ):
            frame[column] = frame[column].astype(float)
    return frame, json.loads(raw) if raw else {}
