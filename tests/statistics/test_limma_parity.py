"""The numbers are limma's, of two versions: golden tables in tests/golden/limma_3.54 and
limma_3.63, made by make_limma.R beside them.

Differences are relative, for p-values of 1e-30 as much as for those of 0.3. Least squares and the
prior by moments agree to 1e-8, which is what the project promises; 1e-11 is what is found. Where
limma iterates, 1e-6 is promised: in robust estimation it stops its root-finding at 1e-8 on a
transformed scale, and the likelihood of limma 3.63 is maximised to a tolerance of 1e-4, so that
equality rests on equal steps.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.statistics.contrasts import contrast_matrix
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.empirical_bayes import (
    decide_tests,
    moderate,
    top_table,
    top_table_f,
    treat,
)
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CLASSES = {"AML-ALL": "AML - ALL", "MLL-ALL": "MLL - ALL", "leukemias-ALL": "(AML + MLL)/2 - ALL"}
# make_limma.R takes the coefficients themselves, which with an interaction are the differences in
# the first batch.
FIRST_BATCH = {
    "AML-ALL": "`label[T.AML]`",
    "MLL-ALL": "`label[T.MLL]`",
    "leukemias-ALL": "(`label[T.AML]` + `label[T.MLL]`)/2",
}

# Sums of numbers near 10 end in digits of 1e-15. A gene without any difference has nothing but
# those, and hands them on.
ROUNDING = dict.fromkeys("tFB", 1e-10) | dict.fromkeys(["CI.L", "CI.R"], 1e-11)
ROUNDING |= dict.fromkeys(["logFC", "sigma"], 1e-13)
# In limma the d0 of an outlying gene hangs on the rank of its variance, and where the variances of
# floored probes tie but for their last digit, on that digit. Published columns feel it below 1e-6.
ROBUST_RANKS = dict.fromkeys(["df.total", "s2.post", "F", "CI.L", "CI.R"], 1e-5)
ROBUST_RANKS |= {"df.prior": 1e-3}

# The names of make_limma.R: they say what it does otherwise than a plain fit of ~ 0 + label.
SIMULATED = [
    "plain", "covariates", "interaction", "trend", "robust", "trend_robust", "treat",
    "treat_trend_robust", "missing", "missing_covariates", "missing_robust", "missing_trend",
    "missing_trend_robust", "missing_treat", "alike", "alike_trend", "alike_robust",
    "alike_missing_robust", "five_probes", "eight_probes_robust",
    *(f"panel_{n}_trend_robust" for n in (10, 11, 12, 20, 50)),
    *(f"unlogged_{n}_trend_robust" for n in (10, 11, 12, 30, 100, 300)),
    "four_missing_trend", *(f"panel_{n}_missing_trend_robust" for n in (6, 12, 50)),
]  # fmt: skip
VERSIONS = ["limma_3.54", "limma_3.62"]


def read(name: str, version: str = "limma_3.54") -> pd.DataFrame:
    # Both versions do the same where residual df do not differ: one set of tables.
    newer = version == "limma_3.62" and "missing" in name
    folder = GOLDEN / ("limma_3.63" if newer else "limma_3.54")
    return pd.read_csv(folder / f"{name}.csv.gz", dtype={"probe": str})


def assert_equal_to_limma(
    expression, samples, name, version, contrasts=None, lfc=0.5, **errors
) -> None:
    limma_contrasts = read(f"{name}.contrasts", version)
    if contrasts is None:
        contrasts = {one: CLASSES[one] for one in limma_contrasts["contrast"].unique()}
    formula, trend, robust = "~ 0 + label", "trend" in name or "five" in name, "robust" in name
    if "covariates" in name:
        formula = "~ label + batch + age"
    elif "interaction" in name:
        formula, contrasts = "~ label * batch", FIRST_BATCH
    elif "weighted" in name:
        formula = "~ 0 + label + batch"
    design = design_matrix(formula, samples, sorted(samples["label"].unique()))
    fit = fit_linear_model(expression, design.matrix, **errors)
    fit = fit_contrasts(fit, contrast_matrix(contrasts, design))
    kind = (trend, robust, version)
    moderated = treat(fit, lfc, *kind) if "treat" in name else moderate(fit, *kind)
    iterates = robust or (version == "limma_3.62" and "missing" in name)
    genes = pd.DataFrame(
        {
            "AveExpr": moderated.fit.ave_expr,
            "sigma": moderated.fit.sigma,
            "df.residual": moderated.fit.df_residual,
            "df.prior": moderated.prior.df,
            "s2.prior": moderated.prior.variance,
            "s2.post": moderated.s2_post,
            "df.total": moderated.df_total,
        },
        index=moderated.t.index,
    )
    if moderated.f is not None:
        f_table = top_table_f(moderated)
        genes[["F", "F.P.Value", "F.adj.P.Val"]] = f_table[["F", "P.Value", "adj.P.Val"]]
    limma = read(f"{name}.genes", version).set_index("probe")
    assert_same(genes, limma, f"{name}.genes", iterates)

    decided = decide_tests(moderated, 0.05)
    for contrast, limma in limma_contrasts.groupby("contrast"):
        table = top_table(moderated, contrast)
        table["decided"] = decided[contrast]
        # limma decides nothing where there is no p-value; here that is not significant.
        limma = limma.drop(columns=["contrast", "decided.lfc"]).fillna({"decided": 0})
        assert_same(table, limma.set_index("probe"), f"{name} {contrast}", iterates)


def value_weights(expression: pd.DataFrame) -> np.ndarray:
    """Those of make_limma.R, one for each value."""
    gene, sample = np.ogrid[1 : len(expression) + 1, 1 : expression.shape[1] + 1]
    return 0.2 + (7 * gene + 13 * sample) % 17 / 8


def assert_same(ours: pd.DataFrame, limma: pd.DataFrame, what: str, iterates: bool) -> None:
    assert set(ours.columns) == set(limma.columns)
    for column in limma:
        found, expected = ours.loc[limma.index, column].astype(float), limma[column].astype(float)
        rtol = ROBUST_RANKS.get(column, 1e-6) if iterates else 1e-8
        atol = ROUNDING.get(column, 0.0)
        np.testing.assert_allclose(found, expected, rtol, atol, err_msg=f"{what}: {column}")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SIMULATED)
def test_simulated(name, version):
    parts = {"alike": "alike", "unlogged": "unlogged", "gaps": "missing"}
    data = [data for data, part in parts.items() if part in name]
    expression = read(f"simulated.{'_'.join(data) or 'y'}").set_index("probe")
    probes = read(f"simulated.{name}.genes", version)["probe"]
    samples = read("simulated.samples").set_index("sample")
    assert_equal_to_limma(expression.loc[probes], samples, f"simulated.{name}", version)


@pytest.mark.parametrize(
    "name",
    ["samples", "samples_missing", "values", "values_zero", "values_missing", "block",
     "block_missing", "block_samples", "block_values", "block_values_missing"],
)  # fmt: skip
def test_weights_and_correlation(name):
    samples = read("weighted.samples").set_index("sample")
    expression = read("simulated.gaps" if "missing" in name else "simulated.y")
    expression = expression.set_index("probe").iloc[:40]
    errors = {}
    if "samples" in name:
        errors["weights"] = samples["weight"].to_numpy()
    elif "values" in name:
        errors["weights"] = value_weights(expression) - (0.2 if "zero" in name else 0)
    if "block" in name:
        same_patient = np.equal.outer(samples["patient"].to_numpy(), samples["patient"].to_numpy())
        errors["correlation"] = np.where(same_patient, 0.4, 0.0) + 0.6 * np.eye(len(samples))
    assert_equal_to_limma(expression, samples, f"weighted.{name}", "limma_3.54", **errors)


@pytest.fixture(scope="session")
def golub_training(golub_files):
    """log2 of floored and ceiled intensities, 7129 × 38, the samples, and the 3051 that vary."""
    file = golub_files / "data_set_ALL_AML_train.csv"
    table = pd.read_csv(file, index_col="Gene Accession Number")
    patients = [column for column in table if column.isdigit()]
    raw = table[patients].astype(float)
    actual = pd.read_csv(golub_files / "actual.csv", index_col="patient")["cancer"]
    samples = pd.DataFrame({"label": [actual[int(patient)] for patient in patients]}, patients)
    intensity = raw.clip(100, 16000)
    low, high = intensity.min(axis=1), intensity.max(axis=1)
    return np.log2(intensity), samples, (high / low > 5) & (high - low > 500)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["plain", "trend", "robust", "trend_robust", "treat"])
@pytest.mark.parametrize("size", [3051, 7129])
def test_golub(golub_training, size, name):
    expression, samples, varies = golub_training
    if size == 3051:
        expression = expression[varies]
    assert len(expression) == size
    name, contrasts = f"golub_{size}.{name}", {"AML-ALL": "AML - ALL"}
    assert_equal_to_limma(expression, samples, name, "limma_3.62", contrasts, lfc=1.0)


@pytest.mark.real_data
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["plain", "trend", "robust", "trend_robust"])
def test_golub_with_one_value_in_twenty_missing(golub_training, name, version):
    expression, samples, varies = golub_training
    expression = expression[varies]
    rows, columns = np.ogrid[1 : len(expression) + 1, 1 : expression.shape[1] + 1]
    missing = (31 * rows + 17 * columns) ** 2 % 101 < 5
    assert missing.mean() == pytest.approx(0.05, abs=0.001)
    name, contrasts = f"golub_3051_missing.{name}", {"AML-ALL": "AML - ALL"}
    assert_equal_to_limma(expression.mask(missing), samples, name, version, contrasts)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["plain", "trend_robust"])
def test_mll_with_three_contrasts(mll_file, name):
    raw = pd.read_csv(mll_file)
    values = np.log2(np.clip(raw.drop(columns="class").to_numpy().T, 100, 16000))
    positions = [f"{position:05d}" for position in range(1, len(values) + 1)]
    samples = pd.DataFrame({"label": raw["class"]})
    assert_equal_to_limma(pd.DataFrame(values, positions), samples, f"mll.{name}", "limma_3.62")


@pytest.mark.parametrize(
    ("case", "method"),
    [
        *product(["plain", "covariates"], ["separate", "global", "hierarchical", "nestedF"]),
        *product(["treat"], ["separate", "global"]),  # it has no F-test
    ],
)
def test_decisions_over_all_contrasts(case, method):
    """Of make_limma_designs.R. The third contrast follows from the other two."""
    formula = "~ label + batch + age" if case == "covariates" else "~ 0 + label"
    samples = read("simulated.samples").set_index("sample")
    y = read("simulated.y").set_index("probe")
    design = design_matrix(formula, samples, ["ALL", "AML", "MLL"])
    fit = fit_contrasts(fit_linear_model(y, design.matrix), contrast_matrix(CLASSES, design))
    kind = (case == "covariates", case == "covariates", "limma_3.54")
    moderated = treat(fit, 0.5, *kind) if case == "treat" else moderate(fit, *kind)
    limma = read("designs.decisions").query("case == @case and method == @method")
    found = decide_tests(moderated, 0.05, method)
    pd.testing.assert_frame_equal(found, limma.set_index("probe")[list(CLASSES)], check_names=False)
