"""Fetch parts of archives as photometric frames: cached, resumable, polite.

A request is cut into pieces. Each piece is asked for, checked, and kept in the cache with its
checksum as soon as it is whole, so that an interrupted fetch goes on where it stopped and a second
one needs no network.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.datasets.archives import VIZIER_TAP, adql_around, adql_region, get_archive
from qsolearn.errors import CatalogError
from qsolearn.frame import frame_from_table, read_table
from qsolearn.frame.write import replace_atomically

__all__ = ["fetch_around", "fetch_region"]

_log = logging.getLogger(__name__)
#: Rows asked for at once; a piece with more is cut in two.
MAX_ROWS = 50_000
#: Positions uploaded at once.
MAX_POSITIONS = 1_000
#: Height of the stripes that a cone is cut into [deg].
STRIPE = 0.25
#: Attempts before a service that does not answer is given up.
ATTEMPTS = 5
#: Seconds to wait for a connection, and for an answer.
TIMEOUT = (20.0, 300.0)


def fetch_region(
    name: str,
    ra: float,
    dec: float,
    radius: float,
    *,
    cache: str | Path | None = None,
    url: str = VIZIER_TAP,
    pause: float = 1.0,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Fetch the sources of an archive in a cone.

    Parameters
    ----------
    name : str
        Archive, one of `qsolearn.datasets.ARCHIVES`.
    ra, dec : float
        Center [deg], ICRS.
    radius : float
        Radius [deg], 0 < radius <= 10.
    cache : str or Path, optional
        Folder of the cache; by default ``QSOLEARN_CACHE``, or ``qsolearn`` in the user's cache
        folder.
    url : str
        Address of the TAP service.
    pause : float
        Seconds between two queries, and the first wait after a failure (then doubled).
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    pandas.DataFrame
        Photometric frame (AB, not dereddened, NaN = missing) with the archive's further columns,
        in the order of declination stripes. A list without photometry (milliquas) gives a plain
        table with ``id``, ``ra``, ``dec`` and its columns.

    Raises
    ------
    CatalogError
        If the cone or the name is wrong, nothing lies there, or the archive does not answer,
        refuses the query, answers with something else, or has more sources at one place than it
        gives out. What was fetched until then stays in the cache.

    Notes
    -----
    Needs the package pyvo (``pip install qsolearn[archives]``). The ADQL of each piece is logged at
    level INFO and kept in the cache beside the answer.
    """
    archive = get_archive(name)
    if not (0 <= ra < 360 and -90 <= dec <= 90 and 0 < radius <= 10):
        raise CatalogError(
            f"A region is 0 <= ra < 360, -90 <= dec <= 90 and 0 < radius <= 10 deg; got ra={ra}, "
            f"dec={dec}, radius={radius}."
        )
    low, high = max(dec - radius, -90.0), min(dec + radius, 90.0)
    edges = np.linspace(low, high, max(int(np.ceil((high - low) / STRIPE)), 1) + 1)
    # The stripes are open above: the pole and the edge itself belong to the last one.
    edges[-1] = np.nextafter(edges[-1], np.inf)
    request = {"archive": name, "url": url, "cone": [float(ra), float(dec), float(radius)]}
    task = _Task(
        request=request,
        pieces=list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)),
        adql=lambda low, high: adql_region(archive, ra, dec, radius, low, high),
        middle=lambda low, high: (low + high) / 2 if high - low > 1e-3 else None,
        columns=archive.columns,
    )
    table = _collect(task, cache, url, pause, progress)
    if not len(table):
        raise CatalogError(f"{name} has no source within {radius} deg of {ra}, {dec}.")
    return _frame(archive, table)


