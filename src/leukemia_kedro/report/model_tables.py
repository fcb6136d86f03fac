"""Tables of the chapters on the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from leukemia_kedro.cohort.selection import NO_CALL
from leukemia_kedro.evaluation.comparison import meet_the_rule, models_of
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.model.rules import Rule
from leukemia_kedro.plots.captions import gene_name, readable
from leukemia_kedro.plots.study import ModelScores, Study, WithInterval
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import (
    NOTHING,
    capital,
    count,
    decimal,
    percent_interval,
    small,
    units,
)

MOST_CALLS = 300
"""Test samples listed by name, the least confident predictions first."""
MOST_PROBABILITIES = 3
"""Classes whose probabilities fit on paper side by side."""
SLOPE = (
    "the calibration slope is 1 at best, below 1 where probabilities are too extreme, above 1 "
    "where they are too cautious, and infinite where they separate the classes (a dash, with the "
    "finite end of its interval)"
)


def comparison_table(study: Study) -> Table:
    models, n_test = study.models.model_comparison, study.cohort.n_test
    rows = models.assign(
        model=_marked(models),
        cv_interval=_spans(models, "cv_balanced_accuracy"),
        test_interval=_spans(models, "test_balanced_accuracy"),
        **{
            f"{split}_slope_interval": [
                interval_of_slope(*ends)
                for ends in models[
                    [f"{split}_calibration_slope_low", f"{split}_calibration_slope_high"]
                ].itertuples(index=False)
            ]
            for split in ("cv", "test")
        },
    )
    columns = [
        Column("model", "Model"),
        Column("n_genes", "Genes", count),
        Column("cv_balanced_accuracy", "CV balanced accuracy", decimal),
        Column("cv_interval", "95% interval"),
        Column("cv_auc", "CV AUC", decimal),
        Column("cv_brier", "CV Brier", decimal),
        Column("cv_calibration_slope", "CV calibration slope", two_digits),
        Column("cv_slope_interval", "95% interval"),
        Column("overfit_gap", "Train − CV accuracy", decimal),
    ]
    test = ""
    if n_test:
        test = f"; test: {units(n_test, study.cohort.n_test_patients)} held out"
        columns += [
            Column("test_balanced_accuracy", "Test balanced accuracy", decimal),
            Column("test_interval", "95% interval"),
            Column("test_errors", "Test errors", count),
            Column("test_brier", "Test Brier", decimal),
            Column("test_calibration_slope", "Test calibration slope", two_digits),
            Column("test_slope_interval", "95% interval"),
        ]
    caption = (
        "Scores of each model, the simplest first. CV: nested cross-validation on the "
        f"{units(study.cohort.n_train, study.cohort.n_train_patients, 'training')}, mean over "
        f"repeats{test}. Balanced "
        "accuracy is the share of each class that is classified correctly, averaged over the "
        "classes; AUC the area under the ROC curve (several classes: mean of one against the "
        f"rest); Brier the mean squared error of the probabilities, 0 at best; {SLOPE}. Baseline: "
        "every sample is assigned to the largest class of the training samples."
    )
    return make_table(rows, columns, anchor="comparison", caption=caption)


def difference_table(study: Study) -> Table | None:
    """Each model against the champion; None where the champion is the only model."""
    models = models_of(study.models.model_comparison)
    others = models[~models["champion"]]
    if others.empty:
        return None
    samples = (
        "test samples" if study.cohort.n_test else "out-of-fold predictions of the first repeat"
    )
    rows = models.assign(
        model=_marked(models),
        rule=models["model"].isin(meet_the_rule(models)["model"]).map({True: "yes", False: "no"}),
        interval=_spans(models, "difference"),
    )
    return make_table(
        rows,
        [
            Column("model", "Model"),
            Column("behind_best", "Behind the best", decimal),
            Column("behind_best_se", "Standard error", decimal),
            Column("rule", "Meets the rule"),
            Column("difference", "Model − champion", decimal),
            Column("interval", "95% interval"),
            Column("mcnemar_p_holm", "McNemar p (Holm)", small),
        ],
        anchor="differences",
        caption="Differences in cross-validated balanced accuracy. A model meets the rule where it "
        "is behind the best by at most the standard error of that difference. The intervals of "
        f"model − champion cover all {count(len(others))} differences at once with 95% "
        f"(Bonferroni). McNemar's exact test is on the {samples}; Holm's correction allows for the "
        "number of models.",
    )


def _marked(models: pd.DataFrame) -> pd.Series:
    """Names as they are read, with champion and baseline marked."""
    mark = models["champion"].map({True: " (champion)", False: ""})
    return models["model"].map(readable) + mark.where(~models["baseline"], " (baseline)")


def _spans(models: pd.DataFrame, column: str) -> list[str]:
    """The interval of each model's score, with two digits."""
    joint = "\N{WORD JOINER}–\N{WORD JOINER}"  # a line never breaks here
    ends = zip(models[f"{column}_low"], models[f"{column}_high"], strict=True)
    return [
        NOTHING if pd.isna(low) else f"{decimal(low, 2)}{joint}{decimal(high, 2)}"
        for low, high in ends
    ]


