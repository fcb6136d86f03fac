"""From values as measured to log2 expression, on tables of probes × samples."""

from __future__ import annotations

import pandas as pd

from leukemia_kedro.estimators.model_pipeline import log_transform
from leukemia_kedro.parameters import CohortParameters


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
    log2 = log_transform(cohort.model_copy(update={"standardise_arrays": False}))
    values = log2.fit_transform(expression.to_numpy().T).T
    if cohort.standardise_arrays:
        kept = values[probe_filter.loc[expression.index, "passes"].to_numpy()]
        values = (values - kept.mean(axis=0)) / kept.std(axis=0, ddof=1)
    return pd.DataFrame(values, index=expression.index, columns=expression.columns)


def excluded_controls(probes: pd.DataFrame, cohort: CohortParameters) -> list[str]:
    """The chip's control probes, where the cohort's filter drops them."""
    return list(probes.index[probes["is_control"]]) if cohort.filter.drop_controls else []
