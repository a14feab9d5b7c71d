"""What the commands share: reading a catalog, treating it, and two options."""

from __future__ import annotations

from pathlib import Path

import click

from qsolearn.errors import CatalogError

__all__ = ["MAP", "OVERWRITE", "read_catalog", "refuse_existing", "treat"]

MAP = click.option(
    "--columns",
    "column_map",
    type=click.Path(path_type=Path),
    help="Column map (TOML): which column is which band, in which system.",
)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing output.")


def read_catalog(path, column_map, keep=(), optional=()):
    """Frame and label translation of one catalog; optional columns are kept where they exist."""
    from qsolearn.frame import frame_from_table, load_column_map, read_table

    mapping = {"bands": None, "columns": {}, "labels": {}}
    if column_map is not None:
        mapping = load_column_map(column_map)
    table = read_table(path)
    if keep != "all":
        keep = [*keep, *(c for c in optional if c in table)]
    frame = frame_from_table(table, bands=mapping["bands"], columns=mapping["columns"], keep=keep)
    frame.attrs["source"] = Path(path).name
    return frame, mapping["labels"]


def refuse_existing(path, overwrite):
    """Say before the work, not after it, that the output stands in the way."""
    if Path(path).exists() and not overwrite:
        raise CatalogError(f"{path} exists already; choose another name or add --overwrite.")


def treat(frame, deredden, bands):
    """Deredden a frame if a convention is given."""
    from qsolearn.photometry import deredden as correct

    if not deredden:
        return frame
    if frame["ebv"].isna().all():
        raise CatalogError(
            "Dereddening needs E(B-V), and the catalog has no column for it; add one (ebv under "
            "[columns] of the column map), or train without --deredden."
        )
    return correct(frame, convention=deredden, bands=bands)
