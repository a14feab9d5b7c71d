"""Our fit of templates against LePhare 1.0.0, and the full grid at full size.

    python benchmarks/sedfit.py full                     the full KS4 grid, 106,443 sources
    QSOLEARN_LEPHARE=python python benchmarks/sedfit.py  the same, and LePhare beside it

QSOLEARN_LEPHARE names a Python that can import lephare (``pip install lephare`` into an environment
of its own; it is no dependency here). Everything runs on one thread except where it says so. Writes
book/kim2024/sedfit_speed.json.

agreement   500 simulated sources, 18 AGN and 31 galaxies at z = 0 to 6, one template at a time, in
            steps of 0.1 (the step of LePhare's table of the intergalactic gas): chi2 of both codes.
            LePhare cuts a filter off where its response is below 1 % of its peak; so both get
            filters that are cut there.
speed       the same model list for both: 18 AGN x 7 hosts x z 0 to 6 in steps of 0.3, the host's
            share from 1 to 95 %. LePhare needs a template for each share (steps of 1 %); here the
            share is solved for. The fluxes of all models are LePhare's own, so that chi2 can be
            compared digit by digit. Marginal cost: 5,000 sources less 500, set-up apart.
single      the same for lists of one template per model: the plain speed of both codes.
full        the grid of the classifier on 106,443 simulated sources, 2 threads.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.frame import magnitudes
from qsolearn.photometry import deredden
from qsolearn.sed import igm_transmission
from qsolearn.sed.filters import WAVELENGTH, filter_weights
from qsolearn.sed.library import own_templates
from qsolearn.sed.models import SHARE_WAVELENGTH, redshifted_fluxes
from qsolearn.selection import SEDClassifier
from qsolearn.selection.sedfit.engine import fit_one
from qsolearn.simulate import make_sky
from qsolearn.simulate.surveys import get_survey

OUT = Path(__file__).parents[1] / "book/kim2024/sedfit_speed.json"
BANDS = (
    "kmt_b", "kmt_v", "kmt_r", "kmt_i", "vista_j", "vista_ks",
    "wise_w1", "wise_w2", "wise_w3", "wise_w4",
)  # fmt: skip
FLOOR = 0.1
SHARES = np.arange(1, 96) / 100
SEED = 6


def cpu():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def sources(n, seed=SEED):
    """Simulated KS4 sources with at least 8 of the bands, limits taken as missing."""
    sky = deredden(make_sky("ks4", n_sources=60 * n, seed=seed))
    mag = magnitudes(sky, BANDS)
    err = sky[[f"err_{b}" for b in BANDS]].to_numpy(float)
    known = np.isfinite(mag) & np.isfinite(err)
    rows = np.flatnonzero(known.sum(axis=1) >= 8)[:n]
    if len(rows) < n:
        raise SystemExit(f"only {len(rows)} sources have 8 bands")
    frame = pd.DataFrame({"id": np.arange(n)})
    for k, band in enumerate(BANDS):
        frame[f"mag_{band}"] = np.where(known, mag, np.nan)[rows, k]
        frame[f"err_{band}"] = np.where(known, err, np.nan)[rows, k]
    return frame


def unit(spectra):
    return spectra / spectra[:, [np.searchsorted(WAVELENGTH, SHARE_WAVELENGTH)]]


def cut_filters():
    """Weights of the bands where the response is above 1 % of its peak."""
    weights = filter_weights(BANDS)
    response = weights / WAVELENGTH[:, None] ** 2
    for k, curve in enumerate(response.T):
        lit = np.flatnonzero(curve > 0.0101 * curve.max())
        weights[: lit[0], k] = weights[lit[-1] + 1 :, k] = 0.0
        # The AB zero point belongs to the filter: a flat f_nu has magnitude zero.
        weights[:, k] *= response[:, k].sum() / response[lit[0] : lit[-1] + 1, k].sum()
    return weights


def lephare(frame, z, every, counts, **lists):
    """Run LePhare on lists of spectra; returns what it found and its library.

    ``every``: only each so many-th pixel of the spectra is handed over, and twice as many of the
    filters; its set-up takes long otherwise, and the search, which is timed, knows no pixels.
    """
    thin = max(every // 2, 1)
    filters = cut_filters() / WAVELENGTH[:, None] ** 2
    rest = np.arange(17.0, 1225.0, 0.25)
    gas = [igm_transmission(rest * (1 + k / 10), k / 10) for k in range(81)]
    mag = frame[[f"mag_{b}" for b in BANDS]].to_numpy()
    err = frame[[f"err_{b}" for b in BANDS]].to_numpy()
    known = np.isfinite(mag)
    with tempfile.TemporaryDirectory() as folder:
        job, out = Path(folder) / "job.npz", Path(folder) / "out.npz"
        np.savez(
            job, wavelength=WAVELENGTH[::every], filters=filters[::thin] / filters.max(axis=0),
            filter_wave=WAVELENGTH[::thin], z=z, igm=np.array(gas), igm_wave=rest,
            mag=np.where(known, mag, -99.0), err=np.where(known, err, -99.0),
            scale=np.full(len(BANDS), FLOOR), counts=counts,
            **{k: v[:, ::every] / v.max(axis=1, keepdims=True) for k, v in lists.items()},
            **{f"{k}_scale": v.max(axis=1) for k, v in lists.items()},
        )  # fmt: skip
        script = Path(__file__).with_name("lephare_fit.py")
        command = [os.environ["QSOLEARN_LEPHARE"], str(script), str(job), str(out), folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        return dict(np.load(out))


def weighted(frame):
    """Fluxes and weights, each source scaled to 1."""
    mag = frame[[f"mag_{b}" for b in BANDS]].to_numpy()
    err = frame[[f"err_{b}" for b in BANDS]].to_numpy()
    known = np.isfinite(mag)
    flux = np.where(known, 10 ** (0.4 * (22.5 - np.where(known, mag, 0))), 0.0)
    sigma = flux * np.hypot(np.where(known, err, 1), FLOOR) / (2.5 / np.log(10))
    scale = flux.max(axis=1, keepdims=True)
    weight = np.where(known, np.where(known, sigma, 1.0) ** -2.0, 0.0) * scale**2
    return flux / scale, weight


def difference(ours, theirs):
    apart = np.abs(ours / theirs - 1)
    return {
        "within_1_percent": float(np.mean(apart < 0.01)),
        "median": float(np.median(apart)),
        "largest": float(apart.max()),
    }


def agreement(n=500):
    """chi2 of both codes on single templates."""
    templates, frame = own_templates(), sources(n)
    z = np.arange(61) / 10
    found = lephare(
        frame, (0.0, 6.0, 0.1), 1, [n],
        qso=templates.agn, galaxy=templates.galaxies, star=templates.galaxies[:2],
    )  # fmt: skip
    flux, weight = weighted(frame)
    out = {"sources": n, "bands": list(BANDS), "models": 61 * (18 + 31)}
    for kind, spectra in (("qso", templates.agn), ("galaxy", templates.galaxies)):
        models = redshifted_fluxes(spectra, z, cut_filters())
        models /= models.mean(axis=2, keepdims=True)
        out[kind] = difference(fit_one(flux, weight, models)[0], found[f"chi2_{kind}"])
    return out


def library(found, kind, shape):
    """Fluxes of one kind of LePhare's library: shape (templates, z) to (z, templates, b)."""
    mag = found["lib_mag"][found["lib_kind"] == kind]
    return 10 ** (-0.4 * mag.reshape(*shape, -1)).transpose(1, 0, 2)


