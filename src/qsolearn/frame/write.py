"""Write tables whole or not at all, with units, UCDs and provenance."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from qsolearn.errors import CatalogError
from qsolearn.frame.files import file_format
from qsolearn.frame.schema import describe, meaning, validate_frame

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = [
    "attach_columns",
    "replace_atomically",
    "writable_format",
    "write_frame",
    "write_table",
]


def writable_format(path: str | Path) -> str:
    """Kind of file that an ending means, if the project writes it.

    Parameters
    ----------
    path : str or Path
        Where to write.

    Returns
    -------
    str

    Raises
    ------
    CatalogError
        If the ending is unknown or belongs to a whitespace table, which cannot hold missing text.
    """
    kind = file_format(path)
    if kind == "whitespace table":
        raise CatalogError(f"{path}: whitespace tables are only read; write Parquet, FITS or CSV.")
    return kind


@contextlib.contextmanager
def replace_atomically(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and put it in place only if all went well.

    Parameters
    ----------
    path : str or Path
        Where the finished file (or folder) shall stand.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        The temporary path to write to. It ends as ``path`` does.

    Raises
    ------
    CatalogError
        If ``path`` exists and ``overwrite`` is False, its folder is absent, or writing failed; in
        every case what stood at ``path`` is untouched.
    """
    path = Path(path).resolve()
    if path.exists() and not overwrite:
        raise CatalogError(f"{path} exists already; choose another name or allow overwriting.")
    if not path.parent.is_dir():
        raise CatalogError(f"The folder {path.parent} does not exist.")
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        yield temporary
        if temporary.is_dir() and path.is_dir():
            _swap_folders(temporary, path)
        else:
            os.replace(temporary, path)
    except OSError as error:
        raise CatalogError(
            f"{path} could not be written ({error.strerror or error}); nothing was changed."
        ) from None
    finally:
        _remove(temporary)


