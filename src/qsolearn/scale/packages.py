"""The packages of the extra ``scale``, imported when they are needed."""

from __future__ import annotations

import importlib

from qsolearn.errors import CatalogError

__all__ = ["need"]


def need(module):
    """Import a module of the extra ``scale``.

    Parameters
    ----------
    module : str
        Such as ``"hats"``.

    Returns
    -------
    module

    Raises
    ------
    CatalogError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise CatalogError(
            f"Work on HATS catalogs needs the package {package}; install it with: "
            "pip install 'qsolearn[scale]'."
        ) from None
