"""The command that selects candidates."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qsolearn.cli.shared import MAP, OVERWRITE, read_catalog, refuse_existing, treat
from qsolearn.errors import CatalogError, plural

__all__ = ["select"]


@click.command(
    epilog="Example: qsolearn select catalog.fits --model model/ -o out.vot --ranked list.vot",
    short_help="Select quasar candidates from a catalog.",
)
@click.argument("catalog", type=click.Path(path_type=Path))
@click.option(
    "--model",
    "model",
    required=True,
    type=click.Path(path_type=Path),
    help="Model folder that train wrote.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write, with every source; its ending decides the format.",
)
@click.option(
    "--ranked",
    type=click.Path(path_type=Path),
    help="Also a list of the candidates alone: ranked, with reasons and warnings.",
)
@click.option("--top", type=int, help="Length of that list (default: all candidates).")
@click.option(
    "--regions",
    type=click.Path(path_type=Path),
    help="Also a region file of that list for DS9.",
)
@MAP
@OVERWRITE
def select(catalog, model, output, ranked, top, regions, column_map, overwrite):
    """Classify every source of CATALOG and write its columns with P_QSO, class and reason."""
    from tqdm import tqdm

    from qsolearn.frame import attach_columns, write_table
    from qsolearn.frame.write import writable_format
    from qsolearn.observing import write_regions
    from qsolearn.selection import load_selector, rank_candidates, select_frame

    for path in filter(None, (output, ranked, regions)):
        refuse_existing(path, overwrite)
        if Path(path).resolve() == Path(catalog).resolve():
            raise CatalogError("The output is the catalog itself; choose another name.")
    for path in filter(None, (output, ranked)):
        writable_format(path)
    if top is not None and top < 1:
        raise CatalogError(f"A list holds at least one candidate, not {top}.")
    if regions is not None and regions.suffix != ".reg":
        raise CatalogError(f"A region file ends in .reg; got {regions.name}.")
    selector = load_selector(model)
    if hasattr(getattr(selector, "estimator_", None), "n_jobs"):
        selector.estimator_.n_jobs = -1  # all cores: the answer is the same for any number
    frame, _ = read_catalog(catalog, column_map, keep="all")
    clash = [
        c for c in ("P_QSO", "selected_class", "is_candidate", "reason", "z_phot") if c in frame
    ]
    if clash:
        click.echo(f"note: the catalog's own columns {', '.join(clash)} are replaced.", err=True)
    treated = as_trained(frame, selector)
    _tell_distance(selector, treated)
    with tqdm(total=len(frame), unit=" sources", disable=not sys.stderr.isatty()) as bar:
        result = select_frame(selector, treated, progress=bar.update)
    meta = {
        "survey": frame.attrs["survey"],
        "dereddened": frame.attrs["dereddened"],
        "catalog": Path(catalog).name,
        "selected_by": {"model": Path(model).name, **selector.provenance_},
    }
    write_table(attach_columns(frame, result), output, meta=meta, overwrite=overwrite)
    written = [output]
    if ranked is not None or regions is not None:
        table = rank_candidates(selector, treated, result, top=top)
        if ranked is not None:
            # The list holds the magnitudes as they were given, as the table of all sources does.
            own = [c for c in table if c.startswith("mag_")]
            table[own] = frame.loc[table.index, own]
            write_table(table, ranked, meta=meta, overwrite=overwrite)
            written.append(ranked)
        if regions is not None:
            write_regions(table, regions, overwrite=overwrite)
            written.append(regions)
    found, unknown = int(result["is_candidate"].sum()), int(result["P_QSO"].isna().sum())
    click.echo(
        f"{plural(found, 'candidate')} among {plural(len(result), 'source')}"
        + (f" ({plural(unknown, 'source')} without a needed band)" if unknown else "")
        + f"; wrote {', '.join(map(str, written))}"
    )


def as_trained(frame, selector):
    """A frame treated as the training sample was, or one sentence why that cannot be.

    Parameters
    ----------
    frame : pandas.DataFrame
        A photometric frame.
    selector : fitted selector

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    CatalogError
        If the frame lacks a band of the selector, or E(B-V) to deredden with.
    """
    from qsolearn.selection.domain.compare import missing_bands

    absent = [b for b in selector.bands if f"mag_{b}" not in frame]
    if absent:
        raise CatalogError(missing_bands(selector.bands, absent))
    convention = selector.dereddened_ and selector.dereddened_["convention"]
    return frame if frame.attrs["dereddened"] else treat(frame, convention, selector.bands)


def _tell_distance(selector, frame):
    """Say on standard error if a catalog is foreign to the model."""
    from qsolearn.selection.domain.compare import FOREIGN, compare_with_domain

    domain = getattr(selector, "domain_", None)
    if domain is None:
        return
    report = compare_with_domain(domain, frame)
    if report.suspects or (report.outside.n and report.outside.low > FOREIGN):
        click.echo(f"note: {report.verdict} Ask qsolearn doctor --model.", err=True)
