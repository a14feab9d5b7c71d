"""The command that sets and opens a blind challenge."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["challenge"]


@click.command(
    epilog="Example: qsolearn challenge blind/ --seed 2026",
    short_help="Set a blind challenge, or open its truth.",
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=int, required=True, help="Which challenge; it is also its key.")
@click.option("--n", "n_sources", type=int, default=40_000, show_default=True, help="Sources.")
@click.option("--open", "opens", is_flag=True, help="Write the truth of the challenge in FOLDER.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def challenge(folder, seed, n_sources, opens, overwrite):
    """Write a catalog and a training file to FOLDER; with --open, its truth for `judge`."""
    from qsolearn.datasets import make_challenge, open_challenge

    if opens:
        click.echo(f"opened {open_challenge(folder, seed=seed, overwrite=overwrite)}")
        return
    make_challenge(folder, seed=seed, n_sources=n_sources, overwrite=overwrite)
    click.echo(f"wrote catalog.parquet and training.parquet to {folder}; the truth stays shut")
