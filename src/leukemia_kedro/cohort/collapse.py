"""One probe for each name, where a table has several: by a rule that knows no class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

RULES = ("highest_mean", "highest_variance", "mean", "median", "sum")


def collapse(
    values: np.ndarray, names: Sequence[str], rule: str, training: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """One column for each name.

    ``mean``, ``median`` and ``sum`` look at one sample at a time: they give a new sample the values
    that it would have had in the cohort. ``sum`` is for counts of reads. ``highest_mean`` and
    ``highest_variance`` keep one probe as it is, chosen by the training samples; a probe without
    values is chosen last, of equal ones the first.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        On the scale of the file; NaN is left out of means, medians, variances and sums.
    names : sequence of str, shape (n_probes,)
        Probes without a name, or called ``---`` as in Affymetrix's annotation, are left out.
    rule : str
        One of ``RULES``.
    training : ndarray of bool, shape (n_samples,), optional
        The samples that choose; all where the file gives no split. Labels are not looked at.

    Returns
    -------
    values : ndarray, shape (n_samples, n_names)
        In the order in which the names first occur.
    kept : ndarray of int, shape (n_names,)
        Position of the probe that stands for each name: the chosen one, or the first.
    remarks : list of str
        What was done, in one sentence, or none where each name occurs once.

    References
    ----------
    On log2 values, ``mean`` is ``avereps`` of R's limma.
    """
    named = np.flatnonzero([name not in ("", "---") for name in names])
    codes, found = pd.factorize(np.asarray(names, dtype=object)[named])
    if len(found) == len(names):
        return values, named, []
    probes = pd.DataFrame(values[:, named].T)
    if rule in ("mean", "median", "sum"):
        groups = probes.groupby(codes)
        table = groups.sum(min_count=1) if rule == "sum" else groups.agg(rule)
        collapsed = table.to_numpy().T
        kept = named[np.unique(codes, return_index=True)[1]]
        how = f"the {rule} of its measurements, in each sample by itself"
    else:
        rows = probes if training is None else probes.loc[:, training]
        score = rows.mean(axis=1) if rule == "highest_mean" else rows.var(axis=1)
        chosen = score.fillna(-np.inf).groupby(codes).idxmax().to_numpy()
        kept = named[chosen]
        collapsed = values[:, kept]
        samples = f"{rows.shape[1]} {'samples' if training is None else 'training samples'}"
        how = f"the one of the {rule.replace('_', ' ')} over {samples}, whatever their class"
    unnamed = len(names) - len(named)
    left_out = f"; {unnamed:,} without a name are left out" if unnamed else ""
    remark = (
        f"{len(names):,} measurements have {len(found):,} names; for each stands {how}{left_out}"
    )
    return collapsed, kept, [remark]
