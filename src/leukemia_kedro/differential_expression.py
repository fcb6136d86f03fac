"""One table of moderated and classical statistics per contrast, from log2 expression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.splitting import class_order
from leukemia_kedro.statistics.contrasts import (
    class_weights,
    contrast_matrix,
    each_against_rest,
    pairwise_contrasts,
)
from leukemia_kedro.statistics.design import Design, design_matrix
from leukemia_kedro.statistics.empirical_bayes import ModeratedFit, moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model
from leukemia_kedro.statistics.max_t import max_t
from leukemia_kedro.statistics.two_sample import welch_t, wilcoxon_rank_sum


def contrast_tables(
    log_expression: pd.DataFrame,
    samples: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    probe_filter: pd.DataFrame,
    cohort: CohortParameters,
    parameters: DifferentialExpressionParameters,
    seed: int,
    n_jobs: int,
) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Test every contrast for every probe.

    The moderated statistics come from the whole linear model. The Welch, Wilcoxon and maxT
    columns compare the samples of the classes that enter the contrast with a positive weight
    with those of the classes that enter with a negative one; they know no covariates.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale.
    samples, sample_split, probes, probe_filter : DataFrame
    cohort : CohortParameters
    parameters : DifferentialExpressionParameters
        Design, contrasts, which samples and probes, number of permutations.
    seed, n_jobs : int

    Returns
    -------
    tables : dict of contrast name to DataFrame
        Columns ``probe, description, logFC, AveExpr, t, P.Value, adj.P.Val, B, welch_t, welch_p,
        wilcoxon_p, maxT_p``, sorted by ``P.Value``.
    prior : dict
        ``prior_df`` and ``prior_variance`` of the empirical-Bayes moderation (medians over
        probes where they differ), ``n_probes``, ``n_samples``.
    """
    chosen = _chosen_samples(sample_split, parameters)
    rows = probe_filter["passes"] if parameters.probes == "passing_filter" else slice(None)
    expression = log_expression.loc[rows, chosen]
    labels = sample_split.loc[chosen, "label"]
    classes = class_order(labels, cohort.classes)
    expressions, design, matrix = plan_contrasts(samples, labels, cohort, parameters)
    fit = fit_contrasts(fit_linear_model(expression, design.matrix), matrix)
    moderated = moderate(fit, trend=parameters.trend, robust=parameters.robust)
    tables = {
        name: _one_contrast(
            name, contrast, moderated, expression, labels, classes, probes, parameters, seed, n_jobs
        )
        for name, contrast in expressions.items()
    }
    return tables, {
        "prior_df": _finite(np.median(moderated.prior.df)),
        "prior_variance": float(np.median(moderated.prior.variance)),
        "n_probes": expression.shape[0],
        "n_samples": expression.shape[1],
        "contrasts": expressions,
    }


def plan_contrasts(
    samples: pd.DataFrame,
    labels: pd.Series,
    cohort: CohortParameters,
    parameters: DifferentialExpressionParameters,
) -> tuple[dict[str, str], Design, pd.DataFrame]:
    """Contrasts by name, the design, and the contrasts in terms of its coefficients.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Covariates.
    labels : Series, index ``sample``
        Of the samples to compare.
    cohort, parameters : parameters

    Raises
    ------
    UserError
        Design and contrasts do not fit the samples or each other.
    """
    classes = class_order(labels, cohort.classes)
    expressions = contrast_expressions(parameters, classes)
    table = samples.loc[labels.index].assign(label=labels)
    design = design_matrix(parameters.design, table, classes)
    return expressions, design, contrast_matrix(expressions, design)


def contrast_expressions(
    parameters: DifferentialExpressionParameters, classes: list[str]
) -> dict[str, str]:
    """The contrasts by name, as the parameters ask for them."""
    if parameters.contrasts == "pairs":
        return pairwise_contrasts(classes)
    if parameters.contrasts == "each_against_rest":
        return each_against_rest(classes)
    return dict(parameters.contrasts)


def _chosen_samples(
    sample_split: pd.DataFrame, parameters: DifferentialExpressionParameters
) -> pd.Index:
    if parameters.samples == "all":
        return sample_split.index
    return sample_split.index[sample_split["split"] == "train"]


def _one_contrast(
    name: str,
    contrast: str,
    moderated: ModeratedFit,
    expression: pd.DataFrame,
    labels: pd.Series,
    classes: list[str],
    probes: pd.DataFrame,
    parameters: DifferentialExpressionParameters,
    seed: int,
    n_jobs: int,
) -> pd.DataFrame:
    weight = labels.map(class_weights(contrast, classes)).to_numpy()
    compared = weight != 0
    values, group = expression.to_numpy()[:, compared], weight[compared] > 0
    t, p = welch_t(values, group)
    beside = pd.DataFrame(
        {"welch_t": t, "welch_p": p, "wilcoxon_p": wilcoxon_rank_sum(values, group)},
        index=expression.index,
    )
    beside["maxT_p"] = (
        max_t(values, group, parameters.permutations, seed, n_jobs=n_jobs)
        if parameters.permutations
        else np.nan
    )
    table = top_table(moderated, name)
    table.insert(0, "description", probes.loc[table.index, "description"])
    return table.join(beside).reset_index(names="probe")


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
