"""What the simulated stars cost a classifier, kind by kind: even rows of SDSS DR7 alone.

    QSOLEARN_SHARED=... python benchmarks/real_stars.py

Rows 0, 4, 8, ... train and rows 2, 6, 10, ... judge, then the other way round; odd rows are never
read. Real quasars and simulated stars train, so that what is lost is the stars' doing. Writes
book/real/sky_stars.json.
"""

import argparse
import datetime
import json
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

import real_classifier as rc
import real_samples as rs
from qsolearn.bands import get_band
from qsolearn.photometry import colors
from qsolearn.simulate import surveys

RESULT = Path(__file__).parents[1] / "book" / "real" / "sky_stars.json"
RATE = 0.027
METHODS = ("boosted trees", "kernel density")
GROUPS = ("da", "db", "pair", "bhb", "dwarf", "wrong")


def folds():
    """Colors of quasars and stars, and the stars' g, of the two quarters of the files."""
    out = [[], []]
    for name in ("sdss_dr7_qso_psfmag_30k.csv.gz", "sdss_dr7_star_psfmag_30k.csv.gz"):
        frame = rs.read_frame(rs.data_folder() / name)
        mags = rs.magnitudes(frame, rs.SDSS)
        good = rc.chosen(mags, frame[[f"err_{b}" for b in rs.SDSS]].to_numpy())
        row = np.arange(len(frame)) % 4
        for fold in (0, 1):
            out[fold].append(colors(mags[good & (row == 2 * fold)]))
    return out


def completeness(training, parts, keep=slice(None)):
    """Mean over the folds of the completeness at `RATE`, per method [percent]."""
    values = np.zeros((2, len(METHODS)))
    for fold, (quasars, stars) in enumerate(training):
        test_quasars, test_stars = parts[1 - fold]
        for k, method in enumerate(METHODS):
            score = rc.scores(
                method, quasars[:, keep], stars[:, keep],
                np.vstack([test_quasars, test_stars])[:, keep],
            )  # fmt: skip
            limit = np.quantile(score[len(test_quasars) :], 1 - RATE)
            values[fold, k] = 100 * np.mean(score[: len(test_quasars)] > limit)
    return values.mean(axis=0)


def group(kind):
    return kind.split()[0]


def with_real(points, kind, stars, names, rng, rows=12_000):
    """As `rc.matched_mix`, with the kinds of some groups drawn from the real stars themselves."""
    kinds, share, member = rc.memberships(points, kind, stars)
    out = []
    for k, name in enumerate(kinds):
        n = int(rows * share[k])
        if group(name) in names:
            chance = member[:, k] / member[:, k].sum()
            out.append(stars[rng.choice(len(stars), n, p=chance)])
        else:
            mine = np.flatnonzero(kind == name)
            out.append(points[rng.choice(mine, n)])
    out = np.concatenate(out)
    return out[rng.permutation(len(out))]


def main(argv=None):
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(argv)
    start = time.process_time()
    parts = folds()
    best = completeness(parts, parts)
    points, kind = rc.simulated_stars(np.random.default_rng(5))

    def lost(points, kind, names=(), keep=slice(None), reference=best):
        rng = np.random.default_rng(0)
        training = [(q, with_real(points, kind, s, names, rng)) for q, s in parts]
        value = reference - completeness(training, parts, keep)
        return dict(zip(METHODS, value.round(1).tolist(), strict=True))

    limits = {f"sdss_{f}": get_band(f"sdss_{f}").depth for f in "ugriz"}
    with (
        patch.dict(surveys._DEPTH, limits),
        patch.dict(surveys._FLOOR, {"sdss": 0.015}),
    ):
        shallow = rc.simulated_stars(np.random.default_rng(5))
    wide = points + 0.03 * np.random.default_rng(1).standard_normal(points.shape)
    coarse = np.array([group(k) for k in kind], dtype=object)
    steps = {
        "as adopted": lost(points, kind),
        "one kind per population": lost(points, coarse),
        "noise from limits of completeness": lost(*shallow),
        "no pairs": lost(points[coarse != "pair"], kind[coarse != "pair"]),
        "no wrong bands": lost(points[coarse != "wrong"], kind[coarse != "wrong"]),
        "0.03 mag wider": lost(wide, kind),
    }
    by_kind = {name: lost(points, kind, (name,)) for name in GROUPS}
    by_kind["all"] = lost(points, kind, GROUPS)
    by_color = {}
    for k, name in enumerate(("u-g", "g-r", "r-i", "i-z")):
        keep = [c for c in range(4) if c != k]
        reference = completeness(parts, parts, keep)
        by_color[name] = lost(points, kind, keep=keep, reference=reference)
    result = {
        "rows": {"folds": [[len(q), len(s)] for q, s in parts], "simulated": len(points)},
        "rate": RATE, "real": dict(zip(METHODS, best.round(1).tolist(), strict=True)),
        "lost_with": steps, "lost_with_real_stars_of": by_kind, "lost_without_color": by_color,
        "command": "python benchmarks/real_stars.py",
        "date": datetime.date.today().isoformat(),
        "cpu_seconds": round(time.process_time() - start, 1),
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
