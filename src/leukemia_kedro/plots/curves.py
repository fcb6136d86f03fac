"""How well one model ranks the samples: ROC and precision–recall curves.

The solid line is cross-validation, the mean over the repeats with a band from the lowest to the
highest of them; the dashed line is the test set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn import metrics

from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, class_name, patients_beside, readable
from leukemia_kedro.plots.inputs import ModelPredictions
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.class_names import class_in_words

GRID = np.concatenate([[0], np.linspace(0, 1, 101)])  # 0 twice: a ROC curve may rise there
DASHES = (0, (4, 2))


class Curve(NamedTuple):
    """One curve: its own points, its values on ``GRID`` for averaging, and the area under it."""

    x: np.ndarray
    y: np.ndarray
    on_grid: np.ndarray
    area: float


@shown_in("model")
def roc_curves(predictions: ModelPredictions) -> CaptionedFigure:
    """ROC curve of the last class, or with more than two classes of each against the rest.

    Repeats are averaged vertically: true positive rate at equal false positive rate (Fawcett
    2006, Pattern Recognition Letters 27:861, algorithm 3).
    """
    figure, axes = _class_panels(predictions.classes, "false positive rate", "true positive rate")
    for ax in axes.values():
        ax.plot([0, 1], [0, 1], color=style.PALE, linewidth=0.8, zorder=0)
    areas = _draw_panels(axes, predictions, _roc, "AUC", "lower right")
    model = predictions.model
    return CaptionedFigure(
        name=figure_name("roc", model),
        title=f"ROC curves: {readable(model)}",
        caption=f"True against false positive rate. {predictions.sources()} Grey: chance; AUC: "
        "area under the curve.",
        alt=f"ROC curves of {readable(model)}. {areas}.",
        figure=figure,
    )


@shown_in("model")
def precision_recall_curves(predictions: ModelPredictions) -> CaptionedFigure:
    """Precision–recall curve of the last class, or with more than two classes of each.

    Curves are steps, as points of a precision–recall curve may not be joined by straight lines
    (Davis & Goadrich 2006, ICML 233); repeats are averaged at equal recall.
    """
    figure, axes = _class_panels(predictions.classes, "recall", "precision")
    for label, ax in axes.items():
        share = (predictions.cv["label"] == label).mean()
        ax.axhline(share, color=style.PALE, linewidth=0.8, zorder=0)
    areas = _draw_panels(axes, predictions, _precision_recall, "AP", "lower left")
    model = predictions.model
    return CaptionedFigure(
        name=figure_name("precision recall", model),
        title=f"Precision–recall curves: {readable(model)}",
        caption=f"Precision against recall. {predictions.sources()} Grey: share of the class "
        "among the training samples; AP: average precision.",
        alt=f"Precision–recall curves of {readable(model)}. {areas}.",
        figure=figure,
    )


def draw_curves(
    ax: Axes,
    predictions: ModelPredictions,
    curve: Callable[[pd.DataFrame], Curve],
    colour: str,
    measure: str,
    steps: bool = False,
) -> list[str]:
    """Draw the mean and range over the repeats in ``colour``, and the test curve in black.

    ``curve`` makes a :class:`Curve` of a table in which each sample stands once. ``measure`` is
    the short name of the area under it. Returns the entries of the legend.
    """
    repeats = [curve(repeat) for _, repeat in predictions.cv.groupby("repeat")]
    values = np.array([repeat.on_grid for repeat in repeats])
    area = np.mean([repeat.area for repeat in repeats])
    look: dict[str, Any] = {"drawstyle": "steps-pre" if steps else "default"}
    low, mean, high = values.min(axis=0), values.mean(axis=0), values.max(axis=0)
    step: Any = "pre" if steps else None
    ax.fill_between(GRID, low, high, step=step, color=colour, alpha=0.25, linewidth=0)
    label = f"CV: {measure} {area:.3f}"
    ax.plot(GRID, mean, color=colour, linewidth=1.3, label=label, **look)
    if len(predictions.test):
        test = curve(predictions.test)
        look |= {"linestyle": DASHES, "label": f"test: {measure} {test.area:.3f}"}
        ax.plot(test.x, test.y, color="black", linewidth=1.0, **look)
    return ax.get_legend_handles_labels()[1]


def _class_panels(
    classes: Sequence[str], x_name: str, y_name: str
) -> tuple[Figure, dict[str, Axes]]:
    """A square panel for the last of two classes, or for each of more."""
    alone = len(classes) == 2
    shown = classes[-1:] if alone else classes
    width, height = (3.6, 3.3) if alone else (style.FULL_WIDTH, 2.75)
    figure, axes = style.panel_grid(len(shown), 3, width=width, row_height=height, extra_height=0.1)
    for ax in axes:
        ax.set(xlabel=x_name, ylabel=y_name, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    return figure, dict(zip(shown, axes, strict=True))


def _draw_panels(
    axes: dict[str, Axes],
    predictions: ModelPredictions,
    curve: Callable[[str, pd.DataFrame], Curve],
    measure: str,
    legend_place: str,
) -> str:
    """Draw the curves of each class and name its panel; returns all areas in words."""
    areas, colours = [], style.class_colours(predictions.classes)
    for label, ax in axes.items():
        in_test = predictions.test["label"] == label
        # Test samples that are all of the class, or none of them, have no curve.
        has_curve = in_test.any() and not in_test.all()
        test = predictions.test if has_curve else predictions.test.head(0)
        drawn, of_class = replace(predictions, test=test), partial(curve, label)
        colour, steps = colours[label], curve is _precision_recall
        entries = draw_curves(ax, drawn, of_class, colour, measure, steps)
        areas.append(f"{class_in_words(label)}: {', '.join(entries)}")
        samples = [predictions.once(part) for part in (predictions.cv, predictions.test)]
        train, tested = (rows[rows["label"] == label] for rows in samples)
        n_test = f", {len(tested):,} test{patients_beside(tested)}" if len(in_test) else ""
        n_train = f"n = {len(train):,} train{patients_beside(train)}"
        style.title(ax, f"{class_name(label)}\n({n_train}{n_test})")
        style.legend(ax, loc=legend_place)
    return "; ".join(areas)


def _roc(positive: str, predictions: pd.DataFrame) -> Curve:
    truth, score = predictions["label"] == positive, predictions[PROBABILITY + positive]
    x, y, _ = metrics.roc_curve(truth, score)
    on_grid = np.interp(GRID, x, y)
    on_grid[0] = 0
    return Curve(x, y, on_grid, metrics.roc_auc_score(truth, score))


def _precision_recall(positive: str, predictions: pd.DataFrame) -> Curve:
    truth, score = predictions["label"] == positive, predictions[PROBABILITY + positive]
    precision, recall, _ = metrics.precision_recall_curve(truth, score)
    # The precision held up to a recall is that of the highest threshold to reach it; at recall 0
    # there is none, and scikit-learn's 1 would be drawn as a spike.
    x, first = np.unique(recall[::-1], return_index=True)
    y = precision[::-1][first]
    y[0] = y[1]
    on_grid = y[np.searchsorted(x, GRID)]
    return Curve(x, y, on_grid, metrics.average_precision_score(truth, score))
