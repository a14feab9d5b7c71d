"""HATS catalogs of any size: speed, memory, a kill in the middle, distributed training.

    python benchmarks/scale.py --rows 30000000 --work FOLDER [--steps write,one,two]

Runs in steps, each in a process of its own; a step whose result is in the work folder is not run
again, so the benchmark can be stopped and started. When every step is there, the results go to
book/your_catalog/scale.json (from 3,000,000 rows on) or benchmarks/results/scale.json.

sky       simulate the sky (the mix of classes of Calderone et al. 2024) and two smaller ones
write     write it as a HATS catalog
model     train reverse selection on a smaller sky: the selector of all steps
memory    rows per CPU-second of select_frame on a frame in memory, one thread
one       select from the HATS catalog with one worker
lean      the same, with only id, position and results in the new catalog
two       the same with two workers, killed with SIGKILL half way and started again
sizes     peak memory for two partition sizes
match     match a smaller sky with another catalog
train     trees grown in memory (five orders of the rows, two resamples of them), from disk, by Dask
"""

import argparse
import datetime
import filecmp
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from qsolearn.judge import is_quasar_class
from qsolearn.scale import HatsFolder, match_hats, select_hats, train_catalog, write_hats
from qsolearn.selection import (
    BoostedTrees,
    FrameSelector,
    ReverseSelectionClassifier,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.simulate import make_sky

ROOT = Path(__file__).parents[1]
BANDS = [
    *(f"ps1_{f}" for f in "grizy"), "gaia_bp", "gaia_g", "gaia_rp",
    *(f"wise_w{k}" for k in (1, 2, 3, 4)),
]  # fmt: skip
STEPS = ("sky", "write", "model", "memory", "one", "lean", "two", "sizes", "match", "train")


def cpu():
    """CPU seconds of this process and its finished children."""
    return sum(
        getattr(resource.getrusage(who), name)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        for name in ("ru_utime", "ru_stime")
    )


def peaks():
    """Peak memory of this process and of its largest child [GiB]."""
    own, child = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return {
        "peak_gib": round(resource.getrusage(own).ru_maxrss / 2**20, 3),
        "peak_gib_of_a_child": round(resource.getrusage(child).ru_maxrss / 2**20, 3),
    }


class Timed:
    """CPU and wall seconds of a with block."""

    def __enter__(self):
        self._cpu, self._wall = cpu(), time.perf_counter()
        return self

    def __exit__(self, *_):
        self.cpu, self.wall = cpu() - self._cpu, time.perf_counter() - self._wall

    def rates(self, rows):
        """The measurement as a dictionary."""
        return {
            "rows": int(rows),
            "cpu_seconds": round(self.cpu, 1),
            "wall_seconds": round(self.wall, 1),
            "rows_per_cpu_second": round(rows / self.cpu),
            "rows_per_second": round(rows / self.wall),
        }


def size(folder):
    """Bytes of the files of a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


class Steps:
    """The steps; each returns its result."""

    def __init__(self, rows, work):
        self.rows, self.work = rows, work
        #: Rows per partition: a million at full size.
        self.partition = min(1_000_000, rows // 30)
        small = 1_000_000 if rows >= 3_000_000 else 100_000
        self.file = work / f"sky-{rows}.parquet"
        self.small = small
        self.small_file = work / f"small-{small}.parquet"
        self.test_file = work / f"test-{small}.parquet"
        self.hats = work / f"hats-{rows}"
        self.whole, self.model = work / f"selected-{rows}", work / f"model-{rows}"

    def sky(self):
        made = 0
        with Timed() as timed:
            for path, n, seed in (
                (self.file, self.rows, 0),
                (self.small_file, self.small, 3),
                (self.test_file, self.small, 2),
            ):
                if not path.exists():
                    made += n
                    make_sky("ps1-gaia-wise", n_sources=n, seed=seed, composition="paper", to=path)
        return {"file_gib": round(self.file.stat().st_size / 2**30, 2)} | timed.rates(made)

    def write(self):
        with Timed() as timed:
            catalog = write_hats(
                self.file, self.hats, rows_per_partition=self.partition, overwrite=True
            )
        return {
            "partitions": len(catalog.pixels),
            "rows_per_partition": self.partition,
            "largest_partition": int(catalog.info.hats_max_rows),
            "gib": round(size(self.hats) / 2**30, 2),
            "columns": len(catalog.schema),
            **timed.rates(self.rows),
            **peaks(),
        }

    def model_(self):
        with Timed() as timed:
            selector = train_catalog(self.small_file, "label_class", BANDS, reverse())
        save_selector(selector, self.model, overwrite=True)
        stages = selector.estimator_.stages_
        return {
            "stages": stages.n.tolist(), "targets": stages.n_target.tolist(),
            **timed.rates(stages.n.iloc[0]), **peaks(),
        }  # fmt: skip

    def memory(self):
        """Three pieces of the sky, each read first and then selected from."""
        selector, file = load_selector(self.model), pq.ParquetFile(self.file, pre_buffer=False)
        rows, seconds = 0, 0.0
        for batch in file.iter_batches(1_000_000):
            frame = batch.to_pandas()
            frame.attrs = {"dereddened": False}
            with Timed() as timed:
                select_frame(selector, frame)
            rows, seconds = rows + len(frame), seconds + timed.cpu
            if rows >= 3_000_000:
                break
        return {
            "rows": rows,
            "cpu_seconds": round(seconds, 2),
            "rows_per_cpu_second": round(rows / seconds),
            **peaks(),
        }

    def one(self):
        return self._select(self.whole, "all")

    def lean(self):
        return self._select(self.work / f"lean-{self.rows}", ["id"])

    def _select(self, folder, keep):
        shutil.rmtree(folder, ignore_errors=True)
        with Timed() as timed:
            outcome = select_hats(self.hats, folder, self.model, keep=keep)
        return {
            "counts": outcome.counts,
            "gib": round(size(folder) / 2**30, 2),
            **timed.rates(outcome.counts["rows"]),
            **peaks(),
        }

    def two(self):
        """Kill all processes of a selection half way; time and compare what a restart makes."""
        out = self.work / f"two-{self.rows}"
        shutil.rmtree(out, ignore_errors=True)
        script = self.work / "two.py"
        script.write_text(
            "from qsolearn.scale import select_hats\n"
            "if __name__ == '__main__':\n"
            f"    select_hats({str(self.hats)!r}, {str(out)!r}, {str(self.model)!r}, workers=2)\n"
        )
        half = len(HatsFolder.open(self.hats).pixels) // 2
        process = subprocess.Popen([sys.executable, script], start_new_session=True)
        while len(finished(out)) < half and process.poll() is None:
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        done, spent = finished(out), cpu()
        kept = sum(pq.read_metadata(p).num_rows for p in done)
        left_open = not (out / "hats.properties").exists()
        with Timed() as timed:
            outcome = select_hats(self.hats, out, self.model, workers=2)
        result = {
            "partitions": outcome.partitions,
            "done_when_killed": len(done),
            "unfinished_when_killed": left_open,
            "taken_over": outcome.resumed,
            "cpu_seconds_before_the_kill": round(spent, 1),
            "rows_of_both_runs": outcome.counts["rows"],
            "same_files_as_with_one_worker": same(self.whole, out),
            "restart": timed.rates(outcome.counts["rows"] - kept),
            **peaks(),
        }
        shutil.rmtree(out)
        return result

    def sizes(self):
        """A smaller sky in small and in large partitions; each select in a process of its own."""
        result = []
        for most in (self.small // 20, self.small // 2):
            folder, out = self.work / f"parts-{most}", self.work / f"parts-{most}-out"
            catalog = write_hats(self.small_file, folder, rows_per_partition=most, overwrite=True)
            shutil.rmtree(out, ignore_errors=True)
            code = (
                "import json, resource\n"
                "from qsolearn.scale import select_hats\n"
                f"select_hats({str(folder)!r}, {str(out)!r}, {str(self.model)!r})\n"
                "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)\n"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True
            )
            result.append(
                {
                    "rows": int(catalog.info.total_rows),
                    "rows_per_partition": most,
                    "partitions": len(catalog.pixels),
                    "largest_partition": int(catalog.info.hats_max_rows),
                    "peak_gib": round(float(done.stdout), 3),
                }
            )
            shutil.rmtree(folder)
            shutil.rmtree(out)
        return result

    def match(self):
        """Match a smaller sky with every tenth source of it, moved by up to 0.9 arcsec."""
        frame = pq.read_table(self.small_file, columns=["id", "ra", "dec"]).to_pandas()
        rng = np.random.default_rng(5)
        other = frame.iloc[::10].copy()
        other["dec"] = np.clip(other["dec"] + rng.uniform(-0.9, 0.9, len(other)) / 3600, -90, 90)
        folders = [self.work / f"match-{self.rows}-{k}" for k in range(3)]
        write_hats(self.small_file, folders[0], rows_per_partition=self.small // 8, overwrite=True)
        write_hats(other, folders[1], rows_per_partition=self.small // 8, overwrite=True)
        with Timed() as timed:
            outcome = match_hats(*folders, 1.0)
        for folder in folders:
            shutil.rmtree(folder)
        return {
            "other_rows": len(other), "radius_arcsec": 1.0, "counts": outcome.counts,
            **timed.rates(len(frame)), **peaks(),
        }  # fmt: skip

    def train(self):
        """Candidates and recall in a sky that no model has seen."""
        test = pd.read_parquet(self.test_file)
        test.attrs = {"dereddened": False}
        quasar = np.asarray(is_quasar_class(test["true_class"]))
        found, cost = {}, {}

        def judge(name, selector):
            found[name] = select_frame(selector, test)["is_candidate"].to_numpy()

        frame = pd.read_parquet(self.small_file)
        frame = frame[frame["label_class"].astype(str) != ""]
        frame.attrs = {"dereddened": False}
        rng = np.random.default_rng(0)
        for k in range(5):
            order = rng.permutation(len(frame)) if k else np.arange(len(frame))
            own = frame.iloc[order]
            own.attrs = frame.attrs
            selector = FrameSelector(reverse(), BANDS)
            with Timed() as timed:
                selector.fit(own, own["label_class"].astype(str))
            judge(f"order {k}", selector)
            cost.setdefault("in memory", timed.rates(len(own)))
        n = len(frame)
        for k in range(2):
            own = frame.iloc[rng.integers(0, n, n)].assign(id=np.arange(n))
            own.attrs = frame.attrs
            judge(f"resampled {k}", FrameSelector(reverse(), BANDS).fit(
                own, own["label_class"].astype(str)
            ))  # fmt: skip
        del frame, own
        folder = self.work / f"train-hats-{self.rows}"
        write_hats(self.small_file, folder, rows_per_partition=self.small // 8, overwrite=True)
        for name, workers in (("from disk", 1), ("distributed", 2)):
            with Timed() as timed:
                selector = train_catalog(folder, "label_class", BANDS, reverse(), workers=workers)
            judge(name, selector)
            cost[name] = timed.rates(n)
        shutil.rmtree(folder)
        recall = {name: float((c & quasar).sum() / quasar.sum()) for name, c in found.items()}
        orders = [k for k in found if k.startswith("order")]
        among = [overlap(found[a], found[b]) for a, b in combinations(orders, 2)]
        return {
            "training_rows": n,
            "test_rows": len(test),
            "test_quasars": int(quasar.sum()),
            "candidates": {name: int(c.sum()) for name, c in found.items()},
            "recall": {name: round(r, 5) for name, r in recall.items()},
            "overlap_among_orders": [round(x, 4) for x in among],
            "overlap_with_orders": {
                name: [round(overlap(found[name], found[k]), 4) for k in orders]
                for name in found
                if name not in orders
            },
            "cost": cost,
        }


def reverse():
    """Reverse selection with the settings of Calderone et al. 2024."""
    return ReverseSelectionClassifier(
        BoostedTrees(n_rounds=20), target="QSOhighZ", order=["Star", "Galaxy", "QSOlowZ"]
    )


def overlap(a, b):
    """Shared candidates over all candidates of two lists."""
    return float((a & b).sum() / (a | b).sum())


def finished(folder):
    """Files of the partitions that are done."""
    return list(folder.glob("dataset/*/*/Npix=*"))


def same(one, two):
    """Whether two folders hold the same files, byte for byte, but for the catalog's name."""
    names = [{p.relative_to(f) for p in f.rglob("*") if p.is_file()} for f in (one, two)]
    named = {"properties", "hats.properties"}
    content = [
        f.as_posix() for f in names[0] if f.name not in named
        and not filecmp.cmp(one / f, two / f, shallow=False)
    ] if names[0] == names[1] else ["other files"]  # fmt: skip
    texts = [(f / "hats.properties").read_text().split("\n") for f in (one, two)]
    lines = [[t for t in text if not t.startswith("obs_collection")] for text in texts]
    return not content and lines[0] == lines[1]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, required=True, help="folder for 30 GB at full size")
    parser.add_argument("--steps", help="only these, separated by commas")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.step:
        steps = Steps(args.rows, args.work)
        result = getattr(steps, "model_" if args.step == "model" else args.step)()
        path = args.work / f"{args.rows}-{args.step}.json"
        path.write_text(json.dumps(result, indent=1))
        print(args.step, json.dumps(result), flush=True)
        return
    for step in args.steps.split(",") if args.steps else STEPS:
        if not (args.work / f"{args.rows}-{step}.json").exists():
            command = [sys.executable, __file__, "--rows", str(args.rows), "--work",
                       str(args.work), "--step", step]  # fmt: skip
            subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    found = {s: args.work / f"{args.rows}-{s}.json" for s in STEPS}
    if not all(p.exists() for p in found.values()):
        return
    parts = {s: json.loads(p.read_text()) for s, p in found.items()}
    share, lean = (
        parts[s]["rows_per_cpu_second"] / parts["memory"]["rows_per_cpu_second"]
        for s in ("one", "lean")
    )
    result = {
        "what": "a simulated sky as a HATS catalog on two shared cores",
        "rows": args.rows,
        "hats_over_memory_rows_per_cpu_second": round(share, 3),
        "lean_over_memory_rows_per_cpu_second": round(lean, 3),
        **parts,
        "command": f"python benchmarks/scale.py --rows {args.rows} --work FOLDER",
        "date": datetime.date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{p: version(p) for p in (
                "qsolearn", "numpy", "pandas", "pyarrow", "xgboost", "hats", "dask"
            )},
        },
    }  # fmt: skip
    large = args.rows >= 3_000_000
    out = ROOT / ("book/your_catalog" if large else "benchmarks/results") / "scale.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"HATS / in memory, rows per CPU-second: {share:.2f}, {lean:.2f}; wrote {out.name}")


if __name__ == "__main__":
    main()
