"""The parameters, typed: Kedro checks them against these models before the first node runs.

One class per block of ``conf/<environment>/parameters*.yml``. Each field's meaning and default
stand here and nowhere else; the YAML states what a cohort sets.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

CriterionName = Literal[
    "anova_f",
    "signal_to_noise",
    "welch_t",
    "mann_whitney",
    "mutual_information",
    "l1_logistic",
    "svm_rfe",
    "random_forest",
]


class _Block(BaseModel):
    """A block of parameters: an unknown key is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitParameters(_Block):
    """Which samples are held out, and opened once."""

    method: Literal["given", "stratified", "none"] = "given"
    """``given`` by the cohort, ``stratified`` at random, or ``none``: cross-validation only."""
    test_share: float = Field(default=0.3, gt=0, lt=1)
    """Share of the samples of each class that are held out, for ``stratified``."""


class FilterParameters(_Block):
    """Probes kept (Dudoit, Fridlyand & Speed 2002), in linear intensities on either scale."""

    min_ratio: float | None = Field(default=None, ge=1)
    """Keep a probe whose maximum / minimum over the training samples is larger."""
    min_range: float | None = Field(default=None, ge=0)
    """Keep a probe whose maximum − minimum over the training samples is larger."""
    drop_controls: bool = False
    """Whether the chip's control probes are left out of ranking and models."""


class CohortParameters(_Block):
    """What depends on the nature of the cohort's data."""

    scale: Literal["raw", "log2"]
    """Raw intensities, or already log2."""
    floor: float | None = None
    ceiling: float | None = None
    """Values are clipped to floor … ceiling, both on the scale of the data."""
    standardise_arrays: bool = False
    """Whether each array is brought to mean 0 and deviation 1 over the probes kept."""
    filter: FilterParameters = FilterParameters()
    split: SplitParameters = SplitParameters()
    classes: list[str] | None = None
    """Classes in the order of tables and figures, the reference class first;
    alphabetical where not stated."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self):
        if self.floor is not None and self.ceiling is not None and self.floor >= self.ceiling:
            raise ValueError(f"floor {self.floor} is not below ceiling {self.ceiling}")
        if self.scale == "raw" and (self.floor is None or self.floor <= 0):
            raise ValueError("raw intensities need a floor above 0, else log2 is undefined")
        return self


class ResamplingParameters(_Block):
    """Repeated, stratified, nested cross-validation on the training samples."""

    folds: int | Literal["leave_one_out"] = Field(default=5)
    repeats: int = Field(default=5, ge=1)
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


class SignatureParameters(_Block):
    """The genes named in the report."""

    criterion: CriterionName = "signal_to_noise"
    n_genes: int = Field(default=50, ge=1)
    reference: str | None = None
    """Name of a published signature to compare with; ``golub_1999`` ships with the package."""


class FeatureSelectionParameters(_Block):
    criteria: list[CriterionName] = Field(min_length=1)
    """Criteria by which all genes are ranked on the training samples."""
    signature: SignatureParameters = SignatureParameters()


class GenesParameters(_Block):
    """Genes a model sees."""

    criterion: CriterionName = "anova_f"
    n_genes: list[int | Literal["all"]] = Field(min_length=1)
    """Numbers of top genes to choose among inside the folds; ``all``: every probe kept."""


class ModelParameters(_Block):
    """One classifier."""

    estimator: str
    """Import path of the scikit-learn classifier."""
    arguments: dict[str, Any] = {}
    """Fixed arguments of the classifier."""
    search: dict[str, list[Any]] = {}
    """Values to choose among inside the folds, simplest first: a tie keeps the earlier one."""
    genes: GenesParameters
    scale: bool = True
    """Whether each gene is brought to mean 0 and deviation 1 over the training samples."""
    calibrate: bool = False
    """Whether Platt's sigmoid turns its decision values into probabilities."""
    reject_below: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which there is no call; chosen on the training folds where not stated."""
    two_classes_only: bool = False
    """Whether the method is defined for two classes only."""
    max_samples: int | None = None
    """Left out of a run with more training samples: its cost grows too fast."""
    enabled: bool = True
    """False leaves the model out."""

    def left_out(self, n_samples: int, n_classes: int) -> str | None:
        """Why the model is not run on that many training samples and classes, or None."""
        if not self.enabled:
            return "switched off by its parameter enabled"
        if self.two_classes_only and n_classes > 2:
            return f"defined for two classes only, the cohort has {n_classes}"
        if self.max_samples is not None and n_samples > self.max_samples:
            return f"{n_samples} training samples, more than its max_samples {self.max_samples}"
        return None


class ModellingParameters(_Block):
    permutations: int = Field(default=100, ge=1)
    """Label permutations for the champion's p-value."""
    max_error_when_calling: float = Field(default=0.02, ge=0, le=1)
    """The reject option's aim on the training folds: the share of wrong calls among calls."""


class DifferentialExpressionParameters(_Block):
    design: str = "~ label"
    contrasts: Literal["pairs", "each_against_rest"] | dict[str, str] = "pairs"
    samples: Literal["train", "all"] = "train"
    probes: Literal["passing_filter", "all"] = "passing_filter"
    trend: bool = False
    robust: bool = False
    permutations: int = Field(default=1000, ge=0)
    """Labellings for the step-down maxT p-values."""


class ComputeParameters(_Block):
    n_jobs: int = -1
    """Parallel workers; −1: one per core. Results do not depend on it."""
