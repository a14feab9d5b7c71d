"""Run LePhare 1.0.0 offline on templates, filters and sources given as one npz file.

Run by the Python that has LePhare, which is no dependency of this project:

    PYTHON_WITH_LEPHARE benchmarks/lephare_fit.py job.npz out.npz WORKDIR

``job.npz``: ``wavelength`` [angstrom], ``qso`` (q, pixels), ``galaxy`` (g, pixels), ``star``
(s, pixels) f_lambda; ``filters`` (k, b) response per photon at ``filter_wave``; ``z`` grid (first,
last, step); ``igm`` (81, k) transmission at rest ``igm_wave``; ``mag``, ``err`` (n, b); ``scale``
(b,) error floor; ``counts``, the numbers of sources to time, ascending; ``galaxy_scale`` is handed
back. The whole LEPHAREDIR is made here.
"""

import os
import resource
import sys
from pathlib import Path

import numpy as np


def two_columns(path, x, y):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.column_stack([x, y]), fmt="%.6f %.9e")


def make_folder(job, root):
    """Everything that LePhare wants to read."""
    wave = job["wavelength"]
    flat = np.geomspace(91.2, 1e7, 400)
    vega = flat**-4.0 * 1e6
    for name in ("VegaLCB.sed", "BD+17o4708.sed", "SunLCB.sed"):
        two_columns(root / "vega" / name, flat, vega)
    rows = []
    for k, through in enumerate(job["igm"]):
        two_columns(root / "opa" / f"tau{k:02d}.out", job["igm_wave"], through)
        rows.append(f"{k / 10:.1f} tau{k:02d}.out")
    (root / "opa" / "OPACITY.dat").write_text("\n".join(rows) + "\n")
    for name in ("SMC_prevot.dat", "MW_seaton.dat", "calzetti.dat", "SB_calzetti.dat"):
        two_columns(root / "ext" / name, flat, np.zeros_like(flat))
    bethermin = root / "sed" / "GAL" / "BETHERMIN12"
    two_columns(bethermin / "b.sed", flat, vega)
    (bethermin / "BETHERMIN12_MOD.list").write_text("BETHERMIN12/b.sed 0 0.05\n")
    for kind, folder in (("qso", "QSO"), ("galaxy", "GAL"), ("star", "STAR")):
        names = []
        for k, flux in enumerate(job[kind]):
            two_columns(root / "sed" / folder / "own" / f"{kind}{k:04d}.sed", wave, flux)
            names.append(f"own/{kind}{k:04d}.sed")
        (root / "sed" / folder / "own.list").write_text("\n".join(names) + "\n")
    filters = []
    for k, curve in enumerate(job["filters"].T):
        lit = np.flatnonzero(curve)
        at = slice(lit[0] - 1, lit[-1] + 2)
        two_columns(root / "filt" / "own" / f"f{k}.dat", job["filter_wave"][at], curve[at])
        filters.append(f"own/f{k}.dat")
    keys = [
        "IDENT str spec", "Z_BEST float zgmin[0]", "CHI_BEST float chimin[0]",
        "ZQ_BEST float zqmin[0]", "CHI_QSO float chimin[1]", "CHI_STAR float chimin[2]",
    ]  # fmt: skip
    (root / "alloutputkeys.txt").write_text("\n".join(keys) + "\n")
    (root / "out.para").write_text("\n".join(k.split()[0] for k in keys) + "\n")
    return filters


def main():
    job = dict(np.load(sys.argv[1]))
    root, work = Path(sys.argv[3]) / "dir", Path(sys.argv[3]) / "work"
    filters = make_folder(job, root)
    for name in ("filt", "lib_bin", "lib_mag"):
        (work / name).mkdir(parents=True, exist_ok=True)
    os.environ["LEPHAREDIR"], os.environ["LEPHAREWORK"] = str(root), str(work)
    os.environ["OMP_NUM_THREADS"] = "1"
    import lephare
    from astropy.table import Table

    first, last, step = job["z"]
    b = len(filters)
    zeros = ",".join("0" * b)
    config = dict(lephare.default_cosmos_config)
    config.update(
        FILTER_LIST=",".join(filters), FILTER_REP=str(root / "filt"), FILTER_FILE="own",
        FILTER_CALIB=zeros, TRANS_TYPE="1",
        ERR_SCALE=",".join(f"{s:g}" for s in job["scale"]), ERR_FACTOR="1.0",
        GAL_SED=str(root / "sed/GAL/own.list"), QSO_SED=str(root / "sed/QSO/own.list"),
        STAR_SED=str(root / "sed/STAR/own.list"),
        GAL_LIB="LG", GAL_LIB_IN="LG", GAL_LIB_OUT="MG", QSO_LIB="LQ", QSO_LIB_IN="LQ",
        QSO_LIB_OUT="MQ", STAR_LIB="LS", STAR_LIB_IN="LS", STAR_LIB_OUT="MS",
        ZPHOTLIB="MG,MS,MQ", Z_STEP=f"{step:g},{first:g},{last:g}", Z_INTERP="NO",
        EXTINC_LAW="SMC_prevot.dat", EB_V="0", MOD_EXTINC="0,0", EM_LINES="NO", FIR_LIB="NONE",
        AUTO_ADAPT="NO", PDZ_TYPE="BAY_ZG", INP_TYPE="M", CAT_MAG="AB", CAT_TYPE="SHORT",
        PARA_OUT=str(root / "out.para"), MAG_ABS="0,0", MAG_ABS_QSO="0,0", MIN_THRES="0.0",
        RM_DISCREPANT_BD="1e30", MABS_METHOD="0", MABS_CONTEXT="0", MABS_REF="1", MABS_FILT="1",
        MABS_ZBIN="0,99", RF_COLORS="1,1,1,1", MAG_REF="1", ADDITIONAL_MAG="none", VERBOSE="NO",
        LIMITS_ZBIN="0,99", LIMITS_MAPP_REF="1", LIMITS_MAPP_SEL="1", LIMITS_MAPP_CUT="90",
        ADAPT_BAND="1", GLB_CONTEXT="0", FORB_CONTEXT="-1",
    )  # fmt: skip
    keymap = lephare.all_types_to_keymap(config)
    lephare.prepare(keymap, star_config={}, gal_config={}, qso_config={})
    times, table = {}, None
    for n in [int(c) for c in job["counts"]]:
        columns = {"id": np.arange(n)}
        for k in range(b):
            columns[f"m{k}"], columns[f"e{k}"] = job["mag"][:n, k], job["err"][:n, k]
        columns["context"] = np.zeros(n, int)
        columns["zspec"] = np.full(n, -99.0)
        columns["string"] = ["s"] * n
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        table, _ = lephare.process(keymap, Table(columns))
        times[n] = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - used
        print("LePhare", n, "sources", round(times[n], 2), "CPU-s", flush=True)
    photz = lephare.PhotoZ(keymap)
    library = photz.fullLib
    kind = np.array([0 if s.is_gal() else 1 if s.is_qso() else 2 for s in library])
    np.savez(
        sys.argv[2], counts=job["counts"], cpu=np.array(list(times.values())),
        chi2_galaxy=np.array(table["CHI_BEST"], float), chi2_qso=np.array(table["CHI_QSO"], float),
        chi2_star=np.array(table["CHI_STAR"], float), z_qso=np.array(table["ZQ_BEST"], float),
        lib_mag=np.array([np.array(s.mag) for s in library]), lib_kind=kind,
        lib_z=np.array([s.red for s in library]), galaxy_scale=job["galaxy_scale"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
