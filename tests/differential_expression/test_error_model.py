"""Weights and correlation: what the parameters ask for is what limma does, and what they buy."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from statsmodels.stats.multitest import multipletests

from leukemia_kedro.differential_expression import error_model
from leukemia_kedro.differential_expression.error_model import (
    SAMPLE_COLUMNS,
    random_blocks,
    stated_weights,
    uses_voom,
    weigh,
)
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.statistics.array_weights import array_weights
from leukemia_kedro.statistics.counts import tmm_factors
from leukemia_kedro.statistics.empirical_bayes import moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_linear_model
from leukemia_kedro.statistics.random_blocks import ConsensusCorrelation

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma_3.54"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", index_col=0)


def analysed(values, design, samples, has_counts=False, **asked):
    """The record, the tables of the error model, and the moderated fit."""
    parameters = DifferentialExpressionParameters(**asked)
    weighing, trend = weigh(values, design, samples, parameters, has_counts)
    errors = weighing.error_model(values, samples)
    fit = fit_linear_model(errors.expression, design, errors.weights, errors.correlation)
    return SimpleNamespace(
        record=weighing.record,
        samples=weighing.sample_weights,
        trend=trend,
        errors=errors,
        moderated=moderate(fit),
    )


@pytest.fixture(scope="module")
def counted():
    counts = read("voom.counts")
    columns = {"Intercept": 1.0, "AML": np.repeat([0.0, 1], 6), "batch": np.tile([0.0, 1, 1], 4)}
    design = pd.DataFrame(columns, index=counts.columns)
    patients = list("112345663378")
    return counts, design, pd.DataFrame({"patient": patients}, index=counts.columns)


@pytest.mark.parametrize("case", ["repeated", "repeated_quality"])
class TestCountsOfRepeatedPatients:
    """voom, correlation, voom with it, correlation again, fit, as limma's user guide says; with
    edgeR's TMM factors."""

    def found(self, counted, case):
        is_weighted = "quality" in case
        return analysed(
            *counted, has_counts=True, random_block="patient", sample_weights=is_weighted
        )

    def test_the_correlation_is_limmas(self, counted, case):
        """limma ends the search for each gene's correlation early: their mean differs by 0.0003."""
        expected = read(f"voom.{case}.contrast")["second"].iloc[0]
        found = self.found(counted, case).record["block_correlation"]
        assert found == pytest.approx(expected, abs=5e-4)

    def test_the_statistics_are_limmas_with_limmas_correlations(self, counted, case, monkeypatch):
        limma = read(f"voom.{case}.contrast")
        correlations = iter(limma[["first", "second"]].iloc[0])
        monkeypatch.setattr(
            error_model,
            "consensus_correlation",
            lambda *given: ConsensusCorrelation(next(correlations), np.empty(0)),
        )
        table = top_table(self.found(counted, case).moderated, "AML")
        limma = limma.drop(columns=["first", "second"])
        np.testing.assert_allclose(table.loc[limma.index, limma.columns], limma, rtol=1e-8)


