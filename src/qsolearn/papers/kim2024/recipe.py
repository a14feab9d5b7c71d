"""The selection of the paper as a chain of the library's general parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsolearn.papers.kim2024.constants import EXPOSURES, SNR_LIMITS
from qsolearn.selection import KIM2024_WEDGE, QualityCut, SelectionChain, SNRCut

if TYPE_CHECKING:
    from qsolearn.selection import SEDClassifier

__all__ = ["recipe"]


def recipe(sed: SEDClassifier | None = None, *, quality: bool = True) -> SelectionChain:
    """Chain of the paper's cuts: quality, S/N in I, S/N in B and WISE, color, template fit.

    Parameters
    ----------
    sed : SEDClassifier, optional
        The template fit; None = the colors alone.
    quality : bool
        Whether the frame has the columns ``ssflag`` and ``ndith_kmt_b`` to ``ndith_kmt_i`` for the
        first cut; without them the chain begins with the S/N.

    Returns
    -------
    SelectionChain
        Steps "quality", "S/N I", "S/N B W", "color" and "SED", as far as asked for.

    References
    ----------
    Kim et al. 2024, Sect. 3.

    Examples
    --------
    >>> list(recipe().steps)
    ['quality', 'S/N I', 'S/N B W', 'color']
    """
    first = {"kmt_i": SNR_LIMITS["kmt_i"]}
    steps: dict[str, Any] = (
        {"quality": QualityCut(flag="ssflag", exposures=EXPOSURES)} if quality else {}
    )
    steps |= {
        "S/N I": SNRCut(first),
        "S/N B W": SNRCut({b: s for b, s in SNR_LIMITS.items() if b not in first}),
        "color": KIM2024_WEDGE,
    }
    if sed is not None:
        steps["SED"] = sed
    return SelectionChain(steps)
