"""What every figure owes its reader, on two and five classes, with and without test samples."""

import io
import pickle
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.plots import (
    calibration,
    cohort,
    comparison,
    confusion,
    contrasts,
    curves,
    differential_expression,
    expression,
    projections,
    stability,
    style,
)


def intensities(study):
    values = np.quantile(study.log_expression, [0, 0.25, 0.5, 0.75, 1], axis=0)
    return {
        sample: dict(zip(cohort.QUANTILES, column, strict=True))
        for sample, column in zip(study.log_expression.columns, values.T, strict=True)
    }


def pca(study):
    points = study.sample_split.reset_index().assign(method="PCA")
    return points.assign(
        x=study.log_expression.iloc[0].values, y=study.log_expression.iloc[1].values
    )


def stable(study):
    frequency = np.linspace(1, 0, len(study.probes))
    return pd.DataFrame(
        {"probe": study.probes.index, "selection_frequency": frequency, "mean_rank": 1 - frequency}
    )


def path():
    threshold = np.linspace(0, 5, 20)
    return pd.DataFrame(
        {
            "threshold": threshold,
            "n_genes": np.round(500 * np.exp(-threshold)).astype(int),
            "cv_error_rate": threshold / 10,
            "test_error_rate": threshold / 9,
        }
    )


PERMUTED = {
    "model": "knn",
    "score": 0.9,
    "p_value": 0.01,
    "n_permutations": 99,
    "permuted_scores": np.linspace(0.3, 0.7, 99).tolist(),
}

FIGURES = {
    "class_balance": lambda s: cohort.class_balance(s.sample_split, s.classes),
    "intensity_raw": lambda s: cohort.intensity_per_sample(
        intensities(s), s.sample_split, s.classes, "raw"
    ),
    "intensity_log2": lambda s: cohort.intensity_per_sample(
        intensities(s), s.sample_split, s.classes, "log2"
    ),
    "intensity_shift": lambda s: cohort.intensity_shift(
        s.log_expression, s.sample_split, {"auc": 0.8, "p_value": 0.01}
    ),
    "projection": lambda s: projections.projection(pca(s), "PCA", s.classes, [0.2, 0.1]),
    "signature_heat_map": lambda s: expression.signature_heat_map(
        s.log_expression, s.sample_split, s.contrast[1].head(50), s.classes
    ),
    "top_genes_heat_map": lambda s: expression.top_genes_heat_map(
        s.log_expression, s.sample_split, s.contrast[1], s.contrast[0], s.classes
    ),
    "gene_strips": lambda s: expression.gene_strips(
        s.log_expression, s.sample_split, s.contrast[1], s.contrast[0], s.classes
    ),
    "confusion_matrix": lambda s: confusion.confusion_matrix(*s.model, s.classes),
    "confusion_matrices": lambda s: confusion.confusion_matrices(s.cv, s.classes),
    "hard_samples": lambda s: confusion.hard_samples(s.cv, s.test),
    "roc": lambda s: curves.roc_curves(*s.model, s.classes),
    "precision_recall": lambda s: curves.precision_recall_curves(*s.model, s.classes),
    "reliability": lambda s: calibration.reliability_diagram(*s.model, s.classes),
    "risk_coverage": lambda s: calibration.risk_coverage(*s.model, s.classes),
    "model_comparison": lambda s: comparison.model_comparison(
        s.model_comparison, s.sample_split, s.classes
    ),
    "train_versus_test": lambda s: comparison.train_versus_test(s.model_comparison, s.sample_split),
    "permutation_test": lambda s: comparison.permutation_test(PERMUTED),
    "selection_frequency": lambda s: stability.selection_frequency(stable(s), s.probes),
    "threshold_path": lambda s: stability.threshold_path(path(), chosen=2.0),
    "volcano": lambda s: differential_expression.volcano(s.contrast[1], s.contrast[0], 0.05),
    "mean_difference": lambda s: differential_expression.mean_difference(
        s.contrast[1], s.contrast[0], 0.05
    ),
    "p_values": lambda s: differential_expression.p_value_histogram(s.contrast[1], s.contrast[0]),
    "decision_summary": lambda s: contrasts.decision_summary(s.contrasts, 0.05),
    "contrast_overlap": lambda s: contrasts.contrast_overlap(s.contrasts, 0.05),
}


@pytest.fixture(scope="module", params=FIGURES)
def drawn(request, study):
    return FIGURES[request.param](study)


def test_the_check_of_legibility_finds_what_it_should(assert_legible):
    figure, [[ax]] = style.panels(height=2)
    ax.set(xlabel="fine", ylabel="fine")
    assert_legible(figure)
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "other")
    with pytest.raises(AssertionError, match=r"overlap: .*'one', 'other'"):
        assert_legible(figure)
    figure.texts[1].set_position((0.99, 0.5))
    with pytest.raises(AssertionError, match=r"cut: .*'other'"):
        assert_legible(figure)


def test_text_is_neither_cut_nor_on_other_text(drawn, assert_legible):
    assert_legible(drawn.figure)


def test_words_name_and_axis_names_are_there(drawn):
    assert re.fullmatch(r"[A-Za-z0-9._-]+", drawn.name)
    assert drawn.title
    assert drawn.caption.endswith(".")
    assert drawn.alt.endswith(".")
    named = {axis for ax in drawn.figure.axes for axis in "xy" if getattr(ax, f"get_{axis}label")()}
    shared = {"x": drawn.figure.get_supxlabel(), "y": drawn.figure.get_supylabel()}
    named |= {axis for axis, name in shared.items() if name}
    # The rows of a heat map are named one by one.
    assert named == ({"x"} if "heat_map" in drawn.name else {"x", "y"})


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_settings_at_saving_time_change_nothing(draw, two):
    """What a thread or a user sets globally does not leak into a file; a figure can be sent."""
    before = dict(mpl.rcParams)
    drawn = draw(two)
    assert dict(mpl.rcParams) == before
    plain = svg(drawn.figure)
    foreign = {"font.size": 20, "xtick.labelsize": 20, "lines.linewidth": 9, "axes.linewidth": 9}
    assert svg(pickle.loads(pickle.dumps(drawn)).figure, **foreign) == plain


def svg(figure, **settings):
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "test", **settings}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
