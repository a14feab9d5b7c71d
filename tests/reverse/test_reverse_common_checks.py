from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from qsolearn.selection import BoostedTrees, ReverseSelectionClassifier

BINS = "bins are quantiles of the rows: a repeated row moves their edges, a weight of two does not"
EXPECTED_FAILURES = {
    "BoostedTrees": {
        "check_sample_weight_equivalence_on_dense_data": BINS,
    },
    "ReverseSelectionClassifier": {},
}


@parametrize_with_checks(
    [
        BoostedTrees(n_rounds=5, max_depth=4),
        ReverseSelectionClassifier(BoostedTrees(n_rounds=10, max_depth=4)),
        ReverseSelectionClassifier(
            RandomForestClassifier(10, random_state=0), threshold=0.6, cv=2, random_state=0
        ),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES[type(estimator).__name__],
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
