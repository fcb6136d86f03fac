"""How well one model ranks the samples: ROC and precision–recall curves.

The solid line is cross-validation, the mean over the repeats with a band from the lowest to the
highest of them; the dashed line is the test set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, class_name, counted, file_stem, readable

GRID = np.concatenate([[0], np.linspace(0, 1, 101)])  # 0 twice: a ROC curve may rise there
DASHES = (0, (4, 2))


class Curve(NamedTuple):
    """One curve: its own points, its values on ``GRID`` for averaging, and the area under it."""

    x: np.ndarray
    y: np.ndarray
    on_grid: np.ndarray
    area: float


def roc_curves(
    model: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    classes: Sequence[str],
) -> CaptionedFigure:
    """ROC curve of the last class, or with more than two classes of each against the rest.

    Repeats are averaged vertically: true positive rate at equal false positive rate (Fawcett
    2006, Pattern Recognition Letters 27:861, algorithm 3).

    Parameters
    ----------
    model : str
        Its name.
    cv_predictions : DataFrame
        Columns ``repeat``, ``sample``, ``label`` and ``probability_<class>``.
    test_predictions : DataFrame
        The same without ``repeat``; no rows where there is no test set.
    classes : sequence of str
        In class order.
    """
    figure, axes = _class_panels(classes)
    areas = {}
    for ax, label in zip(axes, positives(classes), strict=True):
        ax.plot([0, 1], [0, 1], color=style.PALE, linewidth=0.8, zorder=0)
        areas[label] = draw_curves(
            ax,
            partial(_roc, positive=label),
            cv_predictions,
            _if_telling(test_predictions, label),
            colour=style.class_colours(classes)[label],
            measure="AUC",
        )
        ax.set(xlabel="false positive rate", ylabel="true positive rate")
        _finish(ax, label, cv_predictions, test_predictions, "lower right")
    return CaptionedFigure(
        name=file_stem("roc", model),
        title=f"ROC curves: {readable(model)}",
        caption=f"True against false positive rate. {sources(cv_predictions, test_predictions)} "
        "Grey: chance; AUC: area under the curve.",
        alt=f"ROC curves of {readable(model)}. {_summary(areas)}.",
        figure=figure,
    )


def precision_recall_curves(
    model: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    classes: Sequence[str],
) -> CaptionedFigure:
    """Precision–recall curve of the last class, or with more than two classes of each.

    Curves are steps, as points of a precision–recall curve may not be joined by straight lines
    (Davis & Goadrich 2006, ICML 233); repeats are averaged at equal recall.

    Parameters
    ----------
    model, cv_predictions, test_predictions, classes
        As for :func:`roc_curves`.
    """
    figure, axes = _class_panels(classes)
    areas = {}
    for ax, label in zip(axes, positives(classes), strict=True):
        share = (cv_predictions["label"] == label).mean()
        ax.axhline(share, color=style.PALE, linewidth=0.8, zorder=0)
        areas[label] = draw_curves(
            ax,
            partial(_precision_recall, positive=label),
            cv_predictions,
            _if_telling(test_predictions, label),
            colour=style.class_colours(classes)[label],
            measure="AP",
            drawstyle="steps-pre",
        )
        ax.set(xlabel="recall", ylabel="precision")
        _finish(ax, label, cv_predictions, test_predictions, "lower left")
    return CaptionedFigure(
        name=file_stem("precision_recall", model),
        title=f"Precision–recall curves: {readable(model)}",
        caption=f"Precision against recall. {sources(cv_predictions, test_predictions)} Grey: "
        "share of the class among the training samples; AP: average precision.",
        alt=f"Precision–recall curves of {readable(model)}. {_summary(areas)}.",
        figure=figure,
    )


def positives(classes: Sequence[str]) -> list[str]:
    """The classes that get a curve: the last of two, each of more.

    Parameters
    ----------
    classes : sequence of str
        In class order.
    """
    return list(classes[-1:]) if len(classes) == 2 else list(classes)


def draw_curves(
    ax: Axes,
    curve: Callable[[pd.DataFrame], Curve],
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    *,
    colour: str,
    measure: str,
    drawstyle: str = "default",
) -> list[str]:
    """Draw the mean and range over the repeats, and the test curve.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Drawn on.
    curve : callable
        From predictions, each sample once, to :class:`Curve`.
    cv_predictions, test_predictions : DataFrame
        As for :func:`roc_curves`.
    colour : str
        Of the cross-validated curve; the test curve is black.
    measure : str
        Short name of the area under the curve, for the legend.
    drawstyle : str
        matplotlib's, of all lines.

    Returns
    -------
    list of str
        The entries of the legend.
    """
    repeats = [curve(repeat) for _, repeat in cv_predictions.groupby("repeat")]
    values = np.array([repeat.on_grid for repeat in repeats])
    area = np.mean([repeat.area for repeat in repeats])
    step = "pre" if drawstyle == "steps-pre" else None
    band = (values.min(axis=0), values.max(axis=0))
    ax.fill_between(GRID, *band, step=step, color=colour, alpha=0.25, linewidth=0)
    ax.plot(
        GRID,
        values.mean(axis=0),
        color=colour,
        linewidth=1.3,
        drawstyle=drawstyle,
        label=f"CV: {measure} {area:.3f}",
    )
    if len(test_predictions):
        test = curve(test_predictions)
        ax.plot(
            test.x,
            test.y,
            color="black",
            linewidth=1.0,
            linestyle=DASHES,
            drawstyle=drawstyle,
            label=f"test: {measure} {test.area:.3f}",
        )
    return ax.get_legend_handles_labels()[1]


def sources(cv_predictions: pd.DataFrame, test_predictions: pd.DataFrame) -> str:
    """Sentence on what the lines are and on how many samples they rest.

    Parameters
    ----------
    cv_predictions, test_predictions : DataFrame
        As for :func:`roc_curves`.
    """
    repeats = cv_predictions["repeat"].nunique()
    text = f"Solid: cross-validation of {counted(cv_predictions['sample'].nunique(), 'sample')}"
    if repeats > 1:
        text += f", mean and range of {repeats} repeats"
    if len(test_predictions):
        text += f"; dashed: {counted(len(test_predictions), 'test sample')}"
    return f"{text}."


def _class_panels(classes: Sequence[str]) -> tuple[Figure, np.ndarray]:
    n = len(positives(classes))
    n_columns = min(n, 3)
    n_rows = -(-n // n_columns)
    width, height = (3.6, 3.4) if n == 1 else (style.FULL_WIDTH, 2.75 * n_rows + 0.1)
    figure, axes = style.panels(n_rows, n_columns, width=width, height=height)
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    return figure, axes.flat[:n]


def _finish(
    ax: Axes,
    label: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    legend_place: str,
) -> None:
    counts = f"{(cv_predictions.drop_duplicates('sample')['label'] == label).sum():,} train"
    if len(test_predictions):
        counts += f", {(test_predictions['label'] == label).sum():,} test"
    style.title(ax, f"{class_name(label)}\n(n = {counts})")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    style.legend(ax, loc=legend_place)


def _if_telling(test_predictions: pd.DataFrame, label: str) -> pd.DataFrame:
    """The test predictions, or none of them where they hold only this class or none of it."""
    of_class = test_predictions["label"] == label
    return test_predictions if of_class.any() and not of_class.all() else test_predictions.head(0)


def _roc(predictions: pd.DataFrame, positive: str) -> Curve:
    truth, score = predictions["label"] == positive, predictions[f"probability_{positive}"]
    x, y, _ = roc_curve(truth, score)
    on_grid = np.interp(GRID, x, y)
    on_grid[0] = 0
    return Curve(x, y, on_grid, roc_auc_score(truth, score))


def _precision_recall(predictions: pd.DataFrame, positive: str) -> Curve:
    truth, score = predictions["label"] == positive, predictions[f"probability_{positive}"]
    precision, recall, _ = precision_recall_curve(truth, score)
    # The precision held up to a recall is that of the highest threshold to reach it; at recall 0
    # there is none, and scikit-learn's 1 would be drawn as a spike.
    x, first = np.unique(recall[::-1], return_index=True)
    y = precision[::-1][first]
    y[0] = y[1]
    on_grid = y[np.searchsorted(x, GRID)]
    return Curve(x, y, on_grid, average_precision_score(truth, score))


def _summary(areas: dict[str, list[str]]) -> str:
    return "; ".join(f"{label}: {', '.join(entries)}" for label, entries in areas.items())
