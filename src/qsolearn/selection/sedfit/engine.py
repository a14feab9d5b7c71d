"""chi2 of many sources against many models, amplitudes in closed form.

With weights w = 1 / sigma^2 the best amplitude of a single template m and its chi2 are

.. math:: a = \\frac{\\sum w f m}{\\sum w m^2},\\qquad
          \\chi^2 = \\sum w f^2 - \\frac{(\\sum w f m)^2}{\\sum w m^2}

The last fraction is the *gain* of the model: the best model is the one of the largest gain, so only
gains are compared. For a nucleus A and a host H the normal equations have 2 x 2 terms. Where their
solution lies outside the bounds on the host's share, the best is on one of the two bounds, where
nucleus and host in fixed proportion are a single template again: chi2 is convex.

Sources stand side by side in blocks, so that the processor does the same step for many at once.
Sums over bands of a single template are done in single precision; the winner's chi2 is computed
again in double precision. The 2 x 2 solution subtracts numbers that are nearly equal, because host
and nucleus are similar in few bands: there every number is double.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

__all__ = ["fit_one", "fit_two"]

#: Sources side by side; a block with all its sums stays in the fastest memory.
LANES = 64

#: What the compiler may do: no sum is reordered, products and sums are fused.
_FAST = {"contract", "nsz"}


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _one(df, w, models, profile, index):
    """Best gain of single templates; models (nz, m, b), df and w (blocks, b, LANES)."""
    blocks, b, lanes = df.shape
    nz, m = models.shape[:2]
    num, den = np.empty(lanes, models.dtype), np.empty(lanes, models.dtype)
    top = np.empty(lanes, models.dtype)
    best = np.empty(lanes, models.dtype)
    where = np.empty(lanes, np.int32)
    for i in range(blocks):
        best[:] = -1.0
        where[:] = 0
        for k in range(nz):
            top[:] = -1.0
            for j in range(m):
                place = k * m + j
                num[:] = 0
                den[:] = 0
                for c in range(b):
                    t = models[k, j, c]
                    for s in range(lanes):
                        num[s] += df[i, c, s] * t
                        den[s] += w[i, c, s] * (t * t)
                for s in range(lanes):
                    g = num[s] * abs(num[s]) / den[s]
                    top[s] = max(top[s], g)
                    if g > best[s]:
                        best[s] = g
                        where[s] = place
            profile[i, :, k] = top
        index[i] = where


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _two(df, w, nuclei, hosts, low, high, profile, index):
    """Best gain of nucleus + host; nuclei (nz, a, b), hosts (nz, h, b); low, high: host/nucleus."""
    blocks, b, lanes = df.shape
    nz, na = nuclei.shape[:2]
    nh = hosts.shape[1]
    saa, ba = np.empty((na, lanes)), np.empty((na, lanes))
    shh, bh = np.empty((nh, lanes)), np.empty((nh, lanes))
    sah = np.empty(lanes)
    top, best = np.empty(lanes), np.empty(lanes)
    where = np.empty(lanes, np.int32)
    for i in range(blocks):
        best[:] = -1.0
        where[:] = 0
        for k in range(nz):
            for j in range(na):
                saa[j] = 0.0
                ba[j] = 0.0
                for c in range(b):
                    t = nuclei[k, j, c]
                    for s in range(lanes):
                        ba[j, s] += df[i, c, s] * t
                        saa[j, s] += w[i, c, s] * (t * t)
            for j in range(nh):
                shh[j] = 0.0
                bh[j] = 0.0
                for c in range(b):
                    t = hosts[k, j, c]
                    for s in range(lanes):
                        bh[j, s] += df[i, c, s] * t
                        shh[j, s] += w[i, c, s] * (t * t)
            top[:] = -1.0
            for j in range(na):
                for h in range(nh):
                    sah[:] = 0.0
                    for c in range(b):
                        t = nuclei[k, j, c] * hosts[k, h, c]
                        for s in range(lanes):
                            sah[s] += w[i, c, s] * t
                    place = (k * na + j) * nh + h
                    for s in range(lanes):
                        g = _cone(saa[j, s], shh[h, s], sah[s], ba[j, s], bh[h, s], low, high)
                        top[s] = max(top[s], g)
                        if g > best[s]:
                            best[s] = g
                            where[s] = place
            profile[i, :, k] = top
        index[i] = where


@numba.njit(cache=True, inline="always", error_model="numpy", fastmath=_FAST)
def _cone(saa, shh, sah, ba, bh, low, high):
    """Gain of the best a, h >= 0 with low <= h / a <= high: a fraction, divided once."""
    det = saa * shh - sah * sah
    a = ba * shh - bh * sah
    h = bh * saa - ba * sah
    # The two bounds as single templates A + r H.
    lo_num = max(ba + low * bh, 0.0)
    lo_den = saa + low * (2.0 * sah + low * shh)
    hi_num = max(ba + high * bh, 0.0)
    hi_den = saa + high * (2.0 * sah + high * shh)
    lo_num = lo_num * lo_num
    hi_num = hi_num * hi_num
    lower = lo_num * hi_den >= hi_num * lo_den
    num = lo_num if lower else hi_num
    den = lo_den if lower else hi_den
    inside = (a > 0.0) & (h >= low * a) & (h <= high * a) & (det > 1e-9 * saa * shh)
    num = ba * a + bh * h if inside else num
    den = det if inside else den
    return num / den


def _blocks(values, dtype):
    """(n, b) to (blocks, b, LANES), filled up with ones."""
    n, b = values.shape
    count = -(-n // LANES)
    padded = np.ones((count * LANES, b), dtype)
    padded[:n] = values
    return np.ascontiguousarray(padded.reshape(count, LANES, b).transpose(0, 2, 1))


def _run(kernel, flux, weight, dtype, nz, n_jobs, arguments):
    n = len(flux)
    df, w = _blocks(flux * weight, dtype), _blocks(weight, dtype)
    count = len(df)
    profile = np.empty((count, LANES, nz), np.float32)
    index = np.empty((count, LANES), np.int32)
    cuts = np.linspace(0, count, min(n_jobs, count) + 1).astype(int)

    def part(k):
        at = slice(cuts[k], cuts[k + 1])
        kernel(df[at], w[at], *arguments, profile[at], index[at])

    with ThreadPoolExecutor(len(cuts) - 1) as pool:
        list(pool.map(part, range(len(cuts) - 1)))
    total = np.sum(weight * flux**2, axis=1)[:, None]
    gains = np.maximum(profile.reshape(-1, nz)[:n], 0.0)
    return np.maximum(total - gains, 0.0), index.ravel()[:n]


def fit_one(
    flux: np.ndarray, weight: np.ndarray, models: np.ndarray, n_jobs: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Best single template of each source.

    Parameters
    ----------
    flux : ndarray, shape (n, b)
        Fluxes, any unit; what stands where the weight is 0 does not matter but must be finite.
    weight : ndarray, shape (n, b)
        1 / sigma^2; 0 = not measured. Each source has at least one above 0.
    models : ndarray, shape (nz, m, b)
        Model fluxes, above zero somewhere among the measured bands.
    n_jobs : int
        Threads.

    Returns
    -------
    chi2 : ndarray, shape (n,)
        Of the best model, in double precision.
    index : ndarray of int, shape (n,)
        z index * m + model index.
    amplitude : ndarray, shape (n,)
    profile : ndarray of float32, shape (n, nz)
        chi2 of the best model at each redshift (single precision).
    """
    nz, m, b = models.shape
    profile, index = _run(
        _one, flux, weight, np.float32, nz, n_jobs, (np.ascontiguousarray(models, np.float32),)
    )
    best = models.reshape(nz * m, b)[index]
    s = np.sum(weight * best**2, axis=1)
    amplitude = np.maximum(np.sum(weight * flux * best, axis=1), 0.0) / s
    chi2 = np.sum(weight * (flux - amplitude[:, None] * best) ** 2, axis=1)
    return chi2, index, amplitude, profile


