"""From the cohort as read to log2 expression."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import Cohort
from leukemia_kedro.parameters import CohortParameters, MissingParameters


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


def log2_expression(
    expression: pd.DataFrame, probe_filter: pd.DataFrame, cohort: CohortParameters
) -> pd.DataFrame:
    """Floor, ceiling and log2 for every probe.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        As measured.
    probe_filter : DataFrame, index ``probe``, column ``passes``
        The probes over which each array is standardised, where the cohort asks for that.
    cohort : CohortParameters

    Returns
    -------
    DataFrame, shape (n_probes, n_samples)
        Log2 scale; with ``standardise_arrays`` in deviations of the array's kept probes.
    """
    from leukemia_kedro.estimators.model_pipeline import log_transform

    log2 = log_transform(cohort.model_copy(update={"standardise_arrays": False}))
    values = log2.fit_transform(expression.to_numpy().T).T
    if cohort.standardise_arrays:
        kept = values[probe_filter.loc[expression.index, "passes"].to_numpy()]
        values = (values - np.nanmean(kept, axis=0)) / np.nanstd(kept, axis=0, ddof=1)
    return pd.DataFrame(values, index=expression.index, columns=expression.columns)


def excluded_controls(probes: pd.DataFrame, cohort: CohortParameters) -> list[str]:
    """The chip's control probes, where the cohort's filter drops them."""
    return list(probes.index[probes["is_control"]]) if cohort.filter.drop_controls else []
