"""How far one model's probabilities can be trusted: reliability, and the price of a call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.model.predictions import NO_CALL
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, class_name, counted, file_stem, readable
from leukemia_kedro.plots.curves import DASHES, GRID, Curve, draw_curves, sources

N_BINS = 10


def reliability_diagram(
    model: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    classes: Sequence[str],
) -> CaptionedFigure:
    """Observed frequency against predicted probability in ten equal bins, with the counts.

    With two classes the probability is that of the last class. With more it is that of the
    predicted class, and the observed frequency is the share of right calls (Guo et al. 2017,
    PMLR 70:1321).

    Parameters
    ----------
    model : str
        Its name.
    cv_predictions : DataFrame
        Columns ``repeat``, ``sample``, ``label``, ``predicted`` and ``probability_<class>``.
    test_predictions : DataFrame
        The same without ``repeat``; no rows where there is no test set.
    classes : sequence of str
        In class order.
    """
    figure, axes = style.panels(2, 1, width=3.6, height=4.4, sharex=True, height_ratios=(3, 1.2))
    curve, counts = axes[:, 0]
    curve.plot([0, 1], [0, 1], color=style.PALE, linewidth=0.8, zorder=0)
    parts = {"train": ("CV", cv_predictions, "-"), "test": ("test", test_predictions, DASHES)}
    errors = []
    for side, (split, (name, predictions, dashes)) in enumerate(parts.items()):
        if predictions.empty:
            continue
        bins = reliability(predictions, classes)
        gap = np.average(abs(bins["predicted"] - bins["observed"]), weights=bins["n"])
        errors.append(f"{name} {gap:.3f}")
        look = {
            "color": style.SPLIT_COLOURS[split],
            "label": f"{name} ({counted(bins['n'].sum(), 'prediction')})",
        }
        curve.plot(
            bins["predicted"],
            bins["observed"],
            marker=style.SPLIT_MARKERS[split],
            markersize=4,
            linewidth=1.0,
            linestyle=dashes,
            **look,
        )
        counts.bar((bins.index + 0.3 + 0.4 * side) / N_BINS, bins["n"], width=0.4 / N_BINS, **look)
    what, named = (
        (f"class {classes[-1]}", f"class {class_name(classes[-1])}")
        if len(classes) == 2
        else ("the predicted class",) * 2
    )
    curve.set(ylabel="observed frequency", ylim=(-0.03, 1.03))
    counts.set(
        xlabel=f"predicted probability of\n{named}", ylabel="predictions", xlim=(-0.03, 1.03)
    )
    counts.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    style.legend_below(figure, curve.get_legend_handles_labels()[0])

    return CaptionedFigure(
        name=file_stem("reliability", model),
        title=f"Reliability: {readable(model)}",
        caption=f"Predicted probability of {what} against how often it was right, in ten equal "
        "bins, and the number of predictions in each; solid: cross-validation, all repeats "
        f"together; {'dashed: test samples; ' if len(test_predictions) else ''}grey: perfect "
        "calibration.",
        alt=f"Reliability diagram of {readable(model)}; expected calibration error: "
        f"{', '.join(errors)}.",
        figure=figure,
    )


def reliability(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Bins of predicted probability, each with its mean, the observed frequency and the count.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label``, ``predicted`` and ``probability_<class>``; not empty.
    classes : sequence of str
        In class order; see :func:`reliability_diagram` for what is binned.

    Returns
    -------
    DataFrame, index ``bin`` (0 to 9)
        Columns ``predicted``, ``observed``, ``n``; empty bins are left out.
    """
    if len(classes) == 2:
        probability = predictions[f"probability_{classes[-1]}"]
        right = predictions["label"] == classes[-1]
    else:
        probability = _confidence(predictions, classes)
        right = predictions["label"] == predictions["predicted"]
    inner_edges = np.linspace(0, 1, N_BINS + 1)[1:-1]
    bins = pd.DataFrame(
        {
            "bin": np.searchsorted(inner_edges, probability),
            "predicted": probability,
            "observed": right,
        }
    ).groupby("bin")
    return bins.mean().assign(n=bins.size())


def risk_coverage(
    model: str,
    cv_predictions: pd.DataFrame,
    test_predictions: pd.DataFrame,
    classes: Sequence[str],
) -> CaptionedFigure:
    """Error rate among the calls when only the most confident samples are called.

    El-Yaniv & Wiener 2010, JMLR 11:1605. Confidence is the largest probability in
    cross-validation, the model's own on the test set.

    Parameters
    ----------
    model : str
        Its name.
    cv_predictions : DataFrame
        Columns ``repeat``, ``sample``, ``label``, ``predicted`` and ``probability_<class>``.
    test_predictions : DataFrame
        Columns ``sample``, ``label``, ``predicted``, ``confidence`` and ``call``; no rows where
        there is no test set.
    classes : sequence of str
        In class order.
    """
    cv_predictions = cv_predictions.assign(confidence=_confidence(cv_predictions, classes))
    figure, [[ax]] = style.panels(width=4.2, height=3.2)
    entries = draw_curves(
        ax,
        _risk_coverage,
        cv_predictions,
        test_predictions,
        colour=style.SPLIT_COLOURS["train"],
        measure="area",
    )
    called = test_predictions[test_predictions["call"] != NO_CALL]
    if len(called):
        wrong = (called["call"] != called["label"]).sum()
        entries.append(
            f"reject option: {len(called):,} of {len(test_predictions):,} called, {wrong:,} wrong"
        )
        ax.plot(
            len(called) / len(test_predictions),
            wrong / len(called),
            linestyle="",
            marker=style.SPLIT_MARKERS["test"],
            color=style.SPLIT_COLOURS["test"],
            clip_on=False,
            label=entries[-1],
        )
    triangle = "Triangle: the test samples called by its reject option. " if len(called) else ""
    ax.set(xlabel="coverage (share of samples called)", ylabel="error rate among the calls")
    ax.set(xlim=(0, 1.02))
    ax.set_ylim(bottom=0, top=max(ax.get_ylim()[1], 0.1) * 1.05)
    style.legend_below(figure, ax.get_legend_handles_labels()[0])

    return CaptionedFigure(
        name=file_stem("risk_coverage", model),
        title=f"Risk and coverage: {readable(model)}",
        caption="Error rate when only the most confident samples are called. "
        f"{sources(cv_predictions, test_predictions)} {triangle}Area: area under the curve.",
        alt=f"Risk–coverage curve of {readable(model)}. {'; '.join(entries)}.",
        figure=figure,
    )


def _confidence(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.Series:
    return predictions[[f"probability_{label}" for label in classes]].max(axis=1)


def _risk_coverage(predictions: pd.DataFrame) -> Curve:
    """Equally confident samples are called together, so that the order of rows has no say."""
    wrong = predictions["predicted"] != predictions["label"]
    by_confidence = wrong.groupby(predictions["confidence"]).agg(["sum", "size"])
    called = by_confidence.sort_index(ascending=False).cumsum()
    x = (called["size"] / len(predictions)).to_numpy()
    y = (called["sum"] / called["size"]).to_numpy()
    on_grid = np.interp(GRID, x, y)
    return Curve(np.append(0, x), np.append(y[0], y), on_grid, np.trapezoid(on_grid, GRID))
