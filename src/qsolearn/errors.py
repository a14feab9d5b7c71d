"""The one exception and the one warning that the library adds to Python's own."""

from __future__ import annotations

__all__ = ["CatalogError", "CatalogWarning", "nearest_names", "plural"]

import difflib
from collections.abc import Iterable


class CatalogError(ValueError):
    """A catalog, a column map or a model that cannot be used; the message is one sentence."""


class CatalogWarning(UserWarning):
    """Something in a catalog that is probably wrong but can be worked with."""


def nearest_names(name: str, known: Iterable[str], n: int = 3) -> str:
    """Sentence part that names the known names nearest to a wrong one.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        What exists.
    n : int
        How many to name at most.

    Returns
    -------
    str
        Such as ``"nearest: psfMag_u, psfMag_g"``; the first names when none is near.

    Examples
    --------
    >>> nearest_names("psfmag_u", ["psfMag_u", "ra"])
    'nearest: psfMag_u'
    """
    known = [str(k) for k in known]
    folded = {k.lower(): k for k in known}
    near = difflib.get_close_matches(str(name).lower(), folded, n=n, cutoff=0.6)
    if near:
        return "nearest: " + ", ".join(folded[k] for k in near)
    more = ", ..." if len(known) > 8 else ""
    return "there are: " + ", ".join(known[:8]) + more if known else "there are none"


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 row``, ``2 rows``.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        The noun in the singular.

    Returns
    -------
    str

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
