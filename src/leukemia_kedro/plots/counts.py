"""What voom learned from counts of reads, and how much each sample counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, LogLocator

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    CaptionedFigure,
    counted,
    drawn_of,
    n_in_brackets,
    sample_name,
)
from leukemia_kedro.plots.cohort import FEWEST_PLACES, MOST_NAMES
from leukemia_kedro.plots.shown import shown_in
from leukemia_kedro.statistics.thinning import thinned

MOST_POINTS = 4000
CELLS = 100  # a side of the grid that thins more genes
MOST_SAMPLES = 600  # side by side


@shown_in("contrast")
def mean_variance_trend(voom_trend: pd.DataFrame) -> CaptionedFigure | None:
    """Residual spread of each gene against its mean count, with voom's trend; Law et al. 2014.

    Of more than 4,000 genes, one in each spot is drawn, and every extreme. ``voom_trend`` has
    columns ``mean_log_count, sqrt_sd, fitted``. None without voom.
    """
    if voom_trend.empty:
        return None
    shown = _spread_out(voom_trend)
    line = voom_trend.sort_values("mean_log_count")
    figure, [[ax]] = style.panels(height=3.4, width=4.8)
    points = {"s": 5, "color": style.GREY, "alpha": 0.6, "linewidth": 0, "rasterized": True}
    ax.scatter(shown["mean_log_count"], shown["sqrt_sd"], label="gene", **points)
    look = {"color": style.VERMILLION, "linewidth": 1.6, "label": "trend (lowess)"}
    ax.plot(line["mean_log_count"], line["fitted"], **look)
    ax.set(xlabel="log2(count size + 0.5)", ylabel="square root of the standard deviation")
    ax.set_ylim(bottom=0)
    style.legend_below(figure, markerscale=2)

    drawn = counted(len(voom_trend), "gene")
    if len(shown) < len(voom_trend):
        drawn += f" ({len(shown):,} are drawn: one in each spot, and every extreme)"
    first, last = line["fitted"].iloc[[0, -1]]
    rises = f"from {first:.2f} at the lowest counts to {last:.2f} at the highest"
    return CaptionedFigure(
        name="mean-variance-trend",
        title="Mean–variance trend",
        caption=f"Each point is one of {drawn}: square root of the residual standard deviation of "
        "its log2 counts per million, against its mean log2 count in a library of typical size. "
        "The line gives the weights of voom: a value weighs one over the fourth power of its "
        "height at the value's fitted count. It should fall as counts grow, and level off; where "
        "it rises at the lowest counts, too few genes were filtered out.",
        alt=f"Scatter of {counted(len(voom_trend), 'gene')} with a curve; the curve runs {rises}.",
        figure=figure,
    )


def _spread_out(trend: pd.DataFrame) -> pd.DataFrame:
    """One row for each cell of a grid, and the lowest and highest of each row and column of it."""
    if len(trend) <= MOST_POINTS:
        return trend
    columns = ["mean_log_count", "sqrt_sd"]
    x, y = (pd.cut(trend[column], CELLS, labels=False) for column in columns)
    kept = ~pd.DataFrame({"x": x, "y": y}).duplicated()
    for cell, column in ((x, "sqrt_sd"), (y, "mean_log_count")):
        values = trend.groupby(cell)[column]
        kept |= trend[column].isin([*values.min(), *values.max()])
    return trend[kept]


@shown_in("contrast")
def library_sizes(
    sample_weights: pd.DataFrame, sample_split: pd.DataFrame, classes: Sequence[str]
) -> CaptionedFigure | None:
    """Reads of the genes tested in each sample, by class and size; None without counts."""
    sizes = sample_weights["library_size"].dropna() / 1e6
    if sizes.empty:
        return None
    drawn = _sample_by_sample(sizes, sample_split, classes, "library size (million reads)")
    drawn.figure.axes[0].set_yscale("log")
    drawn.figure.axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    drawn.figure.axes[0].yaxis.set_major_formatter(LogFormatter(minor_thresholds=(np.inf, np.inf)))
    drawn.figure.axes[0].yaxis.set_minor_formatter("")
    fold = sizes.max() / sizes.min()
    return CaptionedFigure(
        name="library-sizes",
        title="Library sizes",
        caption=f"Reads of the genes tested, in each of {drawn.n}, before TMM factors; log scale. "
        f"{drawn.marks} The largest library has {fold:.1f} times the reads of the smallest. A "
        "class with smaller libraries than another has noisier values.",
        alt=f"Library sizes of {counted(len(sizes), 'sample')} in million reads: {drawn.range}.",
        figure=drawn.figure,
    )


@shown_in("contrast")
def tmm_factors(
    sample_weights: pd.DataFrame, sample_split: pd.DataFrame, classes: Sequence[str]
) -> CaptionedFigure | None:
    """Factor of each library's size, by class and factor; None without counts."""
    factors = sample_weights["tmm_factor"].dropna()
    if factors.empty:
        return None
    drawn = _sample_by_sample(factors, sample_split, classes, "TMM factor")
    drawn.figure.axes[0].axhline(1, color=style.GREY, linewidth=0.6, linestyle="--", zorder=0)
    return CaptionedFigure(
        name="tmm-factors",
        title="TMM factors",
        caption=f"Factor by which the library size of each of {drawn.n} is multiplied. "
        f"{drawn.marks} The product of all factors is 1 (dashed). A factor far below 1 belongs to "
        "a sample in which few genes take many of the reads; a class whose factors differ from "
        "another's has another composition.",
        alt=f"TMM factors of {counted(len(factors), 'sample')}: {drawn.range}.",
        figure=drawn.figure,
    )


