"""Who is called what: confusion matrices, and the samples that most models get wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from sklearn.metrics import confusion_matrix as count_pairs

from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import (
    MODEL_WIDTH,
    SAMPLE_WIDTH,
    CaptionedFigure,
    class_name,
    counted,
    file_stem,
    fitted,
    plain,
    readable,
)

MOST_HARD = 40


def confusion_counts(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Samples of each true class (rows) by predicted class (columns), mean over repeats.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label`` and ``predicted``; with a column ``repeat`` each sample occurs once per
        repeat.
    classes : sequence of str
        In class order.

    Returns
    -------
    ndarray of float, shape (n_classes, n_classes)
    """
    counts = count_pairs(predictions["label"], predictions["predicted"], labels=list(classes))
    return counts / _n_repeats(predictions)


def confusion_matrix(
    model: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    classes: Sequence[str],
) -> CaptionedFigure:
    """Confusion matrix of one model in cross-validation and, where there are any, on test samples.

    Parameters
    ----------
    model : str
        Its name.
    cv_predictions : DataFrame
        Columns ``repeat``, ``sample``, ``label``, ``predicted``.
    test_predictions : DataFrame
        Columns ``sample``, ``label``, ``predicted``; no rows where there is no test set.
    classes : sequence of str
        In class order.
    """
    parts = {"cross-validation": cv_predictions}
    if len(test_predictions):
        parts["test samples"] = test_predictions
    longest = 0.07 * _longest(classes)
    side = min(1.2 + 0.28 * len(classes), (style.FULL_WIDTH - longest - 1.2) / len(parts))
    figure, [axes] = style.panels(
        1,
        len(parts),
        width=side * len(parts) + longest + 1.2,
        height=side + longest + 0.6,
        sharey=True,
    )
    for ax, (source, predictions) in zip(axes, parts.items(), strict=True):
        counts = confusion_counts(predictions, classes)
        image = _draw_matrix(ax, counts, _digits(counts), with_shares=True)
        style.title(ax, f"{source} (n = {_n_samples(predictions):,})")
        _name_classes(ax, classes)
        ax.set_xlabel("predicted class")
    axes[0].set_ylabel("true class")
    _draw_key(figure, image, axes)

    wrong = {source: _errors(predictions) for source, predictions in parts.items()}
    return CaptionedFigure(
        name=file_stem("confusion_matrix", model),
        title=f"Confusion matrix: {readable(model)}",
        caption=f"Samples by true and predicted class{_averaging(cv_predictions)}; colour and "
        "brackets: share of the true class.",
        alt=f"Confusion matrices of {readable(model)}; wrong calls: "
        + "; ".join(f"{source} {text}" for source, text in wrong.items())
        + ".",
        figure=figure,
    )


