import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.plots import differential_expression as plots
from leukemia_kedro.plots.differential_expression import gene_sets, mean_difference, volcano
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.probe_scatter import MOST_HOVER_POINTS, significance, spread


def contrast_of(probes, description, *numbers):
    """A contrast from its probes and, one for each, the numbers of the plots."""
    table = pd.DataFrame({"probe": probes, "description": description})
    columns = ("logFC", "AveExpr", "P.Value", "adj.P.Val")
    return Contrast("AML-ALL", table.assign(**dict(zip(columns, numbers, strict=True))), 0.05)


@pytest.fixture
def contrast():
    return contrast_of(
        ["p1", "p2", "p3", "p4", "p5"],
        ["Zyxin", "", "MPO Myeloperoxidase", "other", "untested"],
        [3.0, -2.0, -0.5, 0.1, np.nan],
        [9.0, 10.0, 11.0, 8.0, 7.0],
        [1e-9, 1e-6, 0.01, 0.8, np.nan],
        [4e-9, 2e-6, 0.05, 0.8, np.nan],
    )


def changed(contrast, **columns):
    return replace(contrast, table=contrast.table.assign(**columns))


def points(ax):
    """Points drawn, by legend entry."""
    return {c.get_label(): c.get_offsets().tolist() for c in ax.collections}


def test_significance_is_strictly_below_alpha(contrast):
    verdict = significance(contrast.table, 0.05).tolist()
    assert verdict == ["up", "down", "not significant", "not significant", "not significant"]


def test_the_legend_states_the_rule_and_the_counts(contrast):
    drawn = points(volcano(contrast).figure.axes[0])
    assert drawn == {
        "adjusted p ≥ 0.05 (2 probes)": [[-0.5, 2.0], [0.1, pytest.approx(-np.log10(0.8))]],
        "adjusted p < 0.05, lower (1 probe)": [[-2.0, pytest.approx(6.0)]],
        "adjusted p < 0.05, higher (1 probe)": [[3.0, pytest.approx(9.0)]],
    }


def test_significant_genes_are_named_by_description_or_probe(contrast):
    for draw in (volcano, mean_difference):
        named = {text.get_text(): text.xy for text in draw(contrast).figure.axes[0].texts}
        assert set(named) == {"Zyxin", "p2"}
    assert named["Zyxin"] == (9.0, 3.0)


def test_genes_that_share_a_description_are_named_by_probe(contrast):
    texts = volcano(changed(contrast, description="simulated gene")).figure.axes[0].texts
    assert {text.get_text() for text in texts} == {"p1", "p2"}


def test_a_probe_without_a_p_value_is_left_out_and_counted(contrast):
    assert "4 probes (1 without a p-value left out)" in volcano(contrast).caption


def test_a_p_value_of_zero_stays_on_the_plot(contrast):
    zero = changed(contrast, **{"P.Value": [0.0, 1e-6, 0.01, 0.8, np.nan]})
    ax = volcano(zero).figure.axes[0]
    [[_, height]] = points(ax)["adjusted p < 0.05, higher (1 probe)"]
    assert height < ax.get_ylim()[1] < np.inf


@pytest.mark.parametrize("draw", [volcano, mean_difference])
def test_nothing_significant_names_nothing(draw, contrast, assert_legible):
    drawn = draw(changed(contrast, **{"adj.P.Val": 1.0}))
    assert not drawn.figure.axes[0].texts
    assert drawn.alt.endswith("strongest: none.")
    assert_legible(drawn.figure)


def test_names_of_one_cluster_do_not_touch(assert_legible):
    """Ten significant genes in nearly one place, all with long names."""
    probes, name = [f"p{i}" for i in range(10)], "A description much too long for the margin"
    mean = 9.0 + np.arange(10) / 1000
    close = contrast_of(probes, name, np.repeat([2.0, -2.0], 5), mean, 1e-8, 1e-7)
    for draw in (volcano, mean_difference):
        drawn = draw(close)
        assert len(drawn.figure.axes[0].texts) == 10
        assert_legible(drawn.figure)


@given(st.lists(st.floats(0, 1), max_size=10))
def test_spread_heights_keep_order_distance_and_bounds(wanted):
    wanted = np.sort(np.array(wanted))[::-1]
    heights = spread(wanted, gap=0.08)
    assert len(heights) == len(wanted)
    assert (np.diff(heights) <= -0.08 + 1e-12).all()  # rounding
    assert ((heights > 0.03 - 1e-12) & (heights < 0.97 + 1e-12)).all()


def test_heights_that_fit_are_left_where_they_are():
    np.testing.assert_allclose(spread(np.array([0.9, 0.5, 0.2]), gap=0.1), [0.9, 0.5, 0.2])


@pytest.mark.parametrize(
    ("still", "moving"),
    [
        (volcano, plots.volcano_interactive),
        (mean_difference, plots.mean_difference_interactive),
    ],
)
def test_hover_shows_and_names_the_same_genes_at_the_same_place(still, moving, contrast):
    ax, figure = still(contrast).figure.axes[0], moving(contrast)
    for trace in figure.data:
        shown = np.column_stack([trace.x, trace.y]).reshape(-1, 2)
        np.testing.assert_allclose(shown, points(ax)[trace.name], atol=5e-4)  # rounded on a screen
    assert figure.data[-1].text[0] == "Zyxin (p1)"
    assert figure.data[-1].customdata[0] == "4e-09"
    assert figure.layout.yaxis.title.text == ax.get_ylabel()
    assert figure.layout.xaxis.range == pytest.approx(ax.get_xlim())
    assert figure.layout.yaxis.range == pytest.approx(ax.get_ylim())
    low, high = ax.get_ylim()
    for printed, shown in zip(ax.texts, figure.layout.annotations, strict=True):
        assert shown.text == printed.get_text()
        assert (shown.x, shown.y) == printed.xy
        assert (shown.ay - low) / (high - low) == pytest.approx(printed.get_position()[1])


