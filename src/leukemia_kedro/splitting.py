"""Which samples are learned from, and which are held out and opened once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.errors import CohortError, UserError, first_few
from leukemia_kedro.parameters import SplitParameters


def split_samples(samples: pd.DataFrame, split: SplitParameters, seed: int) -> pd.DataFrame:
    """Assign every sample to ``train`` or ``test``.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Column ``label``; column ``split`` for the method ``given``.
    split : SplitParameters
    seed : int

    Returns
    -------
    DataFrame, index ``sample``, columns ``label, split``
        In the order of ``samples``.

    Raises
    ------
    UserError
        The cohort gives no split although the parameters say so, or a class has too few samples
        to be divided.
    """
    if split.method == "given":
        if "split" not in samples:
            raise UserError(
                "cohort.split.method is 'given', but this cohort gives no split; "
                "set it to 'stratified', or to 'none' for cross-validation only"
            )
        assigned = samples["split"].to_numpy()
    elif split.method == "stratified":
        assigned = _stratified(samples["label"], split.test_share, seed)
    else:
        assigned = np.full(len(samples), "train", dtype=object)
    return pd.DataFrame({"label": samples["label"], "split": assigned}, index=samples.index)


def _stratified(labels: pd.Series, test_share: float, seed: int) -> np.ndarray:
    from sklearn.model_selection import train_test_split

    sizes = labels.value_counts()
    if sizes.iloc[-1] < 2:
        raise UserError(
            f"class {sizes.index[-1]!r} has 1 sample and cannot be divided into train and test; "
            "set cohort.split.method to 'none', or leave the class out"
        )
    positions = np.arange(len(labels))
    try:
        _, test = train_test_split(
            positions, test_size=test_share, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise UserError(f"cohort.split.test_share {test_share}: {error}") from error
    return np.where(np.isin(positions, test), "test", "train").astype(object)


def class_order(labels: pd.Series, classes: Sequence[str] | None) -> list[str]:
    """The cohort's classes in the order of tables and figures, the reference class first.

    Raises
    ------
    CohortError
        ``classes`` does not list the labels that occur, or fewer than two occur.
    """
    found = sorted(labels.unique())
    if len(found) < 2:
        raise CohortError(f"every sample is labelled {found[0]!r}: expected at least two classes")
    if classes is None:
        return found
    if sorted(classes) != found:
        raise CohortError(
            f"cohort.classes lists {first_few(classes)}, but the labels are {first_few(found)}"
        )
    return list(classes)


def labels_of(sample_split: pd.DataFrame, side: str) -> pd.Series:
    """Class of each sample on one side of the split (``train`` or ``test``), by sample."""
    return sample_split.loc[sample_split["split"] == side, "label"]


def training_labels(sample_split: pd.DataFrame) -> pd.Series:
    """Class of each training sample, by sample."""
    return labels_of(sample_split, "train")
