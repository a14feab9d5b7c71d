"""Speed of the simulated sky: quasars from the grid, and a whole catalog streamed to a file.

    python benchmarks/sky.py [--rows 30796027] [--jobs 1]

Prints row counts, versions, the command and CPU seconds; writes benchmarks/results/sky.json.
"""

import argparse
import datetime
import json
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from qsolearn.simulate import make_sky, quasar_magnitudes

RESULT = Path(__file__).parent / "results" / "sky.json"
BANDS = [
    *(f"ps1_{f}" for f in "grizy"), "gaia_g", "gaia_bp", "gaia_rp", "wise_w1", "wise_w2", "wise_w3",
]  # fmt: skip


def cpu():
    """CPU seconds of this process and its finished children."""
    return sum(
        getattr(resource.getrusage(who), field)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        for field in ("ru_utime", "ru_stime")
    )


def quasars(n=500_000):
    """Quasars per CPU-second in 11 bands, grid and compiled code made before."""
    rng = np.random.default_rng(0)
    z, i = rng.uniform(0.1, 5.0, n), rng.uniform(17.0, 21.0, n)
    quasar_magnitudes(z[:10], BANDS, i[:10])
    start = cpu()
    quasar_magnitudes(z, BANDS, i, seed=1)
    return {"quasars": n, "bands": len(BANDS), "cpu_seconds": round(cpu() - start, 2),
            "per_cpu_second": round(n / (cpu() - start))}  # fmt: skip


def stream(rows, jobs):
    """CPU and wall seconds, peak memory and size of a streamed catalog of the paper's mix."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sky.parquet"
        start, wall = cpu(), time.perf_counter()
        make_sky("ps1-gaia-wise", n_sources=rows, seed=0, composition="paper", to=path, n_jobs=jobs)
        out = {"rows": rows, "jobs": jobs, "cpu_seconds": round(cpu() - start, 1),
               "wall_seconds": round(time.perf_counter() - wall, 1),
               "file_gib": round(path.stat().st_size / 2**30, 2)}  # fmt: skip
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {**out, "peak_gib_of_one_process": round(peak / 2**20, 2)}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args(argv)
    result = {
        "command": "python benchmarks/sky.py " + " ".join(sys.argv[1:]),
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "quasars": quasars(),
        "stream": stream(args.rows, args.jobs),
    }
    print(json.dumps(result, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
