"""The command that fetches parts of archives."""

from __future__ import annotations

from pathlib import Path

import click

from qsolearn.errors import CatalogError, plural

__all__ = ["fetch"]


@click.command(
    epilog="Example: qsolearn fetch allwise --ra 30 --dec -20 --radius 1 -o allwise.parquet",
    short_help="Fetch part of an archive, cached and resumable.",
)
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the archives and what to cite.")
@click.option("--ra", type=float, help="Center of a cone [deg].")
@click.option("--dec", type=float, help="Center of a cone [deg].")
@click.option(
    "--around",
    type=click.Path(path_type=Path),
    help="Catalog with positions, instead of a cone.",
)
@click.option("--radius", type=float, help="Of the cone [deg], or around positions [arcsec].")
@click.option("--adql", is_flag=True, help="Show the query instead of asking.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing output.")
@click.option("--url", help="TAP service (default: VizieR's).")
@click.option("--pause", type=float, default=1.0, show_default=True, help="Between queries [s].")
def fetch(name, listed, ra, dec, around, radius, adql, output, overwrite, url, pause):
    """Fetch the sources of archive NAME in a cone, or near the positions of a catalog.

    The pieces of an answer are kept in the folder QSOLEARN_CACHE: an interrupted fetch goes on
    where it stopped, and a second one needs no network.
    """
    from qsolearn.datasets import ARCHIVES, fetch_around, fetch_region
    from qsolearn.datasets.archives import VIZIER_TAP, adql_around, adql_region, get_archive

    if listed:
        width = max(map(len, ARCHIVES))
        for archive in ARCHIVES.values():
            click.echo(f"{archive.name:{width}}  {archive.table:18}  {archive.reference}")
        return
    if name is None or radius is None or (around is None) == (ra is None or dec is None):
        raise click.UsageError(
            "Give NAME and --radius, and either --ra and --dec or --around (see --list)."
        )
    archive = get_archive(name)
    if adql:
        low, high = (dec - radius, dec + radius) if around is None else (None, None)
        click.echo(
            adql_region(archive, ra, dec, radius, low, high)
            if around is None
            else adql_around(archive, radius / 3600)
        )
        return
    if output is None:
        raise click.UsageError("Say with -o where to write.")
    from qsolearn.frame import read_frame, write_table
    from qsolearn.frame.write import writable_format

    writable_format(output)
    if output.exists() and not overwrite:
        raise CatalogError(f"{output} exists already; choose another name or add --overwrite.")
    options = {"url": url or VIZIER_TAP, "pause": pause}
    if around is None:
        frame = fetch_region(name, ra, dec, radius, **options)
    else:
        frame = fetch_around(name, read_frame(around), radius, **options)
    survey = frame.attrs.get("survey", name)
    meta = {"survey": survey, "dereddened": False, "archive": archive.table}
    write_table(frame, output, meta=meta, overwrite=overwrite)
    click.echo(f"{plural(len(frame), 'source')} of {archive.reference}; wrote {output}")
