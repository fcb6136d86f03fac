"""Who is predicted to be what: confusion matrices, and the samples that most models get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix as count_pairs

from leukemia_kedro.compute.file_names import figure_name
from leukemia_kedro.model.predictions import share_wrong
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    MODEL_WIDTH,
    CaptionedFigure,
    class_name,
    counted,
    n_in_brackets,
    patients_beside,
    readable,
    sample_name,
)
from leukemia_kedro.plots.inputs import ModelPredictions
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.class_names import class_in_words, fitted

MOST_HARD = 40
MOST_BESIDE = 8
"""Classes of two matrices side by side; larger ones stand below each other."""
TWO_LINES, ONE_LINE = 0.26, 0.155
"""Inches of a cell that holds a number and its share, and of one that holds the number."""
KEY = {"fraction": 0.03, "aspect": 20, "shrink": 0.7}


def confusion_counts(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Samples of each true class (rows) by predicted class (columns), mean over repeats.

    ``predictions`` has columns ``label`` and ``predicted``; with a column ``repeat`` each sample
    occurs once per repeat. Returned are floats, shape (n_classes, n_classes).
    """
    counts = count_pairs(predictions["label"], predictions["predicted"], labels=list(classes))
    return counts / _n_repeats(predictions)


@shown_in("model")
def confusion_matrix(predictions: ModelPredictions) -> CaptionedFigure:
    """Confusion matrix of one model in cross-validation and, if there are any, on test samples."""
    classes = predictions.classes
    parts = {"cross-validation": predictions.cv}
    if len(predictions.test):
        parts["test samples"] = predictions.test
    names = 0.07 * _longest(classes)
    n_rows = len(parts) if len(classes) > MOST_BESIDE else 1
    n_columns = len(parts) // n_rows
    side = min(1.2 + 0.28 * len(classes), (style.FULL_WIDTH - names - 1.2) / n_columns)
    width, height = side * n_columns + names + 1.2, (side + names + 0.6) * n_rows
    width += 0.4 * (n_rows - 1)  # for the key, which is as high as both matrices
    figure, grid = style.panels(n_rows, n_columns, width=width, height=height, sharey=True)
    axes = list(grid.flat)
    for ax, (source, table) in zip(axes, parts.items(), strict=True):
        counts = confusion_counts(table, classes)
        image = _draw_matrix(ax, counts, classes, _digits(counts), side, with_shares=True)
        style.title(ax, f"{source} ({n_in_brackets(predictions.once(table))})")
        ax.set_xlabel("predicted class")
    for ax in grid[:, 0]:
        ax.set_ylabel("true class")
    draw_key(figure, image, axes, "share of the true class", **KEY)

    name = readable(predictions.model)
    wrong = "; ".join(f"{source} {_errors(table)}" for source, table in parts.items())
    return CaptionedFigure(
        name=figure_name("confusion matrix", predictions.model),
        title=f"Confusion matrix: {name}",
        caption=f"Samples by true and predicted class{_averaging(predictions.cv)}; colour and "
        "brackets: share of the true class.",
        alt=f"Confusion matrices of {name}; samples misclassified: {wrong}.",
        figure=figure,
    )


@shown_in("model")
def cv_confusion_matrices(
    cv_predictions: pd.DataFrame, classes: Sequence[str], sample_split: pd.DataFrame
) -> CaptionedFigure:
    """Small confusion matrices of all models in cross-validation."""
    return _confusion_matrices(cv_predictions, classes, sample_split, "cross-validation")


@shown_in("model")
def confusion_matrices_of_test_samples(
    test_predictions: pd.DataFrame, classes: Sequence[str], sample_split: pd.DataFrame
) -> CaptionedFigure | None:
    """Small confusion matrices of all models on test samples; None where there are none."""
    if test_predictions.empty:
        return None
    return _confusion_matrices(test_predictions, classes, sample_split, "test")


