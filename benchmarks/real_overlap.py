"""Which real catalogs share objects, and one classifier on all of them; book/real/overlap.json.

    QSOLEARN_DATA=folder python benchmarks/real_overlap.py        (or: make real)

Overlap. Catalogs with positions are matched within 1 arcsec, and again with the positions moved
away by 60 arcsec. Catalogs without positions are matched by their magnitudes (and redshifts), and
again with all magnitudes shifted by 0.5 mag: what then still matches does so by accident.

Transfer. The classifier on colors alone that ``real_tradeoff.py`` chose, trained on the DR7
training half, with the prior that it chose there, is applied to each other catalog after dropping
the objects that DR7 shares with it. Where a catalog lacks bands, a classifier on the colors that
both have is trained on the same half with the same bandwidths, and its prior comes from the same
cross-validation. Nothing is chosen on the other catalogs.
"""

import json
import os
import time
from datetime import date
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from qsolearn import datasets
from qsolearn.bands import get_band
from qsolearn.frame import magnitudes
from qsolearn.judge import completeness, proportion, selection_report
from qsolearn.papers.richards2004 import BANDS, PUBLISHED
from qsolearn.photometry import colors
from qsolearn.sky import chance_match_rate, match_nearest
from real_selection import MIXES, SEED, curve, halves
from real_selection import rows as rows_of
from real_tradeoff import CLASSES, COMPLETENESS, N_FOLDS, log_density, score, working_points
from real_tradeoff import OUT as TRADEOFF

OUT = Path(__file__).parents[1] / "book/real/overlap.json"
RADIUS, SHIFT = 1.0, 60.0  # arcsec
#: Largest distance of a match by magnitudes [mag], and magnitudes per unit of redshift in it.
NEAR, PER_REDSHIFT, MOVED = 0.1, 20.0, 0.5
Z_BINS = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.2, 2.5, 3.0, 4.0])
#: Colors of the point sources are printed to 0.001 mag.
SAME_COLORS = 0.002


class Catalog:
    """Magnitudes, positions, redshifts and classes of one file, as far as it has them."""

    def __init__(self, frame=None, labels=None, bands=(), points=None):
        self.frame, self.labels = frame, labels
        has = frame is not None and {"ra", "dec"} <= set(frame)
        self.sky = frame[["ra", "dec"]] if has and frame["ra"].notna().all() else None
        self.mag = magnitudes(frame, bands) if len(bands) else None
        self.colors = points if self.mag is None else colors(self.mag)
        z = None if labels is None or "true_z" not in labels else labels["true_z"]
        self.z = None if z is None else z.to_numpy(dtype=float)

    def __len__(self):
        return len(self.colors) if self.frame is None else len(self.frame)


def load(folder=None):
    """All catalogs by name; SDSS magnitudes are AB."""
    sdss = list(BANDS)
    out = {
        "SDSS DR7": Catalog(*datasets.load_sdss_dr7(folder), sdss),
        "SDSS DR5": Catalog(*datasets.load_sdss_dr5_quasars(folder), sdss),
        "SDSS DR17": Catalog(*datasets.load_sdss_dr17(folder), sdss),
        "Stripe 82X": Catalog(*datasets.load_stripe82x_agn(folder), sdss),
        "PS1+Gaia+WISE": Catalog(
            *datasets.load_ps1_gaia_wise_quasars(folder), ["ps1_g", "ps1_r", "ps1_i", "ps1_z"]
        ),
        "DESI": Catalog(
            *datasets.load_desi_dr1(folder), ["legacy_g", "legacy_r", "legacy_z"]
        ),
    }  # fmt: skip
    for name, table in (
        ("Milliquas", datasets.load_milliquas_stripe82(folder)),
        ("radio matches", datasets.load_radio_matches(folder)),
    ):
        out[name] = Catalog(table, table[["true_z"]])
    ab = np.diff([-get_band(b).survey_to_ab for b in BANDS])
    for which in ("train", "test"):
        labels, points = datasets.load_sdss_point_sources(which, folder)
        points = points.to_numpy() + ab
        out[f"point sources, {which}"] = Catalog(labels=labels, points=points)
    return out


def by_position(a, b):
    """Matches of the smaller of two catalogs in the larger, and by accident."""
    small, large = sorted((a, b), key=len)
    known = large.sky.dropna()
    n = int((match_nearest(small.sky, known, RADIUS)["match"] >= 0).sum())
    chance = chance_match_rate(small.sky, known, RADIUS, shift=SHIFT).shifted
    return {"by": "position", "n": n, "chance": round(float(chance) * len(small), 1)}


