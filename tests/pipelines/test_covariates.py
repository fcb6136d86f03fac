"""Covariates of a sample sheet in a design: a number, groups named by numbers, a gap."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.datasets import simulate_cohort

pytestmark = pytest.mark.slow

PIPELINES = ["run", "--env", "sheet", "--pipelines", "data_processing,differential_expression"]
DESIGN = "differential_expression.design"
MADE = simulate_cohort(n_samples={"ALL": 12, "AML": 10}, n_probes=60, scale="log2", seed=3)
AGE = np.arange(7.0, 29.0)
BATCH = ["1", "2"] * 11


@pytest.fixture
def sheet(project):
    """A project with a cohort of its own, whose covariates are in a sample sheet."""
    raw = project.data("01_raw", "sheet")
    raw.mkdir(parents=True)
    MADE.expression.to_csv(raw / "expression.csv")
    sexes = ["f", "m"] * 10 + ["", "f"]
    columns = {"label": MADE.labels, "age": AGE.astype(int), "batch": BATCH, "sex": sexes}
    pd.DataFrame(columns).to_csv(raw / "patients.csv")
    entry = {
        "type": "leukemia_kedro.datasets.ExpressionTableDataset",
        "filepath": "data/01_raw/sheet/expression.csv",
        "sample_id": "sample",
        "label": "label",
        "sample_sheet": {"filepath": "data/01_raw/sheet/patients.csv"},
    }
    nothing = dict.fromkeys(("floor", "ceiling", "classes"))
    unfiltered = {"min_ratio": None, "min_range": None}
    cohort = {"scale": "log2", "filter": unfiltered, "split": {"method": "none"}, **nothing}
    project.add_environment("sheet", entry, cohort=cohort, resampling={"inner_folds": 3})
    return project


def test_ages_are_a_slope_and_batches_are_groups(sheet):
    parameters = "differential_expression.permutations=0"
    sheet.kedro(*PIPELINES, "--params", f"{parameters},{DESIGN}=~ label + age + batch")
    design = pd.read_csv(sheet.data("08_reporting", "sheet", "design_matrix.csv"))
    assert list(design) == ["sample", "Intercept", "label[T.AML]", "age", "batch[T.2]"]
    np.testing.assert_array_equal(design["age"], AGE)
    np.testing.assert_array_equal(design["batch[T.2]"], np.array(BATCH) == "2")


@pytest.mark.parametrize("command", [["check", "--env", "sheet"], PIPELINES])
def test_the_check_and_the_run_refuse_a_covariate_with_a_gap(sheet, command):
    parameters = sheet.folder / "conf" / "sheet" / "parameters.yml"
    with parameters.open("a") as file:
        file.write("differential_expression: {design: ~ label + sex}\n")
    refused = sheet.kedro(*command, check=False)
    assert refused.returncode == 1
    assert "covariate 'sex' of the design formula '~ label + sex' has no value" in refused.stderr
    assert "patient_021" in refused.stderr
