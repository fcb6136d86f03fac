"""Curves are R's to the last digits, on uneven, tied and few points: tests/golden/make_limma.R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.statistics.lowess import lowess, lowess_knots, weighted_lowess

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def curves(version: str) -> dict[str, pd.DataFrame]:
    return dict(iter(pd.read_csv(GOLDEN / version / "curves.csv.gz").groupby("case")))


@pytest.mark.parametrize(("name", "points"), curves("limma_3.54").items())
def test_lowess_is_that_of_r(name, points):
    found = lowess(points["x"].to_numpy(), points["y"].to_numpy(), points["span"].iloc[0])
    # Files have 15 digits. A curve through values near zero has an error of its largest value.
    np.testing.assert_allclose(found, points["fitted"], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("name", "points"), curves("limma_3.54").items())
def test_between_the_knots_lowess_is_a_line(name, points):
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    curve, knots = lowess(x, y, points["span"].iloc[0]), lowess_knots(x)
    np.testing.assert_allclose(np.interp(x, x[knots], curve[knots]), curve, rtol=1e-12, atol=1e-12)
    assert len(knots) < 110


@pytest.mark.parametrize(("name", "points"), curves("limma_3.63").items())
def test_weighted_lowess_is_that_of_limma(name, points):
    x, y, weights = (points[column].to_numpy() for column in ("x", "y", "weight"))
    found = weighted_lowess(x, y, weights, points["span"].iloc[0])
    np.testing.assert_allclose(found, points["fitted"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("smooth", [lowess, lambda x, y, s: weighted_lowess(x, y, 1 + x**2, s)])
def test_a_line_is_its_own_curve_in_any_order(smooth):
    x = np.random.default_rng(0).permutation(np.r_[np.linspace(0, 1, 300), 0.5, 0.5])
    np.testing.assert_allclose(smooth(x, 3 - 2 * x, 0.3), 3 - 2 * x, atol=1e-12)


def test_an_outlier_does_not_bend_the_curve():
    x = np.linspace(0, 1, 60)
    y = 2 * x + np.random.default_rng(1).normal(0, 0.01, 60)
    spoilt = y.copy()
    spoilt[30] += 1
    np.testing.assert_allclose(lowess(x, spoilt, 0.4), lowess(x, y, 0.4), atol=0.01)
    not_robust = weighted_lowess(x, spoilt, np.ones(60), 0.4)
    assert np.abs(not_robust - 2 * x).max() > 0.04


def test_a_weight_of_three_is_three_points():
    """Cleveland's window by counting: here the widest is the whole, so that windows are equal."""
    rng = np.random.default_rng(2)
    x, y, weights = rng.uniform(0, 1, 40), rng.normal(size=40), rng.integers(1, 4, 40)
    repeated = weighted_lowess(x.repeat(weights), y.repeat(weights), np.ones(weights.sum()), 1.0)
    once = weighted_lowess(x, y, weights.astype(float), 1.0)
    np.testing.assert_allclose(repeated, once.repeat(weights), rtol=1e-9)