def _confusion_matrices(
    predictions: pd.DataFrame, classes: Sequence[str], sample_split: pd.DataFrame, source: str
) -> CaptionedFigure:
    tables = {str(model): table for model, table in predictions.groupby("model", sort=False)}
    n_columns = min(len(tables), 5 if len(classes) <= 3 else 4)
    names = 0.07 * _longest(classes)
    row_height = (style.FULL_WIDTH - 0.9 - names) / n_columns + 0.2
    sizes = {"row_height": row_height, "extra_height": names + 0.5}
    figure, axes = style.panel_grid(len(tables), n_columns, **sizes, sharex=True, sharey=True)
    counts = {model: confusion_counts(table, classes) for model, table in tables.items()}
    digits = _digits(*counts.values())
    for ax, (model, matrix) in zip(axes, counts.items(), strict=True):
        image = _draw_matrix(ax, matrix, classes, digits, row_height - 0.2)
        style.title(ax, fitted(readable(model), MODEL_WIDTH))
    has_numbers = (row_height - 0.2) / len(classes) > ONE_LINE
    figure.supxlabel("predicted class", fontsize=style.TEXT_SIZE)
    figure.supylabel("true class", fontsize=style.TEXT_SIZE)
    draw_key(figure, image, figure.axes, "share of the true class", **KEY)

    wrong = "; ".join(f"{readable(model)} {_errors(table)}" for model, table in tables.items())
    samples = sample_split.loc[predictions["sample"].unique()]
    return CaptionedFigure(
        name=figure_name("confusion matrices", source),
        title=f"Confusion matrices of all models: {source}",
        caption=f"Number of samples by true and predicted class{_averaging(predictions)}, "
        f"{counted(len(samples), 'sample')}{patients_beside(samples)} ({source}); columns in the "
        "order of the rows; colour: share of the true class."
        + ("" if has_numbers else " The figure of each model has the numbers."),
        alt=f"Confusion matrices; samples misclassified: {wrong}.",
        figure=figure,
    )


@shown_in("model")
def hard_samples(
    cv_predictions: pd.DataFrame, test_predictions: pd.DataFrame, sample_split: pd.DataFrame
) -> CaptionedFigure:
    """Which model gets which sample wrong, the samples that most models get wrong first.

    ``cv_predictions`` are those of all models: ``model``, ``repeat``, ``sample``, ``label``,
    ``predicted``; ``test_predictions`` the same without ``repeat``, without rows where there is no
    test set.
    """
    shares = share_wrong(pd.concat([cv_predictions, test_predictions])).reset_index(name="share")
    wrong = shares.pivot_table("share", "sample", "model")[cv_predictions["model"].unique()]
    missed = wrong[wrong.max(axis=1) > 0]
    about = sample_split.loc[missed.index].assign(share=missed.mean(axis=1))
    about = about.sort_values("split", ascending=False, kind="stable")  # train first
    about = about.sort_values("share", ascending=False, kind="stable").head(MOST_HARD)
    models = [readable(model) for model in wrong]
    has_test = len(test_predictions) > 0

    longest = max(map(len, wrong.columns))
    height = 1.2 + 0.07 * longest + max(0.135 * len(about), 0.5)
    figure, [[ax]] = style.panels(width=5.6, height=height)
    style.leave_room_for_long_names(figure)
    if len(about):
        image = draw_cells(ax, missed.loc[about.index].to_numpy(float))
        size = {"fraction": 0.04, "aspect": 15, "shrink": 0.8}
        draw_key(figure, image, ax, "share of wrong predictions", **size)
    else:
        words = {"ha": "center", "fontsize": style.TEXT_SIZE}
        ax.text(0.5, 0.5, "no wrong prediction", transform=ax.transAxes, **words)
    splits = [f", {split}" if has_test else "" for split in about["split"]]
    rows = list(zip(about.index, about["label"], splits, strict=True))
    names = [f"{sample_name(sample)} ({class_name(label)}{split})" for sample, label, split in rows]
    ax.set_xticks(range(len(models)), models, rotation=90)
    ax.set_yticks(range(len(rows)), names)
    ax.set(xlabel="model", ylabel="sample")

    patients = ""
    if "group" in sample_split:
        n_missed, n = (sample_split.loc[each.index, "group"].nunique() for each in (missed, wrong))
        patients = f" (of {n_missed:,} of {n:,} patients)"
    limit = "" if len(about) == len(missed) else f"; the {len(about)} hardest are shown"
    tested = "; test samples: the prediction of the fitted model" if has_test else ""
    hardest = ", ".join(
        f"{sample} ({class_in_words(label)}{split})" for sample, label, split in rows[:5]
    )
    return CaptionedFigure(
        name="hard-samples",
        title="Hard samples",
        caption=f"{len(missed):,} of {counted(len(wrong), 'sample')}{patients} misclassified by at "
        f"least one model{limit}; in brackets true class"
        f"{' and split' if has_test else ''}. "
        f"{'Training samples: share' if has_test else 'Colour: share'} of the cross-validation "
        f"repeats in which the prediction was wrong{tested}.",
        alt=f"Matrix of wrong predictions, samples by models; hardest first: {hardest or 'none'}.",
        figure=figure,
    )


