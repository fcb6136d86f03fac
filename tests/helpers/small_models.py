"""Every model of the project, fitted to a small simulated cohort as a run would fit it."""

from functools import cache
from pathlib import Path

import pandas as pd
from yaml import safe_load

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.training_set import TrainingSet, training_set
from leukemia_kedro.datasets import simulate_cohort, simulate_counts
from leukemia_kedro.evaluation.fold_rankings import rank_folds
from leukemia_kedro.evaluation.plan import resampling_plan
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModelParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.modelling.nodes import cross_validate, fit, measure_profiles

SEED = 7
RESAMPLING = ResamplingParameters(folds=2, repeats=1, inner_folds=2)
PARAMETERS = {
    "raw": CohortParameters(
        scale="raw", floor=100, ceiling=16000, filter={"min_ratio": 2, "min_range": 100}
    ),
    "log2": CohortParameters(scale="log2"),
    "counts": CohortParameters(scale="counts"),
    "golub": CohortParameters(
        scale="raw",
        floor=100,
        ceiling=16000,
        filter={"min_ratio": 5, "min_range": 500, "drop_controls": True},
    ),
}
BLOCKS = safe_load(
    Path(__file__).parents[2].joinpath("conf/base/parameters_models.yml").read_text()
)["models"]
SIZES = {"ALL": 20, "AML": 16, "MLL": 12}


def small_cohort(n_classes: int = 2, scale: str = "raw") -> Cohort:
    """Training patients: 300 probes, classes that are easy to separate."""
    return _half(n_classes, scale, 0)


def new_patients(n_classes: int = 2, scale: str = "raw") -> Cohort:
    """As many other patients of the same kind."""
    return _half(n_classes, scale, 1)


@cache
def _half(n_classes: int, scale: str, start: int) -> Cohort:
    simulate = simulate_cohort if scale != "counts" else simulate_counts
    both = simulate(
        n_samples={label: 2 * size for label, size in list(SIZES.items())[:n_classes]},
        n_probes=300,
        differential_share=0.2,
        effect_size=2.0,
        seed=SEED,
        **({} if scale == "counts" else {"scale": scale}),
    )
    samples = both.samples.iloc[start::2]
    return Cohort(both.expression.loc[samples.index], samples, both.probes, both.origin)


@cache
def small_model(name: str, n_classes: int = 2, scale: str = "raw") -> FittedModel:
    """A model of ``parameters_models.yml``, tuned and fitted to :func:`small_cohort`."""
    block = {"reject_below": 0.6} | BLOCKS[name]
    parameters = PARAMETERS[scale]
    return fit_small_model(small_cohort(n_classes, scale), ModelParameters(**block), parameters)


def small_training_set(cohort: Cohort, parameters: CohortParameters) -> TrainingSet:
    """All samples of a cohort to learn from."""
    split = pd.DataFrame({"label": cohort.labels, "split": "train"})
    return training_set(cohort.expression.T, split, cohort.probes, parameters)


def rankings_of(
    patients: TrainingSet, plan: pd.DataFrame, setting: Setting, n_jobs: int = 1
) -> pd.DataFrame:
    """The rankings per fold that a model of this setting needs."""
    return rank_folds(patients, plan, ranking_setting(setting), n_jobs)


def ranking_setting(setting: Setting) -> RankingSetting:
    """How the genes of this model alone are ranked."""
    return RankingSetting(setting.rankings, setting.cohort, setting.inner_folds, setting.seed)


def fit_small_model(
    cohort: Cohort, model: ModelParameters, parameters: CohortParameters
) -> FittedModel:
    """What the node ``fit`` does, on all samples."""
    setting = Setting(model, parameters, RESAMPLING, SEED)
    patients = small_training_set(cohort, setting.cohort)
    plan = resampling_plan(cohort.labels, RESAMPLING, SEED)
    rankings, compute = rankings_of(patients, plan, setting), ComputeParameters(n_jobs=1)
    cv_predictions, _ = cross_validate(patients, plan, rankings, setting, compute)
    return fit(
        patients,
        rankings,
        cv_predictions,
        measure_profiles(patients, setting.cohort),
        setting,
        compute,
    )
