import numpy as np
import pandas as pd

from leukemia_kedro.plots.stability import selection_frequency, threshold_path


def test_bars_are_the_genes_chosen_most_often(two):
    frequency = np.where(np.arange(120) < 40, np.linspace(1, 0.2, 120), 0)
    table = pd.DataFrame(
        {
            "probe": two.probes.index,
            "selection_frequency": frequency,
            "mean_rank": np.arange(120.0),
        }
    ).sample(frac=1, random_state=0)
    drawn = selection_frequency(table, two.probes)
    [ax] = drawn.figure.axes
    np.testing.assert_array_equal([bar.get_width() for bar in ax.patches], frequency[:30])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert all(probe in name for probe, name in zip(two.probes.index[:30], names, strict=True))
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    assert "of 40 chosen at least once; 1 were chosen every time" in drawn.caption


def test_nothing_chosen_is_drawn_empty(two):
    table = pd.DataFrame(
        {"probe": two.probes.index, "selection_frequency": 0.0, "mean_rank": np.nan}
    )
    drawn = selection_frequency(table, two.probes)
    assert not drawn.figure.axes[0].patches


def test_the_path_shows_errors_and_genes_at_each_threshold():
    path = pd.DataFrame(
        {
            "threshold": [2.0, 0.0, 1.0],
            "n_genes": [0, 100, 9],
            "cv_error_rate": [0.4, 0.1, 0.05],
            "test_error_rate": [0.5, 0.2, 0.1],
        }
    )
    errors, genes = threshold_path(path, chosen=1.0).figure.axes
    np.testing.assert_array_equal(errors.get_lines()[0].get_data(), [[0, 1, 2], [0.1, 0.05, 0.4]])
    np.testing.assert_array_equal(errors.get_lines()[1].get_ydata(), [0.2, 0.1, 0.5])
    np.testing.assert_array_equal(genes.get_lines()[0].get_ydata(), [100, 9, 0])
    drawn = threshold_path(path.assign(test_error_rate=np.nan), chosen=1.0)
    labels = drawn.figure.axes[0].get_legend_handles_labels()[1]
    assert labels == ["cross-validation", "chosen: 1"]
    assert "9 genes left" in drawn.caption
