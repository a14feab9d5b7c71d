"""Spectral energy distributions: filters, the gas and dust on the way, quasars and galaxies."""

from qsolearn.sed.cosmos import cosmos_templates
from qsolearn.sed.dust import smc_extinction
from qsolearn.sed.filters import WAVELENGTH, band_fluxes, filter_weights
from qsolearn.sed.folder import read_folder
from qsolearn.sed.galaxy import galaxy_spectrum
from qsolearn.sed.grid import QuasarGrid, quasar_grid
from qsolearn.sed.igm import igm_transmission
from qsolearn.sed.quasar import COMPONENTS, quasar_components

__all__ = [
    "COMPONENTS",
    "WAVELENGTH",
    "QuasarGrid",
    "band_fluxes",
    "cosmos_templates",
    "filter_weights",
    "galaxy_spectrum",
    "igm_transmission",
    "quasar_components",
    "quasar_grid",
    "read_folder",
    "smc_extinction",
]
