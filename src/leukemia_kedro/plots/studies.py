"""What crosses from study to study, as one heat map."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, counted, plain, readable
from leukemia_kedro.plots.confusion import draw_cells, draw_key
from leukemia_kedro.statistics.class_names import fitted

STUDY_WIDTH = 24
"""Characters of the name of a study, or of several, inside the figure."""
ITSELF = "itself\n(cross-validated)"
WIDTH, HEIGHT = 1.3, 0.75
"""Inches of a cell, where the page is wide enough."""


def study_matrix(study_matrix: pd.DataFrame) -> CaptionedFigure:
    """The champion of what was learned from (rows), by folds of itself and in other studies.

    ``study_matrix`` as :func:`~leukemia_kedro.evaluation.studies.score_studies` gives it.
    """
    champions = study_matrix[study_matrix["champion"].astype(bool)]
    itself = champions["learned_from"] == champions["called"]
    sources = list(champions["learned_from"].unique())
    called = [ITSELF, *sorted(champions.loc[~itself, "called"].unique())]
    column = champions["called"].mask(itself, ITSELF).map(called.index)
    rows = champions["learned_from"].map(sources.index)
    values = np.full((len(sources), len(called)), np.nan)
    values[rows, column] = champions["balanced_accuracy"]
    width = min(2.4 + WIDTH * len(called), style.FULL_WIDTH)
    figure, [[ax]] = style.panels(width=width, height=0.9 + HEIGHT * len(sources))
    image = draw_cells(ax, values)
    for y, x, cell in zip(rows, column, champions.to_dict("records"), strict=True):
        colour = "white" if cell["balanced_accuracy"] > 0.55 else "black"
        look = {"fontsize": style.SMALL_SIZE if len(called) < 5 else style.TINY_SIZE}
        ax.text(x, y, _in_cell(cell), ha="center", va="center", color=colour, **look)
    names = [name if name == ITSELF else _name(name) for name in called]
    ax.set_xticks(range(len(called)), names)
    ax.set_yticks(range(len(sources)), [_name(name) for name in sources])
    ax.set(xlabel="called", ylabel="learned from")
    draw_key(figure, image, ax, "balanced accuracy", fraction=0.04, aspect=20)
    said = "; ".join(
        f"{source} to {name.splitlines()[0]}: {score:.3f}, {errors:.4g} of "
        f"{counted(n, 'sample')} wrong"
        for source, name, score, errors, n in zip(
            champions["learned_from"],
            champions["called"].mask(itself, ITSELF),
            *(champions[key] for key in ("balanced_accuracy", "errors", "n")),
            strict=True,
        )
    )
    return CaptionedFigure(
        name="study-matrix",
        title="What crosses from study to study",
        caption="Balanced accuracy, with its 95% interval and the samples classified wrongly, of "
        "the model that cross-validation chose within what was learned from. Only the first column "
        "is cross-validated (mean over repeats).",
        alt=f"Heat map of the balanced accuracy of the chosen models. {said}.",
        figure=figure,
    )


def _name(study: str) -> str:
    return plain(fitted(study, STUDY_WIDTH))


def _in_cell(cell: dict) -> str:
    low, high = cell["balanced_accuracy_low"], cell["balanced_accuracy_high"]
    return (
        f"{cell['balanced_accuracy']:.2f} ({low:.2f}–{high:.2f})\n"
        f"{cell['errors']:.3g} of {cell['n']:,}\n{readable(cell['model'])}"
    )
