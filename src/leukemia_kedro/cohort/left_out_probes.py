"""Probes that are left out: those that lack too many values, and the chip's controls."""

from __future__ import annotations

import dataclasses

import numpy as np

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.parameters import MissingParameters


def drop_incomplete_probes(cohort: Cohort, missing: MissingParameters) -> Cohort:
    """The cohort without the probes that lack too many values, as its parameters say.

    Labels play no part, and the share is counted over all samples.

    Parameters
    ----------
    cohort : Cohort
    missing : MissingParameters

    Returns
    -------
    Cohort
        The same where no probe is dropped.
    """
    dropped = incomplete_probes(cohort, missing)
    if not dropped.any():
        return cohort
    return dataclasses.replace(
        cohort, expression=cohort.expression.loc[:, ~dropped], probes=cohort.probes[~dropped]
    )


def incomplete_probes(cohort: Cohort, missing: MissingParameters) -> np.ndarray:
    """Which probes lack more than the allowed share of their values; none where the policy is to
    fail. Shape (n_probes,)."""
    if missing.policy == "fail":
        return np.zeros(cohort.expression.shape[1], dtype=bool)
    return np.isnan(cohort.expression.to_numpy()).mean(axis=0) > missing.max_share
