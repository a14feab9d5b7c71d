"""Time every chapter cell by cell, with its peak memory, for the page "Timings".

    python tools/time_chapters.py [CHAPTER.md ...]

One chapter after the other, each in a kernel of its own, and each twice: the first run compiles
what a new installation has not compiled yet, the second is what a reader waits for. Writes
book/reference/timings.json; with chapters named, only their part of it is new.
"""

import json
import os
import platform
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
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


def cpu_seconds(process):
    """Seconds that a process and its finished children computed."""
    return sum(process.cpu_times()[:4])


def begins(source):
    """First line of a cell that does something by itself."""
    lines = [line.strip() for line in source.splitlines()]
    plain = ("import ", "from ", "#")
    return next((line for line in lines if line and not line.startswith(plain)), lines[0])


def run(source):
    """Seconds of each code cell, CPU seconds and peak memory of one chapter."""
    notebook = jupytext.read(source)
    place = {"metadata": {"path": source.parent}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    cells, start = [], time.perf_counter()
    with client.setup_kernel():
        process = psutil.Process(client.km.provisioner.pid)
        memory = Memory(process)
        memory.start()
        for position, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            began = time.perf_counter()
            client.execute_cell(cell, position)
            cells.append((time.perf_counter() - began, begins(cell.source)))
        computed = cpu_seconds(process)
        memory.done.set()
        memory.join()
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(computed, 1),
        "peak_gib": round(memory.peak / 2**30, 2),
        "cells": [{"seconds": round(s, 2), "begins": line} for s, line in cells],
    }


def measure(source):
    """Both runs of a chapter: the first with an empty cache of compiled functions."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        first, found = run(source), run(source)
    return {
        "seconds": found["seconds"],
        "seconds_first": first["seconds"],
        "cpu_seconds": found["cpu_seconds"],
        "peak_gib": max(first["peak_gib"], found["peak_gib"]),
        "cells": found["cells"],
    }


def main(*names):
    """Measure, print, write."""
    sources = [Path(name).resolve() for name in names] or chapters()
    measured = json.loads(OUT.read_text())["chapters"] if names and OUT.is_file() else {}
    for source in sources:
        name = str(source.relative_to(ROOT / "book").with_suffix(""))
        measured[name] = measure(source)
        shown = {k: v for k, v in measured[name].items() if k != "cells"}
        print(name, shown, flush=True)
    result = {
        "command": "python tools/time_chapters.py",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()}, {platform.machine()}, {psutil.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, Python {platform.python_version()}",
        "chapters": dict(sorted(measured.items())),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
