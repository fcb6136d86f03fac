"""The figures of each chapter of the report, in the order in which they are shown.

Each printed figure is a call that is yet to be made:
:func:`~leukemia_kedro.plots.rendering.render_all` makes them, several at a time. Interactive
figures have the names of the printed ones that they replace on a screen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from leukemia_kedro.evaluation.comparison import models_of
from leukemia_kedro.plots import (
    calibration,
    cohort,
    comparison,
    confusion,
    contrasts,
    curves,
    differential_expression,
    expression,
    learning_curve,
    projections,
    stability,
)
from leukemia_kedro.plots.captions import CaptionedFigure, file_stem
from leukemia_kedro.plots.inputs import Contrast, ModelPredictions
from leukemia_kedro.plots.study import (
    IN_FULL,
    CohortStudy,
    ContrastStudy,
    ModelStudy,
    SignatureStudy,
)
from leukemia_kedro.statistics.thinning import thinned

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Figures = list[Callable[[], CaptionedFigure]]


def cohort_figures(
    study: CohortStudy, projected: pd.DataFrame, explained_variance: list[float]
) -> Figures:
    """Classes, intensities per sample, and each projection.

    ``projected`` has columns ``method, sample, label, split, x, y``, a row for each sample and
    method; ``explained_variance`` is that of the two principal axes, 0 to 1.
    """
    quality, split, classes = study.data_quality, study.sample_split, study.classes
    intensities = quality["intensity_per_sample"]
    return [
        partial(cohort.class_balance, split, classes),
        partial(cohort.intensity_per_sample, intensities, split, classes, quality["scale"]),
        *(
            partial(projections.projection, projected, method, classes, explained_variance)
            for method in projected["method"].unique()
        ),
    ]


def interactive_cohort_figures(
    study: CohortStudy, projected: pd.DataFrame, explained_variance: list[float]
) -> dict[str, Figure]:
    """Each projection; parameters as for :func:`cohort_figures`."""
    draw = projections.projection_interactive
    return {
        file_stem("projection", method): draw(projected, method, study.classes, explained_variance)
        for method in projected["method"].unique()
    }


def signature_figures(
    cohort_study: CohortStudy,
    study: SignatureStudy,
    log_expression: pd.DataFrame,
    selection_stability: pd.DataFrame,
) -> Figures:
    """Heat map of the signature, and how often each gene was chosen.

    ``selection_stability`` has columns ``probe, selection_frequency, mean_rank``.
    """
    named = log_expression.loc[study.signature["probe"]]
    split, classes = cohort_study.sample_split, cohort_study.classes
    return [
        partial(expression.signature_heat_map, named, split, study.signature, classes),
        partial(stability.selection_frequency, selection_stability, cohort_study.probes),
    ]


def model_figures(
    cohort_study: CohortStudy,
    study: ModelStudy,
    log_expression: pd.DataFrame,
    cv_predictions: pd.DataFrame,
) -> Figures:
    """All models side by side, then the curves of each.

    ``cv_predictions`` are those of all models, column ``model``.
    """
    split, classes, shift = cohort_study.sample_split, cohort_study.classes, study.shift
    compared = study.model_comparison
    models = list(models_of(compared)["model"])
    held_in, held_out = (
        {model: table[table["model"] == model].drop(columns="model") for model in models}
        for table in (cv_predictions, study.test_predictions)
    )
    has_test = compared["test_n"].notna().any()
    measured = shift["auc"] is not None
    shown = log_expression[thinned(split, cohort.MOST_DISTRIBUTIONS).index]
    return [
        partial(comparison.model_comparison, compared, split),
        partial(comparison.train_versus_test, compared, split),
        partial(confusion.confusion_matrices, held_in, classes),
        *([partial(confusion.confusion_matrices, held_out, classes)] if has_test else []),
        partial(confusion.hard_samples, cv_predictions, study.test_predictions, split),
        *([partial(cohort.intensity_shift, shown, split, shift)] if measured else []),
        partial(comparison.permutation_test, study.permutation_test),
        partial(learning_curve.learning_curve, study.learning_curve, classes),
        *(
            partial(draw, ModelPredictions(model, held_in[model], held_out[model], classes))
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


def interactive_model_figures(cohort_study: CohortStudy, study: ModelStudy) -> dict[str, Figure]:
    """The models side by side."""
    split = cohort_study.sample_split
    drawn = comparison.model_comparison_interactive(study.model_comparison, split)
    return {"model_comparison": drawn}


def contrast_figures(
    cohort_study: CohortStudy, study: ContrastStudy, log_expression: pd.DataFrame, alpha: float
) -> Figures:
    """The contrasts side by side, then each by itself.

    Probes and gene sets are significant below the Benjamini–Hochberg level ``alpha``.
    """
    split, classes = cohort_study.sample_split, cohort_study.classes
    tables = study.contrast_tables
    every = [Contrast(name, table, alpha) for name, table in tables.items()]
    # Only the rows that the figures of single genes show are sent to workers.
    probes = pd.concat([table["probe"].head(expression.MOST_ROWS) for table in tables.values()])
    top = log_expression.loc[probes.unique()]
    return [
        partial(contrasts.decision_summary, every),
        *([partial(contrasts.contrast_overlap, every)] if len(every) > 1 else []),
        *(
            figure
            for each in every
            for figure in (
                partial(differential_expression.volcano, each),
                partial(differential_expression.mean_difference, each),
                partial(differential_expression.p_value_histogram, each),
                partial(expression.top_genes_heat_map, top, split, each, classes),
                partial(expression.gene_strips, top, split, each, classes),
                *(
                    partial(differential_expression.gene_sets, sets, each.name, alpha)
                    for name, sets in study.enrichment_tables.items()
                    if name == each.name
                ),
            )
        ),
    ]


def interactive_contrast_figures(study: ContrastStudy, alpha: float) -> dict[str, Figure]:
    """Volcano and mean–difference plot of the contrasts that are shown in full."""
    return {
        file_stem(name, contrast): draw(Contrast(contrast, table, alpha))
        for contrast, table in list(study.contrast_tables.items())[:IN_FULL]
        for name, draw in (
            ("volcano", differential_expression.volcano_interactive),
            ("mean_difference", differential_expression.mean_difference_interactive),
        )
    }
