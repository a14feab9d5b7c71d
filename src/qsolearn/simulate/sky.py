"""Whole simulated skies, at any size, with known truth.

A sky is made in blocks of 262,144 rows. Each block has its own random numbers, from the seed and
the block's number, and its own share of every class; so a sky is the same whether it is made at
once, streamed to a file, or made by several processes.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.frame.schema import describe, meaning
from qsolearn.frame.write import replace_atomically
from qsolearn.simulate.catalog import catalog_columns
from qsolearn.simulate.extinction import draw_ebv
from qsolearn.simulate.galaxies import draw_galaxies, galaxy_density
from qsolearn.simulate.labels import moving
from qsolearn.simulate.luminosity import draw_quasars_of_sky, quasar_counts
from qsolearn.simulate.luminosity_parameters import LuminosityParameters
from qsolearn.simulate.others import draw_others
from qsolearn.simulate.quasars import quasar_magnitudes
from qsolearn.simulate.stars import draw_stars, star_density
from qsolearn.simulate.surveys import draw_positions
from qsolearn.simulate.together import find_survey

__all__ = ["BLOCK", "CLASSES", "make_sky"]

#: Rows per block, and per row group of a file.
BLOCK = 262_144

#: Names of the true classes.
CLASSES = ("Star", "Galaxy", "QSOlowZ", "QSOhighZ", "other")

#: Redshift that separates the two classes of quasars.
HIGH_Z = 2.5

#: "Other" sources per quasar (Calderone et al. 2024, Table 2: 2,172 of 18,177).
_OTHERS = 2172 / 18177

#: Calderone et al. 2024, Table 2: sources by label, "" = unclassified.
PAPER_MIX = {
    "Star": 27_985_913, "Galaxy": 150_581, "QSOlowZ": 16_269, "QSOhighZ": 1_908, "other": 2_172,
    "": 2_639_184,
}  # fmt: skip
#: What the unclassified sources are. Table 4 of the paper lets half of them pass the star step,
#: 4 % the galaxy step and 3 % the low-z step, with rising contamination: an estimate.
UNCLASSIFIED_MIX = {
    "Star": 0.52,
    "Galaxy": 0.45,
    "QSOlowZ": 0.027,
    "QSOhighZ": 0.001,
    "other": 0.002,
}

_Z_RANGES = {"QSOlowZ": (0.0, HIGH_Z), "QSOhighZ": (HIGH_Z, 7.0)}


@dataclass(frozen=True)
class _Plan:
    """How many rows of each group; a group is (true class, label or None = as it falls)."""

    survey: str
    seed: int
    groups: tuple[tuple[str, str | None], ...]
    totals: tuple[int, ...]
    luminosity: LuminosityParameters

    @property
    def rows(self):
        return sum(self.totals)

    @property
    def blocks(self):
        return -(-self.rows // BLOCK)

    def shares(self, block):
        """Rows of each group in a block: differences of rounded cumulative shares."""
        ends = [min(k * BLOCK, self.rows) for k in (block, block + 1)]
        return np.diff([_apportion(self.totals, end) for end in ends], axis=0)[0]


def _apportion(totals, rows):
    """Rows of each group among the first ``rows``: groups come in turn, evenly spread."""
    totals = np.asarray(totals, dtype=np.int64)
    whole = int(totals.sum())
    # Rounded cumulative sums of the groups at this point of the sky; monotone in ``rows``.
    edges = np.concatenate([[0], np.cumsum(totals)])
    scaled = [(int(e) * rows + whole // 2) // whole for e in edges]
    return np.diff(scaled)


def _whole_numbers(weights, total):
    """Whole numbers in proportion to weights that add up to a total (largest remainders)."""
    exact = np.asarray(weights, dtype=float) / np.sum(weights) * total
    out = np.floor(exact).astype(np.int64)
    rest = np.argsort(-(exact - out), kind="stable")[: total - out.sum()]
    out[rest] += 1
    return out


def _densities(survey, luminosity):
    """Sources per square degree of stars, galaxies, quasars and others in a survey."""
    rng = np.random.default_rng(0)
    latitude = draw_positions(survey, 4000, rng)[2]
    stars = float(star_density(latitude, survey.bright, survey.faint).mean())
    galaxies = survey.compact * galaxy_density(survey.bright, survey.faint)
    counts = quasar_counts(luminosity)
    quasars = counts.total(survey.faint) - counts.total(survey.bright)
    return {"Star": stars, "Galaxy": galaxies, "QSO": quasars, "other": _OTHERS * quasars}


def _plan_of_counts(survey, area, n_sources, seed, luminosity):
    density = _densities(survey, luminosity)
    groups = tuple((name, None) for name in density)
    if n_sources is None:
        rng = np.random.default_rng([seed, 1])
        totals = rng.poisson([area * d for d in density.values()])
        if totals.sum() == 0:
            raise CatalogError(
                f"An area of {area:g} deg^2 of {survey.name} holds no source; ask for more."
            )
    else:
        totals = _whole_numbers(list(density.values()), n_sources)
        area = n_sources / sum(density.values())
    return _Plan(survey.name, seed, groups, tuple(int(t) for t in totals), luminosity), area


def _plan_of_mix(survey, mix, n_sources, seed, luminosity):
    labelled = _whole_numbers([mix.get(name, 0.0) for name in (*CLASSES, "")], n_sources)
    groups = [(name, name) for name in CLASSES]
    totals = list(labelled[:-1])
    groups += [(name, "") for name in UNCLASSIFIED_MIX]
    totals += list(_whole_numbers(list(UNCLASSIFIED_MIX.values()), labelled[-1]))
    whole = tuple(int(t) for t in totals)
    return _Plan(survey.name, seed, tuple(groups), whole, luminosity)


def _stars(survey, n, label, bands, rng):
    """Stars, all or only those that are (not) seen to move."""
    top = float(star_density(survey.latitude, survey.bright, survey.faint))
    g = bands.index("gaia_g") if "gaia_g" in bands else None
    kept = []
    have = 0
    while have < n:
        # One star in twenty of a bright catalog is not seen to move; most are among the faint.
        size = n - have if label is None else (int(1.2 * (n - have)) if label else 5 * (n - have))
        size += 64 * (label is not None)
        bright = survey.faint - 1.0 if label == "" else survey.bright
        ra, dec, latitude = draw_positions(
            survey, size, rng, lambda b: star_density(b, survey.bright, survey.faint) / top
        )
        made = draw_stars(latitude, bright, survey.faint, bands, rng)
        seen_g = made["magnitudes"][:, g if g is not None else _nearest(bands, 6700.0)]
        seen = moving(made["parallax"], made["motion"], seen_g - _G_ZERO, survey.gaia, rng)
        keep = np.ones(size, bool) if label is None else (seen if label else ~seen)
        part = np.column_stack([ra, dec, latitude, seen, made["magnitudes"]])[keep]
        kept.append(part)
        have += len(part)
    kept = np.concatenate(kept)[:n]
    return kept[:, :3], kept[:, 3] > 0, kept[:, 4:], np.full(n, np.nan)


_G_ZERO = get_band("gaia_g").vega_to_ab


def _nearest(bands, wavelength):
    """Place of the band nearest to a wavelength [angstrom]."""
    return int(np.argmin([abs(get_band(b).wavelength - wavelength) for b in bands]))


def _extragalactic(survey, name, n, bands, rng, luminosity):
    ra, dec, latitude = draw_positions(survey, n, rng)
    if name in ("Galaxy", "other"):
        draw = draw_galaxies if name == "Galaxy" else draw_others
        made = draw(n, survey.bright, survey.faint, bands, rng)
        mags, z = made["magnitudes"], made["z"]
    else:
        z_range = _Z_RANGES.get(name, (0.0, 7.0))
        z, i_mag = draw_quasars_of_sky(n, survey.bright, survey.faint, rng, z_range, luminosity)
        z = np.clip(z, z_range[0] + 1e-9, z_range[1])
        mags = quasar_magnitudes(z, bands, i_mag, seed=rng)
    return np.column_stack([ra, dec, latitude]), mags, z


def _make_block(plan, block):
    """One block of a plan as a DataFrame of float64 columns and categorical classes."""
    survey = find_survey(plan.survey)
    rng = np.random.default_rng([plan.seed, 2, block])
    bands = list(survey.bands)
    place, mags, z, code, label = [], [], [], [], []
    for (name, wanted), n in zip(plan.groups, plan.shares(block), strict=True):
        n = int(n)
        if n == 0:
            continue
        if name == "Star":
            where, seen, m, zs = _stars(survey, n, wanted, bands, rng)
            own = np.where(seen, 0, -1)
            true = np.zeros(n, dtype=np.int8)
        else:
            where, m, zs = _extragalactic(survey, name, n, bands, rng, plan.luminosity)
            true = np.full(n, CLASSES.index(name) if name in CLASSES else 2, dtype=np.int8)
            if name == "QSO":
                true[zs > HIGH_Z] = 3
            share = survey.spectra[0 if name.startswith("QSO") else 1 if name == "Galaxy" else 2]
            bright = m[:, _nearest(bands, 7500.0)] < survey.spectra_limit
            known = (rng.random(n) < share) & bright if wanted is None else np.full(n, wanted != "")
            own = np.where(known, true, -1)
        for kept, value in zip(
            (place, mags, z, code, label), (where, m, zs, true, own), strict=True
        ):
            kept.append(value)
    order = rng.permutation(sum(map(len, code)))
    place, mags = np.concatenate(place)[order], np.concatenate(mags)[order]
    z, code, label = (np.concatenate(part)[order] for part in (z, code, label))
    dust = draw_ebv(place[:, 2], rng)
    out = catalog_columns(survey, place, mags, dust, rng, first_id=block * BLOCK)
    out["true_class"] = pd.Categorical.from_codes(code, CLASSES)
    out["true_z"] = z
    out["true_ebv"] = dust
    names = (*CLASSES, "")
    out["label_class"] = pd.Categorical.from_codes(np.where(label < 0, 5, label), names)
    return pd.DataFrame(out)


def _check(survey, area_deg2, n_sources, composition):
    if (area_deg2 is None) == (n_sources is None):
        raise CatalogError("Give either area_deg2 or n_sources, one of the two.")
    if area_deg2 is not None and not (np.isfinite(area_deg2) and area_deg2 > 0):
        raise CatalogError(f"The area is {area_deg2:g} deg^2; it must be positive.")
    if n_sources is not None and not (n_sources > 0 and n_sources % 1 == 0):
        raise CatalogError(f"The number of sources is {n_sources}; it must be positive and whole.")
    if isinstance(composition, dict):
        unknown = [name for name in composition if name not in PAPER_MIX]
        weights = list(composition.values())
        if unknown or not all(w >= 0 for w in weights) or not sum(weights) > 0:
            raise CatalogError(
                f"A composition gives each label of {', '.join(CLASSES)} and '' (unclassified) a "
                f"weight of at least 0, not {composition}."
            )
    elif composition not in ("counts", "paper"):
        raise CatalogError(
            f"Unknown composition {composition!r}; use 'counts', 'paper' or a dict of weights."
        )
    if composition != "counts" and (survey != "ps1-gaia-wise" or n_sources is None):
        raise CatalogError(
            "A composition by label, such as 'paper', the mix of Calderone et al. 2024, "
            "goes with survey 'ps1-gaia-wise' and n_sources."
        )


def make_sky(
    survey: str,
    area_deg2: float | None = None,
    n_sources: int | None = None,
    seed: int = 0,
    *,
    composition: str | dict[str, float] = "counts",
    luminosity: LuminosityParameters | None = None,
    to: str | Path | None = None,
    n_jobs: int = 1,
) -> pd.DataFrame | Path:
    """Simulate a survey's catalog, with the truth beside it.

    Parameters
    ----------
    survey : {"sdss", "ps1-gaia-wise", "ks4"} or str
        Which catalog. Several, joined by "+" such as "ks4+sdss", look at the same sources: one
        table with the bands of all, in the footprint of the first, each with its own limits.
    area_deg2 : float, optional
        Area [deg^2], spread evenly over the survey's footprint. Numbers of sources are then Poisson
        draws of what the luminosity function and the star counts predict.
    n_sources : int, optional
        Number of rows instead of an area.
    seed : int
        The same seed gives the same sky, byte for byte.
    composition : {"counts", "paper"} or dict of {str: float}
        "paper" gives exactly the mix of labels of Calderone et al. 2024, Table 2, unclassified and
        "other" included; a dict gives a mix of one's own, as a weight per label, "" being
        unclassified (both with "ps1-gaia-wise" and ``n_sources`` only). What the unclassified
        sources are is the same in both.
    luminosity : LuminosityParameters, optional
        Another luminosity function of quasars than the published one.
    to : str or Path, optional
        Parquet file to write block by block, in single precision; needs memory for a few blocks.
    n_jobs : int
        Processes that make the blocks of a file; the file is the same for any number.

    Returns
    -------
    pandas.DataFrame or Path
        A photometric frame with the columns ``true_class`` (Star, Galaxy, QSOlowZ, QSOhighZ,
        other), ``true_z`` (NaN for stars), ``true_ebv`` (the sightline's E(B-V); ``ebv`` is what a
        map says) and ``label_class``, what astrometry and spectra would tell ("" = unclassified).
        "ks4" adds ``ndith_kmt_b`` to ``ndith_kmt_i``, the number of dithered exposures.
        ``attrs`` holds survey, seed, area and composition. With ``to``, the path.

    Raises
    ------
    CatalogError
        If the survey is unknown, the area or number is not above 0, or both or none are given.

    Notes
    -----
    The catalog's limits hold for SDSS i free of Galactic extinction: 17 to 21 (sdss), 14 to 18.9
    (ps1-gaia-wise), 14 to 21 (ks4). Sources are unclustered, and quasars do not lens or hide.

    Examples
    --------
    >>> sky = make_sky("sdss", n_sources=2000, seed=1)
    >>> sky.shape[0], sky.attrs["survey"]
    (2000, 'sdss')
    >>> make_sky("sdss", area_deg2=-1.0)
    Traceback (most recent call last):
    ...
    qsolearn.errors.CatalogError: The area is -1 deg^2; it must be positive.
    """
    record = find_survey(survey)
    _check(survey, area_deg2, n_sources, composition)
    quasars = LuminosityParameters() if luminosity is None else luminosity
    if composition != "counts":
        mix = PAPER_MIX if composition == "paper" else composition
        plan, area = _plan_of_mix(record, mix, int(n_sources or 0), seed, quasars), None
    else:
        plan, area = _plan_of_counts(record, area_deg2, n_sources, seed, quasars)
    attrs = {
        "survey": survey, "seed": seed, "area_deg2": area, "composition": composition,
        "dereddened": False,
    }  # fmt: skip
    if luminosity is not None:
        attrs["luminosity"] = asdict(luminosity)
    if to is not None:
        return _write(plan, attrs, to, n_jobs)
    parts = [_make_block(plan, k) for k in range(plan.blocks)]
    frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    for column in ("true_class", "label_class"):
        frame[column] = frame[column].astype(str)
    frame.attrs = attrs
    return frame


def _arrow(plan, block, meta):
    """A block as an Arrow table in single precision, with units and provenance."""
    import pyarrow as pa

    frame = _make_block(plan, block)
    small = [
        c for c in frame.columns if c.startswith(("mag_", "err_", "true_z", "true_ebv", "ebv"))
    ]
    frame = frame.astype(dict.fromkeys(small, np.float32))
    for column in ("true_class", "label_class"):
        frame[column] = frame[column].cat.set_categories([*CLASSES, ""])
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = []
    for field in table.schema:
        unit, ucd = describe(field.name)
        text = meaning(field.name)
        notes = {k: v for k, v in (("unit", unit), ("ucd", ucd), ("description", text)) if v}
        fields.append(field.with_metadata(notes) if notes else field)
    metadata = {**(table.schema.metadata or {}), b"qsolearn": json.dumps(meta).encode()}
    return table.cast(pa.schema(fields, metadata=metadata))


def _write(plan, attrs, path, n_jobs):
    import pyarrow.parquet as pq

    with replace_atomically(path) as temporary:
        first = _arrow(plan, 0, attrs)
        with pq.ParquetWriter(temporary, first.schema) as writer:
            writer.write_table(first, row_group_size=BLOCK)
            for table in _in_order(plan, attrs, n_jobs):
                writer.write_table(table, row_group_size=BLOCK)
    return path


def _in_order(plan, attrs, n_jobs):
    """Blocks after the first, in order, at most two per process in memory."""
    if n_jobs == 1:
        for block in range(1, plan.blocks):
            yield _arrow(plan, block, attrs)
        return
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        waiting = []
        for block in range(1, plan.blocks):
            waiting.append(pool.submit(_arrow, plan, block, attrs))
            if len(waiting) > n_jobs:
                yield waiting.pop(0).result()
        for task in waiting:
            yield task.result()
