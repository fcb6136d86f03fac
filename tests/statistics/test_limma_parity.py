"""The numbers are limma's: golden tables in tests/golden/limma, made by make_limma.R beside them.

Differences are relative, for p-values of 1e-30 as much as for those of 0.3. Least squares and the
prior by moments agree to 1e-8, which is what the project promises; 1e-11 is what is found. Robust
estimation is held to 1e-6: limma stops its root-finding at 1e-8 on a transformed scale.
"""

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

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "limma"
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
ROUNDING = {
    "logFC": 1e-13,
    "sigma": 1e-13,
    "t": 1e-10,
    "F": 1e-10,
    "B": 1e-10,
    "CI.L": 1e-11,
    "CI.R": 1e-11,
}
# In limma the d0 of an outlying gene hangs on the rank of its variance, and where the variances of
# floored probes tie but for their last digit, on that digit. Published columns feel it below 1e-6.
ROBUST_RANKS = {"df.prior": 1e-3} | dict.fromkeys(
    ["df.total", "s2.post", "F", "CI.L", "CI.R"], 1e-5
)

# What make_limma.R does otherwise than a plain fit of ~ 0 + label to simulated.y.
SIMULATED = {
    "plain": {},
    "covariates": {"formula": "~ label + batch + age"},
    "interaction": {"formula": "~ label * batch", "contrasts": FIRST_BATCH},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "trend_robust": {"trend": True, "robust": True},
    "treat": {"lfc": 0.5},
    "treat_trend_robust": {"lfc": 0.5, "trend": True, "robust": True},
    "missing": {"data": "gaps"},
    "missing_covariates": {"data": "gaps", "formula": "~ label + batch + age"},
    "missing_robust": {"data": "gaps", "robust": True},
    "missing_trend": {"data": "gaps", "trend": True},
    "missing_trend_robust": {"data": "gaps", "trend": True, "robust": True},
    "missing_treat": {"data": "gaps", "lfc": 0.5},
    "alike": {"data": "alike"},
    "alike_trend": {"data": "alike", "trend": True},
    "alike_robust": {"data": "alike", "robust": True},
    "alike_missing_robust": {"data": "alike_gaps", "robust": True},
    "five_probes": {"trend": True},
    "eight_probes_robust": {"robust": True},
}
GOLUB = {
    "plain": {},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "trend_robust": {"trend": True, "robust": True},
    "treat": {"lfc": 1.0},
}
MLL = {"plain": {}, "trend_robust": {"trend": True, "robust": True}}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.csv.gz", dtype={"probe": str})


def analyse(expression, samples, formula="~ 0 + label", contrasts=CLASSES, lfc=None, **moderation):
    design = design_matrix(formula, samples, sorted(samples["label"].unique()))
    fit = fit_linear_model(expression, design.matrix)
    fit = fit_contrasts(fit, contrast_matrix(contrasts, design))
    if lfc is not None:
        return treat(fit, lfc, **moderation)
    return moderate(fit, **moderation)


def assert_equal_to_limma(moderated, name: str, robust: bool) -> None:
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
        genes["F"] = f_table["F"]
        genes["F.P.Value"] = f_table["P.Value"]
        genes["F.adj.P.Val"] = f_table["adj.P.Val"]
    assert_same(genes, read(f"{name}.genes").set_index("probe"), f"{name}.genes", robust)

    decided = decide_tests(moderated, 0.05)
    for contrast, limma in read(f"{name}.contrasts").groupby("contrast"):
        table = top_table(moderated, contrast)
        table["decided"] = decided[contrast]
        # limma decides nothing where there is no p-value; here that is not significant.
        limma = limma.drop(columns=["contrast", "decided.lfc"]).fillna({"decided": 0})
        assert_same(table, limma.set_index("probe"), f"{name} {contrast}", robust)


def assert_same(ours: pd.DataFrame, limma: pd.DataFrame, what: str, robust: bool) -> None:
    assert set(ours.columns) == set(limma.columns)
    for column in limma:
        rtol = ROBUST_RANKS.get(column, 1e-6) if robust else 1e-8
        np.testing.assert_allclose(
            ours.loc[limma.index, column].to_numpy(dtype=float),
            limma[column].to_numpy(dtype=float),
            rtol=rtol,
            atol=ROUNDING.get(column, 0.0),
            err_msg=f"{what}: {column}",
        )


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated(name):
    case = {"data": "y", **SIMULATED[name]}
    samples = read("simulated.samples").set_index("sample")
    probes = read(f"simulated.{name}.genes")["probe"]
    expression = read(f"simulated.{case.pop('data')}").set_index("probe").loc[probes]
    moderated = analyse(expression, samples, **case)
    assert_equal_to_limma(moderated, f"simulated.{name}", case.get("robust", False))


@pytest.fixture(scope="session")
def golub_training(golub_files):
    """log2 of floored and ceiled intensities, 7129 × 38, the samples, and the 3051 that vary."""
    table = pd.read_csv(
        golub_files / "data_set_ALL_AML_train.csv", index_col="Gene Accession Number"
    )
    patients = [column for column in table if column.isdigit()]
    raw = table[patients].astype(float)
    actual = pd.read_csv(golub_files / "actual.csv", index_col="patient")["cancer"]
    samples = pd.DataFrame({"label": [actual[int(patient)] for patient in patients]}, patients)
    intensity = raw.clip(100, 16000)
    low, high = intensity.min(axis=1), intensity.max(axis=1)
    return np.log2(intensity), samples, (high / low > 5) & (high - low > 500)


@pytest.mark.real_data
@pytest.mark.parametrize("name", GOLUB)
@pytest.mark.parametrize("size", [3051, 7129])
def test_golub(golub_training, size, name):
    expression, samples, varies = golub_training
    if size == 3051:
        expression = expression[varies]
    assert len(expression) == size
    moderated = analyse(expression, samples, contrasts={"AML-ALL": "AML - ALL"}, **GOLUB[name])
    assert_equal_to_limma(moderated, f"golub_{size}.{name}", "robust" in GOLUB[name])


@pytest.mark.real_data
@pytest.mark.parametrize("name", MLL)
def test_mll_with_three_contrasts(mll_file, name):
    raw = pd.read_csv(mll_file)
    values = np.log2(np.clip(raw.drop(columns="class").to_numpy().T, 100, 16000))
    positions = [f"{position:05d}" for position in range(1, len(values) + 1)]
    expression = pd.DataFrame(values, index=positions)
    moderated = analyse(expression, pd.DataFrame({"label": raw["class"]}), **MLL[name])
    assert_equal_to_limma(moderated, f"mll.{name}", "robust" in MLL[name])
