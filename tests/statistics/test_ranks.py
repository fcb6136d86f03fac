"""Ranks are SciPy's, exactly: half ranks have no rounding."""

import numpy as np
import pytest
from scipy.stats import rankdata

from leukemia_kedro.statistics.ranks import mean_ranks

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(1, 1), (40, 7), (5, 300), (3, 0)])
@pytest.mark.parametrize("digits", [0, 8])
@pytest.mark.parametrize("missing", [0, 0.3])
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_ranks_are_those_of_scipy_with_ties_and_missing_values(shape, digits, missing, dtype):
    values = RNG.normal(0, 2, shape).round(digits).astype(dtype)
    values[RNG.random(shape) < missing] = np.nan
    theirs = rankdata(values, axis=1, nan_policy="omit") if values.size else values
    np.testing.assert_array_equal(mean_ranks(values), theirs)
    # A table turned round is ranked by its own rows.
    turned = np.asfortranarray(values)
    np.testing.assert_array_equal(mean_ranks(turned), theirs)


def test_ties_have_the_mean_of_their_ranks_and_zeros_have_no_sign():
    assert mean_ranks(np.array([[0.0, -0.0, 3.0, -1.0]])).tolist() == [[2.5, 2.5, 4.0, 1.0]]
