"""The block ``feature_selection``: criteria and signature."""

from __future__ import annotations

from pydantic import Field, model_validator

from leukemia_kedro.parameters.block import Block, Name


class SignatureParameters(Block):
    """The genes named in the report."""

    criterion: str = "signal_to_noise"
    """Criterion that ranks them, out of ``criteria``."""
    n_genes: int = Field(default=50, ge=1)
    """How many there are."""
    reference: str | None = None
    """Name of a published signature to compare with; ``golub_1999`` ships with the package."""


class FeatureSelectionParameters(Block):
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
