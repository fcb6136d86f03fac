"""ArrayNormaliser: each array by itself, whatever stretched and shifted it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from leukemia_kedro.estimators import ArrayNormaliser, LogTransform, ProbeFilter
from leukemia_kedro.estimators.array_normaliser import array_standards, standardise
from leukemia_kedro.parameters import NORMALISATIONS

METHODS = [method for method in NORMALISATIONS if method != "none"]


def arrays(n=5, n_probes=400):
    return np.random.default_rng(1).normal(8, 2, size=(n, n_probes))


@pytest.mark.parametrize("method", NORMALISATIONS)
def test_is_a_scikit_learn_estimator(method):
    check_estimator(ArrayNormaliser(method), on_skip=None)


def test_none_hands_on_what_it_is_given():
    X = arrays()
    assert ArrayNormaliser("none").fit_transform(X) is X


def test_a_standardised_array_has_mean_0_and_deviation_1():
    standardised = ArrayNormaliser("standardise").fit_transform(arrays())
    np.testing.assert_allclose(standardised.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(standardised.std(axis=1, ddof=1), 1, rtol=1e-14)
    assert not ArrayNormaliser("standardise").fit_transform(np.full((1, 7), 0.1)).any()


def test_quantiles_of_the_training_arrays_are_all_those_of_the_mean_array():
    """Bolstad et al. 2003, section 2.2: sort, average, put back."""
    X = arrays()
    normalised = ArrayNormaliser("quantiles").fit_transform(X)
    target = np.sort(X, axis=1).mean(axis=0)
    for row, measured in zip(normalised, X, strict=True):
        np.testing.assert_allclose(np.sort(row), target, rtol=1e-13)
        assert (np.argsort(row) == np.argsort(measured)).all()


@pytest.mark.parametrize("method", NORMALISATIONS)
@pytest.mark.parametrize("others", ["none", "many", "raw"])
def test_an_array_is_normalised_by_itself_whatever_else_is_in_the_table(method, others):
    fitted, X = ArrayNormaliser(method).fit(arrays()), arrays(9)
    table = {"none": X[3:4], "many": X[::-1], "raw": np.where(np.arange(9)[:, None] == 3, X, 2**X)}
    place = {"none": 0, "many": 5, "raw": 3}[others]
    found = fitted.transform(table[others])[place]
    np.testing.assert_array_equal(found, fitted.transform(X)[3])


@pytest.mark.parametrize("method", METHODS)
@given(shift=st.floats(-5, 5), stretch=st.floats(0.2, 5))
def test_a_shifted_and_stretched_array_is_the_same_array(method, shift, stretch):
    fitted, X = ArrayNormaliser(method).fit(arrays()), arrays(2)
    np.testing.assert_allclose(
        fitted.transform(shift + stretch * X), fitted.transform(X), atol=1e-9
    )


@pytest.mark.parametrize("method", ["ranks", "quantiles"])
def test_ranks_and_quantiles_see_the_order_alone(method):
    fitted, X = ArrayNormaliser(method).fit(arrays()), arrays(2)
    np.testing.assert_array_equal(fitted.transform(np.exp(X)), fitted.transform(X))


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_stay_missing_and_are_passed_over(method):
    fitted, X = ArrayNormaliser(method).fit(arrays()), arrays(3)
    X[1, ::3] = np.nan
    X[2] = np.nan
    normalised = fitted.transform(X)
    assert (np.isnan(normalised) == np.isnan(X)).all()
    present = ~np.isnan(X[1])
    if method == "standardise":
        assert normalised[1, present].mean() == pytest.approx(0, abs=1e-14)
    assert spearmanr(X[1, present], normalised[1, present]).statistic == pytest.approx(1)
    # Two thirds of an array, at random, are nearly what they are in the whole.
    whole = fitted.transform(arrays(3))[1, present]
    np.testing.assert_allclose(normalised[1, present], whole, atol=0.6)


@pytest.mark.parametrize("method", NORMALISATIONS)
def test_single_precision_is_kept(method):
    X = arrays()
    fitted = ArrayNormaliser(method).fit(X)
    single = ArrayNormaliser(method).fit(X.astype(np.float32)).transform(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, fitted.transform(X), atol=1e-5)


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
    steps = [probes, LogTransform("raw", floor=100, ceiling=16000), ArrayNormaliser("standardise")]
    arrays = make_pipeline(*steps).set_output(transform="pandas")
    ours = arrays.fit_transform(golub.train)
    difference = ours.loc[multtest.index, multtest.columns] - multtest
    assert difference.abs().to_numpy().max() < 1e-5


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("missing", [0, 0.1])
def test_some_columns_are_standardised_as_among_all_to_the_last_digit(dtype, missing):
    generator = np.random.default_rng(4)
    X = generator.normal(8, 2, (9, 500)).astype(dtype)
    X[generator.random(X.shape) < missing] = np.nan
    X[3] = 7.3  # an array of equal values
    columns = [3, 4, 77, 499]
    found = standardise(X[:, columns], array_standards(X))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, ArrayNormaliser().fit_transform(X)[:, columns])
    plain = X.astype(float)
    deviation = np.nanstd(plain, axis=1, ddof=1, keepdims=True)
    deviation[3] = 1
    expected = (plain - np.nanmean(plain, axis=1, keepdims=True)) / deviation
    rounding = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, expected[:, columns], rtol=0, atol=rounding)
