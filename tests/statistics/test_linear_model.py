"""Least squares against statsmodels, one gene at a time, and what must not matter."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import linear_model
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model

N_PROBES, N_SAMPLES = 12, 15


@pytest.fixture
def design() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    groups = {"AML": np.repeat([0.0, 1, 0], 5), "MLL": np.repeat([0.0, 0, 1], 5)}
    return pd.DataFrame({"Intercept": 1.0, **groups, "age": rng.uniform(1, 80, N_SAMPLES)})


@pytest.fixture
def expression() -> np.ndarray:
    return np.random.default_rng(6).normal(9, 1.5, (N_PROBES, N_SAMPLES))


@pytest.fixture
def contrasts(design) -> pd.DataFrame:
    return pd.DataFrame({"MLL-AML": [0, -1, 1, 0], "AML/2": [0, 0.5, 0, 0]}, index=design.columns)


def one_gene(y, x):
    """The same from statsmodels, for the values that are observed."""
    return sm.OLS(y[np.isfinite(y)], x[np.isfinite(y)]).fit()


@pytest.mark.parametrize("has_gaps", [False, True])
def test_every_gene_has_its_least_squares_fit(expression, design, has_gaps):
    if has_gaps:
        expression[np.random.default_rng(8).random(expression.shape) < 0.15] = np.nan
    before = expression.copy()
    fit = fit_linear_model(expression, design)
    np.testing.assert_array_equal(expression, before)
    for gene, y in enumerate(expression):
        expected = one_gene(y, design.to_numpy())
        sigma = np.sqrt(expected.scale)
        # A slope of 0.0003 a year beside an intercept of 9 has four digits fewer.
        coefficients = fit.coefficients.iloc[gene]
        np.testing.assert_allclose(coefficients, expected.params, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(fit.stdev_unscaled.iloc[gene] * sigma, expected.bse, rtol=1e-10)
        np.testing.assert_allclose(fit.sigma[gene], sigma, rtol=1e-10)
        assert fit.df_residual[gene] == expected.df_resid
        np.testing.assert_allclose(fit.ave_expr[gene], np.nanmean(y), rtol=1e-14)


@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("shape", ["samples", "values"])
def test_weights_and_correlation_are_those_of_generalised_least_squares(
    expression, design, has_gaps, shape
):
    rng = np.random.default_rng(9)
    if has_gaps:
        expression[rng.random(expression.shape) < 0.15] = np.nan
    weights = rng.uniform(0.1, 4, N_SAMPLES if shape == "samples" else expression.shape)
    patient = np.arange(N_SAMPLES) // 2
    correlation = np.where(np.equal.outer(patient, patient), 0.6, 0.0) + 0.4 * np.eye(N_SAMPLES)
    fit = fit_linear_model(expression, design, weights, correlation)
    for gene, y in enumerate(expression):
        seen = np.isfinite(y)
        root = np.sqrt(np.broadcast_to(weights, expression.shape)[gene, seen])
        covariance = correlation[np.ix_(seen, seen)] / np.outer(root, root)
        expected = sm.GLS(y[seen], design.to_numpy()[seen], covariance).fit()
        sigma = np.sqrt(expected.scale)
        coefficients = fit.coefficients.iloc[gene]
        np.testing.assert_allclose(coefficients, expected.params, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(fit.stdev_unscaled.iloc[gene] * sigma, expected.bse, rtol=1e-9)
        np.testing.assert_allclose(fit.sigma[gene], sigma, rtol=1e-9)
        assert fit.df_residual[gene] == expected.df_resid


@pytest.mark.parametrize("in_blocks", [False, True])
def test_a_weight_of_zero_leaves_the_sample_out(expression, design, in_blocks):
    correlation = np.full((N_SAMPLES, N_SAMPLES), 0.3) + 0.7 * np.eye(N_SAMPLES)
    errors = {"correlation": correlation} if in_blocks else {}
    without = {key: value[1:, 1:] for key, value in errors.items()}
    weights = np.r_[0.0, np.linspace(0.5, 2, N_SAMPLES - 1)]
    fit = fit_linear_model(expression, design, weights, **errors)
    rest = fit_linear_model(expression[:, 1:], design.iloc[1:], weights[1:], **without)
    np.testing.assert_allclose(fit.coefficients, rest.coefficients, rtol=1e-9)
    np.testing.assert_allclose(fit.sigma, rest.sigma, rtol=1e-9)
    np.testing.assert_array_equal(fit.df_residual, rest.df_residual)


def test_weights_that_are_none_and_impossible_correlations_are_refused(expression, design):
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(UserError, match="negative or no number"):
            fit_linear_model(expression, design, np.r_[wrong, np.ones(N_SAMPLES - 1)])
    with pytest.raises(UserError, match="not positive definite"):
        fit_linear_model(expression, design, None, np.full((N_SAMPLES, N_SAMPLES), 1.0))


def test_contrasts_of_complete_genes_are_exact(expression, design, contrasts):
    fit = fit_linear_model(expression, design)
    estimate = fit_contrasts(fit, contrasts)
    for gene, y in enumerate(expression):
        test = one_gene(y, design.to_numpy()).t_test(contrasts.to_numpy().T)
        np.testing.assert_allclose(estimate.coefficients.iloc[gene], test.effect, rtol=1e-10)
        errors = estimate.stdev_unscaled.iloc[gene] * fit.sigma[gene]
        np.testing.assert_allclose(errors, test.sd, rtol=1e-10)


def test_what_a_gene_cannot_tell_stays_missing(expression, design, contrasts):
    expression[0] = np.nan
    expression[1, 5:10] = np.nan  # no AML
    expression[2, :12] = np.nan  # three MLL: intercept and age only
    fit = fit_linear_model(expression, design)

    assert fit.coefficients.iloc[0].isna().all()
    assert (fit.df_residual[0], np.isnan(fit.sigma[0])) == (0, True)
    assert np.isnan(fit.ave_expr[0])

    assert list(fit.coefficients.columns[fit.coefficients.iloc[1].isna()]) == ["AML"]
    expected = one_gene(expression[1], design.drop(columns="AML").to_numpy())
    np.testing.assert_allclose(fit.coefficients.iloc[1].dropna(), expected.params, rtol=1e-10)
    assert fit.df_residual[1] == 7

    # The later of two columns that say the same goes, as in R.
    assert list(fit.coefficients.iloc[2].isna()) == [False, True, True, False]
    assert fit.df_residual[2] == 1

    estimate = fit_contrasts(fit, contrasts)
    assert estimate.coefficients.iloc[1].isna().all()
    intercept = pd.DataFrame({"it": [1.0, 0, 0, 0]}, index=design.columns)
    assert np.isfinite(fit_contrasts(fit, intercept).coefficients.loc[1, "it"])


def test_a_constant_gene_has_no_variance_at_all(expression, design):
    expression[3] = 6.64385618977472  # log2 of a floor of 100
    fit = fit_linear_model(expression, design)
    assert fit.sigma[3] == 0
    assert (np.delete(fit.sigma, 3) > 0).all()
    assert fit.coefficients.loc[3, "Intercept"] == pytest.approx(6.64385618977472, rel=1e-14)


def test_as_many_coefficients_as_samples_leaves_no_sigma():
    fit = fit_linear_model(np.array([[3.0, 5.0]]), pd.DataFrame({"a": [1.0, 1], "b": [0.0, 1]}))
    assert (fit.df_residual[0], np.isnan(fit.sigma[0])) == (0, True)
    np.testing.assert_allclose(fit.coefficients.iloc[0], [3, 2])


@given(
    block_bytes=st.integers(1, 2000),
    panel=st.integers(1, 20),
    share_missing=st.sampled_from([0.0, 0.02, 0.3]),
    is_weighted=st.booleans(),
    in_sample_order=st.booleans(),
    seed=st.integers(0, 50),
)
def test_block_size_and_memory_layout_do_not_matter(
    block_bytes, panel, share_missing, is_weighted, in_sample_order, seed
):
    rng = np.random.default_rng(seed)
    y = rng.normal(8, 1, (30, 9)).astype(np.float32)
    y[rng.random(y.shape) < share_missing] = np.nan
    design = pd.DataFrame({"Intercept": 1.0, "x": rng.normal(size=9)})
    weights = rng.uniform(0.5, 2, y.shape) if is_weighted else None
    expected = fit_linear_model(y.astype(np.float64), design, weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear_model, "BLOCK_BYTES", block_bytes)
        patch.setattr(linear_model, "PANEL_GENES", panel)
        fit = fit_linear_model(np.asfortranarray(y) if in_sample_order else y, design, weights)
    np.testing.assert_allclose(fit.coefficients, expected.coefficients, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.sigma, expected.sigma, rtol=1e-9)
    np.testing.assert_array_equal(fit.df_residual, expected.df_residual)


def test_samples_of_other_names_and_infinite_values_are_refused(expression, design):
    names = [f"p{i}" for i in range(N_SAMPLES)]
    frame = pd.DataFrame(expression, columns=names)
    assert fit_linear_model(frame, design.set_axis(names)).coefficients.shape == (N_PROBES, 4)
    with pytest.raises(UserError, match="same samples in the same order"):
        fit_linear_model(frame, design.set_axis(names[::-1]))
    expression[4, 2] = -np.inf
    with pytest.raises(UserError, match="infinite in 4; set a floor above zero"):
        fit_linear_model(expression, design)


def test_a_large_matrix_is_never_copied():
    y = np.random.default_rng(0).standard_normal((12_029, 2_000), dtype=np.float32).T
    design = pd.DataFrame({"Intercept": 1.0, "x": np.arange(12_029) % 2})
    tracemalloc.start()
    fit_linear_model(y, design)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.25 * y.nbytes
