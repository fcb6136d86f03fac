"""How far one model's probabilities can be trusted: reliability, and the price of a call."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leukemia_kedro.evaluation import reject_option
from leukemia_kedro.model.predictions import NO_CALL, PROBABILITY
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import CaptionedFigure, class_name, counted, file_stem, readable
from leukemia_kedro.plots.curves import DASHES, GRID, Curve, draw_curves
from leukemia_kedro.plots.inputs import ModelPredictions

N_BINS = 10


def reliability_diagram(predictions: ModelPredictions) -> CaptionedFigure:
    """Observed frequency against predicted probability in ten equal bins, with the counts.

    With two classes the probability is that of the last class. With more it is that of the
    predicted class, and the observed frequency is the share of correct predictions (Guo et al.
    2017, PMLR 70:1321).
    """
    model, classes = predictions.model, list(predictions.classes)
    figure, axes = style.panels(2, 1, width=3.6, height=4.4, sharex=True, height_ratios=(3, 1.2))
    curve, counts = axes[:, 0]
    curve.plot([0, 1], [0, 1], color=style.PALE, linewidth=0.8, zorder=0)
    errors = []
    for side, (split, name, table, dashes) in enumerate(
        (("train", "CV", predictions.cv, "-"), ("test", "test", predictions.test, DASHES))
    ):
        if table.empty:
            continue
        bins = reliability(table, classes)
        gap = np.average(abs(bins["predicted"] - bins["observed"]), weights=bins["n"])
        errors.append(f"{name} {gap:.3f}")
        label = f"{name} ({counted(len(table), 'prediction')})"
        look = {"color": style.SPLIT_COLOURS[split], "label": label}
        marker, x, y = style.SPLIT_MARKERS[split], bins["predicted"], bins["observed"]
        curve.plot(x, y, marker=marker, markersize=4, linewidth=1.0, linestyle=dashes, **look)
        counts.bar((bins.index + 0.3 + 0.4 * side) / N_BINS, bins["n"], width=0.4 / N_BINS, **look)
    of_two = len(classes) == 2
    what = f"class {classes[-1]}" if of_two else "the predicted class"
    named = f"class {class_name(classes[-1])}" if of_two else what
    curve.set(ylabel="observed frequency", ylim=(-0.03, 1.03))
    axis = f"predicted probability of\n{named}"
    counts.set(xlabel=axis, ylabel="predictions", xlim=(-0.03, 1.03))
    counts.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    style.legend_below(figure)

    return CaptionedFigure(
        name=file_stem("reliability", model),
        title=f"Reliability: {readable(model)}",
        caption=f"Predicted probability of {what} against how often it was correct, in ten equal "
        "bins, and the number of predictions in each; solid: cross-validation, all repeats "
        f"together; {'dashed: test samples; ' if len(predictions.test) else ''}grey: perfect "
        "calibration.",
        alt=f"Reliability diagram of {readable(model)}; expected calibration error: "
        f"{', '.join(errors)}.",
        figure=figure,
    )


def reliability(predictions: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Bins of predicted probability, see :func:`reliability_diagram`; empty ones are left out.

    ``predictions``, not empty, has columns ``label``, ``predicted`` and ``probability_<class>``.
    Returned are, index ``bin`` (0 to 9), the mean ``predicted`` probability of a bin, the
    ``observed`` frequency (both 0 to 1) and the count ``n``.
    """
    if len(classes) == 2:
        probability = predictions[PROBABILITY + classes[-1]]
        correct = predictions["label"] == classes[-1]
    else:
        probability = _largest_probability(predictions, classes)
        correct = predictions["label"] == predictions["predicted"]
    # scikit-learn's calibration_curve bins alike, but does not say how many are in a bin.
    bin_of = np.searchsorted(np.linspace(0, 1, N_BINS + 1)[1:-1], probability)
    bins = pd.DataFrame({"bin": bin_of, "predicted": probability, "observed": correct})
    return bins.groupby("bin").mean().assign(n=bins.groupby("bin").size())


def risk_coverage(predictions: ModelPredictions) -> CaptionedFigure:
    """Error rate among the calls when only the most confident samples are called.

    El-Yaniv & Wiener 2010, JMLR 11:1605. Both curves follow the confidence that the reject option
    goes by.
    """
    model, test = predictions.model, predictions.test
    figure, [[ax]] = style.panels(width=4.2, height=3.2)
    entries = draw_curves(ax, predictions, _risk_coverage, style.SPLIT_COLOURS["train"], "area")
    called = test[test["call"] != NO_CALL] if len(test) else test
    if len(called):
        n_wrong = int((called["call"] != called["label"]).sum())
        entries.append(f"reject option: {len(called):,} of {len(test):,} called, {n_wrong:,} wrong")
        at, look = (len(called) / len(test), n_wrong / len(called)), style.split_mark("test")
        ax.plot(*at, linestyle="", clip_on=False, label=entries[-1], **look)
    option = "Triangle: the test samples called with its reject option. " if len(called) else ""
    if len(test) and not len(called):
        option = "Its reject option calls no test sample. "
    ax.set(xlabel="coverage (share of samples called)", ylabel="error rate among the calls")
    ax.set(xlim=(0, 1.02))
    ax.set_ylim(bottom=0, top=max(ax.get_ylim()[1], 0.1) * 1.05)
    style.legend_below(figure)

    return CaptionedFigure(
        name=file_stem("risk_coverage", model),
        title=f"Risk and coverage: {readable(model)}",
        caption="Error rate when only the most confident samples are called. "
        f"{predictions.sources()} {option}Area: area under the curve.",
        alt=f"Risk–coverage curve of {readable(model)}. {'; '.join(entries)}.",
        figure=figure,
    )


def _largest_probability(predictions: pd.DataFrame, classes: list[str]) -> pd.Series:
    return predictions[[PROBABILITY + label for label in classes]].max(axis=1)


def _risk_coverage(predictions: pd.DataFrame) -> Curve:
    correct = (predictions["predicted"] == predictions["label"]).to_numpy()
    curve = reject_option.risk_coverage(correct, predictions["confidence"].to_numpy())
    x, y = curve["coverage"].to_numpy(), curve["risk"].to_numpy()
    on_grid = np.interp(GRID, x, y)
    return Curve(np.append(0, x), np.append(y[0], y), on_grid, np.trapezoid(on_grid, GRID))
