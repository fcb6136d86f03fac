"""From the raw cohort to validated tables, log2 expression, the split and the model input."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.types import Cohort, DataFrame


def validate_cohort(
    raw_cohort: Cohort, cohort: CohortParameters
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """The cohort's three tables: expression (probes × samples), samples, probes."""
    from leukemia_kedro.processing import drop_incomplete_probes
    from leukemia_kedro.quality import check_usable

    check_usable(raw_cohort, cohort)
    kept = drop_incomplete_probes(raw_cohort, cohort.missing)
    return kept.expression.T, kept.samples, kept.probes


def split_samples(samples: DataFrame, cohort: CohortParameters, seed: int) -> DataFrame:
    """Each sample's side: train or test."""
    from leukemia_kedro import splitting

    return splitting.split_samples(samples, cohort.split, seed)


def divide_expression(
    expression: DataFrame, sample_split: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """Expression as measured of the training samples, and of the held-out samples."""
    from leukemia_kedro.quality import check_unseen

    check_unseen(expression.T, sample_split)
    sides = sample_split.loc[expression.columns, "split"].to_numpy()
    return expression.loc[:, sides == "train"], expression.loc[:, sides == "test"]


def filter_probes(
    expression: DataFrame, sample_split: DataFrame, cohort: CohortParameters
) -> DataFrame:
    """Range of each probe over the training samples, and whether it passes the filter."""
    from leukemia_kedro.estimators.model_pipeline import probe_filter
    from leukemia_kedro.splitting import training_labels

    train = expression[training_labels(sample_split).index]
    return probe_filter(cohort).fit(train.T).to_frame().set_index("probe")


def transform_to_log2(
    expression: DataFrame, probe_filter: DataFrame, cohort: CohortParameters
) -> DataFrame:
    """Expression on the log2 scale, probes × samples."""
    from leukemia_kedro.processing import log2_expression

    return log2_expression(expression, probe_filter, cohort)


def describe_quality(
    raw_cohort: Cohort, sample_split: DataFrame, probe_filter: DataFrame, cohort: CohortParameters
) -> dict[str, Any]:
    """Sizes, classes, oddities and intensity ranges of the data as measured."""
    from leukemia_kedro import quality

    return quality.describe_quality(raw_cohort, sample_split, probe_filter, cohort)
