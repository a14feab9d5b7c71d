import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from qsolearn import display
from qsolearn.judge import completeness, reliability


@pytest.fixture(autouse=True)
def close():
    display.use_style()
    yield
    plt.close("all")


def test_color_color_draws_every_source(sky):
    shown = display.ColorColorDisplay.from_frame(
        sky, ["sdss_u", "sdss_g", "sdss_r"], sky["true_class"]
    ).plot()
    assert sum(len(c.get_offsets()) for c in shown.ax_.collections) == len(sky)
    assert shown.ax_.get_xlabel() == "u-g [mag]"
    first = shown.ax_.collections[0].get_offsets()[0]
    star = sky[sky["true_class"] == "Star"].iloc[0]
    assert first[0] == pytest.approx(star["mag_sdss_u"] - star["mag_sdss_g"])


def test_confusion_shows_its_three_forms():
    true, pred = ["QSO", "Star", "Star", "Star"], ["QSO", "QSO", "Star", "Star"]
    texts = {}
    for form in ("counts", "by_predicted", "by_true"):
        shown = display.ConfusionDisplay.from_predictions(true, pred).plot(form=form)
        texts[form] = [t.get_text() for t in shown.ax_.texts]
    assert texts["counts"] == ["1", "0", "1", "2"]
    assert texts["by_predicted"] == ["0.500", "0.000", "0.500", "1.000"]
    assert texts["by_true"] == ["1.000", "0.000", "0.333", "0.667"]
    with pytest.raises(ValueError, match="form is"):
        display.ConfusionDisplay.from_predictions(true, pred).plot(form="x")


def test_binned_rates_are_drawn_where_they_are():
    truth, selected = np.array([True, True, False]), np.array([True, False, False])
    table = completeness(truth, selected, [18.2, 18.7, 18.7], [18.0, 18.5, 19.0])
    shown = display.BinnedRateDisplay({"all": table}, "g [mag]").plot()
    line = shown.ax_.containers[0].lines[0]
    assert line.get_ydata().tolist() == [1.0, 0.0]
    assert line.get_xdata().tolist() == [18.25, 18.75]


def test_density_plane_shows_what_is_called_a_quasar(sky):
    from qsolearn.papers.richards2004 import BANDS
    from qsolearn.selection import FrameSelector, TwoPassBayes

    label = np.where(sky["true_class"].str.startswith("QSO"), "QSO", "Star")
    model = TwoPassBayes(0.3, star_density_limit=-1.5)
    selector = FrameSelector(model, list(BANDS)).fit(sky, label)
    shown = display.DensityPlaneDisplay.from_selector(selector, sky, label).plot()
    quasar = selector.predict(sky) == "QSO"
    drawn = np.concatenate([c.get_offsets() for c in shown.ax_.collections])
    assert len(drawn) == quasar.sum() > 10
    assert drawn.min() >= -8.0  # no density is drawn at the edge
    assert shown.ax_.lines[0].get_xdata()[0] == -1.5
    free = display.DensityPlaneDisplay([0.0, -np.inf], [1.0, np.nan]).plot()
    assert free.ax_.collections[0].get_offsets().tolist() == [[0.0, 1.0], [-8.0, -8.0]]
    assert not free.ax_.lines


def test_trade_off_goes_from_nothing_to_everything():
    true = ["QSO", "Star", "QSO", "Star"]
    shown = display.TradeOffDisplay.from_predictions(true, {"good": [0.9, 0.1, 0.8, np.nan]})
    fpr, found = shown.curves["good"]
    assert (fpr[0], found[0], fpr[-1], found[-1]) == (0, 0, 1, 1)
    assert 1.0 in found[fpr == 0]
    shown.plot(log=False)


def test_settings_draw_the_mean_and_its_spread():
    table = pd.DataFrame({"split": [0, 0, 1, 1], "setting": [1, 2, 1, 2], "x": [0, 4, 2, 6]})
    shown = display.SettingsDisplay(table, {"x": "name"}, "setting").plot(marks=[1.5])
    assert shown.ax_.lines[0].get_ydata().tolist() == [1.0, 5.0]
    assert shown.ax_.lines[1].get_xdata() == [1.5, 1.5]
    band = shown.ax_.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(5 + np.sqrt(2))


def test_histograms_of_splits_share_their_bins():
    shown = display.SplitHistogramDisplay({"a": [0, 0.5, np.nan], "b": [1.0, 1.0]}, "x").plot()
    heights = [sum(p.get_height() for p in c) for c in shown.ax_.containers]
    assert heights == [2, 2]
    texts = [t.get_text() for t in shown.ax_.get_legend().get_texts()]
    assert texts == ["a: 0.250 ± 0.354", "b: 1.000 ± 0.000"]


def test_precision_against_recall_ends_at_everything():
    shown = display.PrecisionRecallDisplay.from_predictions(
        np.array([True, False]), {"m": [0.9, 0.1]}, points={"m": (1.0, 1.0), "other": (0.5, 0.5)}
    ).plot()
    recall, precision = shown.curves["m"]
    assert (recall[-1], precision[-1]) == (1.0, 0.5)
    assert shown.ax_.lines[1].get_color() == shown.ax_.lines[0].get_color()
    assert [t.get_text() for t in shown.ax_.get_legend().get_texts()] == ["m", "other"]


def test_reliability_leaves_out_empty_bins():
    table = reliability(np.array([True, False, True]), [0.9, 0.15, 0.95])
    shown = display.ReliabilityDisplay({"m": table}).plot()
    assert len(shown.ax_.containers[0].lines[0].get_xdata()) == 2
    few = display.ReliabilityDisplay({"m": table}).plot(at_least=2)
    assert len(few.ax_.containers[0].lines[0].get_xdata()) == 1


def test_redshift_displays_draw_every_source():
    z, mag = np.array([1.0, 2.0, 3.0]), np.array([17.0, 18.0, 19.0])
    plane = display.MagnitudeRedshiftDisplay({"QSO": (z, mag)}, "i").plot()
    assert len(plane.ax_.collections[0].get_offsets()) == 3
    assert plane.ax_.yaxis_inverted()
    shown = display.RedshiftDisplay(z, z + 0.1, ["QSOlowZ", "QSOlowZ", "QSOhighZ"]).plot()
    assert [len(c.get_offsets()) for c in shown.ax_.collections] == [2, 1]
    place = display.SkyDisplay([0.0, 90.0, 350.0], [0.0, 10.0, -20.0], z).plot()
    x = place.ax_.collections[0].get_offsets()[:, 0]
    assert x[1] < x[0] < x[2]
