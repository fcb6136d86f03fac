"""How a frozen model does on the samples of another cohort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL, SAMPLE
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.evaluation.comparison import score_calls
from leukemia_kedro.evaluation.metrics import class_members, one_versus_rest_auc, probabilities
from leukemia_kedro.evaluation.reliability import calibration
from leukemia_kedro.model.conformal import describe_sets
from leukemia_kedro.parameters import ExternalValidationParameters
from leukemia_kedro.statistics.intervals import CONFIDENCE, clopper_pearson

BLOCK = "external_validation"
NO_WIDTH = 1e-9
DRAWS = 1000
"""Of patients within their classes, behind the interval of the area under the curve."""


def labelled(
    samples: pd.DataFrame, classes: Sequence[str], parameters: ExternalValidationParameters
) -> pd.DataFrame:
    """The samples that are judged, with the class of the model in the column ``label``.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Of the other cohort: the columns that the parameters name, and covariates.
    classes : sequence of str
        Of the model.

    Raises
    ------
    UserError
        Parameters name a column, a value or a class that does not exist; a sample has no class, or
        one that the model does not know.
    """
    drop = np.zeros(len(samples), dtype=bool)
    for column, values in parameters.leave_out.items():
        cells = samples.index.to_series() if column == SAMPLE else _column(samples, column)
        for value in values:
            fitting = cells.isna() | cells.eq("") if value is None else cells.eq(value)
            if not fitting.any():
                raise UserError(
                    f"{BLOCK}.leave_out: no sample has {value!r} as {column}; there are "
                    f"{first_few(sorted(map(str, cells.dropna().unique())), 10)}"
                )
            drop |= fitting.to_numpy()
    kept = samples.loc[~drop]
    theirs = _column(kept, parameters.label)
    named = theirs.dropna().astype(str)
    mapping = parameters.classes or {}
    new = {value: name for name, values in mapping.items() for value in values}
    if unknown := sorted(set(mapping) - set(classes)):
        raise UserError(
            f"{BLOCK}.classes names {first_few(unknown)}; the model knows {first_few(classes)}"
        )
    if absent := sorted(set(new) - set(named)):
        raise UserError(
            f"{BLOCK}.classes: no sample has {first_few(map(repr, absent))} as "
            f"{parameters.label}; there are {first_few(sorted(set(named)), 10)}"
        )
    label = named.map(lambda value: new.get(value, value)).reindex(theirs.index)
    others = theirs[~label.isin(classes)]
    if len(others):
        counts = others.fillna("no class").value_counts()
        found = ", ".join(f"{name} ({n})" for name, n in counts.items())
        raise UserError(
            f"{len(others)} samples are of classes that the model does not know: {found}; it knows "
            f"{first_few(classes)}. State what they are in {BLOCK}.classes, such as "
            f"{{{classes[0]}: [{counts.index[0]}]}}, or leave them out: {BLOCK}.leave_out: "
            f"{{{parameters.label}: [{counts.index[0]}]}}"
        )
    own = kept.drop(columns=["label", "split"], errors="ignore")
    return pd.concat([label.rename("label"), own], axis=1)


def score_elsewhere(calls: pd.DataFrame, classes: Sequence[str], seed: int) -> dict[str, Any]:
    """Scores of the calls of another cohort's samples, each with its 95 % interval.

    Parameters
    ----------
    calls : DataFrame
        From :meth:`~leukemia_kedro.model.fitted.FittedModel.predict`, with ``label``.
    classes : sequence of str
        Of the model; some may have no sample here.
    seed : int
        Of the bootstrap intervals.

    Returns
    -------
    dict
        Those of :func:`~leukemia_kedro.evaluation.comparison.score_calls` and
        :func:`~leukemia_kedro.evaluation.reliability.calibration`; ``auc_low, auc_high``,
        percentiles over patients drawn within their classes, None where one class occurs or where
        the classes are separated and the interval would be a point; ``conformal_sets``;
        ``no_calls``, ``flagged`` (out of distribution) and ``stopped`` (either) as ``count, share,
        low, high`` with exact intervals; and ``errors_not_stopped``, the errors among the others.
    """
    found = score_calls(calls, classes, calls["sample"].to_numpy(), seed)
    found |= calibration(calls, classes)
    found |= dict(zip(("auc_low", "auc_high"), _auc_interval(calls, classes, seed), strict=True))
    no_call, flagged = calls["call"] == NO_CALL, calls["out_of_distribution"].astype(bool)
    wrong = calls["predicted"] != calls["label"]
    return found | {
        "conformal_sets": describe_sets(calls, classes),
        "no_calls": _share(no_call),
        "flagged": _share(flagged),
        "stopped": _share(no_call | flagged),
        "errors_not_stopped": int((wrong & ~no_call & ~flagged).sum()),
    }


def _auc_interval(
    calls: pd.DataFrame, classes: Sequence[str], seed: int
) -> tuple[float | None, float | None]:
    labels, probability = calls["label"].to_numpy(dtype=str), probabilities(calls, classes)
    members = class_members(labels)
    if len(members) < 2:
        return None, None
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([generator.choice(each, len(each)) for each in members])
        drawn.append(one_versus_rest_auc(labels[rows], probability[rows], classes))
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.array(drawn, dtype=float), [outside, 1 - outside])
    return (float(low), float(high)) if high - low > NO_WIDTH else (None, None)


def _share(which: pd.Series) -> dict[str, float]:
    count, n = int(which.sum()), len(which)
    low, high = clopper_pearson(count, n)
    return {"count": count, "share": count / n, "low": low, "high": high}


def _column(samples: pd.DataFrame, name: str) -> pd.Series:
    if name not in samples:
        raise UserError(
            f"{BLOCK} names {name!r}, which is no column of the samples; expected one of "
            f"{first_few(samples.columns, 20)}"
        )
    return samples[name]
