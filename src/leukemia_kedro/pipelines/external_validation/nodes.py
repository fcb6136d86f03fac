"""A model that was frozen at home, judged on the samples of this cohort."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import CohortParameters, ExternalValidationParameters
from leukemia_kedro.pipelines.annotations import DataFrame, FittedModel, TrainingSet


def choose_samples(
    samples: DataFrame,
    home_champion: FittedModel,
    external_validation: ExternalValidationParameters,
) -> DataFrame:
    """The samples to judge by, their classes those of the model. No expression is looked at.

    Raises
    ------
    UserError
        See :func:`~leukemia_kedro.evaluation.elsewhere.labelled`.
    """
    from leukemia_kedro.evaluation.elsewhere import labelled

    return labelled(samples, home_champion.card["classes"], external_validation)


def bring_home(
    expression: DataFrame,
    probes: DataFrame,
    external_samples: DataFrame,
    home_champion: FittedModel,
    home_probes: DataFrame,
    cohort: CohortParameters,
) -> tuple[DataFrame, dict[str, Any]]:
    """Expression on the probes and the scale of the model, samples × probes; how it was matched.

    See :func:`~leukemia_kedro.cohort.matching.match_probes`.
    """
    from leukemia_kedro.cohort.matching import match_probes, on_scale_of

    taken = home_champion.pipeline.feature_names_in_
    genes = home_champion.pipeline[:-1].get_feature_names_out()
    chosen = expression[external_samples.index].T
    matched = match_probes(chosen, probes, home_probes, taken, genes, cohort.scale)
    record = {
        "by": matched.by,
        "n_probes": len(taken),
        "n_matched": matched.n_matched,
        "n_genes": len(genes),
        "n_genes_matched": matched.n_genes_matched,
        "scale": cohort.scale,
        "home_scale": home_champion.card["scale"],
    }
    return on_scale_of(matched.expression, cohort, home_champion.card["scale"]), record


def find_shared_patients(
    external_expression: DataFrame, home_training_set: TrainingSet, home_champion: FittedModel
) -> DataFrame:
    """Samples that are, or nearly are, samples that the model has learned from.

    See :func:`~leukemia_kedro.cohort.matching.shared_patients`.
    """
    import pandas as pd
    from sklearn.base import clone

    from leukemia_kedro.cohort.matching import shared_patients
    from leukemia_kedro.cohort.scale import own_log_counts_per_million

    tables = [external_expression, home_training_set.expression]
    to_log2 = clone(home_champion.pipeline["log2"]).fit_transform
    if home_champion.card["scale"] == "counts":
        # Of the same genes: those that one cohort lacks would make the libraries of a copy differ.
        both = external_expression.columns[external_expression.notna().all()]
        tables, to_log2 = [table[both] for table in tables], own_log_counts_per_million
    here, there = (
        pd.DataFrame(to_log2(table.to_numpy()), table.index, table.columns) for table in tables
    )
    return shared_patients(here, there)


def call_elsewhere(
    external_expression: DataFrame,
    external_samples: DataFrame,
    home_champion: FittedModel,
    probe_matching: dict[str, Any],
    external_validation: ExternalValidationParameters,
) -> DataFrame:
    """The calls of the frozen model, see :meth:`~leukemia_kedro.model.fitted.FittedModel.predict`.

    Raises
    ------
    UserError
        More of the model's genes have no match than ``allowed_missing_share``.
    """
    from leukemia_kedro.errors import UserError

    share = 1 - probe_matching["n_genes_matched"] / probe_matching["n_genes"]
    allowed = external_validation.allowed_missing_share
    if share > allowed:
        raise UserError(
            f"{probe_matching['n_genes_matched']} of the {probe_matching['n_genes']} genes that "
            f"the model calls by are measured here (matched by {probe_matching['by']}); "
            f"external_validation.allowed_missing_share is {allowed:g}, here {share:.2g} is "
            "missing. A model with more genes, or of genes that both measure, needs less"
        )
    # The scale was made that of the model, and missing genes were counted above.
    calls = home_champion.predict(external_expression, 1.0, scale_checked=True)
    calls.insert(1, "label", external_samples.loc[calls["sample"], "label"].to_numpy())
    return calls


def score_groups(
    external_calls: DataFrame, external_samples: DataFrame, home_champion: FittedModel
) -> DataFrame:
    """Errors, calls and confidence by the values of each covariate.

    See :func:`~leukemia_kedro.evaluation.subgroups.score_subgroups`.
    """
    from leukemia_kedro.evaluation.subgroups import score_subgroups

    of_model = external_calls.assign(model=home_champion.card["name"])
    return score_subgroups(of_model, external_samples.assign(split="test"))


def judge(
    external_calls: DataFrame,
    shared_patients: DataFrame,
    probe_matching: dict[str, Any],
    home_champion: FittedModel,
    seed: int,
) -> dict[str, Any]:
    """What was promised at home, and what came out here.

    Returns
    -------
    dict
        ``home``, the name of the cohort of the model; ``model``; ``normalise_arrays``;
        ``matching``; ``shared_patients``, how many samples are copies and near-duplicates of
        training samples; ``promised``, metrics on the model's card; ``found``, see
        :func:`~leukemia_kedro.evaluation.elsewhere.score_elsewhere`, and
        ``found_without_shared``, the same without those samples, None where there are none.
    """
    from leukemia_kedro.evaluation.elsewhere import score_elsewhere

    card = home_champion.card
    shared = external_calls["sample"].isin(shared_patients["sample"])
    others = external_calls[~shared]
    both = [score_elsewhere(external_calls, card["classes"], seed), None]
    if shared.any() and len(others):
        both[1] = score_elsewhere(others, card["classes"], seed)
    return {
        "home": card["cohort"]["name"],
        "model": card["name"],
        "classes": card["classes"],
        "normalise_arrays": home_champion.pipeline["normalise"].method,
        "matching": probe_matching,
        "shared_patients": {
            kind: int(shared_patients.loc[shared_patients["kind"] == kind, "sample"].nunique())
            for kind in ("copy", "near-duplicate")
        },
        "promised": card["metrics"],
        "found": both[0],
        "found_without_shared": both[1],
    }


def write_page(
    external_validation: dict[str, Any],
    external_subgroups: DataFrame,
    shared_patients: DataFrame,
    cohort: CohortParameters,
) -> str:
    """What was promised and what came out, in one page."""
    from leukemia_kedro.report.elsewhere import render

    return render(cohort.name or "", external_validation, external_subgroups, shared_patients)
