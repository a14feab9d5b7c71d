"""Extreme deconvolution by astroML, run in an environment of its own by `beyond.py`.

    python peer_xd.py IN.npz OUT.npz

IN holds ``train`` (n, d), ``train_cov`` (n, d, d), ``label`` (n,) of 0 and 1, ``test``,
``test_cov`` and the settings ``components``, ``iterations``, ``seed``; OUT the log densities
(m, 2) and the CPU seconds of fitting and of scoring.
"""

import json
import resource
import sys
import warnings
from importlib.metadata import version

import numpy as np
from astroML.density_estimation import XDGMM


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(source, target):
    data = np.load(source)
    out, fit, score = [], 0.0, 0.0
    for c in (0, 1):
        rows = data["label"] == c
        start = cpu()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may stop before it has converged
            model = XDGMM(
                int(data["components"]), max_iter=int(data["iterations"]), tol=1e-4,
                random_state=int(data["seed"]),
            ).fit(data["train"][rows], data["train_cov"][rows])  # fmt: skip
        middle = cpu()
        each = [
            np.logaddexp.reduce(model.logprob_a(*part), axis=1)
            for part in zip(
                np.array_split(data["test"], 10), np.array_split(data["test_cov"], 10), strict=True
            )
        ]
        out.append(np.concatenate(each))
        fit, score = fit + middle - start, score + cpu() - middle
    versions = json.dumps({p: version(p) for p in ("astroML", "numpy", "scikit-learn")})
    np.savez(target, log_density=np.column_stack(out), cpu=[fit, score], versions=versions)


if __name__ == "__main__":
    main(*sys.argv[1:])
