import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal

from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes, read_frame, write_frame
from qsolearn.judge import completeness_chain
from qsolearn.papers import richards2004 as paper
from qsolearn.photometry import color_covariance, colors, deredden
from qsolearn.redshift import ColorRedshiftRelation, ConditionalRedshift
from qsolearn.selection import (
    FrameSelector,
    KernelBayesClassifier,
    UVExcessCut,
    load_selector,
    save_selector,
    select_frame,
)
from qsolearn.simulate import make_sky

BANDS = list(paper.BANDS)


@pytest.fixture(scope="module")
def training():
    made = make_sky("sdss", n_sources=25_000, seed=2)
    label = np.where(made["true_class"].str.startswith("QSO"), "QSO", "Star")
    return deredden(made, convention="sfd98"), label, made["true_z"].to_numpy()


@pytest.fixture(scope="module")
def selector(training):
    return paper.recipe(redshift=ConditionalRedshift(min_objects=20)).fit(*training)


@pytest.fixture(scope="module")
def new():
    made = make_sky("sdss", n_sources=25_000, seed=3)
    return made[paper.in_test_set(deredden(made))].reset_index(drop=True)


def test_published_numbers_are_consistent():
    p = paper.PUBLISHED
    assert round(p["spectroscopic_quasars"] / p["spectroscopic_matches"], 3) == 0.976
    assert round(p["completeness_chain"][3] / p["completeness_chain"][2], 3) == p["completeness"]
    assert round(p["quasars_extrapolated"] / p["catalog"], 3) == p["efficiency_extrapolated"]
    assert round(p["quasars_extrapolated"] / p["area_deg2"], 1) == p["quasars_per_deg2"]
    cut = paper.color_cut_efficiency(p["uvx_cut_in_catalog"], p["uvx_cut_in_input"], 0.95)
    assert round(cut, 3) == p["uvx_cut_efficiency"]


def test_the_recipe_is_built_from_general_parts(selector):
    estimator = selector.estimator
    assert estimator.bandwidth == 0.15
    assert estimator.priors == {"QSO": 0.12, "Star": 0.88}
    assert estimator.gaussian_factor == 1 / np.sqrt(8)
    assert isinstance(paper.recipe().redshift, ColorRedshiftRelation)
    assert (~selector.estimator_.kept_).any()


def test_selected_are_bayes_candidates_below_the_limit(selector, new):
    frame = deredden(new, convention="sfd98")
    out = select_frame(selector, frame)
    X = colors(magnitudes(frame, BANDS))
    X = pd.DataFrame(X, columns=["u-g", "g-r", "r-i", "i-z"])
    model = selector.estimator_
    log_star = model.log_density(X)[:, 1] / np.log(10)
    bayes = model.predict_proba(X)[:, 0] > 0.5
    assert_array_equal(out["is_candidate"], bayes & (log_star <= model.star_density_limit_))
    lost = bayes & (log_star > model.star_density_limit_)
    assert lost.any()
    assert out["reason"][lost].str.endswith("stars are too dense here").all()
    assert (out["P_QSO"][lost] > 0.5).all()
    assert_array_equal(selector.log10_densities(frame)[:, 1], log_star)


def test_candidates_have_redshifts(selector, new):
    frame = deredden(new, convention="sfd98")
    out = select_frame(selector, frame)
    assert_array_equal(out["z_phot"].notna(), out["is_candidate"])
    chosen = frame[out["is_candidate"].to_numpy()]
    err = chosen[[f"err_{b}" for b in BANDS]].to_numpy()
    X = colors(magnitudes(chosen, BANDS))
    direct = selector.redshift_.predict(X, color_covariance(err))
    assert_allclose(out["z_phot"].dropna(), direct["z_phot"])
    quasar = chosen["true_class"].str.startswith("QSO").to_numpy()
    away = np.abs(direct["z_phot"] - chosen["true_z"].to_numpy())[quasar]
    assert np.mean(away < 0.3) > 0.5
    # An error that is missing leaves the redshift to the colors alone.
    blind = chosen.assign(err_sdss_g=np.nan)
    assert_allclose(selector.redshifts(blind)["z_phot"], selector.redshift_.predict(X)["z_phot"])


@pytest.mark.parametrize(
    "redshift",
    [ConditionalRedshift(min_objects=20), ColorRedshiftRelation(bin_width=0.2, min_objects=9)],
)
def test_a_saved_recipe_selects_the_same(training, new, tmp_path, redshift):
    own = paper.recipe(redshift=redshift).fit(*training)
    save_selector(own, tmp_path / "model")
    again = load_selector(tmp_path / "model")
    frame = deredden(new, convention="sfd98")
    pd.testing.assert_frame_equal(select_frame(again, frame), select_frame(own, frame))
    pd.testing.assert_frame_equal(again.redshifts(frame), own.redshifts(frame))
    assert again.n_redshifts_ == own.n_redshifts_ > 50
    assert {p.name for p in (tmp_path / "model").iterdir()} == {"arrays.npz", "model.json"}


