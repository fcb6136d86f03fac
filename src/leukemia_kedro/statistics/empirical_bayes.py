"""Moderated statistics: each gene's variance is squeezed towards that of the others.

References
----------
G. K. Smyth (2004). Linear models and empirical Bayes methods for assessing differential expression
in microarray experiments. Stat. Appl. Genet. Mol. Biol. 3:3.
D. J. McCarthy & G. K. Smyth (2009). Testing significance relative to a fold-change threshold is a
TREAT. Bioinformatics 25:765–771.
B. Phipson, S. Lee, I. J. Majewski, W. S. Alexander & G. K. Smyth (2016). Robust hyperparameter
estimation protects against hypervariable genes and improves power to detect differential
expression. Ann. Appl. Stat. 10:946–963.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from leukemia_kedro.parameters import DecisionMethod, LimmaVersion
from leukemia_kedro.statistics.intervals import CONFIDENCE
from leukemia_kedro.statistics.linear_model import LinearFit, correlation
from leukemia_kedro.statistics.multiple_testing import benjamini_hochberg
from leukemia_kedro.statistics.tail_probabilities import f_upper, t_at_other_df, t_two_sided
from leukemia_kedro.statistics.variance_prior import VariancePrior, fit_variance_prior

# What B assumes, as limma does by default: the share of genes that differ, and the limits of the
# standard deviation of their log2 fold changes.
_PROPORTION = 0.01
_STDEV_LIMITS = (0.1, 4.0)


@dataclass(frozen=True)
class ModeratedFit:
    """Moderated statistics of every gene and contrast of ``fit``.

    Parameters
    ----------
    prior : VariancePrior
        s₀² and d₀ of each gene.
    s2_post : array, shape (n_probes,)
        Posterior variances: means of s² and s₀² weighted by their degrees of freedom.
    df_total : array, shape (n_probes,)
        d₀ + d, at most the residual degrees of freedom of all genes together.
    t, p_value : DataFrame, shape (n_probes, n_contrasts)
        NaN where the coefficient is; p is two-sided.
    lods : DataFrame, shape (n_probes, n_contrasts), or None
        B-statistic: natural log of the odds that the gene is differentially expressed. None from
        :func:`treat`, as are the next two.
    f, f_p_value : array, shape (n_probes,), or None
        Moderated F of all contrasts together, and its p-value.
    """

    fit: LinearFit
    prior: VariancePrior
    s2_post: np.ndarray
    df_total: np.ndarray
    t: pd.DataFrame
    p_value: pd.DataFrame
    lods: pd.DataFrame | None = None
    f: np.ndarray | None = None
    f_p_value: np.ndarray | None = None


def moderate(
    fit: LinearFit,
    trend: bool = False,
    robust: bool = False,
    version: LimmaVersion = "limma_3.62",
) -> ModeratedFit:
    """Moderated t, B and F, as limma's ``eBayes`` gives them.

    A gene without residual degrees of freedom gets the prior variance; one whose values are all
    missing gets NaN.

    Parameters
    ----------
    trend : bool
        Let the prior variance follow mean expression.
    robust : bool
        Keep hypervariable genes from spoiling the prior and from being held to it.
    version : "limma_3.62" or "limma_3.54"
        Whose prior, see :func:`~leukemia_kedro.statistics.variance_prior.fit_variance_prior`. The
        rest is the same in both.

    Raises
    ------
    UserError
        Where no prior can be estimated.
    """
    prior, s2_post, df_total = squeeze_variances(fit, trend, robust, version)
    unscaled = (fit.coefficients / fit.stdev_unscaled).to_numpy()
    t = _like(fit.coefficients, unscaled / np.sqrt(s2_post)[:, None])
    p_value = t_two_sided(t.to_numpy(), df_total[:, None])
    lods = _lods(fit, prior, t.to_numpy(), df_total)
    f, f_p_value = _moderated_f(fit, prior, t.to_numpy())
    return ModeratedFit(
        fit, prior, s2_post, df_total, t, _like(t, p_value), _like(t, lods), f, f_p_value
    )


def treat(
    fit: LinearFit,
    lfc: float,
    trend: bool = False,
    robust: bool = False,
    version: LimmaVersion = "limma_3.62",
) -> ModeratedFit:
    """Moderated t-tests of |log2 fold change| > ``lfc`` ≥ 0 (McCarthy & Smyth 2009).

    The p-value is the largest over all true fold changes within the threshold; t is what the
    estimate exceeds the threshold by, and 0 where it does not. The other parameters are those of
    :func:`moderate`.
    """
    prior, s2_post, df_total = squeeze_variances(fit, trend, robust, version)
    estimate = fit.coefficients.to_numpy()
    error = fit.stdev_unscaled.to_numpy() * np.sqrt(s2_post)[:, None]
    beyond = (np.abs(estimate) - lfc) / error
    below_mirror = (np.abs(estimate) + lfc) / error
    df = df_total[:, None]
    t = _like(fit.coefficients, np.sign(estimate) * np.maximum(beyond, 0))
    p_value = _like(t, special.stdtr(df, -beyond) + special.stdtr(df, -below_mirror))
    return ModeratedFit(fit, prior, s2_post, df_total, t, p_value)


def top_table(moderated: ModeratedFit, contrast: str) -> pd.DataFrame:
    """All genes of one contrast, the smallest p-value first.

    The index is ``probe``, the columns are limma's: ``logFC``, its 95 % interval ``CI.L`` to
    ``CI.R``, ``AveExpr``, ``t``, ``P.Value``, ``adj.P.Val`` (Benjamini–Hochberg) and, unless from
    :func:`treat`, ``B``. Ties in P.Value are in the order of |t|; probes without a p-value come
    last.
    """
    estimate, p_value = moderated.fit.coefficients[contrast], moderated.p_value[contrast]
    quantile = special.stdtrit(moderated.df_total, (1 + CONFIDENCE) / 2)
    margin = quantile * moderated.fit.stdev_unscaled[contrast] * np.sqrt(moderated.s2_post)
    table = pd.DataFrame(
        {
            "logFC": estimate,
            "CI.L": estimate - margin,
            "CI.R": estimate + margin,
            "AveExpr": moderated.fit.ave_expr,
            "t": moderated.t[contrast],
            "P.Value": p_value,
            "adj.P.Val": benjamini_hochberg(p_value.to_numpy()),
        }
    )
    if moderated.lods is not None:
        table["B"] = moderated.lods[contrast]
    return table.iloc[np.lexsort([-table["t"].abs(), table["P.Value"]])]


def top_table_f(moderated: ModeratedFit) -> pd.DataFrame:
    """All genes by the F-test of all contrasts together, the smallest p-value first.

    Index ``probe``; columns are the logFC of each contrast, then ``AveExpr``, ``F``, ``P.Value``,
    ``adj.P.Val``. Only for a fit from :func:`moderate`.
    """
    assert moderated.f_p_value is not None
    table = moderated.fit.coefficients.assign(AveExpr=moderated.fit.ave_expr, F=moderated.f)
    table["P.Value"] = moderated.f_p_value
    table["adj.P.Val"] = benjamini_hochberg(moderated.f_p_value)
    return table.iloc[np.lexsort([-table["F"], table["P.Value"]])]


def decide_tests(
    moderated: ModeratedFit, fdr: float, method: DecisionMethod = "separate"
) -> pd.DataFrame:
    """Up (1), down (−1) or not significant (0), shape (n_probes, n_contrasts).

    Parameters
    ----------
    method : "separate", "global", "hierarchical" or "nestedF"
        How genes and contrasts are corrected together, as in limma's ``decideTests``.
        ``separate`` takes the Benjamini–Hochberg values of each contrast by itself. ``global``
        takes those of all p-values of all contrasts together. The other two choose genes by the
        Benjamini–Hochberg values of their F-test; with R genes chosen of n, the level within a gene
        is ``fdr`` R / n. ``hierarchical`` then takes the Benjamini–Hochberg values of the contrasts
        of one gene. ``nestedF`` asks of each contrast whether the F-test is still significant when
        all larger t are set to its size (Michaud et al. 2008): the largest one always is.

    Notes
    -----
    A gene without a p-value is not significant. limma refuses such genes in the last two methods.
    Under ``global``, n counts the p-values that exist. The last two need a fit from
    :func:`moderate`.

    References
    ----------
    J. Michaud et al. (2008). Integrative analysis of RUNX1 downstream pathways and target genes.
    BMC Genomics 9:363.
    """
    p_value = moderated.p_value.to_numpy()
    if method == "separate":
        significant = np.column_stack([benjamini_hochberg(p) for p in p_value.T]) < fdr
    elif method == "global":
        significant = benjamini_hochberg(p_value.ravel()).reshape(p_value.shape) < fdr
    else:
        assert moderated.f_p_value is not None
        chosen = benjamini_hochberg(moderated.f_p_value) < fdr
        level = fdr * chosen.sum() / (~np.isnan(moderated.f_p_value)).sum()
        significant = np.zeros(p_value.shape, dtype=bool)
        if method == "nestedF":
            significant[chosen] = _nested_f(moderated, chosen, level)
        else:
            within = [benjamini_hochberg(row) < level for row in p_value[chosen]]
            significant[chosen] = np.reshape(within, (-1, p_value.shape[1]))
    sign = np.sign(moderated.fit.coefficients.to_numpy())
    return _like(moderated.p_value, np.where(significant, sign, 0.0)).astype(int)


def _nested_f(moderated: ModeratedFit, genes: np.ndarray, level: float) -> np.ndarray:
    """Which contrasts of some genes are significant at ``level``, by nested F-tests."""
    t = moderated.t.to_numpy()[genes]
    df = (moderated.prior.df + moderated.fit.df_residual)[genes]
    significant = np.zeros(t.shape, dtype=bool)
    for contrast, size in enumerate(np.abs(t).T):
        shrunk = np.clip(t, -size[:, None], size[:, None])
        f, df_between = _f_of(moderated.fit, shrunk)
        significant[:, contrast] = f_upper(f, df_between, df) < level
    largest = np.abs(t).argmax(axis=1)
    significant[np.arange(len(t)), largest] = True
    return significant


def squeeze_variances(
    fit: LinearFit, trend: bool, robust: bool, version: LimmaVersion
) -> tuple[VariancePrior, np.ndarray, np.ndarray]:
    """Prior, posterior variances (Smyth 2004, Section 4) and total degrees of freedom.

    The last two have the shape (n_probes,). The parameters are those of :func:`moderate`.
    """
    df = fit.df_residual
    mean = fit.ave_expr if trend else None
    prior = fit_variance_prior(np.square(fit.sigma), df, mean, robust, version)
    s2 = np.where(df > 0, np.square(fit.sigma), 0.0)
    bounded = np.isfinite(prior.df)
    d0 = np.where(bounded, prior.df, 0.0)
    with np.errstate(invalid="ignore"):  # 0/0: no residual df and no prior either
        weighted = (df * s2 + d0 * prior.variance) / (df + d0)
    s2_post = np.where(bounded, weighted, prior.variance)
    return prior, s2_post, np.minimum(df + prior.df, df.sum())


def _moderated_f(
    fit: LinearFit, prior: VariancePrior, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """F of all contrasts, with their correlation taken from ``cov_coefficients``.

    Contrasts that follow from others count once. The second degrees of freedom are d₀ + d without
    a cap, as in limma.
    """
    f, df_between = _f_of(fit, t)
    return f, f_upper(f, df_between, prior.df + fit.df_residual)


def _f_of(fit: LinearFit, t: np.ndarray) -> tuple[np.ndarray, int]:
    """F of the t-statistics of each gene, and its first degrees of freedom."""
    values, vectors = np.linalg.eigh(correlation(fit.cov_coefficients))
    kept = values > 1e-8 * values[-1]
    f = np.square(t @ (vectors[:, kept] / np.sqrt(values[kept]))).mean(axis=1)
    return f, int(kept.sum())


def _lods(fit: LinearFit, prior: VariancePrior, t: np.ndarray, df_total: np.ndarray) -> np.ndarray:
    """Log posterior odds of differential expression (Smyth 2004, Section 5)."""
    v = np.square(fit.stdev_unscaled.to_numpy())
    limits = np.square(_STDEV_LIMITS) / np.nanmedian(prior.variance)
    v0 = [_effect_variance(*columns, df_total, limits) for columns in zip(t.T, v.T, strict=True)]
    r = (v + v0) / v
    t2 = np.square(t)
    df = df_total[:, None]
    kernel = (1 + df) / 2 * np.log((t2 + df) / (t2 / r + df))
    normal_kernel = t2 * (1 - 1 / r) / 2  # limma's for a prior as good as known
    kernel = np.where(prior.df[:, None] > 1e6, normal_kernel, kernel)
    return np.log(_PROPORTION / (1 - _PROPORTION)) - np.log(r) / 2 + kernel


def _effect_variance(t: np.ndarray, v: np.ndarray, df: np.ndarray, limits: np.ndarray) -> float:
    """v₀, so that true log fold changes scatter with variance v₀ s² (Smyth 2004, Section 6.3).

    Estimated by matching the largest |t| to the quantiles they should have if ``_PROPORTION`` of
    the genes were differentially expressed. NaN where no gene has a t.
    """
    known = ~np.isnan(t)
    t, v, df = np.abs(t[known]), v[known], df[known]
    n = len(t)
    n_top = int(np.ceil(_PROPORTION / 2 * n))
    if n_top == 0:
        return np.nan
    share = max(n_top / n, _PROPORTION)
    most = df.max()
    fewer = df < most
    t[fewer] = t_at_other_df(t[fewer], df[fewer], most)
    top = np.argsort(-t, kind="stable")[:n_top]
    t, v = t[top], v[top]
    p_null = t_two_sided(t, most)
    p_target = ((np.arange(1, n_top + 1) - 0.5) / n - (1 - share) * p_null) / share
    surprising = p_target > p_null
    v0 = np.zeros(n_top)
    quantile = special.stdtrit(most, p_target[surprising] / 2)
    v0[surprising] = v[surprising] * (np.square(t[surprising] / quantile) - 1)
    return float(np.clip(v0, *limits).mean())


def _like(table: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=table.index, columns=table.columns)
