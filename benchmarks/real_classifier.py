"""A classifier trained on the simulated SDSS sky, applied to real SDSS DR7 objects.

Like with like: simulated quasars get the redshifts and i magnitudes of the training half (even
rows); simulated stars get its mix of kinds, because the real stars are spectroscopic targets, most
of them white dwarfs and objects with a wrong band that looked like quasars. The mix is found by
expectation maximization of a mixture whose components are the simulated kinds. Odd rows judge; what
the stars cost, and by which kind, is taken apart on even rows alone in ``real_stars.py``.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neighbors import KernelDensity

import real_samples as rs
from qsolearn.photometry import colors
from qsolearn.selection import KernelBayesClassifier
from qsolearn.simulate import make_sky, quasar_magnitudes
from qsolearn.simulate.extinction import draw_ebv, extinction_coefficients
from qsolearn.simulate.stars import POPULATIONS, draw_stars
from qsolearn.simulate.surveys import get_survey, observe, spoil

#: False-positive rates at which completeness is compared; the first is the real classifier's own in
#: the setting of Richards et al. 2004.
RATES = (0.027, 0.01, 0.05, 0.1)
STARS = 1_200_000
#: Populations that are drawn apart, so that rare kinds are many enough.
RARE = ("bhb", "da", "db", "pair")
#: Times that the odd rows were looked at while the star model was being completed.
ATTEMPTS = 11


def chosen(mags, errors):
    """The sample of Richards et al. 2004 within the file: u-g < 1, 19 < g < 21, good errors."""
    return (
        np.isfinite(mags).all(axis=1)
        & (mags[:, 1] > 19) & (mags[:, 1] < 21) & (mags[:, 0] - mags[:, 1] < 1)
        & (errors[:, 0] < 0.5) & (errors[:, 1:] < rs.LIMITS).all(axis=1)
    )  # fmt: skip


def real_halves(name):
    """Colors of even and odd rows of a DR7 file, and the even rows' redshift and i."""
    frame = rs.read_frame(rs.data_folder() / name, keep=["z"])
    mags = rs.magnitudes(frame, rs.SDSS)
    good = chosen(mags, frame[[f"err_{b}" for b in rs.SDSS]].to_numpy())
    even = np.arange(len(frame)) % 2 == 0
    return colors(mags[good & even]), colors(mags[good & ~even]), frame.iloc[::2]


def seen(mags, latitude, ebv, rng):
    """Colors of simulated sources that survive the cuts, and which these are."""
    survey = get_survey("sdss")
    mag, err, _ = observe(
        survey, mags + ebv[:, None] * extinction_coefficients(rs.SDSS), latitude, rng
    )
    good = chosen(mag, err)
    return colors(mag[good]), good


def simulated_quasars(frame, rng, times=2):
    out = []
    for _ in range(times):
        latitude = rng.uniform(30, 85, len(frame))
        ebv = draw_ebv(latitude, rng)
        i = frame["mag_sdss_i"].to_numpy() - 1.698 * ebv
        mags = quasar_magnitudes(frame["z"].to_numpy(), rs.SDSS, i, seed=rng)
        out.append(seen(mags, latitude, ebv, rng)[0])
    return np.concatenate(out)


def one_kind(only, n, rng, wrong=0.0):
    """Colors and population of simulated stars that survive the cuts; ``wrong``: share spoiled."""
    latitude = rng.uniform(30, 85, n)
    made = draw_stars(latitude, 16.0, 22.0, rs.SDSS, rng, only)
    mags = spoil(made["magnitudes"], wrong, rng)
    points, good = seen(mags, latitude, draw_ebv(latitude, rng), rng)
    band = np.argmax(np.abs(mags - made["magnitudes"]), axis=1)
    return points, made["population"][good], band[good]


