"""The commands that learn, judge and simulate."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qsolearn.cli.shared import MAP, OVERWRITE, read_catalog, refuse_existing, treat
from qsolearn.errors import CatalogError, nearest_names, plural


@click.command(
    epilog="Example: qsolearn train stars.parquet quasars.parquet --label true_class "
    "--prior Star=0.88 --prior QSO=0.12 -o model/",
    short_help="Learn from labeled catalogs.",
)
@click.argument("labeled", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--label", required=True, help="Column with the class of each source.")
@click.option(
    "--bands", help="Bands in order, such as sdss_u,sdss_g,sdss_r (default: all, by wavelength)."
)
@click.option(
    "--method",
    type=click.Choice(["kde", "reverse", "uvx", "dummy"]),
    default="kde",
    show_default=True,
    help="Kernel Bayes classifier, reverse selection, UV-excess cut, or no method.",
)
@click.option("--bandwidth", type=float, default=0.15, show_default=True, help="kde: [mag].")
@click.option(
    "--prior",
    multiple=True,
    metavar="CLASS=P",
    help="kde: prior of a class; give all or none (default: training frequencies).",
)
@click.option(
    "--limit", type=float, default=0.6, show_default=True, help="uvx: largest first color [mag]."
)
@click.option("--target", help="reverse: class that is looked for (default: the rarest).")
@click.option(
    "--discard",
    metavar="CLASS,CLASS",
    help="reverse: classes to discard, in order (default: all others, the largest first).",
)
@click.option(
    "--discard-above",
    type=float,
    default=0.9,
    show_default=True,
    help="reverse: probability above which a source is discarded.",
)
@click.option(
    "--quasar",
    multiple=True,
    metavar="CLASS",
    help="Classes that are quasars (default: those that begin with QSO).",
)
@click.option(
    "--threshold",
    type=float,
    help="Smallest P_QSO of a candidate (default: the most probable class decides).",
)
@click.option(
    "--deredden",
    type=click.Choice(["sf11", "sfd98"]),
    help="Correct for extinction first, here and whenever the model is used.",
)
@click.option(
    "--redshift",
    metavar="COLUMN",
    help="kde: redshifts of the quasars, to estimate those of candidates "
    "(default: true_z if there; 'none' for none).",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed of random steps, recorded in the model; no method here has any.",
)
@MAP
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write the model to.",
)
@OVERWRITE
def train(
    labeled,
    label,
    bands,
    method,
    bandwidth,
    prior,
    limit,
    target,
    discard,
    discard_above,
    quasar,
    threshold,
    deredden,
    redshift,
    seed,
    column_map,
    output,
    overwrite,
):
    """Learn a selector from LABELED catalogs and write it as a folder of JSON and npz."""
    import numpy as np
    import pandas as pd

    from qsolearn.bands import get_band
    from qsolearn.cli.training import priors, redshifts
    from qsolearn.frame import bands_of
    from qsolearn.judge import class_labels, is_quasar_class
    from qsolearn.redshift import ConditionalRedshift
    from qsolearn.selection import (
        FrameSelector,
        KernelBayesClassifier,
        ReverseSelectionClassifier,
        UVExcessCut,
        dummy_classifier,
        save_selector,
    )

    refuse_existing(output, overwrite)
    frames, labels = [], []
    for path in labeled:
        frame, translation = read_catalog(
            path, column_map, keep=[label], optional=[redshift or "true_z"]
        )
        frames.append(frame)
        labels.append(class_labels(frame[label]).map(lambda v, t=translation: t.get(v, v)))
    if any(f.attrs["dereddened"] != frames[0].attrs["dereddened"] for f in frames):
        raise CatalogError("The training files are not dereddened alike; treat all the same.")
    shared = [b for b in bands_of(frames[0]) if all(f"mag_{b}" in f for f in frames)]
    # Colors are differences of neighbors, so bands of several surveys go by wavelength.
    shared.sort(key=lambda b: get_band(b).wavelength)
    if method == "uvx":
        shared = ["sdss_u", "sdss_g"]
    bands = [b.strip() for b in bands.split(",") if b.strip()] if bands else shared
    frame = pd.concat(frames, ignore_index=True)
    frame["id"] = range(len(frame))  # ids need to be unique within a file only
    frame.attrs = frames[0].attrs
    frame = treat(frame, deredden, bands)
    y = pd.concat(labels, ignore_index=True)
    quasars = list(quasar) or None
    if method == "kde":
        estimator = KernelBayesClassifier(bandwidth=bandwidth, priors=priors(prior))
    elif method == "reverse":
        order = [c.strip() for c in discard.split(",") if c.strip()] if discard else None
        estimator = ReverseSelectionClassifier(None, discard_above, target, order)
    elif method == "dummy":
        estimator = dummy_classifier()
    else:
        if bands != shared:
            raise CatalogError("The UV-excess cut is one in u-g: its bands are sdss_u,sdss_g.")
        # The limit is given in the survey's zero points, the frame is AB.
        limit += get_band("sdss_u").survey_to_ab - get_band("sdss_g").survey_to_ab
        estimator = UVExcessCut(limit=limit, quasar_class="QSO")
        is_quasar = is_quasar_class(y) if quasars is None else y.isin(quasars).to_numpy()
        y = y.where(y == "", np.where(is_quasar, "QSO", "other"))
        quasars = ["QSO"]
    learner, z, z_column = None, None, None
    if method == "kde" and redshift != "none":
        is_quasar = is_quasar_class(y) if quasars is None else y.isin(quasars).to_numpy()
        learner = ConditionalRedshift()
        z_column, z = redshifts(frame, redshift, bands, is_quasar, learner.min_objects)
        learner = None if z is None else learner
    selector = FrameSelector(estimator, bands, quasars, threshold, learner).fit(frame, y, z)
    provenance = {
        "files": [p.name for p in labeled],
        "rows": [len(f) for f in frames],
        "label_column": label,
        "redshift_column": z_column,
        "method": method,
        "seed": seed,
    }
    save_selector(selector, output, provenance=provenance, overwrite=overwrite)
    counts = ", ".join(f"{plural(n, f'{c} source')}" for c, n in selector.class_counts_.items())
    click.echo(f"trained {method} on {counts}; wrote {output}")
    if selector.n_left_out_:
        click.echo(f"left out {plural(selector.n_left_out_, 'row')} with a missing color")
    if learner is not None:
        click.echo(f"learned redshifts from {plural(selector.n_redshifts_, 'quasar')}")


@click.command(
    epilog="Example: qsolearn judge out.parquet --truth known.parquet --by mag,z --mix 0.5,0.88",
    short_help="Compare a selection with the truth.",
)
@click.argument("selection", type=click.Path(path_type=Path))
@click.option(
    "--truth",
    required=True,
    type=click.Path(path_type=Path),
    help="Catalog with the true class of each source.",
)
@click.option("--label", default="true_class", show_default=True, help="Column of the true class.")
@click.option("--redshift", default="true_z", show_default=True, help="Column of the redshift.")
@click.option(
    "--quasar",
    multiple=True,
    metavar="CLASS",
    help="Classes that are quasars (default: those that begin with QSO).",
)
@click.option("--by", default="", metavar="mag,z", help="Also by magnitude, by redshift, or both.")
@click.option(
    "--mix",
    default="",
    metavar="F,F",
    help="Shares of non-quasars at which to restate the efficiency.",
)
@MAP
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the numbers.")
@OVERWRITE
def judge(selection, truth, label, redshift, quasar, by, mix, column_map, json_path, overwrite):
    """Judge the output of `select` against a catalog with the true classes.

    Rows are matched by id. A truth file without ids must hold the same rows in the same order. A
    column map may name the id column and translate labels.
    """
    from qsolearn.cli.judging import judge_files
    from qsolearn.frame import load_column_map

    if json_path is not None:
        refuse_existing(json_path, overwrite)
    report = judge_files(
        selection,
        truth,
        label=label,
        redshift=redshift,
        quasars=list(quasar) or None,
        by=_split(by, ("mag", "z")),
        mixes=_fractions(mix),
        mapping=load_column_map(column_map) if column_map else {"columns": {}, "labels": {}},
    )
    click.echo(report.text)
    if json_path is not None:
        from qsolearn.frame.write import replace_atomically

        with replace_atomically(json_path, overwrite=overwrite) as temporary:
            temporary.write_text(json.dumps(report.numbers, indent=2) + "\n", encoding="utf-8")


def _split(text, allowed):
    parts = [p.strip() for p in text.split(",") if p.strip()]
    for part in parts:
        if part not in allowed:
            raise CatalogError(
                f"--by takes mag and z, not {part!r}; {nearest_names(part, allowed)}."
            )
    return parts


def _fractions(text):
    try:
        values = [float(p) for p in text.split(",") if p.strip()]
    except ValueError:
        raise CatalogError(f"--mix takes numbers between 0 and 1, not {text!r}.") from None
    return values


@click.command(
    epilog="Example: qsolearn simulate sdss --n 50000 --seed 1 -o sky.parquet",
    short_help="Make a sky with known truth.",
)
@click.argument("survey")
@click.option("--area", type=float, help="Area [deg2].")
@click.option("--n", "n_sources", type=int, help="Number of sources, instead of an area.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same sky.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write; its ending decides the format.",
)
@OVERWRITE
def simulate(survey, area, n_sources, seed, output, overwrite):
    """Simulate a SURVEY catalog with the true class and redshift of every source."""
    from qsolearn.frame import write_frame
    from qsolearn.simulate import make_sky

    refuse_existing(output, overwrite)
    sky = make_sky(survey, area_deg2=area, n_sources=n_sources, seed=seed)
    write_frame(sky, output, overwrite=overwrite)
    click.echo(f"{plural(len(sky), 'source')} on {sky.attrs['area_deg2']:.2f} deg2; wrote {output}")
