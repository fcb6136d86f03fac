"""How firmly the genes are chosen: selection frequency, the path of shrunken centroids."""

from __future__ import annotations

import pandas as pd

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, counted, gene_name, plain

MOST_GENES = 30


def selection_frequency(selection_stability: pd.DataFrame, probes: pd.DataFrame) -> CaptionedFigure:
    """Bars of how often each of the thirty most often chosen genes was chosen.

    Parameters
    ----------
    selection_stability : DataFrame
        Columns ``probe``, ``selection_frequency`` (0 to 1) and ``mean_rank``.
    probes : DataFrame, index ``probe``
        Column ``description``.
    """
    chosen = selection_stability[selection_stability["selection_frequency"] > 0]
    genes = chosen.sort_values(
        ["selection_frequency", "mean_rank"], ascending=[False, True], kind="stable"
    ).head(MOST_GENES)
    names = [
        plain(gene_name(probe, probes.loc[probe, "description"], width=56))
        for probe in genes["probe"]
    ]
    figure, [[ax]] = style.panels(height=0.8 + 0.17 * max(len(genes), 1))
    ax.barh(range(len(genes)), genes["selection_frequency"], color=style.BLUE, height=0.7)
    ax.set_yticks(range(len(genes)), names)
    ax.set(xlabel="share of resamples in which the gene was chosen", ylabel="probe", xlim=(0, 1))
    ax.set_ylim(len(genes) - 0.4, -0.6)

    always = int((chosen["selection_frequency"] == 1).sum())
    return CaptionedFigure(
        name="selection_frequency",
        title="How often each gene is chosen",
        caption=f"The {counted(len(genes), 'probe')} chosen in most resamples, of "
        f"{len(chosen):,} chosen at least once; {always:,} were chosen every time.",
        alt=f"Bar chart of selection frequency; first: {', '.join(genes['probe'].head(5))}; "
        f"{always:,} of {counted(len(chosen), 'probe')} chosen in every resample.",
        figure=figure,
    )


def threshold_path(path: pd.DataFrame, chosen: float) -> CaptionedFigure:
    """Errors of nearest shrunken centroids, and the genes left, along the shrinkage threshold.

    Tibshirani et al. 2002, PNAS 99:6567, figure 3.

    Parameters
    ----------
    path : DataFrame
        One row per threshold: ``threshold``, ``n_genes``, ``cv_error_rate`` and, where there is a
        test set, ``test_error_rate`` (0 to 1).
    chosen : float
        The threshold chosen by cross-validation.
    """
    path = path.sort_values("threshold", ignore_index=True)
    lines = {"cv_error_rate": ("cross-validation", "train"), "test_error_rate": ("test", "test")}
    figure, axes = style.panels(2, 1, width=4.6, height=4.0, sharex=True)
    errors, genes = axes[:, 0]
    for column, (name, split) in lines.items():
        if column not in path or path[column].isna().all():
            continue
        errors.plot(
            path["threshold"],
            path[column],
            marker=style.SPLIT_MARKERS[split],
            markersize=3,
            linewidth=1,
            color=style.SPLIT_COLOURS[split],
            label=name,
        )
    genes.plot(path["threshold"], path["n_genes"], color=style.BLUE, linewidth=1.2)
    genes.set_yscale("symlog", linthresh=1)
    for ax in (errors, genes):
        ax.axvline(
            chosen, color=style.GREY, linewidth=0.9, linestyle=":", label=f"chosen: {chosen:.3g}"
        )
    errors.set(ylabel="error rate")
    errors.set_ylim(bottom=-0.01)
    genes.set(xlabel="shrinkage threshold", ylabel="genes left")
    style.legend_below(figure, errors.get_legend_handles_labels()[0])

    at_chosen = path.loc[(path["threshold"] - chosen).abs().idxmin()]
    n_left = counted(int(at_chosen["n_genes"]), "gene")
    return CaptionedFigure(
        name="threshold_path",
        title="Path of the shrunken centroids",
        caption="Error rate and number of genes left as the class centroids are shrunk towards "
        f"the overall centroid; dotted: the threshold chosen by cross-validation, {n_left} left.",
        alt=f"Error rate and genes left along {counted(len(path), 'threshold')}; at the chosen "
        f"{chosen:.3g}: {n_left}, cross-validated error rate {at_chosen['cv_error_rate']:.3f}.",
        figure=figure,
    )
