"""Color wedges: regions of color space with straight edges, as the infrared selections use them.

A `ColorWedge` is a list of `ColorEdge` objects, each a straight line and the side of it that is
inside. Wedges compose with ``&``, say which edge rejected a source, and can be saved as JSON. They
need no training: give one to `select_frame` as it is.

>>> from qsolearn.selection import KIM2024_WEDGE
>>> for edge in KIM2024_WEDGE.edges:
...     print(edge)
W1-W2 < 0.315 (W2-W3) + 0.734
W1-W2 > 0.315 (W2-W3) - 0.284
W1-W2 > -3.172 (W2-W3) + 1.163
B-W3 > 0.755
B-W3 <= 4.755

References
----------
.. [1] Mateos et al. 2012, MNRAS 426, 3271 (the three edges, in Vega magnitudes).
.. [2] Kim et al. 2024, arXiv 2410.17187, Sect. 3.1 (the same in AB, and B-W3).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.bands import color_names, get_band
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import vega_from_ab

__all__ = [
    "KIM2024_WEDGE",
    "MATEOS2012_AB",
    "MATEOS2012_VEGA",
    "ColorEdge",
    "ColorWedge",
]

_SIDES = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class ColorEdge:
    """One straight edge: color (side) slope * other color + intercept.

    Parameters
    ----------
    name : str
        What the edge is called when it rejects a source.
    color : tuple of two str
        Bands of the color on the left: first minus second.
    side : {"<", "<=", ">", ">="}
        Which side of the line is inside.
    intercept : float
        Constant [mag].
    slope : float
        Slope of the line; 0 for a cut in one color.
    against : tuple of two str, optional
        Bands of the color on the right; needed if the slope is not 0.
    system : {"ab", "vega"}
        System of the magnitudes in which the numbers are meant.

    Raises
    ------
    CatalogError
        If the side or system is unknown, a number is not finite, a band is unknown or has no Vega
        zero point, or a slope has no color to act on.
    """

    name: str
    color: tuple[str, str]
    side: str
    intercept: float
    slope: float = 0.0
    against: tuple[str, str] | None = None
    system: str = "ab"

    def __post_init__(self) -> None:
        """Check; lists, such as those of a JSON file, become tuples."""
        object.__setattr__(self, "color", tuple(self.color))
        if self.against is not None:
            object.__setattr__(self, "against", tuple(self.against))
        if self.side not in _SIDES:
            raise CatalogError(f"A side is one of {', '.join(_SIDES)}, not {self.side!r}.")
        if self.system not in ("ab", "vega"):
            raise CatalogError(f"A system is 'ab' or 'vega', not {self.system!r}.")
        if not np.isfinite([self.slope, self.intercept]).all():
            raise CatalogError(f"Edge '{self.name}' has a slope or intercept that is not finite.")
        if self.slope and self.against is None:
            raise CatalogError(
                f"Edge '{self.name}' has the slope {self.slope:g} but no color to multiply it with."
            )
        for color in filter(None, (self.color, self.against)):
            if len(color) != 2:
                raise CatalogError(f"A color has two bands; edge '{self.name}' names {len(color)}.")
        for band in self.bands:
            try:
                if get_band(band).vega_to_ab is None and self.system == "vega":
                    raise CatalogError(f"Band {band} has no Vega zero point here; use system 'ab'.")
            except CatalogError:
                raise
            except ValueError as error:
                raise CatalogError(str(error)) from None

    @property
    def bands(self) -> list[str]:
        """Bands that the edge needs, each once."""
        return list(dict.fromkeys((*self.color, *(self.against or ()))))

    def line(self, x: ArrayLike) -> np.ndarray:
        """Value of the line.

        Parameters
        ----------
        x : array_like
            The color ``against`` [mag], in the edge's system.

        Returns
        -------
        ndarray
            The color on the edge [mag], same shape.
        """
        return self.slope * np.asarray(x, dtype=float) + self.intercept

    def __str__(self):
        """As one would write it in a paper."""
        unit = " (Vega)" if self.system == "vega" else ""
        left = color_names(self.color)[0]
        if not self.slope:
            return f"{left} {self.side} {self.intercept:g}{unit}"
        sign = "-" if self.intercept < 0 else "+"
        right = f"{self.slope:g} ({color_names(self.against)[0]}) {sign} {abs(self.intercept):g}"
        return f"{left} {self.side} {right}{unit}"


class ColorWedge:
    """Region of color space inside a number of straight edges.

    Parameters
    ----------
    edges : sequence of ColorEdge
        At least one; a source is inside if it is on the inner side of all.
    name : str
        What the wedge is called.

    Attributes
    ----------
    edges : tuple of ColorEdge
    name : str
    bands : list of str
        Bands that are needed.
    classes_, quasar_classes_, threshold, dereddened_
        What `select_frame` asks of a selector: "QSO" inside, "other" outside.

    Raises
    ------
    CatalogError
        If there is no edge, or two have the same name.

    Notes
    -----
    Missing values: a source without one of the colors is not inside, and the reason names the
    band. An upper limit is no measured color: it counts as missing here.

    Examples
    --------
    >>> frame = pd.DataFrame({"mag_wise_w1": [17.0, 17.0], "mag_wise_w2": [16.8, 17.3],
    ...                       "mag_wise_w3": [16.0, 17.0]})
    >>> MATEOS2012_AB.contains(frame)
    array([ True, False])
    >>> print(MATEOS2012_AB.explain(frame)[1])
    outside: lower edge (W1-W2 > 0.315 (W2-W3) - 0.284), left edge (W1-W2 > -3.172 (W2-W3) + 1.163)
    """

    classes_ = np.array(["QSO", "other"])
    quasar_classes_ = ("QSO",)
    threshold = None
    dereddened_ = False

    def __init__(self, edges: Sequence[ColorEdge], name: str = "wedge") -> None:
        self.edges, self.name = tuple(edges), str(name)
        if not self.edges:
            raise CatalogError("A wedge needs at least one edge.")
        names = [e.name for e in self.edges]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise CatalogError(f"Two edges are called '{twice[0]}'; give each a name of its own.")
        self.bands = list(dict.fromkeys(b for e in self.edges for b in e.bands))

    def __and__(self, other):
        """Wedge of the sources that are inside both."""
        if not isinstance(other, ColorWedge):
            return NotImplemented
        return ColorWedge(
            (*self.edges, *(e for e in other.edges if e not in self.edges)),
            name=f"{self.name} & {other.name}",
        )

    def __eq__(self, other):
        """Same edges in the same order; the name does not matter."""
        return isinstance(other, ColorWedge) and self.edges == other.edges

    def __hash__(self):
        """Hash of the edges."""
        return hash(self.edges)

    def __repr__(self):
        """Name and edges."""
        return f"<ColorWedge {self.name}: {'; '.join(map(str, self.edges))}>"

    def margins(self, frame: pd.DataFrame) -> pd.DataFrame:
        """How far each source is inside each edge, along the color on the edge's left.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame with the bands of the wedge.

        Returns
        -------
        pandas.DataFrame, shape (n, number of edges), same index
            [mag]; positive inside, negative outside, NaN where a color is missing or a limit.

        Raises
        ------
        CatalogError
            If the frame lacks a band.
        """
        value = _measured(frame, self.bands)
        out = {}
        for edge in self.edges:
            y = _color(value, edge.color, edge.system)
            x = _color(value, edge.against, edge.system) if edge.against else np.zeros(len(frame))
            out[edge.name] = (edge.line(x) - y) * (1 if edge.side[0] == "<" else -1)
        return pd.DataFrame(out, index=frame.index)

    def _inside(self, margin):
        """Which source is inside which edge, shape (n, edges); a missing color is not inside."""
        closed = np.array([edge.side.endswith("=") for edge in self.edges])
        return np.where(closed, margin >= 0, margin > 0)

    def contains(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether each source is inside.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        ndarray of bool, shape (n,)
            False where a color is missing or an upper limit.

        Raises
        ------
        CatalogError
            If the frame lacks a band.
        """
        return self._inside(self.margins(frame).to_numpy()).all(axis=1)

    def explain(self, frame: pd.DataFrame, proba: ArrayLike | None = None) -> np.ndarray:
        """Why each source is inside or not.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.
        proba
            Not used; selectors are called with it.

        Returns
        -------
        ndarray of str, shape (n,)
            "inside", or every edge that rejects the source, or the bands that are missing or
            limits (an edge that can be judged without them may reject it, too).
        """
        margin = self.margins(frame).to_numpy()
        value = _measured(frame, self.bands)
        gone = np.column_stack([~np.isfinite(value[band]) for band in self.bands])
        outside = np.isfinite(margin) & ~self._inside(margin)
        # Sources share few patterns: make each sentence once.
        patterns, which = np.unique(np.hstack([gone, outside]), axis=0, return_inverse=True)
        texts = [self._sentence(row[: gone.shape[1]], row[gone.shape[1] :]) for row in patterns]
        return np.asarray(texts, dtype=object)[which.ravel()]

    def _sentence(self, gone, outside):
        parts = []
        if outside.any():
            edges = (f"{e.name} ({e})" for e, out in zip(self.edges, outside, strict=True) if out)
            parts.append("outside: " + ", ".join(edges))
        if gone.any():
            bands = (b for b, missing in zip(self.bands, gone, strict=True) if missing)
            parts.append("not measured: " + ", ".join(bands))
        return "; ".join(parts) or "inside"

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """1 for "QSO" inside and for "other" outside; NaN where a color is missing.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        ndarray, shape (n, 2)
            In the order of ``classes_``. A source that a measured color already rejects is
            "other", whatever else is missing.
        """
        margin = self.margins(frame).to_numpy()
        known = np.isfinite(margin)
        inside = self._inside(margin)
        decided = known.all(axis=1) | (known & ~inside).any(axis=1)
        quasar = np.where(decided, inside.all(axis=1), np.nan)
        return np.column_stack([quasar, 1 - quasar])

    def to_state(self) -> tuple[dict, dict]:
        """What the wedge consists of, for saving.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict
            Empty.
        """
        return {"name": self.name, "edges": [asdict(edge) for edge in self.edges]}, {}

    @classmethod
    def from_state(cls, values: dict, arrays: dict | None = None) -> ColorWedge:
        """Make a wedge again: the inverse of `to_state`.

        Parameters
        ----------
        values : dict
            As `to_state` gave it, or read from JSON.
        arrays : dict, optional
            Not used.

        Returns
        -------
        ColorWedge
        """
        return cls([ColorEdge(**edge) for edge in values["edges"]], values["name"])