def from_library(found, nz, z):
    """Our classifier around LePhare's own fluxes of pure nuclei and hosts."""
    templates = own_templates()
    pure = library(found, 0, (25, nz)) * found["galaxy_scale"][None, :, None]
    # At z = 0 LePhare keeps another unit than beyond; nuclei and hosts share it.
    pure /= pure[:, :18].mean(axis=(1, 2))[:, None, None]
    model = SEDClassifier(bands=BANDS, error_floor=FLOOR, n_jobs=1)
    values, _ = SEDClassifier(bands=BANDS, z_step=3.0).fit().to_state()
    values["settings"] = {**model.get_params(), "host_share": [0.01, 0.95]}
    for name in ("templates", "bands"):
        del values["settings"][name]
    values["galaxy_names"] = [*values["agn_names"], *values["host_names"]]
    values["star_names"] = ["first"]
    arrays = {
        "z": z, "agn": pure[:, :18], "hosts": pure[:, 18:], "agn_tau": templates.agn_tau,
        "galaxies": pure / pure.mean(axis=2, keepdims=True), "stars": pure[1, :1],
    }  # fmt: skip
    return SEDClassifier.from_state(values, arrays)


def ours(model, frame, counts, repeat=5):
    """CPU seconds of our fit for some numbers of sources (smallest of several runs)."""
    model.fit_sources(frame.iloc[:100])
    times = []
    for n in counts:
        runs = []
        for _ in range(repeat):
            start = cpu()
            model.fit_sources(frame.iloc[:n])
            runs.append(cpu() - start)
        times.append(min(runs))
    return times


