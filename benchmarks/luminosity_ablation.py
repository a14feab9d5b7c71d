"""Why intervals miss: the luminosity function of development skies, one suspect at a time.

    python benchmarks/luminosity_ablation.py --work FOLDER [--skies 150] [--intervals 80]

FOLDER is that of benchmarks/luminosity_function.py; its recipe and selection functions are used.
A development sky is drawn from a pool of simulated quasars, each as often as its luminosity
function has such quasars, and from the contaminants of simulated skies. It costs next to nothing,
so that coverage is known from hundreds of skies; no sealed sky is looked at. Writes
book/your_catalog/luminosity_ablation.json.
"""

import argparse
import json
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import stats

from luminosity_function import AREA, FREE, OUT, SPECTRA, Observer, drawn, make_catalog
from luminosity_recipe import MAGNITUDE_EDGES, PHOTOMETRIC_EDGES, SCATTER, Z_EDGES, measure_parts
from qsolearn.census import Cells, SelectionFunction, count_cells, fit_luminosity_function
from qsolearn.census.cells import Prediction
from qsolearn.census.fit import _Counts, _Problem
from qsolearn.errors import CatalogError
from qsolearn.judge import is_quasar_class, proportion
from qsolearn.photometry import deredden
from qsolearn.simulate import LuminosityParameters, make_sky, observe_quasars, quasar_counts
from qsolearn.simulate.luminosity import count_quasars, draw_quasars_of_sky

TO = OUT.with_name("luminosity_ablation.json")
SEED = 20_261_201
#: Quasars of the pool: in blocks, half as the default sky has them, half even in z and i.
BLOCKS, HALF_BLOCK = 10, 25_000
Z_RANGE, BRIGHT, FAINT, FAINT_EVEN = (0.1, 5.0), 16.9, 21.0, 20.8
CONTAMINANT_SKIES = 2
EDGES = {"spectra": Z_EDGES, "colors": PHOTOMETRIC_EDGES}
LEVELS = {"68": 0.6827, "95": 0.95}
#: Contaminants per cell, where counts are drawn from a prediction or expected.
OTHERS = 1.7
#: Measurements of the shares: quasars per cell, width of the cells in redshift, seed. The first is
#: that of the blind test of 21 November 2026.
MEASURED = {
    "first": (200, 0.1, 8), "measured anew": (200, 0.1, 28), "four times as many": (800, 0.1, 18),
    "four times as many, finer": (400, 0.05, 19), "ten times as many": (2000, 0.1, 20),
}  # fmt: skip
FIRST_SEAL, FIRST_SKIES = 20_261_121, 20
BEST = "ten times as many"
RESAMPLED, BIASES = 20, 20


def make_pool(folder, richards):
    """Quasars, and contaminants, as the recipe sees them."""
    folder.mkdir(exist_ok=True)
    for k in range(BLOCKS):
        if (folder / f"quasars{k}.npy").exists():
            continue
        rng = np.random.default_rng([SEED, 1, k])
        z, i = draw_quasars_of_sky(HALF_BLOCK, BRIGHT, FAINT, rng, Z_RANGE)
        z = np.append(z, rng.uniform(*Z_RANGE, HALF_BLOCK))
        i = np.append(i, rng.uniform(BRIGHT, FAINT_EVEN, HALF_BLOCK))
        frame = observe_quasars("sdss", z, i, seed=rng)
        seen = [deredden(frame)["mag_sdss_i"].to_numpy(), richards.redshifts(frame)]
        np.save(folder / f"quasars{k}.npy", np.column_stack([z, i, *seen]))
    for k in range(CONTAMINANT_SKIES):
        if (folder / f"others{k}.npy").exists():
            continue
        sky = make_sky("sdss", area_deg2=AREA, seed=SEED + k)
        sky = sky[~is_quasar_class(sky["true_class"])].reset_index(drop=True)
        z = richards.redshifts(sky)
        found = np.isfinite(z)
        i = deredden(sky)["mag_sdss_i"].to_numpy()
        np.save(folder / f"others{k}.npy", np.column_stack([z, i])[found])


