"""The block ``inference``: what new samples may lack."""

from __future__ import annotations

from pydantic import Field

from leukemia_kedro.parameters.block import Block


class InferenceParameters(Block):
    allowed_missing_share: float = Field(default=0, ge=0, lt=1)
    """Share of the model's probes, and of the genes it calls by, that a new sample may lack. The
    model imputes them: from the nearest training samples under ``policy: impute``, else by
    training means."""
    scale_checked: bool = False
    """True where somebody has looked at the new samples and they are on the scale of the model,
    whatever their values look like."""
