"""Samples placed in two dimensions."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.estimators import projections
from leukemia_kedro.estimators.projections import project_samples

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
    assert sizes.to_dict() == {"PCA": 30, "t-SNE": 30, "UMAP": 30}
    for _, points in table.groupby("method"):
        pd.testing.assert_frame_equal(points.set_index("sample")[["label", "split"]], split)
    assert 1 > variance[0] > variance[1] > 0


@pytest.mark.parametrize("method", ["PCA", "t-SNE", "UMAP"])
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
    assert one == other
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
    assert sizes["t-SNE"] == sizes["UMAP"] <= 24
    drawn = {method: set(points["sample"]) for method, points in table.groupby("method")}
    assert drawn["t-SNE"] == drawn["UMAP"]
