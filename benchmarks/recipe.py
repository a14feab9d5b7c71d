"""The steps of Richards et al. 2004 at the paper's size, in CPU seconds of one thread.

    python benchmarks/recipe.py        writes benchmarks/results/recipe.json

The simulated objects are those of ``kde.py``: 478,144 stars and 16,713 quasars train, 830,000
objects are selected from. Redshifts are random; they are here for the time that they take.
"""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from kde import (
    N_OBJECTS,
    N_QUASARS,
    N_STARS,
    cpu_seconds,
    make_objects,
    make_quasars,
    make_stars,
    versions,
)
from qsolearn.papers.richards2004 import BANDS, PUBLISHED, recipe
from qsolearn.selection import leave_one_out_labels, select_frame

OUT = Path(__file__).parent / "results/recipe.json"


def frame_of(colors):
    """A frame whose neighboring colors are given, z = 19 and errors of 0.02 mag."""
    from_z = np.cumsum(colors[:, ::-1], axis=1)[:, ::-1]
    mags = 19.0 + np.column_stack([from_z, np.zeros(len(colors))])
    frame = pd.DataFrame(mags, columns=[f"mag_{b}" for b in BANDS])
    return frame.assign(**{f"err_{b}": 0.02 for b in BANDS})


def main():
    """Time the steps, print, write."""
    rng = np.random.default_rng(2004)
    stars, quasars = make_stars(rng, N_STARS), make_quasars(rng, N_QUASARS)
    X = np.concatenate([quasars, stars])
    label = np.repeat(["QSO", "Star"], [N_QUASARS, N_STARS])
    z = np.where(label == "QSO", rng.uniform(0.3, 2.2, len(X)), np.nan)
    training, objects = frame_of(X), frame_of(make_objects(rng, N_OBJECTS))
    priors = {"QSO": 1 - PUBLISHED["prior_star"], "Star": PUBLISHED["prior_star"]}
    small = slice(0, 2000)
    leave_one_out_labels(X[small], np.resize(["QSO", "Star"], 2000), 0.15, priors)  # compile
    seconds = {}
    seconds["leave-one-out labels"], _ = cpu_seconds(
        leave_one_out_labels, X, label, PUBLISHED["bandwidth"], priors
    )
    selector = recipe()
    seconds["fit: two passes, densities, redshifts"], _ = cpu_seconds(
        selector.fit, training, label, z
    )
    seconds["select"], out = cpu_seconds(select_frame, selector, objects)
    colors = -np.diff(objects[[f"mag_{b}" for b in BANDS]].to_numpy())
    seconds["label alone"], _ = cpu_seconds(selector.estimator_.classifier_.predict, colors)
    result = {
        "rows": {"stars": N_STARS, "quasars": N_QUASARS, "objects": N_OBJECTS},
        "removed": int((~selector.estimator_.kept_).sum()),
        "candidates": int(out["is_candidate"].sum()),
        "cpu_seconds": {k: round(v, 1) for k, v in seconds.items()},
        "command": "python benchmarks/recipe.py",
        "date": datetime.now(UTC).date().isoformat(),
        "processor": platform.processor() or platform.machine(),
        "versions": versions(),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
