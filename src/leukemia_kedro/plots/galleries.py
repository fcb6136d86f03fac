"""The figures of each chapter of the report, with the tables that they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

import pandas as pd

from leukemia_kedro.compute.file_names import figure_name, file_stems
from leukemia_kedro.evaluation.comparison import models_of
from leukemia_kedro.plots.batches import note_on_batches, shown_values
from leukemia_kedro.plots.captions import CaptionedFigure
from leukemia_kedro.plots.cohort import MOST_DISTRIBUTIONS
from leukemia_kedro.plots.expression import MOST_ROWS
from leukemia_kedro.plots.inputs import Contrast, ModelPredictions
from leukemia_kedro.plots.shown import FIGURES
from leukemia_kedro.plots.study import (
    DRAWN,
    IN_FULL,
    CohortStudy,
    ContrastStudy,
    ModelStudy,
    SignatureStudy,
)
from leukemia_kedro.statistics.thinning import thinned

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MODULES = (
    "cohort",
    "projections",
    "comparison",
    "confusion",
    "curves",
    "calibration",
    "learning_curve",
    "contrasts",
    "counts",
    "differential_expression",
    "expression",
    "stability",
)
"""A chapter shows its figures in this order; those of a module in the order of its file."""

for _module in MODULES:
    import_module(f"leukemia_kedro.plots.{_module}")

INTERACTIVE = "_interactive"


@dataclass(frozen=True, eq=False)
class Gallery:
    """The figures of a chapter, from the functions marked with ``shown_in``.

    A function's parameters name the tables that it takes. One with a parameter of ``several`` draws
    a figure for each of its values. It returns a
    :class:`~leukemia_kedro.plots.captions.CaptionedFigure`, or None where the run has nothing to
    show. A function called ``<figure>_interactive`` returns the plotly figure that replaces
    ``<figure>`` on a screen.
    """

    chapter: str
    tables: Mapping[str, Any]
    several: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values of a parameter, by what names their files."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Sentences for the captions of the figures that take a table, by the name of the table."""

    def printed(self) -> list[Callable[[], CaptionedFigure | None]]:
        """Calls that are yet to be made, by :func:`~leukemia_kedro.plots.rendering.render_all`.

        First come the figures that are drawn once, then all of the first model, of the second …
        """
        return [call for _, call in self._calls(interactive=False)]

    def interactive(self) -> dict[str, Figure]:
        """By the name of the printed figure; of several, the first are drawn."""
        calls = self._calls(interactive=True, at_most=IN_FULL)
        return {name: call() for name, call in calls}

    def _calls(
        self, interactive: bool, at_most: int | None = None
    ) -> list[tuple[str, Callable[[], Any]]]:
        functions = [
            function
            for module in MODULES
            for function in FIGURES[self.chapter]
            if function.__module__.endswith(f".{module}")
            and function.__name__.endswith(INTERACTIVE) is interactive
        ]
        once = [function for function in functions if not self._repeated(function)]
        calls = [(figure_name(_kind(function)), self._call(function)) for function in once]
        for parameter, values in self.several.items():
            repeated = [function for function in functions if self._repeated(function) == parameter]
            calls += [
                (figure_name(_kind(function), name), self._call(function, **{parameter: value}))
                for name, value in list(values.items())[:at_most]
                for function in repeated
            ]
        return calls

    def _repeated(self, function: Callable[..., Any]) -> str | None:
        return next((name for name in signature(function).parameters if name in self.several), None)

    def _call(self, function: Callable[..., Any], **given: Any) -> Callable[[], Any]:
        names = [name for name in signature(function).parameters if name not in given]
        call = partial(function, **{name: self.tables[name] for name in names}, **given)
        notes = [note for table, note in self.notes.items() if table in names]
        if notes and not function.__name__.endswith(INTERACTIVE):
            return partial(_noted, call, " ".join(notes))
        return call


def _noted(call: Callable[[], CaptionedFigure | None], note: str) -> CaptionedFigure | None:
    figure = call()
    return None if figure is None else figure.with_note(note)


def _kind(function: Callable[..., Any]) -> str:
    return function.__name__.removesuffix(INTERACTIVE)


