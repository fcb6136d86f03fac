"""voom: limma's numbers, and counts whose variances are known.

The golden tables are made by tests/golden/make_limma.R. A relative difference of 1e-8 is promised,
1e-12 is what is found.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.empirical_bayes import moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_linear_model
from leukemia_kedro.statistics.voom import Voom, voom, voom_with_sample_weights

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"
PATIENTS = np.array([1, 1, 2, 3, 4, 5, 6, 6, 3, 3, 7, 8])


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"voom.{name}.csv.gz", index_col=0)


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    return read("counts")


@pytest.fixture(scope="module")
def design(counts) -> pd.DataFrame:
    columns = {"Intercept": 1.0, "AML": np.repeat([0.0, 1], 6), "batch": np.tile([0.0, 1, 1], 4)}
    return pd.DataFrame(columns, index=counts.columns)


@pytest.fixture(scope="module")
def sizes(counts) -> np.ndarray:
    return counts.sum().to_numpy() * np.linspace(0.8, 1.3, 12)


def assert_equal_to_limma(found: Voom, name: str) -> None:
    limma = read(f"{name}.values")
    genes = found.expression.index.get_indexer(limma.index)
    values = np.hstack([found.expression.to_numpy()[genes], found.weights[genes]])
    np.testing.assert_allclose(values, limma, rtol=1e-10)


def test_values_weights_and_trend_are_limmas(counts, design, sizes):
    found = voom(counts, design, sizes)
    assert_equal_to_limma(found, "plain")
    # limma leaves out the gene without a read, too.
    assert "gene_020" not in found.trend.index
    np.testing.assert_allclose(
        found.trend[["mean_log_count", "sqrt_sd"]], read("plain.trend").reset_index(), rtol=1e-10
    )


def test_weights_of_samples_shape_the_trend_as_in_limma(counts, design, sizes):
    found = voom(counts, design, sizes, np.arange(5, 17) / 10)
    assert_equal_to_limma(found, "weighted")


def test_the_trend_of_repeated_patients_is_limmas(counts, design, sizes):
    same = np.equal.outer(PATIENTS, PATIENTS)
    found = voom(counts, design, sizes, None, np.where(same, 0.3, 0) + 0.7 * np.eye(12))
    assert_equal_to_limma(found, "block")


def test_quality_weights_and_the_tests_with_them_are_limmas(counts, design, sizes):
    found, sample_weights = voom_with_sample_weights(counts, design, sizes)
    assert_equal_to_limma(found, "quality")
    np.testing.assert_allclose(sample_weights, read("quality.samples")["weight"], rtol=1e-10)
    table = top_table(moderate(fit_linear_model(found.expression, design, found.weights)), "AML")
    limma = read("quality.contrast")
    np.testing.assert_allclose(table.loc[limma.index, limma.columns], limma, rtol=1e-8)


@pytest.mark.slow
def test_real_counts_have_limmas_weights(allsorts_counts):
    counts = pd.read_csv(allsorts_counts, index_col=0)
    counts = counts[counts.sum(axis=1) >= 200]
    subtype = counts.columns.str.rsplit("_", n=1).str[0]
    design = pd.get_dummies(pd.Series(subtype, counts.columns), dtype=float)
    sizes = counts.sum().to_numpy()
    assert_equal_to_limma(voom(counts, design, sizes), "allsorts")
    found, sample_weights = voom_with_sample_weights(counts, design, sizes)
    assert_equal_to_limma(found, "allsorts_quality")
    limma = read("allsorts_quality.samples")["weight"]
    np.testing.assert_allclose(sample_weights, limma, rtol=1e-10)


def test_weights_are_the_inverse_variances_of_log_counts():
    """A Poisson count of mean m has a log2 variance of 1/(m ln² 2), by the delta method."""
    rng = np.random.default_rng(50)
    mean = np.exp(rng.uniform(np.log(30), np.log(3000), (4000, 1)))
    depth = np.repeat([0.8, 0.9, 1.1, 1.25], 5)
    counts = pd.DataFrame(rng.poisson(mean * depth))
    found = voom(counts, pd.DataFrame({"Intercept": np.ones(20)}), counts.sum().to_numpy())
    ratio = found.weights / (mean * depth * np.log(2) ** 2)
    # Square roots of small samples' standard deviations are a little below their expectation.
    assert np.median(ratio) == pytest.approx(1, abs=0.06)
    inside = (mean * depth > 100) & (mean * depth < 1500)
    assert np.quantile(ratio[inside], [0.01, 0.99]) == pytest.approx([1, 1], abs=0.25)


def test_what_is_no_count_and_what_has_no_trend_is_refused(counts, design, sizes):
    for wrong in (-1, np.nan):
        with pytest.raises(UserError, match="raw counts of reads"):
            voom(counts.astype(float).where(counts != counts.iloc[0, 0], wrong), design, sizes)
    with pytest.raises(UserError, match="there are 0: use more genes, more samples"):
        voom(counts.iloc[:, [0, 1, 6]], design.iloc[[0, 1, 6]], sizes[[0, 1, 6]])
