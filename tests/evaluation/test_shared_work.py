"""No work done twice: filter and ranking once per fold for all models, one matrix for all tasks."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import (
    BLOCKS,
    PARAMETERS,
    RESAMPLING,
    SEED,
    small_cohort,
    small_training_set,
)
from threadpoolctl import threadpool_info

from leukemia_kedro.compute import parallel
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.estimators import ProbeFilter, top_probes
from leukemia_kedro.evaluation import fold_rankings, nested_cv, permutation
from leukemia_kedro.evaluation.fold_rankings import orders_by_split, rank_folds, rankings_in_use
from leukemia_kedro.evaluation.nested_cv import fit_model, nested_cross_validation
from leukemia_kedro.evaluation.plan import resampling_plan
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import (
    ComputeParameters,
    FeatureSelectionParameters,
    ModelParameters,
    SignatureParameters,
)
from leukemia_kedro.pipelines.feature_selection.nodes import rank_genes

MODELS = {
    name: ModelParameters(**BLOCKS[name])
    for name in ("weighted_voting", "naive_bayes", "shrunken_centroids", "knn", "decision_tree")
}
SIGNATURE = SignatureParameters(criterion="anova_f")
OF_SIGNATURE = ("anova_f", "none")
COHORT = PARAMETERS["raw"].model_copy(
    update={"split": PARAMETERS["raw"].split.model_copy(update={"method": "none"})}
)
PATIENTS = small_training_set(small_cohort(), COHORT)
PLAN = resampling_plan(PATIENTS.labels, RESAMPLING, SEED)
TRAINING_SETS = (RESAMPLING.folds * RESAMPLING.repeats + 1) * (RESAMPLING.inner_folds + 1)


def rank(n_jobs=1):
    rankings = tuple(rankings_in_use(MODELS, [OF_SIGNATURE], PATIENTS.labels))
    ranking = RankingSetting(rankings, COHORT, RESAMPLING.inner_folds, SEED)
    return rank_folds(PATIENTS, PLAN, ranking, n_jobs)


def model_all(rankings):
    orders = orders_by_split(rankings)
    for model in MODELS.values():
        setting = Setting(model, COHORT, RESAMPLING, SEED)
        nested_cross_validation(PATIENTS, PLAN, orders, setting, n_jobs=1)
        fit_model(PATIENTS, orders, setting, n_jobs=1)


@pytest.fixture
def counted(monkeypatch):
    """How often genes are scored and filters fitted, from now on."""
    counts = Counter()

    def count(owner, name):
        original = getattr(owner, name)

        def counting(*args, **kwargs):
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    count(fold_rankings, "score_genes")
    count(top_probes, "score_genes")
    count(ProbeFilter, "fit")
    return counts


def test_filter_and_ranking_run_once_per_training_set_for_all_models(counted):
    rankings = rank()
    assert counted == {"fit": TRAINING_SETS, "score_genes": 3 * TRAINING_SETS}
    counted.clear()
    model_all(rankings)
    # The model files' own pipelines learn their filter; no genes are ranked again.
    assert counted == {"fit": len(MODELS)}


def test_genes_are_not_ranked_for_a_model_that_is_left_out():
    three = small_cohort(3).labels
    of_models = [("signal_to_noise", "none"), ("anova_f", "standardise")]
    assert rankings_in_use(MODELS, [OF_SIGNATURE], PATIENTS.labels) == [OF_SIGNATURE, *of_models]
    assert rankings_in_use(MODELS, [OF_SIGNATURE], three) == [OF_SIGNATURE, of_models[1]]
    few = {"knn": BLOCKS["knn"] | {"max_samples": 10, "genes": {"criterion": "welch_t",
           "n_genes": [5]}}}  # fmt: skip
    assert rankings_in_use(few, [OF_SIGNATURE], three) == [OF_SIGNATURE]


def test_every_task_is_handed_the_matrix_itself(monkeypatch):
    """joblib maps one large array into all workers; a copy or a table would be sent to each."""
    matrix = PATIENTS.matrix
    handed = Counter()

    def run_here(function, tasks, n_jobs, progress):
        results = []
        for task in tasks:
            assert not any(isinstance(part, pd.DataFrame) for part in task), progress
            large = [part for part in task if isinstance(part, np.ndarray) and part.ndim == 2]
            assert len(large) == 1
            assert large[0] is first.setdefault(progress, large[0]), progress
            handed[progress] += 1
            results.append(function(*task))
        return results

    first = {}
    for room in (fold_rankings, nested_cv, permutation, parallel):
        monkeypatch.setattr(room, "run_parallel", run_here)
    orders = orders_by_split(rank())
    setting = Setting(MODELS["knn"], COHORT, RESAMPLING, SEED)
    nested_cross_validation(PATIENTS, PLAN, orders, setting, n_jobs=2)
    permutation.score_labellings(
        PATIENTS, [PATIENTS.classes] * 3, {"knn": setting}, False, n_jobs=2
    )
    chosen = FeatureSelectionParameters(criteria=["anova_f", "welch_t"], signature=SIGNATURE)
    rank_genes(PATIENTS, small_cohort().probes, COHORT, chosen, SEED, ComputeParameters(n_jobs=2))
    assert handed["ranking genes per fold"] == TRAINING_SETS
    assert handed["permutation test"] == 3
    for name in ("ranking genes per fold", "permutation test"):
        assert np.shares_memory(first[name], matrix), name
    log2 = first["KNeighborsClassifier"]  # taken once, of no more probes than some fold may need
    assert log2.shape[0] == len(matrix)
    assert log2.shape[1] <= matrix.shape[1]


def kind_and_threads(values):
    import scipy.linalg  # noqa: F401
    import sklearn.ensemble  # noqa: F401

    return type(values).__name__, {pool["num_threads"] for pool in threadpool_info()}


def test_workers_map_the_matrix_and_have_one_thread_each():
    """The matrix as a node has it: read from Parquet as probes × samples, then turned round."""
    table = pd.DataFrame(np.zeros((2000, 100)), columns=[f"patient {i}" for i in range(100)])
    found = run_parallel(kind_and_threads, [(table.T.to_numpy(),)] * 4, 2, "looking")
    assert found == [("memmap", {1})] * 4
