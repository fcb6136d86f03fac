"""Real runs of conf/compendium at a hundredth of its size, up to the inputs of the report."""

import json

import pandas as pd
import pytest
import yaml
from helpers.project_copy import ProjectCopy

from leukemia_kedro.model.registry import model_names

FEW = {"healthy": 20, "AML": 40, "ALL": 26, "CLL": 18, "CML": 16, "MDS": 14, "other": 20}
TOO_MANY = 100
TOO_SLOW = ("svm_linear", "svm_rbf", "gradient_boosting")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compendium(tmp_path_factory) -> ProjectCopy:
    """The environment with a smaller cohort and smaller limits of the models."""
    project = ProjectCopy(tmp_path_factory.mktemp("compendium"))
    catalog = project.folder / "conf" / "compendium" / "catalog.yml"
    entries = yaml.safe_load(catalog.read_text())
    assert list(entries["raw_cohort"]["n_samples"]) == list(FEW)
    entries["raw_cohort"] |= {"n_samples": FEW, "n_probes": 300, "effect_size": 2.0}
    catalog.write_text(yaml.safe_dump(entries))
    pipelines = "data_processing,feature_selection,modelling,differential_expression"
    limits = [f"models.{name}.max_samples={TOO_MANY}" for name in TOO_SLOW]
    parameters = ",".join(["modelling.permutations=2", *limits])
    options = ["--env", "compendium", "--pipelines", pipelines, "--params", parameters]
    project.output = project.kedro("run", *options)
    return project


def found(project, name):
    return project.data("08_reporting", "compendium", name)


def test_models_that_take_too_long_are_left_out_and_named_with_the_reason(compendium):
    said = compendium.output.stdout + compendium.output.stderr
    assert "warning" not in said.lower()
    split = pd.read_csv(compendium.data("03_primary", "compendium", "sample_split.csv"))
    n_train = (split["split"] == "train").sum()
    assert n_train > TOO_MANY
    too_many = f"{n_train} training samples, more than its max_samples {TOO_MANY}, beyond which "
    reasons = {"weighted_voting": "defined for two classes only, the cohort has 7"}
    reasons |= dict.fromkeys(TOO_SLOW, f"{too_many}it takes too long")
    assert json.loads(found(compendium, "champion.json").read_text())["left_out"] == reasons
    comparison = pd.read_csv(found(compendium, "model_comparison.csv"))
    run = [name for name in model_names() if name not in reasons]
    assert comparison["model"].tolist() == [*run, "larger_class"]


def test_at_its_real_size_the_environment_leaves_out_the_same_models(compendium):
    conf = compendium.folder / "conf" / "base" / "parameters_models.yml"
    blocks = yaml.safe_load(conf.read_text())["models"]
    left_out = [name for name, block in blocks.items() if block.get("max_samples", 9000) < 9000]
    assert left_out == list(TOO_SLOW)


def test_single_precision_is_kept(compendium):
    for layer, name in (("03_primary", "log_expression"), ("05_model_input", "training_set")):
        table = pd.read_parquet(compendium.data(layer, "compendium", f"{name}.parquet"))
        assert {dtype.name for dtype in table.dtypes} == {"float32"}, name


def test_every_class_is_compared_with_the_rest(compendium):
    tables = list(found(compendium, "differential_expression").glob("*.csv"))
    assert len(tables) == len(FEW)
    assert pd.read_csv(tables[0])["maxT_p"].between(0.01, 1).all()
