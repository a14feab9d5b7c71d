"""A stranger's catalog, from file to night, on the command line alone."""

import tomllib

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table

from qsolearn import display
from qsolearn.cli import main
from qsolearn.doctor import examine
from qsolearn.frame import load_column_map, read_table, write_frame
from qsolearn.frame.drafting import draft_column_map
from qsolearn.frame.schema import DESCRIPTIONS, describe
from qsolearn.observing import observing_plan
from qsolearn.photometry import vega_from_ab
from qsolearn.selection import compare_with_domain, load_selector
from qsolearn.simulate import make_sky

BANDS = ["ps1_g", "ps1_r", "ps1_i", "ps1_z", "wise_w1", "wise_w2"]
NAMES = dict(zip(BANDS, ["gP1", "rP1", "iP1", "zP1", "W1v", "W2v"], strict=True))
MIX = {"Star": 0.7, "Galaxy": 0.1, "QSOlowZ": 0.2}


@pytest.fixture
def run(capsys):
    """Run a command; give its exit status, standard output and standard error."""

    def call(*args):
        status = 0
        try:
            main([str(a) for a in args])
        except SystemExit as stop:
            status = stop.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What is known (Parquet), a foreign catalog (FITS and VOTable) and two column maps."""
    folder = tmp_path_factory.mktemp("own")
    known, sky = (
        make_sky("ps1-gaia-wise", n_sources=n, seed=s, composition=MIX)
        for n, s in ((3000, 1), (1500, 2))
    )
    write_frame(known, folder / "known.parquet")
    table = pd.DataFrame({"Star_no": np.arange(len(sky)), "RAJ": sky["ra"], "DEJ": sky["dec"]})
    for band, name in NAMES.items():
        mag = sky[f"mag_{band}"].to_numpy(float)
        mag = vega_from_ab(mag, band) if band.startswith("wise") else mag
        table[name] = np.nan_to_num(mag, nan=-99.0)
        table[f"e_{name}"] = sky[f"err_{band}"].to_numpy(float)
    table.loc[:99, "zP1"] = -99.0
    Table.from_pandas(table).write(folder / "mine.fits")
    Table.from_pandas(table).write(
        folder / "mine.vot", format="votable", tabledata_format="binary2"
    )
    for name, vega in (("right", True), ("wrong", False)):
        lines = ["[columns]", 'id = "Star_no"']
        for band, column in NAMES.items():
            lines += [f"[bands.{band}]", f'mag = "{column}"', f'err = "e_{column}"']
            lines += ['system = "vega"'] if vega and band.startswith("wise") else []
        (folder / f"{name}.toml").write_text("\n".join(lines) + "\n")
    main_args = ["train", folder / "known.parquet", "--label", "true_class"]
    main_args += ["--method", "reverse", "--target", "QSOlowZ", "--bands", ",".join(BANDS)]
    main([*map(str, main_args), "-o", str(folder / "model")])
    return folder


def test_a_draft_becomes_a_map_by_deleting_comment_signs(folder, run, tmp_path):
    draft = tmp_path / "draft.toml"
    status, out, err = run("doctor", folder / "mine.fits", "--draft", draft)
    assert (status, err) == (0, "")
    assert "--draft map.toml begins it" in out
    assert f"wrote {draft}: complete it" in out
    text = draft.read_text()
    assert tomllib.loads(text) == {"columns": {"ra": "RAJ", "dec": "DEJ"}}
    assert '# id = "Star_no"' in text
    assert "# [bands.wise_w1]" in text
    assert "sdss_g, ps1_g, gaia_g or legacy_g?" in text
    # What a reader would do: choose a survey, say Vega, take away the signs.
    for band, column in NAMES.items():
        head, _, rest = text.partition(f'# mag = "{column}"')
        kept = head.rstrip().rsplit("\n", 1)[0]
        text = f'{kept}\n[bands.{band}]\nmag = "{column}"{rest}'
    text = text.replace('# id = "', 'id = "').replace("# err", "err")
    text = text.replace('# system = "ab"', 'system = "ab"')
    draft.write_text(text)
    bands = load_column_map(draft)["bands"]
    assert {b: (s["mag"], s["err"]) for b, s in bands.items()} == {
        b: (c, f"e_{c}") for b, c in NAMES.items()
    }
    status, _, err = run("doctor", folder / "mine.fits", "--draft", draft)
    assert status == 1
    assert "exists already" in err


def test_drafts_of_odd_names():
    numbers = np.array([18.0, 19.0, 20.0])
    table = pd.DataFrame(
        {"u_psf": numbers, "u_sigma": [0.1, 0.2, 0.3], 'a "b"': numbers, "Kmag": numbers}
    )
    text = draft_column_map(table)
    assert "# [bands.sdss_u]" in text
    assert '# err = "u_sigma"' in text
    assert "twomass_ks or vista_ks?" in text
    live = "\n".join(line.removeprefix("# ") for line in text.splitlines() if "mag = " in line)
    tomllib.loads(live.replace("mag = ", "x.y = ", 1).splitlines()[0])


def test_doctor_tells_a_forgotten_vega(folder, run, tmp_path):
    args = ["doctor", folder / "mine.vot", "--model", folder / "model", "--columns"]
    status, out, _ = run(*args, folder / "wrong.toml")
    assert status == 0
    assert "Mend the zero points first: W1, W2 look like Vega" in out
    assert "z-W1: shifted by" in out
    figure = tmp_path / "distance.png"
    before = plt.get_backend(), plt.get_fignums()
    status, out, _ = run(*args, folder / "right.toml", "--figure", figure)
    assert status == 0
    assert (plt.get_backend(), plt.get_fignums()) == before  # a notebook's own figures still show
    assert "Mend" not in out
    assert "lie outside the training domain" in out
    assert figure.read_bytes()[:4] == b"\x89PNG"


def test_doctor_says_why_it_cannot_tell(folder, run, tmp_path):
    right = (folder / "right.toml").read_text()
    (tmp_path / "less.toml").write_text(right[: right.index("[bands.wise_w2]")])
    model = ["--model", folder / "model"]
    _, out, _ = run("doctor", folder / "mine.fits", "--columns", tmp_path / "less.toml", *model)
    assert "Not told: The catalog lacks wise_w2 of the model" in out
    _, out, _ = run("doctor", folder / "mine.fits", *model)
    assert "Not told: no band could be read" in out
    (tmp_path / "typo.toml").write_text(right.replace("W2v", "W2"))
    _, out, _ = run("doctor", folder / "mine.fits", "--columns", tmp_path / "typo.toml")
    assert "none could be read: Column 'W2' (mag of wise_w2) is not in the catalog" in out
    assert "write a column map" not in out
    selector = load_selector(folder / "model")
    selector.domain_ = None
    mapping = load_column_map(folder / "right.toml")
    told = examine(folder / "mine.fits", bands=mapping["bands"], selector=selector)
    assert "no record of its training sample" in str(told)
    for wrong in (["--figure", tmp_path / "f.png"], [*model, "--figure", tmp_path / "f.doc"]):
        status, _, err = run("doctor", folder / "mine.fits", *wrong)
        assert status == 2
        assert "--figure" in err or "ends in .png" in err


def test_from_file_to_night(folder, run, tmp_path):
    out, ranked, regions = (tmp_path / n for n in ("out.fits", "list.vot", "list.reg"))
    status, said, err = run(
        "select", folder / "mine.vot", "--columns", folder / "right.toml", "--model",
        folder / "model", "-o", out, "--ranked", ranked, "--regions", regions, "--top", 50,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert str(ranked) in said
    table = read_table(ranked)
    assert table["rank"].tolist() == list(range(1, 51))
    every = read_table(out)
    best = every[every["is_candidate"]].sort_values("P_QSO", ascending=False)
    np.testing.assert_allclose(table["P_QSO"], best["P_QSO"].to_numpy()[:50])
    assert table["reason"].str.contains("last step: QSOlowZ").all()
    assert regions.read_text().count("circle") == 50
    fields = {f.name: f for f in parse(ranked).get_first_table().fields}
    for name in ("rank", "ra", "P_QSO", "warnings", "domain_distance", "mag_wise_w1"):
        unit, ucd = describe(name)
        assert (fields[name].unit and str(fields[name].unit), fields[name].ucd) == (unit, ucd)
        assert fields[name].description
    header = fits.getheader(out, 1)
    comments = {header[f"TTYPE{k}"]: header.get(f"TCOMM{k}") for k in range(1, header["TFIELDS"])}
    assert comments["P_QSO"] == DESCRIPTIONS["P_QSO"]
    place = ["--site", "paranal", "--night", "2026-11-21", "-o", tmp_path / "plan.vot"]
    status, said, _ = run("plan", ranked, *place, "--regions", tmp_path / "plan.reg")
    assert status == 0
    plan = read_table(tmp_path / "plan.vot")
    assert plan["best_utc"].is_monotonic_increasing
    assert plan["airmass"].between(1, 2.01).all()
    assert set(plan["reason"]) <= set(table["reason"])


@pytest.mark.filterwarnings("default::qsolearn.errors.CatalogWarning")
def test_select_says_that_a_catalog_is_foreign(folder, run, tmp_path):
    args = ["select", folder / "mine.fits", "--model", folder / "model"]
    status, _, err = run(*args, "--columns", folder / "wrong.toml", "-o", tmp_path / "o.fits")
    assert status == 0
    assert "note: Mend the zero points first" in err
    for option, name, sentence in (
        ("--ranked", "list.doc", "none of the endings"),
        ("--regions", "list.txt", "ends in .reg"),
        ("--top", "0", "at least one candidate"),
    ):
        status, _, err = run(
            *args, "--columns", folder / "right.toml", "-o", tmp_path / f"{option}.fits",
            *([option, tmp_path / name] if option != "--top"
              else ["--top", "0", "--ranked", tmp_path / "l.vot"]),
        )  # fmt: skip
        assert status == 1
        assert sentence in err
        assert not (tmp_path / f"{option}.fits").exists()


def test_the_list_holds_the_magnitudes_as_given(folder, run, tmp_path):
    known = folder / "known.parquet"
    train = ["train", known, "--label", "true_class", "--deredden", "sf11", "--bands"]
    run(*train, ",".join(BANDS[:4]), "-o", tmp_path / "m")
    run("select", known, "--model", tmp_path / "m", "-o", tmp_path / "o.parquet",
        "--ranked", tmp_path / "l.csv")  # fmt: skip
    table = pd.read_csv(tmp_path / "l.csv").set_index("id")
    given = read_table(known).set_index("id").loc[table.index]
    np.testing.assert_allclose(table["mag_ps1_g"], given["mag_ps1_g"])


def test_bands_of_several_surveys_are_ordered_by_wavelength(folder, run, tmp_path):
    shuffled = read_table(folder / "known.parquet")
    shuffled = shuffled[
        [c for c in shuffled if "wise" in c] + [c for c in shuffled if "wise" not in c]
    ]
    write_frame(shuffled, tmp_path / "known.parquet")
    status, _, _ = run("train", tmp_path / "known.parquet", "--label", "true_class",
                       "--method", "reverse", "-o", tmp_path / "m")  # fmt: skip
    assert status == 0
    bands = load_selector(tmp_path / "m").bands
    assert bands[:4] == ["ps1_g", "gaia_bp", "ps1_r", "gaia_g"]
    assert bands[-2:] == ["wise_w3", "wise_w4"]


def test_displays(folder):
    selector = load_selector(folder / "model")
    sky = make_sky("ps1-gaia-wise", n_sources=300, seed=9, composition=MIX)
    sky["mag_wise_w1"] += 9.0
    report = compare_with_domain(selector.domain_, sky)
    shown = display.DomainDisplay.from_report(report).plot()
    labels = {t.get_text(): t.get_fontweight() for t in shown.ax_.get_yticklabels()}
    assert labels["g-r"] == "normal"
    assert labels["W1-W2"] == "bold"
    magnitudes = display.DomainDisplay.from_report(report, magnitudes=True)
    assert magnitudes.names == ["g", "r", "i", "z", "W1", "W2"]
    plan = observing_plan(sky, "paranal", "2026-11-21")
    night = display.NightDisplay.from_plan(plan, n=5).plot()
    assert len(night.ax_.get_lines()) == 6
    assert night.ax_.get_title() == "paranal, night of 2026-11-21"
    assert next(iter(night.altitudes)) == plan["id"].iloc[0]
