"""The command `qsolearn summaries`."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["summaries"]


@click.command()
@click.argument("candidates", nargs=-1, required=True, type=click.Path())
@click.option("--reference", type=click.Path(), help="A summary that is taken as the standard.")
@click.option("--source", type=click.Path(), help="The text that the candidates summarize.")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    help="Embedder: auto, minilm, none, or a local model folder.",
)
@click.option("--html", "html_path", type=click.Path(), help="Write a report page here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def summaries(candidates, reference, source, model, html_path, as_json):
    """Compare summaries (text files) with a reference summary and with their source."""
    from qsolearn.summary.comparison import compare_all
    from qsolearn.summary.html import write_page
    from qsolearn.summary.text import read_text

    try:
        names = _names(candidates)
        reports = compare_all(
            {name: read_text(path) for name, path in zip(names, candidates, strict=True)},
            reference=None if reference is None else read_text(reference),
            source=None if source is None else read_text(source),
            model=model,
        )
        if html_path is not None:
            write_page(list(reports.items()), html_path)
    except (ValueError, ImportError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(
            json.dumps(
                {name: report.to_dict() for name, report in reports.items()},
                indent=2,
                ensure_ascii=False,
                allow_nan=False,
            )
        )
        return
    for name, report in reports.items():
        click.echo(f"== {name}\n{report}\n")


def _names(paths):
    """File names without their folder where that is unique, else whole paths."""
    short = [Path(path).name for path in paths]
    return short if len(set(short)) == len(short) else list(map(str, paths))