class Pool:
    """Draws development skies."""

    def __init__(self, folder):
        parts = [np.load(p) for p in sorted(folder.glob("quasars*.npy"))]
        table = quasar_counts()
        steps = [c[1] - c[0] for c in (table.z, table.magnitude)]
        cell = [
            np.round((np.concatenate(parts)[:, k] - c[0]) / step).astype(int)
            for k, (c, step) in enumerate(zip((table.z, table.magnitude), steps, strict=True))
        ]
        rows = (table.z > Z_RANGE[0]) & (table.z < Z_RANGE[1])
        inside = [(table.magnitude > BRIGHT) & (table.magnitude < f) for f in (FAINT, FAINT_EVEN)]
        even, sky = (np.where(rows[:, None] & m, d, 0.0) for m, d in
                     zip(inside[::-1], (1.0, table.density), strict=True))  # fmt: skip
        made = HALF_BLOCK * len(parts) * (even / even.sum() + sky / sky.sum())
        self.place = np.ravel_multi_index(cell, made.shape)
        self.made = made.ravel()[self.place]
        z, _, self.i, z_phot = np.concatenate(parts).T
        self.z = {"spectra": z, "colors": z_phot}
        self.kept = np.isfinite(z_phot)
        self.others = np.concatenate([np.load(p) for p in sorted(folder.glob("others*.npy"))])

    def expected(self, luminosity):
        """How many quasars of a sky each of the pool stands for; NaN for no candidate."""
        density = count_quasars(luminosity).density.ravel()[self.place]
        return np.where(self.kept, AREA * density / self.made, 0.0)

    def mean(self, luminosity, way):
        """Expected quasars among the candidates of each cell, whatever the prediction says."""
        use, weights = self.kept, self.expected(luminosity)
        return np.histogram2d(
            self.z[way][use], self.i[use], (EDGES[way], MAGNITUDE_EDGES), weights=weights[use]
        )[0]

    def draw(self, luminosity, rng):
        """Candidates of one sky: rows of the pool, rows of the contaminants."""
        quasars = np.repeat(np.arange(len(self.i)), rng.poisson(self.expected(luminosity)))
        rate = 1 / CONTAMINANT_SKIES
        return quasars, np.repeat(np.arange(len(self.others)), rng.poisson(rate, len(self.others)))

    def cells(self, quasars, others, way, rng):
        """Counted as the blind test counts."""
        edges = (EDGES[way], MAGNITUDE_EDGES)
        z, i = self.z[way][quasars], self.i[quasars]
        labeled, seen = rng.random(len(quasars)) < SPECTRA, rng.random(len(others)) < SPECTRA
        every = np.histogram(np.append(i, self.others[others, 1]), MAGNITUDE_EDGES)[0]
        with_spectrum = np.append(i[labeled], self.others[others[seen], 1])
        share = np.histogram(with_spectrum, MAGNITUDE_EDGES)[0] / np.maximum(every, 1)

        def counted(z, i):
            return np.histogram2d(z, i, edges)[0].astype(int)

        own = counted(z[labeled], i[labeled])
        if way == "spectra":
            return Cells(*edges, own, 0 * own, 0 * own, share, False)
        rest = counted(z[~labeled], i[~labeled]) + counted(*self.others[others[~seen]].T)
        return Cells(*edges, own, counted(*self.others[others[seen]].T), rest, share, True)


def predicted_cells(mean, way, rng):
    """Counts drawn from a prediction itself: nothing is wrong but chance."""
    edges = (EDGES[way], MAGNITUDE_EDGES)
    share, none = np.full(mean.shape[1], SPECTRA), np.zeros(mean.shape, int)
    own = rng.poisson(SPECTRA * mean)
    if way == "spectra":
        return Cells(*edges, own, none, none, share, False)
    seen = rng.poisson(SPECTRA * OTHERS, mean.shape)
    rest = rng.poisson((1 - SPECTRA) * (mean + OTHERS))
    return Cells(*edges, own, seen, rest, share, True)


def problem(cells, prediction):
    """The likelihood of the library."""
    return _Problem(prediction, _Counts(cells))


def lost(cells, prediction, truth):
    """2 ln of the likelihood ratio of the best parameters and the true ones; NaN without a best."""
    own = problem(cells, prediction)
    try:
        best = own.maximize(truth, FREE)[2]
    except CatalogError:
        return np.nan
    return own.counts.deviance(prediction(truth)) - best


def regions(losses):
    """How often the joint region of the four parameters holds the truth, one trial per sky."""
    losses = np.asarray(losses)
    known = losses[np.isfinite(losses)]
    out = {"skies": len(losses), "no_fit": int(len(losses) - len(known)),
           "mean_loss": float(known.mean())}  # fmt: skip
    for level, content in LEVELS.items():
        inside = known < stats.chi2.ppf(content, len(FREE))
        out[f"within_{level}"] = proportion(inside.sum(), len(inside)).to_dict()
    return out


def bias(cells_mean, prediction, truth):
    """Where the expected counts lead the fit, in errors; and how far, in 2 ln likelihood."""
    own = problem(cells_mean, prediction)
    score, information = own.counts.score(prediction(truth), own.slopes(truth, FREE))
    step = np.linalg.solve(information, score)
    return step / np.sqrt(np.diag(np.linalg.inv(information))), float(score @ step)


