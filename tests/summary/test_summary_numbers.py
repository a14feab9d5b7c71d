import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.summary import Text
from qsolearn.summary.numbers import check_numbers, find_numbers


def check(candidate, source):
    scores, flags = check_numbers(Text(candidate), Text(source))
    return scores, [(flag.check, candidate[flag.start : flag.end]) for flag in flags]


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        ("72,964 candidates", [72964]),
        ("22.1-22.7 mag", [22.1, 22.7]),
        ("22.1–22.7 mag", [22.1, 22.7]),
        ("2.4 ± 0.2", [2.4, 0.2]),
        ("1.5 x 10^4 and 3×10^-2", [15000, 0.03]),
        ("2.5e3", [2500]),
        ("30.8 million, about 10K", [30.8e6, 10000]),
        ("z = -0.5 and type-2", [-0.5, 2]),
        ("KS4, W1, 2MASS, DR16Q, 7DS", []),
        ("Sections 3.1 and 3.2.", [3.1, 3.2]),
        ("no number", []),
    ],
)
def test_numbers_are_found(raw, values):
    assert [n.value for n in find_numbers(raw)] == pytest.approx(values)


@settings(derandomize=True, max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_read_with_exact_spans(raw):
    for number in find_numbers(raw, words=True):
        assert 0 <= number.start < number.end <= len(raw)


@pytest.mark.parametrize(
    ("candidate", "source"),
    [
        ("It covers 2,500 square degrees.", "It covers 2,499.7 square degrees."),
        ("The rate is 87 %.", "The rate is 87 percent."),
        ("The rate is 87 %.", "The rate is 0.872 of all."),
        ("The sample has 30.8 million sources.", "The sample has 30,796,027 sources."),
        ("Three surveys and 4 bands.", "Three surveys and four bands."),
        ("The slope is 0.9.", "The slope is 0.85."),
    ],
)
def test_rounding_percent_and_words_are_understood(candidate, source):
    scores, flags = check(candidate, source)
    assert scores["numbers"] == 1
    assert not flags


def test_a_number_that_is_not_there_is_marked_with_the_nearest():
    scores, flags = check("The catalog holds 72,000 sources.", "The catalog holds 72,964 sources.")
    assert scores["numbers"] == 0
    assert flags == [("number", "72,000")]
    _, raw_flags = check_numbers(
        Text("The catalog holds 72,000 sources."), Text("The catalog holds 72,964 sources.")
    )
    assert "72,964" in raw_flags[0].hint


def test_more_digits_than_the_source_gives_are_marked():
    assert check("The slope is 0.853.", "The slope is 0.85.")[1] == [("number", "0.853")]


def test_a_wrong_unit_is_marked():
    flags = check("The radius is 5 arcmin.", "The radius is 5 arcsec.")[1]
    assert flags == [("unit", "5")]
    assert not check("The radius is 5 arcseconds.", "The radius is 5 arcsec.")[1]


def test_a_number_in_a_foreign_place_is_marked():
    source = "The bandwidth is 0.15 mag. Spectra of 121 candidates were taken at the telescope."
    flags = check("The chosen kernel bandwidth parameter equals 121.", source)[1]
    assert flags == [("number context", "121")]


def test_the_wrong_subset_of_the_founding_case_is_marked():
    source = (
        "The Quaia list shares 38,534 candidates with our catalog. In contrast, 23,593 of its "
        "entries fail our color cuts."
    )
    candidate = "Of the 38,534 candidates that both lists share, 23,593 fail our color cuts."
    flags = check(candidate, source)[1]
    assert flags == [("number context", "38,534 candidates that both lists share, 23,593")]
    assert not check("Quaia shares 38,534 candidates with us and 23,593 fail our cuts.", source)[1]


def test_a_subset_that_the_source_goes_on_about_is_not_marked():
    source = "Spectra were taken of 121 of them. They confirm 107 new quasars."
    assert not check("Spectra of 121 candidates confirm 107 new quasars.", source)[1]


def test_exchanged_numbers_are_marked():
    source = (
        "Of the candidates with spectra 97.6 % are quasars. The efficiency of the whole catalog "
        "is estimated at 95.0 %."
    )
    right = "Of the candidates with spectra 97.6 % are quasars, and the efficiency of the whole " \
            "catalog is 95.0 %."  # fmt: skip
    wrong = right.replace("97.6", "X").replace("95.0", "97.6").replace("X", "95.0")
    assert not check(right, source)[1]
    assert check(wrong, source)[1] == [("number context", "95.0 %"), ("number context", "97.6 %")]


def test_no_numbers_is_no_fault():
    assert check("No number here.", "None there.") == ({"numbers": 1.0, "number_context": 1.0}, [])
    assert check("There are 5.", "None there.")[1] == [("number", "5")]