def test_genes_are_named_by_symbol_and_those_of_one_symbol_by_their_probe_as_well(contrast):
    contrast.table["symbol"] = "HLA-DPB1"
    figure = plots.volcano_interactive(contrast)
    texts = [note.text for note in figure.layout.annotations if note.text]
    assert len(texts) > 1
    assert all(re.fullmatch(r"HLA-DPB1 \(p\d+\)", text) for text in texts)
    contrast.table["symbol"] = [f"GENE{i}" for i in range(len(contrast.table))]
    figure = plots.volcano_interactive(contrast)
    assert figure.data[-1].text[0] == "GENE0: Zyxin (p1)"
    assert "GENE0" in {note.text for note in figure.layout.annotations}


def test_a_description_is_no_markup(contrast):
    contrast.table.loc[0, "description"] = "GB DEF = <unknown> & co"
    figure = plots.volcano_interactive(contrast)
    assert figure.data[-1].text[0] == "GB DEF = &lt;unknown&gt; &amp; co (p1)"
    assert figure.layout.annotations[-1].text == "GB DEF = &lt;unknown&gt; &amp; co"


def test_hover_of_a_large_array_keeps_the_genes_that_matter():
    rng = np.random.default_rng(0)
    n = 22_283
    probes, p_value = [f"p{i}" for i in range(n)], np.sort(rng.uniform(size=n))
    x, y, adjusted = (
        rng.normal(size=n),
        rng.normal(9, 1, size=n),
        np.repeat([0.01, 0.9], [50, n - 50]),
    )
    contrast = contrast_of(probes, "", x, y, p_value, adjusted)
    figure = plots.volcano_interactive(contrast)
    shown = {text for trace in figure.data for text in trace.text}
    assert shown >= set(probes[:MOST_HOVER_POINTS])
    assert len(shown) < 10_000
    assert f"On a screen {len(shown):,} of the probes" in figure.layout.meta["note"]
    assert "On a screen" not in volcano(contrast).caption  # a file shows them all
    assert figure.data[0].name == "adjusted p ≥ 0.05 (22,233 probes)"
    assert len(figure.to_json()) < 600_000  # ten contrasts fit the report beside plotly itself


def test_bins_hold_every_p_value(contrast):
    drawn = plots.p_value_histogram(contrast)
    ax = drawn.figure.axes[0]
    assert [bar.get_height() for bar in ax.patches if bar.get_height()] == [3, 1]
    assert ax.get_lines()[0].get_ydata()[0] == 4 / 40


def set_table(n=3, name="SET_{}"):
    table = pd.DataFrame({"gene_set": [name.format(i) for i in range(n)], "n_genes": 40})
    direction = np.resize(["Up", "Down"], n)
    up, down = np.resize([3, 0], n), np.resize([0, 5], n)
    adjusted = np.geomspace(1e-6, 1, n) if n else []
    return table.assign(direction=direction, camera_fdr=adjusted, n_up=up, n_down=down)


def with_sets(table):
    return Contrast("AML-ALL", pd.DataFrame(), 0.05, table)


def bars(figure):
    """From top to bottom."""
    drawn = [bar for container in figure.axes[0].containers for bar in container]
    return sorted(drawn, key=lambda bar: bar.get_y())


def test_bars_are_the_strength_of_evidence_lower_to_the_left_named_with_their_counts():
    drawn = gene_sets(with_sets(set_table()))
    assert [bar.get_width() for bar in bars(drawn.figure)] == pytest.approx([6, -3, 0])
    names = [text.get_text() for text in drawn.figure.axes[0].get_yticklabels()]
    assert names == ["SET_0 (3↑ 0↓ of 40)", "SET_1 (0↑ 5↓ of 40)", "SET_2 (3↑ 0↓ of 40)"]
    assert drawn.name == "gene-sets-AML-ALL"
    assert "1 higher and 1 lower of 3" in drawn.alt
    assert drawn.alt.endswith("Smallest p-value: SET_0.")


def test_many_sets_with_long_names_are_cut_to_the_smallest_p_values(assert_legible):
    table = set_table(60, "GOBP_POSITIVE_REGULATION_OF_$_MYELOID_LEUKOCYTE_DIFFERENTIATION_{}")
    figure = gene_sets(with_sets(table))
    assert len(bars(figure.figure)) == 20
    assert "The 20 smallest p-values are shown" in figure.caption
    assert_legible(figure.figure)


@pytest.mark.parametrize(
    "table",
    [
        set_table(0),
        set_table(1),
        set_table(2).assign(camera_fdr=[0.0, np.nan], direction=["Down", ""]),
    ],
    ids=["no set", "one side", "p of zero, no p"],
)
def test_little_or_extreme_is_drawn_too(table, assert_legible):
    assert_legible(gene_sets(with_sets(table)).figure)
