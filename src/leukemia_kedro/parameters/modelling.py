"""The blocks ``resampling``, ``models`` and ``modelling``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from leukemia_kedro.parameters.block import Block

Normalisation = Literal["none", "standardise", "ranks", "quantiles"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
"""How each array is brought to a common scale, see :class:`~.estimators.ArrayNormaliser`."""


class ResamplingParameters(Block):
    """Repeated, stratified, nested cross-validation on the training samples."""

    folds: int | Literal["leave_one_out"] = 5
    """Outer folds, each held out once per repeat; at least 2."""
    repeats: int = Field(default=5, ge=1)
    """How often the folds are drawn."""
    inner_folds: int = Field(default=4, ge=2)
    """Folds inside each training fold, for tuning."""

    @model_validator(mode="after")
    def _sensible(self):
        if self.folds == "leave_one_out":
            if self.repeats != 1:
                raise ValueError("leave_one_out has no chance in it: set repeats to 1")
        elif self.folds < 2:
            raise ValueError(f"folds is {self.folds}; expected at least 2, or leave_one_out")
        return self


class GenesParameters(Block):
    """Genes a model sees."""

    criterion: str = "anova_f"
    """The one that ranks them, inside each fold."""
    n_genes: list[PositiveInt | Literal["all"]] = Field(min_length=1)
    """Numbers of top genes to choose among inside the folds; ``all``: every probe kept."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class ModelParameters(Block):
    """One classifier."""

    estimator: str
    """Import path of the scikit-learn classifier."""
    arguments: dict[str, Any] = {}
    """Fixed arguments of the classifier."""
    search: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    """Values to choose among inside the folds, simplest first: a tie keeps the earlier one."""
    genes: GenesParameters
    normalise_arrays: Annotated[
        list[Normalisation], BeforeValidator(_listed), Field(min_length=1)
    ] = ["standardise"]
    """How the log2 values of each array are normalised, over the probes that pass the filter:
    ``standardise`` to mean 0 and deviation 1, ``ranks`` within the array, ``quantiles`` of the
    training samples, or ``none``. A list is chosen from inside the folds, a tie by its order."""
    scale: bool = True
    """Whether each gene is brought to mean 0 and deviation 1 over the training samples."""
    reject_below: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which there is no call; chosen on the training folds where not stated."""
    two_classes_only: bool = False
    """Whether the method is defined for two classes only."""
    max_samples: int | None = Field(default=None, ge=1)
    """Left out of a run with more training samples: beyond them it takes too long."""
    enabled: bool = True
    """False leaves the model out."""

    def left_out(self, n_samples: int, n_classes: int) -> str | None:
        """Why the model is not run on that many training samples and classes, or None."""
        if not self.enabled:
            return "switched off by its parameter enabled"
        if self.two_classes_only and n_classes > 2:
            return f"defined for two classes only, the cohort has {n_classes}"
        if self.max_samples is not None and n_samples > self.max_samples:
            limit = f"max_samples {self.max_samples}, beyond which it takes too long"
            return f"{n_samples} training samples, more than its {limit}"
        return None


class ModellingParameters(Block):
    permutations: int = Field(default=100, ge=1)
    """Label permutations for the p-value."""
    permuted_models: list[str] | None = None
    """Models among which each permuted labelling chooses; all of the run where not stated."""
    max_error_when_calling: float = Field(default=0.02, ge=0, le=1)
    """The reject option's aim: the largest share of wrong calls among calls. With n training
    patients no aim below 1 / (n + 1) can be kept; the report says what is kept instead."""
    conformal_alpha: float = Field(default=0.1, gt=0, lt=1)
    """Largest share of the patients of a class whose conformal set may lack the class. With n
    training patients of the class, a value below 1 / (n + 1) puts it into every set. 0.1 is the
    smallest round value that a class of ten patients allows."""
