"""The parameters, typed: Kedro checks them against these models before the first node runs.

One class per block of ``conf/<environment>/parameters*.yml``. Each field's meaning and default
stand here and nowhere else; the YAML states what a cohort sets.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    field_validator,
    model_validator,
)

LARGEST_LOG2 = 40.0
"""No scanner, sequencer or mass spectrometer counts beyond 2 to this power."""

LimmaVersion = Literal["limma_3.62", "limma_3.54"]
"""Whose estimate of the prior variance: limma's from 3.61.8 on, or limma's up to 3.60."""


def quoted(value: Any) -> Any:
    """A name as stated; ValueError where YAML has made a number or a truth value of it."""
    if isinstance(value, bool):
        words = "yes, on and true" if value else "no, off and false"
        example = "yes" if value else "no"
        raise ValueError(
            f"YAML reads {words} as the truth value {value}, not as a name; "
            f'put it in quotes: "{example}"'
        )
    if isinstance(value, int | float):
        raise ValueError(f'{value} is a number, not a name; put it in quotes: "{value}"')
    return value


Name = Annotated[str, BeforeValidator(quoted)]
"""A text that YAML may mistake for a number or a truth value."""
NameOrNull = Annotated[str | None, BeforeValidator(quoted)]


class _Block(BaseModel):
    """A block of parameters: an unknown key is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, stated):
        if isinstance(stated, dict):
            known = cls.model_fields
            if unknown := [key for key in stated if key not in known]:
                raise ValueError("; ".join(_unknown(key, list(known)) for key in unknown))
        return stated


def _unknown(key: Any, known: list[str]) -> str:
    near = get_close_matches(str(key), known, n=1)
    expected = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key {key!r}: {expected}"


class SplitParameters(_Block):
    """Which samples are held out, and opened once."""

    method: Literal["given", "stratified", "grouped", "none"] | None = None
    """``given`` by the cohort, ``stratified`` at random, ``grouped`` at random by patient, or
    ``none``: cross-validation only. Where not stated, ``given`` if the cohort gives a split, else
    ``none``."""
    test_share: float = Field(default=0.3, gt=0, lt=1)
    """Share of the samples of each class that are held out, for ``stratified`` and ``grouped``."""
    group: NameOrNull = None
    """Column of the samples that names the patient, where patients gave several samples: these are
    never on both sides of the split, or of a fold."""

    @model_validator(mode="after")
    def _group_fits_method(self):
        if self.method == "grouped" and self.group is None:
            raise ValueError("method 'grouped' needs group, the column that names the patient")
        if self.method == "stratified" and self.group is not None:
            raise ValueError(
                f"method 'stratified' could put samples of one {self.group} on both sides; "
                "expected 'grouped'"
            )
        return self


class MissingParameters(_Block):
    """What is done about missing values."""

    policy: Literal["fail", "drop", "impute"] = "fail"
    """``fail`` refuses them. ``drop`` leaves out every probe that lacks more than ``max_share`` of
    its values and refuses what is missing still. ``impute`` leaves out the same probes, and inside
    each fold imputes what is missing still from the nearest training samples."""
    max_share: float = Field(default=0.2, ge=0, lt=1)
    """Share of the samples that a probe may lack."""
    neighbours: int = Field(default=5, ge=1)
    """Training samples whose mean stands in for a missing value."""


class FilterParameters(_Block):
    """Probes kept (Dudoit, Fridlyand & Speed 2002), in linear intensities on either scale."""

    min_ratio: float | None = Field(default=None, ge=1)
    """Keep a probe whose maximum / minimum over the training samples is larger."""
    min_range: float | None = Field(default=None, ge=0)
    """Keep a probe whose maximum − minimum over the training samples is larger."""
    drop_controls: bool = False
    """Whether the chip's control probes are left out of ranking and models."""


def _check_class_names(what: str, names: list[Any]) -> None:
    """Refuse, with a ValueError, names that are no text or stand there twice."""
    for name in names:
        if name is None:
            raise ValueError(f'{what} null, which is no name; put it in quotes: "null"')
        if not isinstance(quoted(name), str) or not name.strip():
            raise ValueError(f"{what} {name!r}; expected the name of a class")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} {twice[0]!r} twice")


