"""Samples placed in two dimensions."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.estimators import projections
from leukemia_kedro.estimators.projections import most_scaled, project_samples

# A part of UMAP that is not used warns; Python hides this warning by default.
pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")


def two_groups(n):
    """Samples of two classes that ten of forty probes tell apart, every third a test sample."""
    rng = np.random.default_rng(0)
    samples = pd.Index([f"s{i}" for i in range(n)], name="sample")
    split = pd.DataFrame(
        {"label": np.resize(["ALL", "AML"], n), "split": np.resize(["train", "train", "test"], n)},
        index=samples,
    )
    values = rng.normal(size=(40, n))
    values[:10] += 6 * (split["label"] == "AML").to_numpy()
    return pd.DataFrame(values, columns=samples), split


@pytest.fixture(scope="module")
def placed():
    return project_samples(*two_groups(30), seed=1)


def test_every_method_places_every_sample_with_its_own_class(placed):
    table, variance = placed
    _, split = two_groups(30)
    sizes = table.groupby("method", sort=False).size()
    assert sizes.to_dict() == {"PCA": 30, "t-SNE": 30, "UMAP": 30, "MDS": 30}
    for _, points in table.groupby("method"):
        pd.testing.assert_frame_equal(points.set_index("sample")[["label", "split"]], split)
    assert set(variance) == {"PCA", "MDS"}
    for first, second in variance.values():
        assert 1 > first > second > 0


@pytest.mark.parametrize("method", ["PCA", "t-SNE", "UMAP", "MDS"])
def test_neighbours_are_of_one_class_where_the_classes_differ(placed, method):
    table, _ = placed
    points = table[table["method"] == method]
    place = points[["x", "y"]].to_numpy()
    distance = np.linalg.norm(place[:, None] - place, axis=2) + np.diag(np.full(30, np.inf))
    labels = points["label"].to_numpy()
    assert (labels == labels[distance.argmin(axis=1)]).all()


def test_the_axes_are_those_of_the_training_samples():
    expression, split = two_groups(30)
    moved = expression.copy()
    test = split.index[split["split"] == "test"]
    moved[test] += 100.0
    (before, one), (after, other) = (
        project_samples(table, split, seed=1) for table in (expression, moved)
    )
    assert one["PCA"] == other["PCA"]
    pca, moved_pca = (t[t["method"] == "PCA"].set_index("sample") for t in (before, after))
    train = split.index[split["split"] == "train"]
    pd.testing.assert_frame_equal(pca.loc[train], moved_pca.loc[train])
    assert not np.allclose(pca.loc[test, "x"], moved_pca.loc[test, "x"])


def test_the_same_seed_gives_the_same_places(placed):
    again, _ = project_samples(*two_groups(30), seed=1)
    pd.testing.assert_frame_equal(placed[0], again, check_exact=True)


def test_of_a_large_cohort_neighbours_are_sought_for_some_and_the_axes_for_all(monkeypatch):
    monkeypatch.setattr(projections, "MOST_EMBEDDED", 24)
    table, _ = project_samples(*two_groups(60), seed=1)
    sizes = table.groupby("method").size()
    assert sizes["PCA"] == 60
    assert sizes["t-SNE"] == sizes["UMAP"] == sizes["MDS"] <= 24
    drawn = {method: set(points["sample"]) for method, points in table.groupby("method")}
    assert drawn["t-SNE"] == drawn["UMAP"]


def test_mds_places_fewer_samples_the_more_probes_there_are():
    assert most_scaled(n_probes=20_000) == 500
    assert most_scaled(n_probes=5_000) == 1000
    assert most_scaled(n_probes=100) == 2000


def test_where_mds_places_few_samples_every_class_and_split_is_among_them(monkeypatch):
    monkeypatch.setattr(projections, "MOST_DIFFERENCES", 40 * 20**2 // 2)
    table, _ = project_samples(*two_groups(60), seed=1)
    placed = table[table["method"] == "MDS"]
    assert len(placed) <= 20
    assert len(placed[["label", "split"]].drop_duplicates()) == 4
    assert (table["method"] == "t-SNE").sum() == 60


def test_the_distance_in_mds_is_in_log2_fold_changes():
    """Two classes that differ by 6 in ten of forty probes: the root of 36 · 10 / 40 is 3."""
    expression, split = two_groups(30)
    quiet = expression * 0.001
    quiet.iloc[:10] += 6 * (split["label"] == "AML").to_numpy()
    table, variance = project_samples(quiet, split, seed=1)
    placed = table[table["method"] == "MDS"].set_index("sample")
    means = placed.groupby(split["label"])["x"].mean()
    assert abs(means["AML"] - means["ALL"]) == pytest.approx(3, abs=0.01)
    assert variance["MDS"][0] > 0.99
