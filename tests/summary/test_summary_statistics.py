import numpy as np
import pytest

from qsolearn.summary import bootstrap_documents, bootstrap_sentences, paired_test


def test_the_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    inside = 0
    for k in range(200):
        interval = bootstrap_sentences(rng.normal(size=60), random_state=k)
        inside += interval.low <= 0 <= interval.high
    assert 0.88 <= inside / 200 <= 0.99


def test_weights_and_missing_values_are_respected():
    interval = bootstrap_sentences([1.0, np.nan, 3.0], [3, 5, 1])
    assert interval.value == 1.5
    assert bootstrap_sentences([2.0]) == (2, 2, 2)
    assert np.isnan(bootstrap_sentences([np.nan]).value)


def test_documents_are_drawn_whole():
    values = np.repeat(np.arange(6.0), 50)
    documents = np.repeat(np.arange(6), 50)
    by_document = bootstrap_documents(lambda rows: values[rows].mean(), documents)
    by_row = bootstrap_sentences(values)
    assert by_document.value == by_row.value == 2.5
    assert by_document.high - by_document.low > 3 * (by_row.high - by_row.low)


def test_nan_draws_are_left_out():
    result = bootstrap_documents(lambda rows: float("nan"), ["a", "b"])
    assert np.isnan(result.low)


def test_equal_systems_are_not_told_apart_and_a_shift_is():
    rng = np.random.default_rng(2)
    a = rng.normal(size=40)
    noise = a + rng.normal(scale=0.3, size=40)
    assert paired_test(a, noise).p_value > 0.01
    better = paired_test(noise + 0.5, a)
    assert better.p_value < 0.001
    assert better.low > 0
    assert paired_test(a, a) == paired_test(a, a)
    assert paired_test(a, a).wins == 0.5
    assert paired_test(a, a).p_value == 1


def test_pairs_are_averaged_within_a_document():
    test = paired_test([1, 0, 2, 2], [0, 0, 0, 0], ["a", "a", "b", "b"])
    assert test.n_documents == 2
    assert test.difference == 1.25


def test_p_values_are_uniform_under_no_difference():
    rng = np.random.default_rng(3)
    p = [paired_test(rng.normal(size=12), rng.normal(size=12), n_draws=500).p_value
         for _ in range(100)]  # fmt: skip
    assert 0.4 < np.mean(p) < 0.6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bootstrap_sentences([1.0], level=1.5), "between 0 and 1"),
        (lambda: bootstrap_documents(lambda rows: 0.0, ["a", "a"]), "at least 2 documents"),
        (lambda: paired_test([1, 2], [1]), "same length"),
        (lambda: paired_test([1.0], [2.0]), "at least 2 documents"),
    ],
)
def test_bad_arguments_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
