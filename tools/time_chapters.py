"""Time every chapter cell by cell, with its peak memory, for the page "Timings".

    python tools/time_chapters.py [--first] [CHAPTER.md ...]

One chapter after the other, each in a kernel of its own. With ``--first`` nothing is compiled yet,
as in a new installation; without it everything is, so run a chapter before you time it. Writes
book/reference/timings.json; what is not measured anew stays in it.
"""

import ast
import json
import os
import platform
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import jupytext
import psutil
from nbclient import NotebookClient
from notebooks import ROOT, chapters

OUT = ROOT / "book" / "reference" / "timings.json"
#: Seconds between two looks at the memory of a kernel and its children.
LOOK = 0.05


class Memory(threading.Thread):
    """Watches a process and its children; `peak` is the most that they held together, in bytes."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0, threading.Event()

    def run(self):
        """Look until told to stop."""
        while not self.done.wait(LOOK):
            held = 0
            for one in self.family():
                try:
                    held += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held)

    def family(self):
        """The process and all that it started."""
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def cpu_seconds(processes):
    """Seconds that processes, and the children that they outlived, computed."""
    return sum(sum(one.cpu_times()[:4]) for one in processes)


def begins(source):
    """First line of a cell that does something by itself."""
    body = ast.parse(source).body
    other = [n for n in body if not isinstance(n, (ast.Import, ast.ImportFrom))] or body
    return source.splitlines()[other[0].lineno - 1]


def run(source):
    """Seconds, CPU seconds and peak memory of one chapter, and the seconds of each of its cells."""
    notebook = jupytext.read(source)
    place = {"metadata": {"path": source.parent}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    cells, start, spent = [], time.perf_counter(), 0.0
    with client.setup_kernel():
        process = psutil.Process(client.km.provisioner.pid)
        memory = Memory(process)
        memory.start()
        for position, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            began = time.perf_counter()
            client.execute_cell(cell, position)
            seconds, before = time.perf_counter() - began, spent
            spent = cpu_seconds(memory.family())
            cells.append(
                {
                    "seconds": round(seconds, 2),
                    "cpu_seconds": round(spent - before, 2),
                    "begins": begins(cell.source),
                }
            )
        memory.done.set()
        memory.join()
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(spent, 1),
        "peak_gib": round(memory.peak / 2**30, 2),
        "cells": cells,
    }


def machine():
    """What the times belong to, in general words."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ("qsolearn", "numpy", "numba", "scikit-learn", "xgboost")
    return {
        "command": "OMP_NUM_THREADS=1 python tools/time_chapters.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()}, {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{memory:.0f} GiB",
        "versions": {"python": platform.python_version(), **{n: version(n) for n in packages}},
    }


def main(*arguments):
    """Measure, print, write."""
    first = "--first" in arguments
    named = [Path(name).resolve() for name in arguments if name != "--first"]
    known = json.loads(OUT.read_text())["chapters"] if OUT.is_file() else {}
    # All but the page that shows the result.
    sources = [p for p in chapters() if p != OUT.with_suffix(".md")]
    names = {p: str(p.relative_to(ROOT / "book").with_suffix("")) for p in sources}
    for source in named or sources:
        with tempfile.TemporaryDirectory() as empty:
            if first:
                os.environ["NUMBA_CACHE_DIR"] = empty
            found = run(source)
        if first:
            found = {"first": {k: v for k, v in found.items() if k != "cells"}}
        known[names[source]] = {**known.get(names[source], {}), **found}
        print(names[source], {k: v for k, v in found.items() if k != "cells"}, flush=True)
        result = {**machine(), "chapters": {n: known[n] for n in names.values() if n in known}}
        OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
