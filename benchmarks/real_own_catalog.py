"""Real catalogs as a stranger would bring them; writes book/your_catalog/real.json.

    QSOLEARN_DATA=folder python benchmarks/real_own_catalog.py [desi | ps1_gaia_wise]

(or: make real)

Two files are written with foreign column names, WISE (and Gaia) magnitudes in Vega, sentinels and
gaps, and then only the command line is used: doctor, train, select, judge.

DESI DR1: half of the sources, with their spectral classes, are what is known (FITS); the other half
is the catalog to search (VOTable). Sources whose photometry repeats another's, most of which have
none at all, are left out first.

PS1+Gaia+WISE: the known quasars are the catalog, with y missing for every tenth and W3 = 0 for
every eighth. The file holds no stars, so the model learns from a simulated sky, and no efficiency
can be measured.

Every setting is the default of the command line but ``--method reverse`` (with the target) beside
the default method: nothing was chosen on the sources that judge. Each catalog is also selected with
a column map that forgets to say Vega.
"""

import argparse
import contextlib
import io
import json
import os
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table

from qsolearn.cli import main as run_qsolearn
from qsolearn.cli.selecting import as_trained
from qsolearn.datasets import load_desi_dr1, load_ps1_gaia_wise_quasars
from qsolearn.doctor import examine
from qsolearn.frame import load_column_map, read_table, write_frame
from qsolearn.judge import proportion
from qsolearn.photometry import vega_from_ab
from qsolearn.selection import load_selector
from qsolearn.simulate import make_sky

OUT = Path(__file__).parents[1] / "book/your_catalog/real.json"
SEED = 11
DESI = {
    "legacy_g": "Gtot",
    "legacy_r": "Rtot",
    "legacy_z": "Ztot",
    "wise_w1": "W1v",
    "wise_w2": "W2v",
}
VOSS = {
    **{f"ps1_{f}": f"p_{f}" for f in "grizy"},
    "gaia_bp": "Gaia_BP", "gaia_g": "Gaia_G", "gaia_rp": "Gaia_RP",
    "wise_w1": "W1", "wise_w2": "W2", "wise_w3": "W3",
}  # fmt: skip
#: The simulated sky's classes: many quasars to learn from, and what hides them.
MIX = {"Star": 0.70, "Galaxy": 0.10, "QSOlowZ": 0.15, "QSOhighZ": 0.04, "other": 0.01}


def is_vega(band):
    """Which bands the stranger gives in Vega: those of Gaia and WISE."""
    return band.startswith(("wise", "gaia"))


def foreign(frame, names):
    """The frame as somebody else's table."""
    out = pd.DataFrame({"Obj": np.arange(len(frame)), "RAJ": frame["ra"], "DEJ": frame["dec"]})
    for band, name in names.items():
        mag = frame[f"mag_{band}"].to_numpy(float)
        out[name] = np.nan_to_num(vega_from_ab(mag, band) if is_vega(band) else mag, nan=-99.0)
        if frame[f"err_{band}"].notna().any():
            out[f"e_{name}"] = frame[f"err_{band}"].to_numpy(float)
    return out


def column_map(path, table, names, *, vega=True, without=()):
    """Write the map of a foreign table; it may forget to say Vega."""
    lines = ["[columns]", 'id = "Obj"', 'ra = "RAJ"', 'dec = "DEJ"']
    for band, name in names.items():
        if band in without:
            continue
        lines += [f"[bands.{band}]", f'mag = "{name}"']
        lines += [f'err = "e_{name}"'] if f"e_{name}" in table else []
        lines += ['system = "vega"'] if vega and is_vega(band) else []
    Path(path).write_text("\n".join(lines) + "\n")


def command(*args):
    """Run the command line in this process; what it printed, on both streams."""
    args, said, noted, status = [str(a) for a in args], io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(noted):
        try:
            run_qsolearn(args)
        except SystemExit as stop:
            status = stop.code or 0
    print("$ qsolearn", *[Path(a).name if "/" in a else a for a in args])
    print(said.getvalue() + noted.getvalue(), flush=True)
    if status:
        raise SystemExit(f"qsolearn ended with {status}")
    return said.getvalue().strip(), noted.getvalue().strip()


def diagnosis(catalog, map_path, model):
    """What doctor says of a catalog and a model, as numbers."""
    mapping = load_column_map(map_path)
    found = examine(
        catalog, bands=mapping["bands"], columns=mapping["columns"],
        selector=load_selector(model), treat=as_trained,
    )  # fmt: skip
    return found.domain.to_dict() | {"problems": found.problems}


def judged(folder, catalog, map_name, model, truth):
    """Select and judge; rates with intervals, and the list."""
    out, listed, numbers = folder / "out.parquet", folder / "list.vot", folder / "judged.json"
    said, noted = command(
        "select", catalog, "--columns", folder / map_name, "--model", folder / model,
        "-o", out, "--ranked", listed, "--overwrite",
    )  # fmt: skip
    command("judge", out, "--truth", truth, "--columns", folder / "truth.toml",
            "--json", numbers, "--overwrite")  # fmt: skip
    rates = json.loads(numbers.read_text())["rates"]
    ranked = read_table(listed)
    return {
        "said": said.split("; wrote")[0],
        "noted": noted,
        "rates": rates,
        "listed": len(ranked),
        "with_warnings": int((ranked["warnings"].fillna("") != "").sum()),
        "first_reason": str(ranked["reason"].iloc[0]) if len(ranked) else "",
    }, out


