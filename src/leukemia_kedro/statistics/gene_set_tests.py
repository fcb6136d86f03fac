"""Camera and rotation: whether the genes of a set differ in a contrast of linear models.

Genes of a set are often co-expressed. Their statistics then move together, and the mean of a set
scatters far more than that of independent genes. Both tests learn the correlation of each set from
the residuals of the linear models, which hold no difference between classes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import LimmaVersion
from leukemia_kedro.statistics.empirical_bayes import ModeratedFit, moderate, squeeze_variances
from leukemia_kedro.statistics.enrichment import measured_sets
from leukemia_kedro.statistics.linear_model import (
    LinearFit,
    fit_contrasts,
    fit_linear_model,
    whitened,
)
from leukemia_kedro.statistics.multiple_testing import benjamini_hochberg
from leukemia_kedro.statistics.tail_probabilities import log_f_upper, t_two_sided


class Moderation(NamedTuple):
    """How variances are moderated, see
    :func:`~leukemia_kedro.statistics.empirical_bayes.moderate`."""

    trend: bool = False
    robust: bool = False
    version: LimmaVersion = "limma_3.62"


_PLAIN = Moderation()


@dataclass(frozen=True)
class GeneModels:
    """One linear model per gene, and what the gene-set tests take from it.

    Parameters
    ----------
    expression : DataFrame, shape (n_genes, n_samples)
        Log2 scale, a row per gene; NaN marks a missing value.
    design : DataFrame, shape (n_samples, n_coefficients)
    linear : LinearFit
        Coefficients of the design.
    moderated : ModeratedFit
        The contrasts.
    moderation : Moderation
    weights : array, shape (n_samples,) or (n_genes, n_samples), or None
    correlation : array, shape (n_samples, n_samples), or None
        As :func:`~leukemia_kedro.statistics.linear_model.fit_linear_model` took them.
    """

    expression: pd.DataFrame
    design: pd.DataFrame
    linear: LinearFit
    moderated: ModeratedFit
    moderation: Moderation
    weights: np.ndarray | None = None
    correlation: np.ndarray | None = None

    @property
    def df_residual(self) -> float:
        """Residual degrees of freedom of a gene without missing values."""
        return float(self.linear.df_residual.max())

    def residuals(self, genes: np.ndarray) -> np.ndarray:
        """Residuals of genes by position, each row scaled to length 1.

        Zero where a value is missing. A gene without residuals has a row of zeros. Residuals are
        multiplied by the roots of their weights, and those of correlated samples are made
        independent: all values count as they do in the linear model.
        """
        coefficients = np.nan_to_num(self.linear.coefficients.to_numpy()[genes])
        values = self.expression.to_numpy()[genes].astype(float)
        residuals = np.nan_to_num(values - coefficients @ self.design.to_numpy(float).T)
        if self.weights is not None:
            residuals *= np.sqrt(self.weights[genes] if self.weights.ndim == 2 else self.weights)
        residuals = whitened(residuals, self.correlation)
        residuals[~(self.linear.sigma[genes] > 0)] = 0
        length = np.linalg.norm(residuals, axis=1, keepdims=True)
        return residuals / np.where(length > 0, length, 1)


def fit_gene_models(
    expression: pd.DataFrame,
    design: pd.DataFrame,
    contrasts: pd.DataFrame,
    moderation: Moderation = _PLAIN,
    weights: np.ndarray | None = None,
    correlation: np.ndarray | None = None,
) -> GeneModels:
    """Linear models of all genes with moderated statistics of the contrasts.

    The parameters are those of :func:`~leukemia_kedro.statistics.linear_model.fit_linear_model`,
    :func:`~leukemia_kedro.statistics.linear_model.fit_contrasts` and
    :func:`~leukemia_kedro.statistics.empirical_bayes.moderate`.
    """
    linear = fit_linear_model(expression, design, weights, correlation)
    moderated = moderate(fit_contrasts(linear, contrasts), *moderation)
    return GeneModels(expression, design, linear, moderated, moderation, weights, correlation)


def camera(
    genes: GeneModels, contrast: str, gene_sets: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Competitive test: do the genes of a set differ more in one direction than the other genes?

    A two-sample t-test of the set's genes against all others, on the normal scores of their
    moderated t. The variance of the set's mean is multiplied by the variance inflation factor
    1 + (m − 1) ρ for m genes whose residuals have the mean correlation ρ, at least by 1. The
    degrees of freedom are those of the residuals, from which ρ is estimated.

    These are the p-values of limma's ``camera(inter.gene.cor = NA)``, but for the normal scores:
    limma approximates them (Hill 1970), here they are exact. At 20 degrees of freedom or more, p
    differs by less than one part in a million.

    Weights and a correlation between samples are those of the linear models. Where each gene has
    weights of its own, residuals of two genes lie in spaces that differ a little, and their
    correlation is an approximation; limma's ``camera`` knows no correlation between samples.

    A missing value counts as a residual of zero. This weakens the estimated correlation as much as
    the missing value weakens the correlation of the t-statistics. limma refuses missing values.

    Parameters
    ----------
    contrast : str
        Genes whose statistic in this contrast is NaN are left out.

    Returns
    -------
    DataFrame, index ``gene_set``, sorted by ``PValue``
        limma's columns: ``NGenes`` (genes of the set tested), ``Correlation`` (ρ; NaN for one
        gene), ``Direction`` (Up or Down), ``PValue`` (two-sided), ``FDR`` (Benjamini–Hochberg over
        the sets). Sets without a gene are left out. The set of all genes has an empty direction
        and the p-value NaN.

    Raises
    ------
    UserError
        Where no gene of any set has a statistic, or fewer than three genes have.

    References
    ----------
    D. Wu & G. K. Smyth (2012). Camera: a competitive gene set test accounting for inter-gene
    correlation. Nucleic Acids Res. 40:e133.
    """
    t = genes.moderated.t[contrast]
    tested = t.notna().to_numpy()
    n = tested.sum()
    if n < 3:
        raise UserError(f"a gene-set test needs at least 3 genes with a statistic; found {n}")
    score = np.full(len(t), np.nan)
    score[tested] = normal_scores(t.to_numpy()[tested], genes.moderated.df_total[tested])
    mean, variance = score[tested].mean(), score[tested].var(ddof=1)

    rows = _rows_of_sets(t[tested], gene_sets, t.index)
    m = np.array([len(members) for members in rows.values()])
    inside = np.array([score[members].mean() for members in rows.values()])
    inflation = np.array([_variance_inflation(genes.residuals(r)) for r in rows.values()])
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = n / (n - m) * (inside - mean)
        pooled_variance = ((n - 1) * variance - difference**2 * m * (n - m) / n) / (n - 2)
        error = np.sqrt(pooled_variance * (np.maximum(inflation, 1) / m + 1 / (n - m)))
        # Of one gene the quotient is 0/0, or by rounding an infinite number.
        correlation = np.where(m > 1, (inflation - 1) / (m - 1), np.nan)
        statistic = difference / error
    table = pd.DataFrame({"NGenes": m, "Correlation": correlation}, _names(rows))
    return _with_p_values(table, statistic, min(genes.df_residual, n - 2))


