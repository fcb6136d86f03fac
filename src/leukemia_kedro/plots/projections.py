"""Samples in two dimensions: PCA, t-SNE, UMAP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.artist import Artist

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CLASS_WIDTH,
    CaptionedFigure,
    counted,
    drawn_of,
    file_stem,
    fitted,
)
from leukemia_kedro.statistics.thinning import thinned

MOST_POINTS = 2000
DIGITS = 3  # of a coordinate in the page; no screen shows the next


def projection(
    projections: pd.DataFrame,
    method: str,
    classes: Sequence[str],
    explained_variance: Sequence[float],
) -> CaptionedFigure:
    """Scatter of the samples under one projection, coloured by class, shaped by split.

    Without a test set, shape stands for the class as well. Of more than 2,000 samples, as many
    are drawn evenly from each class and split.

    Parameters
    ----------
    projections : DataFrame
        Long: ``method``, ``sample``, ``label``, ``split``, ``x``, ``y``. A method may have placed
        some of the samples only.
    method : str
        Which one to draw, as it stands in column ``method``.
    classes : sequence of str
        In class order.
    explained_variance : sequence of float
        Share of the variance along each axis of the PCA, 0 to 1; other methods have none.
    """
    points = _shown(projections, method)
    x_name, y_name = _axis_names(method, explained_variance)
    figure, [[ax]] = style.panels(height=3.6, width=5.6)
    size = float(np.clip(3000 / len(points), 5, 28))
    shapes = _shapes(points, classes, style.SPLIT_MARKERS, style.CLASS_MARKERS)
    for label, split, group, colour in _groups(points, classes):
        ax.scatter(
            group["x"],
            group["y"],
            s=size,
            color=colour,
            marker=shapes[label, split],
            edgecolor="white",
            linewidth=0.3 if len(points) <= 1000 else 0,
            rasterized=len(points) > 1000,
        )
    ax.set(xlabel=x_name, ylabel=y_name)
    figure.legend(
        handles=_legend(points, classes, shapes),
        loc="outside right upper",
        frameon=False,
        fontsize=style.SMALL_SIZE,
    )

    has_test = len(style.splits_in(points)) > 1
    present = ", ".join(f"{label} {(points['label'] == label).sum():,}" for label in classes)
    return CaptionedFigure(
        name=file_stem("projection", method),
        title=f"{method} of the samples",
        caption=f"{method} of {drawn_of(len(points), projections['sample'].nunique())} from log2 "
        f"expression; {'colour: class, shape: split' if has_test else 'colour and shape: class'}. "
        f"{_reading(method)}",
        alt=f"{method} of {counted(len(points), 'sample')} ({present}); axes: {x_name}, {y_name}.",
        figure=figure,
    )


def projection_interactive(
    projections: pd.DataFrame,
    method: str,
    classes: Sequence[str],
    explained_variance: Sequence[float],
) -> go.Figure:
    """:func:`projection` with the sample's name on hover.

    Parameters
    ----------
    projections, method, classes, explained_variance
        As for :func:`projection`.
    """
    points = _shown(projections, method)
    x_name, y_name = _axis_names(method, explained_variance)
    figure = go.Figure()
    has_test = len(style.splits_in(points)) > 1
    shapes = _shapes(points, classes, style.SPLIT_SYMBOLS, style.CLASS_SYMBOLS)
    for label, split, group, colour in _groups(points, classes):
        of_split = f", {split}" if has_test else ""
        figure.add_scatter(
            x=group["x"].round(DIGITS),
            y=group["y"].round(DIGITS),
            mode="markers",
            name=f"{fitted(label, CLASS_WIDTH)}{of_split} (n = {len(group):,})",
            text=group["sample"],
            hovertemplate=f"%{{text}}<br>{label}{of_split}<extra></extra>",
            marker={
                "color": colour,
                "symbol": shapes[label, split],
                "size": 9,
                "line": {"color": "white", "width": 0.5},
            },
        )
    style.interactive_layout(figure, xaxis_title=x_name, yaxis_title=y_name)
    return figure


def _shown(projections: pd.DataFrame, method: str) -> pd.DataFrame:
    return thinned(projections[projections["method"] == method], MOST_POINTS)


def _groups(
    points: pd.DataFrame, classes: Sequence[str]
) -> Iterator[tuple[str, str, pd.DataFrame, str]]:
    """Points of each class and split that has any, with the colour of the class."""
    for label, colour in style.class_colours(classes).items():
        for split in style.splits_in(points):
            group = points[(points["label"] == label) & (points["split"] == split)]
            if len(group):
                yield label, split, group, colour


def _shapes(
    points: pd.DataFrame,
    classes: Sequence[str],
    of_splits: Mapping[str, str],
    of_classes: Sequence[str],
) -> dict[tuple[str, str], str]:
    """Shape of each class and split: that of the split, or of the class where there is one split.

    So colour is not all that tells classes apart where shape is free to do it as well.
    """
    splits = style.splits_in(points)
    return {
        (label, split): of_splits[split] if len(splits) > 1 else of_classes[i % len(of_classes)]
        for i, label in enumerate(classes)
        for split in splits
    }


def _legend(
    points: pd.DataFrame, classes: Sequence[str], shapes: Mapping[tuple[str, str], str]
) -> Sequence[Artist]:
    patches = style.class_patches(classes, points["label"])
    if len(style.splits_in(points)) > 1:
        return [*patches, *style.split_markers(points)]
    return style.as_markers(patches, list(shapes.values()))


def _axis_names(method: str, explained_variance: Sequence[float]) -> tuple[str, str]:
    if method != "PCA":
        return f"{method} 1 (arbitrary units)", f"{method} 2 (arbitrary units)"
    first, second = explained_variance[:2]
    return f"PC 1 ({first:.1%} of the variance)", f"PC 2 ({second:.1%} of the variance)"


def _reading(method: str) -> str:
    if method == "PCA":
        return "Distances are those along the two directions of largest variance."
    return "Near neighbours are meaningful; distances between groups are not."
