"""LogTransform: clipping, log2, each array standardised; missing values and precision kept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators import LogTransform, ProbeFilter


@pytest.mark.parametrize(
    "estimator",
    [LogTransform(), LogTransform(scale="raw", floor=0.01), LogTransform(standardise_arrays=True)],
    ids=["default", "raw", "standardised"],
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
    standardised = LogTransform(standardise_arrays=True).fit_transform(X)
    # Two values have mean 0 and deviation 1 at ∓ 1/√2, whatever they are.
    np.testing.assert_allclose(standardised[0], [-np.sqrt(0.5), np.nan, np.sqrt(0.5)])
    assert np.isnan(standardised[1]).all()


def test_each_array_is_standardised_by_itself():
    X = np.random.default_rng(1).normal(8, 2, size=(5, 400))
    standardised = LogTransform(standardise_arrays=True).fit_transform(X)
    np.testing.assert_allclose(standardised.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(standardised.std(axis=1, ddof=1), 1, rtol=1e-14)
    alone = LogTransform(standardise_arrays=True).fit_transform(X[3:4])
    np.testing.assert_array_equal(standardised[3:4], alone)
    equal = np.full((1, 7), 0.1)
    assert not LogTransform(standardise_arrays=True).fit_transform(equal).any()


@pytest.mark.parametrize("standardise", [False, True])
def test_single_precision_is_kept(standardise):
    X = np.random.default_rng(2).lognormal(7, 1, size=(4, 50))
    transform = LogTransform("raw", np.float64(100), 16000, standardise_arrays=standardise)
    single = transform.fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32
    # Single precision has 24 bits: 6e-8 relative, a few operations deep, values up to 14.
    np.testing.assert_allclose(single, transform.fit_transform(X), atol=1e-5)


def test_names_of_probes_go_through():
    X = pd.DataFrame([[1.0, 2.0]], columns=["zyxin", "cystatin"])
    assert list(LogTransform().fit(X).get_feature_names_out()) == ["zyxin", "cystatin"]


@pytest.mark.real_data
def test_golub_as_in_multtest(golub):
    """``data(golub)`` of the R package multtest 2.54, columns 1, 27, 28 and 38: log10, each array
    standardised, five decimals. The unit of the logarithm cancels."""
    multtest = pd.DataFrame(
        {
            "AFFX-HUMISGF3A/M97935_MA_at": [-1.45769, -1.23051, -1.43337, -0.66465],
            "X95735_at": [-0.45048, -1.23051, 1.39015, 1.22814],
            "M27891_at": [-0.43514, -1.23051, 0.72671, 1.22270],
            "U22376_cds2_s_at": [1.71135, 1.93723, 0.45261, 0.41329],
        },
        index=[1, 27, 28, 38],
    )
    probes = ProbeFilter("raw", floor=100, ceiling=16000, min_ratio=5, min_range=500)
    arrays = LogTransform("raw", floor=100, ceiling=16000, standardise_arrays=True)
    kept = probes.set_output(transform="pandas").fit_transform(golub.train)
    ours = arrays.set_output(transform="pandas").fit_transform(kept)
    difference = ours.loc[multtest.index, multtest.columns] - multtest
    assert difference.abs().to_numpy().max() < 1e-5
