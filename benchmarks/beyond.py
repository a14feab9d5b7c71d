"""What Richards et al. 2004 wish for, tried: writes book/richards2004/beyond.json.

    uv venv /tmp/xd && uv pip install --python /tmp/xd/bin/python astroML
    export QSOLEARN_DATA=folder QSOLEARN_XD_PYTHON=/tmp/xd/bin/python
    python benchmarks/beyond.py [PART ...]

Parts: real, simulated, faint, priors, evidence, classes, high_z. A part replaces its own results in
the file. One thread. Intervals are 95 %, from 400 bootstrap samples of the test objects (the same
for all methods, so that differences have intervals of their own).
"""

import json
import sys
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from scipy.stats import rankdata

import beyond_methods as methods
import beyond_samples as samples
from qsolearn.judge import proportion
from qsolearn.papers.richards2004 import PUBLISHED
from qsolearn.selection import BinnedEvidence, CountsPrior, KernelBayesClassifier, posterior

OUT = Path(__file__).parents[1] / "book/richards2004/beyond.json"
RATES = (0.027, 0.01)
AREA = 60.0
#: Shares of quasars that the paper's matches make likely, and what falls on any source by chance:
#: 90 FIRST sources per square degree (approximate, from memory of the literature) within 2 arcsec,
#: and the paper's 7,000 ROSAT sources in its area within 30 arcsec.
ARCSEC2 = np.pi / 3600.0**2
RADIO = (PUBLISHED["radio_matches"] / PUBLISHED["quasars_extrapolated"], 90 * ARCSEC2 * 2**2)
X_RAY = (
    (PUBLISHED["x_ray_matches"] - PUBLISHED["x_ray_by_chance"]) / PUBLISHED["quasars_extrapolated"],
    PUBLISHED["x_ray_sources"] / PUBLISHED["area_deg2"] * ARCSEC2
    * PUBLISHED["x_ray_radius_arcsec"] ** 2,
)  # fmt: skip
#: Share of the candidates with a reliable proper motion.
MOTION_KNOWN = PUBLISHED["proper_motions"] / PUBLISHED["catalog"]


def estimate(value, draws):
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"value": float(value), "low": float(low), "high": float(high)}


def rates(quasar, score):
    """Area under the curve, and completeness at fixed false-positive rates."""
    rank = rankdata(score)
    n, m = quasar.sum(), (~quasar).sum()
    area = (rank[quasar].sum() - n * (n + 1) / 2) / (n * m)
    limits = np.quantile(score[~quasar], [1 - r for r in RATES], method="higher")
    return [area, *(np.mean(score[quasar] > limit) for limit in limits)]


def compare(quasar, scores, losses=None, reference=None):
    """All numbers of several scores on the same objects, with paired bootstrap intervals.

    scores: {name: (n,)}; losses: {name: (n,)} = -log posterior of the true class.
    """
    rng = np.random.default_rng(1)
    names = ["area", *(f"completeness at {r}" for r in RATES)]
    draws = [rng.integers(0, len(quasar), len(quasar)) for _ in range(400)]
    out, all_draws = {}, {}
    for name, score in scores.items():
        values = rates(quasar, score)
        boot = np.array([rates(quasar[d], score[d]) for d in draws])
        out[name] = {
            k: estimate(v, boot[:, i]) for i, (k, v) in enumerate(zip(names, values, strict=True))
        }
        all_draws[name] = boot
        if losses is not None:
            loss = losses[name]
            boot_loss = np.array([loss[d].mean() for d in draws])
            out[name]["log loss"] = estimate(loss.mean(), boot_loss)
            all_draws[name] = np.column_stack([boot, boot_loss])
    reference = reference or next(iter(scores))
    columns = names + (["log loss"] if losses is not None else [])
    for name in scores:
        if name != reference:
            gain = all_draws[name] - all_draws[reference]
            out[name]["gain"] = {
                k: estimate(out[name][k]["value"] - out[reference][k]["value"], gain[:, i])
                for i, k in enumerate(columns)
            }
    return out


