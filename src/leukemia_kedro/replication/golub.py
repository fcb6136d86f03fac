"""Golub's patients on the original split, prepared as the studies prepare them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline, make_pipeline

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.estimators import ArrayNormaliser, LogTransform, ProbeFilter
from leukemia_kedro.evaluation.published import reference_signature

PATIENTS = [str(number) for number in range(1, 73)]
N_TRAIN, N_TEST = 38, 34
FLOOR, CEILING, MIN_RATIO, MIN_RANGE = 100, 16000, 5, 500
SEEDS = 20


@dataclass(frozen=True)
class Golub:
    """The 72 patients in numeric order: 38 for training, then 34 independent."""

    expression: pd.DataFrame
    """Raw intensities, shape (72, n_probes)."""
    labels: pd.Series
    """ALL or AML, index ``sample``."""
    controls: list[str]
    """The chip's control probes."""
    published: list[str]
    """The 50 probes of Golub et al. (1999), figure 3B."""

    @property
    def train(self) -> pd.DataFrame:
        return self.expression.iloc[:N_TRAIN]

    @property
    def test(self) -> pd.DataFrame:
        return self.expression.iloc[N_TRAIN:]

    @property
    def train_labels(self) -> np.ndarray:
        return self.labels.iloc[:N_TRAIN].to_numpy(dtype=str)

    @property
    def test_labels(self) -> np.ndarray:
        return self.labels.iloc[N_TRAIN:].to_numpy(dtype=str)

    @property
    def train_is_aml(self) -> np.ndarray:
        """1 for each of the 38 that is labelled AML, else 0."""
        return (self.train_labels == "AML").astype(int)

    def wrong(self, predicted: np.ndarray) -> list[str]:
        """Those of the 34 whose predicted label is not their own."""
        return list(self.test.index[np.asarray(predicted) != self.test_labels])

    def errors_by_seed(
        self, model: BaseEstimator, train: np.ndarray, test: np.ndarray, seed: int
    ) -> list[int]:
        """Errors of 34 under each of 20 values of ``random_state``, the first of them ``seed``.

        ``train`` and ``test`` have shapes (38, n_features) and (34, n_features).
        """
        errors = []
        for k in range(SEEDS):
            fitted = model.set_params(random_state=seed + k).fit(train, self.train_is_aml)
            errors.append(int((fitted.predict(test) != (self.test_labels == "AML")).sum()))
        return errors


def original_split(cohort: Cohort) -> Golub:
    """The patients of Golub et al. (1999), train and independent.

    Raises
    ------
    UserError
        The cohort is another one.
    """
    published = list(reference_signature("golub_1999")["probe"])
    difference = _difference(cohort.samples, cohort.probes, published)
    if difference:
        raise UserError(
            "replication needs the cohort of Golub et al. (1999): patients 1 to 72, of which "
            f"1 to 38 are train, labelled ALL or AML; raw_cohort ({cohort.origin}) has "
            f"{difference}. With the catalog of conf/golub: kedro run --pipelines replication"
        )
    return Golub(
        cohort.expression.loc[PATIENTS],
        cohort.samples.loc[PATIENTS, "label"],
        list(cohort.probes.index[cohort.probes["is_control"]]),
        published,
    )


def log2(standardise_arrays: bool = False) -> Pipeline:
    """Floor 100, ceiling 16000, log2, and each array standardised where that is asked for."""
    normalise = ArrayNormaliser("standardise" if standardise_arrays else "none")
    return make_pipeline(LogTransform("raw", FLOOR, CEILING), normalise)


def probe_filter() -> ProbeFilter:
    """The filter of Dudoit, Fridlyand & Speed (2002)."""
    return ProbeFilter("raw", FLOOR, CEILING, MIN_RATIO, MIN_RANGE)


def _difference(samples: pd.DataFrame, probes: pd.DataFrame, published: list[str]) -> str | None:
    if set(samples.index) != set(PATIENTS):
        return f"samples {first_few(samples.index)}"
    if "split" not in samples:
        return "no split"
    if set(samples.index[samples["split"] == "train"]) != set(PATIENTS[:N_TRAIN]):
        return "another split"
    if "label" not in samples:
        return "no labels"
    if set(samples["label"]) != {"ALL", "AML"}:
        return f"labels {first_few(samples['label'].unique())}"
    missing = [probe for probe in published if probe not in probes.index]
    return f"no probes {first_few(missing)}" if missing else None
