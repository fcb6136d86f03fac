"""Cohorts with little in them: what ``kedro check`` lets pass, ``kedro run`` brings to its end."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.project_copy import ProjectCopy
from helpers.refusing_functions import noted, noting, refusing_functions

pytestmark = pytest.mark.slow

LOG2 = {"scale": "log2", "floor": None, "ceiling": None, "classes": None}
NO_FILTER = {"min_ratio": None, "min_range": None, "drop_controls": False}
GENE_SETS = "one\tna\tgene0\tgene1\ntwo\tna\tgene9\n"


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


def write(project, made, cohort=None, **of_entry):
    """The environment ``mine`` of a table, with what it states beside scale and split."""
    (project.folder / "data" / "01_raw").mkdir()
    made.to_csv(project.folder / "data" / "01_raw" / "table.csv", index=False, encoding="utf-8")
    kind = "leukemia_kedro.datasets.ExpressionTableDataset"
    entry = {"type": kind, "filepath": "data/01_raw/table.csv", "sample_id": "sample"}
    project.shorten("naive_bayes", "svm_linear")
    project.add_environment(
        "mine",
        entry | {"label": "diagnosis", "split": "side"} | of_entry,
        cohort=LOG2 | {"filter": NO_FILTER, "split": {"method": "given"}} | (cohort or {}),
        differential_expression={"permutations": 20, "trend": True},
    )


def check_json(project):
    for file in (project.folder / "data").rglob("*.json"):
        json.loads(file.read_text(encoding="utf-8"), parse_constant=pytest.fail)


CASES = {
    "fewer probes than the signature has": table(6),
    "noise, without a gene chosen": table(20, between=0),
}


@pytest.mark.parametrize("case", CASES)
def test_what_check_lets_pass_a_run_brings_to_its_end(project, case):
    made = CASES[case]
    write(project, made)
    project.kedro("check", "--env", "mine")
    project.kedro("run", "--env", "mine")
    check_json(project)
    if len(made.columns) == 9:
        record = project.data("04_feature", "mine", "stability_index.json").read_text("utf-8")
        found = json.loads(record)
        assert found["stability"] is None
        reason = "every training set chooses all that it has, 6"
        assert found["undefined"]["stability"] == reason


@pytest.fixture(scope="module")
def noted_project(tmp_path_factory):
    """All that a cohort may state: missing values, patients, gene sets. A probe has values of test
    samples only. The calls of both commands are noted."""
    project = ProjectCopy(tmp_path_factory.mktemp("noted"))
    made = table(60)
    made.loc[made["side"] == "train", "gene7"] = np.nan
    made.insert(3, "patient", [f"p{i // 2}" for i in range(16)])
    stated = {
        "missing": {"policy": "impute", "max_share": 0.8},
        "split": {"method": "given", "group": "patient"},
    }
    write(project, made, stated, covariates=["patient"])
    (project.folder / "sets.gmt").write_text(GENE_SETS, encoding="utf-8")
    path = project.folder / "conf" / "mine" / "catalog.yml"
    catalog = yaml.safe_load(path.read_text(encoding="utf-8"))
    catalog["gene_sets"] = {"type": "leukemia_kedro.datasets.GMTDataset", "filepath": "sets.gmt"}
    path.write_text(yaml.safe_dump(catalog), encoding="utf-8")
    for command in ("check", "run"):
        project.kedro(command, "--env", "mine", **noting(project.folder, command))
    return project


def test_a_probe_that_only_test_samples_have(noted_project):
    check_json(noted_project)


WRITTEN_BY_THE_RUN = "what the run itself has written is read again"
ONLY_BY_RUNNING = {
    "cohort/split.py held_out_samples": WRITTEN_BY_THE_RUN,
    "cohort/training_set.py check_same_split": WRITTEN_BY_THE_RUN,
    "datasets/files.py CSVDataset._read_file": WRITTEN_BY_THE_RUN,
    "datasets/schemas.py Table.validate": WRITTEN_BY_THE_RUN,
    "model/archive.py _content": WRITTEN_BY_THE_RUN,
    "model/archive.py read_archive": WRITTEN_BY_THE_RUN,
    "model/file.py read_model": WRITTEN_BY_THE_RUN,
    "model/signature.py check_signature": WRITTEN_BY_THE_RUN,
    "run/node_records.py NodeRecords.refuse_changed": WRITTEN_BY_THE_RUN,
    "run/missing_inputs.py refuse_missing_inputs": "a whole run makes its inputs itself",
    "cli.py _run": "a name of a pipeline on the command line",
    "run/node_records.py _lock": "another run may be at work then, and not now",
    "run/checks.py refuse": "it asks the checks of kedro check",
    "estimators/rankings.py score_genes": "one class; the check of the folds finds it",
    "pipelines/modelling/nodes.py compare_models": "every model left out; check_some_run finds it",
}
"""Functions with a refusal that a whole run calls, and ``kedro check`` does not, with the reason.

A function that is not here belongs into a check: put its node among those that ``kedro check``
runs, or its question among the checks of ``run/checks.py``.
"""


def test_check_calls_every_function_by_which_a_run_may_refuse(noted_project):
    check, run = (noted(noted_project.folder, command) for command in ("check", "run"))
    refusing = refusing_functions()
    assert len(run & refusing) > 80, "the calls of the run were noted"
    assert (run - check) & refusing == set(ONLY_BY_RUNNING)