def loss_of(log_density, quasar, share):
    """-log posterior probability of the true class with the training mix as prior."""
    floor = np.maximum(np.nan_to_num(log_density, neginf=-30.0), -30.0)
    p = posterior(floor, [1 - share, share])
    return -np.log(np.maximum(np.where(quasar, p[:, 1], p[:, 0]), 1e-12))


GRIDS = {
    "kernels on colors": (methods.on_colors, [(h,) for h in (0.04, 0.06, 0.08, 0.1, 0.15)]),
    "kernels on five magnitudes": (
        methods.on_magnitudes, [(h,) for h in (0.06, 0.08, 0.1, 0.15, 0.2, 0.3)]
    ),
    "kernels on colors and g": (
        methods.on_colors_and_g,
        [(h, s) for h in (0.05, 0.07, 0.1, 0.15) for s in (0.1, 0.2, 0.4)],
    ),
    "inverse-variance weights": (methods.weighted, [(h,) for h in (0.04, 0.06, 0.08, 0.1, 0.15)]),
    "kernels with the object's errors": (
        methods.convolved, [(h,) for h in (0.03, 0.05, 0.07, 0.1)]
    ),
    "Gaussian mixture": (methods.mixture, [(k,) for k in (4, 8, 12, 20, 30)]),
}  # fmt: skip

#: Methods whose densities are not those of four colors.
OTHER_SPACES = (
    "kernels on five magnitudes", "kernels on colors and g", "extreme deconvolution in bins of g",
)  # fmt: skip


def densities(train, test):
    """All methods on one split."""
    rng = np.random.default_rng(2)
    made = {"kernels as published": (methods.as_published(train, test, 0.15), {"h": 0.15}, None)}
    for name, (method, settings) in GRIDS.items():
        best, areas = methods.choose(method, train, settings, rng)
        start = methods.cpu()
        log_density = method(train, test, *best)
        spent = methods.cpu() - start
        tried = {", ".join(map(str, s)): a for s, a in areas.items()}
        made[name] = (log_density, {"chosen": list(best), "areas": tried}, [spent])
        print(f"{name}: {best}, {spent:.1f} CPU-s", flush=True)

    def peer(a, b, k):
        return methods.deconvolved(a, b, k, iterations=15)[0]

    few = methods.thin(train, 3000, rng)
    best, areas = methods.choose(peer, few, [(k,) for k in methods.XD_COMPONENTS], rng)
    some = methods.thin(train, 8000, rng)
    log_density, used, peers = methods.deconvolved(some, test, *best)
    made["extreme deconvolution"] = (
        log_density, {"chosen": list(best), "areas": {str(k[0]): a for k, a in areas.items()},
                      "trained on": len(some.label), "iterations": 30}, used,
    )  # fmt: skip
    print("extreme deconvolution:", best, used, flush=True)
    edges = np.quantile(train.mags[:, 1], [1 / 3, 2 / 3]).round(1)
    log_density, used = methods.deconvolved_in_bins(train, test, *best, edges, rng)
    made["extreme deconvolution in bins of g"] = (
        log_density, {"chosen": list(best), "edges": edges.tolist(), "iterations": 30}, used,
    )  # fmt: skip
    print("in bins:", edges, used, flush=True)
    share = train.quasar.mean()
    result = compare(
        test.quasar,
        {k: methods.score(v[0]) for k, v in made.items()},
        {k: loss_of(v[0], test.quasar, share) for k, v in made.items()},
        "kernels on colors",
    )
    for name, (log_density, settings, used) in made.items():
        own = np.where(test.quasar, log_density[:, 1], log_density[:, 0])
        result[name]["settings"] = settings
        result[name]["cpu_seconds"] = used
        # Only densities of the same four colors can be compared.
        if name not in OTHER_SPACES:
            result[name]["log density"] = float(np.maximum(own, -30).mean())
    return {
        "rows": {"train": counts(train), "test": counts(test)},
        "peer_versions": json.loads(peers), "methods": result,
    }  # fmt: skip


