import numpy as np
import pandas as pd

from leukemia_kedro.plots.stability import selection_frequency


def test_bars_are_the_genes_chosen_most_often(two):
    frequency = np.where(np.arange(120) < 40, np.linspace(1, 0.2, 120), 0)
    table = pd.DataFrame({"probe": two.probes.index, "selection_frequency": frequency})
    table["mean_rank"] = np.arange(120.0)
    drawn = selection_frequency(table.sample(frac=1, random_state=0), two.probes)
    [ax] = drawn.figure.axes
    np.testing.assert_array_equal([bar.get_width() for bar in ax.patches], frequency[:30])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert all(probe in name for probe, name in zip(two.probes.index[:30], names, strict=True))
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    assert "of 40 chosen at least once; 1 were chosen every time" in drawn.caption


def test_nothing_chosen_is_drawn_empty(two):
    table = pd.DataFrame({"probe": two.probes.index, "selection_frequency": 0.0})
    drawn = selection_frequency(table.assign(mean_rank=np.nan), two.probes)
    assert not drawn.figure.axes[0].patches


def test_the_path_shows_errors_genes_the_choice_and_the_published_point(drawn_path):
    drawn = drawn_path()
    errors, genes = drawn.figure.axes
    np.testing.assert_array_equal(errors.get_lines()[0].get_data(), [[0, 1, 2], [1.5, 2, 11]])
    np.testing.assert_array_equal(errors.get_lines()[1].get_ydata(), [4, 2, 14])
    np.testing.assert_array_equal(genes.get_lines()[0].get_ydata(), [100, 20, 0])
    stars = [tuple(mark.get_offsets()[0]) for ax in (errors, genes) for mark in ax.collections]
    assert stars == [(1, 2), (1, 3), (1, 21)]
    assert errors.get_legend_handles_labels()[1] == [
        "cross-validation (n = 38)",
        "test samples (n = 34)",
        "chosen by cross-validation: 0.00",
        "published, 21 genes",
    ]
    assert "100 genes left" in drawn.caption
    assert "21 genes, 2 cross-validated and 3 test errors" in drawn.caption