def fetch_around(
    name: str,
    positions: pd.DataFrame,
    radius: float,
    *,
    cache: str | Path | None = None,
    url: str = VIZIER_TAP,
    pause: float = 1.0,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Fetch the sources of an archive near each of many positions.

    Parameters
    ----------
    name : str
        Archive, one of `qsolearn.datasets.ARCHIVES`.
    positions : pandas.DataFrame, n rows
        Photometric frame, or any table with ``id``, ``ra``, ``dec`` [deg]. Rows without a position
        find nothing.
    radius : float
        Largest distance [arcsec], 0 < radius <= 60.
    cache, url, pause, progress
        As for `fetch_region`.

    Returns
    -------
    pandas.DataFrame
        Photometric frame of the sources found, with ``near`` (the ``id`` of the position) and
        ``separation`` [arcsec]. A source near two positions stands there twice.

    Raises
    ------
    CatalogError
        As `fetch_region`.
    """
    archive = get_archive(name)
    if not 0 < radius <= 60:
        raise CatalogError(f"The radius is above 0 and at most 60 arcsec; got {radius}.")
    absent = [c for c in ("id", "ra", "dec") if c not in positions]
    if absent:
        raise CatalogError(f"The positions need the columns id, ra, dec; {absent[0]} is missing.")
    ra = positions["ra"].to_numpy(dtype=float, na_value=np.nan)
    dec = positions["dec"].to_numpy(dtype=float, na_value=np.nan)
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    if not len(known):
        raise CatalogError("None of the positions has ra and dec.")
    place = np.column_stack([ra[known], dec[known]])
    starts = range(0, len(known), MAX_POSITIONS)

    def upload(low, high):
        from astropy.table import Table

        rows = np.arange(low, high)
        return Table({"nth": rows, "ra_deg": place[rows, 0], "dec_deg": place[rows, 1]})

    request = {
        "archive": name,
        "url": url,
        "radius": float(radius),
        "positions": hashlib.sha256(np.ascontiguousarray(place).tobytes()).hexdigest(),
    }
    task = _Task(
        request=request,
        pieces=[(s, min(s + MAX_POSITIONS, len(known))) for s in starts],
        adql=lambda low, high: adql_around(archive, radius / 3600),
        middle=lambda low, high: (low + high) // 2 if high - low > 1 else None,
        columns=["nth", *archive.columns],
        upload=upload,
    )
    table = _collect(task, cache, url, pause, progress)
    if not len(table):
        raise CatalogError(f"{name} has no source within {radius} arcsec of the positions.")
    frame = _frame(archive, table)
    found = table["nth"].to_numpy(dtype=int)
    frame["near"] = positions["id"].to_numpy()[known[found]]
    ra, dec = place[found].T
    frame["separation"] = _separation(ra, dec, frame["ra"].to_numpy(), frame["dec"].to_numpy())
    return frame


def _separation(ra, dec, other_ra, other_dec):
    """Angle between positions [arcsec], exact for small ones too."""
    from astropy.coordinates import angular_separation

    return np.degrees(angular_separation(*np.radians([ra, dec, other_ra, other_dec]))) * 3600


def _frame(archive, table):
    columns = {"id": archive.identifier, "ra": archive.ra, "dec": archive.dec}
    if not archive.bands:  # a list of objects without photometry is a table, not a frame
        return table[[*columns.values(), *archive.keep]].rename(
            columns={column: role for role, column in columns.items()}
        )
    return frame_from_table(table, bands=archive.bands, columns=columns, keep=list(archive.keep))


@dataclass
class _Task:
    """A request, its pieces, and how one is asked for."""

    request: dict
    pieces: list
    adql: Callable
    middle: Callable
    columns: list
    upload: Callable | None = None


def _cache_folder(cache):
    if cache is None:
        cache = os.environ.get("QSOLEARN_CACHE")
    if cache is None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qsolearn"
    return Path(cache)


class _Store:
    """The pieces of one request in the cache, each with its checksum."""

    def __init__(self, cache, request):
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.folder = _cache_folder(cache) / f"{request['archive']}-{digest}"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "request.json").exists():
            with replace_atomically(self.folder / "request.json", overwrite=True) as path:
                path.write_text(text + "\n")

    def read(self, key):
        """The table of a piece, or None if it is absent or damaged."""
        path, sum_path = self.folder / f"{key}.parquet", self.folder / f"{key}.sha256"
        if not (path.is_file() and sum_path.is_file()):
            return None
        if hashlib.sha256(path.read_bytes()).hexdigest() != sum_path.read_text().strip():
            _log.warning("%s is damaged and is fetched again", path)
            return None
        return read_table(path)

    def write(self, key, table, adql):
        """Keep a whole piece: the table first, its checksum last."""
        with replace_atomically(self.folder / f"{key}.parquet", overwrite=True) as path:
            table.to_parquet(path, index=False)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with replace_atomically(self.folder / f"{key}.adql", overwrite=True) as path:
            path.write_text(adql + "\n")
        with replace_atomically(self.folder / f"{key}.sha256", overwrite=True) as path:
            path.write_text(digest + "\n")

    def was_cut(self, key):
        """Whether this piece is known to be too large."""
        return (self.folder / f"{key}.cut").exists()

    def cut(self, key):
        """Remember that this piece is too large."""
        (self.folder / f"{key}.cut").touch()


def _collect(task, cache, url, pause, progress):
    """Every piece, from the cache or from the archive."""
    from tqdm import tqdm

    store = _Store(cache, task.request)
    service, tables, asked = None, [], False
    waiting = list(reversed(task.pieces))
    disable = None if progress is None else not progress
    with tqdm(total=len(waiting), unit=" pieces", disable=disable) as bar:
        while waiting:
            low, high = waiting.pop()
            key = f"{low!r}_{high!r}"
            table = None if store.was_cut(key) else store.read(key)
            if table is None and not store.was_cut(key):
                if service is None:
                    service = _service(url)
                if asked:
                    time.sleep(pause)
                asked = True
                adql = task.adql(low, high)
                uploads = {"positions": task.upload(low, high)} if task.upload else None
                table = _ask(service, adql, uploads, task.columns, pause, store.folder)
                if table is None:
                    store.cut(key)
                else:
                    store.write(key, table, adql)
            if table is None:
                middle = task.middle(low, high)
                if middle is None:
                    raise CatalogError(
                        f"{url} has more sources at one place than it gives out at once; ask for a "
                        "smaller radius."
                    )
                waiting += [(middle, high), (low, middle)]
                bar.total += 1
                bar.refresh()
            else:
                tables.append(table)
                bar.update()
    filled = [t for t in tables if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


def _service(url):
    try:
        import pyvo
        import requests
    except ImportError:
        raise CatalogError(
            "Fetching needs the package pyvo; install it with: pip install 'qsolearn[archives]'."
        ) from None

    class Patient(requests.Session):
        """A session that does not wait for ever."""

        def request(self, *args, **kwargs):
            kwargs.setdefault("timeout", TIMEOUT)
            return super().request(*args, **kwargs)

    return pyvo.dal.TAPService(url, session=Patient())


def _reason(error):
    """First line of what an error says, short and without its full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:120].rstrip(". ")


