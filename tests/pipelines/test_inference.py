"""The inference pipeline on tables of users, through the project's catalog."""

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers.cohort_files import series_matrix_lines
from helpers.small_models import new_patients, small_model
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError
from kedro.runner import SequentialRunner

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.file import write_model
from leukemia_kedro.parameters import InferenceParameters
from leukemia_kedro.pipelines.inference import create_pipeline

PROJECT = Path(__file__).resolve().parents[2]
MODEL, NEW = small_model("weighted_voting"), new_patients()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The data folder of a project with a fitted champion."""
    monkeypatch.chdir(tmp_path)
    champion = tmp_path / "data" / "06_models" / "golub" / "champion.skops"
    champion.parent.mkdir(parents=True)
    write_model(MODEL, champion)
    return tmp_path / "data"


def run(data, inference=None, new_samples_entry=None, **params):
    """Run what ``kedro run --pipelines inference --params …`` runs; return its two files."""
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"), base_env="base", default_run_env="golub", runtime_params=params
    )
    config = {
        name: entry
        for name, entry in loader["catalog"].items()
        if name in create_pipeline().datasets()
    }
    config["new_samples"] = new_samples_entry or config["new_samples"]
    catalog = DataCatalog.from_config(config)
    catalog["params:inference"] = InferenceParameters(**(inference or {}))
    SequentialRunner().run(create_pipeline(), catalog)
    metrics = data / "08_reporting" / "golub" / "call_metrics.json"
    return (
        pd.read_csv(data / "07_model_output" / "golub" / "calls.csv", dtype={"sample": str}),
        json.loads(metrics.read_text()),
    )


def agree(calls, expected):
    """Compare to the twelve digits of a CSV file, in which an empty reason is an empty cell."""
    calls = calls.fillna({"no_call_reason": ""})
    pd.testing.assert_frame_equal(
        calls[list(expected)], expected, rtol=1e-11, check_dtype=False, check_exact=False
    )


def test_probes_in_rows_without_labels(data):
    NEW.expression.T.to_csv("new.csv")
    calls, metrics = run(data, new_samples="new.csv")
    agree(calls, MODEL.predict(NEW.expression))
    assert metrics["scores"] is None


def test_samples_in_rows_with_labels(data):
    NEW.expression.assign(diagnosis=NEW.labels).to_csv("new.tsv.gz", sep="\t")
    calls, metrics = run(
        data, new_samples="new.tsv.gz", new_samples_in="rows", new_samples_label="diagnosis"
    )
    agree(calls, MODEL.predict(NEW))
    assert metrics["scores"]["n"] == 36


def test_new_samples_can_have_any_catalog_type(data):
    """A series matrix whose entry replaces that of the table."""
    Path("series_matrix.txt").write_text("\n".join(series_matrix_lines(NEW, [])), "utf-8")
    kind = "leukemia_kedro.datasets.GEOSeriesMatrixDataset"
    geo = {"type": kind, "filepath": "series_matrix.txt"}
    calls, metrics = run(data, new_samples_entry=geo)
    agree(calls, MODEL.predict(NEW.expression))
    assert metrics["scores"] is None


def test_the_message_for_a_missing_table_says_how_to_name_one(data):
    with pytest.raises(DatasetError) as raised:
        run(data, new_samples="nowhere.csv")
    message = str(raised.value)
    assert "nowhere.csv: no such file" in message
    assert "kedro run --pipelines inference --params new_samples=PATH" in message
    assert "fetch" not in message


def test_the_default_is_the_test_samples(data):
    place = data / "05_model_input" / "golub" / "test_expression.parquet"
    place.parent.mkdir(parents=True)
    NEW.expression.T.to_parquet(place)
    calls, _ = run(data)
    agree(calls, MODEL.predict(NEW.expression))


def test_a_parameter_allows_missing_probes(data):
    genes = MODEL.pipeline[:-1].get_feature_names_out()
    NEW.expression.drop(columns=genes[:2]).T.to_csv("new.csv")
    with pytest.raises(UserError, match="lacks 2 of the 300 probes"):
        run(data, new_samples="new.csv")
    calls, metrics = run(data, {"allowed_missing_share": 0.04}, new_samples="new.csv")
    assert set(calls["imputed_genes"]) == {2}
    assert metrics["imputed"] == 36


def test_the_message_for_a_transposed_table_names_the_setting_to_change(data):
    NEW.expression.to_csv("new.csv")
    with pytest.raises(UserError, match="new_samples_in"):
        run(data, new_samples="new.csv")


@pytest.mark.slow
def test_the_command_line(project):
    """The command of a user. An error ends it with a message and without a traceback."""
    champion = project.data("06_models", "demo", "champion.skops")
    champion.parent.mkdir(parents=True)
    write_model(MODEL, champion)
    NEW.expression.to_csv(project.folder / "new.csv")
    command = ["run", "--env", "demo", "--pipelines", "inference", "--params"]
    project.kedro(*command, "new_samples=new.csv,new_samples_in=rows")
    calls = pd.read_csv(project.data("07_model_output", "demo", "calls.csv"))
    agree(calls, MODEL.predict(NEW.expression))

    NEW.expression.drop(columns="sim_00001_at").to_csv(project.folder / "less.csv")
    short = "new_samples=less.csv,new_samples_in=rows"
    refused = project.kedro(*command, short, check=False)
    assert refused.returncode == 1
    assert "lacks 1 of the 300 probes the model takes" in refused.stderr
    assert "sim_00001_at" in refused.stderr
    assert "Traceback" not in refused.stderr + refused.stdout
    project.kedro(*command, f"{short},inference.allowed_missing_share=0.1")
    calls = pd.read_csv(project.data("07_model_output", "demo", "calls.csv"))
    assert set(calls["imputed_probes"]) == {1}