def _swap_folders(new, path):
    """Put a folder in the place of another, which a rename cannot do in one step."""
    aside = path.with_name(f".{uuid.uuid4().hex[:8]}.old.{path.name}")
    os.replace(path, aside)
    try:
        os.replace(new, path)
    except OSError:
        os.replace(aside, path)
        raise
    _remove(aside)


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_frame(frame: pd.DataFrame, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a photometric frame with units, UCDs and its record of systems and dereddening.

    Parameters
    ----------
    frame : pandas.DataFrame
        A photometric frame.
    path : str or Path
        Parquet, FITS, VOTable or ECSV keep everything; CSV keeps the columns only and refuses a
        dereddened frame, because it could not say so.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    CatalogError
        If the frame is not valid, the path exists, or the disk is full; nothing is lost then.
    """
    validate_frame(frame)
    meta = {
        key: frame.attrs[key]
        for key in ("survey", "input_system", "dereddened", "source")
        if key in frame.attrs
    }
    write_table(frame, path, meta=meta, overwrite=overwrite)


def write_table(
    table: pd.DataFrame, path: str | Path, *, meta: dict | None = None, overwrite: bool = False
) -> None:
    """Write a table with the units and UCDs of the columns that the project knows.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table.
    path : str or Path
        Where to; the ending decides the format.
    meta : dict, optional
        JSON-able record of where the table comes from.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    CatalogError
        If the path exists, the format is unknown or writing fails; nothing is lost then.
    """
    kind = writable_format(path)
    meta = meta or {}
    if kind == "CSV" and meta.get("dereddened"):
        raise CatalogError(
            "CSV cannot record that magnitudes are dereddened; write Parquet, FITS, VOTable "
            "or ECSV."
        )
    with replace_atomically(path, overwrite=overwrite) as temporary:
        if kind == "Parquet":
            _write_parquet(table, temporary, meta)
        elif kind == "CSV":
            table.to_csv(temporary, index=False)
        else:
            _write_astropy(table, temporary, kind, meta)


def _write_parquet(table, path, meta):
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = table.copy(deep=False)
    plain.attrs = {}
    arrow = pa.Table.from_pandas(plain, preserve_index=False)
    fields = []
    for field in arrow.schema:
        unit, ucd = describe(field.name)
        text = meaning(field.name)
        notes = {k: v for k, v in (("unit", unit), ("ucd", ucd), ("description", text)) if v}
        fields.append(field.with_metadata(notes) if notes else field)
    metadata = {**(arrow.schema.metadata or {}), b"qsolearn": json.dumps(meta).encode()}
    pq.write_table(arrow.cast(pa.schema(fields, metadata=metadata)), path)


def _write_astropy(table, path, kind, meta):
    from astropy.table import Table

    plain = table.copy(deep=False)
    plain.attrs = {}
    for column in plain.columns:
        # Text columns as Python str: FITS and VOTable know no missing text.
        if not pd.api.types.is_numeric_dtype(plain[column].dtype) and (
            not pd.api.types.is_bool_dtype(plain[column].dtype)
        ):
            plain[column] = plain[column].astype(object).where(plain[column].notna(), "").map(str)
    out = Table.from_pandas(plain, index=False)
    for name in out.colnames:
        unit, ucd = describe(name)
        if unit:
            out[name].unit = unit
        if ucd:
            out[name].meta["ucd"] = ucd
        if meaning(name):
            out[name].description = meaning(name)
    if kind == "VOTable":
        _write_votable(out, path, meta)
    elif kind == "ECSV":
        out.meta["qsolearn"] = json.dumps(meta)
        out.write(path, format="ascii.ecsv")
    else:
        from astropy.io import fits

        for name in out.colnames:
            if out[name].dtype.kind in "UO" and not all(map(str.isascii, map(str, out[name]))):
                raise CatalogError(
                    f"Column {name!r} holds letters that FITS cannot store; write VOTable or "
                    "Parquet."
                )
        hdu = fits.table_to_hdu(out)
        for i, name in enumerate(out.colnames, start=1):
            if "ucd" in out[name].meta:
                hdu.header[f"TUCD{i}"] = out[name].meta["ucd"]
            if out[name].description:
                hdu.header[f"TCOMM{i}"] = out[name].description
        hdu.header["QSOLEARN"] = json.dumps(meta)
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)


def _write_votable(table, path, meta):
    from astropy.io.votable.tree import Info, VOTableFile

    document = VOTableFile.from_table(table)
    for field, name in zip(document.get_first_table().fields, table.colnames, strict=True):
        field.ucd = table[name].meta.get("ucd")
    document.resources[0].infos.append(Info(name="qsolearn", value=json.dumps(meta)))
    # Binary data inside the XML: as readable to every VOTable reader, and twenty times faster.
    document.to_xml(str(path), tabledata_format="binary2")


def attach_columns(table: pd.DataFrame | Table, candidates: pd.DataFrame) -> pd.DataFrame | Table:
    """Put the columns of a selection beside the rows of the table it came from.

    Parameters
    ----------
    table : pandas.DataFrame or astropy Table, n rows
        The user's own table, in the order in which it was read.
    candidates : pandas.DataFrame, n rows
        What `qsolearn.selection.select_frame` returned.

    Returns
    -------
    pandas.DataFrame or astropy Table
        A copy of the same kind with the new columns at the end; a column of the same name that
        was there already is replaced.

    Raises
    ------
    CatalogError
        If the two do not have the same number of rows.

    Examples
    --------
    >>> attach_columns(pd.DataFrame({"x": [1]}), pd.DataFrame({"P_QSO": [0.5]}))
       x  P_QSO
    0  1    0.5
    """
    if len(table) != len(candidates):
        raise CatalogError(
            f"The table has {len(table):,} rows and the selection {len(candidates):,}; "
            "they must be the same rows in the same order."
        )
    out = table.copy()
    for column in candidates.columns:
        out[column] = candidates[column].to_numpy()
    return out