def bias_table(study: Study) -> Table:
    bias = study.models.selection_bias
    return make_table(
        [
            {"labels": "true labels", **bias["true_labels"]},
            {"labels": "permuted labels", **bias["permuted_labels"]},
        ],
        [
            Column("labels", "Labels"),
            Column("genes_inside_folds", "Genes chosen inside each fold", decimal),
            Column("genes_outside_folds", "Genes chosen before cross-validation", decimal),
        ],
        anchor="selection-bias",
        caption=f"Balanced accuracy of {readable(bias['model'])} in one repeat of "
        f"cross-validation; permuted labels: mean of {count(bias['n_permutations'])} labellings.",
        sortable=False,
    )


def rule_table(model: str, rules: Sequence[Rule], probes: pd.DataFrame) -> Table:
    """Pairs of genes as rules, by symbol where the probes have one, else by description."""
    names = probes["description"].fillna("")
    if "symbol" in probes:
        names = probes["symbol"].fillna("").where(probes["symbol"].fillna("") != "", names)
    used = {rule[place] for rule in rules for place in ("higher", "lower")}
    named = {probe: gene_name(str(probe), str(names[probe])) for probe in used}
    n_classes = len({rule["then"] for rule in rules} | {rule["otherwise"] for rule in rules})
    return make_table(
        [
            {
                "rule": f"{named[rule['higher']]} > {named[rule['lower']]} → {rule['then']}",
                **rule,
            }
            for rule in rules
        ],
        [
            Column("rule", "Rule"),
            Column("otherwise", "Otherwise"),
            Column("score", "Δ", decimal),
            Column("rank_score", "Γ", count),
        ],
        anchor=f"rules-{model}",
        caption="Each rule has one vote: for the class after the arrow where the first gene is "
        "higher than the second in the sample's own array, otherwise for the other class"
        + (" of the two that it tells apart" if n_classes > 2 else "")
        + ". Δ: how much more often the genes are in this order in one class than in the other, "
        "on the training samples, 1 at most; Γ: difference between the classes' mean rank "
        "differences, which orders pairs of equal Δ. The rules were chosen for their Δ, so it is "
        "lower on new samples.",
        sortable=False,
    )


def overall_table(model: str, scores: ModelScores) -> Table:
    measures = {
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "macro_f1": "Macro F1",
        "auc": "AUC",
        "log_loss": "Log loss",
        "brier": "Brier score",
    }
    shown: dict[str, Mapping[str, Any] | None] = {
        "Cross-validation": scores["cv"],
        "Test samples": scores["test"],
        "Training samples": scores["train"],
    }
    sets = {name: values for name, values in shown.items() if values}
    columns = [
        Column(
            name, f"{name} (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{count(values['n'])})", decimal
        )
        for name, values in sets.items()
    ]
    return make_table(
        [
            {"measure": text, **{name: values[measure] for name, values in sets.items()}}
            for measure, text in measures.items()
        ],
        [Column("measure", "Measure"), *columns],
        anchor=f"scores-{model}",
        caption=f"Scores of {readable(model)}. Training samples: those the model was fitted to.",
        sortable=False,
    )


