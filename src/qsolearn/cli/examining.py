"""The command that looks a catalog over."""

from __future__ import annotations

from pathlib import Path

import click

from qsolearn.cli.shared import MAP, OVERWRITE, refuse_existing

__all__ = ["doctor"]


@click.command(
    epilog="Example: qsolearn doctor catalog.fits --columns map.toml --model model/",
    short_help="What is in a catalog, what is wrong with it, which method fits.",
)
@click.argument("catalog", type=click.Path(path_type=Path))
@MAP
@click.option(
    "--draft",
    type=click.Path(path_type=Path),
    help="Write a first column map, to be completed by hand.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Model folder: how far is the catalog from what it was trained on?",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    help="With --model: draw that distance (PNG, PDF or SVG).",
)
@OVERWRITE
def doctor(catalog, column_map, draft, model, figure, overwrite):
    """Look CATALOG over: bands, systems, missing values, extinction, and which methods fit."""
    from qsolearn.cli.selecting import as_trained
    from qsolearn.doctor import examine
    from qsolearn.frame import load_column_map, read_table
    from qsolearn.frame.drafting import draft_column_map
    from qsolearn.frame.write import replace_atomically
    from qsolearn.selection import load_selector

    if figure is not None and model is None:
        raise click.UsageError("--figure draws the distance from a model: give --model too.")
    for path in filter(None, (draft, figure)):
        refuse_existing(path, overwrite)
    if figure is not None and figure.suffix not in (".png", ".pdf", ".svg"):
        raise click.UsageError(f"A figure ends in .png, .pdf or .svg; got {figure.name}.")
    mapping = load_column_map(column_map) if column_map else {"bands": None, "columns": None}
    selector = load_selector(model) if model else None
    diagnosis = examine(
        catalog,
        bands=mapping["bands"],
        columns=mapping["columns"],
        selector=selector,
        treat=as_trained,
    )
    click.echo(str(diagnosis))
    if draft is not None:
        with replace_atomically(draft, overwrite=overwrite) as temporary:
            temporary.write_text(draft_column_map(read_table(catalog)), encoding="utf-8")
        click.echo(f"\nwrote {draft}: complete it, and give it with --columns {draft}")
    if figure is not None and diagnosis.domain is not None:
        _draw(diagnosis.domain, figure, overwrite)
        click.echo(f"\nwrote {figure}")


def _draw(report, path, overwrite):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from qsolearn.display import DomainDisplay, use_style
    from qsolearn.frame.write import replace_atomically

    with mpl.rc_context():
        use_style()
        # A figure of its own: the windows or notebook of whoever calls this stay as they are.
        shown = DomainDisplay.from_report(report).plot(Figure().subplots())
        with replace_atomically(path, overwrite=overwrite) as temporary:
            shown.figure_.savefig(temporary)
