"""What a reader should know of the raw data before believing anything made from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import Cohort
from leukemia_kedro.errors import CohortError
from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.splitting import class_order

QUANTILES = {
    "minimum": 0.0,
    "lower_quartile": 0.25,
    "median": 0.5,
    "upper_quartile": 0.75,
    "maximum": 1.0,
}


def check_usable(cohort: Cohort) -> None:
    """Refuse a cohort that no model can be made from.

    Raises
    ------
    CohortError
        No labels, a single class, or missing values.
    """
    if cohort.labels is None:
        raise CohortError("the cohort has no labels: there is nothing to learn")
    class_order(cohort.labels, None)
    values = cohort.expression.to_numpy()
    rows, columns = np.nonzero(np.isnan(values))
    if len(rows):
        raise CohortError(
            f"{len(rows)} values are missing, the first in sample "
            f"{cohort.expression.index[rows[0]]}, probe {cohort.expression.columns[columns[0]]}; "
            "expected a number in every cell"
        )


def describe_quality(
    cohort: Cohort,
    sample_split: pd.DataFrame,
    probe_filter: pd.DataFrame,
    parameters: CohortParameters,
) -> dict[str, Any]:
    """Counts and ranges of a cohort as measured.

    Parameters
    ----------
    cohort : Cohort
    sample_split : DataFrame, index ``sample``, columns ``label, split``
    probe_filter : DataFrame, column ``passes``
    parameters : CohortParameters

    Returns
    -------
    dict
        Plain JSON. ``classes`` maps each class to its number of samples per split, in the
        cohort's order of classes;
        ``duplicated_probes`` counts probes whose values equal an earlier probe's,
        ``duplicated_samples`` lists groups of samples with equal values.
    """
    values = cohort.expression.to_numpy()
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=1)
    counts = pd.crosstab(sample_split["label"], sample_split["split"])
    return {
        "origin": cohort.origin,
        "simulated": cohort.simulated,
        "scale": parameters.scale,
        "n_samples": values.shape[0],
        "n_probes": values.shape[1],
        "n_control_probes": int(cohort.probes["is_control"].sum()),
        "n_probes_passing_filter": int(probe_filter["passes"].sum()),
        "classes": {
            str(label): {split: int(counts.loc[label].get(split, 0)) for split in ("train", "test")}
            for label in class_order(sample_split["label"], parameters.classes)
        },
        "negative_share": float((values < 0).mean()),
        "missing_values": int(np.isnan(values).sum()),
        "constant_probes": int((values.max(axis=0) == values.min(axis=0)).sum()),
        "duplicated_probes": int(_repeats(values.T).sum()),
        "duplicated_samples": _groups_of_equal_rows(values, cohort.expression.index),
        "intensity_per_sample": {
            str(sample): dict(zip(QUANTILES, map(float, quantiles[:, i]), strict=True))
            for i, sample in enumerate(cohort.expression.index)
        },
    }


def _row_keys(values: np.ndarray) -> pd.Series:
    return pd.Series([row.tobytes() for row in np.ascontiguousarray(values)])


def _repeats(values: np.ndarray) -> pd.Series:
    return _row_keys(values).duplicated()


def _groups_of_equal_rows(values: np.ndarray, names: pd.Index) -> list[list[str]]:
    keys = _row_keys(values)
    repeated = keys[keys.duplicated(keep=False)]
    return [[str(names[i]) for i in rows] for rows in repeated.groupby(repeated).groups.values()]
