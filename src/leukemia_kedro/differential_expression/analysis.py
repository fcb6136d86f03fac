"""From log2 expression to one table of moderated and classical statistics per contrast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.differential_expression.error_model import ErrorModel
from leukemia_kedro.parameters import DifferentialExpressionParameters
from leukemia_kedro.statistics.contrasts import (
    class_weights,
    each_against_rest,
    pairwise_contrasts,
)
from leukemia_kedro.statistics.empirical_bayes import (
    ModeratedFit,
    decide_tests,
    moderate,
    top_table,
    top_table_f,
    treat,
)
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model
from leukemia_kedro.statistics.max_t import max_t
from leukemia_kedro.statistics.multiple_testing import benjamini_yekutieli, storey_q_values
from leukemia_kedro.statistics.two_sample import welch_t, wilcoxon_rank_sum

COLUMNS = (
    "description", "logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B",
    "welch_t", "welch_p", "wilcoxon_p", "maxT_p",
    "by_p", "q_value", "CI.L", "CI.R",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """The samples compared, the probes tested, and the contrasts between the classes.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale; NaN marks a missing value.
    labels : Series, index ``sample``
        Class of each sample, in the order of ``expression``.
    design : DataFrame, shape (n_samples, n_coefficients)
    contrasts : DataFrame, shape (n_coefficients, n_contrasts)
    expressions : dict of str to str
        The contrasts by name, such as ``{"AML-ALL": "AML - ALL"}``.
    blocks : ndarray of int, shape (n_samples,), or None
        Block of each sample: maxT lets labels change places within blocks only.
    errors : ErrorModel
        What the linear models are fitted to, with weights and correlation. The other tests know
        nothing of it and compare ``expression``.
    """

    expression: pd.DataFrame
    labels: pd.Series
    design: pd.DataFrame
    contrasts: pd.DataFrame
    expressions: dict[str, str]
    blocks: np.ndarray | None
    errors: ErrorModel


def contrast_expressions(
    parameters: DifferentialExpressionParameters, classes: list[str]
) -> dict[str, str]:
    """The contrasts by name, as the parameters ask for them."""
    if parameters.contrasts == "pairs":
        return pairwise_contrasts(classes)
    if parameters.contrasts == "each_against_rest":
        return each_against_rest(classes)
    return dict(parameters.contrasts)


def compared_samples(
    samples: pd.DataFrame, sample_split: pd.DataFrame, parameters: DifferentialExpressionParameters
) -> pd.DataFrame:
    """The rows of the samples that are compared, with their labels; empty text is missing."""
    if parameters.samples == "train":
        sample_split = sample_split[sample_split["split"] == "train"]
    labels = sample_split["label"]
    table = samples.loc[labels.index].assign(label=labels)
    return table.mask(table == "")


def two_sides(expression: str, labels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Samples whose class is in the contrast, and which of these are on its positive side."""
    weight = labels.map(class_weights(expression, list(labels.unique()))).to_numpy()
    compared = weight != 0
    return compared, weight[compared] > 0


def moderated_statistics(
    comparison: Comparison, parameters: DifferentialExpressionParameters
) -> ModeratedFit:
    """Statistics of every probe and contrast, from the whole linear model."""
    errors = comparison.errors
    linear = fit_linear_model(
        errors.expression, comparison.design, errors.weights, errors.correlation
    )
    fit = fit_contrasts(linear, comparison.contrasts)
    kind = (parameters.trend, parameters.robust, parameters.prior)
    if parameters.treat_lfc is None:
        return moderate(fit, *kind)
    return treat(fit, parameters.treat_lfc, *kind)


