"""Least squares for all genes at once, with what limma's ``lmFit`` and ``contrasts.fit`` keep.

Samples may have weights, and samples of one patient may be correlated. The expression matrix is
never copied: small blocks of genes are taken to float64 one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.design import independent_columns

# Size of a float64 block of genes: it stays in the processor's cache, and its products are too
# small for the linear algebra library to start threads, which takes longer than the products do.
BLOCK_BYTES = 2**19
# Genes taken out of the expression matrix at a time: in some layouts they share cache lines.
PANEL_GENES = 64
# A gene whose own normal equations are worse conditioned than this is solved by itself.
_WORST_CONDITION = 1e6


@dataclass(frozen=True)
class LinearFit:
    """One linear model per gene, or contrasts of its coefficients.

    Parameters
    ----------
    coefficients, stdev_unscaled : DataFrame, shape (n_probes, n_coefficients)
        The standard errors are divided by sigma. NaN where a gene's own observed samples cannot
        tell a coefficient.
    sigma : array, shape (n_probes,)
        Residual standard deviation; exactly 0 where the residuals are rounding errors, NaN where
        ``df_residual`` is 0.
    df_residual : array, shape (n_probes,)
        Number of observed samples minus the rank of the design over them.
    ave_expr : array, shape (n_probes,)
        Unweighted mean of the observed values, limma's ``Amean`` and ``AveExpr``.
    cov_coefficients : array, shape (n_coefficients, n_coefficients)
        Unscaled covariance of the coefficients of a gene without missing values. Where weights
        differ between genes, or values are missing, it leaves weights out, as limma does.
    """

    coefficients: pd.DataFrame
    stdev_unscaled: pd.DataFrame
    sigma: np.ndarray
    df_residual: np.ndarray
    ave_expr: np.ndarray
    cov_coefficients: np.ndarray


def fit_linear_model(
    expression: pd.DataFrame | np.ndarray,
    design: pd.DataFrame,
    weights: np.ndarray | None = None,
    correlation: np.ndarray | None = None,
) -> LinearFit:
    """Fit the design to every gene by generalised least squares, as limma's ``lmFit`` does.

    The errors of a gene have the covariance σ² W^-1/2 C W^-1/2, where W are its weights and C is
    ``correlation``. A missing value leaves the sample out for that gene only, and so does a weight
    of 0.

    Parameters
    ----------
    expression : DataFrame or array, shape (n_probes, n_samples), float32 or float64
        log2 scale. NaN marks a missing value.
    design : DataFrame, shape (n_samples, n_coefficients)
        Of full rank; its index must be the expression's columns where these have names.
    weights : array, shape (n_samples,) or (n_probes, n_samples), optional
        Inverse variances of the errors, up to σ². Not negative.
    correlation : array, shape (n_samples, n_samples), optional
        Correlation of the errors, the same for every gene.

    Raises
    ------
    UserError
        Where samples of design and expression differ, values are infinite, weights are negative or
        no numbers, or no errors have this correlation.

    References
    ----------
    G. K. Smyth, J. Michaud & H. S. Scott (2005). Use of within-array replicate spots for assessing
    differential expression in microarray experiments. Bioinformatics 21:2067–2075.
    """
    if not isinstance(expression, pd.DataFrame):
        names = pd.RangeIndex(len(expression), name="probe")
        expression = pd.DataFrame(expression, names, design.index, copy=False)
    if not expression.columns.equals(design.index):
        raise UserError(
            f"expression has the samples {first_few(expression.columns)}, the design "
            f"{first_few(design.index)}; both must list the same samples in the same order"
        )
    values, probes = expression.to_numpy(), expression.index
    model = _Model.of(
        design.to_numpy(dtype=np.float64), _checked(weights, values.shape), correlation
    )
    blocks = [_fit_block(model, y, genes, probes[genes]) for genes, y in _float64_blocks(values)]
    coefficients, stdev, sigma, df, ave_expr, n_missing = map(
        np.concatenate, zip(*blocks, strict=True)
    )
    tables = [pd.DataFrame(values, probes, design.columns) for values in (coefficients, stdev)]
    basis = model.plain_basis if n_missing.any() else model.basis
    covariance = basis.r_inverse @ basis.r_inverse.T
    return LinearFit(tables[0], tables[1], sigma, df, ave_expr, covariance)


def fit_contrasts(fit: LinearFit, contrasts: pd.DataFrame) -> LinearFit:
    """Contrasts of the coefficients of a fit, as limma's ``contrasts.fit`` gives them.

    Standard errors take the correlation of the coefficients from ``cov_coefficients``. For a gene
    with missing values, or with weights of its own, that is limma's approximation. It is exact only
    where the coefficients are uncorrelated as in ``~ 0 + label``: write the design so that the
    contrasts of interest are coefficients where this matters. ``contrasts``, shape
    (n_coefficients, n_contrasts), come from
    :func:`~leukemia_kedro.statistics.contrasts.contrast_matrix`.
    """
    weights = contrasts.to_numpy(dtype=np.float64)
    coefficients = fit.coefficients.to_numpy()
    unknown = np.isnan(coefficients)
    stdev = np.where(unknown, 0.0, fit.stdev_unscaled.to_numpy())
    root = np.linalg.cholesky(correlation(fit.cov_coefficients))
    variance = [np.square((stdev * weight) @ root).sum(axis=1) for weight in weights.T]
    involves_unknown = unknown @ (weights != 0)

    def table(values: np.ndarray) -> pd.DataFrame:
        values = np.where(involves_unknown, np.nan, values)
        return pd.DataFrame(values, index=fit.coefficients.index, columns=contrasts.columns)

    return replace(
        fit,
        coefficients=table(np.where(unknown, 0.0, coefficients) @ weights),
        stdev_unscaled=table(np.sqrt(np.column_stack(variance))),
        cov_coefficients=weights.T @ fit.cov_coefficients @ weights,
    )


def _checked(weights: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray | None:
    if weights is None:
        return None
    if weights.shape not in (shape, shape[1:]):
        raise ValueError(f"weights have the shape {weights.shape}, expression {shape}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise UserError("a weight of a sample is negative or no number; weights are at least 0")
    # A weight of 0 leaves a sample out, as a missing value does: gene by gene.
    return weights if weights.all() else np.broadcast_to(weights, shape)


@dataclass(frozen=True)
class _Basis:
    """The design, (n_samples, n_coefficients), in orthonormal columns: design = Q R.

    In these coordinates the normal equations of a gene with missing values stay close to diagonal
    and lose no digits.
    """

    design: np.ndarray
    q: np.ndarray
    r_inverse: np.ndarray

    @classmethod
    def of(cls, design: np.ndarray) -> Self:
        q, r = np.linalg.qr(design)
        return cls(design, q, np.linalg.inv(r))


@dataclass(frozen=True)
class _Model:
    """Design, weights and correlation; the bases are those of the whitened design.

    Whitened are rows that are multiplied by the root of the inverse of the errors' covariance: with
    them, generalised least squares is least squares.
    """

    design: np.ndarray
    weights: np.ndarray | None
    correlation: np.ndarray | None
    basis: _Basis
    plain_basis: _Basis  # without weights

    @classmethod
    def of(
        cls, design: np.ndarray, weights: np.ndarray | None, correlation: np.ndarray | None
    ) -> Self:
        plain = _Basis.of(whitened(design.T, correlation).T)
        basis = plain
        if weights is not None and weights.ndim == 1:
            basis = _Basis.of(whitened(design.T * np.sqrt(weights), correlation).T)
        return cls(design, weights, correlation, basis, plain)


def whitened(rows: np.ndarray, correlation: np.ndarray | None) -> np.ndarray:
    """Rows, shape (…, n_samples), of values whose errors have the correlation (n_samples,
    n_samples), made such that they have none."""
    if correlation is None or rows.size == 0:
        return rows
    try:
        root = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        raise UserError(
            "no errors have this correlation between samples: the matrix is not positive definite"
        ) from None
    flat = rows.reshape(-1, rows.shape[-1])
    return solve_triangular(root, flat.T, lower=True).T.reshape(rows.shape)


class _Solution(NamedTuple):
    coefficients: np.ndarray
    stdev_unscaled: np.ndarray
    rss: np.ndarray  # residual sum of squares
    df_residual: np.ndarray
    sum_squares: np.ndarray  # of the values, weighted as the residuals are


def _float64_blocks(values: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Copies of a few genes at a time, and which genes they are."""
    n_block = max(1, BLOCK_BYTES // (8 * values.shape[1]))
    n_panel = max(PANEL_GENES, n_block)
    for first in range(0, len(values), n_panel):
        panel = values[first : first + n_panel].astype(np.float64, order="C")
        for start in range(0, len(panel), n_block):
            block = panel[start : start + n_block]
            yield slice(first + start, first + start + len(block)), block


def _fit_block(
    model: _Model, y: np.ndarray, genes: slice, probes: pd.Index
) -> tuple[np.ndarray, ...]:
    """The first five fields of :class:`LinearFit` and the number of missing values, of one block,
    whose values are overwritten."""
    missing = np.isnan(y)
    n_missing = missing.sum(axis=1)
    y[missing] = 0.0
    with np.errstate(invalid="ignore"):  # 0/0 where every value is missing
        total = y.sum(axis=1)
        ave_expr = total / (y.shape[1] - n_missing)
    infinite = probes[~np.isfinite(total)]
    if len(infinite):
        raise UserError(
            f"expression is infinite in {first_few(infinite)}; "
            "set a floor above zero before taking logarithms"
        )

    weights = model.weights
    if weights is not None and weights.ndim == 2:
        weights = weights[genes]
    if n_missing.any() or (weights is not None and weights.ndim == 2):
        precision = ~missing * (1.0 if weights is None else weights)
        if model.correlation is None:
            fit = _solve_each(model.plain_basis, y, precision)
        else:
            fit = _solve_correlated(model, y, precision)
    else:
        weighted = y if weights is None else y * np.sqrt(weights)
        fit = _solve_together(model.basis, whitened(weighted, model.correlation))
    # What is left of a constant gene is rounding: no variance, rather than a tiny one.
    rounding = (y.shape[1] * np.finfo(float).eps) ** 2 * fit.sum_squares
    rss = np.where(fit.rss <= rounding, 0.0, fit.rss)
    sigma = np.sqrt(rss / np.where(fit.df_residual > 0, fit.df_residual, np.nan))
    return fit.coefficients, fit.stdev_unscaled, sigma, fit.df_residual, ave_expr, n_missing


def _solve_together(basis: _Basis, y: np.ndarray) -> _Solution:
    """One set of normal equations for every gene (row) of y."""
    effects = y @ basis.q
    residuals = y - effects @ basis.q.T
    n_samples, n_coefficients = basis.q.shape
    stdev_unscaled = np.sqrt(np.square(basis.r_inverse).sum(axis=1))
    return _Solution(
        effects @ basis.r_inverse.T,
        np.tile(stdev_unscaled, (len(y), 1)),
        np.einsum("gs,gs->g", residuals, residuals),
        np.full(len(y), float(n_samples - n_coefficients)),
        np.einsum("gs,gs->g", y, y),
    )


def _solve_each(basis: _Basis, y: np.ndarray, precision: np.ndarray) -> _Solution:
    """Normal equations of its own for every gene (row) of y, whose values have the weights
    ``precision``; both are 0 where a value is missing."""
    q, n_coefficients = basis.q, basis.q.shape[1]
    products = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    normal = (precision @ products).reshape(-1, n_coefficients, n_coefficients)
    weighted = precision * y
    effects, stdev_unscaled, degenerate = _solve_normal(normal, weighted @ q, basis.r_inverse)
    residuals = y - effects @ q.T
    solution = _Solution(
        effects @ basis.r_inverse.T,
        stdev_unscaled,
        np.einsum("gs,gs,gs->g", precision, residuals, residuals),
        (precision > 0).sum(axis=1) - float(n_coefficients),
        np.einsum("gs,gs->g", weighted, y),
    )
    for gene in degenerate:
        kept = precision[gene] > 0
        root = np.sqrt(precision[gene, kept])
        _set_gene(solution, gene, basis.design[kept] * root[:, None], y[gene, kept] * root)
    return solution


def _solve_correlated(model: _Model, y: np.ndarray, precision: np.ndarray) -> _Solution:
    """As :func:`_solve_each`, for correlated errors."""
    basis, correlation = model.plain_basis, model.correlation
    assert correlation is not None
    # Coefficient 0 is the expression; the others are the design, close to orthonormal columns.
    columns = (model.design @ basis.r_inverse).T
    rows = np.concatenate([y[:, None], np.broadcast_to(columns, (len(y), *columns.shape))], axis=1)
    rows *= np.sqrt(precision)[:, None]
    patterns, pattern_of = np.unique(precision > 0, axis=0, return_inverse=True)
    for number, kept in enumerate(patterns):
        alike = np.flatnonzero(pattern_of == number)
        inside = np.ix_(alike, np.arange(rows.shape[1]), np.flatnonzero(kept))
        rows[inside] = whitened(rows[inside], correlation[np.ix_(kept, kept)])
    y, x = rows[:, 0], rows[:, 1:]
    normal = x @ x.transpose(0, 2, 1)
    effects, stdev_unscaled, degenerate = _solve_normal(
        normal, np.einsum("gis,gs->gi", x, y), basis.r_inverse
    )
    residuals = y - np.einsum("gi,gis->gs", effects, x)
    solution = _Solution(
        effects @ basis.r_inverse.T,
        stdev_unscaled,
        np.einsum("gs,gs->g", residuals, residuals),
        (precision > 0).sum(axis=1) - float(x.shape[1]),
        np.einsum("gs,gs->g", y, y),
    )
    for gene in degenerate:
        kept = precision[gene] > 0
        design = model.design[kept] * np.sqrt(precision[gene, kept])[:, None]
        rows = whitened(design.T, correlation[np.ix_(kept, kept)])
        _set_gene(solution, gene, rows.T, y[gene, kept])
    return solution


def _solve_normal(
    normal: np.ndarray, products: np.ndarray, r_inverse: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects and unscaled standard errors from each gene's normal equations, and the genes whose
    equations are too badly conditioned for that."""
    eigenvalues, vectors = np.linalg.eigh(normal)
    degenerate = eigenvalues[:, 0] * _WORST_CONDITION <= eigenvalues[:, -1]
    eigenvalues[degenerate] = 1.0
    root_inverse = vectors / np.sqrt(eigenvalues)[:, None, :]
    effects = np.einsum("gij,gkj,gk->gi", root_inverse, root_inverse, products)
    stdev_unscaled = np.sqrt(np.square(r_inverse @ root_inverse).sum(axis=2))
    return effects, stdev_unscaled, np.flatnonzero(degenerate)


def _set_gene(solution: _Solution, gene: int, x: np.ndarray, y: np.ndarray) -> None:
    """Solve one gene whose observed samples may not tell every coefficient; those become NaN.

    ``x`` and ``y`` are whitened and hold the observed samples.
    """
    kept = independent_columns(x)
    solution.coefficients[gene] = solution.stdev_unscaled[gene] = np.nan
    basis = _Basis.of(x[:, kept])
    effects = basis.q.T @ y
    solution.coefficients[gene, kept] = basis.r_inverse @ effects
    solution.stdev_unscaled[gene, kept] = np.sqrt(np.square(basis.r_inverse).sum(axis=1))
    residuals = y - basis.q @ effects
    solution.rss[gene] = residuals @ residuals
    solution.df_residual[gene] = len(x) - len(kept)
    solution.sum_squares[gene] = y @ y


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Correlation matrix of a covariance matrix."""
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)
