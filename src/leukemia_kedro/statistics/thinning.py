"""Fewer samples than there are, where more would show nothing more."""

from __future__ import annotations

import numpy as np
import pandas as pd


def thinned(samples: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` samples, each class and split in its proportion and with one at least.

    No random draw: of each class and split, those that stand evenly spaced in its rows are
    taken, the first always and, where there are two, the last. Rows in order of a quantity keep
    its extremes.

    Parameters
    ----------
    samples : DataFrame, columns ``label, split``
        One row per sample.
    most : int
        Not below the number of classes times splits.

    Returns
    -------
    DataFrame
        Rows of ``samples``, in their order; all of them where there are no more than ``most``.
    """
    if len(samples) <= most:
        return samples
    groups = samples.groupby(["split", "label"], observed=True).indices.values()
    share = (most - len(groups)) / len(samples)
    kept = [
        rows[np.linspace(0, len(rows) - 1, 1 + int(share * len(rows))).round().astype(int)]
        for rows in groups
    ]
    return samples.iloc[np.sort(np.concatenate(kept))]
