"""The block ``cohort``: what depends on the data."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from leukemia_kedro.parameters.block import Block, NameOrNull, quoted
from leukemia_kedro.parameters.modelling import Normalisation

LARGEST_LOG2 = 40.0
"""No scanner, sequencer or mass spectrometer counts beyond 2 to this power."""


class SplitParameters(Block):
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


class MissingParameters(Block):
    """What is done about missing values."""

    policy: Literal["fail", "drop", "impute"] = "fail"
    """``fail`` refuses them. ``drop`` leaves out every probe that lacks more than ``max_share`` of
    its values and refuses what is missing still. ``impute`` leaves out the same probes, and inside
    each fold imputes what is missing still from the nearest training samples."""
    max_share: float = Field(default=0.2, ge=0, lt=1)
    """Share of the samples that a probe may lack."""
    neighbours: int = Field(default=5, ge=1)
    """Training samples whose mean stands in for a missing value."""


class FilterParameters(Block):
    """Probes kept: by ratio and range of linear intensities, on the scale raw or log2 (Dudoit,
    Fridlyand & Speed 2002); by numbers of reads, on the scale counts (Chen, Lun & Smyth 2016)."""

    min_ratio: float | None = Field(default=None, ge=1)
    """Keep a probe whose maximum / minimum over the training samples is larger."""
    min_range: float | None = Field(default=None, ge=0)
    """Keep a probe whose maximum − minimum over the training samples is larger."""
    min_count: float = Field(default=10, ge=0)
    """Counts only: reads that express a gene, in a library of median size. A gene is kept if it is
    expressed in about as many training samples as the smallest class has."""
    min_total_count: float = Field(default=15, ge=0)
    """Counts only: reads of a gene that is kept, in all training samples together."""
    drop_controls: bool = False
    """Whether the chip's control probes are left out of ranking and models."""


def _columns_with_values(leave_out: Any) -> Any:
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


def _named_classes(classes: Any) -> Any:
    if isinstance(classes, dict):
        classes = {
            name: files if isinstance(files, list) else [files] for name, files in classes.items()
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


LeaveOut = Annotated[dict[str, list[str | float | None]], BeforeValidator(_columns_with_values)]
ClassMapping = Annotated[dict[str, list[str]] | None, BeforeValidator(_named_classes)]
Classes = Annotated[list[str] | dict[str, list[str]] | None, BeforeValidator(_named_classes)]


class CohortParameters(Block):
    """What depends on the nature of the cohort's data."""

    name: NameOrNull = None
    """For the model card; the folder of the cohort's files."""
    scale: Literal["raw", "log2", "counts"]
    """Raw intensities, already log2, or counts of reads. It has no default: a run without it is
    refused."""
    scale_checked: bool = False
    """True where somebody has looked at the values and the scale is right, whatever they look
    like: what would be refused is told."""
    floor: float | None = None
    """Values below are set to it; on the scale of the data, as ceiling is."""
    ceiling: float | None = None
    """Values above are set to it."""
    take_log2: bool = True
    """False leaves raw intensities unlogged everywhere, as many public notebooks do."""
    prior_count: float = Field(default=2, gt=0)
    """Counts only: reads added to each count, in proportion to the library, before the log2 of
    counts per million is taken."""
    standardise_arrays: bool = False
    """Whether each array is brought to mean 0 and deviation 1 over the probes kept, for
    differential expression, signature and figures. Models have ``normalise_arrays``."""
    filter: FilterParameters = FilterParameters()
    missing: MissingParameters = MissingParameters()
    split: SplitParameters = SplitParameters()
    leave_out: LeaveOut = {}
    """Samples that are not analysed, by their id under ``sample``, or by the values of a column:
    ``{sample: [A07], label: [CLL]}``. ``label`` is the class as the file names it; ``null`` is a
    missing value."""
    classes: Classes = None
    """Classes in the order of tables and figures, the reference class first; else alphabetical. A
    mapping merges or renames the file's classes: ``{ALL: [B-ALL, T-ALL], AML: AML}``."""

    @property
    def normalisation(self) -> Normalisation:
        """How arrays are normalised for all but the models."""
        return "standardise" if self.standardise_arrays else "none"

    @model_validator(mode="after")
    def _counts_are_left_as_they_are(self):
        if self.scale != "counts":
            return self
        of_intensities = {
            "floor": self.floor is not None,
            "ceiling": self.ceiling is not None,
            "take_log2: false": not self.take_log2,
            "filter.min_ratio": self.filter.min_ratio is not None,
            "filter.min_range": self.filter.min_range is not None,
        }
        if stated := [name for name, is_stated in of_intensities.items() if is_stated]:
            raise ValueError(
                f"{', '.join(stated)}: for intensities, not for scale 'counts'. Remove it. Genes "
                "with few reads are dropped by filter.min_count and filter.min_total_count; "
                "prior_count takes the place of a floor"
            )
        if self.missing.policy != "fail":
            raise ValueError(
                f"missing.policy {self.missing.policy!r} is not for scale 'counts': a gene that "
                "was not counted is no gene with 0 reads. Set it to 'fail', and remove the genes "
                "that lack counts from the file"
            )
        return self

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