def cohort_gallery(
    study: CohortStudy,
    projections: pd.DataFrame,
    explained_variance: Mapping[str, list[float]],
    without_batch: str | None = None,
) -> Gallery:
    """The samples, with a figure for each projection ``method``.

    ``projections`` has columns ``method, sample, label, split, x, y``, a row for each sample and
    method; ``explained_variance`` is that of the two axes of PCA and MDS, 0 to 1. ``without_batch``
    is the column whose differences were removed before.
    """
    methods = {str(method): method for method in projections["method"].unique()}
    given = {"projections": projections, "explained_variance": explained_variance}
    notes = {} if without_batch is None else {"projections": note_on_batches(without_batch)}
    return Gallery("cohort", _tables(study) | given, {"method": methods}, notes)


def signature_gallery(
    cohort: CohortStudy,
    study: SignatureStudy,
    log_expression: pd.DataFrame,
    selection_stability: pd.DataFrame,
    batch: pd.Series | None = None,
) -> Gallery:
    """The genes named; ``log_expression`` has those of the signature.

    ``selection_stability`` has columns ``probe, selection_frequency, mean_rank``. For ``batch`` see
    :func:`~leukemia_kedro.plots.batches.shown_values`.
    """
    named = log_expression.loc[study.signature["probe"]]
    named = shown_values(named, cohort.sample_split, batch)
    given = {"log_expression": named, "selection_stability": selection_stability}
    return Gallery("signature", _tables(cohort, study) | given, notes=_notes(batch))


def model_gallery(
    cohort: CohortStudy,
    study: ModelStudy,
    log_expression: pd.DataFrame,
    cv_predictions: pd.DataFrame,
) -> Gallery:
    """The models, with a figure for each model's ``predictions``.

    ``cv_predictions`` are those of all models, column ``model``; ``log_expression`` has at most
    1,000 samples.
    """
    models = list(models_of(study.model_comparison)["model"])
    cv, test = (
        {model: table[table["model"] == model].drop(columns="model") for model in models}
        for table in (cv_predictions, study.test_predictions)
    )
    groups = cohort.sample_split.get("group")
    predictions = {
        model: ModelPredictions(model, cv[model], test[model], cohort.classes, groups)
        for model in models
    }
    shown = log_expression[thinned(cohort.sample_split, MOST_DISTRIBUTIONS).index]
    given = {"log_expression": shown, "cv_predictions": cv_predictions}
    return Gallery("model", _tables(cohort, study) | given, {"predictions": predictions})


def contrast_gallery(
    cohort: CohortStudy,
    study: ContrastStudy,
    log_expression: pd.DataFrame,
    alpha: float,
    batch: pd.Series | None = None,
) -> Gallery:
    """All ``contrasts``, with a figure for each ``contrast`` of the first :data:`~.study.DRAWN`.

    Probes and gene sets are significant below the Benjamini–Hochberg level ``alpha``.
    ``log_expression`` has the probes with the smallest p-values of each contrast. For ``batch`` see
    :func:`~leukemia_kedro.plots.batches.shown_values`.
    """
    tables, sets = study.contrast_tables, study.enrichment_tables
    every = {
        stem: Contrast(name, tables[name], alpha, sets.get(name), stem)
        for name, stem in file_stems(tables).items()
    }
    drawn = dict(list(every.items())[:DRAWN])
    probes = pd.concat([each.table["probe"].head(MOST_ROWS) for each in drawn.values()])
    shown = shown_values(log_expression.loc[probes.unique()], cohort.sample_split, batch)
    given = {"contrasts": list(every.values()), "log_expression": shown}
    return Gallery("contrast", _tables(cohort, study) | given, {"contrast": drawn}, _notes(batch))


def _notes(batch: pd.Series | None) -> dict[str, str]:
    return {} if batch is None else {"log_expression": note_on_batches(str(batch.name))}


def _tables(cohort: CohortStudy, study: Any = None) -> dict[str, Any]:
    chapters = [cohort] if study is None else [cohort, study]
    return {"classes": cohort.classes, "terms": cohort.terms} | {
        each.name: getattr(chapter, each.name) for chapter in chapters for each in fields(chapter)
    }
