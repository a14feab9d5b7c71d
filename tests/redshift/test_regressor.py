"""The plain regression of redshifts."""

import sys

import numpy as np
import pytest
import xgboost
from sklearn.utils.estimator_checks import parametrize_with_checks

from qsolearn.redshift import RedshiftRegressor


@parametrize_with_checks([RedshiftRegressor()])
def test_common_checks(estimator, check):
    check(estimator)


def test_it_is_the_regression_of_the_paper():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    X[::7, 1] = np.nan
    z = 2 + X[:, 0] + 0.1 * rng.normal(size=300)
    own = RedshiftRegressor().fit(X, z).predict(X)
    plain = xgboost.XGBRegressor(
        n_estimators=15, max_depth=15, tree_method="hist", objective="reg:squarederror", n_jobs=1
    ).fit(X, z)
    np.testing.assert_allclose(own, plain.predict(X), rtol=1e-5)
    assert np.mean(np.abs(own - z)) < 0.2
    few = RedshiftRegressor(n_rounds=1, max_depth=1).fit(X, z).predict(X)
    assert len(np.unique(few)) == 2


def test_it_answers_with_the_mean_of_two_solutions():
    X = np.zeros((100, 1))
    z = np.repeat([1.0, 3.0], 50)
    assert RedshiftRegressor().fit(X, z).predict([[0.0]]) == pytest.approx(2.0, abs=0.05)


def test_wrong_input_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="n_rounds is 0; it must be 1 or more"):
        RedshiftRegressor(n_rounds=0).fit([[0.0], [1.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="NaN"):
        RedshiftRegressor().fit([[0.0], [1.0]], [1.0, np.nan])
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ImportError, match="needs xgboost, which is not installed"):
        RedshiftRegressor().fit([[0.0], [1.0]], [1.0, 2.0])
