"""The labeled rows of a catalog, part by part, for training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors
from qsolearn.scale.catalog import BATCH, HatsFolder, damaged, open_parquet
from qsolearn.scale.reading import FrameReader

__all__ = ["Part", "count_labels", "find_parts"]


@dataclass(frozen=True)
class Part:
    """A partition, or a row group of a Parquet file."""

    path: Path
    group: int | None
    reader: FrameReader
    label: str

    def _batches(self, columns):
        import pyarrow as pa

        groups = None if self.group is None else [self.group]
        with open_parquet(self.path, str(self.path)) as parquet:
            try:
                for batch in parquet.iter_batches(
                    BATCH, row_groups=groups, columns=columns, use_threads=False
                ):
                    yield pa.Table.from_batches([batch])
            except (pa.ArrowException, OSError) as error:
                raise CatalogError(damaged(str(self.path), error)) from None

    def labels(self):
        """Label of each row as text; "" = none."""
        found = [_text(t.column(self.label)) for t in self._batches([self.label])]
        return np.concatenate(found) if found else np.array([], dtype=object)

    def load(self):
        """Colors (n, b - 1) as float32 and labels (n,) of the rows that have a label."""
        bands = self.reader.wanted
        X, y = [np.empty((0, len(bands) - 1), np.float32)], [np.array([], dtype=object)]
        for table in self._batches(list(dict.fromkeys([*self.reader.read, self.label]))):
            own = _text(table.column(self.label))
            known = own != ""
            if known.any():
                frame = self.reader.frame(table)
                X.append(colors(magnitudes(frame, bands)).astype(np.float32)[known])
                y.append(own[known])
        return np.concatenate(X), np.concatenate(y)

    def codes(self, groups):
        """Colors, and the place of each label in groups of labels, as float32."""
        X, y = self.load()
        place = {name: k for k, group in enumerate(groups) for name in group}
        return X, np.array([place[name] for name in y], dtype=np.float32)

    def survivors(self, booster, own, threshold):
        """Colors and labels of those that a step does not discard from the training set."""
        X, y = self.load()
        if not len(y):
            return X, y
        keep = ~((booster.inplace_predict(X) > threshold) & (y == own))
        return X[keep], y[keep]


def _text(column):
    """A column of labels as an array of text, "" where there is none."""
    text = column.cast("string").fill_null("").to_numpy(zero_copy_only=False)
    return np.asarray(text, dtype=object)


def find_parts(source, label, bands):
    """Parts of a HATS folder or a Parquet file, and how the catalog is dereddened.

    Parameters
    ----------
    source : str or Path
    label : str
        Column of the labels.
    bands : sequence of str
        Bands of the neighboring colors.

    Returns
    -------
    parts : list of Part
    dereddened : dict or False

    Raises
    ------
    CatalogError
        If a column or the file is missing or damaged.
    """
    path = Path(source)
    if path.is_dir():
        folder = HatsFolder.open(path)
        schema, places = folder.schema, [(folder.file(p), None) for p in folder.pixels]
    else:
        with open_parquet(path, str(path)) as parquet:
            schema = parquet.schema_arrow
            places = [(path, k) for k in range(parquet.metadata.num_row_groups)]
    if label not in schema.names:
        raise CatalogError(f"The catalog has no column {label!r} of labels.")
    reader = FrameReader.of(schema, bands)
    return [Part(p, k, reader, label) for p, k in places], reader.dereddened


def count_labels(parts):
    """Rows of each class, and rows without a label.

    Parameters
    ----------
    parts : sequence of Part

    Returns
    -------
    counts : dict of {str: int}
    without : int
    """
    counts, none = {}, 0
    for part in parts:
        names, rows = np.unique(part.labels().astype(str), return_counts=True)
        for name, n in zip(names.tolist(), rows.tolist(), strict=True):
            if name:
                counts[name] = counts.get(name, 0) + n
            else:
                none += n
    return counts, none