def calibration_table(model: str, scores: ModelScores) -> Table:
    """Slope, and intercept of each class, or of the last of two."""
    shown = {"cv": scores["cv"], "test": scores["test"]}
    sets = {name: values for name, values in shown.items() if values}
    intercepts = scores["cv"].get("calibration_intercepts", {})
    classes = list(intercepts)[-1 if len(intercepts) == 2 else 0 :]
    rows: list[dict[str, Any]] = [
        {"measure": "Calibration slope"},
        *({"measure": f"Calibration intercept, {label}"} for label in classes),
    ]
    for name, values in sets.items():
        slope = WithInterval(
            value=values.get("calibration_slope"),
            low=values.get("calibration_slope_low"),
            high=values.get("calibration_slope_high"),
        )
        of_classes = [values["calibration_intercepts"][label] for label in classes]
        for row, estimate in zip(rows, [slope, *of_classes], strict=True):
            row[name] = estimate["value"]
            row[f"{name}_interval"] = interval_of_slope(estimate["low"], estimate["high"])
    return make_table(
        rows,
        [
            Column("measure", "Measure"),
            Column("cv", "Cross-validation", two_digits),
            Column("cv_interval", "95% interval"),
            Column("test", "Test samples", two_digits),
            Column("test_interval", "95% interval"),
        ],
        anchor=f"calibration-{model}",
        caption=f"Calibration of {readable(model)}; {SLOPE}. The intercept, with the slope fixed "
        "at 1, is 0 at best and above 0 where a class is more frequent than predicted. "
        "Cross-validation: all repeats, in which each sample counts once.",
        sortable=False,
    )


def two_digits(number: float | None) -> str:
    """``1.32``; a dash where there is none."""
    return decimal(number, 2)


def interval_of_slope(low: float | None, high: float | None) -> str:
    """``0.81 to 2.20``; ``1.97 to ∞`` where only one end is finite, a dash where none is."""
    if pd.isna(low) and pd.isna(high):
        return NOTHING
    lower = "−∞" if pd.isna(low) else two_digits(low)
    return f"{lower} to {'∞' if pd.isna(high) else two_digits(high)}"


def class_table(model: str, scores: ModelScores) -> Table:
    """Each class on the test samples, or without them out of fold."""
    samples, mean = "Test samples", ""
    if scores["test"] is None:
        samples, mean = "Training samples", " in cross-validation, mean over repeats"
    of_classes = (scores["test"] or scores["cv"])["per_class"]
    return make_table(
        [{"label": label, **row} for label, row in of_classes.items()],
        [
            Column("label", "Class"),
            Column("n", samples, count),
            Column("precision", "Precision", decimal),
            Column("recall", "Recall", decimal),
            Column("f1", "F1", decimal),
        ],
        anchor=f"classes-{model}",
        caption=f"{samples} of each class as classified by {readable(model)}{mean}.",
        sortable=False,
    )


def hardest_table(study: Study) -> Table | None:
    """Samples that most models misclassify; None where there is none."""
    hard = study.models.shift["hard_samples"]
    if not hard:
        return None
    return make_table(
        hard,
        [
            Column("sample", "Sample"),
            Column("label", "True class"),
            Column("split", "Split"),
            Column("n_models_wrong", "Models that misclassify it", count),
            Column("n_models", "Models", count),
        ],
        anchor="hardest",
        caption="Samples that more than half of the models misclassify; a training sample counts "
        "as misclassified where it is in more than half of the repeats.",
    )