def mean_cells(mean, way):
    """Cells that hold what is expected."""
    c = OTHERS if way == "colors" else 0.0
    parts = [SPECTRA * mean, SPECTRA * c + 0 * mean, (1 - SPECTRA) * (mean + c)]
    if way == "spectra":
        parts[1:] = [0 * mean, 0 * mean]
    share = np.full(mean.shape[1], SPECTRA)
    return Cells(EDGES[way], MAGNITUDE_EDGES, *parts, share, way == "colors")


def functions(observer, folder):
    """Selection functions per cell of estimated redshift, measured in several ways."""
    out = {}
    for name, (n, step, seed) in MEASURED.items():
        paths = [folder / f"{name}_{k}.fits" for k in range(len(PHOTOMETRIC_EDGES) - 1)]
        if not paths[-1].exists():
            edges = np.round(np.arange(0.1, 3.51, step), 2)
            found = measure_parts(observer.richards, n=n, seed=seed, redshift=edges)
            for path, part in zip(paths, found, strict=True):
                part.write(path, overwrite=True)
        out[name] = [SelectionFunction.read(p) for p in paths]
    return out


def suspects(pool, observer, parts, skies):
    """Joint regions with one thing changed at a time, and the bias of each."""
    empty = {way: mean_cells(np.zeros((len(e) - 1, len(MAGNITUDE_EDGES) - 1)), way)
             for way, e in EDGES.items()}  # fmt: skip
    use = {name: Prediction(empty["colors"], p, AREA, SCATTER) for name, p in parts.items()}
    plain = Prediction(empty["spectra"], observer.function, AREA, SCATTER)
    drawn_anew = [
        Prediction(empty["colors"], [p.resampled([SEED, r, k]) for k, p in
                   enumerate(parts["first"])], AREA, SCATTER)
        for r in range(RESAMPLED)
    ]  # fmt: skip
    losses = {}
    default = LuminosityParameters()
    for k in range(skies):
        truth, rng = drawn(SEED, k), np.random.default_rng([SEED, 2, k])
        quasars, others = pool.draw(truth, rng)
        colors = pool.cells(quasars, others, "colors", rng)
        own = {
            "spectra": (pool.cells(quasars, others, "spectra", rng), plain, truth),
            "spectra, only chance": (predicted_cells(plain(truth), "spectra", rng), plain, truth),
            "only chance": (predicted_cells(use["first"](truth), "colors", rng), use["first"],
                            truth),
            "only chance, shares drawn anew": (
                predicted_cells(use["first"](truth), "colors", rng), drawn_anew[k % RESAMPLED],
                truth,
            ),
            "no contaminants": (pool.cells(quasars, others[:0], "colors", rng), use["first"],
                                truth),
            "default luminosity function": (
                pool.cells(*pool.draw(default, rng), "colors", rng), use["first"], default,
            ),
        }  # fmt: skip
        for name, prediction in use.items():
            own[f"shares: {name}"] = (colors, prediction, truth)
        for name, what in own.items():
            losses.setdefault(name, []).append(lost(*what))
    out = {name: regions(found) for name, found in losses.items()}
    truths = [drawn(SEED, k) for k in range(BIASES)]
    for way, some in (("spectra", {"spectra": plain}), ("colors", use)):
        means = [mean_cells(pool.mean(t, way), way) for t in truths]
        for name, prediction in some.items():
            found = [bias(m, prediction, t) for m, t in zip(means, truths, strict=True)]
            rung = out[name if way == "spectra" else f"shares: {name}"]
            rung["mean_bias"] = dict(zip(FREE, np.mean([f[0] for f in found], axis=0), strict=True))
            rung["bias_loss"] = float(np.mean([f[1] for f in found]))
    found = [bias(mean_cells(use["first"](t), "colors"), p, t)[1] for t in truths
             for p in drawn_anew]  # fmt: skip
    out["only chance, shares drawn anew"]["bias_loss"] = float(np.mean(found))
    return out


