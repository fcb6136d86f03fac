"""The catalog: every dataset is declared, has a layer and is a file in its folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import configure_project, pipelines
from kedro.io import DataCatalog, MemoryDataset

PROJECT = Path(__file__).resolve().parents[2]
LAYERS = {
    "raw": "01_raw",
    "intermediate": "02_intermediate",
    "primary": "03_primary",
    "feature": "04_feature",
    "model_input": "05_model_input",
    "settings": "06_models",
    "cross_validation": "07_model_output",
    "tuning": "07_model_output",
    "models": "06_models",
    "model_output": "07_model_output",
    "scores": "07_model_output",
    "reporting": "08_reporting",
}
ENVIRONMENTS = sorted(
    folder.name for folder in (PROJECT / "conf").iterdir() if (folder / "globals.yml").is_file()
)


@pytest.fixture(scope="module")
def registered():
    configure_project("leukemia_kedro")
    return dict(pipelines)


# Rows that the nodes of the replication pass on to the node that writes their table.
IN_MEMORY_ON_PURPOSE = "_rows"


def catalog_of(environment):
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"), env=environment, base_env="base", default_run_env="golub"
    )
    return DataCatalog.from_config(loader["catalog"])


def datasets_of(registered):
    return {
        name
        for pipeline in registered.values()
        for name in pipeline.datasets()
        if not name.startswith("params:") and not name.endswith(IN_MEMORY_ON_PURPOSE)
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_dataset_is_a_file_of_its_own_in_a_folder_of_the_cohort(environment, registered):
    catalog = catalog_of(environment)
    places = {}
    for name in datasets_of(registered):
        assert name in catalog, name
        dataset = catalog.get(name)
        assert not isinstance(dataset, MemoryDataset), name
        layer = dataset.metadata["kedro-viz"]["layer"]
        if layer == "raw":
            continue
        path = Path(dataset._filepath)
        parts = path.relative_to(PROJECT).parts if path.is_absolute() else path.parts
        assert parts[0] == "data", name
        # The picture draws a result in the layer of the step that makes it.
        assert parts[1] in (LAYERS[layer], *list(LAYERS.values())[4:]), name
        assert parts[2] == environment, (name, parts)
        assert places.setdefault(path, name) == name, "two datasets, one file"


def test_no_model_ranking_or_test_can_see_a_removed_batch(registered):
    """What follows from the parameters of reporting are places, pictures and the page that shows
    them. All other nodes take the same input with and without it, and so give the same bytes."""
    for pipeline in registered.values():
        if "params:reporting" not in pipeline.inputs():
            continue
        follows = pipeline.from_inputs("params:reporting")
        assert {node.namespace for node in follows.nodes} == {"reporting"}
        assert follows.all_outputs() <= {
            "projections", "explained_variance", "cohort_figures", "interactive_cohort_figures",
            "signature_figures", "model_figures", "interactive_model_figures", "contrast_figures",
            "interactive_contrast_figures", "report",
        }  # fmt: skip


def test_nodes_have_names_and_tags_and_take_no_more_parameters_than_they_need(registered):
    for pipeline in registered.values():
        assert "parameters" not in pipeline.inputs()
        assert all(node._name and node.tags for node in pipeline.nodes)


def test_only_the_prediction_reads_the_test_samples(registered):
    readers = registered["__default__"].only_nodes_with_inputs("test_expression").nodes
    assert {node.name.rpartition(".")[2] for node in readers} == {"predict_held_out"}


def test_the_champion_is_chosen_without_the_test_samples(registered):
    """compare_models reads test scores; the rule must ignore them."""
    from leukemia_kedro.pipelines.modelling.nodes import compare_models

    def scores(cv, test_errors):
        measures = dict.fromkeys(("accuracy", "macro_f1", "auc"), cv)
        measures |= {"log_loss": 0.1, "brier": 0.1, "balanced_accuracy": cv}
        for name in ("calibration_slope", "calibration_intercept"):
            measures |= {f"{name}{end}": 1.0 for end in ("", "_low", "_high")}
        interval = {"balanced_accuracy_low": cv, "balanced_accuracy_high": cv}
        per_class = dict.fromkeys(("ALL", "AML"))
        return {
            "correct": [True, False],
            "n_genes": 50,
            "cv": {"n": 40, "balanced_accuracy_se": 0.02, "per_class": per_class}
            | interval
            | measures,
            "train": {"accuracy": 1.0},
            "test": {"n": 4, "errors": test_errors, **measures},
        }

    def predictions(model, n_wrong):
        # The wrong ones are spread over the folds.
        right = np.isin(np.arange(40), np.arange(0, 40, 40 // n_wrong)[:n_wrong], invert=True)
        table = pd.DataFrame({"sample": samples[:40], "label": labels[:40]})
        predicted = table["label"].where(right, table["label"].map({"ALL": "AML", "AML": "ALL"}))
        return table.assign(model=model, repeat=1, fold=np.arange(40) // 8, predicted=predicted)

    samples, labels = [f"s{i:02}" for i in range(44)], ["ALL", "AML"] * 22
    split = pd.DataFrame({"label": labels, "split": ["train"] * 40 + ["test"] * 4}, index=samples)
    split = split.rename_axis("sample")
    expected = [(20, (0, 4), "best"), (20, (4, 0), "best"), (3, (4, 0), "simple")]
    for n_wrong, errors, champion in expected:
        out_of_fold = pd.concat([predictions("simple", n_wrong), predictions("best", 2)])
        both = {"simple": scores(0.9, errors[0]), "best": scores(0.95, errors[1])}
        table, _ = compare_models(out_of_fold, split, 0, **both)
        assert table.loc[table["champion"], "model"].tolist() == [champion]
