from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.text import Text

from leukemia_kedro.plots.captions import gene_name, plain
from leukemia_kedro.plots.expression import (
    LIMIT,
    gene_strips,
    signature_heat_map,
    signature_heat_map_in_brief,
    top_genes_heat_map,
)


def heat_map(study, genes):
    return signature_heat_map(study.log_expression, study.sample_split, genes, study.classes)


def strips(study):
    tables = (study.log_expression, study.sample_split, study.contrast, study.classes)
    return gene_strips(*tables, {"n_samples": len(study.sample_split)})


def z_scores(study, probe):
    values = study.log_expression.loc[probe]
    return ((values - values.mean()) / values.std(ddof=0)).to_numpy()


def cells(drawn):
    """The heat map's z-scores and its row names, from top to bottom."""
    heat = drawn.figure.axes[0]
    return heat.images[0].get_array(), [text.get_text() for text in heat.get_yticklabels()]


def row_names(genes):
    return [plain(gene_name(*gene)) for gene in genes[["probe", "description"]].to_numpy()]


def test_cells_are_the_z_scores_of_the_named_rows(two):
    signature = two.contrast.table.head(20)
    scores, names = cells(heat_map(two, signature))
    assert scores.shape == (20, 72)
    np.testing.assert_allclose(scores.mean(axis=1), 0, atol=1e-12)  # rounding of 72 terms
    np.testing.assert_allclose(scores.std(axis=1), 1)
    for probe, name in zip(signature["probe"], row_names(signature), strict=True):
        row = np.sort(scores[names.index(name)])
        np.testing.assert_allclose(row, np.sort(z_scores(two, probe)))


def lanes(ax):
    """Where each lane has its marks, by the name of the lane."""
    names = [text.get_text() for text in ax.get_yticklabels()]
    marks = ~np.isnan(np.ma.filled(ax.images[0].get_array().astype(float), np.nan))
    return dict(zip(names, marks, strict=True))


def test_each_class_and_split_has_a_lane_with_the_marks_of_its_own_columns(two):
    """Samples are ordered by clustering; colour is not needed to tell the lanes apart."""
    signature = two.contrast.table.head(20)
    drawn = heat_map(two, signature)
    scores, names = cells(drawn)
    classes, splits = (lanes(ax) for ax in drawn.figure.axes[3:5])
    row = scores[names.index(row_names(signature)[0])]
    columns = z_scores(two, signature["probe"].iloc[0])
    order = [int(np.argmin(abs(columns - score))) for score in row]
    samples = two.sample_split.iloc[order]
    assert (list(classes), list(splits)) == (list(two.classes), ["train", "test"])
    for shown, values in ((classes, samples["label"]), (splits, samples["split"])):
        for name, marks in shown.items():
            assert marks.tolist() == (values == name).tolist()


def test_constant_missing_and_single_rows_are_drawn(two):
    log_expression = two.log_expression.copy()
    genes = two.contrast.table.head(3)
    log_expression.loc[genes["probe"].iloc[0]] = 7.0
    log_expression.iloc[log_expression.index.get_loc(genes["probe"].iloc[1]), 4] = np.nan
    study = replace(two, log_expression=log_expression)
    scores, _ = cells(heat_map(study, genes))
    assert (scores == 0).all(axis=1).any()
    assert np.ma.masked_invalid(scores).mask.sum() == 1
    one, _ = cells(heat_map(study, genes.tail(1)))
    assert one.shape == (1, 72)


def test_a_large_cohort_is_thinned_in_proportion_and_says_so(large):
    drawn = heat_map(large, large.contrast.table)
    n_genes, n_samples = cells(drawn)[0].shape
    assert n_genes == 20
    assert 296 < n_samples <= 300
    assert f"{n_samples} of 2,100 samples (evenly drawn from each class and split)" in drawn.caption
    test = lanes(drawn.figure.axes[4])["test"]
    assert np.mean(test) == pytest.approx(1 / 3, abs=0.01)  # a third of 300, give or take one


def test_the_words_fit_genes_that_are_no_signature(two):
    drawn = heat_map(two, two.contrast.table.head(20))
    assert "signature" not in f"{drawn.title} {drawn.caption} {drawn.alt}".lower()


