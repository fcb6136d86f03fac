"""The figures of each chapter of the report, in the order in which they are shown.

Each is a call that is yet to be made: :func:`~leukemia_kedro.plots.rendering.render_all` makes
them, several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from leukemia_kedro.plots import (
    calibration,
    cohort,
    comparison,
    confusion,
    contrasts,
    curves,
    differential_expression,
    enrichment,
    expression,
    projections,
    stability,
)
from leukemia_kedro.plots.captions import CaptionedFigure
from leukemia_kedro.statistics.thinning import thinned

Figures = list[Callable[[], CaptionedFigure]]

ALPHA = 0.05
"""Benjamini–Hochberg level at which figures call a gene significant."""


def cohort_figures(
    data_quality: Mapping[str, Any],
    sample_split: pd.DataFrame,
    projected: pd.DataFrame,
    explained_variance: list[float],
) -> Figures:
    """Classes, intensities per sample, and each projection."""
    classes = list(data_quality["classes"])
    return [
        partial(cohort.class_balance, sample_split, classes),
        partial(
            cohort.intensity_per_sample,
            data_quality["intensity_per_sample"],
            sample_split,
            classes,
            data_quality["scale"],
        ),
        *(
            partial(projections.projection, projected, method, classes, explained_variance)
            for method in projected["method"].unique()
        ),
    ]


def signature_figures(
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    signature: pd.DataFrame,
    selection_stability: pd.DataFrame,
    probes: pd.DataFrame,
    data_quality: Mapping[str, Any],
) -> Figures:
    """Heat map of the signature, and how often each gene was chosen."""
    classes = list(data_quality["classes"])
    named = log_expression.loc[signature["probe"]]
    return [
        partial(expression.signature_heat_map, named, sample_split, signature, classes),
        partial(stability.selection_frequency, selection_stability, probes),
    ]


def model_figures(
    model_comparison: pd.DataFrame,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    sample_split: pd.DataFrame,
    permutation_test: Mapping[str, Any],
    shift: Mapping[str, Any],
    log_expression: pd.DataFrame,
    data_quality: Mapping[str, Any],
) -> Figures:
    """All models side by side, then the curves of each.

    Parameters
    ----------
    model_comparison : DataFrame
    cv_predictions, test_predictions : DataFrame
        Predictions of all models, column ``model``; no test predictions without a test set.
    sample_split : DataFrame
    permutation_test, shift, data_quality : mapping
    log_expression : DataFrame, shape (n_probes, n_samples)
    """
    classes = list(data_quality["classes"])
    models = list(model_comparison["model"])
    held_in, held_out = (
        {model: table[table["model"] == model].drop(columns="model") for model in models}
        for table in (cv_predictions, test_predictions)
    )
    has_test = model_comparison["test_n"].notna().any()
    measured = shift["auc"] is not None
    shown = log_expression[thinned(sample_split, cohort.MOST_DISTRIBUTIONS).index]
    return [
        partial(comparison.model_comparison, model_comparison, sample_split, classes),
        partial(comparison.train_versus_test, model_comparison, sample_split),
        partial(confusion.confusion_matrices, held_in, classes),
        *([partial(confusion.confusion_matrices, held_out, classes)] if has_test else []),
        partial(confusion.hard_samples, held_in, held_out),
        *([partial(cohort.intensity_shift, shown, sample_split, shift)] if measured else []),
        partial(comparison.permutation_test, permutation_test),
        *(
            partial(draw, model, held_in[model], held_out[model], classes)
            for model in models
            for draw in (
                confusion.confusion_matrix,
                curves.roc_curves,
                curves.precision_recall_curves,
                calibration.reliability_diagram,
                calibration.risk_coverage,
            )
        ),
    ]


def contrast_figures(
    tables: Mapping[str, pd.DataFrame],
    log_expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    data_quality: Mapping[str, Any],
    gene_sets: pd.DataFrame | None = None,
    alpha: float = ALPHA,
) -> Figures:
    """The contrasts side by side, then each by itself.

    Parameters
    ----------
    tables : mapping of contrast name to DataFrame
    log_expression, sample_split : DataFrame
    data_quality : mapping
    gene_sets : DataFrame, optional
        Their enrichment in all contrasts; without rows where no gene sets were given.
    alpha : float
        Benjamini–Hochberg level at which probes and gene sets are significant.
    """
    classes = list(data_quality["classes"])
    several = len(tables) > 1
    sets_of = {} if gene_sets is None else dict(list(gene_sets.groupby("contrast")))
    top = _top_genes(log_expression, tables)
    return [
        partial(contrasts.decision_summary, tables, alpha),
        *([partial(contrasts.contrast_overlap, tables, alpha)] if several else []),
        *(
            figure
            for name, table in tables.items()
            for figure in (
                partial(differential_expression.volcano, table, name, alpha),
                partial(differential_expression.mean_difference, table, name, alpha),
                partial(differential_expression.p_value_histogram, table, name),
                partial(expression.top_genes_heat_map, top, sample_split, table, name, classes),
                partial(expression.gene_strips, top, sample_split, table, name, classes),
                *(
                    [partial(enrichment.gene_sets, sets_of[name], name, alpha)]
                    if name in sets_of
                    else []
                ),
            )
        ),
    ]


def _top_genes(log_expression: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows that the figures of single genes show; the whole matrix is not sent to workers."""
    probes = pd.concat([table["probe"].head(expression.MOST_ROWS) for table in tables.values()])
    return log_expression.loc[probes.unique()]
