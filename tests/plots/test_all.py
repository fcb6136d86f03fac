"""What every figure owes its reader, on two and five classes, with and without test samples."""

import inspect
import io
import pickle
import pkgutil
import re
from importlib import import_module

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.text import Text

from leukemia_kedro import plots
from leukemia_kedro.plots import (
    calibration,
    cohort,
    comparison,
    confusion,
    contrasts,
    curves,
    differential_expression,
    enrichment,
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
            "cv_errors": threshold * 3,
            "test_errors": np.round(threshold * 4),
            "chosen": np.arange(20) == 8,
        }
    )


PERMUTED = {
    "model": "knn",
    "score": 0.9,
    "p_value": 0.01,
    "n_permutations": 99,
    "permuted_scores": np.linspace(0.3, 0.7, 99).tolist(),
}


def gene_sets_of(study):
    contrast, _ = study.contrast
    table = pd.DataFrame(
        {
            "gene_set": [f"HALLMARK_OF_A_PATHWAY_WITH_A_RATHER_LONG_NAME_{i}" for i in range(25)],
            "n_genes": 40,
            "direction": ["Up", "Down"] * 12 + ["Up"],
            "camera_fdr": np.geomspace(1e-9, 1, 25),
            "n_up": 3,
            "n_down": 5,
        }
    )
    return table, contrast, 0.05


def contrast(study):
    name, table = study.contrast
    return table, name


def predicted(study):
    return *study.model, study.classes


def compared(study):
    return study.model_comparison, study.sample_split, study.classes


FIGURES = {
    "class_balance": (cohort.class_balance, lambda s: (s.sample_split, s.classes)),
    "intensity_raw": (
        cohort.intensity_per_sample,
        lambda s: (intensities(s), s.sample_split, s.classes, "raw"),
    ),
    "intensity_log2": (
        cohort.intensity_per_sample,
        lambda s: (intensities(s), s.sample_split, s.classes, "log2"),
    ),
    "intensity_shift": (
        cohort.intensity_shift,
        lambda s: (s.log_expression, s.sample_split, {"auc": 0.8, "p_value": 0.01}),
    ),
    "projection": (projections.projection, lambda s: (pca(s), "PCA", s.classes, [0.2, 0.1])),
    "signature_heat_map": (
        expression.signature_heat_map,
        lambda s: (s.log_expression, s.sample_split, s.contrast[1].head(50), s.classes),
    ),
    "top_genes_heat_map": (
        expression.top_genes_heat_map,
        lambda s: (s.log_expression, s.sample_split, *contrast(s), s.classes),
    ),
    "gene_strips": (
        expression.gene_strips,
        lambda s: (s.log_expression, s.sample_split, *contrast(s), s.classes),
    ),
    "confusion_matrix": (confusion.confusion_matrix, predicted),
    "confusion_matrices": (confusion.confusion_matrices, lambda s: (s.cv, s.classes)),
    "hard_samples": (confusion.hard_samples, lambda s: (s.cv, s.test)),
    "roc": (curves.roc_curves, predicted),
    "precision_recall": (curves.precision_recall_curves, predicted),
    "reliability": (calibration.reliability_diagram, predicted),
    "risk_coverage": (calibration.risk_coverage, predicted),
    "model_comparison": (comparison.model_comparison, compared),
    "train_versus_test": (
        comparison.train_versus_test,
        lambda s: (s.model_comparison, s.sample_split),
    ),
    "permutation_test": (comparison.permutation_test, lambda s: (PERMUTED,)),
    "selection_frequency": (stability.selection_frequency, lambda s: (stable(s), s.probes)),
    "threshold_path": (
        stability.threshold_path,
        lambda s: (path(), {"n_genes": 21, "cv_errors": 2, "test_errors": 2}, 38, 34),
    ),
    "volcano": (differential_expression.volcano, lambda s: (*contrast(s), 0.05)),
    "mean_difference": (differential_expression.mean_difference, lambda s: (*contrast(s), 0.05)),
    "p_values": (differential_expression.p_value_histogram, contrast),
    "decision_summary": (contrasts.decision_summary, lambda s: (s.contrasts, 0.05)),
    "contrast_overlap": (contrasts.contrast_overlap, lambda s: (s.contrasts, 0.05)),
    "gene_sets": (enrichment.gene_sets, gene_sets_of),
}
INTERACTIVE = {
    "projection": (
        projections.projection_interactive,
        lambda s: (pca(s), "PCA", s.classes, [0.2, 0.1]),
    ),
    "model_comparison": (comparison.model_comparison_interactive, compared),
    "volcano": (differential_expression.volcano_interactive, lambda s: (*contrast(s), 0.05)),
    "mean_difference": (
        differential_expression.mean_difference_interactive,
        lambda s: (*contrast(s), 0.05),
    ),
}


