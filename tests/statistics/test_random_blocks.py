"""Correlation within blocks: limma's duplicateCorrelation, a slow likelihood, and known truth.

The golden tables are of make_limma_designs.R. limma stops statmod's iteration at a tolerance of
1e-6 on the deviance, which leaves about 1e-4 on the correlation of a gene; the script takes statmod
to a tolerance of 1e-12 as well.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.random_blocks import block_correlation, consensus_correlation

STALLS = 0.88  # beyond, statmod stops before the maximum, whatever its tolerance
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"
UNEQUAL = np.repeat(np.arange(1, 14), [1, 2, 3, 4, 2, 1, 2, 1, 3, 1, 2, 1, 1])
PAIRS = np.repeat(np.arange(1, 13), 2)


def read(name):
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", index_col=0)


@pytest.fixture(scope="module")
def golden():
    return read("designs.correlation")


def shifted(expression, blocks):
    """As in the script: a block shifts each probe by an amount of its own."""
    probe = np.arange(1, len(expression) + 1)[:, None]
    shift = 0.9 * (probe % 3) * np.sin(1.7 * probe + 2.3 * blocks)
    return (expression + shift).round(4)


PROBE, POSITION = np.mgrid[1:201, 1:25]
GENE_WEIGHTS = 0.5 + ((7 * PROBE + 3 * POSITION) % 11) / 10
ARRAY_WEIGHTS = 0.5 + (5 * np.arange(1, 25) % 7) / 5
CASES = {
    "unequal": ("y", UNEQUAL, "~ 0 + label", None),
    "pairs": ("y", PAIRS, "~ 0 + label", None),
    "covariates": ("y", UNEQUAL, "~ label + batch + age", None),
    "missing": ("gaps", UNEQUAL, "~ 0 + label", None),
    "missing_pairs": ("gaps", PAIRS, "~ label + batch", None),
    "weights": ("y", UNEQUAL, "~ 0 + label", GENE_WEIGHTS),
    "array_weights": ("y", PAIRS, "~ 0 + label", ARRAY_WEIGHTS),
    "missing_weights": ("gaps", UNEQUAL, "~ 0 + label", GENE_WEIGHTS),
}


@pytest.mark.parametrize("case", CASES)
def test_correlations_are_those_of_limma(golden, case):
    data, blocks, formula, weights = CASES[case]
    samples = read("simulated.samples")
    design = design_matrix(formula, samples, ["ALL", "AML", "MLL"]).matrix
    y = shifted(read(f"simulated.{data}"), blocks)
    found = consensus_correlation(y, design, blocks, weights)
    expected = golden.loc[case].set_index("probe")
    genes = pd.Series(found.atanh_correlations, y.index)[expected.index]
    np.testing.assert_array_equal(genes.isna(), expected["atanh.limma"].isna())
    converged = np.tanh(expected["atanh.converged"])
    off = (np.tanh(genes) - converged).abs()
    assert off[converged < STALLS].max() < 1e-5
    assert off.quantile(0.8) < 1e-6
    assert off.max() < 0.01
    # under covariates, more genes stall than the mean trims
    tolerance = 5e-4 if case == "covariates" else 1e-6
    assert found.correlation == pytest.approx(expected["converged"].iloc[0], rel=tolerance)
    assert found.correlation == pytest.approx(expected["limma"].iloc[0], rel=1e-3)
    of_limma = (np.tanh(genes) - np.tanh(expected["atanh.limma"])).abs()
    assert of_limma.median() < 1e-4


def slow_deviance(rho, y, x, blocks):
    """−2 log REML likelihood, from its definition, of y with the correlation rho in blocks."""
    v = block_correlation(blocks, rho)
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    projection = inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse)
    log_determinants = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    n, p = x.shape
    return (n - p) * np.log(y @ projection @ y) + log_determinants


def test_each_correlation_is_the_maximum_of_the_likelihood_of_its_own_values():
    rng = np.random.default_rng(1)
    blocks = np.repeat(np.arange(20), [1, 2, 3, 4] * 5)
    x = np.column_stack([np.ones(50), rng.integers(2, size=50), rng.normal(size=50)])
    between = np.sqrt(rng.uniform(0.2, 2, (30, 1)))
    y = rng.normal(size=(30, 50)) + (between * rng.normal(size=(30, 20)))[:, blocks]
    y[rng.random(y.shape) < 0.1] = np.nan
    weights = rng.uniform(0.5, 2, y.shape)
    found = np.tanh(consensus_correlation(y, x, blocks, weights).atanh_correlations)
    for gene, row in enumerate(y):
        seen = ~np.isnan(row)
        root = np.sqrt(weights[gene, seen])
        values = root * row[seen], root[:, None] * x[seen], blocks[seen]
        slow = optimize.minimize_scalar(
            slow_deviance, bounds=(-0.3, 0.99), args=values, options={"xatol": 1e-9}
        )
        # a minimum found by values alone is known to the root of the precision of a double
        assert found[gene] == pytest.approx(slow.x, abs=1e-6)


def test_a_balanced_block_design_has_the_textbook_estimate():
    """Of pairs without covariates, REML is analysis of variance: (MSB − MSW) / (MSB + MSW)."""
    y = np.random.default_rng(2).normal(size=(8, 40)) + np.repeat(
        np.random.default_rng(3).normal(size=(8, 20)), 2, axis=1
    )
    found = consensus_correlation(y, np.ones((40, 1)), np.repeat(np.arange(20), 2))
    first, second = y[:, 0::2], y[:, 1::2]
    within = np.square(first - second).sum(axis=1) / 2 / 20
    between = 2 * np.var((first + second) / 2, axis=1, ddof=1)
    expected = (between - within) / (between + within)
    np.testing.assert_allclose(np.tanh(found.atanh_correlations), expected, rtol=1e-10)


@pytest.mark.parametrize("truth", [0.0, 0.3, 0.7])
def test_the_consensus_is_the_correlation_that_was_drawn(truth):
    """2000 genes, 15 pairs and 10 single samples; z of one gene scatters by about 1/sqrt(15)."""
    rng = np.random.default_rng(5)
    blocks = np.repeat(np.arange(25), [2] * 15 + [1] * 10)
    own, shared = rng.normal(size=(2000, 40)), rng.normal(size=(2000, 25))[:, blocks]
    y = 7 + np.sqrt(1 - truth) * own + np.sqrt(truth) * shared
    design = np.column_stack([np.ones(40), rng.permutation(40) < 20])
    found = consensus_correlation(y, design, blocks).correlation
    # standard error of the mean z 0.006; its bias, below 1/(2 × 15), is towards 0
    assert found == pytest.approx(truth, abs=0.04)


def test_genes_that_tell_nothing_have_no_correlation():
    blocks = np.array([1, 1, 2, 2, 3, 3, 4, 4])
    y = np.random.default_rng(0).normal(size=(4, 8))
    y[0] = 5.0  # no variance
    y[1, 4:] = np.nan  # four values for one coefficient, in two blocks
    y[2, [1, 3, 5]] = np.nan  # one pair only
    y[3] = np.nan
    found = consensus_correlation(y, np.ones((8, 1)), blocks).atanh_correlations
    assert np.isnan(found).tolist() == [True, False, True, True]
    nothing = consensus_correlation(y[[0, 3]], np.ones((8, 1)), blocks)
    assert np.isnan(nothing.correlation)


def test_a_weight_of_zero_leaves_the_value_out():
    rng = np.random.default_rng(4)
    y, blocks = rng.normal(size=(5, 12)), np.repeat(np.arange(6), 2)
    weights = np.ones(y.shape)
    weights[2, 3] = 0
    missing = y.copy()
    missing[2, 3] = np.nan
    weighted, holed = (
        consensus_correlation(values, np.ones((12, 1)), blocks, w).atanh_correlations
        for values, w in ((y, weights), (missing, None))
    )
    np.testing.assert_allclose(weighted, holed, rtol=1e-12)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [(["a", "b", "c", "d"], "no block has two samples"), (["a", "a", None, "b"], "has no block")],
)
def test_blocks_that_tell_no_correlation_are_refused(blocks, message):
    with pytest.raises(UserError, match=message):
        consensus_correlation(np.ones((2, 4)), np.ones((4, 1)), np.array(blocks, dtype=object))


def test_the_correlation_matrix_of_blocks():
    expected = [[1, 0.4, 0], [0.4, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(block_correlation(np.array(["a", "a", "b"]), 0.4), expected)