def speed(counts=(500, 5000), step=0.3):
    """Objects per CPU-second on the same list of models."""
    templates, frame = own_templates(), sources(counts[1])
    agn, hosts = unit(templates.agn), unit(templates.hosts)
    mixed = [(1 - s) * a + s * h for a in agn for h in hosts for s in SHARES]
    nz = round(6 / step) + 1
    found = lephare(
        frame, (0.0, 6.0, step), 16, counts,
        qso=np.array(mixed), galaxy=np.concatenate([agn, hosts]), star=agn[:1],
    )  # fmt: skip
    model = from_library(found, nz, np.arange(nz) * step)
    times = ours(model, frame, counts)
    fits = model.fit_sources(frame)
    theirs = float(np.diff(found["cpu"])[0])
    mine = float(np.diff(times)[0])
    n = counts[1] - counts[0]
    ratio = fits["chi2_qso"].to_numpy() / found["chi2_qso"]
    return {
        "models_of_lephare": len(found["lib_mag"]),
        "models_here": {
            "nucleus x host x redshift, share solved": int(18 * 7 * nz),
            "galaxy": int(25 * nz),
            "star": 1,
        },
        "sources": list(counts),
        "lephare_cpu_s": theirs,
        "here_cpu_s": mine,
        "lephare_per_cpu_s": n / theirs,
        "here_per_cpu_s": n / mine,
        "ratio": theirs / mine,
        "ns_per_source_and_listed_model_lephare": 1e9 * theirs / n / len(found["lib_mag"]),
        "chi2_never_worse": bool(np.all(ratio <= 1 + 1e-6)),
        "chi2_ratio_largest": float(ratio.max()),
        "chi2_ratio_median": float(np.median(ratio)),
        "share_with_lower_chi2_by_more_than_1_percent": float(np.mean(ratio < 0.99)),
    }


def single(counts=(500, 5000), step=0.05):
    """The same with one template per model: no share to solve for."""
    templates, frame = own_templates(), sources(counts[1])
    z = np.arange(round(6 / step) + 1) * step
    found = lephare(
        frame, (0.0, 6.0, step), 16, counts,
        qso=templates.agn, galaxy=templates.galaxies, star=templates.galaxies[:1],
    )  # fmt: skip
    models = np.concatenate(
        [library(found, 1, (18, len(z))), library(found, 0, (31, len(z)))], axis=1
    )
    models /= models.mean(axis=2, keepdims=True)
    flux, weight = weighted(frame)
    fit_one(flux[:100], weight[:100], models)
    times = []
    for n in counts:
        runs = []
        for _ in range(5):
            start = cpu()
            chi2 = fit_one(flux[:n], weight[:n], models)[0]
            runs.append(cpu() - start)
        times.append(min(runs))
    theirs, mine = float(np.diff(found["cpu"])[0]), float(np.diff(times)[0])
    best = np.minimum(found["chi2_qso"], found["chi2_galaxy"])
    n = counts[1] - counts[0]
    return {
        "models": int(models.shape[0] * models.shape[1]),
        "lephare_per_cpu_s": n / theirs,
        "here_per_cpu_s": n / mine,
        "ratio": theirs / mine,
        "chi2_never_worse": bool(np.all(chi2 <= best * (1 + 1e-6))),
    }


def full(n=106_443):
    """The full grid on as many sources as the paper's candidates, 2 threads."""
    sky = deredden(make_sky("ks4", n_sources=400_000, seed=SEED))
    bands = list(get_survey("ks4").bands)
    detected = sky[[f"err_{b}" for b in bands]].notna().sum(axis=1)
    sky = sky[(detected >= 7).to_numpy()]
    frame = sky.iloc[np.arange(n) % len(sky)].reset_index(drop=True).drop(columns="id")
    model = SEDClassifier(bands=bands, n_jobs=2)
    start, wall = cpu(), time.perf_counter()
    model.fit()
    grid = cpu() - start
    model.fit_sources(frame.iloc[:64])
    start, wall = cpu(), time.perf_counter()
    fits = model.fit_sources(frame)
    return {
        "sources": n,
        "distinct_sources": int(min(n, len(sky))),
        "fitted": int(fits["chi2_qso"].notna().sum()),
        "bands": len(bands),
        "models_per_source": model.n_models_,
        "grid_cpu_s": grid,
        "cpu_s": cpu() - start,
        "wall_s": time.perf_counter() - wall,
        "threads": 2,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def main():
    wanted = sys.argv[1:] or ["full", "agreement", "single", "speed"]
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    for name in wanted:
        if name != "full" and "QSOLEARN_LEPHARE" not in os.environ:
            raise SystemExit("QSOLEARN_LEPHARE must name a Python that can import lephare")
        made = {"full": full, "agreement": agreement, "single": single, "speed": speed}[name]()
        result[name] = {**made, "date": date.today().isoformat()}
        print(name, json.dumps(result[name], indent=1), flush=True)
        OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    result["command"] = "QSOLEARN_LEPHARE=python python benchmarks/sedfit.py"
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "numba")}
    result["versions"]["lephare"] = "1.0.0"
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
