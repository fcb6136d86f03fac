"""Models that share filter, libraries and rankings predict what each does as a plain pipeline."""

import numpy as np
import pytest
from helpers.small_models import small_training_set
from sklearn.model_selection import GridSearchCV

from leukemia_kedro.datasets import simulate_cohort, simulate_counts
from leukemia_kedro.estimators.model_pipeline import model_pipeline, search_grid
from leukemia_kedro.evaluation.plan import inner_splits, outer_splits, resampling_plan
from leukemia_kedro.evaluation.whole_procedure import classify_splits
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

ONCE = ResamplingParameters(folds=3, repeats=1, inner_folds=2)
SIZES = {"ALL": 17, "AML": 13}
COHORTS = {
    "raw": simulate_cohort(n_samples=SIZES, n_probes=300, effect_size=1, seed=2),
    "counts": simulate_counts(n_samples=SIZES, n_probes=300, effect_size=1, seed=2),
}
PARAMETERS = {
    "raw": CohortParameters(scale="raw", floor=100, ceiling=16000, filter={"min_ratio": 2}),
    "counts": CohortParameters(scale="counts"),
}
VOTING = "leukemia_kedro.estimators.weighted_voting.WeightedVoting"
CENTROIDS = "leukemia_kedro.estimators.shrunken_centroids.ShrunkenCentroidsCV"
MODELS = [
    # Few genes as they are, all genes of standardised arrays, and one that is tuned.
    {"estimator": VOTING, "genes": {"criterion": "signal_to_noise", "n_genes": [6]},
     "normalise_arrays": "none", "scale": False},
    {"estimator": CENTROIDS, "genes": {"criterion": "anova_f", "n_genes": ["all"]}, "scale": False},
    {"estimator": "sklearn.naive_bayes.GaussianNB",
     "genes": {"criterion": "mann_whitney", "n_genes": [3, "all"]}},
]  # fmt: skip


@pytest.mark.parametrize("scale", COHORTS)
def test_models_together_predict_what_scikit_learn_makes_of_each_pipeline(scale):
    cohort = PARAMETERS[scale]
    patients = small_training_set(COHORTS[scale], cohort)
    settings = [Setting(ModelParameters(**each), cohort, ONCE, seed=0) for each in MODELS]
    plan = resampling_plan(patients.labels, ONCE, seed=0)
    splits = list(outer_splits(plan, patients.samples))
    values, classes = patients.matrix, patients.classes
    found = classify_splits(values, classes, splits, patients.excluded, settings)
    for setting, of_splits in zip(settings, found, strict=True):
        for split, predicted in zip(splits, of_splits, strict=True):
            inner = [
                tuple(np.searchsorted(split.train, rows) for rows in (part.train, part.held_out))
                for part in inner_splits(split, classes, ONCE.inner_folds, seed=0)
            ]
            pipeline = model_pipeline(setting.model, cohort, seed=0)
            grid = {name: [value] for name, value in search_grid(setting.model)[0].items()}
            grid["select__k"] = list(setting.model.genes.n_genes)
            plain = GridSearchCV(pipeline, grid, scoring="balanced_accuracy", cv=inner)
            plain.fit(values[split.train], classes[split.train])
            assert predicted.tolist() == plain.predict(values[split.held_out]).tolist()
    assert len({np.concatenate(each).tobytes() for each in found}) > 1