def call_table(study: Study) -> Table | None:
    champion, predictions = study.models.champion["champion"], study.models.test_predictions
    of_champion = predictions[predictions["model"] == champion]
    if of_champion.empty:
        return None
    calls = of_champion.sort_values("confidence", kind="stable").head(MOST_CALLS)
    verdict = (calls["call"] == calls["label"]).map({True: "correct", False: "wrong"})
    calls = calls.assign(verdict=verdict.where(calls["call"] != NO_CALL, "not called"))
    columns = [
        Column("sample", "Sample"),
        Column("label", "True class"),
        Column("predicted", "Predicted class"),
        Column("confidence", "Confidence", decimal),
        Column("call", "Call"),
        Column("verdict", "Result"),
        Column("conformal_set", "Conformal set"),
    ]
    if len(study.cohort.classes) <= MOST_PROBABILITIES:
        columns[3:3] = [
            Column(f"{PROBABILITY}{label}", f"Probability of {label}", decimal)
            for label in study.cohort.classes
        ]
    surer = len(of_champion) - len(calls)
    return make_table(
        calls,
        columns,
        anchor="calls",
        caption=f"Prediction of {readable(champion)} for each test sample, the least confident "
        f"first.{f' {count(surer)} more confident ones are not listed.' if surer else ''}",
    )


def subgroup_table(study: Study) -> Table | None:
    """The champion in each laboratory, tissue …; None without such covariates."""
    champion, groups = study.models.champion["champion"], study.models.subgroups
    of_champion = groups[groups["model"] == champion]
    if of_champion.empty:
        return None
    which = "test samples" if study.cohort.n_test else "training samples out of fold"
    rows = of_champion.assign(
        covariate=of_champion["covariate"].map(readable),
        interval=_spans(of_champion, "accuracy"),
        called=_spans(of_champion, "coverage"),
    )
    columns = [
        Column("covariate", "Covariate"),
        Column("value", "Value"),
        Column("n_train", "Training samples", count),
        Column("n", "Test samples" if study.cohort.n_test else "Samples out of fold", count),
        Column("errors", "Errors", count),
        Column("accuracy", "Accuracy", decimal),
        Column("interval", "95% interval"),
    ]
    if study.cohort.n_test:
        columns += [
            Column("calls", "Called", count),
            Column("called", "95% interval of the share called"),
            Column("call_errors", "Wrong calls", count),
        ]
    columns.append(Column("median_confidence", "Median confidence", decimal))
    return make_table(
        rows,
        columns,
        anchor="subgroups",
        caption=f"{capital(readable(champion))} by the covariates of the {which}. Errors count "
        "every sample as called. Intervals are exact (Clopper–Pearson), each of one group by "
        "itself: of many groups, some differ by chance.",
        sortable=False,
    )


def set_table(study: Study) -> Table:
    """What the champion's conformal sets promise for each class, and the test samples."""
    champion, conformal = study.models.champion, study.models.champion["conformal"]
    scores = study.models.model_scores[champion["champion"]]["test"]
    found = scores["conformal_sets"]["per_class"] if scores else {}
    rows: list[dict[str, Any]] = [
        {
            "label": name,
            "patients": conformal["patients"][name],
            "smallest_alpha": conformal["smallest_alpha"][name],
            **({"n": found[name]["n"], "missed": found[name]["missed"]} if name in found else {}),
            "interval": percent_interval(found[name]["low"], found[name]["high"])
            if name in found
            else "",
        }
        for name in champion["classes"]
    ]
    columns = [
        Column("label", "Class"),
        Column("patients", "Training patients", count),
        Column("smallest_alpha", "Smallest α they allow", decimal),
    ]
    if found:
        columns += [
            Column("n", "Test samples", count),
            Column("missed", "Sets without the class", count),
            Column("interval", "95% interval of the share"),
        ]
    tested = " Test samples of the class, and how many of their sets miss it." if found else ""
    return make_table(
        rows,
        columns,
        anchor="conformal-sets",
        caption=f"Conformal sets of {readable(champion['champion'])} at α = "
        f"{conformal['alpha']:g}: what so few training patients allow.{tested}",
        sortable=False,
    )
