"""Samples by the fold changes between them: limma's plotMDS, and closed forms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from leukemia_kedro.statistics.multidimensional_scaling import leading_fold_changes, scale_samples

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"


def read(name):
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", index_col=0)


@pytest.mark.parametrize(
    ("case", "table", "top"),
    [("top_30", "y", 30), ("every_probe", "y", 500), ("missing", "gaps", 30)],
)
def test_places_and_shares_are_those_of_plot_mds(case, table, top):
    limma = read("designs.mds").loc[case]
    # limma leaves out probes with a missing value.
    places, shares = scale_samples(read(f"simulated.{table}").dropna().to_numpy(), top)
    expected = limma[["x", "y"]].to_numpy()
    signs = np.sign((places * expected).sum(axis=0))
    assert_allclose(places * signs, expected, rtol=1e-8)
    assert_allclose(shares, limma[["share_x", "share_y"]].to_numpy()[0], rtol=1e-8)


def test_a_pair_is_as_far_apart_as_its_own_leading_genes():
    expression = np.array([[0.0, 3, 0], [0, 4, 0], [0, 0, 1], [0, 0, 2]])
    distances = leading_fold_changes(expression, top=2)
    # The first two samples differ in the first two genes, the outer ones in the last two.
    expected = np.sqrt([(9 + 16) / 2, (1 + 4) / 2, (16 + 9) / 2])
    assert_allclose(distances[[0, 0, 1], [1, 2, 2]], expected)
    assert_allclose(distances, distances.T)
    assert (np.diag(distances) == 0).all()


def test_blocks_of_samples_change_nothing(monkeypatch):
    expression = np.random.default_rng(1).normal(size=(30, 9))
    whole = leading_fold_changes(expression, 7)
    slow = [
        [np.sqrt(np.mean(sorted((a - b) ** 2)[-7:])) for b in expression.T] for a in expression.T
    ]
    assert_allclose(whole, slow)
    module = "leukemia_kedro.statistics.multidimensional_scaling"
    monkeypatch.setattr(f"{module}._BLOCK_BYTES", 2 * 8 * 30)
    assert_allclose(leading_fold_changes(expression, 7), whole, rtol=1e-14)


def test_with_every_gene_distances_in_a_plane_are_kept():
    """Samples in a plane are placed as they lie: a triangle with sides 3, 4 and 5, over 4 genes."""
    corners = np.array([[0.0, 3, 0], [0, 0, 4], [0, 0, 0], [0, 0, 0]])
    places, shares = scale_samples(corners)
    between = np.linalg.norm(places[:, None] - places, axis=2)
    sides = np.array([[0, 3, 4], [3, 0, 5], [4, 5, 0]]) / np.sqrt(4)  # root mean over 4 genes
    assert_allclose(between, sides, atol=1e-12)
    assert_allclose(shares.sum(), 1)
    assert (places.max(axis=0) >= -places.min(axis=0)).all()
