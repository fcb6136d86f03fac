"""Cohorts with little in them: what ``kedro check`` lets pass, ``kedro run`` brings to its end."""

import json

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

LOG2 = {"scale": "log2", "floor": None, "ceiling": None, "classes": None}
NO_FILTER = {"min_ratio": None, "min_range": None, "drop_controls": False}


def table(n_probes, between=2.5):
    """Sixteen samples, eight of each class, which the first three probes tell apart."""
    rng = np.random.default_rng(1)
    labels = np.repeat(["ALL", "AML"], 8)
    values = rng.normal(8, 1, (16, n_probes))
    values[labels == "AML", :3] += between
    made = pd.DataFrame(values, columns=[f"gene{j}" for j in range(n_probes)])
    made.insert(0, "sample", [f"s{i}" for i in range(16)])
    made.insert(1, "diagnosis", labels)
    made.insert(2, "side", ["test" if i % 8 > 5 else "train" for i in range(16)])
    return made


def without_a_training_value():
    made = table(60)
    made.loc[made["side"] == "train", "gene7"] = np.nan
    return made


CASES = {
    "fewer probes than the signature has": (table(6), {}),
    "a probe that only test samples have": (
        without_a_training_value(),
        {"missing": {"policy": "impute", "max_share": 0.8}},
    ),
    "noise, without a gene chosen": (table(20, between=0), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_check_lets_pass_a_run_brings_to_its_end(project, case):
    made, changes = CASES[case]
    (project.folder / "data" / "01_raw").mkdir()
    made.to_csv(project.folder / "data" / "01_raw" / "table.csv", index=False, encoding="utf-8")
    kind = "leukemia_kedro.datasets.ExpressionTableDataset"
    entry = {"type": kind, "filepath": "data/01_raw/table.csv", "sample_id": "sample"}
    project.shorten("naive_bayes", "svm_linear")
    project.add_environment(
        "mine",
        entry | {"label": "diagnosis", "split": "side"},
        cohort=LOG2 | {"filter": NO_FILTER, "split": {"method": "given"}} | changes,
        differential_expression={"permutations": 20, "trend": True},
    )
    project.kedro("check", "--env", "mine")
    project.kedro("run", "--env", "mine")
    for file in (project.folder / "data").rglob("*.json"):
        json.loads(file.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    if len(made.columns) == 9:
        record = project.data("04_feature", "mine", "stability_index.json").read_text("utf-8")
        found = json.loads(record)
        assert found["stability"] is None
        reason = "every training set chooses all of its probes, of which there are 6"
        assert found["undefined"]["stability"] == reason
