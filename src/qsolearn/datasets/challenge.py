"""A blind challenge: a simulated catalog, a biased training file, and a truth that is kept shut."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.frame import write_table
from qsolearn.frame.write import replace_atomically
from qsolearn.simulate import make_sky

__all__ = ["make_challenge", "open_challenge"]

#: Sources of the sky that the training file is taken from, per source of the catalog.
_POOL = 5
#: Who got a spectrum: half of the blue sources at this i, fewer and fewer beyond, and a small
#: share of the red ones. The numbers are invented; that both matter is not.
_HALF, _WIDTH = 19.3, 0.3
_BLUE, _SHARE_OF_RED = 0.7, 0.03


def _seeds(seed):
    """Three seeds that no sky of the book has: catalog, training pool, spectra."""
    return [int(s) for s in np.random.SeedSequence([155, 257, seed]).generate_state(3)]


def _check(folder, seed, n_sources):
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise CatalogError(f"The seed is {seed!r}; it must be a whole number from 0 on.")
    if not (n_sources >= 1000 and n_sources % 1 == 0):
        raise CatalogError(
            f"The challenge has {n_sources} sources; it takes a whole number from 1,000 on."
        )
    return Path(folder)


def _catalog(seed, n_sources):
    """The photometry that everyone gets, and the truth (id, true_class, true_z)."""
    sky = make_sky("sdss", n_sources=n_sources, seed=_seeds(seed)[0])
    truth = sky[["id", "true_class", "true_z"]]
    return _photometry(sky), truth


def _photometry(sky):
    return sky.drop(columns=["true_class", "true_z", "true_ebv", "label_class"])


def _training(seed, n_sources):
    """Sources of another sky that were bright or blue enough to get a spectrum."""
    _, pool_seed, spectra_seed = _seeds(seed)
    pool = make_sky("sdss", n_sources=_POOL * n_sources, seed=pool_seed)
    i_mag = pool["mag_sdss_i"].to_numpy()
    is_blue = (pool["mag_sdss_u"] - pool["mag_sdss_g"]).to_numpy() < _BLUE
    chance = np.where(is_blue, 1.0, _SHARE_OF_RED) / (1.0 + np.exp((i_mag - _HALF) / _WIDTH))
    observed = np.random.default_rng(spectra_seed).random(len(pool)) < chance
    known = pool[observed].reset_index(drop=True)
    return _photometry(known).assign(spec_class=known["true_class"], spec_z=known["true_z"])


def _digest(truth):
    """SHA-256 of the truth, row by row as text: the same on every machine."""
    rows = zip(truth["id"], truth["true_class"], truth["true_z"], strict=True)
    text = "\n".join(f"{name},{kind},{z:.4f}" for name, kind, z in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def make_challenge(
    folder: str | Path, *, seed: int, n_sources: int = 40_000, overwrite: bool = False
) -> Path:
    """Write the files of a blind challenge, without its truth.

    Parameters
    ----------
    folder : str or Path
        Where to write; it is made if its parent exists.
    seed : int
        The same seed gives the same challenge. Who knows it can open the truth.
    n_sources : int
        Rows of the catalog, at least 1,000.
    overwrite : bool
        Whether files of an earlier challenge may be replaced.

    Returns
    -------
    Path
        The folder. It holds ``catalog.parquet``, a photometric frame of SDSS point sources;
        ``training.parquet``, sources of another piece of the same sky with ``spec_class`` and
        ``spec_z`` (NaN for stars); and ``challenge.json`` with the number of rows and the SHA-256
        of the truth.

    Raises
    ------
    CatalogError
        If the seed or the number is not valid, or a file is there and must not be replaced.

    Notes
    -----
    A source of the training sky gets a spectrum with the probability

    .. math:: s \\, / \\, (1 + e^{(i - 19.3) / 0.3}),

    with :math:`s = 1` for :math:`u-g < 0.7` and 0.03 otherwise (observed AB magnitudes): bright
    and blue sources are known, others hardly. The digest keeps whoever made the challenge from
    changing the truth. It keeps nobody who knows the seed from looking.

    Examples
    --------
    >>> import tempfile
    >>> from qsolearn.frame import read_table
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = make_challenge(f"{parent}/blind", seed=5, n_sources=1000)
    ...     print(sorted(p.name for p in folder.iterdir()))
    ...     truth = open_challenge(folder, seed=5)
    ...     print(read_table(truth).columns.tolist())
    ['catalog.parquet', 'challenge.json', 'training.parquet']
    ['id', 'true_class', 'true_z']
    """
    folder = _check(folder, seed, n_sources)
    names = ("catalog.parquet", "training.parquet", "challenge.json", "truth.parquet")
    there = [name for name in names if (folder / name).exists()]
    if there and not overwrite:
        raise CatalogError(
            f"{folder} holds {there[0]} already; choose another folder or allow overwriting."
        )
    if not folder.parent.is_dir():
        raise CatalogError(f"The folder {folder.parent} does not exist.")
    folder.mkdir(exist_ok=True)
    catalog, truth = _catalog(seed, n_sources)
    meta = {"survey": "sdss", "dereddened": False}
    write_table(catalog, folder / names[0], meta=meta, overwrite=overwrite)
    write_table(_training(seed, n_sources), folder / names[1], meta=meta, overwrite=overwrite)
    record = {"n_sources": int(n_sources), "sha256_of_truth": _digest(truth)}
    with replace_atomically(folder / names[2], overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / names[3]).unlink(missing_ok=True)  # of an earlier challenge
    return folder


def open_challenge(folder: str | Path, *, seed: int, overwrite: bool = False) -> Path:
    """Write the truth of a challenge, which is made again from its seed.

    Parameters
    ----------
    folder : str or Path
        Folder that `make_challenge` wrote.
    seed : int
        The seed of the challenge.
    overwrite : bool
        Whether a truth that was opened before may be replaced.

    Returns
    -------
    Path
        ``truth.parquet`` with ``id``, ``true_class`` and ``true_z`` (NaN for stars), as
        ``qsolearn judge`` reads it.

    Raises
    ------
    CatalogError
        If the folder holds no challenge, or the truth of this seed is not the one announced.
    """
    path = Path(folder) / "challenge.json"
    if not path.is_file():
        raise CatalogError(f"{path.parent} holds no challenge.json; make a challenge there first.")
    record = json.loads(path.read_text(encoding="utf-8"))
    _check(folder, seed, record["n_sources"])
    truth = _catalog(seed, record["n_sources"])[1]
    if _digest(truth) != record["sha256_of_truth"]:
        raise CatalogError(
            f"Seed {seed} does not make the truth that {path} announces; give the seed, and use "
            "the version of the library, that the challenge was made with."
        )
    write_table(truth, path.parent / "truth.parquet", overwrite=overwrite)
    return path.parent / "truth.parquet"
