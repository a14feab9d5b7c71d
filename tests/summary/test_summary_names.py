import pytest

from qsolearn.summary import Text
from qsolearn.summary.names import check_names, find_names, nearest_name

SOURCE = (
    "The KMTNet Synoptic Survey of Southern Sky (KS4) is compared with the Milliquas catalog. "
    "The spectral energy distribution is fitted to spectroscopic data from the SDSS."
)


def check(candidate, source=SOURCE):
    scores, flags = check_names(Text(candidate), Text(source))
    return scores, [(flag.check, candidate[flag.start : flag.end], flag.hint) for flag in flags]


@pytest.mark.parametrize(
    ("candidate", "marked", "hint"),
    [
        ("They use the KS2 maps.", "KS2", "KS4"),
        ("They search in the Solstice Surveyor data.", "Solstice Surveyor", ""),
        ("They use the KMTN Net data.", "KMTN Net", "KMTNet"),
        ("They use the Miliquas catalog.", "Miliquas", "Milliquas"),
        ("They also use Euclid.", "Euclid", "though there is something of that name"),
        ("They also use CatWYSE.", "CatWYSE", "CatWISE, which the source does not name either"),
    ],
)
def test_a_foreign_name_is_marked_with_a_hint(candidate, marked, hint):
    _, flags = check(candidate)
    assert [(flag[0], flag[1]) for flag in flags] == [("name", marked)]
    assert hint in flags[0][2]


@pytest.mark.parametrize(
    "candidate",
    [
        "KS4 is compared with Milliquas. Together they are large.",
        "The SED is fitted.",  # initials of words in the source
        "We use the Synoptic Survey. However, this Section is short.",
        "all in lower case without any name",
    ],
)
def test_known_names_and_ordinary_words_are_not_marked(candidate):
    scores, flags = check(candidate)
    assert not flags
    assert scores["names"] == 1


def test_a_term_of_another_trade_is_marked_with_its_modifier():
    _, flags = check("The images are resolved with X-ray diffraction coefficients.")
    assert [flag[:2] for flag in flags] == [("term", "X-ray diffraction")]
    _, flags = check("They use ground-based occultation.")
    assert [flag[:2] for flag in flags] == [("term", "ground-based occultation")]


def test_a_term_with_a_known_root_is_not_marked():
    source = "Spectropolarimetric data were taken."
    assert not check("They did spectropolarimetry.", source)[1]


def test_names_are_runs_of_words():
    text = Text("He met the Sloan Digital Sky Survey team of Yang & Shen in May.")
    found = [text.raw[text.starts[a] : text.ends[b - 1]] for a, b in find_names(text)]
    assert found == ["Sloan Digital Sky Survey", "Yang & Shen"]


def test_nearest_name_prefers_the_same_shape():
    assert nearest_name("KS2", ["Ks", "KS4"]) == "KS4"
    assert nearest_name("Zn", ["KS4", "SDSS"]) == ""
