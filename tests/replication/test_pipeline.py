"""The pipeline on simulated patients, whose truth is known."""

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from leukemia_kedro.datasets import (
    OptionalCohortDataset,
    OptionalCSVDataset,
    OptionalFiguresDataset,
)
from leukemia_kedro.evaluation.published import PUBLISHED, published_results
from leukemia_kedro.parameters import ComputeParameters
from leukemia_kedro.pipelines.replication import create_pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(golub_like, tmp_path_factory):
    """The catalog after a run."""
    folder = tmp_path_factory.mktemp("replication")
    catalog = DataCatalog(
        {
            "raw_cohort": MemoryDataset(golub_like),
            "chiaretti_cohort": OptionalCohortDataset(filepath=str(folder / "absent.csv.gz")),
            "params:seed": MemoryDataset(0),
            "params:compute": MemoryDataset(ComputeParameters(n_jobs=1)),
            "replication": OptionalCSVDataset(filepath=str(folder / "replication.csv")),
            "shrunken_centroid_path": OptionalCSVDataset(filepath=str(folder / "path.csv")),
            "replication_figures": OptionalFiguresDataset(filepath=str(folder / "figures")),
        }
    )
    assert catalog.load("replication").empty
    assert catalog.load("replication_figures") == []
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


@pytest.fixture(scope="module")
def table(written):
    return written.load("replication")


def reproduced(table, quantity):
    (value,) = table.loc[table["quantity"].str.contains(quantity, regex=False), "reproduced"]
    return float(value)


def test_every_row_is_stated_in_full(table):
    assert list(table) == ["study", "quantity", "published", "reproduced", "agrees", "note"]
    assert len(table) == 89
    assert not table[["study", "quantity"]].duplicated().any()
    assert (table[["study", "quantity", "published", "reproduced"]] != "").all(axis=None)
    assert (table["note"].str.startswith("differs by") == ~table["agrees"]).all()


def test_strong_effects_are_found_by_every_method(table):
    """Effects of 4-fold in 80 of 300 genes: a correct method makes few errors."""
    errors = table[table["quantity"].str.endswith("errors of 34")]
    by_method = errors[~errors["study"].str.startswith(("Tibshirani", "Tan"))]
    assert by_method["reproduced"].astype(float).max() <= 5
    assert reproduced(table, "SVM (RBF): right of 34") >= 29
    of_clusters = table[table["study"].str.startswith("Dettling")]
    assert of_clusters["reproduced"].astype(float).max() <= 10


def test_genes_chosen_before_cross_validation_make_noise_look_predictable(table):
    assert reproduced(table, "chosen before cross-validation") > 0.6
    assert reproduced(table, "chosen inside each fold") == pytest.approx(0.5, abs=0.05)


def test_the_path_runs_from_all_genes_to_none(written):
    path = written.load("shrunken_centroid_path")
    assert list(path) == ["threshold", "n_genes", "cv_errors", "test_errors", "chosen"]
    assert path["chosen"].sum() == 1
    assert path["threshold"].is_monotonic_increasing
    assert path["n_genes"].is_monotonic_decreasing
    assert path["n_genes"].iloc[-1] == 0
    # Without genes every call is the larger class: 11 and 14 patients have AML.
    assert path["cv_errors"].iloc[-1] == 11
    assert path["test_errors"].iloc[-1] == path["test_errors"].max()


def test_the_path_is_drawn_beside_the_published_point(written):
    (figure,) = written.load("replication_figures")
    assert figure["name"] == "threshold-path"
    assert "21 genes, 2 cross-validated and 2 test errors" in figure["caption"]


def test_the_range_shown_beside_the_champion_is_that_of_the_replicated_studies(table):
    original = pd.read_csv(PUBLISHED / "content" / "golub.csv", dtype=str)
    published = published_results(original.set_index("sample")).dropna(subset="fewest_errors")
    assert len(published) == 9
    errors = table[table["quantity"].str.contains("errors of 34|every call forced: errors")]
    for study in published.itertuples():
        ends = dict.fromkeys([study.fewest_errors, study.most_errors])
        rows = errors[errors["study"].str.startswith(study.study)]
        assert set(rows["published"]) == {"–".join(map(str, ends))}, study
