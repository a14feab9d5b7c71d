"""Blocks of sky, splits that respect them, and weights for samples that are too bright."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn import judge
from qsolearn.errors import CatalogError
from qsolearn.sky import healpix_pixels, sky_blocks

blocks = st.lists(st.integers(0, 6), min_size=8, max_size=80).filter(lambda b: len(set(b)) > 2)


@given(blocks, st.integers(2, 3), st.integers(0, 5))
def test_no_block_is_torn_and_every_source_is_tested_once(own, n_splits, seed):
    splits = judge.block_splits(own, n_splits, seed)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(len(own)))
    for train, test in splits:
        assert len(train) + len(test) == len(own)
        assert not set(np.array(own)[train]) & set(np.array(own)[test])


@given(blocks, st.integers(0, 5))
def test_parts_are_as_equal_as_dealing_by_hand_makes_them(own, seed):
    sizes = sorted(np.unique(own, return_counts=True)[1], reverse=True)
    parts = [0, 0, 0]
    for size in sizes:
        parts[parts.index(min(parts))] += size
    found = [len(test) for _, test in judge.block_splits(own, 3, seed)]
    assert sorted(found) == sorted(parts)


def test_the_order_of_equal_blocks_depends_on_the_seed_alone():
    own = np.repeat(np.arange(40), 3)
    first, again, other = (judge.block_splits(own, 4, s)[0][1].tolist() for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("bad", [[1, 1, 1], [1, 2, None], [1, np.nan, 2]])
def test_blocks_that_cannot_be_parted_are_refused(bad):
    with pytest.raises(ValueError, match="cannot be parted into 2; give every source a block"):
        judge.block_splits(bad, 2)


def scattered(seed, n):
    """Sources, some of them seen a second time half an arcsecond away."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    twin = rng.integers(0, n, n // 3)
    return pd.DataFrame(
        {
            "ra": np.append(ra, ra[twin]),
            "dec": np.append(dec, np.clip(dec[twin] + 0.5 / 3600, -90, 90)),
        }
    ), twin


@given(st.integers(0, 20), st.integers(2, 8))
def test_a_source_seen_twice_has_one_block(seed, level):
    table, twin = scattered(seed, 60)
    own = sky_blocks(table, level)
    np.testing.assert_array_equal(own[60:], own[twin])
    np.testing.assert_array_equal(
        own[:60], healpix_pixels(table["ra"][:60], table["dec"][:60], level)
    )


def test_a_border_parts_a_source_from_itself_only_without_a_distance():
    table = pd.DataFrame({"ra": [44.99995, 45.00005, 45.00015], "dec": [0.0, 0.0, 0.0]})
    assert len(set(sky_blocks(table, 3, together=0))) > 1
    assert len(set(sky_blocks(table, 3, together=0.5))) == 1  # as a chain
    assert len(set(sky_blocks(table, 3, together=0.1))) > 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"level": 30}, "whole number from 0 to 29, not 30"),
        ({"together": -1.0}, "cannot be -1.0 arcsec apart"),
    ],
)
def test_impossible_blocks_are_refused(arguments, says):
    with pytest.raises(CatalogError, match=says):
        sky_blocks(pd.DataFrame({"ra": [1.0], "dec": [2.0]}), **arguments)
    with pytest.raises(CatalogError, match="has no position"):
        sky_blocks(pd.DataFrame({"ra": [np.nan], "dec": [2.0]}))


def density(x, mean, sigma):
    return np.exp(-((x - mean) ** 2) / (2 * sigma**2)) / sigma


@pytest.mark.parametrize(("mean", "sigma"), [(19.6, 0.5), (19.0, 0.4), (18.8, 0.7)])
def test_weights_are_the_ratio_of_the_densities(mean, sigma):
    rng = np.random.default_rng(3)
    labeled, target = rng.normal(19, 0.6, 20_000), rng.normal(mean, sigma, 20_000)
    shift = judge.covariate_weights(labeled, target, largest=1e6)
    true = density(labeled, mean, sigma) / density(labeled, 19, 0.6)
    middle = np.abs(labeled - 19) < 1
    np.testing.assert_allclose(shift.weights[middle], (true / true.mean())[middle], rtol=0.25)
    assert shift.weights.mean() == pytest.approx(1)
    assert shift.effective_size == pytest.approx(1 / np.mean(shift.weights**2) * 20_000)


def test_the_weighted_rate_is_that_of_the_target_and_its_interval_holds_it():
    rng = np.random.default_rng(4)

    def found(mag):
        return rng.random(len(mag)) < 1 / (1 + np.exp(3 * (mag - 20)))

    held = 0
    for seed in range(40):
        labeled, target = rng.normal(19, 0.7, 1500), rng.normal(19.8, 0.7, 1500)
        shift = judge.covariate_weights(labeled, target)
        hit = found(labeled)
        rate = shift.rate(hit, np.ones(1500, bool), n_bootstrap=200, seed=seed)
        truth = np.mean(found(rng.normal(19.8, 0.7, 100_000)))
        held += rate.low <= truth <= rate.high
        assert hit.mean() > truth + 0.15
    assert held >= 34


def test_weights_do_not_reach_what_was_never_seen():
    shift = judge.covariate_weights(np.linspace(17, 19, 100), np.linspace(18, 20, 101))
    assert shift.uncovered == pytest.approx(50 / 101)
    assert shift.weights.max() <= 50


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: judge.covariate_weights(np.ones(9), np.ones(20)), "ten sources or more of each"),
        (lambda: judge.covariate_weights(np.ones((20, 2)), np.ones(20)), "give the same features"),
        (lambda: judge.covariate_weights([np.nan] * 20, np.ones(20)), "A feature is missing"),
        (
            lambda: judge.CovariateWeights(np.ones(3), 3.0, 0.0).rate([True] * 3, [False] * 3),
            "with 0 sources to count among",
        ),
    ],
)
def test_bad_samples_are_refused_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()
