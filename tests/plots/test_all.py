"""What every figure owes its reader, on two and five classes, with and without test samples."""

import html
import inspect
import io
import pickle
import pkgutil
import re
import warnings
from importlib import import_module

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

from leukemia_kedro import plots
from leukemia_kedro.plots import comparison, differential_expression, projections, style
from leukemia_kedro.plots.galleries import MODULES, Gallery
from leukemia_kedro.plots.shown import FIGURES as SHOWN
from leukemia_kedro.plots.stability import threshold_path
from leukemia_kedro.plots.studies import study_matrix


def drawing_functions(returns):
    """Every public function of the package that says it returns such a figure."""
    for module in pkgutil.iter_modules(plots.__path__, f"{plots.__name__}."):
        for _, function in inspect.getmembers(import_module(module.name), inspect.isfunction):
            own = function.__module__ == module.name and not function.__name__.startswith("_")
            # Through probe_scatter the volcano and the mean-difference plot draw.
            own = own and not module.name.endswith(".probe_scatter")
            if own and function.__annotations__.get("return", "").startswith(returns):
                yield function


PRINTED = list(drawing_functions("CaptionedFigure"))
FIGURES = sorted(function.__name__ for function in PRINTED)
SHARES = {"PCA": [0.2, 0.1]}
INTERACTIVE = {
    comparison.model_comparison_interactive: lambda s: s.compared,
    differential_expression.mean_difference_interactive: lambda s: (s.contrast,),
    differential_expression.volcano_interactive: lambda s: (s.contrast,),
    projections.projection_interactive: lambda s: (s.projected, "PCA", s.classes, SHARES),
}


STUDIES = ("two", "five", "untested", "absurd", "markup")
WITHOUT_A_FIGURE = ("confusion_matrices_of_test_samples", "untested")


@pytest.fixture(
    scope="module",
    params=[
        (study, name) for study in STUDIES for name in FIGURES if (name, study) != WITHOUT_A_FIGURE
    ],
    ids="-".join,
)
def study_and_figure(request, gallery_of):
    """Every figure function with the tables that its chapter gives it."""
    name, figure = request.param
    study = request.getfixturevalue(name)
    return study, gallery_of(study)[figure]()


@pytest.fixture
def drawn(study_and_figure):
    return study_and_figure[1]


def test_without_a_test_set_its_confusion_matrices_are_no_figure(untested, gallery_of):
    assert gallery_of(untested)[WITHOUT_A_FIGURE[0]]() is None


def test_every_figure_is_shown_in_a_chapter():
    shown = [function for functions in SHOWN.values() for function in functions]
    of_other_pages = threshold_path, study_matrix
    assert {*shown, *of_other_pages} == {*PRINTED, *drawing_functions("go.Figure")}
    assert {function.__module__.rpartition(".")[2] for function in shown} == set(MODULES)


def test_parameters_name_the_tables_and_what_is_drawn_several_times():
    gallery = Gallery(
        "cohort",
        {name: name for name in ("sample_split", "classes", "data_quality")}
        | {"projections": "table", "explained_variance": {"PCA": [0.5, 0.2]}},
        {"method": {"PCA": "PCA", "UMAP": "UMAP"}},
    )
    balance, intensities, pca, umap = gallery.printed()
    assert balance.keywords == {"sample_split": "sample_split", "classes": "classes"}
    assert set(intensities.keywords) == {"data_quality", "sample_split", "classes"}
    assert (pca.keywords["method"], umap.keywords["method"]) == ("PCA", "UMAP")
    assert {pca.func, umap.func} == {projections.projection}


def test_every_interactive_function_is_tried_here():
    assert set(INTERACTIVE) == set(drawing_functions("go.Figure"))


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


def test_letters_have_six_points_or_more_at_the_width_of_a_column_or_two(drawn):
    """In the width of the files that the report gives: 85 mm up to 281 points, else 180 mm."""
    points = 72 * drawn.figure.get_figwidth()
    scale = (85 if points <= 281 else 180) / 25.4 * 72 / points
    texts = [text for text in drawn.figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) * scale >= 6


