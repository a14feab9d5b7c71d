"""A blind luminosity function; writes book/your_catalog/luminosity_function.json.

    python benchmarks/luminosity_function.py --work FOLDER seal [--skies 0:20]
    python benchmarks/luminosity_function.py --work FOLDER estimate [--skies 0:20]
    python benchmarks/luminosity_function.py --work FOLDER open

Three people. The first draws luminosity functions at random, makes a sky of each, and seals the
truth: its hash is noted. The catalogs hold no true columns; a second file says what a spectrograph
would for seven of ten sources, drawn at random, if asked. The second person has a recipe that was
trained on the default sky and its selection functions, measured there too, and writes estimates
with intervals; their hashes are noted as well, in benchmarks/results/luminosity_sealed.json. The
third opens the truth, checks the hashes and counts how often the intervals hold it. Tests that were
opened before, with other seeds, stay in the result as counts.
``seal`` and ``estimate`` may be interrupted: what is done is skipped.
"""

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from luminosity_recipe import (
    MAGNITUDE_EDGES,
    PHOTOMETRIC_EDGES,
    SCATTER,
    Z_EDGES,
    Richards,
    measure,
    measure_parts,
)
from qsolearn.census import (
    SelectionFunction,
    corrected_counts,
    count_cells,
    fit_luminosity_function,
)
from qsolearn.frame.write import replace_atomically
from qsolearn.judge import is_quasar_class, proportion
from qsolearn.photometry import deredden
from qsolearn.selection import load_selector, save_selector
from qsolearn.simulate import LuminosityParameters, make_sky, quasar_counts

OUT = Path(__file__).parents[1] / "book/your_catalog/luminosity_function.json"
NOTED = Path(__file__).parent / "results/luminosity_sealed.json"
SKIES, SEAL, AREA = 20, 20_261_203, 100.0
SPECTRA = 0.7
#: Redshifts of the candidates: of their spectra, or estimated from colors.
WAYS = ("spectra", "colors")
RESAMPLED = 5
FREE = ("log_phi", "m0", "alpha", "beta")
#: Fainter sources are in no cell that is counted, and need not be written.
FAINTEST = 20.7
#: Half widths of the ranges that the parameters are drawn from, about the published ones.
HALF = {"log_phi": 0.3, "m0": 0.5, "alpha": 0.5, "beta": 0.25}
COUNT_BINS = np.arange(17.5, 20.26, 0.25)


def drawn(seed, k):
    """The luminosity function of a sealed sky."""
    rng = np.random.default_rng([seed, k])
    default = asdict(LuminosityParameters())
    return LuminosityParameters(
        **{n: default[n] + HALF[n] * rng.uniform(-1, 1) for n in HALF},
        **{n: v for n, v in default.items() if n not in HALF},
    )


def make_catalog(luminosity, seed):
    """Catalog without truth, and what a spectrograph says of most of the sources."""
    sky = make_sky("sdss", area_deg2=AREA, seed=seed, luminosity=luminosity)
    sky = sky[(sky["mag_sdss_i"] < FAINTEST).to_numpy()].reset_index(drop=True)
    quasar = is_quasar_class(sky["true_class"])
    z = np.where(quasar, sky["true_z"], np.nan)
    asked = np.random.default_rng([seed, 9]).random(len(sky)) < SPECTRA
    spectra = pd.DataFrame({"is_quasar": np.where(asked, quasar, np.nan),
                            "z": np.where(asked, z, np.nan)})  # fmt: skip
    # Positions and flags are not used: less to write.
    catalog = sky[[c for c in sky if c.startswith(("mag_", "err_", "ebv"))]]
    catalog.attrs = {"survey": "sdss", "dereddened": False}
    true_counts = np.histogram(
        deredden(sky)["mag_sdss_i"][quasar & (z > Z_EDGES[0]) & (z < Z_EDGES[-1])], COUNT_BINS
    )[0]
    return catalog, spectra, true_counts / AREA


