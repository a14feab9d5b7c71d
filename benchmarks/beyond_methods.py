"""The densities that `beyond.py` compares: each is given training and test objects, two classes.

Every method returns the log density of the others and of the quasars at the test objects, (m, 2).
Settings come from within the training objects: one half of them is fitted, the other judged by the
area under the curve of completeness against false-positive rate.
"""

import os
import resource
import subprocess
import tempfile
from pathlib import Path

import numba
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture

from qsolearn.photometry import color_covariance
from qsolearn.selection import KernelBayesClassifier

#: Error that is added in quadrature before an inverse variance is taken [mag].
FLOOR = 0.02
XD_COMPONENTS = (4, 8, 12)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def kernel(X, y, at, h, weights=None, kind="gaussian"):
    model = KernelBayesClassifier(h, kind).fit(X, y, sample_weight=weights)
    return model.log_density(at)


def on_colors(train, test, h):
    return kernel(train.colors, train.quasar, test.colors, h)


def as_published(train, test, h):
    return kernel(train.colors, train.quasar, test.colors, h, kind="epanechnikov")


def on_magnitudes(train, test, h):
    return kernel(train.mags, train.quasar, test.mags, h)


def on_colors_and_g(train, test, h, scale):
    parts = [np.column_stack([s.colors, scale * s.mags[:, 1]]) for s in (train, test)]
    return kernel(parts[0], train.quasar, parts[1], h)


def weighted(train, test, h):
    variance = np.trace(color_covariance(train.errors), axis1=1, axis2=2) + 4 * FLOOR**2
    return kernel(train.colors, train.quasar, test.colors, h, 1 / variance)


@numba.njit(cache=True, fastmath=True)
def _own_errors(points, at, factors, log_norm):
    """Mean over the points of a Gaussian whose shape belongs to the object: (m,)."""
    out = np.empty(len(at))
    for i in range(len(at)):
        f, total = factors[i], 0.0
        for j in range(len(points)):
            a, b = points[j, 0] - at[i, 0], points[j, 1] - at[i, 1]
            c, d = points[j, 2] - at[i, 2], points[j, 3] - at[i, 3]
            p = f[0, 0] * a
            q = f[1, 0] * a + f[1, 1] * b
            r = f[2, 0] * a + f[2, 1] * b + f[2, 2] * c
            s = f[3, 0] * a + f[3, 1] * b + f[3, 2] * c + f[3, 3] * d
            total += np.exp(-0.5 * (p * p + q * q + r * r + s * s))
        out[i] = np.log(total / len(points) + 1e-300) + log_norm[i]
    return out


def convolved(train, test, h):
    """Kernels made wider by the errors of the object that is classified."""
    cov = color_covariance(test.errors) + h**2 * np.eye(4)
    factors = np.linalg.inv(np.linalg.cholesky(cov))
    log_norm = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1) - 2 * np.log(2 * np.pi)
    return np.column_stack([
        _own_errors(train.colors[train.quasar == c], test.colors, factors, log_norm)
        for c in (False, True)
    ])  # fmt: skip


def mixture(train, test, components):
    """Gaussian mixtures that know nothing of errors."""
    return np.column_stack([
        GaussianMixture(components, random_state=0, reg_covar=1e-5)
        .fit(train.colors[train.quasar == c]).score_samples(test.colors)
        for c in (False, True)
    ])  # fmt: skip


def deconvolved(train, test, components, iterations=30):
    """Extreme deconvolution (astroML) in an interpreter of its own; log densities and CPU."""
    python = os.environ.get("QSOLEARN_XD_PYTHON")
    if not python:
        raise SystemExit(
            "QSOLEARN_XD_PYTHON must name the python of an environment that has astroML."
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(
            source, train=train.colors, train_cov=color_covariance(train.errors),
            label=train.quasar.astype(int), test=test.colors,
            test_cov=color_covariance(test.errors), components=components,
            iterations=iterations, seed=0,
        )  # fmt: skip
        peer = Path(__file__).with_name("peer_xd.py")
        subprocess.run([python, peer, source, target], check=True)
        made = np.load(target)
        return made["log_density"], made["cpu"].tolist(), str(made["versions"])


def deconvolved_in_bins(train, test, components, edges, rng):
    """Extreme deconvolution in bins of g with the counts of each class there, as XDQSO does."""
    out, used = np.empty((len(test.label), 2)), np.zeros(2)
    place = [np.digitize(s.mags[:, 1], edges) for s in (train, test)]
    totals = np.bincount(train.quasar, minlength=2)
    for k in range(len(edges) + 1):
        mine = train.take(place[0] == k)
        rows = place[1] == k
        log_density, spent, _ = deconvolved(thin(mine, 3000, rng), test.take(rows), components)
        out[rows] = log_density + np.log(np.bincount(mine.quasar, minlength=2) / totals)
        used += spent
    return out, used.tolist()


def score(log_density):
    """How much more a quasar than another source."""
    with np.errstate(invalid="ignore"):
        out = log_density[:, 1] - log_density[:, 0]
    return np.nan_to_num(out, nan=-1e3, posinf=1e3, neginf=-1e3)


def choose(method, train, settings, rng):
    """Setting with the best area under the curve on held-out training objects, and all areas."""
    fit = rng.random(len(train.label)) < 0.5
    a, b = train.take(fit), train.take(~fit)
    areas = {s: float(roc_auc_score(b.quasar, score(method(a, b, *s)))) for s in settings}
    return max(areas, key=areas.get), areas


def thin(train, n, rng):
    """At most n objects of each class."""
    rows = [rng.permutation(np.flatnonzero(train.quasar == c))[:n] for c in (False, True)]
    return train.take(np.sort(np.concatenate(rows)))
