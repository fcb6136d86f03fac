"""A run whose inputs are missing is told which command makes them."""

import pytest
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from leukemia_kedro.datasets import OptionalCSVDataset
from leukemia_kedro.run.missing_inputs import missing_inputs_message


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
    """Always there, and cannot say so."""

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


def test_a_run_from_raw_data_misses_nothing(catalog):
    assert missing_inputs_message(PIPELINES["__default__"], catalog, PIPELINES) is None
    assert missing_inputs_message(RAW, catalog, PIPELINES) is None


def test_each_missing_input_its_file_and_the_command_are_named(catalog):
    assert missing_inputs_message(MODELS, catalog, PIPELINES) == (
        "Inputs of this run have not been made yet:\n"
        "  ranking: data/ranking.json\n"
        "  split: data/split.json\n"
        "To make them: kedro run --pipelines data_processing,feature_selection"
    )


def test_what_is_there_is_not_made_again(catalog):
    for name in ("primary", "split"):
        catalog.save(name, 1)
    assert missing_inputs_message(MODELS, catalog, PIPELINES) == (
        "Inputs of this run have not been made yet:\n"
        "  ranking: data/ranking.json\n"
        "To make them: kedro run --pipelines feature_selection"
    )
    catalog.save("ranking", 1)
    assert missing_inputs_message(MODELS, catalog, PIPELINES) is None


def test_the_command_holds_the_whole_way_and_the_environment(catalog):
    message = missing_inputs_message(REPORT, catalog, PIPELINES, env="demo")
    assert message.endswith(
        "kedro run --env demo --pipelines data_processing,feature_selection,modelling"
    )


def test_a_start_in_the_middle_names_what_is_kept_in_memory_only(catalog):
    message = missing_inputs_message(MODELS.from_nodes("make_champion"), catalog, PIPELINES)
    assert "  scores: not kept on disk\n" in message
    assert message.endswith("--pipelines data_processing,feature_selection,modelling")


def test_what_may_be_absent_is_not_asked_for(catalog, tmp_path):
    """Replication is run by whoever wants it; the report does without."""
    replicated = OptionalCSVDataset(filepath=str(tmp_path / "replication.csv"))
    catalog["replication"] = replicated
    pipelines = PIPELINES | {"replication": node("raw", "replication")}
    report = node(["raw", "replication"], "page")
    assert missing_inputs_message(report, catalog, pipelines) is None


def test_an_input_that_no_pipeline_makes_is_left_to_its_dataset(catalog, tmp_path):
    catalog["raw"] = JSONDataset(filepath=str(tmp_path / "raw.json"))
    assert missing_inputs_message(RAW, catalog, PIPELINES) is None