def confusion_matrices(
    predictions: Mapping[str, pd.DataFrame], classes: Sequence[str]
) -> CaptionedFigure:
    """Small confusion matrices of all models, all from cross-validation or all on test samples.

    Parameters
    ----------
    predictions : mapping of model to DataFrame
        Columns ``sample``, ``label``, ``predicted``, and ``repeat`` if from cross-validation.
    classes : sequence of str
        In class order.
    """
    first = next(iter(predictions.values()))
    n_columns = min(len(predictions), 5 if len(classes) <= 3 else 4)
    n_rows = -(-len(predictions) // n_columns)
    longest = 0.07 * _longest(classes)
    side = (style.FULL_WIDTH - 0.9 - longest) / n_columns
    figure, axes = style.panels(
        n_rows, n_columns, height=n_rows * (side + 0.2) + longest + 0.5, sharex=True, sharey=True
    )
    counts = {model: confusion_counts(table, classes) for model, table in predictions.items()}
    digits = _digits(*counts.values())
    for ax, (model, matrix) in zip(axes.flat, counts.items(), strict=False):
        image = _draw_matrix(ax, matrix, digits, with_shares=False)
        style.title(ax, fitted(readable(model), MODEL_WIDTH))
        _name_classes(ax, classes)
    for ax in axes.flat[len(predictions) :]:
        ax.set_visible(False)
    figure.supxlabel("predicted class", fontsize=style.TEXT_SIZE)
    figure.supylabel("true class", fontsize=style.TEXT_SIZE)
    _draw_key(figure, image, axes)

    source = "cross-validation" if "repeat" in first else "test"
    return CaptionedFigure(
        name=file_stem("confusion_matrices", source),
        title=f"Confusion matrices of all models: {source}",
        caption=f"Number of samples by true and predicted class{_averaging(first)}, "
        f"{counted(_n_samples(first), 'sample')} ({source}); columns in the order of the rows; "
        "colour: share of the true class.",
        alt="Confusion matrices; wrong calls: "
        + "; ".join(f"{readable(model)} {_errors(table)}" for model, table in predictions.items())
        + ".",
        figure=figure,
    )


def hard_samples(
    cv_predictions: Mapping[str, pd.DataFrame], test_predictions: Mapping[str, pd.DataFrame]
) -> CaptionedFigure:
    """Which model gets which sample wrong, the samples that most models miss first.

    Parameters
    ----------
    cv_predictions : mapping of model to DataFrame
        Columns ``repeat``, ``sample``, ``label``, ``predicted``.
    test_predictions : mapping of model to DataFrame
        Columns ``sample``, ``label``, ``predicted``; without rows where there is no test set.
    """
    wrong = pd.concat(
        [_share_wrong(cv_predictions, "train"), _share_wrong(test_predictions, "test")]
    )
    missed = wrong[wrong.max(axis=1) > 0]
    order = missed.mean(axis=1).sort_values(ascending=False, kind="stable").index
    shown = missed.loc[order[:MOST_HARD]]
    longest = max(map(len, shown.columns))
    figure, [[ax]] = style.panels(
        width=5.6, height=1.2 + 0.07 * longest + max(0.135 * len(shown), 0.5)
    )
    style.leave_room_for_long_names(figure)
    if len(shown):
        image = _draw_cells(ax, shown.to_numpy(float))
        bar = figure.colorbar(image, ax=ax, fraction=0.04, aspect=15, shrink=0.8)
        _style_key(bar, "share of wrong calls")
    else:
        ax.text(
            0.5, 0.5, "no wrong call", transform=ax.transAxes, ha="center", fontsize=style.TEXT_SIZE
        )
    ax.set_xticks(range(shown.shape[1]), [readable(model) for model in shown], rotation=90)
    has_test = any(len(table) for table in test_predictions.values())
    of_split = ", {}" if has_test else ""
    names = [f"{sample} ({label}{of_split.format(split)})" for sample, label, split in shown.index]
    ax.set_yticks(
        range(len(shown)),
        [
            f"{plain(fitted(sample, SAMPLE_WIDTH))} ({class_name(label)}{of_split.format(split)})"
            for sample, label, split in shown.index
        ],
    )
    ax.set(xlabel="model", ylabel="sample")

    limit = "" if len(shown) == len(missed) else f"; the {len(shown)} hardest are shown"
    tested = "; test samples: the one call of the fitted model" if has_test else ""
    hardest = ", ".join(names[:5]) or "none"
    return CaptionedFigure(
        name="hard_samples",
        title="Hard samples",
        caption=f"{counted(len(missed), 'sample')} of {len(wrong):,} called wrongly by at least "
        f"one model{limit}; in brackets true class{' and split' if has_test else ''}. "
        f"{'Training samples: share' if has_test else 'Colour: share'} of the cross-validation "
        f"repeats in which the call was wrong{tested}.",
        alt=f"Matrix of wrong calls, samples by models; hardest first: {hardest}.",
        figure=figure,
    )


def _share_wrong(predictions: Mapping[str, pd.DataFrame], split: str) -> pd.DataFrame:
    """Share of wrong calls, rows (sample, label, split), one column per model."""
    shares = {
        model: (table["predicted"] != table["label"])
        .groupby([table["sample"], table["label"]])
        .mean()
        for model, table in predictions.items()
        if len(table)
    }
    if not shares:
        return pd.DataFrame()
    return pd.concat(shares, axis=1).assign(split=split).set_index("split", append=True)


def _digits(*matrices: np.ndarray) -> int:
    """After the point, of counts in matrices that stand side by side."""
    return 0 if all((counts == counts.round()).all() for counts in matrices) else 1


def _draw_matrix(ax: Axes, counts: np.ndarray, digits: int, *, with_shares: bool) -> QuadMesh:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    image = _draw_cells(ax, shares)
    ax.set_aspect("equal")
    for (row, column), count in np.ndenumerate(counts):
        text = f"{count:,.{digits}f}" if count else "0"
        if with_shares and totals[row, 0]:
            text += f"\n({shares[row, column]:.0%})"
        ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=style.SMALL_SIZE if len(counts) <= 3 else style.TINY_SIZE,
            color="white" if shares[row, column] > 0.55 else "black",
        )
    return image


def _draw_cells(ax: Axes, shares: np.ndarray) -> QuadMesh:
    """Cells from 0 to 1 with thin lines between them, row 0 on top."""
    n_rows, n_columns = shares.shape
    image = ax.pcolormesh(
        np.arange(n_columns + 1) - 0.5,
        np.arange(n_rows + 1) - 0.5,
        shares,
        cmap=style.SEQUENTIAL,
        vmin=0,
        vmax=1,
        edgecolors=style.PALE,
        linewidth=0.4,
    )
    ax.set_ylim(n_rows - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return image


def _longest(classes: Sequence[str]) -> int:
    return max(len(class_name(label)) for label in classes)


def _name_classes(ax: Axes, classes: Sequence[str]) -> None:
    names = [class_name(label) for label in classes]
    upright = _longest(classes) <= 4
    ax.set_xticks(range(len(classes)), names, rotation=0 if upright else 90)
    ax.set_yticks(range(len(classes)), names)


def _draw_key(figure, image: QuadMesh, axes: np.ndarray) -> None:
    bar = figure.colorbar(image, ax=axes, fraction=0.03, aspect=20, shrink=0.7)
    _style_key(bar, "share of the true class")


def _style_key(bar, name: str) -> None:
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.SMALL_SIZE, width=0.6, length=3)
    bar.set_label(name, fontsize=style.SMALL_SIZE)


def _n_repeats(predictions: pd.DataFrame) -> int:
    return predictions["repeat"].nunique() if "repeat" in predictions else 1


def _n_samples(predictions: pd.DataFrame) -> int:
    return predictions["sample"].nunique()


def _averaging(predictions: pd.DataFrame) -> str:
    repeats = _n_repeats(predictions)
    return f", mean over {repeats} repeats of cross-validation" if repeats > 1 else ""


def _errors(predictions: pd.DataFrame) -> str:
    wrong = (predictions["predicted"] != predictions["label"]).sum() / _n_repeats(predictions)
    return f"{wrong:,.4g} of {_n_samples(predictions):,}"
