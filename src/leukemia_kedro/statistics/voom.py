"""Weights that let linear models analyse counts of reads.

Large counts are more precise than small ones, and a sample that was sequenced deeply is more
precise than another. voom learns from all genes how the standard deviation of a log count falls
with the count, and weights each value by the variance that its fitted count predicts.

References
----------
C. W. Law, Y. Chen, W. Shi & G. K. Smyth (2014). voom: precision weights unlock linear model
analysis tools for RNA-seq read counts. Genome Biol. 15:R29.
R. Liu, A. Z. Holik, S. Su, N. Jansz, K. Chen, H. S. Leong, M. E. Blewitt, M.-L. Asselin-Labat,
G. K. Smyth & M. E. Ritchie (2015). Why weight? Modelling sample and observational level variability
improves power in RNA-seq analyses. Nucleic Acids Res. 43:e97.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.array_weights import array_weights
from leukemia_kedro.statistics.linear_model import BLOCK_BYTES, fit_linear_model
from leukemia_kedro.statistics.lowess import lowess, lowess_knots

_SPAN = 0.5
_LOG2_MILLION = np.log2(1e6)


@dataclass(frozen=True)
class Voom:
    """Log counts per million with their weights.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        log2 of counts per million; see :func:`voom_expression`.
    weights : array, shape (n_probes, n_samples)
        Inverse variances of the values of ``expression``.
    trend : DataFrame, index ``probe``
        ``mean_log_count``, on the log2 scale; ``sqrt_sd``, the square root of the residual standard
        deviation; and ``fitted``, the trend of ``sqrt_sd``. Only probes from which it was learned:
        those with a read and with residual degrees of freedom.
    """

    expression: pd.DataFrame
    weights: np.ndarray
    trend: pd.DataFrame


def voom_expression(counts: pd.DataFrame, library_sizes: np.ndarray) -> pd.DataFrame:
    """log2 counts per million, log2((count + 0.5) / (library size + 1) · 10⁶) (Law et al. 2014)."""
    values = counts.to_numpy()
    log_counts = np.empty(values.shape)
    offset = _LOG2_MILLION - np.log2(library_sizes + 1.0)
    for genes in _blocks(values.shape):
        np.log2(values[genes] + 0.5, out=log_counts[genes])
        log_counts[genes] += offset
    return pd.DataFrame(log_counts, counts.index, counts.columns, copy=False)


def voom(
    counts: pd.DataFrame,
    design: pd.DataFrame,
    library_sizes: np.ndarray,
    sample_weights: np.ndarray | None = None,
    correlation: np.ndarray | None = None,
) -> Voom:
    """Log counts per million and precision weights, as limma's ``voom`` gives them.

    Parameters
    ----------
    counts : DataFrame, shape (n_probes, n_samples)
        Raw counts of reads, without missing values.
    design : DataFrame, shape (n_samples, n_coefficients)
    library_sizes : array, shape (n_samples,)
        Reads of each sample, best multiplied by its normalisation factor.
    sample_weights : array, shape (n_samples,), optional
        Relative precision of the samples. The trend is learned with them; the weights given back do
        not contain them.
    correlation : array, shape (n_samples, n_samples), optional
        Correlation of the errors, as in
        :func:`~leukemia_kedro.statistics.linear_model.fit_linear_model`.

    Raises
    ------
    UserError
        A count is missing or negative, or fewer than two probes have reads and residual degrees of
        freedom.
    """
    values = counts.to_numpy()
    if not (values >= 0).all():
        raise UserError("voom takes raw counts of reads: none may be missing or negative")
    expression = voom_expression(counts, library_sizes)
    fit = fit_linear_model(expression, design, sample_weights, correlation)
    depth = np.log2(library_sizes + 1.0) - _LOG2_MILLION
    usable = values.any(axis=1) & (fit.df_residual > 0)
    if usable.sum() < 2:
        raise UserError(
            "voom learns its trend from the genes that have reads and vary within the design; "
            f"there are {usable.sum()}: use more genes, more samples or a simpler design"
        )
    mean_log_count = fit.ave_expr[usable] + depth.mean()
    sqrt_sd = np.sqrt(fit.sigma[usable])
    fitted = lowess(mean_log_count, sqrt_sd, _SPAN)
    knots = lowess_knots(mean_log_count)
    coefficients = fit.coefficients.to_numpy()
    design_rows = design.to_numpy(dtype=np.float64).T
    weights = np.empty(values.shape)
    for genes in _blocks(values.shape):
        log_count = coefficients[genes] @ design_rows + depth
        predicted = np.interp(log_count, mean_log_count[knots], fitted[knots])
        np.square(predicted, out=predicted)
        np.square(predicted, out=predicted)
        np.reciprocal(predicted, out=weights[genes])
    trend = pd.DataFrame(
        {"mean_log_count": mean_log_count, "sqrt_sd": sqrt_sd, "fitted": fitted},
        index=counts.index[usable],
    )
    return Voom(expression, weights, trend)


def voom_with_sample_weights(
    counts: pd.DataFrame,
    design: pd.DataFrame,
    library_sizes: np.ndarray,
    correlation: np.ndarray | None = None,
) -> tuple[Voom, np.ndarray]:
    """voom, and the relative precision of each sample, as limma's ``voomWithQualityWeights``.

    Both depend on each other, so each is estimated twice (Liu et al. 2015). The parameters are
    those of :func:`voom`. The weights of the first result contain those of the samples, the second,
    shape (n_samples,), whose product is 1.
    """
    first = voom(counts, design, library_sizes, None, correlation)
    sample_weights = array_weights(first.expression, design, first.weights)
    second = voom(counts, design, library_sizes, sample_weights, correlation)
    sample_weights = array_weights(second.expression, design, second.weights)
    return Voom(second.expression, second.weights * sample_weights, second.trend), sample_weights


def _blocks(shape: tuple[int, int]) -> Iterator[slice]:
    """Genes whose float64 values stay in the processor's cache."""
    n_block = max(1, BLOCK_BYTES // (8 * shape[1]))
    return (slice(first, first + n_block) for first in range(0, shape[0], n_block))
