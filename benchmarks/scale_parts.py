"""Where the time of a partition goes, and what other ways of packing it would cost.

    OMP_NUM_THREADS=1 python benchmarks/scale_parts.py --work FOLDER --rows 30000000

Takes the catalog and the model that benchmarks/scale.py left in the work folder, and as many of its
partitions as hold 2,000,000 rows. Every part is timed alone, on the same rows; the smallest
of five runs counts. Writes book/your_catalog/scale_parts.json.
"""

import argparse
import datetime
import json
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qsolearn.scale import HatsFolder
from qsolearn.scale.catalog import BATCH, HEALPIX, write_batches
from qsolearn.scale.reading import FrameReader
from qsolearn.selection import load_selector, select_frame

OUT = Path(__file__).parents[1] / "book/your_catalog/scale_parts.json"
ROWS, RUNS = 2_000_000, 5
PARTS = ("read", "read what is needed", "frame", "select", "write", "write few columns")
RESULTS = ["P_QSO", "selected_class", "is_candidate", "reason", "z_phot"]


def smallest(seconds, name, work):
    """Do some work and note the CPU seconds, if they are fewer than before."""
    begin = time.process_time()
    result = work()
    spent = time.process_time() - begin
    seconds[name] = min(seconds.get(name, spent), spent)
    return result


def read(path, columns=None):
    """The rows of a file in batches, as a table."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        batches = list(file.iter_batches(BATCH, columns=columns, use_threads=False))
        return pa.Table.from_batches(batches)


def in_batches(table, work):
    """Do something with each batch."""
    return [work(table.slice(k, BATCH)) for k in range(0, len(table), BATCH)]


def packings(schema):
    """Ways of writing a file, as arguments of ParquetWriter."""
    floats = [f.name for f in schema if pa.types.is_floating(f.type)]
    others = [f.name for f in schema if f.name not in floats and f.name != HEALPIX]
    streams = dict.fromkeys(floats, "BYTE_STREAM_SPLIT") | {HEALPIX: "DELTA_BINARY_PACKED"}
    packed = {"use_dictionary": others, "column_encoding": streams}
    return {
        "zstd": {"compression": "zstd", "compression_level": 1, **packed},
        "zstd, no statistics": {
            "compression": "zstd", "compression_level": 1, "write_statistics": False, **packed,
        },
        "LZ4": {"compression": "lz4", **packed},
        "not compressed": {"compression": "none", **packed},
    }  # fmt: skip


def measure(path, reader, selector, scratch):
    """CPU seconds of each part and each packing for one file, and the bytes of what is written."""
    seconds, sizes = {}, {}
    few = list(dict.fromkeys([HEALPIX, "id", "ra", "dec", *reader.read]))
    for _ in range(RUNS):
        table = smallest(seconds, "read", lambda: read(path))
        smallest(seconds, "read what is needed", lambda: read(path, few))
        frames = smallest(seconds, "frame", lambda t=table: in_batches(t, reader.frame))
        answers = smallest(
            seconds, "select", lambda f=frames: [select_frame(selector, x, whole=False) for x in f]
        )
        found = pa.concat_tables(pa.Table.from_pandas(a, preserve_index=False) for a in answers)
        whole = table.select([n for n in table.column_names if n not in RESULTS])
        for name in RESULTS:
            whole = whole.append_column(name, found.column(name))
        slim = whole.select([HEALPIX, "id", "ra", "dec", *RESULTS])
        for name, own in (("write", whole), ("write few columns", slim)):
            smallest(
                seconds, name,
                lambda t=own: write_batches(scratch, t.schema, in_batches(t, lambda b: b)),
            )  # fmt: skip
            sizes[name] = scratch.stat().st_size
        for name, settings in packings(whole.schema).items():
            smallest(seconds, f"write {name}", lambda t=whole, s=settings: pack(scratch, t, s))
            smallest(seconds, f"read {name}", lambda: read(scratch))
            sizes[name] = scratch.stat().st_size
    return seconds, sizes


def pack(path, table, settings):
    """Write a table, batch by batch, in some way."""
    with pq.ParquetWriter(path, table.schema, **settings) as writer:
        in_batches(table, writer.write_table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    pa.set_cpu_count(1)
    catalog = HatsFolder.open(args.work / f"hats-{args.rows}")
    selector = load_selector(args.work / f"model-{args.rows}")
    reader = FrameReader.of(catalog.schema, selector.bands)
    scratch, rows, seconds, sizes = args.work / "packed.parquet", 0, Counter(), Counter()
    for pixel in catalog.pixels:
        if rows < ROWS:
            path = catalog.file(pixel)
            rows += pq.read_metadata(path).num_rows
            for total, own in zip(
                (seconds, sizes), measure(path, reader, selector, scratch), strict=True
            ):
                total.update(own)
    scratch.unlink()
    cost = {name: round(1e6 * s / rows, 3) for name, s in seconds.items()}
    size = {name: round(n / rows, 1) for name, n in sizes.items()}

    def share(reading, writing):
        """Of the selection in all that is done."""
        done = cost[reading] + cost["frame"] + cost["select"] + cost[writing]
        return round(cost["select"] / done, 3)

    result = {
        "what": "CPU microseconds per row of the parts of select_hats, one thread",
        "rows": rows,
        "columns": len(catalog.schema) + len(RESULTS),
        "parts": {n: cost[n] for n in PARTS},
        "bytes": {n: size[n] for n in ("write", "write few columns")},
        "share_of_the_selection": {
            "all columns": share("read", "write"),
            "id, position and results": share("read what is needed", "write few columns"),
        },
        "packings": {
            n: {"write": cost[f"write {n}"], "read": cost[f"read {n}"], "bytes": size[n]}
            for n in packings(catalog.schema)
        },
        "command": f"OMP_NUM_THREADS=1 python benchmarks/scale_parts.py --rows {args.rows} "
        "--work FOLDER",
        "date": datetime.date.today().isoformat(),
        "versions": {p: version(p) for p in ("qsolearn", "pyarrow", "pandas", "xgboost")},
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