def simulated_stars(rng):
    """Colors and kind of stars: kinds are populations, cut finer, and stars with a wrong band."""
    points, kind = [], []
    for only in (None, *RARE):
        mine, population, _ = one_kind(only, STARS if only is None else STARS // 8, rng)
        names = np.array(POPULATIONS, dtype=object)[population]
        keep = ~np.isin(names, RARE) if only is None else names == only
        points.append(mine[keep])
        kind.append(names[keep])
    points, kind = np.concatenate(points), np.concatenate(kind)
    u_g, g_r, r_z = points[:, 0], points[:, 1], points[:, 2] + points[:, 3]
    for names, steps in (
        (("thin", "thick", "halo"), np.digitize(g_r + points[:, 2], (0.2, 0.35, 0.5, 1.0))),
        (("da",), np.digitize(g_r, (-0.3, -0.2, -0.1, 0.0, 0.1))),
        (("db",), np.digitize(g_r, (-0.2, 0.0))),
        (("pair",), 10 * np.digitize(u_g, (0.0, 0.35, 0.7))
         + np.digitize(g_r + r_z, (0.0, 0.4, 0.8, 1.2, 1.6))),
    ):  # fmt: skip
        mine = np.isin(kind, names)
        name = "dwarf" if len(names) > 1 else names[0]
        kind[mine] = [f"{name} {k}" for k in steps[mine]]
    two, population, band = one_kind(None, STARS // 2, rng, wrong=1.0)
    family = np.where(population < 3, "dwarf", "other")
    wrong = [f"wrong {rs.SDSS[k][-1]} {f}" for k, f in zip(band, family, strict=True)]
    return np.vstack([points, two]), np.concatenate([kind, np.array(wrong, dtype=object)])


def memberships(points, kind, real):
    """Kinds, their shares among real stars, and the chance of each star to be of each kind."""
    kinds = [k for k in sorted(set(kind)) if np.sum(kind == k) > 20]
    density = np.column_stack([
        np.exp(KernelDensity(bandwidth=0.08).fit(points[kind == k][:1500]).score_samples(real))
        for k in kinds
    ]) + 1e-6  # fmt: skip
    share = np.full(len(kinds), 1 / len(kinds))
    for _ in range(300):
        member = density * share
        share = (member / member.sum(axis=1, keepdims=True)).mean(axis=0)
    return kinds, share, member / member.sum(axis=1, keepdims=True)


def matched_mix(points, kind, real, rng, rows=12_000):
    """Simulated stars in the mix that real stars have, and the mix."""
    kinds, share, _ = memberships(points, kind, real)
    drawn = np.concatenate([
        points[kind == k][rng.integers(0, np.sum(kind == k), n)]
        for k, n in zip(kinds, rng.multinomial(rows, share), strict=True)
    ])  # fmt: skip
    return drawn[rng.permutation(len(drawn))], dict(
        zip(kinds, share.round(3).tolist(), strict=True)
    )


def scores(method, quasars, stars, test):
    label = np.repeat([1, 0], [len(quasars), len(stars)])
    if method == "kernel density":
        # The same number of references everywhere; bandwidth 0.1.
        quasars, stars = quasars[:5000], stars[:5000]
        label = np.repeat([1, 0], [len(quasars), len(stars)])
        model = KernelBayesClassifier(bandwidth=0.1, kernel="gaussian", priors={0: 0.5, 1: 0.5})
        model.fit(np.vstack([quasars, stars]), label)
        density = np.maximum(model.log_density(test), -60.0)
        return density[:, 1] - density[:, 0]
    model = HistGradientBoostingClassifier(
        max_iter=150, random_state=0, class_weight="balanced", min_samples_leaf=40
    )
    return model.fit(np.vstack([quasars, stars]), label).decision_function(test)


def classifier_test():
    """Completeness at equal false-positive rate, trained on real and on simulated objects."""
    rng = np.random.default_rng(5)
    quasars, test_quasars, even = real_halves("sdss_dr7_qso_psfmag_30k.csv.gz")
    stars, test_stars, _ = real_halves("sdss_dr7_star_psfmag_30k.csv.gz")
    points, kind = simulated_stars(rng)
    drawn, mix = matched_mix(points, kind, stars, rng)
    made = simulated_quasars(even, rng)
    made = made[rng.permutation(len(made))]
    sky = make_sky("sdss", area_deg2=60, seed=3)
    mags = rs.magnitudes(sky, rs.SDSS)
    good = chosen(mags, sky[[f"err_{b}" for b in rs.SDSS]].to_numpy())
    quasar = sky["true_class"].str.startswith("QSO").to_numpy()
    star = (sky["true_class"] == "Star").to_numpy()
    training = {
        "real": (quasars, stars),
        "simulated": (made, drawn),
        "simulated quasars, real stars": (made, stars),
        "simulated sky as it is": (colors(mags[good & quasar]), colors(mags[good & star])),
    }
    test = np.vstack([test_quasars, test_stars])
    is_quasar = np.repeat([True, False], [len(test_quasars), len(test_stars)])
    out = {
        "training": {k: [len(a), len(b)] for k, (a, b) in training.items()},
        "test": [len(test_quasars), len(test_stars)], "star_mix": mix, "attempts": ATTEMPTS,
    }  # fmt: skip
    for method in ("boosted trees", "kernel density"):
        rows = {}
        for name, (a, b) in training.items():
            score = scores(method, a, b, test)
            rows[name] = {
                str(rate): round(float(np.mean(
                    score[is_quasar] > np.quantile(score[~is_quasar], 1 - rate))), 4)
                for rate in RATES
            }  # fmt: skip
        rows["points lost"] = {
            str(rate): round(100 * (rows["real"][str(rate)] - rows["simulated"][str(rate)]), 1)
            for rate in RATES
        }
        # Binomial error of the difference, the two taken as independent: an upper bound.
        p, q = rows["real"]["0.027"], rows["simulated"]["0.027"]
        rows["error of points lost at 0.027"] = round(
            100 * float(np.sqrt((p * (1 - p) + q * (1 - q)) / is_quasar.sum())), 1
        )
        out[method] = rows
    return out