def desi(folder):
    frame, labels = load_desi_dr1()
    repeated = frame[[f"mag_{b}" for b in DESI]].duplicated().to_numpy()
    rows = np.random.default_rng(SEED).permutation(np.flatnonzero(~repeated))
    frame, labels = frame.iloc[rows], labels.iloc[rows]
    half = len(rows) // 2
    table = foreign(frame, DESI).drop(columns=["RAJ", "DEJ"])
    kind = labels["true_class"].to_numpy(str)
    known = table[:half].assign(kind=kind[:half], zspec=labels["true_z"].to_numpy()[:half])
    Table.from_pandas(known).write(folder / "known.fits")
    Table.from_pandas(table[half:]).write(
        folder / "mine.vot", format="votable", tabledata_format="binary2"
    )
    truth = pd.DataFrame({"Obj": table["Obj"][half:], "true_class": kind[half:]})
    truth.to_csv(folder / "truth.csv", index=False)
    (folder / "truth.toml").write_text('[columns]\nid = "Obj"\n')
    for name, options in {
        "map": {}, "ab": {"vega": False}, "no_w2": {"without": ["wise_w2"]},
    }.items():  # fmt: skip
        column_map(folder / f"{name}.toml", table, DESI, **options)
        text = (folder / f"{name}.toml").read_text()
        (folder / f"{name}.toml").write_text(
            text.replace('ra = "RAJ"\n', "").replace('dec = "DEJ"\n', "")
        )
    train = ["train", folder / "known.fits", "--label", "kind"]
    reverse = ["--method", "reverse", "--target", "QSOlowZ"]
    maps = ["--columns", folder / "map.toml"]
    command(*train, *maps, "-o", folder / "kde")
    command(*train, *maps, *reverse, "-o", folder / "reverse")
    command(*train, "--columns", folder / "no_w2.toml", *reverse, "-o", folder / "reverse_no_w2")
    mine, truth = folder / "mine.vot", folder / "truth.csv"
    out = {
        "rows": {"repeated": int(repeated.sum()), "known": half, "catalog": len(truth_rows(truth))},
        "mix": pd.Series(kind[half:]).value_counts().to_dict(),
        "doctor_wrong_map": diagnosis(mine, folder / "ab.toml", folder / "reverse"),
        "doctor": diagnosis(mine, folder / "map.toml", folder / "reverse"),
    }
    for name, (mapped, model) in {
        "kde": ("map.toml", "kde"),
        "reverse": ("map.toml", "reverse"),
        "reverse, Vega forgotten": ("ab.toml", "reverse"),
        "reverse, no W2": ("no_w2.toml", "reverse_no_w2"),
    }.items():
        out.setdefault("selections", {})[name] = judged(folder, mine, mapped, model, truth)[0]
    return out


def truth_rows(path):
    """Rows of a truth file."""
    return pd.read_csv(path)


def voss(folder):
    frame, labels = load_ps1_gaia_wise_quasars()
    table = foreign(frame, VOSS)
    table.loc[::10, "p_y"] = np.nan
    table.loc[::8, "W3"] = 0.0
    Table.from_pandas(table).write(folder / "mine.fits")
    pd.DataFrame({"Obj": table["Obj"], "true_class": labels["true_class"]}).to_csv(
        folder / "truth.csv", index=False
    )
    (folder / "truth.toml").write_text('[columns]\nid = "Obj"\n')
    column_map(folder / "map.toml", table, VOSS)
    column_map(folder / "ab.toml", table, VOSS, vega=False)
    write_frame(
        make_sky("ps1-gaia-wise", n_sources=20_000, seed=SEED, composition=MIX),
        folder / "known.parquet",
    )
    command(
        "train", folder / "known.parquet", "--label", "true_class", "--method", "reverse",
        "--target", "QSOlowZ", "--bands", ",".join(VOSS), "-o", folder / "model",
    )  # fmt: skip
    mine, truth = folder / "mine.fits", folder / "truth.csv"
    out = {
        "rows": {"known": 20_000, "catalog": len(table)},
        "mix": labels["true_class"].value_counts().to_dict(),
        "doctor_wrong_map": diagnosis(mine, folder / "ab.toml", folder / "model"),
        "doctor": diagnosis(mine, folder / "map.toml", folder / "model"),
    }
    for name, mapped in (("reverse", "map.toml"), ("reverse, Vega forgotten", "ab.toml")):
        result, selected = judged(folder, mine, mapped, "model", truth)
        out.setdefault("selections", {})[name] = result
        if mapped == "map.toml":
            chosen = read_table(selected)
            frame = chosen.assign(**{c: chosen[c].astype(float) for c in chosen if c[:4] == "mag_"})
            selector = load_selector(folder / "model")
            distance = selector.domain_.distance(frame)
            inside = distance <= selector.domain_.threshold
            out["completeness"] = {
                where: proportion(
                    int(chosen["is_candidate"].to_numpy(bool)[rows].sum()), int(rows.sum())
                ).to_dict()
                for where, rows in (("inside the domain", inside), ("outside", ~inside))
            }
    return out


PARTS = {"desi": desi, "ps1_gaia_wise": voss}


def main():
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    wanted = parser.parse_args().part or list(PARTS)
    results = json.loads(OUT.read_text()) if OUT.exists() else {}
    results |= {
        "command": "python benchmarks/real_own_catalog.py",
        "date": date.today().isoformat(),
        "seed": SEED,
        "versions": {p: version(p) for p in ("qsolearn", "numpy", "scikit-learn", "xgboost")},
    }
    for name in wanted:
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            results[name] = PARTS[name](Path(folder))
        results[name]["cpu_seconds"] = round(time.process_time() - start, 1)
        OUT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {results[name]['cpu_seconds']} CPU seconds; wrote {OUT.name}")


if __name__ == "__main__":
    main()