def test_a_long_signature_is_cut_and_says_so(two):
    drawn = heat_map(two, two.contrast.table)
    assert len(cells(drawn)[1]) == 60
    assert "Of 120, the first 60 probes" in drawn.caption
    assert f"±{LIMIT}" in drawn.caption


def test_the_heat_map_in_brief_is_one_column_wide_with_letters_of_six_points(two):
    """Beside a table on paper, the whole heat map would be shrunk to half its size."""
    genes = two.contrast.table.head(50)
    drawn = signature_heat_map_in_brief(two.log_expression, two.sample_split, genes, two.classes)
    scores, names = cells(drawn)
    assert scores.shape == (25, 72)
    assert sorted(names) == sorted(
        plain(gene_name(*gene, 24)) for gene in genes[["probe", "description"]].to_numpy()[:25]
    )
    assert "Of 50, the first 25 probes" in drawn.caption
    assert drawn.figure.get_figwidth() * 25.4 == pytest.approx(85)
    letters = [text.get_fontsize() for text in drawn.figure.findobj(Text) if text.get_text()]
    assert min(letters) >= 6


def test_top_genes_are_those_with_the_smallest_p_values(two):
    tables = (two.log_expression, two.sample_split, two.contrast, two.classes)
    drawn = top_genes_heat_map(*tables, {"n_samples": len(two.sample_split)})
    assert sorted(cells(drawn)[1]) == sorted(row_names(two.contrast.table.head(40)))


def points_and_medians(ax):
    """Heights of the points of a panel of strips, and of the bar of each class."""
    points = [c.get_offsets()[:, 1] for c in ax.collections if isinstance(c, PathCollection)]
    [bars] = [c.get_segments() for c in ax.collections if isinstance(c, LineCollection)]
    return np.sort(np.concatenate(points)), [bar[0][1] for bar in bars]


def medians_of(study, probe):
    medians = study.log_expression.loc[probe].groupby(study.sample_split["label"]).median()
    return medians[list(study.classes)]


def test_strips_hold_every_sample_and_the_median_of_each_class(five):
    drawn = strips(five)
    panels = drawn.figure.axes
    assert len(panels) == 12
    for ax, probe in zip(panels, five.contrast.table["probe"], strict=False):
        points, medians = points_and_medians(ax)
        np.testing.assert_allclose(points, np.sort(five.log_expression.loc[probe]))
        np.testing.assert_allclose(medians, medians_of(five, probe))
    assert [text.get_text() for text in panels[-1].get_xticklabels()] == list(five.classes)


def test_strips_of_a_large_cohort_are_thinned_and_the_medians_are_those_of_all(large):
    drawn = strips(large)
    points, medians = points_and_medians(drawn.figure.axes[0])
    assert 996 < len(points) <= 1000
    assert f"{len(points):,} of 2,100 samples (evenly drawn" in drawn.caption
    np.testing.assert_allclose(medians, medians_of(large, large.contrast.table["probe"].iloc[0]))


def test_fewer_than_twelve_genes_leave_no_empty_panel(two, assert_legible):
    few = replace(two, contrasts={"AML-ALL": two.contrast.table.head(5)})
    drawn = strips(few)
    visible = [ax for ax in drawn.figure.axes if ax.get_visible()]
    assert len(visible) == 5
    assert sum(bool(ax.get_xlabel()) for ax in visible) == 4  # the lowest panel of each column
    assert_legible(drawn.figure)


def test_values_belong_to_samples_not_to_positions(two):
    """A label that slid off its sample would move points between classes."""
    shuffled = two.log_expression.sample(frac=1, axis=1, random_state=0)
    one, other = (
        strips(study).figure.axes[0] for study in (two, replace(two, log_expression=shuffled))
    )
    for a, b in zip(one.collections, other.collections, strict=True):
        assert pd.DataFrame(a.get_offsets()).equals(pd.DataFrame(b.get_offsets()))


def test_captions_tell_samples_shown_from_those_that_genes_were_chosen_on(two, gallery_of):
    for name in ("signature_heat_map", "top_genes_heat_map", "gene_strips"):
        n, n_train = len(two.sample_split), (two.sample_split["split"] == "train").sum()
        caption = gallery_of(two)[name]().caption
        assert f"chosen on {n_train} of the {n} samples; the other {n - n_train} had no" in caption
