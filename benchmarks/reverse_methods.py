"""Ways to find a rare class, each as a function: (X, y, X to classify, target, seed) -> answer.

An answer is (selected, score): which sources the method calls a target, and a score that ranks
them all. Labels are codes 0 to k - 1; NaN is a missing color (filled with the training median for
the methods that take none). Where a method has settings, it chooses them inside the training set it
is given, on a third of it held out.
"""

import warnings

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split

from qsolearn.selection import BoostedTrees, ReverseSelectionClassifier

#: Rows that a rare class is filled up to, by repetition or interpolation.
FILLED = 10_000


def weights(y, power):
    """Weight of each row: (largest class / own class) ** power."""
    n = np.bincount(y)
    return ((n.max() / np.maximum(n, 1)) ** power)[y]


def answer(proba, target):
    """Most probable class and the target's probability."""
    return proba.argmax(axis=1) == target, proba[:, target]


def direct(X, y, Z, target, seed):
    """The paper's direct classifier; a moved threshold reads other points off its curve."""
    return answer(BoostedTrees(n_rounds=40).fit(X, y).predict_proba(Z), target)


def balanced(X, y, Z, target, seed):
    """Direct, classes weighted alike."""
    trees = BoostedTrees(n_rounds=40).fit(X, y, weights(y, 1.0))
    return answer(trees.predict_proba(Z), target)


def square_root(X, y, Z, target, seed):
    """Direct, weights by the square root of the class ratio, steps of a leaf bounded."""
    trees = BoostedTrees(n_rounds=40, max_delta_step=1.0).fit(X, y, weights(y, 0.5))
    return answer(trees.predict_proba(Z), target)


#: Power of the weights, then the settings of the trees.
WEIGHTED = [
    (power, settings)
    for power in (0.5, 1.0)
    for settings in (
        {"n_rounds": 40, "max_depth": 20, "max_delta_step": 1.0},
        {"n_rounds": 60, "max_depth": 6, "max_delta_step": 0.0},
    )
]


def best_weighted(X, y, Z, target, seed):
    """Direct, weights and trees chosen for average precision inside the training set."""

    def fit(setting, X, y):
        power, settings = setting
        return BoostedTrees(**settings).fit(X, y, weights(y, power))

    model = chosen(fit, lambda m, Z: m.predict_proba(Z)[:, target], WEIGHTED, X, y, target, seed)
    return answer(model.predict_proba(Z), target)


def chosen(fit, score, settings, X, y, target, seed):
    """The model of the best setting on a held-out third, fitted again to all."""
    a, b = train_test_split(np.arange(len(y)), test_size=1 / 3, random_state=seed, stratify=y)
    quality = [
        average_precision_score(y[b] == target, score(fit(s, X[a], y[a]), X[b])) for s in settings
    ]
    return fit(settings[int(np.argmax(quality))], X, y)


def calibrated(X, y, Z, target, seed):
    """Direct, the target's probability calibrated by isotonic regression on a held-out third."""
    a, b = train_test_split(np.arange(len(y)), test_size=1 / 3, random_state=seed, stratify=y)
    trees = BoostedTrees(n_rounds=40).fit(X[a], y[a])
    map_ = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    map_.fit(trees.predict_proba(X[b])[:, target], y[b] == target)
    p = trees.predict_proba(Z)[:, target]
    # Isotonic regression has flat pieces; the raw probability orders the sources within them.
    return map_.predict(p) > 0.5, map_.predict(p) + 1e-9 * p


def undersampled(X, y, Z, target, seed):
    """The paper's second method: as many of each class as there are targets."""
    rng = np.random.default_rng(seed)
    n = np.sum(y == target)
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == c))[:n] for c in np.unique(y)])
    return answer(BoostedTrees(n_rounds=15).fit(X[rows], y[rows]).predict_proba(Z), target)


def bagged(X, y, Z, target, seed, bags=10):
    """Ten direct classifiers, the largest class thinned to three times all others in each."""
    rng = np.random.default_rng(seed)
    big = np.argmax(np.bincount(y))
    common, rest = np.flatnonzero(y == big), np.flatnonzero(y != big)
    proba = 0
    for _ in range(bags):
        some = rng.choice(common, min(3 * len(rest), len(common)), replace=False)
        rows = np.concatenate([some, rng.choice(rest, len(rest))])
        trees = BoostedTrees().fit(X[rows], y[rows])
        part = np.zeros((len(Z), y.max() + 1))
        part[:, trees.classes_] = trees.predict_proba(Z)
        proba = proba + part
    return answer(proba / bags, target)


def repeated(X, y, Z, target, seed):
    """Rare classes filled up by random repetition, then direct."""
    from imblearn.over_sampling import RandomOverSampler

    X, y = RandomOverSampler(sampling_strategy=_fill(y), random_state=seed).fit_resample(X, y)
    return direct(X, y, Z, target, seed)