def places(magnitude, z=None, moved=0.0):
    """Points of the match by magnitudes; a missing value lies far away."""
    points = np.nan_to_num(magnitude, nan=1e3) + moved
    return points if z is None else np.column_stack([points, PER_REDSHIFT * np.nan_to_num(z)])


def near(a, b, radius):
    """Which points of the first have one of the second within a radius."""
    return np.isfinite(cKDTree(b).query(a, distance_upper_bound=radius)[0])


def by_magnitude(a, b, with_z, radius=NEAR, moved=MOVED):
    """Which rows of the first are near a row of the second, and how many by accident."""
    one, two = ((c.mag if c.mag is not None else c.colors) for c in (a, b))
    z = (a.z, b.z) if with_z else (None, None)
    found = near(places(one, z[0]), places(two, z[1]), radius)
    chance = near(places(one, z[0], moved), places(two, z[1]), radius)
    return found, int(chance.sum())


def subset(catalog, rows):
    """Rows of a catalog."""
    part = Catalog.__new__(Catalog)
    for name in ("frame", "labels", "sky", "mag", "colors", "z"):
        value = getattr(catalog, name)
        setattr(part, name, None if value is None else value[rows])
    return part


def overlap_table(c):
    """One record per pair of catalogs, and which rows of each are in DR7."""
    records, shared = [], {}
    names = list(c)
    dr7 = c["SDSS DR7"]
    quasar = (dr7.labels["true_class"] == "QSO").to_numpy()
    for a, b in combinations(names, 2):
        one, two = c[a], c[b]
        if one.sky is not None and two.sky is not None:
            records.append({"pair": [a, b], **by_position(one, two)})
            continue
        # No position in one of the two, and no band or color that both measure the same way.
        record = {"pair": [a, b], "by": None, "n": None, "chance": None}
        if a == "SDSS DR7" and b == "SDSS DR5":
            found, chance = by_magnitude(subset(dr7, quasar), two, True)
            record.update(by="magnitudes and redshift", n=int(found.sum()), chance=chance)
            shared[b], _ = by_magnitude(two, subset(dr7, quasar), True)
        elif a == "SDSS DR7" and b == "SDSS DR17":
            kind = two.labels["true_class"].to_numpy().astype(str)
            is_quasar = np.char.startswith(kind, "QSO")
            rows = np.zeros(len(two), bool)
            n = chance = 0
            for own, theirs, with_z in (
                (is_quasar, quasar, True),
                (kind == "Star", ~quasar, False),
            ):
                found, by_chance = by_magnitude(subset(two, own), subset(dr7, theirs), with_z)
                rows[own], n, chance = found, n + int(found.sum()), chance + by_chance
            shared[b] = rows
            record.update(by="magnitudes (redshift of quasars)", n=n, chance=chance)
        elif a.startswith("SDSS") and b.startswith("point"):
            both = [Catalog(points=x.colors) for x in (two, one)]
            found, chance = by_magnitude(*both, False, SAME_COLORS, moved=0.05)
            record.update(by="colors", n=int(found.sum()), chance=chance)
        records.append(record)
    return records, shared


def through_dr5(c, name, shared):
    """Rows of a catalog that are DR5 quasars which DR7 has too."""
    known = subset(c["SDSS DR5"], shared["SDSS DR5"])
    own = c[name]
    if own.sky is not None:
        return (match_nearest(own.sky, known.sky, RADIUS)["match"] >= 0).to_numpy()
    both = [Catalog(points=x.colors) for x in (own, known)]
    return by_magnitude(*both, False, SAME_COLORS)[0]


class Classifier:
    """Two densities on some colors of the DR7 training half, and a prior chosen within it."""

    def __init__(self, mag, label, inside, settings):
        self.X, self.label, self.settings = colors(mag), label, settings
        fold = np.random.default_rng(SEED + 2).integers(0, N_FOLDS, len(label))
        held_out = np.full(len(label), np.nan)
        for f in range(N_FOLDS):
            now = inside & (fold == f)
            held_out[now] = self._score(self.X[now], fold != f)
        self.points = working_points(label[inside] == "QSO", held_out[inside])
        self.threshold = self.points["threshold_completeness"]

    def _score(self, X, learn):
        return score(*[
            log_density(self.X[learn & (self.label == c)], X, self.settings["kernel"], h)
            for c, h in zip(CLASSES, self.settings["bandwidths"], strict=True)
        ])  # fmt: skip

    def score(self, X):
        """Log odds at some colors."""
        return self._score(X, np.ones(len(self.label), bool))


