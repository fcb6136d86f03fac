"""From the raw cohort to validated tables, log2 expression, the split and the model input."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.pipelines.annotations import Cohort, DataFrame, DataQuality, TrainingSet


def validate_cohort(
    raw_cohort: Cohort, chip_annotation: DataFrame, cohort: CohortParameters
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """The cohort's three tables, of the samples that are analysed.

    These are expression (probes × samples), samples and probes. The probes have the symbol and
    title of their gene, where an annotation of the chip is there.
    """
    from leukemia_kedro.cohort.annotation import with_genes
    from leukemia_kedro.cohort.findings import check_usable
    from leukemia_kedro.cohort.quality import drop_incomplete_probes
    from leukemia_kedro.cohort.selection import select_samples

    check_usable(raw_cohort, cohort)
    kept = drop_incomplete_probes(select_samples(raw_cohort, cohort).cohort, cohort.missing)
    return kept.expression.T, kept.samples, with_genes(kept.probes, chip_annotation)


def split_samples(samples: DataFrame, cohort: CohortParameters, seed: int) -> DataFrame:
    """Each sample's side: train or test."""
    from leukemia_kedro.cohort.split import assign_sides

    return assign_sides(samples, cohort.split, seed)


def divide_expression(
    expression: DataFrame, sample_split: DataFrame, probes: DataFrame, cohort: CohortParameters
) -> tuple[TrainingSet, DataFrame]:
    """The training set, and expression as measured of the held-out samples (probes × samples)."""
    from leukemia_kedro.cohort.findings import check_unseen
    from leukemia_kedro.cohort.training_set import training_set

    check_unseen(expression.T, sample_split)
    held_out = sample_split.loc[expression.columns, "split"].to_numpy() == "test"
    return (training_set(expression, sample_split, probes, cohort), expression.loc[:, held_out])


def filter_probes(
    expression: DataFrame, sample_split: DataFrame, cohort: CohortParameters
) -> DataFrame:
    """Range of each probe over the training samples, and whether it passes the filter.

    Raises
    ------
    CohortError
        Fewer than two probes pass, one that passes would get an infinite score, or a sample has
        no read in the genes that pass.
    """
    from leukemia_kedro.cohort.findings import check_libraries, check_scatter, smaller_filter
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.cohort.terms import terms_of
    from leukemia_kedro.errors import CohortError
    from leukemia_kedro.estimators.model_pipeline import probe_filter

    labels, _ = training_samples(sample_split)
    training = expression[labels.index]
    classes = labels.to_numpy(dtype=str)
    table = probe_filter(cohort).fit(training.T, classes).to_frame().set_index("probe")
    if table["passes"].sum() < 2:
        rows = f"{terms_of(cohort.scale).row}s"
        raise CohortError(
            f"1 of {len(table)} {rows} passes the filter: expected at least two, which models and "
            f"projections need. {smaller_filter(cohort)}, or give more {rows}"
        )
    if cohort.scale == "counts":
        check_libraries(expression[table["passes"].to_numpy()].T)
    check_scatter(training[table["passes"].to_numpy()].T, labels, cohort)
    return table


def transform_to_log2(
    expression: DataFrame,
    probe_filter: DataFrame,
    sample_split: DataFrame,
    cohort: CohortParameters,
) -> DataFrame:
    """Log2 expression of every probe: after floor and ceiling, or of counts per million.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        As measured.
    probe_filter : DataFrame, index ``probe``, column ``passes``
        The probes over which each array is standardised, where the cohort asks for that, and of
        which a library of counts is the sum.
    sample_split : DataFrame, index ``sample``, column ``split``
        The training samples, from which the normalisation of counts is learned.
    cohort : CohortParameters

    Returns
    -------
    DataFrame, shape (n_probes, n_samples)
        Log2 scale; with ``standardise_arrays`` in deviations of the array's kept probes.
    """
    import numpy as np
    import pandas as pd

    from leukemia_kedro.estimators.log_counts import LogCounts
    from leukemia_kedro.estimators.model_pipeline import log_transform

    passes = probe_filter.loc[expression.index, "passes"].to_numpy()
    to_log2, measured = log_transform(cohort), expression.to_numpy().T
    if isinstance(to_log2, LogCounts):
        train = sample_split.loc[expression.columns, "split"].to_numpy() == "train"
        of_kept = measured[:, passes]
        sizes = to_log2.fit(of_kept[train]).normalised_sizes(of_kept)
        values = to_log2.log_counts(measured, sizes).T
    else:
        values = to_log2.fit_transform(measured).T
    if cohort.standardise_arrays:
        kept = values[passes]
        values = (values - np.nanmean(kept, axis=0)) / np.nanstd(kept, axis=0, ddof=1)
    return pd.DataFrame(values, index=expression.index, columns=expression.columns)