def _digits(*matrices: np.ndarray) -> int:
    """After the point, of counts in matrices that stand side by side."""
    return 0 if all((counts == counts.round()).all() for counts in matrices) else 1


def _draw_matrix(
    ax: Axes,
    counts: np.ndarray,
    classes: Sequence[str],
    digits: int,
    side: float,
    with_shares: bool = False,
) -> QuadMesh:
    """A matrix ``side`` inches wide, with as many numbers in its cells as they hold."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    image = draw_cells(ax, shares)
    ax.set_aspect("equal")
    size = style.SMALL_SIZE if len(counts) <= 3 else style.TINY_SIZE
    cell = side / len(counts)
    for (row, column), count in np.ndenumerate(counts) if cell > ONE_LINE else ():
        text = f"{count:,.{digits}f}" if count else "0"
        if with_shares and totals[row, 0] and cell > TWO_LINES:
            text += f"\n({shares[row, column]:.0%})"
        colour = "white" if shares[row, column] > 0.55 else "black"
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
    names = [class_name(label) for label in classes]
    ax.set_xticks(range(len(names)), names, rotation=0 if _longest(classes) <= 4 else 90)
    ax.set_yticks(range(len(names)), names)
    return image


def draw_cells(ax: Axes, shares: np.ndarray) -> QuadMesh:
    """Cells from 0 to 1 with thin lines between them, row 0 on top."""
    n_rows, n_columns = shares.shape
    edges = np.arange(n_columns + 1) - 0.5, np.arange(n_rows + 1) - 0.5
    lines: dict[str, Any] = {"edgecolors": style.PALE, "linewidth": 0.4}
    image = ax.pcolormesh(*edges, shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1, **lines)
    ax.set_ylim(n_rows - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return image


def _longest(classes: Sequence[str]) -> int:
    return max(len(class_name(label)) for label in classes)


def draw_key(
    figure: Figure, image: QuadMesh, axes: Axes | Sequence[Axes], name: str, **size: Any
) -> None:
    """Colour bar at the right of ``axes``."""
    key = figure.colorbar(image, ax=axes, **size)
    key.outline.set_visible(False)
    key.ax.tick_params(labelsize=style.SMALL_SIZE, width=0.6, length=3)
    key.set_label(name, fontsize=style.SMALL_SIZE)


def _n_repeats(predictions: pd.DataFrame) -> int:
    return predictions["repeat"].nunique() if "repeat" in predictions else 1


def _averaging(predictions: pd.DataFrame) -> str:
    repeats = _n_repeats(predictions)
    return f", mean over {repeats} repeats of cross-validation" if repeats > 1 else ""


def _errors(predictions: pd.DataFrame) -> str:
    wrong = (predictions["predicted"] != predictions["label"]).sum() / _n_repeats(predictions)
    return f"{wrong:,.4g} of {predictions['sample'].nunique():,}"
