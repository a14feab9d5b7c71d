"""The probability that a quasar is selected, as a table that others can use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.interpolate import RegularGridInterpolator

from qsolearn.errors import CatalogError
from qsolearn.frame import read_table
from qsolearn.frame.write import writable_format, write_table

__all__ = ["AXES", "SelectionFunction"]

#: The axes in their order; the last two may be absent.
AXES = ("redshift", "magnitude", "ebv", "sightline")

_KIND = "selection function"


class SelectionFunction:
    """P(selected | redshift, magnitude, E(B-V), sightline) on a grid, with its uncertainty.

    Parameters
    ----------
    edges : dict of str to array_like
        Cell edges of the axes ``redshift``, ``magnitude`` (i free of Galactic extinction [AB mag])
        and, optionally, ``ebv`` (Galactic E(B-V), SFD98 unscaled [mag]) and ``sightline`` (optical
        depth of the Lyman-limit systems in front of the quasar over its mean at that redshift).
    selected : array_like of int
        How many of the tried quasars were selected, one axis per entry of ``edges``.
    tried : array_like of int
        How many were tried in each cell, the same shape; at least one.
    shares : dict of str to array_like, optional
        For ``ebv`` and ``sightline``: the share of the sky in each cell of the axis, 1 in all.
        Needed to average over an axis; by default all cells weigh the same.
    meta : dict, optional
        JSON-able record: survey, recipe, sky, seed, command.

    Attributes
    ----------
    edges, selected, tried, shares, meta
        As given, as arrays.
    value : ndarray
        selected / tried.

    Raises
    ------
    CatalogError
        If axes, shapes, counts or shares do not fit together.

    Notes
    -----
    Within the grid the function is linear between the centers of the cells and constant within half
    a cell of the edges. **Outside the edges it is NaN**: nothing was tried there.

    Examples
    --------
    >>> edges = {"redshift": [0.5, 1.0, 1.5], "magnitude": [17.0, 19.0, 21.0]}
    >>> function = SelectionFunction(edges, [[90, 50], [80, 40]], [[100, 100], [100, 100]])
    >>> float(function(0.75, 18.0)), float(function(0.75, 19.0)), float(function(3.0, 18.0))
    (0.9, 0.7, nan)
    """

    def __init__(
        self,
        edges: Mapping[str, ArrayLike],
        selected: ArrayLike,
        tried: ArrayLike,
        shares: Mapping[str, ArrayLike] | None = None,
        meta: Mapping | None = None,
    ) -> None:
        names = tuple(edges)
        if names[:2] != AXES[:2] or names != tuple(a for a in AXES if a in edges):
            raise CatalogError(
                f"The axes are {', '.join(AXES)} in this order, the first two always there; got "
                f"{', '.join(map(str, names)) or 'none'}."
            )
        self.edges = {name: _check_edges(name, e) for name, e in edges.items()}
        shape = tuple(len(e) - 1 for e in self.edges.values())
        self.selected, self.tried = (np.asarray(a) for a in (selected, tried))
        if self.selected.shape != shape or self.tried.shape != shape:
            raise CatalogError(
                f"The grid has {' x '.join(map(str, shape))} cells, but the counts have the shapes "
                f"{self.selected.shape} and {self.tried.shape}."
            )
        if not ((self.tried >= 1) & (self.selected >= 0) & (self.selected <= self.tried)).all():
            raise CatalogError(
                "Every cell needs at least one tried quasar, and between 0 and all of them "
                "selected."
            )
        self.shares = _check_shares(self.edges, shares or {})
        self.meta = dict(meta or {})
        self.value = self.selected / self.tried

    def __call__(self, redshift, magnitude, ebv=None, sightline=None, *, outside="nan"):
        """Probability of being selected.

        Parameters
        ----------
        redshift, magnitude, ebv, sightline : array_like
            Where, broadcast against each other. An axis that is left out is averaged over, with the
            shares of the sky as weights.
        outside : {"nan", "error"}
            What a place outside the grid gives.

        Returns
        -------
        ndarray
            NaN where a value is missing or outside the grid.

        Raises
        ------
        CatalogError
            If a place is outside the grid and ``outside`` is "error", or an axis was given that the
            function does not have.
        """
        if outside not in ("nan", "error"):
            raise CatalogError(f"Outside the grid is 'nan' or 'error', not {outside!r}.")
        given = dict(zip(AXES, (redshift, magnitude, ebv, sightline), strict=True))
        given = {name: v for name, v in given.items() if v is not None}
        for name in given:
            if name not in self.edges:
                raise CatalogError(
                    f"This selection function has no axis {name}; it has {', '.join(self.edges)}."
                )
        value = self.value
        for k, name in reversed(list(enumerate(self.edges))):
            if name not in given:
                value = np.tensordot(value, self.shares[name], axes=(k, 0))
        edges = [self.edges[name] for name in given]
        where = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in given.values()))
        inside = np.logical_and.reduce(
            [(w >= e[0]) & (w <= e[-1]) for w, e in zip(where, edges, strict=True)]
        )
        if outside == "error" and not inside.all():
            ranges = ", ".join(f"{n} {self.edges[n][0]:g} to {self.edges[n][-1]:g}" for n in given)
            raise CatalogError(
                f"{int((~inside).sum()):,} of {inside.size:,} places are outside the grid "
                f"({ranges}); leave them out or measure a larger grid."
            )
        # One cell on an axis has no neighbor to interpolate to.
        long = [k for k, e in enumerate(edges) if len(e) > 2]
        value = value.squeeze(axis=tuple(k for k, e in enumerate(edges) if len(e) == 2))
        if not long:
            return np.where(inside, float(value), np.nan)
        centers = [(edges[k][1:] + edges[k][:-1]) / 2 for k in long]
        points = np.stack(
            [np.clip(where[k], c[0], c[-1]) for k, c in zip(long, centers, strict=True)], axis=-1
        )
        points = np.where(inside[..., None], points, [c[0] for c in centers])
        found = RegularGridInterpolator(centers, value)(points).reshape(inside.shape)
        return np.where(inside, found, np.nan)

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Interval of each cell.

        Parameters
        ----------
        level : float
            Probability content.

        Returns
        -------
        low, high : ndarray
            The shape of ``value``.

        Notes
        -----
        Jeffreys intervals of a binomial share, as `qsolearn.judge.proportion`.
        """
        k, n, tail = self.selected, self.tried, (1 - level) / 2
        low, high = (stats.beta.ppf(t, k + 0.5, n - k + 0.5) for t in (tail, 1 - tail))
        return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)

    def resampled(self, seed: int | np.random.Generator = 0) -> SelectionFunction:
        """Another measurement that could as well have come out.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            Where the randomness comes from.

        Returns
        -------
        SelectionFunction
            Every cell drawn anew from a binomial with the measured share: repeat what you do with
            it, and its scatter is what the finite number of tried quasars adds.
        """
        drawn = np.random.default_rng(seed).binomial(self.tried, self.value)
        return SelectionFunction(self.edges, drawn, self.tried, self.shares, self.meta)

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per cell.

        Parameters
        ----------
        level : float
            Probability content of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``<axis>_low`` and ``<axis>_high`` of each axis, ``selected``, ``tried``,
            ``completeness`` with ``completeness_low`` and ``completeness_high``.
        """
        places = np.indices(self.value.shape).reshape(self.value.ndim, -1)
        out = {}
        for (name, e), k in zip(self.edges.items(), places, strict=True):
            out[f"{name}_low"], out[f"{name}_high"] = e[k], e[k + 1]
        low, high = self.interval(level)
        out |= {"selected": self.selected.ravel(), "tried": self.tried.ravel()}
        out |= {"completeness": self.value.ravel()}
        out |= {"completeness_low": low.ravel(), "completeness_high": high.ravel()}
        return pd.DataFrame(out)

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the table with units, the shares and the record, whole or not at all.

        Parameters
        ----------
        path : str or Path
            FITS, VOTable, ECSV or Parquet, by the ending.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        CatalogError
            If the path exists, the format cannot hold the record, or writing fails; what stood
            there is untouched then.
        """
        if writable_format(path) == "CSV":
            raise CatalogError(
                "CSV cannot hold the record of a selection function; write FITS, VOTable, ECSV or "
                "Parquet."
            )
        meta = {"kind": _KIND, "level": 0.95, "record": self.meta}
        meta["shares"] = {name: share.tolist() for name, share in self.shares.items()}
        write_table(self.table(), path, meta=meta, overwrite=overwrite)

    @classmethod
    def read(cls, path: str | Path) -> SelectionFunction:
        """Read what `write` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        SelectionFunction
            The same edges, counts, shares and record.

        Raises
        ------
        CatalogError
            If the file is absent or damaged, or no selection function.
        """
        table = read_table(path)
        meta = table.attrs.get("qsolearn", {})
        if meta.get("kind") != _KIND:
            raise CatalogError(f"{path} holds no selection function.")
        names = [a for a in AXES if f"{a}_low" in table]
        try:
            edges = {
                a: np.append(np.unique(table[f"{a}_low"]), table[f"{a}_high"].max()) for a in names
            }
            shape = [len(e) - 1 for e in edges.values()]
            selected, tried = (
                table[c].to_numpy(dtype=int).reshape(shape) for c in ("selected", "tried")
            )
            found = cls(edges, selected, tried, meta["shares"], meta["record"])
            same = all(
                np.array_equal(table[c], values) for c, values in found.table().iloc[:, :-3].items()
            )
        except (KeyError, ValueError, TypeError):
            same = False
        if not same:
            raise CatalogError(
                f"The selection function in {path} is damaged: its cells do not fit."
            )
        return found

    def __repr__(self):
        """Axes and record in one line."""
        axes = ", ".join(f"{n} {e[0]:g} to {e[-1]:g}" for n, e in self.edges.items())
        return f"SelectionFunction({axes}; {json.dumps(self.meta)})"


def _check_edges(name, edges):
    edges = np.asarray(edges, dtype=float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise CatalogError(f"The edges of {name} must be at least two and increase.")
    return edges


def _check_shares(edges, shares):
    out = {}
    for name in AXES[2:]:
        if name not in edges:
            if name in shares:
                raise CatalogError(f"There are shares of {name} but no such axis.")
            continue
        cells = len(edges[name]) - 1
        own = np.asarray(shares.get(name, np.full(cells, 1 / cells)), dtype=float)
        if own.shape != (cells,) or not (own >= 0).all() or not np.isclose(own.sum(), 1.0):
            raise CatalogError(
                f"The shares of {name} must be {cells} numbers of at least 0 that add up to 1."
            )
        out[name] = own
    return out
