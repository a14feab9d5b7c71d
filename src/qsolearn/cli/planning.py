"""The command that plans a night."""

from __future__ import annotations

from pathlib import Path

import click

from qsolearn.errors import CatalogError, plural

__all__ = ["plan"]


@click.command(
    epilog="Example: qsolearn plan list.vot --site paranal --night 2026-11-21 -o plan.vot",
    short_help="When and how high the candidates stand in a night.",
)
@click.argument("candidates", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="Name, or longitude,latitude,height [deg, deg, m].")
@click.option("--night", required=True, metavar="DATE", help="Date on which the night begins.")
@click.option("--altitude", type=float, default=30.0, show_default=True, help="Lowest [deg].")
@click.option("--moon", type=float, default=20.0, show_default=True, help="Nearest [deg].")
@click.option(
    "--top", type=int, help="Plan only so many of the most probable (by rank, or by P_QSO)."
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write; its ending decides the format.",
)
@click.option("--regions", type=click.Path(path_type=Path), help="Also a region file for DS9.")
@click.option("--overwrite", is_flag=True, help="Replace an existing output.")
def plan(candidates, site, night, altitude, moon, top, output, regions, overwrite):
    """List the CANDIDATES that are visible in a night, in the order of their best time.

    Of a table that `qsolearn select` wrote only the candidates are taken; of any other, every row.
    """
    from qsolearn.frame import read_table, write_table
    from qsolearn.frame.write import writable_format
    from qsolearn.observing import observing_plan, write_regions

    writable_format(output)
    for path in filter(None, (output, regions)):
        if path.exists() and not overwrite:
            raise CatalogError(f"{path} exists already; choose another name or add --overwrite.")
    table = read_table(candidates)
    if "is_candidate" in table:
        table = table[table["is_candidate"].astype(bool)]
        if not len(table):
            raise CatalogError(f"{candidates} has no candidates.")
    if top is not None:
        table = _first(table, top)
    night_plan = observing_plan(table, site, night, min_altitude=altitude, min_moon=moon)
    rounded = {"hours": 2, "altitude": 1, "airmass": 3, "moon_distance": 1}
    dereddened = table.attrs.get("qsolearn", {}).get("dereddened", False)
    meta = {"plan": dict(night_plan.attrs), "dereddened": dereddened}
    write_table(night_plan.round(rounded), output, meta=meta, overwrite=overwrite)
    if regions is not None and len(night_plan):
        write_regions(night_plan, regions, overwrite=overwrite)
    click.echo(
        f"{plural(len(night_plan), 'candidate')} of {len(table):,} visible; dark from "
        f"{night_plan.attrs['dark_from']} to {night_plan.attrs['dark_to']} UTC; wrote {output}"
    )


def _first(table, top):
    """The first rows by rank, or by probability."""
    if top < 1:
        raise CatalogError(f"A plan holds at least one candidate, not {top}.")
    if "rank" in table:
        return table.sort_values("rank", kind="stable").head(top)
    if "P_QSO" in table:
        return table.sort_values("P_QSO", ascending=False, kind="stable").head(top)
    raise CatalogError("--top needs the column rank or P_QSO, as qsolearn select writes them.")
