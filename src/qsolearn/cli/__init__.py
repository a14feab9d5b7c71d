"""The command line: ``qsolearn train``, ``select``, ``judge``, ``doctor``, ``simulate``.

Thin by design: each command parses, reads, calls the library and writes.
"""

from qsolearn.cli.main import main

__all__ = ["main"]
