"""The champion applied to samples it has never seen."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import InferenceParameters
from leukemia_kedro.types import Cohort, DataFrame, FittedModel


def call_samples(
    champion_model: FittedModel, new_samples: Cohort, inference: InferenceParameters
) -> DataFrame:
    """One row per sample: the call or "no call", how sure it is, and why."""
    return champion_model.predict(new_samples, inference.allowed_missing_share)


def describe_calls(calls: DataFrame) -> dict[str, Any]:
    """Counts of calls and doubts; scores where the new samples have labels."""
    from leukemia_kedro.scoring import calls as scoring

    return scoring.describe_calls(calls)
