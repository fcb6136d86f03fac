"""How precise each value is, and which samples are alike: what least squares takes as known.

Counts get weights from voom. Samples may have weights that are estimated, or stated in a column.
Samples of one patient may be correlated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.differential_expression.records import ErrorRecord
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.statistics.array_weights import array_weights
from leukemia_kedro.statistics.counts import tmm_factors
from leukemia_kedro.statistics.random_blocks import block_correlation, consensus_correlation
from leukemia_kedro.statistics.voom import Voom, voom, voom_with_sample_weights

SAMPLE_COLUMNS = ("library_size", "tmm_factor", "weight")
TREND_COLUMNS = ("mean_log_count", "sqrt_sd", "fitted")


@dataclass(frozen=True)
class ErrorModel:
    """What the linear models are fitted to, and the covariance of its errors.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale: log2 expression, or the log counts per million of voom.
    weights : array, shape (n_samples,) or (n_probes, n_samples), or None
    correlation : array, shape (n_samples, n_samples), or None
        As :func:`~leukemia_kedro.statistics.linear_model.fit_linear_model` takes them.
    """

    expression: pd.DataFrame
    weights: np.ndarray | None = None
    correlation: np.ndarray | None = None


@dataclass(frozen=True)
class Weighing:
    """An estimated error model, as tables.

    Parameters
    ----------
    voom_expression, value_weights : DataFrame, shape (n_probes, n_samples)
        voom's values, and their weights with those of the samples. No rows without voom.
    sample_weights : DataFrame, index ``sample``, columns ``library_size, tmm_factor, weight``
        Reads of the probes tested, TMM factor and weight; the first two are NaN without voom. No
        rows where samples have neither.
    record : dict
    """

    voom_expression: pd.DataFrame
    value_weights: pd.DataFrame
    sample_weights: pd.DataFrame
    record: ErrorRecord

    def error_model(self, log_expression: pd.DataFrame, samples: pd.DataFrame) -> ErrorModel:
        """The model of the probes in ``log_expression`` (n_probes, n_samples), whose samples are
        the index of ``samples``."""
        expression, correlation = log_expression, None
        weights: np.ndarray | None = None
        if self.record["voom"]:
            expression = self.voom_expression.loc[log_expression.index]
            weights = self.value_weights.loc[log_expression.index].to_numpy()
        elif len(self.sample_weights):
            weights = self.sample_weights["weight"].to_numpy()
        if self.record["block_correlation"] is not None:
            blocks = number_blocks(samples, self.record["random_block"], "random_block")
            assert blocks is not None
            correlation = block_correlation(blocks, self.record["block_correlation"])
        return ErrorModel(expression, weights, correlation)


def uses_voom(cohort: CohortParameters, parameters: DifferentialExpressionParameters) -> bool:
    """Whether the linear models take counts of reads, by voom.

    Raises
    ------
    UserError
        They shall, but the cohort has none.
    """
    has_counts = cohort.scale == "counts"
    if parameters.voom and not has_counts:
        raise UserError(
            f"differential_expression.voom is true, but cohort.scale is {cohort.scale!r}: voom "
            "weighs raw counts of reads, whose precision grows with the count. Set "
            "differential_expression.voom to null, or give raw counts and set cohort.scale to "
            "counts; for other values differential_expression.trend lets the variance follow the "
            "mean"
        )
    return has_counts if parameters.voom is None else parameters.voom


def number_blocks(samples: pd.DataFrame, column: str | None, parameter: str) -> np.ndarray | None:
    """Number of each sample's block; None where ``column`` is.

    ``parameter`` of the block ``differential_expression`` names the column.

    Raises
    ------
    UserError
        There is no such column, or a sample has no value in it.
    """
    if column is None:
        return None
    return pd.factorize(_complete_column(samples, column, parameter))[0]


def random_blocks(samples: pd.DataFrame, column: str | None) -> np.ndarray | None:
    """As :func:`number_blocks`, for ``random_block``.

    Raises
    ------
    UserError
        Also where no block, or one alone, has several samples.
    """
    blocks = number_blocks(samples, column, "random_block")
    if blocks is None:
        return None
    sizes = np.bincount(blocks)
    if sizes.max() == 1 or len(sizes) == 1:
        has = "another value for each" if sizes.max() == 1 else "one value for all"
        raise UserError(
            f"differential_expression.random_block: {column!r} has {has} of the samples compared, "
            "so nothing tells how alike samples of one value are; set it to null, or to the column "
            "of the patients that were measured several times"
        )
    return blocks


def stated_weights(samples: pd.DataFrame, column: str | None) -> np.ndarray | None:
    """The samples' weights in ``column``, shape (n_samples,); None where ``column`` is.

    Raises
    ------
    UserError
        There is no such column, or a sample has no positive number in it.
    """
    if column is None:
        return None
    values = _complete_column(samples, column, "weights")
    weights = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        raise UserError(
            f"differential_expression.weights: {column!r} is {first_few(values[wrong])} for the "
            f"samples {first_few(samples.index[wrong])}; expected positive numbers, larger ones "
            "for more precise samples. To leave a sample out, use cohort.leave_out"
        )
    return weights


def weigh(
    values: pd.DataFrame,
    design: pd.DataFrame,
    samples: pd.DataFrame,
    parameters: DifferentialExpressionParameters,
    has_counts: bool,
) -> tuple[Weighing, pd.DataFrame]:
    """Estimate what is asked for: voom, weights of samples, correlation within blocks.

    voom's weights and the correlation depend on each other. As limma's user guide says, voom is
    computed again with the correlation, and the correlation again with these weights.

    Parameters
    ----------
    values : DataFrame, shape (n_probes, n_samples)
        The probes tested: raw counts of reads for voom, else log2 expression.
    design : DataFrame, shape (n_samples, n_coefficients)
    samples : DataFrame, index ``sample``
        Those of the design, in its order.
    has_counts : bool
        Whether ``values`` are counts for voom.

    Returns
    -------
    weighing : Weighing
    voom_trend : DataFrame, index ``probe``, columns ``mean_log_count, sqrt_sd, fitted``
        As in :class:`~leukemia_kedro.statistics.voom.Voom`; no rows without voom.

    Raises
    ------
    UserError
        Columns that parameters name are not fit, or an estimate does not exist.
    """
    blocks = random_blocks(samples, parameters.random_block)
    stated = stated_weights(samples, parameters.weights)
    sizes = factors = np.full(len(design), np.nan)
    if has_counts:
        sizes = values.to_numpy().sum(axis=0, dtype=float)
        factors = tmm_factors(values.to_numpy().T, sizes)

    def weighed(rho: float | None) -> tuple[Voom | None, np.ndarray | None]:
        """voom's result, with weights of samples; and these."""
        correlation = None if rho is None or blocks is None else block_correlation(blocks, rho)
        if not has_counts:
            return None, array_weights(values, design) if parameters.sample_weights else stated
        if parameters.sample_weights:
            return voom_with_sample_weights(values, design, sizes * factors, correlation)
        found = voom(values, design, sizes * factors, stated, correlation)
        weights = found.weights if stated is None else found.weights * stated
        return Voom(found.expression, weights, found.trend), stated

    rho = None
    of_values, of_samples = weighed(None)
    if blocks is not None:
        if of_values is None:
            rho = _correlation_within(blocks, values, design, of_samples)
        else:
            rho = _correlation_within(blocks, of_values.expression, design, of_values.weights)
            of_values, of_samples = weighed(rho)
            assert of_values is not None
            rho = _correlation_within(blocks, of_values.expression, design, of_values.weights)

    sample_table = pd.DataFrame(index=samples.index[:0], columns=SAMPLE_COLUMNS, dtype=float)
    if has_counts or of_samples is not None:
        columns = (sizes, factors, np.ones(len(design)) if of_samples is None else of_samples)
        sample_table = pd.DataFrame(
            dict(zip(SAMPLE_COLUMNS, columns, strict=True)), samples.index.rename("sample")
        )
    nothing = values.iloc[:0].astype(float)
    record: ErrorRecord = {
        "voom": has_counts,
        "sample_weights": parameters.sample_weights,
        "weights": parameters.weights,
        "random_block": parameters.random_block,
        "block_correlation": rho,
    }
    if of_values is None:
        no_trend = pd.DataFrame(index=nothing.index, columns=TREND_COLUMNS, dtype=float)
        return Weighing(nothing, nothing, sample_table, record), no_trend
    weights = pd.DataFrame(of_values.weights, values.index, values.columns, copy=False)
    return Weighing(of_values.expression, weights, sample_table, record), of_values.trend


def _correlation_within(
    blocks: np.ndarray,
    expression: pd.DataFrame,
    design: pd.DataFrame,
    weights: np.ndarray | None,
) -> float:
    rho = consensus_correlation(expression, design, blocks, weights).correlation
    if np.isnan(rho):
        raise UserError(
            "differential_expression.random_block: nothing tells how alike samples of one value "
            "are, because the design leaves too little to compare; set it to null, or use a "
            "simpler design"
        )
    return float(rho)


def _complete_column(samples: pd.DataFrame, column: str, parameter: str) -> pd.Series:
    if column not in samples:
        raise UserError(
            f"differential_expression.{parameter} is {column!r}, which is no column of the samples "
            f"table; its columns are {first_few(samples.columns, 20)}"
        )
    values = samples[column]
    unknown = samples.index[values.isna() | values.eq("")]
    if len(unknown):
        raise UserError(
            f"differential_expression.{parameter}: {column!r} has no value for the samples "
            f"{first_few(unknown)}; choose another column, or null"
        )
    return values