def test_names_are_small_words_joined_by_hyphens_and_then_what_the_figure_is_of(study_and_figure):
    study, drawn = study_and_figure
    owners = {study.predictions.model, study.contrast.stem, "PCA", "cross-validation", "test"}
    own = [owner for owner in owners if drawn.name.endswith(f"-{owner}")]
    words = drawn.name.removesuffix(f"-{max(own, key=len)}") if own else drawn.name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", words)


def test_words_name_and_axis_names_are_there(drawn):
    assert drawn.title
    assert drawn.caption.endswith(".")
    assert drawn.alt.endswith(".")
    named = {axis for ax in drawn.figure.axes for axis in "xy" if getattr(ax, f"get_{axis}label")()}
    named |= {axis for axis in "xy" if getattr(drawn.figure, f"get_sup{axis}label")()}
    # The rows of a heat map are named one by one.
    assert named == ({"x"} if "heat-map" in drawn.name else {"x", "y"})


def test_the_number_of_samples_or_probes_is_stated(drawn):
    words = [drawn.caption, *(text.get_text() for text in drawn.figure.findobj(Text))]
    things = "sample|probe|prediction|permuted|gene|contrast|p-value"
    assert re.search(rf"n = \d|\d ({things})|samples|probes", " ".join(words))


def test_without_a_test_set_no_figure_shows_one(study_and_figure):
    study, drawn = study_and_figure
    has_test = (study.sample_split["split"] == "test").any()
    if not has_test and drawn.name != "threshold-path":
        texts = " ".join(text.get_text() for text in drawn.figure.findobj(Text))
        assert not re.search(r"\b(test|split)\b", texts)
        assert "dashed: test" not in drawn.caption


@pytest.mark.parametrize("name", FIGURES)
def test_names_that_look_like_markup_are_drawn_as_they_are(name, markup, gallery_of):
    drawn = gallery_of(markup)[name]()
    for text in drawn.figure.findobj(Text):
        own = text.get_text().startswith("$\\mathdefault")  # a number on a log axis
        assert own or not is_math_text(text.get_text()), text
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of letters that its fonts lack
        svg(drawn.figure)


@pytest.mark.parametrize(("draw", "arguments"), INTERACTIVE.items())
def test_plotly_reads_no_markup_in_names(draw, arguments, markup):
    """Tags and variables are ours alone: <br>, <b> of the champion, <extra>, %{x} and the like."""
    figure = draw(*arguments(markup))
    texts = [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text]
    texts += [note.text for note in figure.layout.annotations]
    for trace in figure.data:
        texts += [trace.name, trace.hovertemplate, *trace.text]
    tags = {tag for text in texts if text for tag in re.findall(r"<[^>]*>", text)}
    assert tags <= {"<br>", "<extra>", "</extra>"}
    variables = {found for text in texts if text for found in re.findall(r"%{(\w+)", text)}
    assert variables <= {"x", "y", "text", "customdata"}
    templates = [trace.hovertemplate for trace in figure.data]
    for template in templates:
        assert template.count("%{x") <= 1, template


@pytest.mark.parametrize("name", FIGURES)
def test_settings_at_saving_time_change_nothing(name, two, gallery_of):
    """What a thread or a user sets globally does not leak into a file; a figure can be sent."""
    before = dict(mpl.rcParams)
    drawn = gallery_of(two)[name]()
    assert dict(mpl.rcParams) == before
    plain = svg(drawn.figure)
    foreign = {"font.size": 20, "xtick.labelsize": 20, "lines.linewidth": 9, "axes.linewidth": 9}
    assert svg(pickle.loads(pickle.dumps(drawn)).figure, **foreign) == plain


@pytest.mark.parametrize(("draw", "arguments"), INTERACTIVE.items())
def test_interactive_figures_name_their_axes_and_what_is_under_the_pointer(draw, arguments, study):
    figure = draw(*arguments(study))
    assert all(axis.title.text for axis in figure.select_xaxes())
    assert figure.layout.yaxis.title.text  # panels side by side share it
    for trace in figure.data:
        assert "<extra></extra>" in trace.hovertemplate
        assert len(trace.text) == len(trace.x)
    # What stands above the plot fits a phone.
    assert all(len(html.unescape(trace.name or "")) <= 45 for trace in figure.data)


def svg(figure, **settings):
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "test", **settings}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
