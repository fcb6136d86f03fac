"""Whether samples are who they are said to be, by their expression; never by their class."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import expressed_sex, resemblance
from leukemia_kedro.cohort.expressed_sex import ExpressedSex
from leukemia_kedro.cohort.resemblance import Resemblance
from leukemia_kedro.cohort.scale import own_log_counts_per_million
from leukemia_kedro.parameters import CohortParameters


class Identity(TypedDict):
    """The record ``identity.json``."""

    sex: ExpressedSex
    resemblance: Resemblance


def find_identity(
    expression: pd.DataFrame, samples: pd.DataFrame, probes: pd.DataFrame, cohort: CohortParameters
) -> Identity:
    """Sex by expression, near-duplicates and lonely samples.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        As measured.
    samples : DataFrame, index ``sample``
    probes : DataFrame, index ``probe``
        With ``symbol`` where the chip is annotated; without it the sex cannot be checked.
    cohort : CohortParameters
        Its scale and floor, and the column of patients.
    """
    log2 = expression
    if cohort.scale == "raw":
        # Below the floor is noise, and below one there is no logarithm.
        values = np.maximum(expression.to_numpy(), max(cohort.floor or 1.0, 1.0))
        np.log2(values, out=values)
        log2 = pd.DataFrame(values, expression.index, expression.columns, copy=False)
    elif cohort.scale == "counts":
        values = own_log_counts_per_million(expression.to_numpy().T).T
        log2 = pd.DataFrame(values, expression.index, expression.columns, copy=False)
    symbols = probes.get("symbol", pd.Series("", probes.index))
    group = cohort.split.group
    return Identity(
        sex=expressed_sex.expressed_sex(log2, samples, symbols),
        resemblance=resemblance.resemblance(
            log2, probes["is_control"], samples.get(group) if group else None
        ),
    )


def in_words(found: Identity) -> list[str]:
    """What does not fit, one sentence each; none where all is well."""
    return expressed_sex.in_words(found["sex"]) + resemblance.in_words(found["resemblance"])