def describe_quality(
    raw_cohort: Cohort, sample_split: DataFrame, probe_filter: DataFrame, cohort: CohortParameters
) -> DataQuality:
    """Sizes, classes, oddities and intensity ranges of the data as measured, with all probes."""
    from collections import Counter

    import numpy as np

    from leukemia_kedro.cohort.cohort import SPLITS
    from leukemia_kedro.cohort.findings import examine
    from leukemia_kedro.cohort.originals import published_as
    from leukemia_kedro.cohort.quality import count_values, incomplete_probes
    from leukemia_kedro.cohort.selection import select_samples
    from leukemia_kedro.cohort.split import class_order

    published, oddities = published_as(raw_cohort), examine(raw_cohort, cohort).oddities
    selection = select_samples(raw_cohort, cohort)
    raw_cohort = selection.cohort
    values = raw_cohort.expression.to_numpy()
    sizes = Counter(zip(sample_split["label"], sample_split["split"], strict=True))
    names = ("minimum", "lower_quartile", "median", "upper_quartile", "maximum")
    quantiles = np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1], axis=1)
    quality: DataQuality = {
        "origin": raw_cohort.origin,
        "published_as": published,
        "simulated": raw_cohort.simulated,
        "scale": cohort.scale,
        "n_samples": values.shape[0],
        "n_probes": values.shape[1],
        "n_control_probes": int(raw_cohort.probes["is_control"].sum()),
        "dropped_probes": int(incomplete_probes(raw_cohort, cohort.missing).sum()),
        "n_probes_passing_filter": int(probe_filter["passes"].sum()),
        "classes": {
            str(label): {split: sizes[label, split] for split in SPLITS}
            for label in class_order(sample_split["label"], cohort.classes)
        },
        **count_values(raw_cohort),
        "oddities": oddities,
        "intensity_per_sample": {
            str(sample): dict(zip(names, map(float, quantiles[:, i]), strict=True))
            for i, sample in enumerate(raw_cohort.expression.index)
        },
    }
    if selection.left_out or selection.merged:
        quality |= {"left_out": selection.left_out, "merged_classes": selection.merged}
    return quality


def look_for_confounding(
    samples: DataFrame, sample_split: DataFrame, seed: int
) -> list[dict[str, Any]]:
    """How each covariate goes with the class among the training samples, the strongest first.

    Columns that name patients are passed over: a patient has one class, which is no confounding.
    See :func:`~leukemia_kedro.statistics.confounding.find_confounding`.
    """
    from leukemia_kedro.cohort.column_names import names_patients
    from leukemia_kedro.statistics.confounding import find_confounding

    train = sample_split[sample_split["split"] == "train"]
    patients = [column for column in samples if names_patients(str(column))]
    covariates = samples.loc[train.index].drop(columns=patients).assign(label=train["label"])
    return [dict(found) for found in find_confounding(covariates, train.get("group"), seed)]


def examine_identity(
    expression: DataFrame, samples: DataFrame, probes: DataFrame, cohort: CohortParameters
) -> dict[str, Any]:
    """Sex by expression beside the stated sex, near-duplicates, samples that resemble no other.

    See :func:`~leukemia_kedro.cohort.identity.find_identity`. Nothing is left out.
    """
    from leukemia_kedro.cohort.identity import find_identity

    return dict(find_identity(expression, samples, probes, cohort))
