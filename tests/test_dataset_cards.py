"""Every loader and every archive has its card, and the cards count right."""

import re
from pathlib import Path

import pytest

from qsolearn import datasets

PAGE = (Path(__file__).parents[1] / "book" / "reference" / "dataset_cards.md").read_text()
CARDS = {
    name: card
    for card in PAGE.split("\n## ")[1:]
    for name in re.findall(r"`(load_\w+)`", card.split("- **Rows**")[0])
}
LOADERS = [name for name in datasets.__all__ if name.startswith("load_")]


def numbers(text):
    """Whole numbers of a text, "9,000" among them."""
    return [int(n.replace(",", "")) for n in re.findall(r"\b\d[\d,]*\b(?!\.\d)", text)]


def rows(name):
    """What a card says of the rows."""
    return CARDS[name].split("- **Rows**: ")[1].split("- **Bands**")[0]


def test_every_loader_has_a_card():
    assert sorted(CARDS) == sorted(LOADERS)


def test_every_archive_is_listed():
    assert re.findall(r"^\| `([\w-]+)` \|", PAGE, re.M) == list(datasets.ARCHIVES)


def test_every_card_has_every_line():
    for card in PAGE.split("\n## ")[1:-1]:
        for part in ("Loader", "Rows", "Bands", "Selection", "Source", "Not for"):
            assert f"- **{part}**: " in card, (card[:40], part)


def test_the_shipped_table_is_counted_right():
    table = datasets.load_calderone2024_new_quasars()
    assert numbers(rows("load_calderone2024_new_quasars"))[0] == len(table)
    low, high = table["true_z"].min(), table["true_z"].max()
    assert f"redshift {low:.2f} to {high:.2f}" in rows("load_calderone2024_new_quasars")


@pytest.mark.real
@pytest.mark.parametrize("name", [n for n in LOADERS if n.startswith("load_s") or "desi" in n])
def test_real_catalogs_are_counted_right(name, real_data):
    found = getattr(datasets, name)(folder=real_data)[0]
    stated = numbers(rows(name))
    assert stated[0] == len(found)


@pytest.mark.real
def test_classes_are_counted_right(real_data):
    _, labels = datasets.load_desi_dr1(real_data)
    counts = labels["true_class"].value_counts()
    assert numbers(rows("load_desi_dr1"))[1:5] == [
        counts["Galaxy"],
        counts["Star"],
        counts["QSOlowZ"] + counts["QSOhighZ"],
        counts["QSOhighZ"],
    ]
    _, labels = datasets.load_ps1_gaia_wise_quasars(real_data)
    counts = labels["true_class"].value_counts()
    stated = numbers(rows("load_ps1_gaia_wise_quasars"))
    assert {len(labels), counts["QSOlowZ"], counts["QSOhighZ"]} <= set(stated)
    _, labels = datasets.load_stripe82x_agn(real_data)
    stated = numbers(rows("load_stripe82x_agn"))
    assert {int(labels["true_z"].notna().sum()), 286} <= set(stated)
    assert (labels["true_class"] == "QSO").sum() == 286
    for name in ("load_milliquas_stripe82", "load_radio_matches", "load_quasar_luminosities"):
        assert numbers(rows(name))[0] == len(getattr(datasets, name)(real_data))
    assert numbers(rows("load_ks4_milliquas_points"))[0] == len(
        datasets.load_ks4_milliquas_points(real_data)
    )
