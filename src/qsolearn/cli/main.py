"""The group of commands, and how errors and warnings reach the user."""

from __future__ import annotations

import sys
import warnings

import click

from qsolearn import __version__
from qsolearn.cli.challenging import challenge
from qsolearn.cli.commands import judge, simulate, train
from qsolearn.cli.examining import doctor
from qsolearn.cli.fetching import fetch
from qsolearn.cli.planning import plan
from qsolearn.cli.scaling import scale
from qsolearn.cli.selecting import select
from qsolearn.cli.summarizing import summaries
from qsolearn.errors import CatalogWarning

__all__ = ["cli", "main"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="qsolearn")
def cli() -> None:
    """Find quasars among stars.

    \b
    Look at a catalog:      qsolearn doctor catalog.fits --draft map.toml
    Is a model fit for it?  qsolearn doctor catalog.fits --columns map.toml --model model/
    Learn from labels:      qsolearn train known.parquet --label class -o model/
    Select candidates:      qsolearn select catalog.fits --model model/ -o out.vot --ranked list.vot
    Judge the selection:    qsolearn judge out.vot --truth spectra.csv --by mag,z
    Plan a night:           qsolearn plan list.vot --site paranal --night 2026-11-21 -o plan.vot
    Fetch from archives:    qsolearn fetch gaia --ra 30 --dec -20 --radius 1 -o gaia.parquet
    Billions of rows:       qsolearn scale select hats_folder --model model/ -o selected
    Compare summaries:      qsolearn summaries mine.txt --source paper.txt --html report.html
    """


for command in (doctor, train, select, judge, simulate, fetch, plan, challenge, scale):
    cli.add_command(command)
cli.add_command(summaries)


def main(args: list[str] | None = None) -> None:
    """Run the command line: one sentence on standard error when something is wrong.

    Parameters
    ----------
    args : list of str, optional
        Arguments; by default those of the process. The process ends with status 0 (done), 1 (the
        input cannot be used), 2 (the command was misspelled) or 130 (interrupted).
    """

    def note(message, category, *_, **__):
        if issubclass(category, CatalogWarning):
            click.echo(f"note: {message}", err=True)

    warnings.showwarning = note
    try:
        cli.main(args=args, prog_name="qsolearn", standalone_mode=False)
    except click.exceptions.Abort:
        _stop("Interrupted; nothing was written.", 130)
    except click.UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _stop(error.format_message(), 1)
    except MemoryError:
        _stop("This does not fit into memory; select in parts.", 1)
    except (ValueError, OSError) as error:
        _stop(str(error), 1)


def _stop(sentence, status):
    click.echo(f"qsolearn: {sentence}", err=True)
    sys.exit(status)
