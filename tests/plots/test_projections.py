import numpy as np

from leukemia_kedro.plots.projections import projection, projection_interactive

SHARES = {"PCA": [0.153, 0.092], "MDS": [0.41, 0.126]}


def test_points_are_the_samples_of_each_class_and_split(two):
    [ax] = projection(two.projected, "UMAP", two.classes, SHARES).figure.axes
    drawn = np.vstack([points.get_offsets() for points in ax.collections])
    expected = two.projected.query("method == 'UMAP'")[["x", "y"]].to_numpy()
    np.testing.assert_array_equal(np.unique(drawn, axis=0), np.unique(expected, axis=0))
    assert len(ax.collections) == 4


def test_only_the_axes_of_a_pca_explain_variance(two):
    pca, umap = (projection(two.projected, m, two.classes, SHARES).alt for m in ("PCA", "UMAP"))
    assert pca.endswith("axes: PC 1 (15.3% of the variance), PC 2 (9.2% of the variance).")
    assert umap.endswith("axes: UMAP 1 (arbitrary units), UMAP 2 (arbitrary units).")


def test_distances_in_mds_are_fold_changes_and_its_axes_named_as_limma_names_them(two):
    rows = two.projected.query("method == 'PCA'").assign(method="MDS")
    drawn = projection(rows, "MDS", two.classes, SHARES)
    assert drawn.alt.endswith("axes: Leading logFC dim 1 (41%), Leading logFC dim 2 (13%).")
    assert "500 largest log2 fold changes" in drawn.caption


def test_hover_names_the_sample_at_the_same_place(two):
    still = projection(two.projected, "PCA", two.classes, SHARES).figure.axes[0]
    moving = projection_interactive(two.projected, "PCA", two.classes, SHARES)
    assert moving.layout.xaxis.title.text == still.get_xlabel()
    rows = two.projected.query("method == 'PCA'").set_index("sample")
    for points, trace in zip(still.collections, moving.data, strict=True):
        np.testing.assert_allclose(points.get_offsets()[:, 0], trace.x, atol=0.0005)
        np.testing.assert_allclose(rows.loc[list(trace.text), "x"], trace.x, atol=0.0005)


def test_a_class_without_test_samples_has_no_test_points(five):
    drawn = projection_interactive(five.projected, "UMAP", five.classes, {})
    names = [trace.name for trace in drawn.data]
    assert "PB, train (n = 8)" in names
    assert not any(name.startswith("PB, test") for name in names)


def test_shape_tells_classes_apart_where_colours_do_not_and_test_samples_are_open(two):
    drawn = projection(two.projected, "PCA", two.classes, SHARES)
    moving = projection_interactive(two.projected, "PCA", two.classes, SHARES)
    symbols = [trace.marker.symbol for trace in moving.data]
    assert symbols == ["circle", "circle-open", "square", "square-open"]
    filled = [bool(len(points.get_facecolors())) for points in drawn.figure.axes[0].collections]
    assert filled == [True, False, True, False]
    assert "colour and shape: class; test samples are open" in drawn.caption
    [legend] = drawn.figure.legends
    handles = {
        text.get_text().split(" ")[0]: h
        for text, h in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    assert [handles[split].get_markerfacecolor() for split in ("train", "test")] == [
        "#4D4D4D",
        "none",
    ]


def test_without_a_test_set_shape_stands_for_the_class(untested):
    drawn = projection(untested.projected, "PCA", untested.classes, SHARES)
    assert "colour and shape: class" in drawn.caption
    [legend] = drawn.figure.legends
    assert len({handle.get_marker() for handle in legend.legend_handles}) == 5
    moving = projection_interactive(untested.projected, "PCA", untested.classes, SHARES)
    assert len({trace.marker.symbol for trace in moving.data}) == 5
    assert not any("train" in trace.name for trace in moving.data)


def test_a_large_cohort_is_thinned_alike_in_print_and_on_the_screen(large):
    placed = large.projected.head(2100 + 1500)  # PCA comes first
    pca, umap = (projection(placed, m, large.classes, SHARES) for m in ("PCA", "UMAP"))
    n_drawn = sum(len(group.get_offsets()) for group in pca.figure.axes[0].collections)
    assert 1996 < n_drawn <= 2000
    assert f"PCA of {n_drawn:,} of 2,100 samples (evenly drawn" in pca.caption
    assert "UMAP of 1,500 of 2,100 samples (evenly drawn" in umap.caption
    moving = projection_interactive(placed, "PCA", large.classes, SHARES)
    assert sum(len(trace.x) for trace in moving.data) == n_drawn