def seal(work, skies):
    """First person: draw, make, hide."""
    for folder in ("truth", "catalogs"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    for k in skies:
        if (work / f"truth/{k:02d}.sha256").exists():
            continue
        luminosity = drawn(SEAL, k)
        catalog, spectra, counts = make_catalog(luminosity, seed=SEAL + k)
        catalog.to_parquet(work / f"catalogs/{k:02d}.parquet")
        spectra.to_parquet(work / f"catalogs/{k:02d}_spectra.parquet")
        truth = json.dumps({"parameters": asdict(luminosity), "counts": counts.tolist()})
        (work / f"truth/{k:02d}.json").write_text(truth)
        (work / f"truth/{k:02d}.sha256").write_text(sha256(truth))
        print(f"sealed sky {k:02d}: {AREA:g} deg2, {len(catalog):,} sources", flush=True)


def prepare(folder):
    """Train the recipe and measure its selection functions, on the default sky."""
    command = "python benchmarks/luminosity_function.py --work FOLDER estimate"
    richards = Richards()
    with replace_atomically(folder) as temporary:
        temporary.mkdir()
        save_selector(richards.selector, temporary / "model")
        measure(richards, richards.name, command=command).write(temporary / "richards.fits")
        for k, part in enumerate(measure_parts(richards, command=command)):
            part.write(temporary / f"part{k}.fits")


class Observer:
    """Second person: knows the recipe and its selection functions, and no truth."""

    def __init__(self, work):
        folder = work / "selection"
        if not folder.is_dir():
            prepare(folder)
        self.richards = Richards(load_selector(folder / "model"))
        self.function = SelectionFunction.read(folder / "richards.fits")
        self.parts = [
            SelectionFunction.read(folder / f"part{k}.fits")
            for k in range(len(PHOTOMETRIC_EDGES) - 1)
        ]

    def candidates(self, catalog, spectra):
        """Per way: redshifts, magnitudes and classes of the candidates."""
        i = deredden(catalog)["mag_sdss_i"].to_numpy()
        z_phot = self.richards.redshifts(catalog)
        kde = np.isfinite(z_phot)
        label, z = spectra["is_quasar"].to_numpy(), spectra["z"].to_numpy()
        return {
            "spectra": (z[kde], i[kde], label[kde], self.function),
            "colors": (z_phot[kde], i[kde], label[kde], self.parts),
        }

    def fits(self, catalog, spectra):
        """Fitted luminosity functions and corrected counts."""
        out = {}
        for way, (z, i, label, function) in self.candidates(catalog, spectra).items():
            photometric = way == "colors"
            edges = PHOTOMETRIC_EDGES if photometric else Z_EDGES
            cells = count_cells(z, i, label, edges, MAGNITUDE_EDGES, photometric=photometric)
            fit = fit_luminosity_function(cells, function, AREA, free=FREE, scatter=SCATTER)
            counts = None
            if not photometric:
                use = (label == 1) & (z > Z_EDGES[0]) & (z < Z_EDGES[-1])
                cell = np.clip(np.searchsorted(MAGNITUDE_EDGES, i) - 1, 0, len(cells.share) - 1)
                weights = 1 / cells.share[cell]
                counts = corrected_counts(
                    z[use], i[use], function, AREA, COUNT_BINS, weights=weights[use]
                )
            # Are the selection functions known well enough? The observer can tell without a truth.
            shifts = [fit.shift(resampled(function, seed)) for seed in range(RESAMPLED)]
            out[way] = (fit, counts, cells, np.sqrt(np.mean(np.square(shifts), axis=0)))
        return out


def estimate(work, skies):
    """Second person: look at catalogs, never at the truth, and write estimates."""
    observer = Observer(work)
    (work / "estimates").mkdir(exist_ok=True)
    for k in skies:
        path = work / f"estimates/{k:02d}.json"
        if path.exists():
            continue
        start = time.process_time()
        catalog = pd.read_parquet(work / f"catalogs/{k:02d}.parquet")
        catalog.attrs = {"survey": "sdss", "dereddened": False}
        spectra = pd.read_parquet(work / f"catalogs/{k:02d}_spectra.parquet")
        result = {}
        for way, (fit, counts, cells, shift) in observer.fits(catalog, spectra).items():
            result[way] = {
                "fit": asdict(fit.parameters), "deviance": fit.deviance, "degrees": fit.degrees,
                "table": fit.table().to_dict(orient="index"),
                # What the joint region needs, so that it is fixed before the truth is opened.
                "covariance": fit.covariance.tolist(),
                "quasars": int(cells.quasars.sum()),
                "contaminants": int(cells.contaminants.sum()),
                "unlabeled": int(cells.unlabeled.sum()),
                "shift": shift.tolist(),
                "counts": None if counts is None else counts.to_dict(orient="list"),
            }  # fmt: skip
        result["rows"] = len(catalog)
        result["cpu_seconds"] = round(time.process_time() - start, 1)
        path.write_text(json.dumps(result))
        print(f"sky {k:02d}: {result['cpu_seconds']} CPU s", flush=True)
    noted = {"seed": SEAL, "truths": {}, "estimates": {}}
    for path in sorted((work / "estimates").glob("*.json")):
        noted["truths"][path.stem] = (work / f"truth/{path.stem}.sha256").read_text()
        noted["estimates"][path.stem] = sha256(path.read_text())
    NOTED.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def resampled(function, seed):
    """Other selection functions that could as well have been measured."""
    if isinstance(function, list):
        return [part.resampled([seed, k]) for k, part in enumerate(function)]
    return function.resampled(seed)


def covered(estimates, truths, way):
    """How often the intervals of each parameter, and the counts, hold the truth."""
    out = {}
    for name in FREE:
        rows = []
        for e, t in zip(estimates, truths, strict=True):
            own = e[way]["table"][name]
            rows.append({"true": t["parameters"][name], **own})
        table = pd.DataFrame(rows)
        inside = {
            level: (table[f"low_{level}"] <= table["true"])
            & (table["true"] <= table[f"high_{level}"])
            for level in ("68", "95")
        }
        pull = (table["value"] - table["true"]) / table["error"]
        out[name] = {
            "within_68": int(inside["68"].sum()), "within_95": int(inside["95"].sum()),
            "share_95": proportion(inside["95"].sum(), len(table)).to_dict(),
            "mean_pull": float(pull.mean()), "pull_scatter": float(pull.std(ddof=1)),
            "mean_error": float(table["error"].mean()), "skies": table.to_dict(orient="list"),
        }  # fmt: skip
    return out


def counts_covered(estimates, truths, way):
    """Bins of corrected counts whose 95 % interval holds the counts that really are there."""
    inside = []
    for e, t in zip(estimates, truths, strict=True):
        own = e[way]["counts"]
        inside += [
            a <= c <= b for a, b, c in zip(own["low"], own["high"], t["counts"], strict=True)
        ]
    return proportion(sum(inside), len(inside)).to_dict()


def summary(coverage, skies):
    """Coverage of all parameters together.

    The interval is that of independent trials. The parameters of one sky are not: the error of the
    share counts skies.
    """
    out = {}
    for level in ("68", "95"):
        inside = np.array([
            (np.array(p["skies"][f"low_{level}"]) <= p["skies"]["true"])
            & (np.array(p["skies"][f"high_{level}"]) >= p["skies"]["true"])
            for p in coverage.values()
        ])  # fmt: skip
        out[level] = {
            "inside": int(inside.sum()), "of": inside.size,
            "binomial": proportion(inside.sum(), inside.size).to_dict(),
            "error_by_skies": float(inside.mean(axis=0).std(ddof=1) / skies**0.5),
        }  # fmt: skip
    return out


def earlier():
    """Counts of the tests that were opened before, from the result that stands there."""
    if not OUT.exists():
        return []
    last = json.loads(OUT.read_text())
    before = last.get("earlier", [])
    if last["seed"] == SEAL:
        return before
    counts = {
        way: {level: {k: own["together"][level][k] for k in ("inside", "of")}
              for level in ("68", "95")}
        for way, own in last["ways"].items()
    }  # fmt: skip
    return [*before, {"date": last["date"], "seed": last["seed"],
                      "skies": last["rows"]["skies"], "ways": counts}]  # fmt: skip


def opened(work):
    """Third person: open the truth."""
    noted, truths, estimates = json.loads(NOTED.read_text()), [], []
    done = list(noted["estimates"])
    for k in done:
        for folder, kind, into in (
            ("truth", "truths", truths), ("estimates", "estimates", estimates),
        ):  # fmt: skip
            text = (work / f"{folder}/{k}.json").read_text()
            if sha256(text) != noted[kind][k]:
                raise SystemExit(f"{folder}/{k}.json was changed after its hash was noted")
            into.append(json.loads(text))
    before = earlier()
    result = {
        "rows": {"skies": len(done), "sources": sum(e["rows"] for e in estimates)},
        "area_deg2": AREA, "spectra": SPECTRA, "free": FREE, "seed": SEAL,
        "half_widths_of_the_draw": HALF, "attempts": len(before) + 1, "earlier": before,
        "sealed": noted["truths"], "ways": {},
    }  # fmt: skip
    for way in WAYS:
        coverage = covered(estimates, truths, way)
        own = {"parameters": coverage, "together": summary(coverage, len(done))}
        own["mean_shift"] = np.mean([e[way]["shift"] for e in estimates], axis=0).tolist()
        own["quasars"] = [e[way]["quasars"] for e in estimates]
        own["contaminants"] = [e[way]["contaminants"] for e in estimates]
        own["deviance_per_degree"] = [e[way]["deviance"] / e[way]["degrees"] for e in estimates]
        if way == "spectra":
            own["counts_within_95"] = counts_covered(estimates, truths, way)
        result["ways"][way] = own
    first = estimates[0]["spectra"]
    result["first_sky"] = {
        "true": truths[0], "fit": first["fit"], "counts": first["counts"],
        "default_counts": default_counts(),
    }  # fmt: skip
    result["cpu_seconds"] = round(sum(e["cpu_seconds"] for e in estimates), 1)
    return result


def default_counts():
    """Counts of the default sky in the same bins, per deg2."""
    table = quasar_counts()
    rows = (table.z > Z_EDGES[0]) & (table.z < Z_EDGES[-1])
    which = np.searchsorted(COUNT_BINS, table.magnitude) - 1
    inside = (which >= 0) & (which < len(COUNT_BINS) - 1)
    per = table.density[rows].sum(axis=0)
    return np.bincount(which[inside], per[inside], len(COUNT_BINS) - 1).tolist()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("seal", "estimate", "open"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--skies", default=f"0:{SKIES}", help="first:last+1")
    args = parser.parse_args(argv)
    skies = range(*map(int, args.skies.split(":")))
    if args.step == "seal":
        seal(args.work, skies)
    elif args.step == "estimate":
        estimate(args.work, skies)
    else:
        result = opened(args.work)
        result["command"] = (
            "python benchmarks/luminosity_function.py --work FOLDER seal; ... estimate; ... open"
        )
        result["date"] = date.today().isoformat()
        result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scipy")}
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        for way, own in result["ways"].items():
            print(way, own["together"], own.get("counts_within_95"))
            for name, p in own["parameters"].items():
                print(f"   {name:8s} 68: {p['within_68']:2d}  95: {p['within_95']:2d}  "
                      f"pull {p['mean_pull']:+.2f} +- {p['pull_scatter']:.2f}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
