import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.summary import ERROR_KINDS, plant_error
from qsolearn.summary.examples import load_examples

TEXT = (
    "The KS4 survey is larger than SDSS and has 72,964 candidates, of which 0.4 % were known. "
    "It does not cover the north."
)
POOL = ["Euclid", "Rubin"]
SENTENCES = ["The orchestra tuned to an oboe.", "Plumbers replaced rusty pipes."]


@settings(derandomize=True, max_examples=100)
@given(st.sampled_from(ERROR_KINDS), st.integers(0, 10_000))
def test_only_the_named_spans_change(kind, seed):
    pool = SENTENCES if kind == "foreign sentence" else POOL
    spoiled, spans = plant_error(TEXT, kind, seed, pool=pool)
    assert spoiled != TEXT
    assert (spoiled, spans) == plant_error(TEXT, kind, seed, pool=pool)
    kept, at = [], 0
    for start, end in spans:
        kept.append(spoiled[at:start])
        at = end
    kept.append(spoiled[at:])
    position = 0
    for piece in kept:  # what is outside the spans stands in the original, in order
        piece = piece.strip()
        assert piece in TEXT[position:]
        position = TEXT.index(piece, position) + len(piece)


def test_each_kind_does_what_it_says():
    assert plant_error("It has 5 bands.", "number")[0] != "It has 5 bands."
    assert plant_error("2 of 7", "numbers swapped")[0] == "7 of 2"
    assert plant_error("We use SDSS.", "name", pool=["KS4"])[0] == "We use KS4."
    assert plant_error("from SDSS to KS4", "names swapped")[0] == "from KS4 to SDSS"
    assert plant_error("It is not red.", "negation", 1)[0] in ("It is red.", "It is not not red.")
    assert plant_error("Higher is fine.", "antonym")[0] == "Lower is fine."
    assert plant_error("A box.", "foreign sentence", pool=["A cat."])[0] == "A box. A cat."
    assert plant_error("the bkt theory", "name", names={"bkt"}, pool=["xyz"])[0] == "the xyz theory"


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_a_text_without_a_place_gives_none(kind):
    assert plant_error("words", kind) is None


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="choose one of"):
        plant_error("A box.", "typo")


def test_the_examples_are_whole():
    examples = load_examples()
    assert set(examples) == {"richards2004", "calderone2024", "kim2024"}
    for example in examples.values():
        for error in example.planted:
            assert error.right in example.summary
            assert error.text[error.start : error.end] == error.wrong
            assert error.text != example.summary
