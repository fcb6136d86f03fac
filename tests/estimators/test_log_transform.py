"""LogTransform: clipping and log2; missing values and precision kept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators import LogTransform


@pytest.mark.parametrize(
    "estimator",
    [LogTransform(), LogTransform(scale="raw", floor=0.01)],
    ids=["default", "raw"],
)
def test_is_a_scikit_learn_estimator(estimator):
    check_estimator(estimator, on_skip=None)


def test_raw_intensities_are_clipped_then_logged():
    X = np.array([[-28400, 128, 1024, 71369]], dtype=float)
    log2 = LogTransform(scale="raw", floor=64, ceiling=16384).fit_transform(X)
    np.testing.assert_array_equal(log2, [[6, 7, 10, 14]])
    assert X[0, 0] == -28400


def test_log2_is_not_copied_and_bounds_are_on_the_scale_of_the_data():
    X = np.array([[3.5, 9.0, 15.0]])
    assert LogTransform().fit_transform(X) is X
    log2 = LogTransform(scale="log2", floor=4, ceiling=14).fit_transform(X)
    np.testing.assert_array_equal(log2, [[4, 9, 14]])


@pytest.mark.parametrize("floor", [None, -5, 0])
def test_intensities_that_have_no_logarithm_are_counted(floor):
    X = [[-20.0, 0.0, 5.0], [np.nan, 3.0, -1.0]]
    with pytest.raises(CohortError, match=r"3 of 6 intensities .* floor is"):
        LogTransform(scale="raw", floor=floor).fit_transform(X)


def test_missing_values_stay_missing():
    X = np.array([[2.0, np.nan, 8.0], [np.nan, np.nan, np.nan]])
    log2 = LogTransform(scale="raw").fit_transform(X)
    np.testing.assert_array_equal(log2, [[1, np.nan, 3], [np.nan] * 3])


def test_single_precision_is_kept():
    X = np.random.default_rng(2).lognormal(7, 1, size=(4, 50))
    transform = LogTransform("raw", np.float64(100), 16000)
    single = transform.fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32
    # Single precision has 24 bits: 6e-8 relative, a few operations deep, values up to 14.
    np.testing.assert_allclose(single, transform.fit_transform(X), atol=1e-5)


def test_names_of_probes_go_through():
    X = pd.DataFrame([[1.0, 2.0]], columns=["zyxin", "cystatin"])
    assert list(LogTransform().fit(X).get_feature_names_out()) == ["zyxin", "cystatin"]
