"""The block ``external_validation``: how the samples of a second cohort are judged."""

from __future__ import annotations

from pydantic import Field

from leukemia_kedro.parameters.block import Block
from leukemia_kedro.parameters.cohort import ClassMapping, LeaveOut


class ExternalValidationParameters(Block):
    """A model of one cohort (``home``) on the samples of another one."""

    label: str = "label"
    """Column of the samples that holds their class."""
    leave_out: LeaveOut = {}
    """Samples that are not judged, as ``cohort.leave_out`` states them: ``{lineage: [T-ALL]}``."""
    classes: ClassMapping = None
    """The classes of the model, each with the values of ``label`` that are it: ``{ALL: [B-ALL,
    T-ALL]}``. Values that are the name of a class of the model need none."""
    allowed_missing_share: float = Field(default=0.5, ge=0, lt=1)
    """Share of the genes that the model calls by that the other cohort may lack. They count as
    their training means."""
