"""Nested cross-validation of all models beside plain scikit-learn and the physical limit.

    python benchmarks/nested_cv.py

Golub's 38 training samples with the settings of conf/golub, all its repeats:

- here: rankings per fold, shared by all models, then each model;
- plain: ``cross_val_predict`` over ``GridSearchCV`` of the same pipelines, with the same folds,
  grids and number of jobs. The classes predicted are required to be the same; it states no
  calibrated probabilities, which are part of the time here;
- limit: the time the classifiers spend in their own ``fit`` and ``predict``, divided by the number
  of cores. While the predictions stay the same nothing can be faster.

The bounds are 1.3 times the limit, and 3 times as fast as plain for the cheap models.
"""

from __future__ import annotations

import functools
import inspect
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

import numpy as np
from golub import golub_training_samples
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_predict,
)
from timing import cores, spread, timed

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.estimators.model_pipeline import classifier, model_pipeline
from leukemia_kedro.evaluation.fold_rankings import orders_by_split, rank_folds
from leukemia_kedro.evaluation.nested_cv import nested_cross_validation
from leukemia_kedro.evaluation.plan import resampling_plan
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

RUNS = 3
CHEAP = (
    "weighted_voting",
    "naive_bayes",
    "shrunken_centroids",
    "logistic_regression",
    "svm_linear",
    "svm_rbf",
    "knn",
)


class Comparison:
    """The cohort, the plan and the models that both sides share."""

    def __init__(self) -> None:
        self.expression, self.labels, parameters = golub_training_samples()
        self.seed = parameters["seed"]
        self.cohort = CohortParameters(**parameters["cohort"])
        self.resampling = ResamplingParameters(**parameters["resampling"])
        blocks = parameters["models"]
        self.models = {name: ModelParameters(**blocks[name]) for name in model_names()}
        self.plan = resampling_plan(self.labels, self.resampling, self.seed)

    def setting(self, name: str) -> Setting:
        return Setting(self.models[name], self.cohort, self.resampling, self.seed)

    def rankings(self, n_jobs: int):
        """Rankings per fold, by every criterion and normalisation that a model asks for."""
        rankings = dict.fromkeys(
            each for name in self.models for each in self.setting(name).rankings
        )
        setting = RankingSetting(
            tuple(rankings), self.cohort, self.resampling.inner_folds, self.seed
        )
        return rank_folds(TrainingSet(self.expression, self.labels), self.plan, setting, n_jobs)

    def here(self, name: str, orders, n_jobs: int) -> np.ndarray:
        """Out-of-fold classes of one model, shape (repeats, samples)."""
        patients = TrainingSet(self.expression, self.labels)
        predictions, _ = nested_cross_validation(
            patients, self.plan, orders, self.setting(name), n_jobs
        )
        return np.array(
            [
                repeat.set_index("sample").loc[self.expression.index, "predicted"]
                for _, repeat in predictions.groupby("repeat")
            ]
        )

    def plain(self, name: str, n_jobs: int) -> np.ndarray:
        """The same from scikit-learn."""
        model = self.models[name]
        grid = {f"classify__{key}": values for key, values in model.search.items()}
        grid |= {"normalise__method": model.normalise_arrays, "select__k": model.genes.n_genes}
        search = GridSearchCV(
            model_pipeline(model, self.cohort, self.seed),
            grid,
            scoring="balanced_accuracy",
            cv=StratifiedKFold(self.resampling.inner_folds, shuffle=True, random_state=self.seed),
            error_score="raise",
        )
        return np.array(
            [
                cross_val_predict(
                    search,
                    self.expression,
                    self.labels.to_numpy(dtype=str),
                    cv=PredefinedSplit(rows.set_index("sample")["fold"][self.expression.index]),
                    n_jobs=n_jobs,
                )
                for _, rows in self.plan.groupby("repeat")
            ]
        )

    def own_seconds(self, name: str, orders) -> float:
        """Seconds in the classifier's own methods, in one process."""
        with clocked(type(classifier(self.models[name], self.seed))) as spent:
            self.here(name, orders, n_jobs=1)
        return sum(spent)


@contextmanager
def clocked(kind: type) -> Iterator[list[float]]:
    """Seconds of every outermost call of ``fit``, ``predict`` and the like of this class."""
    spent: list[float] = []
    running = False

    def clock(method: Callable) -> Callable:
        @functools.wraps(method)
        def with_clock(*arguments, **named):
            nonlocal running
            if running:
                return method(*arguments, **named)
            running, start = True, time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                spent.append(time.perf_counter() - start)
                running = False

        return with_clock

    with ExitStack() as patches:
        methods = ("fit", "predict", "predict_proba", "decision_function")
        for name in (*methods, "predict_joint_log_proba"):
            method = inspect.getattr_static(kind, name, None)
            if inspect.isfunction(method):
                patches.enter_context(mock.patch.object(kind, name, clock(method)))
        yield spent


def main() -> None:
    """Print a line per model, and the two ratios."""
    one_thread_per_process()
    jobs = cores()
    compared = Comparison()
    # Workers import scikit-learn when they start, once in a run.
    run_parallel(clone, [(model_pipeline(compared.models["knn"], compared.cohort, 0),)] * jobs,
                 jobs, "starting")  # fmt: skip

    here: dict[str, list[float]] = {name: [] for name in ("rankings", *model_names())}
    limit: dict[str, list[float]] = {name: [] for name in model_names()}
    for _ in range(RUNS):
        rankings, seconds = timed(compared.rankings, jobs)
        here["rankings"].append(seconds)
        orders = orders_by_split(rankings)
        found = {}
        for name in model_names():
            found[name], seconds = timed(compared.here, name, orders, jobs)
            here[name].append(seconds)
            limit[name].append(compared.own_seconds(name, orders) / jobs)
    plain = {}
    for name in model_names():
        theirs, plain[name] = timed(compared.plain, name, jobs)
        np.testing.assert_array_equal(found[name], theirs, err_msg=name)

    print(f"seconds, {jobs} jobs, {RUNS} runs here and 1 of plain scikit-learn")
    print(f"{'':<22}{'here':>26}{'limit':>26}{'plain':>9}{'plain / here':>14}")
    print(f"{'rankings, shared':<22}{spread(here['rankings']):>26}")
    for name in model_names():
        ratio = plain[name] / statistics.median(here[name])
        print(f"{name:<22}{spread(here[name]):>26}{spread(limit[name]):>26}"
              f"{plain[name]:>9.2f}{ratio:>14.1f}")  # fmt: skip

    ours = [sum(times) for times in zip(*here.values(), strict=True)]
    least = [sum(times) for times in zip(*limit.values(), strict=True)]
    print(f"{'all':<22}{spread(ours):>26}{spread(least):>26}{sum(plain.values()):>9.2f}"
          f"{sum(plain.values()) / statistics.median(ours):>14.1f}")  # fmt: skip
    cheap = [
        sum(times) for times in zip(*(here[name] for name in ("rankings", *CHEAP)), strict=True)
    ]
    cheap_plain = sum(plain[name] for name in CHEAP)
    print(f"cheap models: {spread([cheap_plain / each for each in cheap])} times as fast as plain")
    print(f"here / limit: {spread([a / b for a, b in zip(ours, least, strict=True)])}")
    print(f"plain / limit: {sum(plain.values()) / statistics.median(least):.1f}")


if __name__ == "__main__":
    main()
