"""The training set: what every model, ranking and resampling learns from, as one thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.split import training_samples
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import CohortParameters


@dataclass(frozen=True)
class TrainingSet:
    """The training samples of a cohort, with all that is learned from.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        As measured, on the scale that the cohort's parameters name. Every probe of the cohort.
    labels : Series of str, index ``sample``
        Class of each sample, in the order of ``expression``.
    groups : ndarray of str, shape (n_samples,), or None
        The patient of each sample, where patients gave several samples: these stay together in
        every fold.
    controls : sequence of str
        The chip's control probes, where the cohort's filter drops them: never ranked.
    """

    expression: pd.DataFrame
    labels: pd.Series
    groups: np.ndarray | None = None
    controls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.expression.index.equals(self.labels.index):
            raise ValueError("expression and labels list different samples")

    @property
    def matrix(self) -> np.ndarray:
        """Expression without names, shape (n_samples, n_probes)."""
        return self.expression.to_numpy()

    @property
    def classes(self) -> np.ndarray:
        """Labels without names, shape (n_samples,)."""
        return self.labels.to_numpy(dtype=str)

    @property
    def patients(self) -> pd.Series:
        """The patient of each sample, index ``sample``: its group, or without groups itself."""
        return pd.Series(self.samples if self.groups is None else self.groups, self.samples)

    @property
    def samples(self) -> pd.Index:
        return self.expression.index

    @property
    def probes(self) -> pd.Index:
        return self.expression.columns

    @property
    def excluded(self) -> np.ndarray:
        """Positions of ``controls`` among the probes."""
        return self.probes.get_indexer(pd.Index(self.controls, dtype=self.probes.dtype))


def check_same_split(training_set: TrainingSet, sample_split: pd.DataFrame) -> None:
    """Refuse a training set whose samples, labels or groups are not those of the split.

    Raises
    ------
    UserError
    """
    theirs = _stated(*training_samples(sample_split))
    ours = _stated(training_set.labels, training_set.groups)
    differing = theirs.index.symmetric_difference(ours.index)
    if not len(differing):
        differing = ours.index[(ours != theirs.loc[ours.index]).to_numpy()]
    if len(differing):
        raise UserError(
            "sample_split.csv and training_set.parquet differ in the training samples "
            f"{first_few(differing)}: one of them was edited, or made by another run.\n"
            "To make both again, with the same --env: kedro run --pipelines data_processing"
        )


def _stated(labels: pd.Series, groups: np.ndarray | None) -> pd.Series:
    """Label and group of each sample in one text."""
    stated = labels.astype(str)
    return stated if groups is None else stated + "\n" + pd.Series(groups, labels.index)


def training_set(
    expression: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    cohort: CohortParameters,
) -> TrainingSet:
    """The training samples of a cohort that has been split.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        As measured, all samples of the cohort.
    sample_split : DataFrame, index ``sample``, columns ``label, split`` and perhaps ``group``
    probes : DataFrame, index ``probe``, column ``is_control``
    cohort : CohortParameters
    """
    in_training = expression.columns.isin(sample_split.index[sample_split["split"] == "train"])
    train = expression.loc[:, in_training].T
    labels, groups = training_samples(sample_split.loc[train.index])
    controls = probes.index[probes["is_control"]] if cohort.filter.drop_controls else ()
    return TrainingSet(train, labels, groups, tuple(controls))