def drawing_functions(returns):
    """Every public function of the package that says it returns such a figure."""
    for module in pkgutil.iter_modules(plots.__path__, f"{plots.__name__}."):
        for _, function in inspect.getmembers(import_module(module.name), inspect.isfunction):
            own = function.__module__ == module.name and not function.__name__.startswith("_")
            # Through probe_scatter the volcano and the mean-difference plot draw.
            own = own and not module.name.endswith(".probe_scatter")
            if own and function.__annotations__.get("return") == returns:
                yield function


@pytest.fixture(scope="module", params=FIGURES)
def drawn(request, study):
    function, arguments = FIGURES[request.param]
    return function(*arguments(study))


@pytest.mark.parametrize(
    ("figures", "returns"), [(FIGURES, "CaptionedFigure"), (INTERACTIVE, "go.Figure")]
)
def test_every_function_that_draws_is_tried_here(figures, returns):
    assert {function for function, _ in figures.values()} == set(drawing_functions(returns))


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


def test_letters_drawn_as_outlines_are_not_cut_either(drawn):
    """In an SVG long names are longer than in a PNG, for which the figure was laid out."""
    width, height = 72 * drawn.figure.get_size_inches()
    dpi, drawn.figure.dpi = drawn.figure.dpi, 72
    box = drawn.figure.get_tightbbox(RendererSVG(width, height, io.StringIO())).extents * 72
    drawn.figure.dpi = dpi
    assert (box >= -0.1).all()
    assert (box <= (width + 0.1, height + 0.1) * 2).all()


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


def test_the_number_of_samples_or_probes_is_told(drawn):
    words = [drawn.caption, *(text.get_text() for text in drawn.figure.findobj(Text))]
    counted = (
        r"n = \d|\d (sample|probe|prediction|permuted|gene set|contrast|p-value)|samples|probes"
    )
    assert re.search(counted, " ".join(words))


@pytest.mark.parametrize(("draw", "arguments"), FIGURES.values(), ids=FIGURES)
def test_settings_at_saving_time_change_nothing(draw, arguments, two):
    """What a thread or a user sets globally does not leak into a file; a figure can be sent."""
    before = dict(mpl.rcParams)
    drawn = draw(*arguments(two))
    assert dict(mpl.rcParams) == before
    plain = svg(drawn.figure)
    foreign = {"font.size": 20, "xtick.labelsize": 20, "lines.linewidth": 9, "axes.linewidth": 9}
    assert svg(pickle.loads(pickle.dumps(drawn)).figure, **foreign) == plain


@pytest.mark.parametrize(("draw", "arguments"), INTERACTIVE.values(), ids=INTERACTIVE)
def test_interactive_figures_name_their_axes_and_what_is_under_the_pointer(draw, arguments, study):
    figure = draw(*arguments(study))
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    # Models are named one by one, on an axis that panels side by side share.
    assert all(axis.title.text for axis in axes if axis.anchor and not is_of_models(axis, figure))
    for trace in figure.data:
        assert "<extra></extra>" in trace.hovertemplate
        assert len(trace.text) == len(trace.x)
    # What stands above the plot fits a phone.
    assert all(len(trace.name or "") <= 45 for trace in figure.data)


def is_of_models(axis, figure):
    return axis.plotly_name.startswith("yaxis") and isinstance(figure.data[0].y[0], str)


def svg(figure, **settings):
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "test", **settings}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
