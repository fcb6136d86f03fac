"""Discoveries held against the truth, which simulated cohorts know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from leukemia_kedro.statistics.contrasts import class_weights

TRUE_MEAN = "true_log2_mean_"
ROUNDING = 1e-6
"""On the log2 scale; tables keep twelve digits."""


def hold_against_truth(
    contrast_tables: Mapping[str, pd.DataFrame],
    expressions: Mapping[str, str],
    probes: pd.DataFrame,
    fdr: float,
    beyond: float,
) -> list[dict[str, Any]]:
    """False-discovery proportion and power of each contrast.

    Parameters
    ----------
    contrast_tables : mapping of contrast name to DataFrame
        Columns ``probe, adj.P.Val``.
    expressions : mapping of contrast name to str
        Such as ``AML - ALL``.
    probes : DataFrame, index ``probe``
        The truth is in ``true_log2_mean_<class>``, see
        :func:`~leukemia_kedro.datasets.simulated.simulate_cohort`.
    fdr : float
        A probe is a discovery where its ``adj.P.Val`` is below.
    beyond : float
        A discovery is true where the true log2 fold change is larger in absolute value; 0 but for
        ``treat``.

    Returns
    -------
    list of dict
        Per contrast of classes ``contrast``, ``fdr``, ``tested`` and ``differential_probes`` (of
        those tested), ``discoveries``, ``false_discoveries``, ``false_discovery_proportion`` (0
        without a discovery) and ``power``, the share of differential probes discovered (None
        without one). Empty where the truth is not known.
    """
    means = probes.filter(regex=f"^{TRUE_MEAN}")
    means.columns = means.columns.str.removeprefix(TRUE_MEAN)
    records = []
    for name, table in contrast_tables.items():
        weights = class_weights(expressions[name], list(means))
        if not weights.any():  # no classes whose truth is known, such as a covariate's column
            continue
        change = (means.loc[table["probe"]] @ weights).abs().to_numpy()
        differs = change > beyond + ROUNDING
        found = (table["adj.P.Val"] < fdr).to_numpy()
        n_found, n_false, n_differ = found.sum(), (found & ~differs).sum(), differs.sum()
        records.append(
            {
                "contrast": name,
                "fdr": fdr,
                "tested": len(table),
                "differential_probes": int(n_differ),
                "discoveries": int(n_found),
                "false_discoveries": int(n_false),
                "false_discovery_proportion": float(n_false / max(n_found, 1)),
                "power": float((n_found - n_false) / n_differ) if n_differ else None,
            }
        )
    return records
