import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn.judge import compare_lists, proportion, recovery_by_reason

REASONS = st.lists(st.sampled_from(["", "S/N", "color", "SED"]), min_size=1, max_size=60)


@given(REASONS, st.integers(0, 1000))
def test_every_quasar_is_counted_once(reasons, seed):
    whole = recovery_by_reason(reasons).iloc[0]
    steps = [s for s in ("S/N", "color", "SED") if s in reasons]
    assert whole["n"] == len(reasons)
    assert whole["selected"] == reasons.count("")
    assert [whole[s] for s in steps] == [reasons.count(s) for s in steps]
    share = proportion(reasons.count(""), len(reasons))
    assert (whole["recovery"], whole["low"], whole["high"]) == (share, share.low, share.high)

    z = np.random.default_rng(seed).uniform(0, 3, len(reasons))
    binned = recovery_by_reason(reasons, z, [0.0, 1.0, 2.0, 3.0])
    assert (binned["n"] > 0).all()
    for name in ("n", "selected", *steps):
        assert binned[name].sum() == whole[name]


def test_bins_are_closed_below_and_nan_is_in_none():
    table = recovery_by_reason(["", "color", ""], [1.0, 2.0, np.nan], [0.0, 1.0, 2.0, 3.0])
    assert table["low_edge"].tolist() == [1.0, 2.0]
    assert table["selected"].tolist() == [1, 0]
    assert table["color"].tolist() == [0, 1]


@given(REASONS, st.integers(0, 1000))
def test_lists_are_compared_source_by_source(reasons, seed):
    other = np.random.default_rng(seed).random(len(reasons)) < 0.5
    found = compare_lists(reasons, other)
    pairs = list(zip(reasons, other, strict=True))
    assert found["both"] == sum(r == "" and o for r, o in pairs)
    assert found["only here"] == sum(r == "" and not o for r, o in pairs)
    for step in ("S/N", "color", "SED"):
        number = sum(r == step and o for r, o in pairs)
        assert found.get(f"rejected: {step}", 0) == number
    assert found.drop("only here").sum() == other.sum()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([],), "no known quasar"),
        ((["", ""], [1.0, 2.0]), "both by and bins"),
        ((["", ""], [1.0], [0, 3]), "There are 2 quasars but 1 values"),
    ],
)
def test_bad_lists(args, message):
    with pytest.raises(ValueError, match=message):
        recovery_by_reason(*args)
    with pytest.raises(ValueError, match="2 sources here and 1 in the other"):
        compare_lists(["", ""], [True])