class CohortParameters(_Block):
    """What depends on the nature of the cohort's data."""

    name: NameOrNull = None
    """For the model card; the folder of the cohort's files."""
    scale: Literal["raw", "log2"]
    """Raw intensities, or already log2. It has no default: a run without it is refused."""
    scale_checked: bool = False
    """True where somebody has looked at the values and the scale is right, whatever they look
    like: what would be refused is told."""
    floor: float | None = None
    """Values below are set to it; on the scale of the data, as ceiling is."""
    ceiling: float | None = None
    """Values above are set to it."""
    take_log2: bool = True
    """False leaves raw intensities unlogged everywhere, as many public notebooks do."""
    standardise_arrays: bool = False
    """Whether each array is brought to mean 0 and deviation 1 over the probes kept."""
    filter: FilterParameters = FilterParameters()
    missing: MissingParameters = MissingParameters()
    split: SplitParameters = SplitParameters()
    leave_out: dict[str, list[str | float | None]] = {}
    """Samples that are not analysed, by their id under ``sample``, or by the values of a column:
    ``{sample: [A07], label: [CLL]}``. ``label`` is the class as the file names it; ``null`` is a
    missing value."""
    classes: list[str] | dict[str, list[str]] | None = None
    """Classes in the order of tables and figures, the reference class first; else alphabetical. A
    mapping merges or renames the file's classes: ``{ALL: [B-ALL, T-ALL], AML: AML}``."""

    @field_validator("leave_out", mode="before")
    @classmethod
    def _columns_with_values(cls, leave_out):
        if not isinstance(leave_out, dict):
            example = "such as {label: [CLL]} or {sample: [A07]}"
            raise ValueError(f"found {leave_out!r}; expected values by column, {example}")
        listed = {}
        for column, values in leave_out.items():
            listed[quoted(column)] = values = values if isinstance(values, list) else [values]
            if not values:
                raise ValueError(f"no value is listed under {column!r}")
            for value in values:
                if isinstance(value, bool):
                    quoted(value)
        return listed

    @field_validator("classes", mode="before")
    @classmethod
    def _named_classes(cls, classes):
        if isinstance(classes, dict):
            classes = {
                name: files if isinstance(files, list) else [files]
                for name, files in classes.items()
            }
            _check_class_names("classes", list(classes))
            _check_class_names("classes merges", list(chain(*classes.values())))
            for name, files in classes.items():
                if not files:
                    raise ValueError(f"classes lists nothing under {name!r}")
        elif isinstance(classes, list):
            _check_class_names("classes", classes)
        elif classes is not None:
            raise ValueError(
                f"found {classes!r}; expected a list such as [ALL, AML], or a mapping that merges "
                "classes, such as {ALL: [B-ALL, T-ALL], AML: AML}"
            )
        return classes

    @model_validator(mode="after")
    def _bounds_fit_the_scale(self):
        if self.floor is not None and self.ceiling is not None and self.floor >= self.ceiling:
            raise ValueError(f"floor {self.floor} is not below ceiling {self.ceiling}")
        to_log = self.scale == "raw" and self.take_log2
        if to_log and (self.floor is None or self.floor <= 0):
            raise ValueError(
                "raw intensities need a floor above 0, else log2 is undefined: state floor, such "
                "as 100 for early Affymetrix chips"
            )
        if self.scale == "log2" and max(self.floor or 0, self.ceiling or 0) > LARGEST_LOG2:
            raise ValueError(
                f"floor {self.floor} and ceiling {self.ceiling} are no log2 values; "
                "set both to null, or to bounds on the log2 scale"
            )
        return self


class ResamplingParameters(_Block):
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


class SignatureParameters(_Block):
    """The genes named in the report."""

    criterion: str = "signal_to_noise"
    """Criterion that ranks them, out of ``criteria``."""
    n_genes: int = Field(default=50, ge=1)
    """How many there are."""
    reference: str | None = None
    """Name of a published signature to compare with; ``golub_1999`` ships with the package."""


class FeatureSelectionParameters(_Block):
    criteria: list[Name] = Field(min_length=1)
    """Criteria that rank all genes on the training samples; ``estimators/rankings.py`` has them."""
    signature: SignatureParameters = SignatureParameters()

    @model_validator(mode="after")
    def _signature_is_ranked(self):
        criterion, criteria = self.signature.criterion, ", ".join(self.criteria)
        if criterion not in self.criteria:
            raise ValueError(
                f"signature.criterion is {criterion!r}, which is not among criteria: {criteria}"
            )
        return self


class GenesParameters(_Block):
    """Genes a model sees."""

    criterion: str = "anova_f"
    """The one that ranks them, inside each fold."""
    n_genes: list[PositiveInt | Literal["all"]] = Field(min_length=1)
    """Numbers of top genes to choose among inside the folds; ``all``: every probe kept."""


