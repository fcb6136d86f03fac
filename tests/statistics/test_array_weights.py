"""Sample weights: limma's numbers, and known variances.

The golden table is made by tests/golden/make_limma.R. Both iterate; 1e-6 is promised, 1e-12 is what
is found, because the steps are the same and stop at the same place.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import array_weights as module
from leukemia_kedro.statistics.array_weights import array_weights
from leukemia_kedro.statistics.design import design_matrix

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", index_col=0)


@pytest.mark.parametrize("case", ["reml", "most_likely", "constant", "missing", "weighted", "both"])
def test_the_weights_are_limmas(case):
    samples = read("simulated.samples")
    design = design_matrix("~ 0 + label + batch", samples, ["ALL", "AML", "MLL"]).matrix
    expression = read("simulated.gaps" if case in ("missing", "both") else "simulated.y")
    if case == "constant":
        expression.iloc[2] = 7.0
    gene, sample = np.ogrid[1 : len(expression) + 1, 1 : expression.shape[1] + 1]
    weights = 0.2 + (7 * gene + 13 * sample) % 17 / 8
    found = array_weights(
        expression,
        design,
        weights if case in ("weighted", "both") else None,
        **({"tolerance": 1e-13} if case == "most_likely" else {}),
    )
    np.testing.assert_allclose(found, read("array_weights")[case], rtol=1e-10)


@pytest.mark.parametrize("gene_by_gene", [False, True])
def test_known_variances_of_samples_are_found(gene_by_gene):
    """2,000 genes of variances of their own; the standard error of a log weight is about 0.04."""
    rng = np.random.default_rng(40)
    n_genes, variance = 2000, np.array([1, 1, 4, 1, 0.5, 1, 1, 2, 1, 1.0])
    gene_sd = np.sqrt(4 / rng.chisquare(4, (n_genes, 1)))
    y = rng.normal(8, 2, (n_genes, 1)) + gene_sd * np.sqrt(variance) * rng.normal(
        size=(n_genes, 10)
    )
    y[:, 5:] += rng.normal(size=(n_genes, 1))
    design = pd.DataFrame({"Intercept": 1.0, "group": np.repeat([0.0, 1.0], 5)})
    found = array_weights(y, design, np.ones_like(y) if gene_by_gene else None)
    assert np.prod(found) == pytest.approx(1)
    true = 1 / variance / np.exp(np.log(1 / variance).mean())
    np.testing.assert_allclose(found, true, rtol=0.15)


def test_weights_that_are_known_already_are_not_found_again():
    """Samples that differ by their known weights only are equally reliable."""
    rng = np.random.default_rng(41)
    weights = np.broadcast_to([0.2, 1, 1, 5, 1, 1], (3000, 6))
    y = rng.normal(size=weights.shape) / np.sqrt(weights)
    found = array_weights(y, pd.DataFrame({"Intercept": np.ones(6)}), weights)
    np.testing.assert_allclose(found, 1, rtol=0.1)


def test_few_genes_are_drawn_to_equal_weights():
    rng = np.random.default_rng(42)
    y = rng.normal(size=(1, 8)) * [1, 1, 1, 1, 1, 1, 1, 50]
    found = array_weights(y, pd.DataFrame({"Intercept": np.ones(8)}))
    assert 0.4 < found.min() < found.max() < 1.3


def test_a_search_without_end_says_which_parameter_to_change(monkeypatch):
    monkeypatch.setattr(module, "_MOST_STEPS", 1)
    rng = np.random.default_rng(43)
    with pytest.raises(UserError, match="sample_weights to false"):
        array_weights(
            rng.normal(size=(50, 6)) * np.arange(1, 7), pd.DataFrame({"Intercept": np.ones(6)})
        )
