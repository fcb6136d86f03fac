"""What the page on validation says of Golub's and Armstrong's patients, from the raw files."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS

from leukemia_kedro.cohort.annotation import with_genes
from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets import (
    ChipAnnotationDataset,
    ExpressionTableDataset,
    GolubDataset,
    StudiesDataset,
)
from leukemia_kedro.evaluation.fold_rankings import rankings_in_use
from leukemia_kedro.evaluation.studies import OTHER_STUDY, plan_studies, predict_across_studies
from leukemia_kedro.model.setting import RankingSetting
from leukemia_kedro.parameters import CohortParameters, ResamplingParameters

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

MODELS = {"weighted_voting": BLOCKS["weighted_voting"]}
COHORT = CohortParameters(scale="log2", filter={"min_ratio": 5, "min_range": 500})
INTENSITIES = {"scale": "raw", "floor": 100, "ceiling": 16000}
SEED = 1999


@pytest.fixture(scope="module")
def studies(golub_files, mll_file, hgu95av2, tmp_path_factory):
    """Golub's 72 and Armstrong's 52 as ``conf/golub_mll`` joins them: log2 values, and samples."""
    folder = tmp_path_factory.mktemp("studies")
    golub = GolubDataset(filepath=str(golub_files)).load()
    mll = ExpressionTableDataset(filepath=str(mll_file), label="class").load()
    symbols = {"mll": ChipAnnotationDataset(filepath=str(hgu95av2)).load()}
    for name, cohort in (("golub", golub), ("mll", mll)):
        place = folder / name
        place.mkdir()
        cohort.expression.T.to_parquet(place / "expression.parquet")
        cohort.samples.to_csv(place / "samples.csv")
        with_genes(cohort.probes, symbols.get(name, pd.DataFrame())).to_csv(place / "probes.csv")
    parts = {name: {"filepath": str(folder / name)} | INTENSITIES for name in ("golub", "mll")}
    both = StudiesDataset(studies=parts).load()
    samples = both.samples[both.samples["label"] != "MLL"]
    return both.expression.loc[samples.index], samples


@pytest.fixture(scope="module")
def calls(studies):
    """Golub's patients called by weighted voting learned from Armstrong's, with their lineage."""
    expression, samples = studies
    patients = TrainingSet(expression, samples["label"].astype(str))
    resampling = ResamplingParameters(folds=5, repeats=1, inner_folds=4)
    plan = plan_studies(patients, samples["study"], resampling, SEED)
    shared = RankingSetting(
        tuple(rankings_in_use(MODELS, [], patients.labels)), COHORT, resampling.inner_folds, SEED
    )
    table = predict_across_studies(
        patients, samples["study"], plan[plan["learned_from"] == "mll"], shared, MODELS, 1
    )
    there = table[table["protocol"] == OTHER_STUDY].set_index("sample")
    return there.join(samples[["lineage"]])


def test_most_errors_are_of_a_lineage_that_home_lacks(studies, calls):
    wrong = calls["predicted"] != calls["label"]
    of_t = calls["lineage"] == "T-cell"
    assert studies[0].shape == (124, 4306)
    assert (len(calls), wrong.sum()) == (72, 8)
    assert (of_t.sum(), (wrong & of_t).sum()) == (9, 6)
    assert calls.loc[wrong, "label"].eq("ALL").all()


def test_no_error_is_a_call(calls):
    strong = calls["confidence"] >= BLOCKS["weighted_voting"]["reject_below"]
    assert strong.sum() == 26
    assert (calls.loc[strong, "predicted"] == calls.loc[strong, "label"]).all()
    assert not strong[calls["lineage"] == "T-cell"].any()


def test_all_of_armstrongs_all_patients_express_b_lineage_markers(mll_file):
    table = ExpressionTableDataset(filepath=str(mll_file), label="class").load()
    cd19, cd79a = "1096_g_at", "38017_at"
    log2 = np.log2(table.expression[[cd19, cd79a]].clip(100, 16000))
    label = table.samples["label"]
    assert log2[label == "ALL"].min().round(1).tolist() == [11.8, 12.7]
    assert log2[label == "AML"].median().round(1).tolist() == [10.2, 9.2]
    assert (label == "ALL").sum() == 24