def _measured(frame, bands):
    """Magnitude of each band, shape (n,), NaN where it is missing or an upper limit."""
    out = dict(zip(bands, magnitudes(frame, bands).T, strict=True))
    for band in bands:
        if f"limit_{band}" in frame:
            limit = frame[f"limit_{band}"].to_numpy(dtype=bool, na_value=False)
            out[band] = np.where(limit, np.nan, out[band])
    return out


def _color(value, bands, system):
    first, second = (value[b] if system == "ab" else vega_from_ab(value[b], b) for b in bands)
    return first - second


_W12, _W23, _B_W3 = ("wise_w1", "wise_w2"), ("wise_w2", "wise_w3"), ("kmt_b", "wise_w3")


def _mateos(upper, lower, left, system, name):
    return ColorWedge(
        [
            ColorEdge("upper edge", _W12, "<", upper, 0.315, _W23, system),
            ColorEdge("lower edge", _W12, ">", lower, 0.315, _W23, system),
            ColorEdge("left edge", _W12, ">", left, -3.172, _W23, system),
        ],
        name,
    )


#: Three-band AGN wedge of Mateos et al. 2012, Vega magnitudes as published.
MATEOS2012_VEGA = _mateos(0.796, -0.222, 7.624, "vega", "Mateos et al. 2012 (Vega)")
#: The same in AB as Kim et al. 2024 print it (their equations 1 to 3).
MATEOS2012_AB = _mateos(0.734, -0.284, 1.163, "ab", "Mateos et al. 2012 (AB)")
#: The wedge of Kim et al. 2024: the three edges in AB, and their equation 4 for unobscured quasars.
KIM2024_WEDGE = ColorWedge(
    [
        *MATEOS2012_AB.edges,
        ColorEdge("blue limit", _B_W3, ">", 0.755),
        ColorEdge("red limit", _B_W3, "<=", 4.755),
    ],
    "Kim et al. 2024",
)