def test_the_tables_say_what_the_weights_were_made_from(counted):
    counts, _, _ = counted
    found = analysed(*counted, has_counts=True)
    assert list(found.samples) == list(SAMPLE_COLUMNS)
    np.testing.assert_array_equal(found.samples["library_size"], counts.sum())
    factors = tmm_factors(counts.to_numpy().T, counts.sum().to_numpy())
    np.testing.assert_allclose(found.samples["tmm_factor"], factors, rtol=1e-12)
    assert (found.samples["weight"] == 1).all()
    assert found.trend["fitted"].between(0.3, 1.5).all()
    assert found.record == {
        "voom": True, "sample_weights": False, "weights": None, "random_block": None,
        "block_correlation": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def arrays():
    """200 genes of ten samples, of which the third is four times as noisy as the others."""
    rng = np.random.default_rng(60)
    names = [f"s{i}" for i in range(10)]
    noise = rng.normal(size=(200, 10)) * np.where(np.arange(10) == 2, 4, 1)
    samples = pd.DataFrame(
        {
            "quality": ["1", "1", "0.0625", *["1"] * 7],
            "patient": list("abcdefghii"),
            "one": "x",
            "text": ["good"] * 9 + [""],
        },
        index=names,
    )
    design = pd.DataFrame({"Intercept": 1.0, "AML": np.repeat([0.0, 1], 5)}, names)
    expression = pd.DataFrame(8 + noise, columns=names)
    return expression, design, samples


def test_without_a_parameter_there_is_no_weight(arrays):
    found = analysed(*arrays)
    assert found.errors.weights is None
    assert found.errors.correlation is None
    assert len(found.samples) == len(found.trend) == 0
    pd.testing.assert_frame_equal(found.errors.expression, arrays[0])


def test_weights_of_samples_are_stated_or_estimated(arrays):
    expression, design, _ = arrays
    stated = analysed(*arrays, weights="quality")
    assert stated.samples.loc["s2", "weight"] == 1 / 16
    estimated = analysed(*arrays, sample_weights=True)
    np.testing.assert_allclose(estimated.errors.weights, array_weights(expression, design))
    assert estimated.samples["weight"].idxmin() == "s2"
    # By either, the noisy sample counts for little, and errors are smaller.
    plain = analysed(*arrays).moderated.fit.stdev_unscaled["AML"].iloc[0]
    for found in (stated, estimated):
        fit = found.moderated.fit
        error = (fit.sigma * fit.stdev_unscaled["AML"]).median()
        assert error < 0.8 * np.median(analysed(*arrays).moderated.fit.sigma) * plain


def test_stated_weights_join_those_of_voom(counted):
    counts, design, samples = counted
    weights = np.arange(1.0, 13)
    found = analysed(counts, design, samples.assign(w=weights), has_counts=True, weights="w")
    limma_like = analysed(*counted, has_counts=True)
    ratio = found.errors.weights / limma_like.errors.weights / weights
    # voom's trend moves, but as a whole.
    assert np.quantile(ratio / np.median(ratio), [0.05, 0.95]) == pytest.approx([1, 1], abs=0.5)
    np.testing.assert_array_equal(found.samples["weight"], weights)


MISTAKES = [
    (stated_weights, "text", "'text' has no value for the samples s9"),
    (stated_weights, "patient", "'patient' is a, b, c.* expected positive numbers"),
    (stated_weights, "absent", "weights is 'absent', which is no column .* quality, patient"),
    (random_blocks, "quality", None),
    (random_blocks, "patient", None),
    (random_blocks, "one", "'one' has one value for all of the samples"),
    (random_blocks, "own", "'own' has another value for each of the samples"),
    (random_blocks, "text", "random_block: 'text' has no value for the samples s9"),
]


@pytest.mark.parametrize(("take", "column", "message"), MISTAKES)
def test_columns_that_do_not_fit_are_refused(arrays, take, column, message):
    samples = arrays[2].assign(own=range(10))
    if message is None:
        assert len(take(samples, column)) == 10
        return
    with pytest.raises(UserError, match=message):
        take(samples, column)


def test_weights_are_stated_or_estimated_but_not_both():
    with pytest.raises(ValidationError, match="set sample_weights to false, or weights to null"):
        DifferentialExpressionParameters(sample_weights=True, weights="quality")


def test_voom_needs_counts():
    log2 = CohortParameters(scale="log2")
    assert not uses_voom(log2, DifferentialExpressionParameters())
    assert not uses_voom(log2, DifferentialExpressionParameters(voom=False))
    with pytest.raises(UserError, match="voom is true, but"):
        uses_voom(log2, DifferentialExpressionParameters(voom=True))


def test_a_design_that_explains_the_block_leaves_no_correlation_to_find():
    """Every patient has a coefficient of its own."""
    names = list("abcdef")
    samples = pd.DataFrame({"patient": list("112233")}, names)
    design = pd.DataFrame(np.kron(np.eye(3), [[1], [1]]), names)
    design["treated"] = [0.0, 1, 0, 1, 0, 1]
    values = pd.DataFrame(np.random.default_rng(1).normal(size=(20, 6)), columns=names)
    with pytest.raises(UserError, match="nothing tells how alike"):
        analysed(values, design, samples, random_block="patient")


def false_discovery_proportion(p, differs):
    found = multipletests(p, 0.05, "fdr_bh")[0]
    return (found & ~differs).sum() / max(found.sum(), 1)


@pytest.mark.slow
def test_with_repeated_patients_the_false_discovery_rate_holds_by_random_block_only():
    """24 patients measured twice, at correlation 0.5, each in one class; 10 % of genes differ.

    Taken as 48 patients, they seem twice as many. 40 cohorts of 500 genes: the standard error of
    the mean proportion is 0.006.
    """
    n_genes, n_patients = 500, 24
    patient = np.repeat(np.arange(n_patients), 2)
    names = [f"s{i}" for i in range(2 * n_patients)]
    samples = pd.DataFrame({"patient": patient}, names)
    design = pd.DataFrame({"Intercept": 1.0, "AML": patient % 2}, names)
    differs = np.arange(n_genes) < n_genes // 10
    proportions = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sd = np.sqrt(4 / rng.chisquare(4, (n_genes, 1)))
        own = rng.normal(size=(n_genes, n_patients))[:, patient]
        error = np.sqrt(0.5) * (own + rng.normal(size=(n_genes, 2 * n_patients)))
        change = (
            np.where(differs, rng.normal(0, 1.5, n_genes), 0)[:, None] * design["AML"].to_numpy()
        )
        values = pd.DataFrame(8 + change + sd * error, columns=names)
        found = [
            analysed(values, design, samples, random_block=block).moderated.p_value["AML"]
            for block in (None, "patient")
        ]
        proportions.append([false_discovery_proportion(p, differs) for p in found])
    naive, in_blocks = np.mean(proportions, axis=0)
    assert naive > 0.15
    assert in_blocks <= 0.06


@pytest.mark.slow
def test_with_libraries_that_differ_tenfold_voom_keeps_the_false_discovery_rate():
    """6 against 6 samples, negative binomial with dispersion 0.1; 10 % of 1000 genes differ."""
    n_genes, names = 1000, [f"s{i}" for i in range(12)]
    group = np.arange(12) % 2
    design = pd.DataFrame({"Intercept": 1.0, "AML": group.astype(float)}, names)
    differs = np.arange(n_genes) < n_genes // 10
    proportions = []
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        depth = rng.permutation(np.geomspace(0.32, 3.2, 12))
        change = np.where(differs, rng.choice([-1, 1], n_genes) * 1.5, 0)[:, None] * group
        mean = np.exp(rng.uniform(2, 7, (n_genes, 1))) * 2**change * depth
        counts = pd.DataFrame(rng.poisson(mean * rng.gamma(10, 0.1, mean.shape)), columns=names)
        samples = pd.DataFrame(index=names)
        p = analysed(counts, design, samples, has_counts=True).moderated.p_value["AML"]
        proportions.append(false_discovery_proportion(p, differs))
    assert np.mean(proportions) <= 0.06