def counts(sample):
    return {
        str(c): int(n) for c, n in zip(*np.unique(sample.label, return_counts=True), strict=True)
    }


def real():
    """Settings from the training half; the test half was opened twice, the second time for bins."""
    sample, train, test, uvx = samples.real()
    out = densities(sample.take(train & uvx), sample.take(test & uvx))
    return {"attempts": 2, **out}


@lru_cache(maxsize=1)
def sky_halves():
    train, test = (samples.simulated(AREA, seed) for seed in (11, 12))
    return train.take(samples.passes(train)), test.take(samples.passes(test))


def simulated():
    return densities(*sky_halves())


def faint():
    """Trained on bright objects alone (g < 19.5), judged on faint ones (20 < g < 21)."""
    train, test = sky_halves()
    rng = np.random.default_rng(4)
    bright = train.take(train.mags[:, 1] < 19.5)
    test = test.take(test.mags[:, 1] > 20)
    faint = train.take(train.mags[:, 1] > 20)
    # Scatter: each bright object gets further noise, so that its errors are those of a faint one.
    like = faint.take(rng.integers(0, len(faint.label), len(bright.label)))
    more = np.sqrt(np.maximum(like.errors**2 - bright.errors**2, 0))
    noisy = bright.mags + more * rng.standard_normal(more.shape)
    scattered = samples.Sample(noisy, like.errors, *bright.columns()[2:])
    h = 0.08
    made = {
        "trained on bright": methods.on_colors(bright, test, h),
        "bright, kernels with the object's errors": methods.convolved(bright, test, h),
        "bright, scattered to faint": methods.on_colors(scattered, test, h),
        "trained on faint": methods.on_colors(faint, test, h),
    }
    share = np.mean(faint.quasar)
    return {
        "rows": {"bright": counts(bright), "faint": counts(faint), "test": counts(test)}, "h": h,
        "methods": compare(
            test.quasar, {k: methods.score(v) for k, v in made.items()},
            {k: loss_of(v, test.quasar, share) for k, v in made.items()}, "trained on bright",
        ),
    }  # fmt: skip


LATITUDE_EDGES = (30, 40, 50, 60, 70, 90)
MAG_EDGES = (15, 17, 18, 18.5, 19, 19.5, 20, 20.5, 21)


def priors():
    train, test = sky_halves()
    h = 0.08
    by = {
        "one prior": None,
        "by latitude": (LATITUDE_EDGES, None),
        "by magnitude": (None, MAG_EDGES),
        "by latitude and magnitude": (LATITUDE_EDGES, MAG_EDGES),
    }
    out = {}
    for features, method in (("colors", methods.on_colors), ("magnitudes", methods.on_magnitudes)):
        log_density = method(train, test, h)
        scores, losses = {}, {}
        for name, edges in by.items():
            if edges is None:
                p = np.tile([1 - train.quasar.mean(), train.quasar.mean()], (len(test.label), 1))
            else:
                use = [k for k, e in enumerate(edges) if e]
                at = [np.column_stack([s.latitude, s.mags[:, 1]])[:, use] for s in (train, test)]
                prior = CountsPrior([edges[k] for k in use]).fit(at[0], train.quasar)
                p = prior.priors(at[1])
            post = posterior(np.maximum(log_density, -30), p)
            scores[name] = np.log(post[:, 1]) - np.log(np.maximum(post[:, 0], 1e-300))
            right = np.where(test.quasar, post[:, 1], post[:, 0])
            losses[name] = -np.log(np.maximum(right, 1e-12))
        out[features] = compare(test.quasar, scores, losses)
    cells = [
        {"low": lo, "high": hi, "n": int(m.sum()), "quasars": float(test.quasar[m].mean())}
        for lo, hi in pairwise(LATITUDE_EDGES)
        for m in [(test.latitude >= lo) & (test.latitude < hi)]
    ]
    return {"rows": {"train": counts(train), "test": counts(test)}, "h": h,
            "share by latitude": cells, "methods": out}  # fmt: skip


