"""Catalogs that do not fit into memory: HATS folders in, HATS folders out, partition by partition.

A HATS catalog is a folder of Parquet files, one for each HEALPix pixel of the sky that holds at
most so many rows. `write_hats` makes one from a table of any length. `select_hats` sends it through
a fitted selector, `match_hats` matches it with another by position: both write a HATS catalog, both
go on where they were killed, both use one process or several. `train_catalog` grows boosted trees
on more rows than fit into memory, on one machine or on the workers of Dask.

The packages come with ``pip install qsolearn[scale]``.
"""

from qsolearn.scale.catalog import HatsFolder
from qsolearn.scale.matching import match_hats
from qsolearn.scale.selecting import select_hats
from qsolearn.scale.training import train_catalog
from qsolearn.scale.writing import write_hats

__all__ = ["HatsFolder", "match_hats", "select_hats", "train_catalog", "write_hats"]
