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
    columns = ("cv_balanced_accuracy", "test_balanced_accuracy")
    for ax, column in zip(drawn.figure.axes, columns, strict=True):
        bars, dots = ax.collections
        np.testing.assert_array_equal(dots.get_offsets()[:, 0], table[column])
        ends = np.array(bars.get_segments())[:, :, 0]
        np.testing.assert_array_equal(ends, table[[f"{column}_low", f"{column}_high"]])
    names = [text.get_text() for text in drawn.figure.axes[0].get_yticklabels()]
    assert names == [readable(model) for model in table["model"]]


def test_the_champion_and_only_it_is_bold(five):
    [champion] = five.model_comparison.query("champion")["model"]
    labels = model_comparison(*five.compared).figure.axes[0].get_yticklabels()
    bold = [text.get_text() for text in labels if text.get_fontweight() == "bold"]
    assert bold == [readable(champion)]


def test_both_panels_show_the_same_measure_and_the_baseline(two):
    compared = two.model_comparison.copy()
    compared.loc[compared["baseline"], ["cv_balanced_accuracy", "test_balanced_accuracy"]] = (
        0.5,
        0.4,
    )
    axes = model_comparison(compared, two.sample_split).figure.axes
    assert [ax.get_lines()[0].get_xdata()[0] for ax in axes] == [0.5, 0.4]
    assert {ax.get_xlabel() for ax in axes} == {"balanced accuracy"}


def test_without_a_test_set_one_panel(untested):
    drawn = model_comparison(*untested.compared)
    assert len(drawn.figure.axes) == 1
    assert "no test set" in drawn.caption
    assert len(moving(untested).data) == 1


def test_hover_shows_the_same_scores(two):
    still = model_comparison(*two.compared).figure.axes
    shown = moving(two)
    for ax, trace, line in zip(still, shown.data, shown.layout.shapes, strict=True):
        np.testing.assert_array_equal(ax.collections[1].get_offsets()[:, 0], trace.x)
        assert line.x0 == ax.get_lines()[0].get_xdata()[0]
        assert line.line.width > 0
    lowest = ranked(two)["cv_balanced_accuracy"].iloc[0]
    assert shown.data[0].text[0].startswith(f"{lowest:.3f} [")


def test_the_champion_is_marked_on_the_screen_as_well(two):
    [champion] = two.model_comparison.query("champion")["model"]
    for trace in moving(two).data:
        bold = {name for name in trace.y if name.startswith("<b>")}
        assert bold == {f"<b>{readable(champion)}</b>"}
        [marked] = [text for text in trace.text if text.endswith("champion")]
        assert trace.text.index(marked) == trace.y.index(*bold)


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


def test_permutations_that_all_score_alike_are_drawn():
    drawn_permutations(0.5, [0.5] * 9, 1.0)