def remedies(own, other, settings):
    """Would other training objects do better? Rates on one half of a catalog.

    Parameters
    ----------
    own, other : tuple of ndarray
        Colors, labels and which objects are judged; of the catalog itself, and of DR7.
    settings : dict
        Kernel and bandwidths, the same for all.
    """
    X, label, rows = own
    half = np.random.default_rng(SEED).random(len(X)) < 0.5
    judge = rows & ~half
    both = [np.concatenate([a, b[half]]) for a, b in zip(other, (X, label), strict=True)]
    training = {"DR7": other, "half of this catalog": (X[half], label[half]), "both": both}
    out = {"rows": {c: int((label[judge] == c).sum()) for c in CLASSES}}
    for name, (points, kind) in training.items():
        densities = [
            log_density(points[kind == c], X[judge], settings["kernel"], h)
            for c, h in zip(CLASSES, settings["bandwidths"], strict=True)
        ]
        found = working_points(label[judge] == "QSO", score(*densities))
        out[name] = {k: v for k, v in found.items() if not k.startswith("threshold")}
    return out


def judged(quasar, s, threshold, z):
    """Rates of one catalog; without other sources, the completeness only."""
    report = selection_report(quasar, s >= threshold)
    out = {"rows": {"QSO": report.n_quasars, "other": report.n_others},
           "completeness": report.completeness.to_dict()}  # fmt: skip
    if z is not None:
        table = completeness(quasar, s >= threshold, z, Z_BINS)
        out["completeness_by_z"] = rows_of(table)
    if report.n_others:
        out |= {
            "false_positive_rate": report.false_positive_rate.to_dict(),
            "efficiency": {f"{m:.2f}": report.efficiency_at(m).to_dict() for m in MIXES},
            "on_the_curve": working_points(quasar, s)["false_positives_at"],
            "curve": curve(quasar, s),
        }
    return out