def rotation_test(
    genes: GeneModels, contrast: str, gene_sets: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Self-contained test: do the genes of a set differ in one direction at all?

    The statistic is the mean of the genes' contrasts, each divided by a standard deviation of the
    gene. Rotating the residuals of all genes together keeps the correlation between them, and with
    infinitely many rotations (Langsrud 2005) the p-value is that of the t-test on the set's mean
    expression. So no rotation is drawn, and no p-value is zero.

    The standard deviation is that of the gene under the null hypothesis, with the contrast among
    the residuals, and moderated. It does not change under rotation. So the test is exact for normal
    residuals, at any number of samples. limma's ``fry`` divides by another standard deviation,
    which leaves out the largest of a gene's rotated values. That one depends on the order of
    samples, and so does ``fry``'s p-value. For expression that is divided by the standard
    deviation beforehand, ``fry(standardize = "none")`` gives the p-values of this function.

    Missing values, weights and correlation are treated as in :func:`camera`. Where each gene has
    weights of its own, the test is exact no more, but close.

    Returns
    -------
    DataFrame, index ``gene_set``, sorted by ``PValue``
        ``NGenes``, ``Direction`` (Up or Down), ``PValue`` (two-sided), ``FDR``.

    Raises
    ------
    UserError
        Where no gene of any set has a statistic.

    References
    ----------
    D. Wu, E. Lim, F. Vaillant, M.-L. Asselin-Labat, J. E. Visvader & G. K. Smyth (2010). ROAST:
    rotation gene set tests for complex microarray experiments. Bioinformatics 26:2176–2182.
    Ø. Langsrud (2005). Rotation tests. Stat. Comput. 15:53–60.
    """
    fit = genes.moderated.fit
    effect = (fit.coefficients[contrast] / fit.stdev_unscaled[contrast]).to_numpy()
    sigma = np.nan_to_num(fit.sigma)
    df = fit.df_residual
    null_variance = (df * sigma**2 + effect**2) / (df + 1)
    under_null = replace(fit, sigma=np.sqrt(null_variance), df_residual=df + 1)
    _, moderated_variance, _ = squeeze_variances(under_null, *genes.moderation)
    deviation = np.sqrt(moderated_variance)

    tested = fit.coefficients[contrast].dropna()
    rows = _rows_of_sets(tested, gene_sets, fit.coefficients.index)
    df_set = genes.df_residual
    statistic = []
    for r in rows.values():
        # Rows of residuals have length 1: their variance over df_set becomes sigma².
        scaled = genes.residuals(r) * (sigma[r] / deviation[r])[:, None]
        error = np.linalg.norm(scaled.mean(axis=0))
        statistic.append((effect[r] / deviation[r]).mean() / error if error > 0 else np.nan)
    table = pd.DataFrame({"NGenes": [len(r) for r in rows.values()]}, _names(rows))
    return _with_p_values(table, np.array(statistic), df_set)


def normal_scores(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The standard normal values with the tail probabilities of ``t`` on ``df``."""
    log_tail = log_f_upper(np.square(t), 1.0, df) - np.log(2)
    return -np.sign(t) * special.ndtri_exp(log_tail)


def _variance_inflation(residuals: np.ndarray) -> float:
    """m times the variance of the mean of m genes of variance 1, from rows of length 1 or 0."""
    total = residuals.sum(axis=0)
    # Without the genes' own squares: a gene without residuals has variance 1 as well.
    return 1 + (total @ total - np.square(residuals).sum()) / len(residuals)


def _rows_of_sets(
    tested: pd.Series, gene_sets: Mapping[str, Collection[str]], genes: pd.Index
) -> dict[str, np.ndarray]:
    """Positions of the tested genes of each set that has any."""
    sets = measured_sets(gene_sets, frozenset(tested.index))
    # Sorted, as a sum in the order of a set would differ in its last digit from run to run.
    return {name: np.sort(genes.get_indexer(pd.Index(list(g)))) for name, g in sets.items()}


def _names(rows: Mapping[str, np.ndarray]) -> pd.Index:
    return pd.Index(rows, name="gene_set")


def _with_p_values(table: pd.DataFrame, t: np.ndarray, df: float) -> pd.DataFrame:
    table["Direction"] = np.select([t < 0, t >= 0], ["Down", "Up"], default="")
    table["PValue"] = t_two_sided(t, np.asarray(df))
    table["FDR"] = benjamini_hochberg(table["PValue"].to_numpy())
    return table.sort_values("PValue", kind="stable")
