"""Find high-redshift quasars in real catalogs with every method; write book/real/reverse.json.

    QSOLEARN_DATA=folder python benchmarks/real_reverse.py [--work FOLDER] [--seconds S]

(or: make real). Features are neighboring colors only: no redshift, chi2, morphology, id, date or
position. SDSS DR17 (star, galaxy, low-z and high-z quasar, parted at 2.5; ugriz): three folds, each
source judged once by models that have not seen it. DESI DR1 has 119 high-z quasars only, so there
the training set is drawn with repetition eight times (a source drawn twice counts once, or it could
stand on both sides of the choice of settings) and the sources that were not drawn are judged. DESI
runs with and without Gaia's colors, since there a missing Gaia magnitude tells the class: 96 % of
the galaxies have none, 7 % of the stars. Settings are chosen inside each training set. Intervals
come from resampling sources, the same draw for all methods. Needs the dependency group
``benchmarks``. With ``--seconds`` it begins no new fit after that time and goes on when it is
called again with the same ``--work``.
"""

import argparse
import json
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from qsolearn.datasets import load_desi_dr1, load_sdss_dr17
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors
from reverse_methods import METHODS
from reverse_sky import provenance
from reverse_table import run, show, table

OUT = Path(__file__).parents[1] / "book/real/reverse.json"
SEED = 17
REFERENCES = ("direct", "direct, best weights, chosen inside")
LEGACY = ["legacy_g", "legacy_r", "legacy_z", "wise_w1", "wise_w2"]
GAIA = ["gaia_bp", "gaia_g", "gaia_rp"]


def prepared(frame, labels, bands):
    """Colors, codes, names of the classes and redshifts; sources that repeat another left out."""
    mags = magnitudes(frame, bands)
    X = colors(mags)
    label = labels["true_class"].to_numpy(dtype=object)
    repeated = frame[[f"mag_{b}" for b in bands]].duplicated().to_numpy()
    colored = np.isfinite(X).any(axis=1)
    use = (label != "") & colored & ~repeated
    names, y = np.unique(label[use].astype(str), return_inverse=True)
    dropped = {
        "without_class": int(np.sum(label == "")),
        "without_color": int(np.sum(~colored)),
        "repeated": int(np.sum(repeated & colored)),
    }
    return X[use], y, names, labels["true_z"].to_numpy(dtype=float)[use], dropped


def out_of_bag(y, times):
    """Folds of the bootstrap: each source that was drawn trains once, the others are judged."""
    rng = np.random.default_rng(SEED)
    out = []
    for _ in range(times):
        drawn = np.zeros(len(y), bool)
        for c in np.unique(y):
            rows = np.flatnonzero(y == c)
            drawn[rng.choice(rows, len(rows))] = True
        out.append((np.flatnonzero(drawn), np.flatnonzero(~drawn)))
    return out


def cases():
    """Name, sources and folds of each catalog."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the files have no errors or no positions
        dr17, desi = load_sdss_dr17(), load_desi_dr1()
    sdss = prepared(*dr17, [f"sdss_{f}" for f in "ugriz"])
    folds = list(StratifiedKFold(3, shuffle=True, random_state=SEED).split(sdss[0], sdss[1]))
    yield "sdss_dr17", sdss, folds
    for name, bands in (("desi", LEGACY), ("desi_with_gaia", LEGACY + GAIA)):
        case = prepared(*desi, bands)
        yield name, case, out_of_bag(case[1], 8)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--seconds", type=float, default=np.inf)
    args = parser.parse_args(argv)
    if "QSOLEARN_DATA" not in os.environ and "QSOLEARN_SHARED" in os.environ:
        os.environ["QSOLEARN_DATA"] = str(Path(os.environ["QSOLEARN_SHARED"]) / "data")
    work = args.work or Path(tempfile.mkdtemp())
    result = {}
    for name, (X, y, names, z, dropped), folds in cases():
        target = names.tolist().index("QSOhighZ")
        if not run(X, y, target, folds, work / name, seconds=args.seconds):
            print("not all done; call again")
            raise SystemExit(3)
        methods = table(y, target, len(folds), work / name, references=REFERENCES, z=z)
        result[name] = {
            "rows": {str(c): int(np.sum(y == k)) for k, c in enumerate(names)},
            "dropped": dropped,
            "folds": len(folds),
            "methods": methods,
        }
        print(name, result[name]["rows"], dropped)
        show(methods)
    result["what"] = {name: f.__doc__.splitlines()[0] for name, f in METHODS.items()}
    result["seed"] = SEED
    result |= provenance() | {"command": "make real"}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