def two_sample_tests(
    comparison: Comparison, permutations: int, seed: int, n_jobs: int
) -> dict[str, pd.DataFrame]:
    """Welch, Wilcoxon and maxT of each contrast that compares classes.

    They compare the samples of the classes that enter the contrast with a positive weight with
    those of the classes that enter with a negative one. They ignore covariates, weights, and
    correlation between samples of a patient.

    Parameters
    ----------
    permutations, seed : int
        Labellings of maxT (0: its column is empty), and the seed that draws them.
    n_jobs : int
        Threads.

    Returns
    -------
    dict of contrast name to DataFrame
        Index ``probe``, columns ``welch_t, welch_p, wilcoxon_p`` and ``maxT_p``.
    """
    sides = {
        name: two_sides(expression, comparison.labels)
        for name, expression in comparison.expressions.items()
    }
    # Contrasts of the same samples, such as each class against the rest, share their ranks.
    names_by_samples: dict[bytes, list[str]] = {}
    for name, (compared, _) in sides.items():
        if compared.any():
            names_by_samples.setdefault(compared.tobytes(), []).append(name)
    tables = {}
    for names in names_by_samples.values():
        compared, _ = sides[names[0]]
        values = comparison.expression.to_numpy()
        if not compared.all():
            values = values[:, compared]
        blocks = None if comparison.blocks is None else comparison.blocks[compared]
        wilcoxon_p = wilcoxon_rank_sum(values, np.array([sides[name][1] for name in names]), n_jobs)
        for position, name in enumerate(names):
            group = sides[name][1]
            t, p = welch_t(values, group, n_jobs)
            columns = {"welch_t": t, "welch_p": p, "wilcoxon_p": wilcoxon_p[position]}
            if permutations:
                run = partial(
                    run_parallel, n_jobs=n_jobs, progress=f"maxT {name}", prefer="threads"
                )
                columns["maxT_p"] = max_t(values, group, permutations, seed, blocks, run)
            tables[name] = pd.DataFrame(columns, index=comparison.expression.index)
    return tables


def contrast_table(
    moderated: ModeratedFit, contrast: str, tests: pd.DataFrame | None, descriptions: pd.Series
) -> pd.DataFrame:
    """All statistics of one contrast, the smallest ``P.Value`` first.

    Parameters
    ----------
    tests : DataFrame, index ``probe``, or None
        From :func:`two_sample_tests`; None where the contrast compares no classes.
    descriptions : Series, index ``probe``

    Returns
    -------
    DataFrame, columns ``probe`` and ``COLUMNS``
        limma's columns; the two-sample tests; Benjamini–Yekutieli values ``by_p`` and Storey's
        ``q_value`` of ``P.Value``; the 95 % interval ``CI.L … CI.R`` of ``logFC``. Columns of
        tests that were not made are NaN, such as B under ``treat``.
    """
    table = top_table(moderated, contrast)
    table["description"] = descriptions.loc[table.index]
    table["by_p"] = benjamini_yekutieli(table["P.Value"].to_numpy())
    table["q_value"] = storey_q_values(table["P.Value"].to_numpy())
    if tests is not None:
        table = table.join(tests)
    return table.reindex(columns=COLUMNS).reset_index(names="probe")


def count_decisions(
    moderated: ModeratedFit, parameters: DifferentialExpressionParameters
) -> pd.DataFrame:
    """Numbers of probes by contrast, as limma's ``decideTests`` gives them.

    Returns
    -------
    DataFrame, columns ``contrast, up, down, not_significant``
    """
    signs = {"up": 1, "down": -1, "not_significant": 0}
    decisions = decide_tests(moderated, parameters.fdr, parameters.decide)
    counts = {name: (decisions == sign).sum() for name, sign in signs.items()}
    return pd.DataFrame(counts).reset_index(names="contrast")


def f_test_table(moderated: ModeratedFit, descriptions: pd.Series) -> pd.DataFrame:
    """Whether any contrast differs from zero, the smallest ``P.Value`` first.

    Returns
    -------
    DataFrame, columns ``probe, description, <contrast> …, AveExpr, F, P.Value, adj.P.Val``
        logFC in the contrasts' columns. Without rows where there is one contrast only, or under
        ``treat``, which has no F.
    """
    contrasts = list(moderated.t)
    if moderated.f is None or len(contrasts) < 2:
        columns = ["probe", "description", *contrasts, "AveExpr", "F", "P.Value", "adj.P.Val"]
        return pd.DataFrame(columns=columns)
    table = top_table_f(moderated)
    table.insert(0, "description", descriptions.loc[table.index])
    return table.reset_index(names="probe")