def test_a_model_without_redshifts_is_read_too(training, tmp_path):
    import json

    frame, label, _ = training
    own = FrameSelector(KernelBayesClassifier(), BANDS).fit(frame, label)
    save_selector(own, tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    record = json.loads(path.read_text())
    del record["redshift"], record["redshifts"]  # as it was written before there were any
    path.write_text(json.dumps(record))
    out = select_frame(load_selector(tmp_path / "model"), frame.head(500))
    assert out["z_phot"].isna().all()


def test_the_catalog_has_the_papers_columns(selector, new, tmp_path):
    matches = pd.DataFrame({"previous_class": new["label_class"], "radio_mjy": 1.5})
    table = paper.catalog(selector, new, matches)
    out = select_frame(selector, deredden(new, convention="sfd98"))
    assert len(table) == out["is_candidate"].sum()
    assert list(table) == list(paper.CATALOG_COLUMNS)
    assert len(paper.CATALOG_COLUMNS) == 33
    assert table["ra"].is_monotonic_increasing
    assert_array_equal(table["number"], np.arange(1, len(table) + 1))
    first = new.set_index("ra").loc[table["ra"]]
    assert_allclose(table["mag_sdss_u"], first["mag_sdss_u"])
    assert_allclose(table["extinction_sdss_u"], 5.155 * first["ebv"])
    assert_array_equal(table["previous_class"], first["label_class"])
    assert (table["z_low"] <= table["z_phot"]).all()
    assert (table["z_phot"] <= table["z_high"]).all()
    limit = 10**selector.estimator_.star_density_limit_
    assert (table["density_star"] <= limit * 1.0001).all()
    for ending in ("fits", "vot", "parquet", "ecsv"):
        write_frame(table, tmp_path / f"catalog.{ending}")
        back = read_frame(tmp_path / f"catalog.{ending}", keep="all")
        assert_allclose(back["mag_sdss_i"], table["mag_sdss_i"])
        assert_allclose(back["density_quasar"], table["density_quasar"])
    from astropy.table import Table

    units = Table.read(tmp_path / "catalog.fits")
    assert str(units["proper_motion"].unit) == "mas / yr"
    assert str(units["density_star"].unit) == "1 / mag4"
    assert str(units["extinction_sdss_g"].unit) == "mag"


def test_names_are_truncated_coordinates(selector):
    from qsolearn.papers.richards2004.catalog import _names

    ra, dec = np.array([0.0078478, 210.999, 359.99999]), np.array([-9.7811413, 0.5155, -0.00001])
    names = _names(ra, dec)
    assert names[0] == "SDSS J000001.88-094652.1"  # first row of the paper's Table 1
    back = SkyCoord([n[6:8] + "h" + n[8:10] + "m" + n[10:15] + "s" for n in names],
                    [n[15:18] + "d" + n[18:20] + "m" + n[20:] + "s" for n in names])  # fmt: skip
    assert np.all((ra - back.ra.deg) * 3600 < 0.16)
    assert np.all(ra >= back.ra.deg - 1e-9)
    assert_allclose(back.dec.deg, dec, atol=0.11 / 3600)


def test_star_cuts_use_what_the_frame_has():
    frame = pd.DataFrame(
        {
            "mag_sdss_u": 18.2, "mag_sdss_g": [14.0, 18.0, 18.0, 18.0, 18.0, 18.0, np.nan],
            "err_sdss_u": 0.1, "fatal": [False, True, False, False, False, False, False],
            "non_fatal": [False, False, True, False, False, False, False],
            "extended": [False, False, False, True, False, False, False],
            "radio_mjy": [np.nan, np.nan, np.nan, -1.0, 2.0, 0.0, 0.0],
        }
    )  # fmt: skip
    known = ["", "", "", "", "", "QSOlowZ", ""]
    cuts = paper.star_cuts(frame, known)
    assert {name: np.flatnonzero(~ok).tolist() for name, ok in cuts.items()} == {
        "14.5 < g < 21": [0, 6],
        "no fatal flag": [1],
        "no non-fatal flag": [2],
        "point source": [3],
        "no radio source": [4],
        "no known quasar": [5],
    }
    assert completeness_chain(cuts)["n"].tolist() == [7, 5, 4, 3, 2, 1, 0]
    assert paper.in_test_set(frame).tolist() == [False] * 4 + [True, True, False]
    assert list(paper.star_cuts(frame[["mag_sdss_g"]])) == ["14.5 < g < 21"]


def test_simulated_completeness_falls_with_dust(selector):
    edges = np.array([0.5, 1.0, 1.5, 2.0, 3.0])
    plain = paper.simulated_completeness(selector, edges, n=200, seed=1)
    again = paper.simulated_completeness(selector, edges, n=200, seed=1)
    dusty = paper.simulated_completeness(selector, edges, reddening=0.15, n=200, seed=1)
    pd.testing.assert_frame_equal(plain, again)
    assert (plain["n"] == 200).all()
    assert (plain["value"] > dusty["value"]).all()
    assert plain["value"].iloc[:3].min() > 0.7
    assert plain["value"].iloc[3] < plain["value"].iloc[0]


def test_training_accuracies(training, selector, new):
    frame, label, _ = training
    X = colors(magnitudes(frame, BANDS))
    new = deredden(new, convention="sfd98")
    y_new = np.where(new["true_class"].str.startswith("QSO"), "QSO", "Star")
    X_new = colors(magnitudes(new, BANDS))
    table = paper.training_accuracies(selector.estimator, X, label, X_new, y_new)
    assert table.loc["QSO", "resubstitution"] > table.loc["QSO", "leave_one_out"]
    assert table.loc["Star", "leave_one_out_cleaned"] > table.loc["Star", "leave_one_out"]
    predicted = selector.estimator_.classifier_.predict(X_new)
    assert table.loc["QSO", "held_out"] == np.mean(predicted[y_new == "QSO"] == "QSO")


def test_pairs_need_nearness_and_one_redshift():
    table = pd.DataFrame(
        {
            "ra": [359.9999, 0.0001, 100.0, 100.0, 100.0], "dec": [0.0, 0.0, 60.0, 60.002, 60.5],
            "z_low": [1.0, 1.1, 0.5, 2.0, 0.5], "z_high": [1.2, 1.4, 0.7, 2.3, 0.7],
        }
    )  # fmt: skip
    pairs = paper.pairs_at_one_redshift(table, 10.0)
    assert pairs[["first", "second"]].values.tolist() == [[0, 1], [2, 3]]
    assert_allclose(pairs["separation"], [0.72, 7.2], rtol=1e-4)
    assert pairs["same_redshift"].tolist() == [True, False]
    assert len(paper.pairs_at_one_redshift(table, 0.1)) == 0


ONE_SENTENCE = [
    (lambda s, f: paper.catalog(s, deredden(f)), "before dereddening"),
    (lambda s, f: paper.catalog(s, f.assign(ra=np.nan)), "every row needs ra and dec"),
    (lambda s, f: paper.catalog(s, f, pd.DataFrame({"row": [1.0]})), "1 rows of matches"),
    (lambda s, f: paper.star_cuts(f, ["QSO"]), "but 1 known classes"),
    (lambda s, f: paper.in_test_set(f.assign(fatal=1)), "must be boolean, not int"),
    (lambda s, f: paper.simulated_completeness(s, [1.0, 0.5]), "at least two, increasing"),
    (lambda s, f: paper.color_cut_efficiency(5, 4, 0.9), "a part of the input"),
    (lambda s, f: paper.recipe().fit(f, ["QSO"] * len(f)), "not among the labels QSO"),
    (
        lambda s, f: paper.recipe().fit(f, ["QSO", "Star"] * (len(f) // 2), [0.1]),
        "1 redshifts were given",
    ),
    (
        lambda s, f: FrameSelector(UVExcessCut(), BANDS, redshift=ConditionalRedshift()).fit(
            f, ["QSO", "Star"] * (len(f) // 2)
        ),
        "0 redshifts were given",
    ),
    (
        lambda s, f: FrameSelector(UVExcessCut(), BANDS, redshift=ConditionalRedshift()).fit(
            f, ["QSO", "Star"] * (len(f) // 2), [np.nan] * len(f)
        ),
        "No training quasar has a redshift",
    ),
    (
        lambda s, f: (
            FrameSelector(UVExcessCut(), BANDS)
            .fit(f, ["QSO", "Star"] * (len(f) // 2))
            .log10_densities(f)
        ),
        "tells no densities",
    ),
]


@pytest.mark.parametrize(("act", "words"), ONE_SENTENCE, ids=lambda v: v if type(v) is str else "")
def test_one_sentence(selector, new, act, words):
    new = new.iloc[: len(new) // 2 * 2].copy()
    with pytest.raises(CatalogError, match=words) as error:
        act(selector, new)
    assert str(error.value).endswith(".")


def test_another_redshift_estimator_cannot_be_saved(training, tmp_path):
    class Mean(ColorRedshiftRelation):
        pass

    frame, label, z = training
    own = FrameSelector(UVExcessCut(), BANDS, redshift=Mean(0.2, min_objects=9)).fit(
        frame, label, z
    )
    with pytest.raises(CatalogError, match="Mean cannot be saved as a redshift estimator"):
        save_selector(own, tmp_path / "model")


def test_a_catalog_may_be_empty(training, new, tmp_path):
    own = paper.recipe(star_density_limit=-99.0, redshift=ConditionalRedshift(min_objects=20))
    table = paper.catalog(own.fit(*training), new[new["true_class"] == "Star"].head(200))
    assert len(table) == 0
    assert list(table) == list(paper.CATALOG_COLUMNS)
