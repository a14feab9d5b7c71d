"""The recipe of the blind luminosity function: trained once, on the default sky."""

import numpy as np

from qsolearn.census import measure_selection_function
from qsolearn.judge import is_quasar_class
from qsolearn.papers.richards2004 import in_test_set, recipe, star_cuts
from qsolearn.photometry import deredden
from qsolearn.redshift import ColorRedshiftRelation
from qsolearn.selection import select_frame
from qsolearn.simulate import make_sky

TRAIN_SEED = 41
TRAIN_AREA = 150.0  # deg2
STAR_SHARE = 0.1
#: Cells that are counted: redshifts, spectroscopic and estimated, and i.
Z_EDGES = np.round(np.arange(0.7, 2.21, 0.1), 2)
PHOTOMETRIC_EDGES = np.round(np.arange(0.7, 2.21, 0.3), 2)
MAGNITUDE_EDGES = np.round(np.arange(17.5, 20.26, 0.25), 2)
#: Cells of the selection function: beyond the counted ones, since magnitudes and estimated
#: redshifts scatter.
S_MAGNITUDE = np.round(np.arange(17.0, 21.01, 0.25), 2)
S_REDSHIFT = np.round(np.arange(0.6, 2.31, 0.05), 2)
S_REDSHIFT_WIDE = np.round(np.arange(0.1, 3.51, 0.1), 2)
#: Quasars per cell for the shares that end in each cell of estimated redshift. With 200, as at
#: first, the shares were too uncertain: see luminosity_ablation.py.
PARTS_TRIED = 2000
SCATTER = 0.055  # mag: variability and noise in i, of simulated quasars with i = 18 to 20


def train_richards():
    """The recipe of Richards et al. 2004: known quasars and a tenth of all other sources."""
    sky = deredden(make_sky("sdss", area_deg2=TRAIN_AREA, seed=TRAIN_SEED))
    known = is_quasar_class(sky["label_class"])
    tenth = np.random.default_rng(TRAIN_SEED).random(len(sky)) < STAR_SHARE
    star = np.logical_and.reduce(list(star_cuts(sky, sky["label_class"]).values())) & tenth
    use = known | star
    train, known = sky[use].reset_index(drop=True), known[use]
    relation = ColorRedshiftRelation(bin_width=0.1, bin_step=0.05, min_objects=10)
    return recipe(redshift=relation).fit(
        train, np.where(known, "QSO", "Star"), np.where(known, train["true_z"], np.nan)
    )


class Richards:
    """The cuts of the test set, then the classifier; the rest of the sky is never looked at."""

    name = "Richards et al. 2004, recipe"

    def __init__(self, selector=None):
        self.selector = train_richards() if selector is None else selector

    def __call__(self, frame):
        return np.isfinite(self.redshifts(frame))

    def redshifts(self, frame):
        """Estimated redshift of the candidates, NaN for the others."""
        frame = deredden(frame)
        inside = np.flatnonzero(in_test_set(frame))
        out = np.full(len(frame), np.nan)
        if len(inside):
            found = select_frame(self.selector, frame.iloc[inside])
            chosen = found["is_candidate"].to_numpy()
            # A candidate without a redshift is one all the same.
            out[inside[chosen]] = found["z_phot"].fillna(-1.0).to_numpy()[chosen]
        return out


def parts(richards, edges=PHOTOMETRIC_EDGES):
    """A selection that says into which cell of estimated redshift a candidate falls."""

    def chosen(frame):
        z = richards.redshifts(frame)
        part = np.searchsorted(edges, z, side="right") - 1
        return np.where(np.isfinite(z) & (z >= edges[0]) & (z < edges[-1]), part, -1)

    return chosen


def measure(selection, name, n=300, seed=7, command="", **settings):
    """The selection function of a recipe on the default sky."""
    return measure_selection_function(
        selection, "sdss", S_REDSHIFT, S_MAGNITUDE, n=n, seed=seed, recipe=name,
        command=command, **settings,
    )  # fmt: skip


def measure_parts(richards, n=PARTS_TRIED, seed=20, command="", redshift=S_REDSHIFT_WIDE):
    """One selection function per cell of estimated redshift."""
    return measure_selection_function(
        parts(richards), "sdss", redshift, S_MAGNITUDE, n=n, seed=seed,
        recipe=f"{richards.name}, cells of estimated redshift",
        parts=len(PHOTOMETRIC_EDGES) - 1, command=command,
    )  # fmt: skip
