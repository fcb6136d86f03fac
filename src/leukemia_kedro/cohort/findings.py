"""What was found in a cohort: obstacles, at which a run stops, and oddities, which it tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import not_genes
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.obstacles import OBSTACLES, Examined
from leukemia_kedro.cohort.oddities import ODDITIES
from leukemia_kedro.cohort.quality import equal_samples
from leukemia_kedro.cohort.selection import select_samples
from leukemia_kedro.errors import CohortError, first_few
from leukemia_kedro.parameters import CohortParameters


@dataclass(frozen=True)
class Findings:
    """What :func:`examine` found, one sentence each: a run stops at obstacles, not at oddities."""

    obstacles: list[str]
    oddities: list[str]


def examine(cohort: Cohort, parameters: CohortParameters) -> Findings:
    """Ask every check in ``OBSTACLES`` and ``ODDITIES`` about the samples that are analysed.

    ``cohort`` is the one that was read, with all its samples and classes.
    """
    selection = select_samples(cohort, parameters)
    expression = selection.cohort.expression
    repeated = equal_samples(expression)
    examined = Examined(cohort, selection, parameters, expression.to_numpy(), repeated)
    return Findings(
        obstacles=[line for check in OBSTACLES for line in check(examined)],
        oddities=[line for check in ODDITIES for line in check(examined)],
    )


def check_usable(cohort: Cohort, parameters: CohortParameters) -> None:
    """Refuse a cohort from which a run would make nothing, or something wrong.

    Raises
    ------
    CohortError
        With every obstacle that :func:`examine` finds.
    """
    obstacles = examine(cohort, parameters).obstacles
    if obstacles:
        raise CohortError(*obstacles)


def check_unseen(expression: pd.DataFrame, sample_split: pd.DataFrame) -> None:
    """Refuse a split with the same array in the training set and in the test set.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
    sample_split : DataFrame, index ``sample``, column ``split``

    Raises
    ------
    CohortError
        Samples on both sides have the same value in every probe.
    """
    for names in equal_samples(expression):
        if len(set(sample_split.loc[names, "split"])) > 1:
            raise CohortError(
                f"samples {first_few(names)} have the same values and are on both sides of the "
                "split: the test set is not unseen. Remove all but one from the file, or keep "
                "them together: cohort.split.method 'grouped'"
            )


def check_scatter(
    expression: pd.DataFrame, labels: pd.Series, parameters: CohortParameters
) -> None:
    """Refuse training samples in which a probe would get an infinite score.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        As measured, the probes that pass the filter.
    labels : Series, index ``sample``
        Their classes.
    parameters : CohortParameters

    Raises
    ------
    CohortError
        Floor and ceiling leave a probe one value within each class, and different ones.
    """
    if parameters.standardise_arrays or parameters.scale == "counts":
        return  # each array has a centre and a width, or each library a size, of its own
    low = -np.inf if parameters.floor is None else parameters.floor
    high = np.inf if parameters.ceiling is None else parameters.ceiling
    clipped = np.clip(expression.to_numpy(), low, high)
    found = not_genes.without_spread(clipped, labels.to_numpy(dtype=str))
    if len(found):
        raise CohortError(
            "probes without any spread within the classes of the training samples, after floor and "
            f"ceiling: {first_few(expression.columns[found])}; their scores would be infinite. Set "
            "cohort.floor, cohort.ceiling or cohort.filter so that they keep their spread or are "
            "dropped, or remove the columns"
        )


def check_libraries(expression: pd.DataFrame) -> None:
    """Refuse samples of counts without a read in the genes that are kept.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_genes)
        Counts of the genes that pass the filter.

    Raises
    ------
    CohortError
        With the samples: their libraries cannot be normalised.
    """
    empty = expression.index[expression.to_numpy().sum(axis=1) == 0]
    if len(empty):
        raise CohortError(
            f"samples without a read in the {expression.shape[1]:,} genes that pass the filter: "
            f"{first_few(empty)}; they cannot be normalised. Leave them out: cohort.leave_out, or "
            "look whether their columns hold counts"
        )


def smaller_filter(parameters: CohortParameters) -> str:
    """What to set where the cohort's filter keeps too few probes."""
    if parameters.scale == "counts":
        return "Set a smaller cohort.filter.min_count or min_total_count"
    return "Set a smaller cohort.filter.min_ratio or min_range, or null"
