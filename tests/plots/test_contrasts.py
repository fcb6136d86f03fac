import numpy as np
import pandas as pd
import pytest
from helpers.made_run import make_datasets

from leukemia_kedro.plots.contrasts import contrast_overlap, decision_summary, exclusive_overlaps
from leukemia_kedro.plots.galleries import contrast_gallery
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.study import CohortStudy, ContrastStudy, gather

NO_SETS = pd.DataFrame(columns=["contrast", "gene_set"])


def contrast_table(**adjusted):
    """One contrast: probe, fold change by sign, adjusted p-value."""
    table = pd.DataFrame({"probe": list(adjusted), "logFC": np.sign(list(adjusted.values()))})
    return table.assign(**{"adj.P.Val": np.abs(list(adjusted.values()))})


def contrasts(alpha=0.05):
    """a and b differ in both contrasts, c in the first, d in the second, e in none."""
    return [
        Contrast("AML-ALL", contrast_table(a=0.01, b=-0.02, c=0.03, d=0.5, e=0.9), alpha),
        # Each table is sorted by its own p-values.
        Contrast("MLL-ALL", contrast_table(d=-0.001, b=0.01, a=0.02, e=0.7, c=0.8), alpha),
    ]


def test_bars_are_the_probes_lower_and_higher_without_sign():
    ax = decision_summary(contrasts()).figure.axes[0]
    lower, higher = ax.containers
    assert [bar.get_width() for bar in lower] == [-1, -1]
    assert [bar.get_width() for bar in higher] == [2, 2]
    assert [text.get_text() for text in ax.texts] == ["1", "1", "2", "2"]
    assert not any(text.get_text().startswith("−") for text in ax.get_xticklabels())


def test_each_probe_counts_in_exactly_one_overlap():
    assert exclusive_overlaps(contrasts()) == {(True, True): 2, (True, False): 1, (False, True): 1}


def test_marks_stand_under_the_bar_of_their_overlap():
    bars, matrix = contrast_overlap(contrasts()).figure.axes
    assert [bar.get_height() for bar in bars.patches] == [2, 1, 1]
    assert [line.get_ydata().tolist() for line in matrix.get_lines()] == [[0, 1], [0], [1]]
    assert [line.get_xdata().tolist() for line in matrix.get_lines()] == [[0, 0], [1], [2]]
    names = [text.get_text() for text in matrix.get_yticklabels()]
    assert names == ["AML-ALL (3)", "MLL-ALL (3)"]


def twenty_classes():
    """190 contrasts of two probes."""
    pairs = [f"class_{b}-class_{a}" for b in range(20) for a in range(b)]
    return {pair: contrast_table(a=0.01, b=-0.5) for pair in pairs}


def test_only_the_first_contrasts_have_figures_of_their_own():
    """At most six for each of the first ten, and six of all; each is a PNG and an SVG."""
    datasets = make_datasets()
    cohort = gather(CohortStudy, datasets)
    study = ContrastStudy(
        contrast_tables=twenty_classes(),
        contrast_summary=pd.DataFrame(),
        variance_prior={"n_samples": 20},
        voom_trend=pd.DataFrame(),
        sample_weights=pd.DataFrame({"library_size": [], "tmm_factor": [], "weight": []}),
        enrichment=NO_SETS,
        de_truth=[],
    )
    log_expression = pd.DataFrame(0.0, ["a", "b"], cohort.sample_split.index)
    gallery = contrast_gallery(cohort, study, log_expression, 0.05)
    calls = gallery.printed()
    shown = {call.keywords["contrast"].name for call in calls if "contrast" in call.keywords}
    assert shown == set(list(twenty_classes())[:10])
    assert len(calls) <= 6 + 10 * 6


@pytest.mark.parametrize("draw", [decision_summary, contrast_overlap])
def test_a_figure_of_very_many_contrasts_shows_the_first_and_says_so(draw, assert_legible):
    every = [Contrast(name, table, 0.05) for name, table in twenty_classes().items()]
    drawn = draw(every)
    assert_legible(drawn.figure)
    assert drawn.figure.get_figheight() < 15
    for words in (drawn.caption, drawn.alt):
        assert "The first 40 of 190 contrasts are shown; contrast_summary.csv has all" in words
    assert "are shown; contrast_summary" not in draw(every[:40]).caption


def test_nothing_significant_is_drawn_empty(assert_legible):
    for draw in (decision_summary, contrast_overlap):
        assert_legible(draw(contrasts(alpha=1e-9)).figure)
