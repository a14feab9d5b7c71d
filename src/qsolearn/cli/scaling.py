"""`qsolearn scale`: catalogs that do not fit into memory, as HATS folders."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import click

from qsolearn.errors import CatalogError, plural

__all__ = ["scale"]

_PATH = click.Path(path_type=Path)
_WORKERS = click.option(
    "--workers", type=int, default=1, show_default=True, help="Processes of this machine."
)
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing output.")


@click.group(short_help="Work on catalogs that do not fit into memory (HATS folders).")
def scale():
    """Work on catalogs that do not fit into memory, as HATS folders.

    `select` and `match` go on where they were interrupted: give the same command again.
    """


@contextmanager
def _bar():
    """Progress in partitions, on a terminal; an interruption is told with what to do."""
    from tqdm import tqdm

    with tqdm(unit=" partitions", disable=not sys.stderr.isatty()) as bar:
        try:
            yield bar.update
        except KeyboardInterrupt:
            raise CatalogError(
                "Interrupted; the partitions that are done are kept, and the same command goes on "
                "from there."
            ) from None


@scale.command(
    epilog="Example: qsolearn scale write sky.parquet -o sky_hats",
    short_help="Write a Parquet file as a HATS catalog.",
)
@click.argument("table", type=_PATH)
@click.option("-o", "--output", required=True, type=_PATH, help="Folder to write.")
@click.option(
    "--rows", type=int, default=1_000_000, show_default=True, help="Most rows of a partition."
)
@_OVERWRITE
def write(table, output, rows, overwrite):
    """Write TABLE, a Parquet file with ra and dec, as a HATS catalog."""
    from qsolearn.scale import write_hats

    catalog = write_hats(table, output, rows_per_partition=rows, overwrite=overwrite)
    click.echo(
        f"{plural(catalog.info.total_rows, 'row')} in "
        f"{plural(len(catalog.pixels), 'partition')}; wrote {output}"
    )


@scale.command(
    epilog="Example: qsolearn scale select sky_hats --model model/ -o selected_hats",
    short_help="Select quasar candidates from a HATS catalog.",
)
@click.argument("catalog", type=_PATH)
@click.option("--model", required=True, type=_PATH, help="Model folder that train wrote.")
@click.option("-o", "--output", required=True, type=_PATH, help="Folder to write.")
@click.option("--candidates", is_flag=True, help="Write the candidates only.")
@click.option("--keep", metavar="COLUMN,COLUMN", help="Columns to carry along (default: all).")
@click.option(
    "--columns", "column_map", type=_PATH, help="Column map (TOML): which column is which band."
)
@_WORKERS
@_OVERWRITE
def select(catalog, model, output, candidates, keep, column_map, workers, overwrite):
    """Classify every source of CATALOG; the result has the same partitions."""
    from qsolearn.frame import load_column_map
    from qsolearn.scale import select_hats

    mapping = load_column_map(column_map) if column_map else {"bands": None, "columns": None}
    with _bar() as progress:
        outcome = select_hats(
            catalog,
            output,
            model,
            bands=mapping["bands"],
            columns=mapping["columns"],
            keep=[c.strip() for c in keep.split(",") if c.strip()] if keep else "all",
            rows="candidates" if candidates else "all",
            workers=workers,
            progress=progress,
            overwrite=overwrite,
        )
    counts = outcome.counts
    _tell(outcome, f"{plural(counts['candidates'], 'candidate')}, ")


@scale.command(
    epilog="Example: qsolearn scale match gaia_hats wise_hats --radius 1 -o matched_hats",
    short_help="Match two HATS catalogs by position.",
)
@click.argument("catalog", type=_PATH)
@click.argument("other", type=_PATH)
@click.option("--radius", required=True, type=float, help="[arcsec].")
@click.option("-o", "--output", required=True, type=_PATH, help="Folder to write.")
@_WORKERS
@_OVERWRITE
def match(catalog, other, radius, output, workers, overwrite):
    """Give each source of CATALOG the columns of its nearest one in OTHER."""
    from qsolearn.scale import match_hats

    with _bar() as progress:
        outcome = match_hats(
            catalog, other, output, radius, workers=workers, progress=progress, overwrite=overwrite
        )
    _tell(outcome, f"{plural(outcome.counts['matched'], 'match').replace('matchs', 'matches')}, ")


def _tell(outcome, found):
    before = f" ({outcome.resumed:,} of them done before)" if outcome.resumed else ""
    click.echo(
        f"{found}{plural(outcome.counts['rows'], 'row')} in "
        f"{plural(outcome.partitions, 'partition')}{before}; wrote {outcome.folder}"
    )


@scale.command(
    epilog="Example: qsolearn scale train sky_hats --label class --bands ps1_g,ps1_r,wise_w1 "
    "--method reverse -o model/",
    short_help="Grow boosted trees on more rows than fit into memory.",
)
@click.argument("source", type=_PATH)
@click.option("--label", required=True, help="Column with the class of each source.")
@click.option("--bands", required=True, help="Bands in order, such as ps1_g,ps1_r,wise_w1.")
@click.option(
    "--method", type=click.Choice(["trees", "reverse"]), default="trees", show_default=True
)
@click.option("--target", help="reverse: class that is looked for (default: the rarest).")
@click.option("--threshold", type=float, help="Smallest P_QSO of a candidate.")
@_WORKERS
@click.option("-o", "--output", required=True, type=_PATH, help="Folder to write the model to.")
@_OVERWRITE
def train(source, label, bands, method, target, threshold, workers, output, overwrite):
    """Train on SOURCE, a HATS folder or a Parquet file; rows without a label are left out."""
    from qsolearn.scale import train_catalog
    from qsolearn.selection import BoostedTrees, ReverseSelectionClassifier, save_selector

    if output.exists() and not overwrite:
        raise CatalogError(f"{output} exists already; choose another name or add --overwrite.")
    reverse = ReverseSelectionClassifier(target=target)
    selector = train_catalog(
        source,
        label,
        [b.strip() for b in bands.split(",") if b.strip()],
        reverse if method == "reverse" else BoostedTrees(),
        threshold=threshold,
        workers=workers,
    )
    provenance = {"files": [source.name], "label_column": label, "method": method}
    save_selector(selector, output, provenance=provenance, overwrite=overwrite)
    counts = ", ".join(f"{plural(n, f'{c} source')}" for c, n in selector.class_counts_.items())
    click.echo(f"trained {method} on {counts}; wrote {output}")
