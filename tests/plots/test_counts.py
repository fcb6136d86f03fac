"""Pictures of counts: voom's trend, library sizes, TMM factors, weights of samples."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from leukemia_kedro.cohort.terms import OF_COUNTS
from leukemia_kedro.plots import counts
from leukemia_kedro.plots.differential_expression import (
    mean_difference_interactive,
    volcano_interactive,
)
from leukemia_kedro.plots.inputs import Contrast

CLASSES = ["ALL", "AML"]


def trend_of(n_genes):
    rng = np.random.default_rng(1)
    x = rng.gamma(3, 2, n_genes)
    table = pd.DataFrame(
        {"mean_log_count": x, "sqrt_sd": 1 / (1 + x) + rng.gamma(4, 0.05, n_genes)}
    )
    return table.assign(fitted=1 / (1 + x) + 0.2)


def weights_of(n, seed=0):
    names = pd.Index([f"s{i}" for i in range(n)], name="sample")
    split = pd.DataFrame({"label": np.resize(CLASSES, n), "split": "train"}, names)
    rng = np.random.default_rng(seed)
    sizes = {"library_size": rng.uniform(1e6, 1e7, n), "tmm_factor": rng.lognormal(0, 0.1, n)}
    return pd.DataFrame({**sizes, "weight": 1.0}, names), split


def points(figure):
    [ax] = figure.axes
    drawn = [each for each in ax.collections if isinstance(each, PathCollection)]
    return np.vstack([np.asarray(each.get_offsets()) for each in drawn])


def test_the_line_is_the_fitted_trend_from_low_to_high_counts():
    trend = trend_of(50)
    drawn = counts.mean_variance_trend(trend)
    [ax] = drawn.figure.axes
    x, y = ax.lines[0].get_data()
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(y, 1 / (1 + x) + 0.2)
    assert len(points(drawn.figure)) == 50
    assert ax.get_xlabel() == "log2(count size + 0.5)"
    assert ax.get_ylabel() == "square root of the standard deviation"


def test_of_many_genes_some_are_drawn_and_all_that_lie_outside_among_them():
    trend = trend_of(20_000)
    drawn = counts.mean_variance_trend(trend)
    shown = points(drawn.figure)
    assert len(shown) < 8000
    assert f"20,000 genes ({len(shown):,} are drawn" in drawn.caption
    columns = ["mean_log_count", "sqrt_sd"]
    np.testing.assert_array_equal(shown.min(axis=0), trend[columns].min())
    np.testing.assert_array_equal(shown.max(axis=0), trend[columns].max())
    # Every spot that has a gene has one in the picture: none is farther than a cell's diagonal.
    scaled = (trend[columns] - trend[columns].min()) / np.ptp(trend[columns], axis=0)
    kept = (shown - shown.min(axis=0)) / np.ptp(shown, axis=0)
    for gene in scaled.to_numpy()[::100]:
        assert np.abs(kept - gene).max(axis=1).min() <= 1.01 / counts.CELLS


@pytest.mark.parametrize("n", [3, 60, 500])
def test_each_library_is_a_point_in_million_reads(n, assert_legible):
    weights, split = weights_of(n)
    drawn = counts.library_sizes(weights, split, CLASSES)
    assert sorted(points(drawn.figure)[:, 1]) == sorted(weights["library_size"] / 1e6)
    assert_legible(drawn.figure)
    fold = weights["library_size"].max() / weights["library_size"].min()
    assert f"{fold:.1f} times" in drawn.caption
    assert f"({weights['library_size'].idxmin()})" in drawn.alt


def test_samples_stand_by_class_and_rise_within_it():
    weights, split = weights_of(60)
    at, factor = points(counts.tmm_factors(weights, split, CLASSES).figure).T
    assert list(at) == list(range(60))
    assert (np.diff(factor[:30]) > 0).all()
    assert (np.diff(factor[30:]) > 0).all()
    first = weights["tmm_factor"][split["label"] == "ALL"]
    np.testing.assert_array_equal(factor[:30], sorted(first))


def test_of_very_many_samples_the_extremes_are_drawn():
    weights, split = weights_of(3000)
    drawn = counts.tmm_factors(weights, split, CLASSES)
    factor = points(drawn.figure)[:, 1]
    assert len(factor) <= counts.MOST_SAMPLES
    assert (factor.min(), factor.max()) == (
        weights["tmm_factor"].min(),
        weights["tmm_factor"].max(),
    )
    assert "of 3,000 samples" in drawn.caption


def test_weights_are_shown_where_samples_differ_in_them():
    weights, split = weights_of(60)
    assert counts.weight_per_sample(weights, split, CLASSES) is None
    weights["weight"] = np.linspace(0.2, 2, 60)
    drawn = counts.weight_per_sample(weights, split, CLASSES)
    assert sorted(points(drawn.figure)[:, 1]) == list(weights["weight"])


def test_without_counts_there_are_no_pictures_of_them():
    nothing, split = weights_of(60)
    assert counts.mean_variance_trend(trend_of(0)) is None
    for weights in (nothing.iloc[:0], nothing.assign(library_size=np.nan, tmm_factor=np.nan)):
        assert counts.library_sizes(weights, split, CLASSES) is None
        assert counts.tmm_factors(weights, split, CLASSES) is None
        assert counts.weight_per_sample(weights, split, CLASSES) is None


@pytest.fixture(scope="module", params=["two", "five"])
def of_counts(request, gallery_of):
    """All figures of a cohort of counts, and those of the same cohort as intensities."""
    study = request.getfixturevalue(request.param)
    others = ("threshold_path", "study_matrix")
    counted, raw = (
        [draw() for name, draw in gallery_of(study, scale).items() if name not in others]
        for scale in ("counts", "raw")
    )
    return counted, raw


def words_of(drawn):
    of_figure = [text.get_text() for text in drawn.figure.findobj(Text)]
    return " ".join([drawn.title, drawn.caption, drawn.alt, *of_figure])


def test_figures_of_counts_speak_of_genes_and_counts(of_counts):
    counted, raw = of_counts
    of_arrays = re.compile("probe|intensit|array", re.IGNORECASE)
    assert [drawn.name for drawn in counted if of_arrays.search(words_of(drawn))] == []
    # The words are in the same figures of arrays: the search finds what it should.
    assert sum(of_arrays.search(words_of(drawn)) is not None for drawn in raw) >= 9


@pytest.mark.parametrize("draw", [volcano_interactive, mean_difference_interactive])
def test_on_a_screen_they_do_too(draw, two):
    table = pd.concat([two.contrast.table] * 30).reset_index(drop=True)
    of_counts = draw(Contrast("AML-ALL", table, 0.05), OF_COUNTS)
    said = of_counts.layout.to_plotly_json() | {"names": [each.name for each in of_counts.data]}
    words = str(said).replace("'points': 'probe'", "")
    assert "genes are shown" in words
    assert re.search("probe|intensit|array", words, re.IGNORECASE) is None
