"""Models side by side: accuracy with intervals, train against test, the permutation test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes

from leukemia_kedro.evaluation.comparison import models_of
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CaptionedFigure,
    counted,
    n_in_brackets,
    on_screen,
    readable,
)
from leukemia_kedro.plots.shown import shown_in

BASELINE_NAME = "assigning every sample to the largest class"


class _Measure(NamedTuple):
    """What is drawn of each model: column with interval, how it is named, where in its row."""

    column: str
    name: str
    split: str
    offset: float


@shown_in("model")
def model_comparison(model_comparison: pd.DataFrame, sample_split: pd.DataFrame) -> CaptionedFigure:
    """Dots with intervals: balanced accuracy in cross-validation and on test samples.

    ``model_comparison`` has one row per model and one of the baseline: ``model``, ``champion``,
    ``baseline``, ``n_genes``, ``cv_balanced_accuracy`` and ``test_balanced_accuracy``, both also
    with ``_low`` and ``_high``; the test columns are NaN where there is no test set.
    """
    models = _ranked(model_comparison)
    measures = _measures(sample_split)
    figure, [[ax]] = style.panels(height=1.1 + 0.17 * len(models), width=style.ONE_COLUMN)
    for measure in measures:
        bounds = [models[f"{measure.column}_{end}"] for end in ("low", "high")]
        look, rows = style.split_mark(measure.split), models.index - measure.offset
        ax.hlines(rows, *bounds, color=look["color"], linewidth=1.3)
        ax.scatter(models[measure.column], rows, s=22, zorder=3, label=measure.name, **look)
    for baseline, label in zip(_baselines(model_comparison), [BASELINE_NAME, None], strict=False):
        ax.axvline(baseline, color=style.GREY, linewidth=0.9, linestyle=":", label=label)
    ax.set(xlabel="balanced accuracy")
    _end_at_one(ax)
    _name_models(ax, models)
    style.legend_below(figure)

    test = (
        "Test samples had no part in this choice."
        if len(measures) == 2
        else "This cohort has no test set."
    )
    champion = models[models["champion"]].iloc[0]
    scores = ", ".join(
        f"{readable(row.model)} {row.cv_balanced_accuracy:.3f}" for row in models[::-1].itertuples()
    )
    return CaptionedFigure(
        name="model-comparison",
        title="Model comparison",
        caption="Balanced accuracy of each model with its 95% interval; cross-validation on the "
        f"training samples chose the champion (bold). {test} Dotted: {BASELINE_NAME}.",
        alt=f"Dot plot of {counted(len(models), 'model')}; champion: "
        f"{readable(champion['model'])}. Cross-validated balanced accuracy: {scores}.",
        figure=figure,
    )


@shown_in("model")
def model_comparison_interactive(
    model_comparison: pd.DataFrame, sample_split: pd.DataFrame
) -> go.Figure:
    """:func:`model_comparison` with scores and number of genes on hover."""
    models = _ranked(model_comparison)
    names, suffixes = [], []
    columns = ["model", "n_genes", "champion"]
    for model, n_genes, champion in models[columns].itertuples(index=False):
        names.append(on_screen(readable(model)))
        suffixes.append(f"{counted(int(n_genes), 'gene')}{', champion' if champion else ''}")
    figure = go.Figure()
    baselines = _baselines(model_comparison)
    lowest = min(baselines)
    for measure in _measures(sample_split):
        value = models[measure.column]
        low, high = models[f"{measure.column}_low"], models[f"{measure.column}_high"]
        lowest = min(lowest, low.min())
        look = style.split_mark(measure.split)
        figure.add_scatter(
            x=value,
            y=models.index - measure.offset,
            mode="markers",
            name=measure.name,
            marker={"color": look["color"], "symbol": style.SYMBOLS[look["marker"]], "size": 9},
            error_x={"array": high - value, "arrayminus": value - low, "symmetric": False},
            text=[
                f"{name}<br>{measure.name}: {x:.3f} [{x_low:.3f}, {x_high:.3f}], {suffix}"
                for name, x, x_low, x_high, suffix in zip(
                    names, value, low, high, suffixes, strict=True
                )
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    dotted = {"color": style.GREY, "dash": "dot", "width": 1.5}
    for position, baseline in enumerate(baselines):
        named = {"name": BASELINE_NAME, "showlegend": position == 0}
        figure.add_vline(baseline, line=dotted, opacity=1, **named)
    figure.update_xaxes(title="balanced accuracy", range=[lowest - 0.03, 1.03])
    figure.update_yaxes(
        title="model", tickvals=list(models.index),
        ticktext=[
            f"<b>{name}</b>" if champion else name
            for name, champion in zip(names, models["champion"], strict=True)
        ],
        range=[-0.6, len(models) - 0.4],
    )  # fmt: skip
    style.interactive_layout(
        figure, height=120 + 25 * len(models), phone_height=110 + 19 * len(models)
    )
    return figure


def _ranked(model_comparison: pd.DataFrame) -> pd.DataFrame:
    """Models by cross-validated balanced accuracy, the best in the last row: on top of the axis."""
    return models_of(model_comparison).sort_values(
        "cv_balanced_accuracy", kind="stable", ignore_index=True
    )


def _measures(sample_split: pd.DataFrame) -> list[_Measure]:
    n = {str(split): n_in_brackets(rows) for split, rows in sample_split.groupby("split")}
    out_of_fold = f"cross-validation ({n['train']})"
    if "test" not in n:
        return [_Measure("cv_balanced_accuracy", out_of_fold, "train", 0.0)]
    return [
        _Measure("cv_balanced_accuracy", out_of_fold, "train", -0.17),
        _Measure("test_balanced_accuracy", f"test samples ({n['test']})", "test", 0.17),
    ]


def _baselines(model_comparison: pd.DataFrame) -> list[float]:
    """Of training samples, and of test samples where these lack a class."""
    [baseline] = model_comparison[model_comparison["baseline"]].to_dict("records")
    scores = [baseline["cv_balanced_accuracy"], baseline["test_balanced_accuracy"]]
    return [score for score in dict.fromkeys(scores) if not pd.isna(score)]


def _end_at_one(ax: Axes) -> None:
    """Leave room for a mark at 1, and none for a tick beyond it."""
    low, _ = ax.get_xlim()
    ax.set_xlim(low, 1 + 0.03 * (1 - low))


def _name_models(ax: Axes, models: pd.DataFrame) -> None:
    ax.set_yticks(models.index, [readable(model) for model in models["model"]])
    ax.set(ylabel="model", ylim=(-0.6, len(models) - 0.4))
    for text, is_champion in zip(ax.get_yticklabels(), models["champion"], strict=True):
        text.set_fontweight("bold" if is_champion else "normal")


@shown_in("model")
def train_versus_test(
    model_comparison: pd.DataFrame, sample_split: pd.DataFrame
) -> CaptionedFigure:
    """Accuracy on the samples fitted to, in cross-validation and on test samples: the gap.

    ``model_comparison`` has one row per model: ``model``, ``champion``, ``train_accuracy``,
    ``cv_accuracy``, ``test_accuracy`` (NaN where there is no test set), ``cv_balanced_accuracy``.
    """
    models = _ranked(model_comparison)
    n = {str(split): n_in_brackets(rows) for split, rows in sample_split.groupby("split")}
    fitted_to = f"the training samples it was fitted to ({n['train']})"
    marks = {
        "train_accuracy": (fitted_to, "s", style.SPLIT_COLOURS["train"]),
        "cv_accuracy": (f"cross-validation ({n['train']})", "o", style.SKY_BLUE),
    }
    if "test" in n:
        name = f"test samples ({n['test']})"
        marks["test_accuracy"] = (name, "^", style.SPLIT_COLOURS["test"])
    figure, [[ax]] = style.panels(height=1.2 + 0.22 * len(models), width=5.2)
    scores = models[list(marks)]
    ax.hlines(models.index, scores.min(axis=1), scores.max(axis=1), color=style.PALE, linewidth=1.5)
    for column, (name, marker, colour) in marks.items():
        look: dict[str, Any] = {"marker": marker, "edgecolor": colour, "label": name, "zorder": 3}
        fill, size = ("white", 40) if marker == "s" else (colour, 20)
        ax.scatter(models[column], models.index, s=size, facecolor=fill, **look)
    ax.set(xlabel="accuracy")
    _end_at_one(ax)
    _name_models(ax, models)
    style.legend_below(figure)

    last = list(marks)[-1]
    gaps = models["train_accuracy"] - models[last]
    widest = models["model"].iloc[gaps.argmax()]
    others = " and in cross-validation"
    if "test" in n:
        others = ", in cross-validation and on the test samples"
    return CaptionedFigure(
        name="train-versus-test",
        title=f"Train against {'test' if 'test' in n else 'cross-validation'}",
        caption=f"Accuracy of each model on the samples it was fitted to{others}; a long line "
        "is a model that fits its training samples better than it predicts new ones. Champion in "
        "bold.",
        alt=f"Dot plot of accuracies of {counted(len(models), 'model')}; the widest gap, "
        f"{gaps.max():.3f}, is that of {readable(widest)}.",
        figure=figure,
    )


@shown_in("model")
def permutation_test(permutation_test: Mapping) -> CaptionedFigure:
    """Scores with permuted labels, and the score with the true ones.

    ``permutation_test`` has ``model`` (the one chosen with the true labels), ``models`` to choose
    among, ``p_value``, and the balanced accuracies in one repeat of cross-validation ``score``
    and ``permuted_scores``.
    """
    score, permuted = permutation_test["score"], permutation_test["permuted_scores"]
    figure, [[ax]] = style.panels(width=4.2, height=2.9)
    # Bins from the lowest score to the true one: narrower ones would not show beside it.
    bins = np.histogram_bin_edges([*permuted, score], bins=40)
    ax.hist(permuted, bins, color=style.GREY, label=f"permuted labels (n = {len(permuted):,})")
    ax.axvline(score, color=style.VERMILLION, linewidth=1.5, label=f"true labels: {score:.3f}")
    ax.set(xlabel="balanced accuracy in one repeat of cross-validation", ylabel="permutations")
    ax.yaxis.get_major_locator().set_params(integer=True)
    style.legend_below(figure)

    models = [readable(model) for model in permutation_test["models"]]
    p_value = permutation_test["p_value"]
    chosen, steps = models[0], "all steps repeated"
    if len(models) > 1:
        chosen = f"the model chosen among {', '.join(models)}"
        steps += ", this choice included"
    return CaptionedFigure(
        name="permutation-test",
        title="Permutation test",
        caption=f"Score with the true labels in one repeat of cross-validation, of "
        f"{chosen}, against the scores when the labels are permuted and {steps} "
        f"(p = {p_value:.2g}).",
        alt=f"Histogram of {counted(len(permuted), 'permuted score')}, from {min(permuted):.3f} to "
        f"{max(permuted):.3f}, with a line at the observed {score:.3f}.",
        figure=figure,
    )