class ModelParameters(_Block):
    """One classifier."""

    estimator: str
    """Import path of the scikit-learn classifier."""
    arguments: dict[str, Any] = {}
    """Fixed arguments of the classifier."""
    search: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    """Values to choose among inside the folds, simplest first: a tie keeps the earlier one."""
    genes: GenesParameters
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


class ModellingParameters(_Block):
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


class DifferentialExpressionParameters(_Block):
    """Which classes are compared, what is held fixed meanwhile, and by which tests."""

    design: str = "~ label"
    """Formula over the samples table, covariates included: ``~ label + batch``."""
    contrasts: Literal["pairs", "each_against_rest"] | dict[str, str] = "pairs"
    """Every pair of classes, each class against the mean of the others, or expressions by name,
    such as ``{AML-ALL: AML - ALL}``; the name is that of the contrast's file."""
    samples: Literal["train", "all"] = "train"
    """Samples compared."""
    probes: Literal["passing_filter", "all"] = "passing_filter"
    """Probes tested: those that pass the filter on the training samples, or every one."""
    trend: bool = False
    """Whether the prior variance follows mean expression."""
    robust: bool = False
    """Whether hypervariable genes are kept from spoiling the prior."""
    prior: LimmaVersion = "limma_3.62"
    """How the prior variance is estimated: as limma does from 3.61.8 on, or as it did up to 3.60
    (``limma_3.54``). They differ where values are missing."""
    treat_lfc: float | None = Field(default=None, gt=0)
    """Tests for a log2 fold change beyond this, by limma's ``treat``, rather than for any."""
    fdr: float = Field(default=0.05, gt=0, lt=1)
    """A probe is up or down where its Benjamini–Hochberg value is below."""
    permutations: int = Field(default=1000, ge=0)
    """Labellings for the step-down maxT p-values; 0 leaves their column empty."""
    blocks: NameOrNull = None
    """Column of the samples, such as batch: maxT lets labels change places within its values."""

    @field_validator("contrasts")
    @classmethod
    def _named_as_files(cls, contrasts):
        if isinstance(contrasts, str):
            return contrasts
        if not contrasts:
            raise ValueError("there is no contrast; expected pairs, each_against_rest or some")
        # The table of the F-test has these columns beside one for each contrast.
        taken = {"probe", "description", "aveexpr", "f", "p.value", "adj.p.val"}
        for name in contrasts:
            if not re.fullmatch(r"\w[\w.+-]*", name):
                raise ValueError(
                    f"the contrast name {name!r} is no file name: expected letters, digits, "
                    "'_', '-', '+' and '.', the first a letter or a digit"
                )
            # Some file systems take AML and aml for one name.
            if name.casefold() in taken:
                raise ValueError(f"{name!r} is the name of another contrast or of a column")
            taken.add(name.casefold())
        return contrasts


class EnrichmentParameters(_Block):
    """How probes stand for genes when gene sets are tested."""

    gene_column: NameOrNull = None
    """Column of the chip annotation, or of the probes table, that names genes as the gene sets
    do; the gene sets name probes where not stated."""
    collapse: Literal["highest_mean", "mean"] = "highest_mean"
    """The expression of a gene with several probes: that of the probe with the highest mean
    expression, or the mean of the probes."""


class InferenceParameters(_Block):
    allowed_missing_share: float = Field(default=0, ge=0, lt=1)
    """Share of the model's probes, and of the genes it calls by, that a new sample may lack. The
    model imputes them: from the nearest training samples under ``policy: impute``, else by
    training means."""
    scale_checked: bool = False
    """True where somebody has looked at the new samples and they are on the scale of the model,
    whatever their values look like."""


class ComputeParameters(_Block):
    """Where resampling, permutations and rankings are computed. Results do not depend on it."""

    n_jobs: int = -1
    """Parallel workers of this machine; −1: one per core, −2: all cores but one, and so on."""
    backend: Literal["local", "dask"] = "local"
    """``local``: the cores of this machine; ``dask``: the workers of a Dask cluster."""
    scheduler: str | None = None
    """Address of the cluster's scheduler, such as ``tcp://192.168.0.2:8786``; where not stated,
    the cluster is ``n_jobs`` worker processes of this machine."""

    @model_validator(mode="after")
    def _works(self):
        if self.n_jobs == 0:
            raise ValueError("n_jobs is 0; expected at least 1, or -1 for one per core")
        if self.scheduler is not None and self.backend != "dask":
            raise ValueError(f"scheduler is {self.scheduler}: it needs backend: dask")
        return self