@shown_in("contrast")
def weight_per_sample(
    sample_weights: pd.DataFrame, sample_split: pd.DataFrame, classes: Sequence[str]
) -> CaptionedFigure | None:
    """Weight of each sample in the linear models, by class and weight; None where all count
    alike."""
    weights = sample_weights["weight"]
    if weights.nunique() < 2:
        return None
    drawn = _sample_by_sample(weights, sample_split, classes, "weight of the sample")
    drawn.figure.axes[0].axhline(1, color=style.GREY, linewidth=0.6, linestyle="--", zorder=0)
    drawn.figure.axes[0].set_ylim(bottom=0)
    return CaptionedFigure(
        name="weight-per-sample",
        title="Weights of the samples",
        caption=f"Weight of each of {drawn.n} in the linear models; dashed: 1. {drawn.marks} A "
        "sample of weight 0.5 counts half.",
        alt=f"Weights of {counted(len(weights), 'sample')}: {drawn.range}.",
        figure=drawn.figure,
    )


class _Drawn(NamedTuple):
    """A figure yet without words, and words for it."""

    figure: Figure
    n: str
    marks: str
    range: str


def _sample_by_sample(
    values: pd.Series, sample_split: pd.DataFrame, classes: Sequence[str], name: str
) -> _Drawn:
    """A point for each sample, by class and value, so that each class is a rising curve."""
    table = sample_split.loc[values.index].assign(value=values)
    table["rank"] = table["label"].map(list(classes).index)
    table = table.sort_values(["rank", "value"])
    shown = thinned(table, MOST_SAMPLES)
    shown = shown.assign(at=range(len(shown)))
    figure, [[ax]] = style.panels(height=2.7 + 0.06 * len(classes))  # for rows of the legend
    size = float(np.clip(2000 / len(shown), 6, 20))
    markers = [style.CLASS_MARKERS[i % len(style.CLASS_MARKERS)] for i in range(len(classes))]
    colours = style.class_colours(classes)
    for (label, colour), marker in zip(colours.items(), markers, strict=True):
        members = shown[shown["label"] == label]
        ax.scatter(members["at"], members["value"], s=size, color=colour, marker=marker)
        if len(members):
            median = table.loc[table["label"] == label, "value"].median()
            ax.hlines(
                median,
                members["at"].min() - 0.4,
                members["at"].max() + 0.4,
                color="black",
                linewidth=0.8,
            )
    names = [sample_name(sample) for sample in shown.index] if len(shown) <= MOST_NAMES else []
    ax.set_xticks(range(len(names)), names)
    ax.tick_params(axis="x", labelsize=style.TINY_SIZE, rotation=90)
    ax.set_xlim(-0.8, max(len(shown), FEWEST_PLACES) - 0.2)
    ax.set(xlabel=f"samples ({n_in_brackets(table)}), by class and {name.partition(' (')[0]}")
    ax.set_ylabel(name)
    style.legend_below(figure, style.class_entries(classes, table["label"], markers))
    low, high = (f"{values.agg(end):.3g} ({values.agg(f'idx{end}')})" for end in ("min", "max"))
    n = drawn_of(len(shown), len(table))
    return _Drawn(figure, n, "Line: median of the class.", f"from {low} to {high}")
