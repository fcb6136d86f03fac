"""How firmly the genes are chosen: selection frequency, the path of shrunken centroids."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leukemia_kedro.cohort.annotation import symbols_of
from leukemia_kedro.cohort.terms import OF_ARRAYS, Terms
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, counted, gene_label, plain
from leukemia_kedro.plots.shown import shown_in

MOST_GENES = 30


@shown_in("signature")
def selection_frequency(
    selection_stability: pd.DataFrame, probes: pd.DataFrame, terms: Terms = OF_ARRAYS
) -> CaptionedFigure:
    """Bars of how often each of the thirty most often chosen genes was chosen.

    ``selection_stability`` has columns ``probe``, ``selection_frequency`` (0 to 1) and
    ``mean_rank``; ``probes``, index ``probe``, has column ``description``.
    """
    chosen = selection_stability[selection_stability["selection_frequency"] > 0]
    by = ["selection_frequency", "mean_rank"]
    genes = chosen.sort_values(by, ascending=[False, True], kind="stable").head(MOST_GENES)
    named = probes.loc[genes["probe"]]
    described = zip(named.index, named["description"], symbols_of(named), strict=True)
    figure, [[ax]] = style.panels(height=0.8 + 0.17 * max(len(genes), 1))
    style.leave_room_for_long_names(figure)
    ax.barh(range(len(genes)), genes["selection_frequency"], color=style.BLUE, height=0.7)
    style.name_rows(ax, [plain(gene_label(*names, width=56)) for names in described])
    ax.set(xlabel="share of resamples in which the gene was chosen", ylabel=terms.row, xlim=(0, 1))

    always = int((chosen["selection_frequency"] == 1).sum())
    return CaptionedFigure(
        name="selection-frequency",
        title="How often each gene is chosen",
        caption=f"The {counted(len(genes), terms.row)} chosen in most resamples, of "
        f"{len(chosen):,} chosen at least once; {always:,} were chosen every time.",
        alt=f"Bar chart of selection frequency; first: {', '.join(genes['probe'].head(5))}; "
        f"{always:,} of {counted(len(chosen), terms.row)} chosen in every resample.",
        figure=figure,
    )


def threshold_path(
    path: pd.DataFrame, published: Mapping[str, int], n_train: int, n_test: int
) -> CaptionedFigure:
    """Errors of nearest shrunken centroids, and the genes left, along the shrinkage threshold.

    Tibshirani et al. 2002, PNAS 99:6567, figure 3. ``path`` has one row per threshold:
    ``threshold``, ``n_genes``, ``cv_errors`` (of the ``n_train`` training samples),
    ``test_errors`` and ``chosen``, true where cross-validation points. ``published`` are
    ``n_genes``, ``cv_errors`` and ``test_errors`` of the paper, drawn at the threshold that leaves
    as many genes, or nearly.
    """
    chosen = path[path["chosen"]].iloc[0]
    closest = (path["n_genes"] - published["n_genes"]).abs().argmin()
    alike = path["threshold"].iloc[closest]
    figure, axes = style.panels(2, 1, width=4.6, height=4.4, sharex=True)
    errors, genes = axes[:, 0]
    for source, split, name in (
        ("cv_errors", "train", f"cross-validation (n = {n_train:,})"),
        ("test_errors", "test", f"test samples (n = {n_test:,})"),
    ):
        look = style.split_mark(split) | {"markersize": 3, "linewidth": 1}
        errors.plot(path["threshold"], path[source], label=name, **look)
    genes.plot(path["threshold"], path["n_genes"], color=style.BLUE, linewidth=1.2)
    genes.set_yscale("symlog", linthresh=1)
    rule = {"color": style.GREY, "linewidth": 0.9, "linestyle": ":"}
    star = {"marker": "*", "facecolor": "none", "edgecolor": style.VERMILLION, "zorder": 3}
    for ax in (errors, genes):
        label = f"chosen by cross-validation: {chosen['threshold']:.2f}"
        ax.axvline(chosen["threshold"], label=label, **rule)
    for ax, column, entry in (
        (errors, "cv_errors", f"published, {published['n_genes']} genes"),
        (errors, "test_errors", None),
        (genes, "n_genes", None),
    ):
        ax.scatter(alike, published[column], s=90, label=entry, **star)
    errors.set(ylabel="errors (samples)")
    errors.set_ylim(bottom=-0.5)
    genes.set(xlabel="shrinkage threshold (standard errors)", ylabel="genes left")
    style.legend_below(figure)

    return CaptionedFigure(
        name="threshold-path",
        title="Path of the shrunken centroids",
        caption="Errors and number of genes left as the class centroids are shrunk towards the "
        f"overall centroid; dotted: the threshold chosen by cross-validation, "
        f"{counted(int(chosen['n_genes']), 'gene')} left; stars: the published "
        f"{published['n_genes']} genes, {published['cv_errors']} cross-validated and "
        f"{published['test_errors']} test errors, at the threshold that leaves as many genes.",
        alt=f"Errors and genes left along {counted(len(path), 'threshold')}; at the chosen "
        f"{chosen['threshold']:.2f}: {counted(int(chosen['n_genes']), 'gene')}, "
        f"{chosen['cv_errors']:.1f} cross-validated and {chosen['test_errors']:.0f} test errors.",
        figure=figure,
    )
