import numpy as np

from leukemia_kedro.plots import comparison
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.comparison import model_comparison, train_versus_test


def ranked(study):
    models = study.model_comparison.query("not baseline")
    return models.sort_values("cv_balanced_accuracy", kind="stable")


def moving(study):
    return comparison.model_comparison_interactive(*study.compared)


def test_dots_and_intervals_are_the_table_best_on_top(two):
    drawn, table = model_comparison(*two.compared), ranked(two)
    [ax] = drawn.figure.axes
    columns = ("cv_balanced_accuracy", "test_balanced_accuracy")
    pairs = zip(ax.collections[::2], ax.collections[1::2], strict=True)
    for (bars, dots), column in zip(pairs, columns, strict=True):
        np.testing.assert_array_equal(dots.get_offsets()[:, 0], table[column])
        np.testing.assert_array_equal(dots.get_offsets()[:, 1].round(), range(len(table)))
        ends = np.array(bars.get_segments())[:, :, 0]
        np.testing.assert_array_equal(ends, table[[f"{column}_low", f"{column}_high"]])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == [readable(model) for model in table["model"]]
    assert ax.get_lines()[0].get_xdata()[0] == 0.5  # the baseline of two classes


def test_the_champion_and_only_it_is_bold(five):
    [champion] = five.model_comparison.query("champion")["model"]
    labels = model_comparison(*five.compared).figure.axes[0].get_yticklabels()
    bold = [text.get_text() for text in labels if text.get_fontweight() == "bold"]
    assert bold == [readable(champion)]


def test_without_a_test_set_there_is_one_dot_for_each_model(untested):
    drawn = model_comparison(*untested.compared)
    assert len(drawn.figure.axes[0].collections) == 2
    assert "no test set" in drawn.caption
    assert len(moving(untested).data) == 1


def test_hover_shows_the_same_scores(two):
    [still], shown = model_comparison(*two.compared).figure.axes, moving(two)
    for dots, trace in zip(still.collections[1::2], shown.data, strict=True):
        np.testing.assert_array_equal(dots.get_offsets(), np.column_stack([trace.x, trace.y]))
    [line] = shown.layout.shapes
    assert (line.name, line.showlegend) == (comparison.BASELINE_NAME, True)
    assert line.x0 == still.get_lines()[0].get_xdata()[0]
    assert line.line.width > 0
    lowest = ranked(two)["cv_balanced_accuracy"].iloc[0]
    assert f": {lowest:.3f} [" in shown.data[0].text[0]


def test_the_champion_is_marked_on_the_screen_as_well(two):
    [champion] = two.model_comparison.query("champion")["model"]
    shown = moving(two)
    [bold] = [name for name in shown.layout.yaxis.ticktext if name.startswith("<b>")]
    assert bold == f"<b>{readable(champion)}</b>"
    for trace in shown.data:
        [marked] = [text for text in trace.text if text.endswith("champion")]
        assert marked.startswith(readable(champion))


def test_each_line_runs_from_the_lowest_to_the_highest_accuracy(two):
    drawn = train_versus_test(two.model_comparison, two.sample_split)
    gaps, *dots = drawn.figure.axes[0].collections
    table, columns = ranked(two), ["train_accuracy", "cv_accuracy", "test_accuracy"]
    for points, column in zip(dots, columns, strict=True):
        np.testing.assert_array_equal(points.get_offsets()[:, 0], table[column])
    ends = np.array(gaps.get_segments())[:, :, 0]
    np.testing.assert_array_equal(ends, table[columns].agg(["min", "max"], axis=1))


def drawn_permutations(score, scores, p_value):
    test = {"model": "svm_rbf", "score": score, "p_value": p_value, "permuted_scores": scores}
    drawn = comparison.permutation_test(test | {"models": ["knn", "svm_rbf"]})
    [ax] = drawn.figure.axes
    assert sum(bar.get_height() for bar in ax.patches) == len(scores)
    assert ax.get_lines()[0].get_xdata()[0] == score
    return drawn


def test_the_histogram_holds_every_permutation():
    scores = np.random.default_rng(0).normal(0.5, 0.05, 200).tolist()
    caption = drawn_permutations(0.93, scores, 1 / 201).caption
    assert "p = 0.005" in caption
    assert "chosen among k-NN, SVM RBF" in caption


def test_the_permutation_of_one_model_speaks_of_no_choice():
    found = {
        "model": "knn",
        "models": ["knn"],
        "score": 0.9,
        "p_value": 0.1,
        "permuted_scores": [0.5],
    }
    caption = comparison.permutation_test(found).caption
    assert "of k-NN, against" in caption
    assert "choice" not in caption


def test_permutations_that_all_score_alike_are_drawn():
    drawn_permutations(0.5, [0.5] * 9, 1.0)
