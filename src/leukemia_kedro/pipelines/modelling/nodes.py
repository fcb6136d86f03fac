"""Each model tuned, estimated, fitted and tested; then all of them compared."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    ModellingParameters,
    ModelParameters,
    ResamplingParameters,
)
from leukemia_kedro.pipelines.annotations import (
    Confounding,
    DataFrame,
    FittedModel,
    ProfileReference,
    RankingSetting,
    Setting,
    TrainingSet,
)

LEAKY_PERMUTATIONS = 20
"""Labellings behind the mean score with genes chosen outside the folds."""

logger = logging.getLogger(__name__)


def set_up(
    training_set: TrainingSet,
    sample_split: DataFrame,
    ranking_setting: RankingSetting,
    model: ModelParameters,
    resampling: ResamplingParameters,
    modelling: ModellingParameters,
) -> Setting:
    """All parameters that a model is tuned and fitted with, and whether it is run at all."""
    from leukemia_kedro.cohort.training_set import check_same_split
    from leukemia_kedro.model.setting import Setting

    check_same_split(training_set, sample_split)
    labels = training_set.labels
    reason = model.left_out(len(labels), labels.nunique())
    cohort, seed = ranking_setting.cohort, ranking_setting.seed
    return Setting(model, cohort, resampling, seed, reason, modelling)


def cross_validate(
    training_set: TrainingSet,
    resampling_plan: DataFrame,
    fold_rankings: DataFrame,
    setting: Setting,
    compute: ComputeParameters,
) -> tuple[DataFrame, DataFrame]:
    """Out-of-fold predictions of every training sample, and what was tuned in each fold.

    Empty tables where the model is left out of the run. See
    :func:`~leukemia_kedro.evaluation.nested_cv.nested_cross_validation`.
    """
    import pandas as pd

    from leukemia_kedro.evaluation.fold_rankings import orders_by_split
    from leukemia_kedro.evaluation.nested_cv import nested_cross_validation

    if setting.left_out:
        fold = ["repeat", "fold"]
        predictions = [*fold, "sample", "label", "predicted", "confidence"]
        return pd.DataFrame(columns=predictions), pd.DataFrame(columns=fold)
    return nested_cross_validation(
        training_set, resampling_plan, orders_by_split(fold_rankings), setting, compute.n_jobs
    )


def measure_profiles(training_set: TrainingSet, cohort: CohortParameters) -> ProfileReference:
    """How far training samples lie from one another; all models share it."""
    from leukemia_kedro.estimators.log_counts import LogCounts
    from leukemia_kedro.estimators.model_pipeline import log_transform, probe_filter
    from leukemia_kedro.model.training_reference import measure_profiles

    to_log2 = log_transform(cohort)
    if not isinstance(to_log2, LogCounts):
        return measure_profiles(training_set, to_log2.fit_transform)
    unfitted = probe_filter(cohort, training_set.controls)
    passing = unfitted.fit(training_set.expression, training_set.classes).get_support()
    of_kept = training_set.matrix[:, passing]
    sizes = to_log2.fit(of_kept).normalised_sizes(of_kept)
    return measure_profiles(training_set, lambda counts: to_log2.log_counts(counts, sizes))


def fit(
    training_set: TrainingSet,
    fold_rankings: DataFrame,
    cv_predictions: DataFrame,
    profile_reference: ProfileReference,
    setting: Setting,
    compute: ComputeParameters,
) -> FittedModel:
    """The model tuned and fitted on all training samples.

    Its reject threshold and the scores of its conformal sets come from the folds. The fitted model
    itself may be less sure than theirs, so its card also counts its calls of its own training
    samples.
    """
    from leukemia_kedro.cohort.selection import NO_CALL
    from leukemia_kedro.evaluation.fold_rankings import orders_by_split
    from leukemia_kedro.evaluation.nested_cv import fit_model
    from leukemia_kedro.evaluation.reject_option import (
        call_curve,
        choose_threshold,
        describe_threshold,
    )
    from leukemia_kedro.model.card import model_card
    from leukemia_kedro.model.conformal import calibrate_sets
    from leukemia_kedro.model.fitted import FittedModel
    from leukemia_kedro.model.training_reference import remember_training

    if setting.left_out:
        return FittedModel(None, {"left_out": setting.left_out})
    pipeline = fit_model(training_set, orders_by_split(fold_rankings), setting, compute.n_jobs)
    patients = training_set.patients.loc[cv_predictions["sample"]].to_numpy()
    correct = (cv_predictions["label"] == cv_predictions["predicted"]).to_numpy()
    curve = call_curve(correct, cv_predictions["confidence"].to_numpy(), patients)
    threshold, asked = setting.model.reject_below, None
    if threshold is None:
        asked = setting.modelling.max_error_when_calling
        threshold = choose_threshold(curve, asked)
    option = describe_threshold(curve, threshold, asked)
    sets = calibrate_sets(cv_predictions, patients, setting.modelling.conformal_alpha)
    model = FittedModel(
        pipeline,
        model_card(pipeline, training_set, setting, threshold, option, sets),
        remember_training(pipeline, training_set, profile_reference),
        sets,
    )
    own = model.call_samples(training_set.expression)["call"]
    model.card["reject_option"]["own_calls"] = int((own != NO_CALL).sum())
    return model


def predict_held_out(
    fitted: FittedModel, test_expression: DataFrame, sample_split: DataFrame
) -> DataFrame:
    """Calls for the held-out samples; an empty table without a test set."""
    from leukemia_kedro.cohort.split import held_out_samples

    labels = held_out_samples(sample_split, test_expression.columns)["label"]
    calls = fitted.call_samples(test_expression.T)
    calls.insert(1, "label", labels.to_numpy() if len(calls) else [])
    return calls


def score(
    fitted: FittedModel,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
    training_set: TrainingSet,
    sample_split: DataFrame,
    seed: int,
) -> dict[str, Any]:
    """All scores of the model: cross-validated, on its own training samples, held out.

    Returns
    -------
    dict
        ``n_genes`` and ``genes`` that the fitted model uses; ``rules`` where pairs of them vote,
        see :func:`~leukemia_kedro.model.rules.rules_of`; ``reject_option``, what its threshold
        promises, as on its card; ``cv``, see
        :func:`~leukemia_kedro.evaluation.metrics.score_repeats`; ``train``, see
        :func:`~leukemia_kedro.evaluation.metrics.score`; ``test``, see
        :func:`~leukemia_kedro.evaluation.comparison.score_calls`, with ``conformal_sets``, see
        :func:`~leukemia_kedro.model.conformal.describe_sets`; None without a test set.
        ``cv`` and ``test`` also have the keys of
        :func:`~leukemia_kedro.evaluation.reliability.calibration`.
        ``correct`` tells which predictions were right, of the held-out samples or else of the
        first repeat, for paired tests between models; with groups which patients, see
        :func:`~leukemia_kedro.evaluation.patients.correct_patients`. The only key of a model that
        was left out is ``left_out``, the reason.
    """
    from leukemia_kedro.cohort.split import patients_of
    from leukemia_kedro.evaluation.comparison import score_calls
    from leukemia_kedro.evaluation.metrics import score, score_repeats
    from leukemia_kedro.evaluation.patients import correct_patients
    from leukemia_kedro.evaluation.reliability import calibration
    from leukemia_kedro.model.card import genes_in_use
    from leukemia_kedro.model.conformal import describe_sets
    from leukemia_kedro.model.rules import rules_of

    if fitted.left_out:
        return {"left_out": fitted.left_out}
    classes, genes = fitted.card["classes"], genes_in_use(fitted.pipeline)
    train = fitted.call_samples(training_set.expression)
    test, paired = None, cv_predictions[cv_predictions["repeat"] == cv_predictions["repeat"].min()]
    if len(test_predictions):
        patients = patients_of(sample_split, test_predictions["sample"])
        test, paired = score_calls(test_predictions, classes, patients, seed), test_predictions
        test["conformal_sets"] = describe_sets(test_predictions, classes, patients)
        test |= calibration(test_predictions, classes)
    groups = sample_split.get("group")
    right = paired["label"] == paired["predicted"]
    correct = correct_patients(right, patients_of(sample_split, paired["sample"]))
    rules = rules_of(fitted.pipeline)
    return {
        "correct": [bool(each) for each in correct],
        "n_genes": len(genes),
        "genes": genes,
        **({} if rules is None else {"rules": rules}),
        "reject_option": fitted.card["reject_option"],
        "cv": score_repeats(cv_predictions, classes, groups) | calibration(cv_predictions, classes),
        "train": score(train.assign(label=training_set.classes), classes),
        "test": test,
    }


def compare_models(
    cv_predictions: DataFrame, sample_split: DataFrame, seed: int, **scores: dict[str, Any]
) -> tuple[DataFrame, dict[str, Any]]:
    """One row per model that was run, simplest first, the champion marked; and all their scores.

    The last row is the baseline, which assigns every sample to the larger class. The test columns
    are empty without a test set. ``cv_predictions`` are those of all models. Models are compared
    with the champion by ``difference`` and its interval, and by ``mcnemar_p`` on the same
    samples, held out where there are any, else out of fold in the first repeat (exact, two-sided);
    with groups on the same patients.

    Raises
    ------
    UserError
        Every model was left out.
    """
    import pandas as pd

    from leukemia_kedro.evaluation.choice import choose
    from leukemia_kedro.evaluation.comparison import (
        BASELINE,
        COLUMNS,
        PATIENT_COLUMNS,
        against_the_best,
        against_the_champion,
        baseline_scores,
        comparison_row,
    )
    from leukemia_kedro.evaluation.outcomes import Outcomes

    run = {name: score for name, score in scores.items() if "left_out" not in score}
    left_out = "; ".join(
        f"{name} ({score['left_out']})" for name, score in scores.items() if name not in run
    )
    if not run:
        raise UserError(f"every model was left out of this run: {left_out}")
    if left_out:
        logger.info("Left out of this run: %s", left_out)
    groups = sample_split.get("group")
    outcomes = Outcomes.of(cv_predictions, list(run), groups)
    champion = choose(outcomes)
    table = pd.DataFrame([comparison_row(name, score) for name, score in run.items()])
    table = table.join(against_the_best(outcomes))
    table = table.join(against_the_champion(outcomes, run, champion), on="model")
    held_out = sample_split.loc[sample_split["split"] == "test", ["label"]].reset_index()
    first = cv_predictions[cv_predictions["model"] == outcomes.models[0]]
    classes = list(run[champion]["cv"]["per_class"])
    scored = baseline_scores(first, held_out, classes, groups, seed)
    baseline = pd.DataFrame([comparison_row(BASELINE, scored) | {"baseline": True}])
    table = pd.concat([table.assign(baseline=False), baseline], ignore_index=True)
    columns = COLUMNS + [column for column in PATIENT_COLUMNS if column in table]
    return table.assign(champion=table["model"] == champion)[columns], run


def promote_champion(
    model_comparison: DataFrame,
    cv_predictions: DataFrame,
    sample_split: DataFrame,
    confounding: list[Confounding],
    probes: DataFrame,
    seed: int,
    **fitted: FittedModel,
) -> tuple[FittedModel, dict[str, Any]]:
    """The champion's model file, and the record of how it was chosen and how it did.

    The file is the model's own. Its card also has its name, its metrics, a sentence for each
    covariate of the training samples that goes with the class, and the symbols of its genes, where
    the chip's annotation has them. ``corrected`` is the
    balanced accuracy with the choice among the models included, see
    :func:`~leukemia_kedro.evaluation.choice.corrected_score`.
    """
    import pandas as pd

    from leukemia_kedro.cohort.annotation import shown_symbols
    from leukemia_kedro.evaluation.champion import figures, held_out_figures, records
    from leukemia_kedro.evaluation.choice import ONE_STANDARD_ERROR_RULE, corrected_score
    from leukemia_kedro.evaluation.comparison import models_of
    from leukemia_kedro.evaluation.outcomes import Outcomes
    from leukemia_kedro.evaluation.published import published_results
    from leukemia_kedro.model.card import genes_in_use
    from leukemia_kedro.statistics.confounding import in_words

    groups = sample_split.get("group")
    compared = models_of(model_comparison)["model"]
    corrected = corrected_score(Outcomes.of(cv_predictions, list(compared), groups), seed)
    row = model_comparison.loc[model_comparison["champion"]].iloc[0]
    model = fitted[row["model"]]
    has_test_set = pd.notna(row["test_n"])
    published = published_results(sample_split) if has_test_set else None
    record = {
        "champion": row["model"],
        "rule": ONE_STANDARD_ERROR_RULE,
        "classes": model.card["classes"],
        "n_genes": int(row["n_genes"]),
        "threshold": model.card["threshold"],
        "reject_option": model.card["reject_option"],
        "conformal": model.card["conformal"],
        "parameters": model.card["tuned"],
        "cross_validation": figures(row, "cv_"),
        "test": figures(row, "test_") if has_test_set else None,
        "held_out": held_out_figures(row, published) if has_test_set else None,
        "published": None if published is None else records(published),
        "left_out": {name: other.left_out for name, other in fitted.items() if other.left_out},
        "corrected": corrected,
    }
    metrics = {name: record[name] for name in ("cross_validation", "test", "corrected")}
    known = {
        "name": row["model"],
        "metrics": metrics,
        "confounding": [in_words(each) for each in confounding if each["alarm"]],
        "symbols": shown_symbols(probes.loc[genes_in_use(model.pipeline)]),
    }
    return replace(model, card=model.card | known), record


def gather_tables(**tables: DataFrame) -> DataFrame:
    """The tables of all models in one: ``model``, then the columns of the tables.

    A cell is empty where a model's own table lacks the column. Without rows where no table has
    any: a model was left out, or there is no test set.
    """
    import pandas as pd

    named = [table.assign(model=name) for name, table in tables.items()]
    # A table without rows lacks the columns of the classes, and the first decides on their order.
    gathered = pd.concat([table for table in named if len(table)] or named[:1], ignore_index=True)
    gathered.insert(0, "model", gathered.pop("model"))
    return gathered


def permutation_test(
    training_set: TrainingSet,
    modelling: ModellingParameters,
    compute: ComputeParameters,
    **settings: Setting,
) -> dict[str, Any]:
    """How often permuted labels do as well as the true ones (Ojala & Garriga 2010).

    Each labelling goes through filter, ranking, tuning, fitting and the choice of a champion, in
    one repeat of the nested cross-validation; the true labels go through the same, so that like is
    compared with like. The choice is among ``modelling.permuted_models``, or all models of the run
    where that is not stated or none of them is run. They are named before any label is seen, so the
    p-value is exact: it is that of the best of these models, chosen by the rule of the run. The
    p-value of the champion alone would be too small, because it was chosen for its score.

    Returns
    -------
    dict
        ``model`` chosen with the true labels, its ``score``, ``p_value, n_permutations,
        permuted_scores, models`` to choose among, and ``permuted_models``, the one chosen in each
        labelling; scores are balanced accuracies, p = (1 + count) / (1 + n_permutations).
    """
    import numpy as np

    from leukemia_kedro.evaluation.permutation import permuted_labels, score_labellings
    from leukemia_kedro.statistics.intervals import permutation_p_value

    run = {name: setting for name, setting in settings.items() if not setting.left_out}
    quick = {name: run[name] for name in run if name in (modelling.permuted_models or run)}
    seed = next(iter(run.values())).seed
    by_chance = permuted_labels(training_set, modelling.permutations, seed)
    observed, *permuted = score_labellings(
        training_set, [training_set.classes, *by_chance], quick or run, False, compute.n_jobs
    )
    model, score = observed
    models, scores = zip(*permuted, strict=True)
    return {
        "model": model,
        "score": score,
        "p_value": permutation_p_value(score, np.array(scores)),
        "n_permutations": modelling.permutations,
        "permuted_scores": list(scores),
        "models": list(quick or run),
        "permuted_models": list(models),
    }


def selection_bias(
    champion_model: FittedModel,
    training_set: TrainingSet,
    modelling: ModellingParameters,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """What the champion would have scored with genes chosen outside the folds.

    The mistake is made on purpose, with the true labels and with labels that mean nothing
    (Ambroise & McLachlan 2002, PNAS 99:6562): its gain over the honest estimate is pure bias.

    Returns
    -------
    dict
        ``model``, and balanced accuracies over one repeat: ``true_labels`` and
        ``permuted_labels`` (mean over ``n_permutations``), each with ``genes_inside_folds`` and
        ``genes_outside_folds``.
    """
    import numpy as np

    from leukemia_kedro.evaluation.permutation import permuted_labels, score_labellings
    from leukemia_kedro.model.setting import Setting

    setting = Setting.of_card(champion_model.card)
    n = min(LEAKY_PERMUTATIONS, modelling.permutations)
    labellings = [training_set.classes, *permuted_labels(training_set, n, setting.seed)]
    champion = {champion_model.card["name"]: setting}
    found: dict[str, Any] = {"true_labels": {}, "permuted_labels": {}}
    for where, leaky in (("genes_inside_folds", False), ("genes_outside_folds", True)):
        scored = score_labellings(training_set, labellings, champion, leaky, compute.n_jobs)
        true, *permuted = [score for _, score in scored]
        found["true_labels"][where] = true
        found["permuted_labels"][where] = float(np.mean(permuted))
    return {"model": champion_model.card["name"], "n_permutations": n, **found}


def learning_curve(
    champion_model: FittedModel,
    cv_predictions: DataFrame,
    training_set: TrainingSet,
    resampling_plan: DataFrame,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """What the champion's procedure scores with fewer training samples, and what more would bring.

    Returns
    -------
    dict
        ``model``, and as :func:`~leukemia_kedro.evaluation.learning_curve.learning_curve`.
    """
    from leukemia_kedro.evaluation.learning_curve import learning_curve
    from leukemia_kedro.model.setting import Setting

    name, setting = champion_model.card["name"], Setting.of_card(champion_model.card)
    of_champion = cv_predictions[cv_predictions["model"] == name]
    curve = learning_curve(training_set, resampling_plan, of_champion, setting, compute.n_jobs)
    return {"model": name, **curve}


def list_hard_samples(
    sample_split: DataFrame, cv_predictions: DataFrame, test_predictions: DataFrame
) -> list[dict[str, Any]]:
    """Samples that more than half of the models get wrong, the hardest first.

    A training sample counts as wrong where a model gets it wrong in more than half of the
    repeats. The predictions are those of all models.
    """
    import pandas as pd

    from leukemia_kedro.model.predictions import share_wrong

    predictions = pd.concat([cv_predictions, test_predictions])
    n_wrong = (share_wrong(predictions) > 0.5).groupby("sample", sort=False).sum()
    n_models = predictions["model"].nunique()
    hard = n_wrong[n_wrong > n_models / 2].sort_values(ascending=False, kind="stable")
    rows = sample_split.loc[hard.index]
    return [
        {
            "sample": str(sample),
            "label": str(label),
            "split": str(split),
            "n_models_wrong": int(count),
            "n_models": n_models,
        }
        for sample, label, split, count in zip(
            rows.index, rows["label"], rows["split"], hard, strict=True
        )
    ]


def score_subgroups(
    samples: DataFrame,
    sample_split: DataFrame,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
) -> DataFrame:
    """How every model does in each laboratory, tissue … of the test samples.

    Without a test set: of the training samples out of fold, in the first repeat.
    See :func:`~leukemia_kedro.evaluation.subgroups.score_subgroups`.
    """
    from leukemia_kedro.evaluation.subgroups import score_subgroups

    covariates = samples.loc[sample_split.index].assign(split=sample_split["split"])
    of_first = cv_predictions["repeat"] == cv_predictions["repeat"].min()
    predictions = test_predictions if len(test_predictions) else cv_predictions[of_first]
    return score_subgroups(predictions, covariates)


def list_errors(
    champion_model: FittedModel,
    samples: DataFrame,
    cv_predictions: DataFrame,
    test_predictions: DataFrame,
) -> DataFrame:
    """The test samples that the champion gets wrong or does not call, with their covariates.

    Without a test set: the training samples that it gets wrong out of fold.
    See :func:`~leukemia_kedro.evaluation.subgroups.list_errors`.
    """
    from leukemia_kedro.evaluation.subgroups import list_errors

    predictions = test_predictions if len(test_predictions) else cv_predictions
    return list_errors(predictions[predictions["model"] == champion_model.card["name"]], samples)


def measure_shift(
    log_expression: DataFrame,
    probe_filter: DataFrame,
    sample_split: DataFrame,
    hard_samples: list[dict[str, Any]],
    seed: int,
    compute: ComputeParameters,
) -> dict[str, Any]:
    """How different the held-out samples are, and which samples most models get wrong.

    Returns
    -------
    dict
        ``auc``, ``p_value`` and ``n_permutations`` of telling training from held-out samples, see
        :func:`~leukemia_kedro.evaluation.shift.train_versus_test`; ``median_log2_per_sample``;
        ``hard_samples``.
    """
    from leukemia_kedro.evaluation.shift import train_versus_test

    kept = log_expression.loc[probe_filter["passes"]]
    return {
        **train_versus_test(kept, sample_split, seed, compute.n_jobs),
        "median_log2_per_sample": {
            str(sample): float(value) for sample, value in kept.median().items()
        },
        "hard_samples": hard_samples,
    }
