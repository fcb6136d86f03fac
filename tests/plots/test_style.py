import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from scipy.spatial.distance import pdist

from leukemia_kedro.plots import style


def test_colours_follow_class_order_and_stay_distinct():
    classes = [f"class {i}" for i in range(20)]
    colours = list(style.class_colours(classes).values())
    assert [colour.upper() for colour in colours[:8]] == list(style.OKABE_ITO)
    assert list(style.class_colours(classes[:2]).values()) == colours[:2]
    assert len(set(colours)) == 20
    assert nearest(colours[:16]) > 20
    assert nearest(colours) > 10
    assert "#ffffff" not in colours


def nearest(colours):
    """The smallest distance between two of the colours in CIELAB (1976); 2.3 can just be seen."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.transpose(to_xyz) / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116).T
    return pdist(np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])).min()


def test_splits_that_have_samples_train_first():
    assert style.splits_in(pd.DataFrame({"split": ["test", "train"]})) == ["train", "test"]
    assert style.splits_in(pd.DataFrame({"split": ["train"]})) == ["train"]


def test_a_legend_has_as_many_columns_as_fit():
    figure, _ = style.panels(width=3.5, height=2)
    handles = [Line2D([], [], label=name) for name in ("a", "b", "c")]
    assert style.legend_below(figure, handles)._ncols == 3
    handles[1].set_label("a name as long as half of the column")
    assert style.legend_below(figure, handles)._ncols == 1