def smote(X, y, Z, target, seed):
    """Rare classes filled up by interpolation between neighbors, then direct."""
    from imblearn.over_sampling import SMOTE

    X, Z = filled(X, Z)
    X, y = SMOTE(sampling_strategy=_fill(y), random_state=seed).fit_resample(X, y)
    return direct(X, y, Z, target, seed)


def _fill(y):
    n = np.bincount(y)
    most = min(FILLED, n.max())
    return {c: most for c in range(len(n)) if 0 < n[c] < most}


def filled(X, Z):
    """Both sets with the training median in place of a missing color."""
    middle = np.nanmedian(X, axis=0)
    return np.where(np.isfinite(X), X, middle), np.where(np.isfinite(Z), Z, middle)


def hardness(X, y, Z, target, seed):
    """Instance hardness threshold: hard sources of the common classes removed, then direct."""
    from imblearn.under_sampling import InstanceHardnessThreshold

    sampler = InstanceHardnessThreshold(
        estimator=BoostedTrees(n_rounds=10, max_depth=6), cv=3, random_state=seed
    )
    X, Z = filled(X, Z)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        X, y = sampler.fit_resample(X, y)
    return direct(X, y, Z, target, seed)


def balanced_forest(X, y, Z, target, seed):
    """Balanced random forest: each tree sees as many of each class as there are targets."""
    from imblearn.ensemble import BalancedRandomForestClassifier

    X, Z = filled(X, Z)
    forest = BalancedRandomForestClassifier(100, random_state=seed).fit(X, y)
    return answer(forest.predict_proba(Z), target)


def easy_ensemble(X, y, Z, target, seed):
    """Easy ensemble: ten boosted classifiers on balanced draws."""
    from imblearn.ensemble import EasyEnsembleClassifier

    X, Z = filled(X, Z)
    return answer(EasyEnsembleClassifier(10, random_state=seed).fit(X, y).predict_proba(Z), target)


def rus_boost(X, y, Z, target, seed):
    """RUSBoost: AdaBoost of trees of depth 6, undersampled in each round."""
    from imblearn.ensemble import RUSBoostClassifier
    from sklearn.tree import DecisionTreeClassifier

    # With the package's own stumps five classes can be worse than chance, and it stops.
    boost = RUSBoostClassifier(
        DecisionTreeClassifier(max_depth=6), n_estimators=50, random_state=seed
    )
    X, Z = filled(X, Z)
    return answer(boost.fit(X, y).predict_proba(Z), target)


def order_of(y, target, least=2):
    """Classes to discard, the largest first: as the paper, all but the target and the rarer."""
    n = np.bincount(y)
    return [
        int(c) for c in np.argsort(-n, kind="stable") if c != target and n[c] > least * n[target]
    ]


def reverse_of(y, target, **settings):
    """Reverse selection with the paper's trees."""
    return ReverseSelectionClassifier(target=target, order=order_of(y, target), **settings)


def reverse(X, y, Z, target, seed):
    """Reverse selection as in the paper; discarded sources ranked by their step."""
    model = reverse_of(y, target).fit(X, y)
    return model.predict(Z) == target, model.target_score(Z)


def reverse_out_of_fold(X, y, Z, target, seed):
    """Reverse selection, training set discarded by models that have not seen the row."""
    model = reverse_of(y, target, cv=3, random_state=seed).fit(X, y)
    return model.predict(Z) == target, model.target_score(Z)


#: Threshold of the discards, then the trees of the ranker.
RANKERS = [
    (threshold, settings)
    for threshold in (0.9, 0.99)
    for settings in (
        {"n_rounds": 60, "max_depth": 6},
        {"n_rounds": 100, "max_depth": 4},
    )
]


def reverse_ranked(X, y, Z, target, seed):
    """Reverse selection with a ranker; threshold and ranker chosen inside the training set."""

    def fit(setting, X, y):
        threshold, settings = setting
        return reverse_of(y, target, threshold=threshold, ranker=BoostedTrees(**settings)).fit(X, y)

    model = chosen(fit, lambda m, Z: m.target_score(Z), RANKERS, X, y, target, seed)
    return model.predict(Z) == target, model.target_score(Z)


METHODS = {
    "direct": direct,
    "undersampled": undersampled,
    "reverse": reverse,
    "reverse, out-of-fold discards": reverse_out_of_fold,
    "reverse with ranker, chosen inside": reverse_ranked,
    "direct, best weights, chosen inside": best_weighted,
    "direct, balanced weights": balanced,
    "direct, square-root weights": square_root,
    "direct, calibrated": calibrated,
    "bags of undersampled stars": bagged,
    "random oversampling": repeated,
    "SMOTE": smote,
    "instance hardness threshold": hardness,
    "balanced random forest": balanced_forest,
    "easy ensemble": easy_ensemble,
    "RUSBoost": rus_boost,
}
