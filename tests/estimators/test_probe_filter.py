"""ProbeFilter: which probes vary enough, on either scale, with missing values, by name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators import ProbeFilter

DUDOIT = {"floor": 100, "ceiling": 16000, "min_ratio": 5, "min_range": 500}


def dudoit() -> ProbeFilter:
    return ProbeFilter(scale="raw", **DUDOIT)


@pytest.mark.parametrize("scale", ["raw", "log2"])
def test_is_a_scikit_learn_estimator(scale):
    check_estimator(ProbeFilter(scale=scale), on_skip=None)


def test_both_conditions_hold_strictly_after_clipping():
    columns = {
        "ratio exactly 5": [200, 1000],
        "range exactly 500": [100, 600],
        "both larger": [150, 760],
        "ratio too small": [8000, 16000],
        "range too small": [100, 590],
        "only below the floor": [-3000, 99],
        "only above the ceiling": [16001, 70000],
        "floor to ceiling": [-50, 70000],
    }
    X = pd.DataFrame(columns, dtype=float)
    assert list(dudoit().fit(X).get_feature_names_out()) == ["both larger", "floor to ceiling"]


def test_columns_that_are_kept_come_out_as_they_went_in():
    X = pd.DataFrame({"a": [-50, 70000], "b": [300, 310]}, dtype=np.float32)
    kept = dudoit().set_output(transform="pandas").fit_transform(X)
    pd.testing.assert_frame_equal(kept, X[["a"]])
    assert dudoit().fit_transform(X.to_numpy()).dtype == np.float32


def test_thresholds_are_linear_on_the_log2_scale_too():
    raw = np.random.default_rng(0).lognormal(6, 0.8, size=(12, 300))
    on_raw = dudoit().fit(raw)
    on_log2 = dudoit().set_params(scale="log2", floor=np.log2(100), ceiling=np.log2(16000))
    on_log2.fit(np.log2(raw))
    # Relative error of log2 and back, near 2**14: about 14 ulp.
    np.testing.assert_allclose(on_log2.maximum_, on_raw.maximum_, rtol=1e-13)
    np.testing.assert_array_equal(on_log2.get_support(), on_raw.get_support())
    assert 0 < on_raw.get_support().sum() < 300


def test_without_conditions_every_probe_with_a_value_is_kept():
    X = np.array([[1.0, np.nan, -3.0], [1.0, np.nan, np.nan]])
    assert ProbeFilter().fit(X).get_support().tolist() == [True, False, True]


def test_missing_values_are_passed_over():
    X = np.array([[100, np.nan, 100], [np.nan, np.nan, 110], [2000, np.nan, 120]], dtype=float)
    fitted = dudoit().fit(X)
    np.testing.assert_array_equal(fitted.minimum_, [100, np.nan, 100])
    np.testing.assert_array_equal(fitted.get_support(), [True, False, False])
    np.testing.assert_array_equal(fitted.transform(X), X[:, :1])


def test_a_ratio_without_a_floor():
    """Where the minimum is not positive the ratio is undefined; a positive maximum decides."""
    X = np.array([[-10, -10, 0, 100, 100], [4000, -1, 0, 501, 499]], dtype=float)
    kept = ProbeFilter(scale="raw", min_ratio=5).fit(X).get_support()
    np.testing.assert_array_equal(kept, [True, False, False, True, False])


def test_excluded_probes_go_by_name():
    X = pd.DataFrame([[100.0, 100.0], [9000.0, 9000.0]], columns=["AFFX-BioB-5_at", "X95735_at"])
    fitted = dudoit().set_params(exclude=["AFFX-BioB-5_at"]).fit(X)
    assert list(fitted.get_feature_names_out()) == ["X95735_at"]
    with pytest.raises(CohortError, match=r"X lacks: zyxin"):
        fitted.set_params(exclude=["zyxin"]).fit(X)
    with pytest.raises(CohortError, match="no column names"):
        fitted.set_params(exclude=["X95735_at"]).fit(X.to_numpy())


def test_nothing_left_names_the_thresholds():
    with pytest.raises(CohortError, match=r"none of 2 probes.* > 5 .* > 500 .*floor 100"):
        dudoit().fit([[100.0, 200.0], [110.0, 210.0]])


def test_the_table_of_what_was_found():
    X = pd.DataFrame({"a": [-50.0, 70000.0], "b": [300.0, 310.0]})
    expected = {"probe": ["a", "b"], "minimum": [100, 300], "maximum": [16000, 310]}
    expected = pd.DataFrame(expected | {"passes": [True, False]})
    pd.testing.assert_frame_equal(dudoit().fit(X).to_frame(), expected, check_dtype=False)


def test_range_of_single_precision_is_exact_in_double():
    X = np.array([[3, 5], [4, 1]], dtype=np.float32)
    fitted = ProbeFilter().fit(X)
    assert fitted.minimum_.dtype == fitted.maximum_.dtype == np.float64
    np.testing.assert_array_equal([fitted.minimum_, fitted.maximum_], [[8, 2], [16, 32]])
