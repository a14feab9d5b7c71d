"""The check of answers: right, wrong, missing, of the wrong kind; one sentence each, no error."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from astropy import units
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.exercises import check, rules
from qsolearn.exercises.rules_of_the_book import KINDS

RULES = rules()
NUMBERS = [k for k, r in RULES.items() if r["kind"] in ("number", "numbers")]
WORDS = [k for k, r in RULES.items() if r["kind"] in ("choice", "truth")]
#: Objects that somebody may put in the place of an answer.
STRANGE = [
    "", "abc", b"x", 1j, object(), {}, {"a": 1}, set(), [], [[]], [1, [2, 3]], ["a", "b"], (1,),
    True, np.nan, np.inf, -np.inf, [np.nan] * 2, 10**400, Fraction(1, 3), pd.NA, pd.NaT, 0, 1e300,
    np.ma.masked, pd.Series([1.0, None]), pd.DataFrame({"a": [1]}), np.zeros((2, 2)), int, check,
    np.array(None), np.array(["x"]), 3 * units.hour, range(3), "Galaxy ", np.datetime64("2026"),
]  # fmt: skip


def one_sentence(verdict):
    """Whether a message is one sentence that begins and ends as sentences do."""
    message = verdict.message
    return re.fullmatch(r"[A-Z][^\n]*\.", message) and not re.search(r"[.!?] +[A-Z]", message)


@pytest.mark.parametrize("label", RULES)
def test_a_rule_is_complete(label):
    rule = RULES[label]
    assert set(rule) - {"unit"} == KINDS[rule["kind"]]
    assert rule["mistakes"], "name at least one typical mistake"
    for mistake in rule["mistakes"]:
        assert set(mistake) - {"within"} == {"value", "say"}
    if rule["kind"] == "truth":
        assert {rule["value"], *(m["value"] for m in rule["mistakes"])} == {True, False}
    if rule["kind"] == "choice":
        words = [rule["value"], *(m["value"] for m in rule["mistakes"])]
        assert len({w.casefold() for w in words}) == len(words) >= 2


@pytest.mark.parametrize("label", RULES)
def test_every_verdict_is_one_sentence(label):
    rule = RULES[label]
    missing, right = check(label, None), check(label, rule["value"])
    assert (missing.state, right.state) == ("missing", "right")
    assert not missing
    assert right
    assert one_sentence(missing)
    assert one_sentence(right)
    for mistake in rule["mistakes"]:
        verdict = check(label, mistake["value"])
        assert verdict.state == "wrong"
        assert verdict.message == f"Not yet: {mistake['say']}."
        assert one_sentence(verdict)


@pytest.mark.parametrize("label", NUMBERS)
def test_too_small_and_too_large_are_told_apart(label):
    rule = RULES[label]
    value = np.asarray(rule["value"], float)
    for sign, word in ((-1, "small"), (1, "large")):
        verdict = check(label, (value + sign * (1.2345e7 + rule["within"])).tolist())
        assert verdict.state == "wrong"
        assert f"too {word}, " in verdict.message
        assert one_sentence(verdict)


@pytest.mark.parametrize("answer", STRANGE, ids=lambda a: type(a).__name__)
def test_nothing_strange_raises_or_is_right(answer):
    for label in RULES:
        verdict = check(label, answer)
        assert one_sentence(verdict)
        if verdict:
            assert label in WORDS, (label, answer)


@pytest.mark.parametrize("label", NUMBERS)
@settings(derandomize=True, deadline=None, max_examples=30)
@given(factor=st.floats(-3, 3))
def test_the_tolerance_is_what_the_rule_says(label, factor):
    rule = RULES[label]
    value = np.atleast_1d(np.asarray(rule["value"], float))
    answer = value.copy()
    answer[-1] += factor * rule["within"]
    expected = all(abs(a - v) <= rule["within"] for a, v in zip(answer, value, strict=True))
    assert bool(check(label, answer)) == expected


@pytest.mark.parametrize("label", NUMBERS)
def test_a_rounded_answer_is_right(label):
    value = np.asarray(RULES[label]["value"], float)
    assert check(label, [float(f"{v:.3g}") for v in value.flat])


def test_numbers_come_in_many_clothes():
    for same in (75, 74.6, np.float32(74.6), np.array(74.6), np.array([74.6]), [74.6], (75,)):
        assert check("exercise-three", same)
    for pair in ([1.52, 2.56], (1.52, 2.56), np.array([1.52, 2.56]), pd.Series([1.52, 2.56])):
        assert check("exercise-civ", pair)


def test_a_wrong_number_says_what_is_wrong():
    def said(label, answer):
        return check(label, answer).message

    assert "sign" in said("exercise-factor", 0.024)
    assert "percentage" in said("exercise-mix", 30.3)
    assert "NaN" in said("exercise-mix", np.nan)
    assert "NaN" in said("exercise-telescope", [80, np.nan])
    assert "inf is too large" in said("exercise-mix", np.inf)
    assert "70 hours, number 2 of 2, is too large" in said("exercise-telescope", [80, 70])
    assert "not as str" in said("exercise-mix", "0.303")
    assert "not as bool" in said("exercise-mix", True)
    assert "not as Quantity" in said("ex-colors-move", 8.67 * units.hour)


def test_a_wrong_shape_says_which_is_wanted():
    assert "one number, not an array of shape (2,)" in check("exercise-mix", [0.3, 0.3]).message
    assert "2 numbers in a row, not an array of shape ()" in check("exercise-civ", 1.52).message
    assert "shape (1, 2)" in check("exercise-civ", [[1.52, 2.56]]).message


def test_words_are_read_as_people_write_them():
    assert check("exercise-order", " galaxy ")
    assert check("exercise-order", np.str_("Galaxy"))
    wrong = check("exercise-order", "Galaxies").message
    assert wrong == "Not yet: give one of 'Galaxy', 'QSOlowZ', 'Star'."
    assert check("exercise-sum", np.False_)
    assert check("exercise-sum", True).state == "wrong"
    assert (
        check("exercise-sum", 0).message == "Not yet: give True or False, not a value of type int."
    )


def test_an_unknown_exercise_is_an_error():
    with pytest.raises(ValueError, match=r"no exercise 'exercise-miks'; nearest: exercise-mix"):
        check("exercise-miks", 1)


def test_a_notebook_shows_the_sentence():
    verdict = check("exercise-wrong-prior", 0.5)
    assert repr(verdict) == verdict.message
    shown = verdict._repr_html_()
    assert shown.startswith('<p class="exercise-check wrong">Not yet: ')
    assert "i &lt; 19" in check("ex-colors-dwarfs", None)._repr_html_()


def test_two_exercises_of_one_name_are_an_error(tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    for part in ("one", "two"):
        (tmp_path / "rules" / f"{part}.toml").write_text('[same]\nchapter = "a"\n')
    monkeypatch.setattr("qsolearn.exercises.rules_of_the_book.files", lambda name: tmp_path)
    with pytest.raises(ValueError, match="two exercises are called 'same', in one/a and in two/a;"):
        rules.__wrapped__()