def _wait_or_give_up(service, error, attempt, pause, kept):
    """After the last attempt say so; before it wait, as long as the service asks for if it does."""
    if attempt + 1 == ATTEMPTS:
        raise CatalogError(
            f"{service.baseurl} does not answer ({_reason(error)}); {kept}"
        ) from None
    asked = getattr(error, "retry_after_seconds", None)
    time.sleep(asked if asked is not None else pause * 2**attempt)


def _ask(service, adql, uploads, columns, pause, folder):
    """One answer as a table, or None if the archive cut it off at its limit of rows."""
    import requests
    from pyvo.dal import exceptions

    kept = f"what was fetched until now is kept in {folder}, so that the same call goes on there."
    for attempt in range(ATTEMPTS):
        _log.info("%s", adql)
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                result = service.run_sync(adql, maxrec=MAX_ROWS, uploads=uploads)
                table = result.to_table()
            break
        except exceptions.DALQueryError as error:
            raise CatalogError(f"{service.baseurl} refused the query: {_reason(error)}.") from None
        except exceptions.DALServiceError as error:
            _wait_or_give_up(service, error, attempt, pause, kept)
        except Exception as error:  # an answer that is no VOTable fails anywhere in its parser
            if isinstance(getattr(error, "cause", error), requests.RequestException):
                _wait_or_give_up(service, error, attempt, pause, kept)
                continue
            raise CatalogError(
                f"{service.baseurl} answered with something that is no whole VOTable "
                f"({_reason(error)}); {kept}"
            ) from None
    if any(issubclass(w.category, exceptions.DALOverflowWarning) for w in said):
        return None
    absent = [c for c in columns if c not in table.colnames]
    if absent:
        raise CatalogError(f"{service.baseurl} answered without the column {absent[0]!r}; {kept}")
    frame = table[list(columns)].to_pandas()
    for column in frame.columns:
        kind = frame[column].dtype
        if pd.api.types.is_extension_array_dtype(kind) and pd.api.types.is_numeric_dtype(kind):
            frame[column] = (
                frame[column].astype(float)
                if frame[column].isna().any()
                else frame[column].astype(kind.numpy_dtype)
            )
    return frame