def evidence():
    train, test = sky_halves()
    rng = np.random.default_rng(5)
    log_density = np.maximum(methods.on_colors(train, test, 0.08), -30)
    known = [rng.random(len(s.label)) < MOTION_KNOWN for s in (train, test)]
    motion = [np.where(k, s.motion, np.nan) for k, s in zip(known, (train, test), strict=True)]
    edges = (0, 2, 4, 6, 8, 10, 13, 16, 20, 30, 50, 1000)
    moving = BinnedEvidence(edges).fit(motion[0], train.quasar).log_likelihood(motion[1])
    pieces = {}
    for name, (quasar, chance) in (("radio", RADIO), ("X-ray", X_RAY)):
        rate = np.where(test.quasar, quasar + chance, chance)
        seen = (rng.random(len(rate)) < rate).astype(float)
        likelihood = BinnedEvidence((0, 0.5, 1)).fit_shares(
            {False: [1 - chance, chance], True: [1 - quasar - chance, quasar + chance]}
        )
        pieces[name] = likelihood.log_likelihood(seen)
    colors = methods.score(log_density)
    add = {k: v[:, 1] - v[:, 0] for k, v in {"motion": moving, **pieces}.items()}
    fast = np.nan_to_num(motion[1]) > 20
    scores = {
        "colors": colors,
        "colors, then a cut at 20 mas/yr": np.where(fast, -1e3, colors),
        "with radio": colors + add["radio"],
        "with X-ray": colors + add["X-ray"],
        "with proper motion": colors + add["motion"],
        "with all three": colors + sum(add.values()),
    }
    log_odds = np.log(train.quasar.mean()) - np.log1p(-train.quasar.mean())
    sign = np.where(test.quasar, 1, -1)
    losses = {k: np.logaddexp(0, -sign * (s + log_odds)) for k, s in scores.items()}
    out = {"rows": {"train": counts(train), "test": counts(test)},
           "methods": compare(test.quasar, scores, losses)}  # fmt: skip
    # Where a motion is known and the object is a white dwarf or star, what is still let in?
    part = known[1]
    out["motion known"] = compare(test.quasar[part], {k: v[part] for k, v in scores.items()})
    out["rates"] = {"radio": RADIO, "X-ray": X_RAY, "motion known": MOTION_KNOWN}
    return out


def classes():
    """Four classes on the simulated sky; three on real colors."""
    train, test = sky_halves()
    model = KernelBayesClassifier(0.08, "gaussian").fit(train.colors, train.label)
    log_density = np.maximum(model.log_density(test.colors), -30)
    p = posterior(log_density, model.priors_)
    names = model.classes_.tolist()
    two = np.maximum(methods.on_colors(train, test, 0.08), -30)
    q = names.index("QSO")
    share = train.quasar.mean()
    scores = {
        "two classes": methods.score(two),
        "four classes": np.log(p[:, q]) - np.log(np.maximum(1 - p[:, q], 1e-300)),
    }
    true = np.array([names.index(c) for c in test.label])
    losses = {
        "two classes": loss_of(two, test.quasar, share),
        "four classes": -np.log(np.maximum(np.where(test.quasar, p[:, q], 1 - p[:, q]), 1e-12)),
    }
    table = [
        [int(np.sum((true == i) & (p.argmax(axis=1) == j))) for j in range(len(names))]
        for i in range(len(names))
    ]
    return {
        "rows": {"train": counts(train), "test": counts(test)}, "classes": names, "h": 0.08,
        "confusion": table, "methods": compare(test.quasar, scores, losses),
        "real": real_classes(),
    }  # fmt: skip


