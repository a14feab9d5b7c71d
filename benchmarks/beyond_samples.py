"""Samples for `beyond.py`: real SDSS DR7 objects, and a simulated sky whose stars have motions."""

from dataclasses import dataclass

import numpy as np

from qsolearn.datasets import load_sdss_dr7
from qsolearn.frame import magnitudes
from qsolearn.papers.richards2004 import BANDS, in_test_set
from qsolearn.photometry import colors, deredden
from qsolearn.simulate import quasar_magnitudes
from qsolearn.simulate.extinction import draw_ebv, extinction_coefficients
from qsolearn.simulate.luminosity import draw_magnitudes
from qsolearn.simulate.sky import make_sky
from qsolearn.simulate.stars import POPULATIONS, draw_stars, star_density
from qsolearn.simulate.surveys import draw_positions, get_survey, observe
from qsolearn.sky import galactic_latitude

SEED = 2004
#: Error of each component of a proper motion from photographic plates [mas/yr].
PLATES = 3.0


@dataclass(frozen=True)
class Sample:
    """Objects of one kind of sky; n rows."""

    mags: np.ndarray  # (n, 5) ugriz
    errors: np.ndarray  # (n, 5)
    label: np.ndarray  # (n,) class
    z: np.ndarray  # (n,) redshift, NaN for stars
    latitude: np.ndarray  # (n,) |b| [deg], NaN if not known
    motion: np.ndarray  # (n,) measured proper motion [mas/yr], NaN if not known

    def take(self, rows):
        return Sample(*(column[rows] for column in self.columns()))

    def columns(self):
        return self.mags, self.errors, self.label, self.z, self.latitude, self.motion

    @property
    def colors(self):
        return colors(self.mags)

    @property
    def quasar(self):
        return self.label == "QSO"


def from_frame(frame, label, z, latitude=None, motion=None):
    nothing = np.full(len(frame), np.nan)
    return Sample(
        magnitudes(frame, BANDS), frame[[f"err_{b}" for b in BANDS]].to_numpy(float),
        np.asarray(label).astype(str), np.asarray(z, float),
        nothing if latitude is None else latitude, nothing if motion is None else motion,
    )  # fmt: skip


def real():
    """DR7 quasars and stars: the training half and the test half, split as in real_selection.py."""
    frame, labels = load_sdss_dr7()
    first = (~frame.filter(like="mag_").duplicated()).to_numpy()
    frame, labels = frame[first].reset_index(drop=True), labels[first].reset_index(drop=True)
    train = np.random.default_rng(SEED).random(len(frame)) < 0.5
    complete = np.isfinite(magnitudes(frame, BANDS)).all(axis=1)
    sample = from_frame(frame, labels["true_class"], labels["true_z"])
    uvx = in_test_set(frame)
    return sample, train & complete, ~train & complete, uvx


def simulated(area, seed):
    """A sky with white dwarfs, galaxies and motions told apart; dereddened by the map."""
    frame = make_sky("sdss", area_deg2=area, seed=seed)
    frame = frame[(frame["true_class"] != "Star") & (frame["true_class"] != "other")]
    label = np.where(frame["true_class"].str.startswith("QSO"), "QSO", frame["true_class"])
    rng = np.random.default_rng([seed, 7])
    # What does not move has the motion of its errors.
    still = np.hypot(*(PLATES * rng.standard_normal((2, len(frame)))))
    b = np.abs(galactic_latitude(frame["ra"].to_numpy(), frame["dec"].to_numpy()))
    rest = from_frame(deredden(frame), label, frame["true_z"], b, still)
    parts = zip(rest.columns(), _stars(area, rng).columns(), strict=True)
    both = Sample(*map(np.concatenate, parts))
    both = both.take(np.isfinite(both.mags).all(axis=1))
    return both.take(rng.permutation(len(both.label)))


def _stars(area, rng):
    survey = get_survey("sdss")
    top = float(star_density(survey.latitude, survey.bright, survey.faint))
    many = draw_positions(survey, 4000, np.random.default_rng(0))[2]
    n = rng.poisson(area * star_density(many, survey.bright, survey.faint).mean())
    latitude = draw_positions(
        survey, n, rng, lambda b: star_density(b, survey.bright, survey.faint) / top
    )[2]
    made = draw_stars(latitude, survey.bright, survey.faint, BANDS, rng)
    ebv = draw_ebv(latitude, rng)
    dust = extinction_coefficients(BANDS)
    mag, err, _ = observe(survey, made["magnitudes"] + ebv[:, None] * dust, latitude, rng)
    mapped = ebv * np.exp(0.1 * rng.standard_normal(n))
    kind = np.array(POPULATIONS)[made["population"]]
    label = np.where(np.isin(kind, ("da", "db", "pair")), "WD", "Star")
    error = PLATES * rng.standard_normal((2, n))
    return Sample(
        mag - mapped[:, None] * dust, err, label, np.full(n, np.nan), np.abs(latitude),
        np.hypot(made["motion"] + error[0], error[1]),
    )  # fmt: skip


def passes(sample):
    """The cuts of the paper's test set on dereddened AB magnitudes."""
    u, g = sample.mags[:, 0], sample.mags[:, 1]
    return (u - g < 0.96) & (g > 14.5) & (g < 21.0) & (sample.errors[:, 0] < 0.5)


def simulated_quasars(n, z_range, faint, rng):
    """Magnitudes of simulated quasars, even in redshift, as SDSS measures them (not dereddened)."""
    z = rng.uniform(*z_range, n)
    latitude = rng.uniform(30, 85, n)
    ebv = draw_ebv(latitude, rng)
    i = draw_magnitudes(z, np.full(n, faint), rng)
    mags = quasar_magnitudes(z, BANDS, i, ebv=ebv, seed=rng)
    mag, _, _ = observe(get_survey("sdss"), mags, latitude, rng)
    return mag, z
