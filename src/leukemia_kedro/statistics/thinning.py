"""Fewer samples for figures of large cohorts."""

import numpy as np
import pandas as pd


def thinned(samples: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most ``most`` samples, each class and split in its proportion and at least one of each.

    Nothing is random: of each class and split, evenly spaced rows are taken, with the first and,
    where there are two, the last. So sorted rows keep their extremes.

    Parameters
    ----------
    samples : DataFrame, columns ``label, split``
        One row per sample. The result has them in the same order.
    most : int
        Not below the number of classes times splits.
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
