"""One function per command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from qsolearn.errors import CatalogError, nearest_names, plural

_MAP = click.option(
    "--columns",
    "column_map",
    type=click.Path(path_type=Path),
    help="Column map (TOML): which column is which band, in which system.",
)
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing output.")


def _read(path, column_map, keep=(), optional=()):
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


def _refuse_existing(path, overwrite):
    """Say before the work, not after it, that the output stands in the way."""
    if Path(path).exists() and not overwrite:
        raise CatalogError(f"{path} exists already; choose another name or add --overwrite.")


@click.command(
    epilog="Example: qsolearn doctor catalog.fits",
    short_help="What is in a catalog, what is wrong with it, which method fits.",
)
@click.argument("catalog", type=click.Path(path_type=Path))
@_MAP
def doctor(catalog, column_map):
    """Look CATALOG over: bands, systems, missing values, extinction, and which methods fit."""
    from qsolearn.doctor import examine
    from qsolearn.frame import load_column_map

    mapping = load_column_map(column_map) if column_map else {"bands": None, "columns": None}
    click.echo(str(examine(catalog, bands=mapping["bands"], columns=mapping["columns"])))


@click.command(
    epilog="Example: qsolearn train stars.parquet quasars.parquet --label true_class "
    "--prior Star=0.88 --prior QSO=0.12 -o model/",
    short_help="Learn from labeled catalogs.",
)
@click.argument("labeled", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--label", required=True, help="Column with the class of each source.")
@click.option("--bands", help="Bands in order, such as sdss_u,sdss_g,sdss_r (default: all).")
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
@_MAP
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write the model to.",
)
@_OVERWRITE
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

    _refuse_existing(output, overwrite)
    frames, labels = [], []
    for path in labeled:
        frame, translation = _read(path, column_map, keep=[label], optional=[redshift or "true_z"])
        frames.append(frame)
        labels.append(class_labels(frame[label]).map(lambda v, t=translation: t.get(v, v)))
    if any(f.attrs["dereddened"] != frames[0].attrs["dereddened"] for f in frames):
        raise CatalogError("The training files are not dereddened alike; treat all the same.")
    shared = [b for b in bands_of(frames[0]) if all(f"mag_{b}" in f for f in frames)]
    if method == "uvx":
        shared = ["sdss_u", "sdss_g"]
    bands = [b.strip() for b in bands.split(",") if b.strip()] if bands else shared
    frame = pd.concat(frames, ignore_index=True)
    frame["id"] = range(len(frame))  # ids need to be unique within a file only
    frame.attrs = frames[0].attrs
    frame = _treat(frame, deredden, bands)
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


def _treat(frame, deredden, bands):
    from qsolearn.photometry import deredden as correct

    if not deredden:
        return frame
    if frame["ebv"].isna().all():
        raise CatalogError("Dereddening needs E(B-V), and the catalog has no column for it.")
    return correct(frame, convention=deredden, bands=bands)


@click.command(
    epilog="Example: qsolearn select catalog.fits --model model/ -o candidates.vot",
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
    help="File to write; its ending decides the format.",
)
@_MAP
@_OVERWRITE
def select(catalog, model, output, column_map, overwrite):
    """Classify every source of CATALOG and write its columns with P_QSO, class and reason."""
    from tqdm import tqdm

    from qsolearn.frame import attach_columns, write_table
    from qsolearn.frame.write import writable_format
    from qsolearn.selection import load_selector, select_frame

    _refuse_existing(output, overwrite)
    writable_format(output)
    if Path(output).resolve() == Path(catalog).resolve():
        raise CatalogError("The output is the catalog itself; choose another name.")
    selector = load_selector(model)
    if hasattr(getattr(selector, "estimator_", None), "n_jobs"):
        selector.estimator_.n_jobs = -1  # all cores: the answer is the same for any number
    frame, _ = _read(catalog, column_map, keep="all")
    clash = [
        c for c in ("P_QSO", "selected_class", "is_candidate", "reason", "z_phot") if c in frame
    ]
    if clash:
        click.echo(f"note: the catalog's own columns {', '.join(clash)} are replaced.", err=True)
    convention = selector.dereddened_ and selector.dereddened_["convention"]
    treated = frame if frame.attrs["dereddened"] else _treat(frame, convention, selector.bands)
    with tqdm(total=len(frame), unit=" sources", disable=not sys.stderr.isatty()) as bar:
        result = select_frame(selector, treated, progress=bar.update)
    meta = {
        "survey": frame.attrs["survey"],
        "dereddened": frame.attrs["dereddened"],
        "catalog": Path(catalog).name,
        "selected_by": {"model": Path(model).name, **selector.provenance_},
    }
    write_table(attach_columns(frame, result), output, meta=meta, overwrite=overwrite)
    found, unknown = int(result["is_candidate"].sum()), int(result["P_QSO"].isna().sum())
    click.echo(
        f"{plural(found, 'candidate')} among {plural(len(result), 'source')}"
        + (f" ({plural(unknown, 'source')} without a needed band)" if unknown else "")
        + f"; wrote {output}"
    )


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
@_MAP
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the numbers.")
@_OVERWRITE
def judge(selection, truth, label, redshift, quasar, by, mix, column_map, json_path, overwrite):
    """Judge the output of `select` against a catalog with the true classes.

    Rows are matched by id. A truth file without ids must hold the same rows in the same order. A
    column map may name the id column and translate labels.
    """
    from qsolearn.cli.judging import judge_files
    from qsolearn.frame import load_column_map

    if json_path is not None:
        _refuse_existing(json_path, overwrite)
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
@_OVERWRITE
def simulate(survey, area, n_sources, seed, output, overwrite):
    """Simulate a SURVEY catalog with the true class and redshift of every source."""
    from qsolearn.frame import write_frame
    from qsolearn.simulate import make_sky

    _refuse_existing(output, overwrite)
    sky = make_sky(survey, area_deg2=area, n_sources=n_sources, seed=seed)
    write_frame(sky, output, overwrite=overwrite)
    click.echo(f"{plural(len(sky), 'source')} on {sky.attrs['area_deg2']:.2f} deg2; wrote {output}")
