"""Which samples are learned from, and which are held out and opened once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.errors import CohortError, UserError, first_few
from leukemia_kedro.parameters import SplitParameters

SMALLEST_CLASS = 3
"""One sample is held out, and one in each of two inner folds."""
GROUP_DRAWS = 200
"""Random divisions of the groups, of which the best is taken."""


def assign_sides(samples: pd.DataFrame, split: SplitParameters, seed: int) -> pd.DataFrame:
    """Assign every sample to ``train`` or ``test``.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Column ``label``; column ``split`` for the method ``given``; the column that
        ``split.group`` names.
    split : SplitParameters
    seed : int

    Returns
    -------
    DataFrame, index ``sample``, columns ``label, split``
        In the order of ``samples``; with a further column ``group`` where ``split.group`` names
        one.

    Raises
    ------
    UserError
        The cohort gives no split or no groups although the parameters say so, a group is on both
        sides, or a class has no training sample or too few to be divided.
    """
    labels = samples["label"]
    groups = _groups(samples, split.group)
    if split.method == "given" or (split.method is None and "split" in samples):
        if "split" not in samples:
            raise UserError(
                "cohort.split.method is 'given', but this cohort gives no split; "
                "set it to 'stratified', or to 'none' for cross-validation only"
            )
        sides = samples["split"].to_numpy()
    elif split.method == "stratified":
        sides = _stratified(labels, split.test_share, seed)
    elif split.method == "grouped" and groups is not None:
        sides = _grouped(labels, groups, split.test_share, seed)
    else:
        sides = np.full(len(samples), "train", dtype=object)
    table = pd.DataFrame({"label": labels, "split": sides}, index=samples.index)
    if groups is not None:
        table["group"] = groups
    _check_sides(table, split.group)
    return table


def _groups(samples: pd.DataFrame, column: str | None) -> pd.Series | None:
    if column is None:
        return None
    if column not in samples:
        raise UserError(
            f"cohort.split.group is {column!r}, which is no column of the samples; "
            f"they have {first_few(samples.columns, 10)}"
        )
    groups = samples[column].astype(str)
    blank = samples.index[samples[column].isna() | groups.str.strip().eq("")]
    if len(blank):
        raise UserError(f"samples without a value of {column!r}, their group: {first_few(blank)}")
    return groups


def _stratified(labels: pd.Series, test_share: float, seed: int) -> np.ndarray:
    from sklearn.model_selection import train_test_split

    sizes = labels.value_counts()
    if sizes.iloc[-1] < 2:
        raise UserError(
            f"class {sizes.index[-1]!r} has 1 sample and cannot be divided into train and test. "
            f"{too_small([sizes.index[-1]], len(sizes))}"
        )
    positions = np.arange(len(labels))
    try:
        _, test = train_test_split(
            positions, test_size=test_share, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise UserError(f"cohort.split.test_share {test_share}: {error}") from error
    return np.where(np.isin(positions, test), "test", "train").astype(object)


def _grouped(labels: pd.Series, groups: pd.Series, test_share: float, seed: int) -> np.ndarray:
    """Of many random divisions of the groups, the one whose class sizes come closest."""
    from sklearn.model_selection import GroupShuffleSplit

    draws = GroupShuffleSplit(GROUP_DRAWS, test_size=test_share, random_state=seed)
    of_class = pd.get_dummies(labels).to_numpy(dtype=float)
    wanted = test_share * of_class.sum(axis=0)
    try:
        tests = [test for _, test in draws.split(labels, groups=groups)]
    except ValueError as error:
        raise UserError(
            f"cohort.split: {groups.nunique()} groups cannot be divided by test_share "
            f"{test_share}: {error}"
        ) from error
    distances = [np.square(of_class[test].sum(axis=0) / wanted - 1).sum() for test in tests]
    test = tests[int(np.argmin(distances))]
    return np.where(np.isin(np.arange(len(labels)), test), "test", "train").astype(object)


def _check_sides(table: pd.DataFrame, group: str | None) -> None:
    untaught = set(table["label"]) - set(training_samples(table)[0])
    if untaught:
        raise UserError(
            f"classes without a training sample: {first_few(sorted(untaught))}; "
            "a model cannot call what it has never seen. Change cohort.split, or leave the classes "
            f"out: {leaving_out(sorted(untaught))}"
        )
    if group is None:
        return
    sides = table.groupby("group")["split"].nunique()
    torn = sides.index[sides > 1]
    if len(torn):
        raise UserError(
            f"the given split has samples of one {group} on both sides: {first_few(torn)}; "
            "set cohort.split.method to 'grouped', or correct the split"
        )


def class_order(labels: pd.Series, classes: Collection[str] | None) -> list[str]:
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
        unlisted = [name for name in found if name not in classes]
        absent = [name for name in classes if name not in found]
        advice = [f"no sample is labelled {first_few(map(repr, absent))}"] if absent else []
        if unlisted:
            advice.append(
                f"list {first_few(map(repr, unlisted))} as well, or leave out: "
                f"{leaving_out(unlisted)}"
            )
        raise CohortError(
            f"cohort.classes lists {first_few(classes)}, but the labels are {first_few(found)}; "
            f"{'; '.join(advice)}"
        )
    return list(classes)


def leaving_out(classes: Iterable[str]) -> str:
    """The parameter that leaves classes out, as YAML."""
    return f"cohort.leave_out: {{label: [{', '.join(map(as_yaml, classes))}]}}"


def as_yaml(name: str) -> str:
    """A name as YAML states it within a list: with quotes where it needs them."""
    import yaml

    return yaml.safe_dump([name], default_flow_style=True, allow_unicode=True, width=1000)[1:-2]


def too_small(classes: Sequence[str], n_classes: int) -> str:
    """The rule about small classes, of ``n_classes`` in all, and the way out."""
    way_out = "Bring more samples: without these, fewer than two classes are left"
    if n_classes - len(classes) >= 2:
        which, them = ("class", "it") if len(classes) == 1 else ("classes", "them")
        way_out = (
            f"Leave the {which} out ({leaving_out(classes)}), or merge {them} with another "
            "(cohort.classes)"
        )
    return (
        f"Nested cross-validation needs at least {SMALLEST_CLASS} training samples of each class. "
        f"{way_out}"
    )


def training_samples(sample_split: pd.DataFrame) -> tuple[pd.Series, np.ndarray | None]:
    """Class and group of each training sample, in the order of the table.

    Returns
    -------
    labels : Series, index ``sample``
    groups : ndarray of str, shape (n_samples,), or None where the cohort has no groups
    """
    rows = sample_split[sample_split["split"] == "train"]
    groups = rows["group"].to_numpy(dtype=str) if "group" in rows else None
    return rows["label"], groups


def patients_of(sample_split: pd.DataFrame, samples: pd.Series) -> np.ndarray:
    """The patient of each of ``samples``, or the sample itself where the cohort has no groups."""
    if "group" not in sample_split:
        return samples.to_numpy()
    return sample_split.loc[samples, "group"].to_numpy()


def held_out_samples(sample_split: pd.DataFrame, samples: pd.Index) -> pd.DataFrame:
    """The rows of the held-out samples, in the order of ``samples``.

    Raises
    ------
    UserError
        The table's held-out samples are others.
    """
    rows = sample_split[sample_split["split"] == "test"]
    differing = rows.index.symmetric_difference(samples)
    if len(differing):
        raise UserError(
            "sample_split.csv and test_expression.parquet differ in the held-out samples "
            f"{first_few(differing)}: one of them was edited, or made by another run.\n"
            "To make both again, with the same --env: kedro run --pipelines data_processing"
        )
    return rows.loc[samples]
