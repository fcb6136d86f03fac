import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.plots.differential_expression import (
    mean_difference,
    mean_difference_interactive,
    p_value_histogram,
    volcano,
    volcano_interactive,
)
from leukemia_kedro.plots.inputs import Contrast
from leukemia_kedro.plots.probe_scatter import MOST_HOVER_POINTS, significance, spread


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "probe": ["p1", "p2", "p3", "p4", "p5"],
            "description": ["Zyxin", "", "MPO Myeloperoxidase", "other", "untested"],
            "logFC": [3.0, -2.0, -0.5, 0.1, np.nan],
            "AveExpr": [9.0, 10.0, 11.0, 8.0, 7.0],
            "P.Value": [1e-9, 1e-6, 0.01, 0.8, np.nan],
            "adj.P.Val": [4e-9, 2e-6, 0.05, 0.8, np.nan],
        }
    )


def points(ax):
    """Points drawn, by legend entry."""
    return {c.get_label(): c.get_offsets().tolist() for c in ax.collections}


def test_significance_is_strictly_below_alpha(table):
    verdict = significance(table, 0.05).tolist()
    assert verdict == ["up", "down", "not significant", "not significant", "not significant"]


def test_the_legend_states_the_rule_and_the_counts(table):
    drawn = points(volcano(Contrast("AML-ALL", table, 0.05)).figure.axes[0])
    assert drawn == {
        "adjusted p ≥ 0.05 (2 probes)": [[-0.5, 2.0], [0.1, pytest.approx(-np.log10(0.8))]],
        "adjusted p < 0.05, lower (1 probe)": [[-2.0, pytest.approx(6.0)]],
        "adjusted p < 0.05, higher (1 probe)": [[3.0, pytest.approx(9.0)]],
    }


def test_significant_genes_are_named_by_description_or_probe(table):
    for draw in (volcano, mean_difference):
        named = {
            text.get_text(): text.xy
            for text in draw(Contrast("AML-ALL", table, 0.05)).figure.axes[0].texts
        }
        assert set(named) == {"Zyxin", "p2"}
    assert named["Zyxin"] == (9.0, 3.0)


def test_genes_that_share_a_description_are_named_by_probe(table):
    alike = table.assign(description="simulated gene")
    texts = volcano(Contrast("AML-ALL", alike, 0.05)).figure.axes[0].texts
    assert {text.get_text() for text in texts} == {"p1", "p2"}


def test_a_probe_without_a_p_value_is_left_out_and_counted(table):
    assert (
        "4 probes (1 without a p-value left out)"
        in volcano(Contrast("AML-ALL", table, 0.05)).caption
    )


def test_a_p_value_of_zero_stays_on_the_plot(table):
    zero = table.assign(**{"P.Value": [0.0, 1e-6, 0.01, 0.8, np.nan]})
    ax = volcano(Contrast("AML-ALL", zero, 0.05)).figure.axes[0]
    [[_, height]] = points(ax)["adjusted p < 0.05, higher (1 probe)"]
    assert height < ax.get_ylim()[1] < np.inf


@pytest.mark.parametrize("draw", [volcano, mean_difference])
def test_nothing_significant_names_nothing(draw, table, assert_legible):
    drawn = draw(Contrast("AML-ALL", table.assign(**{"adj.P.Val": 1.0}), 0.05))
    assert not drawn.figure.axes[0].texts
    assert drawn.alt.endswith("strongest: none.")
    assert_legible(drawn.figure)


def test_names_of_one_cluster_do_not_touch(assert_legible):
    """Ten significant genes in nearly one place, all with long names."""
    close = pd.DataFrame(
        {
            "probe": [f"p{i}" for i in range(10)],
            "description": "A description much too long for the margin of a volcano plot",
            "logFC": np.r_[np.full(5, 2.0), np.full(5, -2.0)],
            "AveExpr": 9.0 + np.arange(10) / 1000,
            "P.Value": 1e-8,
            "adj.P.Val": 1e-7,
        }
    )
    for draw in (volcano, mean_difference):
        drawn = draw(Contrast("AML-ALL", close, 0.05))
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
    [(volcano, volcano_interactive), (mean_difference, mean_difference_interactive)],
)
def test_hover_shows_and_names_the_same_genes_at_the_same_place(still, moving, table):
    contrast = Contrast("AML-ALL", table, 0.05)
    ax, figure = still(contrast).figure.axes[0], moving(contrast)
    for trace in figure.data:
        np.testing.assert_allclose(
            np.column_stack([trace.x, trace.y]).reshape(-1, 2),
            points(ax)[trace.name],
            atol=5e-4,  # hover is rounded to three decimals
        )
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


def test_a_description_is_no_markup(table):
    table.loc[0, "description"] = "GB DEF = <unknown> & co"
    figure = volcano_interactive(Contrast("AML-ALL", table, 0.05))
    assert figure.data[-1].text[0] == "GB DEF = &lt;unknown&gt; &amp; co (p1)"
    assert figure.layout.annotations[-1].text == "GB DEF = &lt;unknown&gt; &amp; co"


def test_hover_of_a_large_array_keeps_the_genes_that_matter():
    rng = np.random.default_rng(0)
    n = 22_283
    p_value = np.sort(rng.uniform(size=n))
    table = pd.DataFrame(
        {
            "probe": [f"p{i}" for i in range(n)],
            "description": "",
            "logFC": rng.normal(size=n),
            "AveExpr": rng.normal(9, 1, size=n),
            "P.Value": p_value,
            "adj.P.Val": np.where(np.arange(n) < 50, 0.01, 0.9),
        }
    )
    figure = volcano_interactive(Contrast("AML-ALL", table, 0.05))
    shown = {text for trace in figure.data for text in trace.text}
    assert shown >= set(table["probe"].head(MOST_HOVER_POINTS))
    assert len(shown) < 10_000
    assert f"On a screen {len(shown):,} of the probes" in figure.layout.meta["note"]
    assert (
        "On a screen" not in volcano(Contrast("AML-ALL", table, 0.05)).caption
    )  # a file shows them all
    assert figure.data[0].name == "adjusted p ≥ 0.05 (22,233 probes)"
    assert len(figure.to_json()) < 600_000  # ten contrasts fit the report beside plotly itself


def test_bins_hold_every_p_value(table):
    drawn = p_value_histogram(Contrast("AML-ALL", table, 0.05))
    ax = drawn.figure.axes[0]
    assert [bar.get_height() for bar in ax.patches if bar.get_height()] == [3, 1]
    assert ax.get_lines()[0].get_ydata()[0] == 4 / 40
