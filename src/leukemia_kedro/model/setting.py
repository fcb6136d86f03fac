"""What genes are ranked with, and what a model is tuned and fitted with, beside the training set.

Both are pydantic dataclasses: their types are checked, also when they are read from a file.
"""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from leukemia_kedro.parameters import (
    CohortParameters,
    ModellingParameters,
    ModelParameters,
    Normalisation,
    ResamplingParameters,
)


@dataclass(frozen=True)
class RankingSetting:
    """How genes are ranked in every training fold."""

    rankings: tuple[tuple[str, Normalisation], ...]
    """Each a criterion, one of :data:`~leukemia_kedro.estimators.rankings.CRITERIA`, and how arrays
    are normalised before."""
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
    left_out: str | None = None
    """Why the model is not run on the training set, or None."""
    modelling: ModellingParameters = ModellingParameters()
    """What its reject threshold and its conformal sets aim at."""

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> Setting:
        """The setting that a fitted model was made with, from its card."""
        return cls(
            ModelParameters(**card["model"]),
            CohortParameters(**card["cohort"]),
            ResamplingParameters(**card["resampling"]),
            card["seed"],
        )

    @property
    def inner_folds(self) -> int:
        """Folds inside each training fold, for tuning."""
        return self.resampling.inner_folds

    @property
    def criterion(self) -> str:
        """The criterion that ranks the genes of the model."""
        return self.model.genes.criterion

    @property
    def rankings(self) -> tuple[tuple[str, Normalisation], ...]:
        """The rankings that the model needs, see :class:`RankingSetting`."""
        return tuple((self.criterion, each) for each in self.model.normalise_arrays)
