"""A run whose inputs are missing ends with the command that makes them."""

import pytest
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from leukemia_kedro.datasets import OptionalCSVDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.run.missing_inputs import refuse_missing_inputs


def identity(*values):
    return values[0]


def node(inputs, output) -> Pipeline:
    return Pipeline([Node(identity, inputs, output, name=f"make_{output}")])


RAW = node(["raw", "params:floor"], "primary") + node("primary", "split")
FEATURES = node(["primary", "split"], "ranking")
MODELS = node(["split", "ranking"], "scores") + node("scores", "champion")
REPORT = node(["champion", "ranking"], "page")
PIPELINES = {
    "__default__": RAW + FEATURES + MODELS + REPORT,
    "data_processing": RAW,
    "feature_selection": FEATURES,
    "modelling": MODELS,
    "reporting": REPORT,
}
ON_DISK = ("primary", "split", "ranking", "champion", "page")


class Simulated(AbstractDataset):
    """Always there, without an answer to exists()."""

    def load(self):
        return 1

    def save(self, data): ...

    def _describe(self):
        return {}


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    datasets = {
        name: JSONDataset(filepath=str(tmp_path / "data" / f"{name}.json")) for name in ON_DISK
    }
    return DataCatalog({**datasets, "raw": Simulated(), "params:floor": MemoryDataset(100)})


def message(pipeline, catalog, pipelines=PIPELINES, **env):
    """The message of the refusal; None where nothing is missing."""
    try:
        return refuse_missing_inputs(pipeline, catalog, pipelines, **env)
    except UserError as refused:
        return str(refused)


def test_each_missing_input_its_file_and_the_command_are_named(catalog):
    first = "Inputs of this run have not been made yet:\n"
    ranking, split = "  ranking: data/ranking.json\n", "  split: data/split.json\n"
    command = "To make them: kedro run --pipelines "
    assert message(MODELS, catalog) == (
        f"{first}{ranking}{split}{command}data_processing,feature_selection"
    )
    for name in ("primary", "split"):
        catalog.save(name, 1)
    assert message(MODELS, catalog) == f"{first}{ranking}{command}feature_selection"
    catalog.save("ranking", 1)
    for complete in (MODELS, RAW, PIPELINES["__default__"]):
        assert message(complete, catalog) is None


def test_the_command_holds_the_whole_way_and_the_environment(catalog):
    assert message(REPORT, catalog, env="demo").endswith(
        "kedro run --env demo --pipelines data_processing,feature_selection,modelling"
    )


def test_a_start_in_the_middle_names_what_is_kept_in_memory_only(catalog):
    found = message(MODELS.from_nodes("make_champion"), catalog)
    assert "  scores: not kept on disk\n" in found
    assert found.endswith("--pipelines data_processing,feature_selection,modelling")


def test_an_input_that_may_be_absent_is_not_missing(catalog, tmp_path):
    """The report does without the replication."""
    catalog["replication"] = OptionalCSVDataset(filepath=str(tmp_path / "replication.csv"))
    pipelines = PIPELINES | {"replication": node("raw", "replication")}
    report = node(["raw", "replication"], "page")
    assert message(report, catalog, pipelines) is None


def test_the_dataset_itself_reports_an_input_that_no_pipeline_makes(catalog, tmp_path):
    catalog["raw"] = JSONDataset(filepath=str(tmp_path / "raw.json"))
    assert message(RAW, catalog) is None
