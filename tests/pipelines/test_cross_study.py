"""Two studies through the project's catalog: joined, learned from, called, and a page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS, new_patients, small_cohort
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from leukemia_kedro.parameters import CohortParameters, ComputeParameters, ResamplingParameters
from leukemia_kedro.pipelines import cross_study, data_processing

PROJECT = Path(__file__).resolve().parents[2]
PARAMETERS = {
    "cohort": CohortParameters(name="golub_mll", scale="log2", classes=["ALL", "AML"]),
    "resampling": ResamplingParameters(folds=2, repeats=1, inner_folds=2),
    "models": {"naive_bayes": BLOCKS["naive_bayes"]},
    "compute": ComputeParameters(n_jobs=1),
    "seed": 0,
}


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """The folder of results, of two simulated studies under the names of real ones."""
    folder = tmp_path_factory.mktemp("studies")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for name, cohort in (("golub", small_cohort()), ("mll", new_patients())):
            catalog = catalog_of(name)
            # Of either chip, genes that the other one lacks.
            genes = cohort.probes.index[30:] if name == "golub" else cohort.probes.index[:-20]
            probes = cohort.probes.loc[genes].assign(symbol=genes)
            catalog["expression"].save(cohort.expression[genes].T)
            catalog["samples"].save(cohort.samples)
            catalog["probes"].save(probes.reset_index())
        catalog = catalog_of("golub_mll")
        for name, value in PARAMETERS.items():
            catalog[f"params:{name}"] = value
        for pipeline in (data_processing, cross_study):
            SequentialRunner().run(pipeline.create_pipeline(), catalog)
    return folder / "data" / "08_reporting" / "golub_mll"


def catalog_of(environment):
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"), base_env="base", env=environment, default_run_env="golub"
    )
    names = data_processing.create_pipeline().datasets() | cross_study.create_pipeline().datasets()
    return DataCatalog.from_config({k: v for k, v in loader["catalog"].items() if k in names})


def test_the_matrix_has_each_study_by_itself_and_by_the_other_one(reported):
    matrix = pd.read_csv(reported / "study_matrix.csv")
    pairs = [("golub", "golub"), ("golub", "mll"), ("mll", "mll"), ("mll", "golub")]
    assert list(zip(matrix["learned_from"], matrix["called"], strict=True)) == pairs
    assert matrix["champion"].all()
    assert matrix["n"].tolist() == [36] * 4
    assert matrix["balanced_accuracy"].min() > 0.7  # by chance .5, standard error .08
    within = matrix["protocol"] == "cross-validation"
    assert matrix["corrected_balanced_accuracy"].notna().equals(within)


def test_genes_of_one_chip_alone_are_left_out(reported):
    folder = reported.parents[1] / "02_intermediate" / "golub_mll"
    assert len(pd.read_csv(folder / "probes.csv")) == 250


def test_the_page_shows_what_was_promised_and_what_came_out(reported):
    page = (reported / "cross_study.html").read_text()
    matrix = pd.read_csv(reported / "study_matrix.csv")
    assert 'id="table-studies"' in page
    assert 'id="figure-study-matrix"' in page
    for value in matrix["balanced_accuracy"]:
        assert f"{value:.3f}" in page
    assert "near-duplicates" not in page
    assert np.isfinite(matrix["auc"]).all()
