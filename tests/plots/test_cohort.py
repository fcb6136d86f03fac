import numpy as np
import pytest

from leukemia_kedro.plots.cohort import class_balance, intensity_per_sample, intensity_shift
from leukemia_kedro.plots.study import are_ratios

SHIFT = {"auc": 0.81, "p_value": 0.001}
RAW = {"scale": "raw", "negative_share": 0.3, "intensity_per_sample": {"s1": {"median": 0.0}}}


def test_bars_are_the_samples_of_each_class_and_split(five):
    [ax] = class_balance(five.sample_split, five.classes).figure.axes
    heights = {bars.get_label(): [bar.get_width() for bar in bars] for bars in ax.containers}
    assert heights == {"train (n = 40)": [8, 8, 8, 8, 8], "test (n = 24)": [6, 6, 6, 0, 6]}
    assert [text.get_text() for text in ax.get_yticklabels()] == list(five.classes)


def drawn_intensities(study, scale="log2", times=1):
    quality = {"scale": scale, "intensity_per_sample": (times * study.quantiles).to_dict()}
    return intensity_per_sample(quality, study.sample_split, study.classes)


def test_boxes_are_the_quantiles_in_order_of_class_and_median(two):
    table, drawn = two.quantiles, drawn_intensities(two)
    train, test = drawn.figure.axes
    shown = [text.get_text() for ax in (train, test) for text in ax.get_xticklabels()]
    assert sorted(shown) == sorted(table.columns)
    first = train.get_xticklabels()[0].get_text()
    of_class = two.sample_split.query("split == 'train' and label == 'ALL'").index
    assert first == table[of_class].loc["median"].idxmin()
    places = [*train.get_xticks()]
    n_first = len(of_class)  # an empty place stands between the classes
    assert places == [*range(n_first), *range(n_first + 1, len(places) + 1)]
    assert "in the order of the legend" in drawn.caption
    box = train.patches[0].get_path().vertices[:, 1]
    assert box.min() == pytest.approx(table.loc["lower_quartile", first])
    assert box.max() == pytest.approx(table.loc["upper_quartile", first])


def test_boxes_of_few_samples_are_no_wider_than_those_of_many(make_study):
    axes = drawn_intensities(make_study(n_train=30, n_test=4)).figure.axes
    assert len({ax.get_xlim() for ax in axes}) == 1
    few = drawn_intensities(make_study(n_train=6, n_test=4)).figure.axes[1]
    assert np.ptp(few.get_xlim()) >= 24


@pytest.mark.parametrize(
    ("scale", "times", "expected"),
    [
        ("raw", 1000, "symlog"),
        ("raw", 1, "linear"),
        ("log2", 1, "linear"),
        ("counts", 1, "symlog"),  # many are zero
    ],
)
def test_raw_intensities_may_be_negative_and_are_drawn_on_a_log_axis_where_large(
    two, scale, times, expected
):
    drawn = drawn_intensities(two, scale, times)
    assert [ax.get_yscale() for ax in drawn.figure.axes] == [expected] * 2


def test_counts_are_called_counts(two):
    drawn = drawn_intensities(two, "counts")
    assert drawn.title == "Counts of reads per sample"
    assert drawn.caption.startswith("Counts of reads over all genes in each of 72 samples, as")
    quality = RAW | {"scale": "counts"}
    shift = intensity_shift(two.log_expression, two.sample_split, SHIFT, quality)
    assert shift.figure.axes[0].get_xlabel() == "log2 counts per million"


def test_many_samples_become_bands(make_study):
    study = make_study(n_train=400, n_test=96, n_probes=20)
    table, drawn = study.quantiles, drawn_intensities(study)
    train, _ = drawn.figure.axes
    bands = [patch.get_data() for patch in train.patches]
    assert [len(band.values) for band in bands] == [200] * 6  # two bands and a line per class
    assert bands[3].edges[0] - bands[0].edges[-1] == 4  # a gap of a hundredth
    members = study.sample_split.query("split == 'train' and label == 'ALL'").index
    np.testing.assert_allclose(np.sort(bands[2].values), np.sort(table.loc["median", members]))
    assert "each of 496 samples," in drawn.caption


def test_too_many_for_bands_are_thinned_with_the_extremes_kept(large):
    table, drawn = large.quantiles, drawn_intensities(large)
    train, test = drawn.figure.axes
    [line, _, _] = train.patches[2].get_data()
    members = large.sample_split.query("split == 'train' and label == 'ALL'").index
    medians = table.loc["median", members]
    assert len(line) == 199
    assert (line.min(), line.max()) == (medians.min(), medians.max())
    assert test.get_title(loc="left") == "test (n = 700)"
    n_drawn = sum(len(ax.patches[i].get_data().values) for ax in (train, test) for i in (2, 5))
    assert f"each of {n_drawn} of 2,100 samples (evenly drawn" in drawn.caption


def test_lines_are_the_typical_quantiles_of_each_split(two):
    drawn = intensity_shift(two.log_expression, two.sample_split, SHIFT, RAW)
    train, test = drawn.figure.axes[0].get_lines()
    members = two.sample_split.query("split == 'test'").index
    medians = two.log_expression[members].median()
    at_half = np.flatnonzero(np.isclose(test.get_ydata(), 0.5))[0]
    assert test.get_xdata()[at_half] == pytest.approx(medians.median())
    assert (np.diff(train.get_xdata()) >= 0).all()
    assert "0.81" in drawn.caption


def test_the_distributions_of_a_large_cohort_are_those_of_some_and_it_says_so(large):
    drawn = intensity_shift(large.log_expression, large.sample_split, SHIFT, RAW)
    assert "of 2,100 samples (evenly drawn" in drawn.caption
    assert drawn.figure.axes[0].get_lines()[0].get_label() == "train (n = 1,400)"


@pytest.mark.parametrize(
    ("scale", "median", "negative", "expected"),
    [
        ("log2", 0.02, 0.49, True),  # two-colour arrays
        ("log2", 0.02, 0.01, False),
        ("log2", 7.5, 0.0, False),  # RMA
        ("log2", -6.6, 0.7, False),  # log2 of nearly nothing
        ("raw", 0.1, 0.4, False),
    ],
)
def test_values_around_zero_on_the_log2_scale_are_ratios(scale, median, negative, expected):
    quality = {"scale": scale, "negative_share": negative}
    quality["intensity_per_sample"] = {f"s{i}": {"median": median + i / 100} for i in range(3)}
    assert are_ratios(quality) is expected
