import pandas as pd
from matplotlib.lines import Line2D

from leukemia_kedro.plots import style


def test_colours_follow_class_order_and_stay_distinct():
    classes = [f"class {i}" for i in range(20)]
    colours = list(style.class_colours(classes).values())
    assert [colour.upper() for colour in colours[:8]] == list(style.OKABE_ITO)
    assert list(style.class_colours(classes[:2]).values()) == colours[:2]
    assert len(set(colours)) == 20
    assert "#ffffff" not in colours


def test_splits_that_have_samples_train_first():
    assert style.splits_in(pd.DataFrame({"split": ["test", "train"]})) == ["train", "test"]
    assert style.splits_in(pd.DataFrame({"split": ["train"]})) == ["train"]


def test_a_legend_has_as_many_columns_as_fit():
    figure, _ = style.panels(width=3.5, height=2)
    handles = [Line2D([], [], label=name) for name in ("a", "b", "c")]
    assert style.legend_below(figure, handles)._ncols == 3
    handles[1].set_label("a name as long as half of the column")
    assert style.legend_below(figure, handles)._ncols == 1