def transfer(c, shared, folder=None):
    """The classifier on each other catalog."""
    settings = json.loads(TRADEOFF.read_text())["chosen"]["colors alone"]["settings"]
    frame, labels, train, _ = halves(folder)
    mag, label = magnitudes(frame, BANDS), labels["true_class"].to_numpy().astype(str)
    train = train & np.isfinite(mag).all(axis=1)
    mag, label = mag[train], label[train]
    err_u = frame["err_sdss_u"].to_numpy()[train]

    def window(m, g=1):
        return (m[:, g] > 19.0) & (m[:, g] < PUBLISHED["g_faint"])

    u_g = PUBLISHED["u_g_limit"] + get_band("sdss_u").survey_to_ab
    inside = window(mag) & (mag[:, 0] - mag[:, 1] < u_g) & (err_u < PUBLISHED["err_u_limit"])
    ugriz = Classifier(mag, label, inside, settings)
    griz = Classifier(mag[:, 1:], label, window(mag), settings)
    grz = Classifier(mag[:, [1, 2, 4]], label, window(mag), settings)
    found = {"prior": {"ugriz": ugriz.points, "griz": griz.points, "grz": grz.points}}
    result = {}

    def record(name, model, rows, quasar, dropped, note):
        rows = rows & np.isfinite(c[name].colors).all(axis=1)
        drop = rows & dropped
        rows = rows & ~dropped
        s = model.score(c[name].colors[rows])
        z = None if c[name].z is None else c[name].z[rows]
        result[name] = {
            "bands": {id(ugriz): "ugriz", id(griz): "griz", id(grz): "grz"}[id(model)],
            "dropped": int(drop.sum()), "note": note,
            **judged(quasar[rows], s, model.threshold, z),
        }  # fmt: skip
        return rows, s

    for name in ("SDSS DR5", "SDSS DR17", "Stripe 82X"):
        cat = c[name]
        kind = cat.labels["true_class"].to_numpy().astype(str)
        quasar = np.char.startswith(kind, "QSO")
        rows = window(cat.mag) & (cat.mag[:, 0] - cat.mag[:, 1] < u_g)
        if name == "SDSS DR5":
            err = cat.frame["err_sdss_u"].to_numpy()
            rows &= err < PUBLISHED["err_u_limit"]
            first = ~cat.frame.duplicated("id").to_numpy()
            record(name, ugriz, rows & first, quasar, shared[name], "quasars, PSF magnitudes")
        elif name == "SDSS DR17":
            wanted = rows & (quasar | (kind == "Star"))
            dropped = shared[name] | through_dr5(c, name, shared)
            record(
                name,
                ugriz,
                wanted,
                quasar,
                dropped,
                "quasars and stars, model magnitudes, no errors",
            )
            known = (quasar | (kind == "Star")) & np.isfinite(cat.colors).all(axis=1) & ~dropped
            names = np.where(quasar, "QSO", "Star")
            result[name]["remedies"] = remedies(
                (cat.colors[known], names[known], rows[known]), (ugriz.X, label), settings
            )
            galaxies = rows & (kind == "Galaxy")
            passed = ugriz.score(cat.colors[galaxies]) >= ugriz.threshold
            result[name]["galaxies_selected"] = proportion(passed.sum(), len(passed)).to_dict()
        else:
            dropped = through_dr5(c, name, shared)
            record(
                name,
                ugriz,
                rows & (kind == "QSO"),
                quasar,
                dropped,
                "X-ray sources with broad lines, z < 1; total magnitudes, host included",
            )
    name = "point sources, train"
    kind = c[name].labels["true_class"].to_numpy().astype(str)
    blue = c[name].colors[:, 0] < u_g
    dropped = through_dr5(c, name, shared) & (kind == "QSO")
    quasar = kind == "QSO"
    used, s = record(
        name,
        ugriz,
        blue,
        quasar,
        dropped,
        "quasars, stars, white dwarfs; no magnitudes, so neither cut in g nor in error",
    )
    own, passed = kind[used], s >= ugriz.threshold
    for k in ("Star", "WD"):
        result[name][f"selected_{k}"] = proportion(
            passed[own == k].sum(), (own == k).sum()
        ).to_dict()
    name = "PS1+Gaia+WISE"
    dropped = through_dr5(c, name, shared)
    record(
        name,
        griz,
        window(c[name].mag, 0),
        np.ones(len(c[name]), bool),
        dropped,
        "quasars detected in twelve bands; PS1 griz for SDSS griz, no u",
    )
    name = "DESI"
    kind = c[name].labels["true_class"].to_numpy().astype(str)
    point = (c[name].labels["morphology"] == "PSF").to_numpy()
    wanted = window(c[name].mag, 0) & point & (kind != "Galaxy")
    record(
        name,
        grz,
        wanted,
        np.char.startswith(kind, "QSO"),
        np.zeros(len(kind), bool),
        "point-like quasars and stars; Legacy grz for SDSS grz, no u, no i",
    )
    return found, result


def compute(folder=None):
    """Everything in the result file but date and versions."""
    c = load(folder)
    records, shared = overlap_table(c)
    found, result = transfer(c, shared, folder)
    return {
        "rows": {name: len(x) for name, x in c.items()},
        "radius_arcsec": RADIUS, "shift_arcsec": SHIFT, "near_mag": NEAR,
        "per_redshift": PER_REDSHIFT, "moved_mag": MOVED,
        "overlap": records,
        "working_point": COMPLETENESS, **found,
        "transfer": result,
    }  # fmt: skip


def main():
    """Compute, print, write."""
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    start = time.process_time()
    result = compute()
    result["cpu_seconds"] = round(time.process_time() - start, 1)
    result["command"] = "make real"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn")}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for r in result["overlap"]:
        print(f"{' x '.join(r['pair'])}: {r['n']} by {r['by']}, {r['chance']} by accident")
    for name, t in result["transfer"].items():
        parts = [
            f"{k} {e['value']:.4f} ({e['low']:.4f} to {e['high']:.4f})"
            for k, e in t.items() if isinstance(e, dict) and "value" in e
        ]  # fmt: skip
        print(f"{name} [{t['bands']}], {t['rows']}, {t['dropped']} dropped: {', '.join(parts)}")
        if "remedies" in t:
            print("    ", t["remedies"])
        if "efficiency" in t:
            print("   ", ", ".join(f"{e['value']:.3f} at {m}" for m, e in t["efficiency"].items()))
    print(f"{result['cpu_seconds']} CPU s; wrote {OUT.name}")


if __name__ == "__main__":
    main()
