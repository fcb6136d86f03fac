"""The figures a reader can point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

IN_FULL = 3
"""Contrasts shown with every figure; the page of a cohort with dozens would not open."""


def interactive_figures(
    projections: pd.DataFrame,
    explained_variance: Sequence[float],
    model_comparison: pd.DataFrame,
    sample_split: pd.DataFrame,
    contrast_tables: Mapping[str, pd.DataFrame],
    classes: Sequence[str],
    fdr: float,
) -> dict[str, dict[str, Figure]]:
    """By gallery, each under the name of the printed figure that it stands in for.

    Parameters
    ----------
    projections : DataFrame
        Long: ``method``, ``sample``, ``label``, ``split``, ``x``, ``y``.
    explained_variance : sequence of float
        Of the two principal axes, 0 to 1.
    model_comparison, sample_split : DataFrame
    contrast_tables : mapping of contrast name to DataFrame
    classes : sequence of str
        In class order.
    fdr : float
        At which a gene counts as significant.

    Returns
    -------
    dict of dict
        Galleries ``cohort``, ``model`` and ``contrast``.
    """
    from leukemia_kedro.plots.captions import file_stem
    from leukemia_kedro.plots.comparison import model_comparison_interactive
    from leukemia_kedro.plots.differential_expression import (
        mean_difference_interactive,
        volcano_interactive,
    )
    from leukemia_kedro.plots.projections import projection_interactive

    compared = model_comparison_interactive(model_comparison, sample_split, classes)
    return {
        "cohort": {
            file_stem("projection", method): projection_interactive(
                projections, method, classes, explained_variance if method == "PCA" else ()
            )
            for method in projections["method"].unique()
        },
        "model": {"model_comparison": compared},
        "contrast": {
            file_stem(name, contrast): draw(table, contrast, fdr)
            for contrast, table in list(contrast_tables.items())[:IN_FULL]
            for name, draw in (
                ("volcano", volcano_interactive),
                ("mean_difference", mean_difference_interactive),
            )
        },
    }
