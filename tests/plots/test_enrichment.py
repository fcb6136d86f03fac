import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.plots.enrichment import gene_sets


def set_table(n=3, name="SET_{}"):
    return pd.DataFrame(
        {
            "gene_set": [name.format(i) for i in range(n)],
            "n_genes": 40,
            "direction": ["Up", "Down"] * (n // 2) + ["Up"] * (n % 2),
            "camera_fdr": np.geomspace(1e-6, 1, n) if n else [],
            "n_up": [3, 0] * (n // 2) + [1] * (n % 2),
            "n_down": [0, 5] * (n // 2) + [0] * (n % 2),
        }
    )


def bars(figure):
    """From top to bottom."""
    drawn = [bar for container in figure.axes[0].containers for bar in container]
    return sorted(drawn, key=lambda bar: bar.get_y())


def test_bars_are_the_strength_of_evidence_lower_to_the_left_named_with_their_counts():
    figure = gene_sets(set_table(), "AML-ALL", 0.05).figure
    assert [bar.get_width() for bar in bars(figure)] == pytest.approx([6, -3, 0])
    ax = figure.axes[0]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["SET_0 (3↑ 0↓ of 40)", "SET_1 (0↑ 5↓ of 40)", "SET_2 (1↑ 0↓ of 40)"]


def test_the_words_state_what_was_found():
    drawn = gene_sets(set_table(), "AML-ALL", 0.05)
    assert drawn.name == "gene_sets_AML-ALL"
    assert "1 higher and 1 lower of 3" in drawn.alt
    assert drawn.alt.endswith("Smallest p-value: SET_0.")


def test_many_sets_with_long_names_are_cut_to_the_smallest_p_values(assert_legible):
    table = set_table(60, "GOBP_POSITIVE_REGULATION_OF_$_MYELOID_LEUKOCYTE_DIFFERENTIATION_{}")
    figure = gene_sets(table, "AML-ALL", 0.05)
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
    assert_legible(gene_sets(table, "AML-ALL", 0.05).figure)