def remedies(pool, parts, skies):
    """Intervals of each parameter: as they were, wider in two ways, and with better shares."""
    anew = [[p.resampled([SEED, r, k]) for k, p in enumerate(parts["first"])]
            for r in range(RESAMPLED)]  # fmt: skip
    inside = {}
    for k in range(skies):
        truth, rng = drawn(SEED, k), np.random.default_rng([SEED, 2, k])
        cells = pool.cells(*pool.draw(truth, rng), "colors", rng)
        value = np.array([getattr(truth, name) for name in FREE])
        for name, shares in parts.items():
            if name not in ("first", BEST):
                continue
            try:
                fit = fit_luminosity_function(cells, shares, AREA, free=FREE, scatter=SCATTER)
            except CatalogError:
                continue
            wider = {name: np.ones(len(FREE))}
            if name == "first":
                wider["over-dispersed"] = np.full(
                    len(FREE), max(1.0, fit.deviance / fit.degrees) ** 0.5
                )
                shifts = np.array([fit.shift(p) for p in anew])
                wider["shares drawn anew"] = np.sqrt(1 + np.mean(shifts**2, axis=0))
            table = fit.table()
            for remedy, factor in wider.items():
                for level in LEVELS:
                    low, high = (
                        fit.best + (table[f"{end}_{level}"].to_numpy() - fit.best) * factor
                        for end in ("low", "high")
                    )
                    own = inside.setdefault(remedy, {}).setdefault(level, [])
                    own.append((low <= value) & (value <= high))
                inside[remedy].setdefault("factor", []).append(factor)
    out = {}
    for remedy, own in inside.items():
        out[remedy] = {"skies": len(own["95"]), "mean_factor": float(np.mean(own["factor"]))}
        for level in LEVELS:
            out[remedy][f"within_{level}"] = per_sky(own[level])
    return out


def opened_again(observer, parts):
    """The skies of the first blind test, opened long ago: intervals with the old and new shares."""
    inside = {name: [] for name in ("first", BEST)}
    losses = {name: [] for name in inside}
    for k in range(FIRST_SKIES):
        truth = drawn(FIRST_SEAL, k)
        catalog, spectra, _ = make_catalog(truth, seed=FIRST_SEAL + k)
        z, i, label, _ = observer.candidates(catalog, spectra)["colors"]
        cells = count_cells(z, i, label, PHOTOMETRIC_EDGES, MAGNITUDE_EDGES, photometric=True)
        value = np.array([getattr(truth, name) for name in FREE])
        for name, found in inside.items():
            fit = fit_luminosity_function(cells, parts[name], AREA, free=FREE, scatter=SCATTER)
            table = fit.table()
            found.append((table["low_95"] <= value) & (value <= table["high_95"]))
            losses[name].append(fit.compare(truth)[0])
    return {
        name: {"within_95": int(np.sum(own)), "of": int(np.size(own)),
               "regions": regions(losses[name])}
        for name, own in inside.items()
    }  # fmt: skip


def per_sky(inside):
    """Share of intervals that hold the truth; its error counts skies."""
    inside = np.array(inside)
    return {"share": float(inside.mean()),
            "error": float(inside.mean(axis=1).std(ddof=1) / len(inside) ** 0.5)}  # fmt: skip


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--skies", type=int, default=150)
    parser.add_argument("--intervals", type=int, default=80)
    args = parser.parse_args(argv)
    start = time.process_time()
    observer = Observer(args.work)
    folder = args.work / "development"
    make_pool(folder, observer.richards)
    pool, parts = Pool(folder), functions(observer, folder)
    result = {"rows": {"pool": len(pool.i), "contaminants": len(pool.others)},
              "area_deg2": AREA, "seed": SEED,
              "measured": {}, "suspects": {}}  # fmt: skip
    for name, (n, step, _) in MEASURED.items():
        result["measured"][name] = {"n": n, "step": step}
    result["suspects"] = suspects(pool, observer, parts, args.skies)
    for name, own in result["suspects"].items():
        b = own["within_95"]
        print(f"{name:34s} {own['skies']} skies, {own['no_fit']} without fit; 68: "
              f"{own['within_68']['value']:.3f}  95: {b['value']:.3f} ({b['low']:.3f} to "
              f"{b['high']:.3f})  loss {own['mean_loss']:.2f}  bias {own.get('bias_loss', 0):.2f} "
              f"{ {n: round(v, 2) for n, v in own.get('mean_bias', {}).items()} }")  # fmt: skip
    result["remedies"] = remedies(pool, parts, args.intervals)
    for name, own in result["remedies"].items():
        a, b = own["within_68"], own["within_95"]
        print(
            f"{name:20s} {own['skies']} skies, wider by {own['mean_factor']:.3f}; 68: "
            f"{a['share']:.3f} +- {a['error']:.3f}  95: {b['share']:.3f} +- {b['error']:.3f}"
        )
    result["opened_again"] = opened_again(observer, parts)
    for name, own in result["opened_again"].items():
        print(f"first test, shares {name}: {own['within_95']} of {own['of']}", own["regions"])
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "python benchmarks/luminosity_ablation.py --work FOLDER"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scipy")}
    TO.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
