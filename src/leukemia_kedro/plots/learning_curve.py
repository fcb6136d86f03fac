"""What the champion scores with fewer training samples, and what it would with more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, readable
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.plots.study import LearningCurve


@shown_in("model")
def learning_curve(
    learning_curve: LearningCurve, classes: Sequence[str], sample_split: pd.DataFrame
) -> CaptionedFigure:
    """Balanced accuracy against the number of training samples, with the fitted power law.

    ``learning_curve`` is the record of that name; its fitted law may be missing. With the column
    ``group`` in ``sample_split`` its numbers are of patients.
    """
    unit = "patients" if "group" in sample_split else "samples"
    sizes, score = learning_curve["sizes"], learning_curve["balanced_accuracy"]
    low, high = learning_curve["balanced_accuracy_low"], learning_curve["balanced_accuracy_high"]
    figure, [[ax]] = style.panels(width=4.6, height=3.4)
    colour = style.SPLIT_COLOURS["train"]
    fitted = learning_curve["fitted"]
    if fitted:
        n, value, lower, upper = np.array([list(point.values()) for point in fitted]).T
        ax.fill_between(n, lower, upper, color=style.SKY_BLUE, alpha=0.25, linewidth=0)
        ax.plot(n, value, color=style.BLUE, linewidth=1.3, label="inverse power law")
    ax.vlines(sizes, low, high, color=colour, linewidth=1.0)
    mark = {"linestyle": "", "marker": style.SPLIT_MARKERS["train"], "markersize": 4}
    ax.plot(sizes, score, color=colour, label="cross-validation", **mark)
    marks = [
        (learning_curve["now"], f"all training {unit}"),
        (learning_curve["doubled"], "twice as many"),
    ]
    for (point, text), dashes in zip(marks, (":", "--"), strict=True):
        if point:
            label = f"{text} ({point['n']:,.0f})"
            ax.axvline(point["n"], color=style.GREY, linewidth=0.9, linestyle=dashes, label=label)
    chance = 1 / len(classes)
    ax.axhline(chance, color=style.PALE, linewidth=0.9, zorder=0, label="chance")
    ax.set_xscale("log")
    ticks = sorted({round(each) for each in [*sizes, *(point["n"] for point, _ in marks if point)]})
    ax.set_xticks(_apart(ticks), [f"{tick:,}" for tick in _apart(ticks)])
    ax.set_xticks([], minor=True)
    ax.set(xlabel=f"training {unit} (log scale)", ylabel="balanced accuracy")
    ax.set_ylim(min(chance, *low) - 0.02, 1.02)
    style.legend_below(figure)

    model = readable(learning_curve["model"])
    law = (
        "line: inverse power law fitted to the sizes above chance, with its 95% band"
        if fitted
        else "too few sizes are above chance to fit a power law"
    )
    scores = ", ".join(f"{n:.0f}: {value:.3f}" for n, value in zip(sizes, score, strict=True))
    return CaptionedFigure(
        name="learning-curve",
        title=f"Learning curve: {model}",
        caption=f"Balanced accuracy of {model} on the held-out folds, after training on nested "
        f"parts of each training fold, with 95% intervals; {law}.",
        alt=f"Balanced accuracy by number of training {unit}: {scores}.",
        figure=figure,
    )


def _apart(ticks: Sequence[int]) -> list[int]:
    """Ticks whose numbers do not touch on the log scale, from the largest down."""
    kept: list[int] = []
    for tick in sorted(ticks, reverse=True):
        if not kept or kept[-1] > 1.12 * tick:
            kept.append(tick)
    return kept[::-1]