def fit_two(
    flux: np.ndarray,
    weight: np.ndarray,
    nuclei: np.ndarray,
    hosts: np.ndarray,
    share: tuple[float, float],
    n_jobs: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Best nucleus + host of each source, the host's share within bounds.

    Parameters
    ----------
    flux, weight : ndarray, shape (n, b)
        As for `fit_one`.
    nuclei : ndarray, shape (nz, a, b)
    hosts : ndarray, shape (nz, h, b)
        Both in units in which h / (a + h) is the host's share.
    share : tuple of float
        Smallest and largest share of the host, 0 < low < high < 1.
    n_jobs : int
        Threads.

    Returns
    -------
    chi2 : ndarray, shape (n,)
        Of the best model, in double precision.
    index : ndarray of int, shape (n,)
        (z index * a + nucleus index) * h + host index.
    amplitude : ndarray, shape (n, 2)
        Of nucleus and host.
    profile : ndarray of float32, shape (n, nz)
        chi2 of the best model at each redshift (single precision).
    """
    nz, na, b = nuclei.shape
    nh = hosts.shape[1]
    low, high = (s / (1 - s) for s in share)
    profile, index = _run(
        _two, flux, weight, np.float64, nz, n_jobs,
        (np.ascontiguousarray(nuclei, float), np.ascontiguousarray(hosts, float), low, high),
    )  # fmt: skip
    first = nuclei.reshape(nz * na, b)[index // nh]
    second = hosts[index // (na * nh), index % nh]
    amplitude = _amplitudes(flux, weight, first, second, low, high)
    model = amplitude[:, [0]] * first + amplitude[:, [1]] * second
    chi2 = np.sum(weight * (flux - model) ** 2, axis=1)
    return chi2, index, amplitude, profile


def _amplitudes(flux, weight, first, second, low, high):
    """Amplitudes of one nucleus and one host per source, within the bounds."""
    saa, shh = (np.sum(weight * m**2, axis=1) for m in (first, second))
    sah = np.sum(weight * first * second, axis=1)
    ba, bh = (np.sum(weight * flux * m, axis=1) for m in (first, second))
    det = saa * shh - sah**2
    a, h = ba * shh - bh * sah, bh * saa - ba * sah
    inside = (a > 0) & (h >= low * a) & (h <= high * a) & (det > 1e-9 * saa * shh)
    safe = np.where(inside, det, 1.0)
    out = np.column_stack([a / safe, h / safe])
    edges = []
    for r in (low, high):
        num, den = np.maximum(ba + r * bh, 0.0), saa + r * (2 * sah + r * shh)
        edges.append((num**2 / den, num / den, r))
    lower = edges[0][0] >= edges[1][0]
    scale = np.where(lower, edges[0][1], edges[1][1])
    ratio = np.where(lower, low, high)
    return np.where(inside[:, None], out, np.column_stack([scale, scale * ratio]))
