"""What genes are ranked with, and what a model is tuned and fitted with, beside the training set.

Both are pydantic dataclasses: their types are checked, also when they are read from a file.
"""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters


@dataclass(frozen=True)
class RankingSetting:
    """How genes are ranked in every training fold."""

    criteria: tuple[str, ...]
    """Names from :data:`~leukemia_kedro.estimators.rankings.CRITERIA`."""
    cohort: CohortParameters
    inner_folds: int
    seed: int


@dataclass(frozen=True)
class Setting:
    """The parameters behind one model of a run."""

    model: ModelParameters
    cohort: CohortParameters
    resampling: ResamplingParameters
    seed: int

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> Setting:
        """The setting that a fitted model was made with, from its card."""
        return cls(
            ModelParameters(**card["model"]),
            CohortParameters(**card["cohort"]),
            ResamplingParameters(**card["resampling"]),
            card["seed"],
        )

    def left_out(self, training_set: TrainingSet) -> str | None:
        """Why the model is not run on this training set, or None."""
        labels = training_set.labels
        return self.model.left_out(len(labels), labels.nunique())

    @property
    def inner_folds(self) -> int:
        """Folds inside each training fold, for tuning."""
        return self.resampling.inner_folds

    @property
    def criterion(self) -> str:
        """The criterion that ranks the genes of the model."""
        return self.model.genes.criterion
