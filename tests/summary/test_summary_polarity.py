import numpy as np
import pytest

from qsolearn.summary import Text
from qsolearn.summary.lexicon import STOP_WORDS
from qsolearn.summary.polarity import align_words, check_polarity, opposites
from qsolearn.summary.text import stem

SOURCE = (
    "The survey covers the southern sky in four optical bands. Quasars at high redshift are not "
    "included in the catalog. The counts of photometric candidates rise with magnitude. "
    "Point sources brighter than the limit of the survey are classified."
)


def check(candidate, source=SOURCE):
    scores, flags = check_polarity(Text(candidate), Text(source))
    return scores, [(flag.check, candidate[flag.start : flag.end]) for flag in flags]


@pytest.mark.parametrize(
    ("candidate", "marked"),
    [
        ("Quasars at high redshift are included in the catalog.", ("negation", "included")),
        ("The survey does not cover the southern sky in optical bands.", ("negation", "not")),
        ("Point sources fainter than the limit of the survey are classified.",
         ("antonym", "fainter")),
        ("The counts of photometric candidates fall with magnitude.", ("antonym", "fall")),
    ],
)  # fmt: skip
def test_a_contradiction_is_marked(candidate, marked):
    _, flags = check(candidate)
    assert marked in flags


@pytest.mark.parametrize(
    "candidate",
    [
        "Quasars at high redshift are not included in the catalog.",
        "The survey covers the southern sky in optical bands.",
        "Point sources brighter than the limit are classified.",
        "Nothing of the kind was ever said.",
    ],
)
def test_faithful_and_unrelated_sentences_are_not_marked(candidate):
    assert not check(candidate)[1]


def test_scores_fall_with_a_contradiction():
    right, _ = check("Quasars at high redshift are not included in the catalog.")
    wrong, _ = check("Quasars at high redshift are included in the catalog.")
    assert wrong["negation"] < right["negation"] == 1


def test_opposites_hold_both_ways():
    assert stem("obscured") in opposites(stem("unobscured"))
    assert stem("unobscured") in opposites(stem("obscured"))
    assert stem("higher") in opposites(stem("lower"))


def test_alignment_equals_the_plain_cosines():
    candidate, source = Text("Quasars are not in the catalog. The sky is southern."), Text(SOURCE)

    def bags(text):
        return [
            {text.stems[i] for i in range(a, b) if text.words[i] not in STOP_WORDS}
            for a, b in zip(text.first_word[:-1], text.first_word[1:], strict=True)
        ]

    theirs = bags(source)
    weight = {
        one: 1 + np.log(len(theirs) / max(1, sum(one in bag for bag in theirs)))
        for bag in theirs + bags(candidate)
        for one in bag
    }

    def norm(bag):
        return np.sqrt(sum(weight[one] ** 2 for one in bag))

    expected = np.array(
        [
            [sum(weight[w] ** 2 for w in a & b) / norm(a) / norm(b) for b in theirs]
            for a in bags(candidate)
        ]
    )
    found = align_words(candidate, source)
    np.testing.assert_allclose(found.similarity, -np.sort(-expected, axis=1)[:, :3], atol=1e-12)
    np.testing.assert_array_equal(found.best[:, 0], expected.argmax(axis=1))
