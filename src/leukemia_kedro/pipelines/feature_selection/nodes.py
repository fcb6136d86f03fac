"""Genes ranked on the training samples: as a whole for the reader, per fold for the models."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame, RankingSetting, TrainingSet


def plan_resampling(
    sample_split: DataFrame, resampling: ResamplingParameters, seed: int
) -> DataFrame:
    """Repeated stratified folds over the training samples."""
    from leukemia_kedro.cohort.split import training_samples
    from leukemia_kedro.evaluation.plan import resampling_plan

    labels, groups = training_samples(sample_split)
    return resampling_plan(labels, resampling, seed, groups)


def set_up_rankings(
    training_set: TrainingSet,
    models: dict[str, Any],
    feature_selection: FeatureSelectionParameters,
    cohort: CohortParameters,
    resampling: ResamplingParameters,
    seed: int,
) -> RankingSetting:
    """The rankings that the signature and the models of the run use, and how they are computed."""
    from leukemia_kedro.evaluation.fold_rankings import rankings_in_use
    from leukemia_kedro.model.setting import RankingSetting

    of_signature = (feature_selection.signature.criterion, cohort.normalisation)
    rankings = rankings_in_use(models, [of_signature], training_set.labels)
    return RankingSetting(tuple(rankings), cohort, resampling.inner_folds, seed)


def rank_genes_per_fold(
    training_set: TrainingSet,
    resampling_plan: DataFrame,
    ranking_setting: RankingSetting,
    compute: ComputeParameters,
) -> DataFrame:
    """Order of the kept probes in every training fold, by each criterion that a model uses."""
    from leukemia_kedro.evaluation.fold_rankings import rank_folds

    return rank_folds(training_set, resampling_plan, ranking_setting, compute.n_jobs)


def rank_genes(
    training_set: TrainingSet,
    probes: DataFrame,
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
    seed: int,
    compute: ComputeParameters,
) -> DataFrame:
    """Rank the probes that pass the filter, by each criterion, on all training samples.

    Returns
    -------
    DataFrame, columns ``criterion, probe, score, rank``
        And ``symbol``, where the probes have symbols. Rank 1 is best.
    """
    import numpy as np
    import pandas as pd

    from leukemia_kedro.cohort.annotation import with_symbols
    from leukemia_kedro.compute.parallel import run_parallel
    from leukemia_kedro.estimators.model_pipeline import complete, log_transform, probe_filter
    from leukemia_kedro.estimators.rankings import rank_genes, score_genes

    unfitted = probe_filter(cohort, training_set.controls)
    learned = unfitted.fit(training_set.expression, training_set.classes)
    kept = learned.get_support(indices=True)
    measured = log_transform(cohort).fit_transform(training_set.matrix.take(kept, axis=1))
    log2 = complete(cohort, cohort.normalisation).fit_transform(measured)
    criteria = feature_selection.criteria
    scores = run_parallel(
        score_genes,
        [(criterion, log2, training_set.classes, seed) for criterion in criteria],
        compute.n_jobs,
        "ranking genes",
    )
    orders = [rank_genes(score) for score in scores]
    tables = [
        pd.DataFrame(
            {
                "criterion": criterion,
                "probe": training_set.probes[kept[order]],
                "score": np.abs(score[order]),
                "rank": np.arange(1, len(order) + 1),
            }
        )
        for criterion, score, order in zip(criteria, scores, orders, strict=True)
    ]
    return with_symbols(pd.concat(tables, ignore_index=True), probes)


def measure_stability(
    fold_rankings: DataFrame,
    training_set: TrainingSet,
    probes: DataFrame,
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
) -> tuple[DataFrame, dict[str, Any]]:
    """How often each probe is among the signature's top genes over the outer training folds.

    Returns
    -------
    stability : DataFrame, columns ``probe, selection_frequency, mean_rank``
        And ``symbol``, where the probes have symbols. Probes chosen at least once, most often
        chosen first. ``mean_rank`` is over the folds in which the probe passes the filter.
    index : dict
        The stability index of Nogueira, Sechidis & Brown (2018) over the same folds.
    """
    import numpy as np
    import pandas as pd

    from leukemia_kedro.cohort.annotation import with_symbols
    from leukemia_kedro.evaluation.plan import WHOLE
    from leukemia_kedro.statistics import stability

    signature = feature_selection.signature
    outer = fold_rankings[
        (fold_rankings["criterion"] == signature.criterion)
        & (fold_rankings["normalisation"] == cohort.normalisation)
        & (fold_rankings["inner_fold"] == WHOLE)
        & (fold_rankings["fold"] != WHOLE)
    ]
    chosen = np.zeros((len(outer), len(training_set.probes)), dtype=bool)
    ranks = np.full(chosen.shape, np.nan)
    for row, order in enumerate(outer["order"]):
        chosen[row, order[: signature.n_genes]] = True
        ranks[row, order] = np.arange(1, len(order) + 1)
    ever = np.flatnonzero(chosen.any(axis=0))
    table = pd.DataFrame(
        {
            "probe": training_set.probes[ever],
            "selection_frequency": chosen[:, ever].mean(axis=0),
            "mean_rank": np.nanmean(ranks[:, ever], axis=0),
        }
    ).sort_values(["selection_frequency", "mean_rank"], ascending=[False, True])
    nogueira = stability.selection_stability(chosen)
    index = {
        "criterion": signature.criterion,
        "n_genes": signature.n_genes,
        "n_folds": len(outer),
        "n_ever_chosen": len(ever),
        "n_always_chosen": int(chosen.all(axis=0).sum()),
        "stability": nogueira.estimate,
        "stability_low": nogueira.low,
        "stability_high": nogueira.high,
    }
    if np.isnan(nogueira.estimate):
        why = f"every training set chooses all that it has, {len(ever)}"
        nothing = ("stability", "stability_low", "stability_high")
        index |= dict.fromkeys(nothing) | {"undefined": dict.fromkeys(nothing, why)}
    return with_symbols(table.reset_index(drop=True), probes), index


def choose_signature(
    gene_ranking: DataFrame,
    selection_stability: DataFrame,
    training_set: TrainingSet,
    probes: DataFrame,
    cohort: CohortParameters,
    feature_selection: FeatureSelectionParameters,
) -> DataFrame:
    """The best genes by the signature's criterion.

    Returns
    -------
    DataFrame, columns ``probe, description, score, direction, selection_frequency``
        And ``symbol``, where the probes have symbols. ``direction`` is the class with the highest
        mean log2 expression.
    """
    import pandas as pd

    from leukemia_kedro.cohort.annotation import with_symbols
    from leukemia_kedro.estimators.model_pipeline import log_transform

    signature = feature_selection.signature
    by_criterion = gene_ranking[gene_ranking["criterion"] == signature.criterion]
    top = by_criterion.nsmallest(signature.n_genes, "rank")
    names = list(top["probe"])
    # All ranked probes, because counts are normalised over all that are kept.
    ranked = list(by_criterion["probe"])
    log2 = log_transform(cohort).fit_transform(training_set.expression[ranked].to_numpy())
    means = pd.DataFrame(log2, columns=ranked).groupby(training_set.labels.to_numpy()).mean()
    frequency = selection_stability.set_index("probe")["selection_frequency"]
    table = pd.DataFrame(
        {
            "probe": top["probe"],
            "description": probes.loc[names, "description"].to_numpy(),
            "score": top["score"],
            "direction": means.idxmax()[names].to_numpy(),
            "selection_frequency": frequency.reindex(names).fillna(0).to_numpy(),
        }
    )
    return with_symbols(table, probes)


def look_up_reference(
    probes: DataFrame, feature_selection: FeatureSelectionParameters
) -> DataFrame:
    """Probes of the published signature to compare with; none where no signature is named."""
    from leukemia_kedro.evaluation.published import check_reference

    return check_reference(probes.index, feature_selection.signature).to_frame()


def compare_with_reference(
    gene_ranking: DataFrame,
    reference_signature: DataFrame,
    feature_selection: FeatureSelectionParameters,
) -> dict[str, Any]:
    """What the signature, and the top 100, share with a published signature.

    Returns
    -------
    dict
        ``reference`` (None where the parameters name none), ``n_reference``, and for each of
        ``signature`` and ``top_100`` the number ``shared``, ``jaccard`` and the hypergeometric
        ``p`` of sharing as many by chance among the ranked probes.
    """
    from leukemia_kedro.statistics.stability import overlap

    signature, reference = feature_selection.signature, list(reference_signature["probe"])
    if signature.reference is None:
        return {"reference": None}
    by_criterion = gene_ranking[gene_ranking["criterion"] == signature.criterion]
    ordered = list(by_criterion.sort_values("rank")["probe"])
    universe = {*ordered, *reference}
    return {
        "reference": signature.reference,
        "n_reference": len(reference),
        **{
            name: overlap(ordered[:size], reference, universe)._asdict()
            for name, size in (("signature", signature.n_genes), ("top_100", 100))
        },
    }
