"""Execute the book's chapters two at a time, ahead of the build, which would do one at a time.

The results go into the build's own execution cache, from which it then takes them. A chapter that
fails here is left to the build, which says where and why.
"""

import logging
import sys
from concurrent.futures import ProcessPoolExecutor

from jupyter_cache import get_cache
from jupyter_cache.executors.basic import ExecutionWorkerLocalSerial, ProcessData
from notebooks import ROOT, chapters

CACHE = ROOT / "_build" / ".jupyter_cache"
#: As the reader of the build, so that the cache knows the chapter again.
READER = {"name": "myst_nb_md", "type": "plugin"}
WORKERS = 2
TIMEOUT = 120


def execute(data):
    """Execute one chapter and cache its outputs; 0 if that went well."""
    status, _ = ExecutionWorkerLocalSerial(logging.getLogger(__name__))(data)
    return status


def main():
    """Execute what the cache does not have yet."""
    cache = get_cache(CACHE)
    for path in chapters():
        cache.add_nb_to_project(str(path), read_data=READER)
    missing = [
        ProcessData(record.pk, record.uri, cache, TIMEOUT, False)
        for record in cache.list_unexecuted()
    ]
    with ProcessPoolExecutor(WORKERS) as pool:
        for data, status in zip(missing, pool.map(execute, missing), strict=True):
            if status:
                print(f"{data.uri}: failed ahead of the build", file=sys.stderr)


if __name__ == "__main__":
    main()