def real_classes():
    """Quasars, stars and white dwarfs by 5-fold cross-validation on real colors."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    from qsolearn.datasets import load_sdss_point_sources

    labels, points = load_sdss_point_sources()
    X = points.to_numpy()
    y = labels["true_class"].to_numpy().astype(str)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = KernelBayesClassifier(0.1, "gaussian")
    said = cross_val_predict(model, X, y, cv=folds)
    names = sorted(set(y))
    table = [[int(np.sum((y == a) & (said == b))) for b in names] for a in names]
    return {"classes": names, "confusion": table, "h": 0.1}


Z_EDGES = (0.5, 2.2, 2.7, 3.2, 3.7, 5.0)


def high_z():
    """Quasars of all redshifts among real stars of all colors; training quasars differ."""
    sample, train, test, _ = samples.real()
    good = (sample.errors[:, 1] < 0.5) & (sample.mags[:, 1] < 21.5)
    train, test = sample.take(train & good), sample.take(test & good)
    rng = np.random.default_rng(6)
    mags, z = samples.simulated_quasars(12_000, (2.2, 5.0), 20.5, rng)
    ok = np.isfinite(mags).all(axis=1)
    mags, z = mags[ok], z[ok]
    star, quasar = train.colors[~train.quasar], train.colors[train.quasar]
    quasar_z = train.z[train.quasar]
    made = samples.colors(mags)
    low = quasar[quasar_z < 2.2]
    h = 0.1
    at = test.colors

    def density(points):
        y = np.zeros(len(points), dtype=int)
        return KernelBayesClassifier(h, "gaussian").fit(points, y).log_density(at)[:, 0]

    def slices(points, redshift):
        """Every slice of redshift weighs the same, however few quasars are known there."""
        parts = [
            density(points[(redshift >= a) & (redshift < b)])
            for a, b in pairwise(Z_EDGES)
            if ((redshift >= a) & (redshift < b)).any()
        ]
        return logsumexp(parts, axis=0) - np.log(len(parts))

    joined = np.vstack([low, made]), np.concatenate([quasar_z[quasar_z < 2.2], z])
    of_star = density(star)
    scores = {
        "real, z < 2.2 only": density(low) - of_star,
        "real, one class": density(quasar) - of_star,
        "real, in slices": slices(quasar, quasar_z) - of_star,
        "real below 2.2, simulated above, in slices": slices(*joined) - of_star,
    }
    out = {}
    for name, score in scores.items():
        rows = []
        for rate in RATES:
            limit = np.quantile(score[~test.quasar], 1 - rate, method="higher")
            for a, b in pairwise(Z_EDGES):
                mine = test.quasar & (test.z >= a) & (test.z < b)
                found = proportion(int((score[mine] > limit).sum()), int(mine.sum()))
                rows.append({"rate": rate, "low_edge": a, "high_edge": b, **found.to_dict()})
        out[name] = rows
    return {
        "rows": {"train": counts(train), "test": counts(test), "simulated": len(z)}, "h": h,
        "training quasars by slice": {
            kind: np.histogram(v, Z_EDGES)[0].tolist()
            for kind, v in (("real", quasar_z), ("simulated", z))
        },
        "methods": out,
    }  # fmt: skip


PARTS = {f.__name__: f for f in (real, simulated, faint, priors, evidence, classes, high_z)}


def main(*names):
    result = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    for name in names or PARTS:
        start = methods.cpu()
        result[name] = PARTS[name]()
        result[name]["cpu_seconds_without_peer"] = round(methods.cpu() - start, 1)
        print(name, json.dumps(result[name], indent=1)[:6000])
        result["command"] = "python benchmarks/beyond.py"
        result["date"] = date.today().isoformat()
        result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "numba", "scikit-learn")}
        OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
