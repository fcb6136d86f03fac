"""Tables of the chapters on the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from leukemia_kedro.cohort.selection import JOINT, NO_CALL
from leukemia_kedro.evaluation.comparison import call_nobody, meet_the_rule, models_of
from leukemia_kedro.evaluation.records import SetsOfClass
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.model.rules import Rule
from leukemia_kedro.plots.captions import gene_name, readable
from leukemia_kedro.plots.study import CohortStudy, ModelScores, Study, WithInterval
from leukemia_kedro.report.tables import Column, Table, linked_gene, make_table
from leukemia_kedro.report.wording import (
    NOTHING,
    PATIENT_RULE,
    capital,
    count,
    decimal,
    in_brackets,
    interval,
    percent_interval,
    small,
    units,
)
from leukemia_kedro.statistics.class_names import class_in_words

MOST_CALLS = 300
"""Test samples listed by name, the least confident predictions first."""
MOST_PROBABILITIES = 3
"""Classes whose probabilities fit on paper side by side."""
SAMPLES_ARE_COUNTED = (
    "Counted are samples, several of which are of one patient, so these intervals are too narrow."
)
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
            Column("test_patients_wrong", "Test patients misclassified", count),
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
    if "test_patients_wrong" in rows:
        caption += f" {PATIENT_RULE}"
    if call_nobody(models):
        caption += (
            " Calls nobody: with its reject option the model calls no training patient in "
            "cross-validation, or the fitted model none of its own training samples."
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
    if study.cohort.n_patients is not None:
        samples += ", of which those of one patient are one pair: correct where all of them are"
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
    mark = mark.where(~models["baseline"], " (baseline)")
    mark += models["model"].isin(call_nobody(models)).map({True: " (calls nobody)", False: ""})
    return models["model"].map(readable).replace("larger class", "largest class") + mark


def _spans(models: pd.DataFrame, column: str) -> list[str]:
    """The interval of each model's score, with two digits."""
    ends = zip(models[f"{column}_low"], models[f"{column}_high"], strict=True)
    return [interval(low, high, digits=2) for low, high in ends]


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
    named = {probe: linked_gene(probe, gene_name(str(probe), str(names[probe]))) for probe in used}
    n_classes = len({rule["then"] for rule in rules} | {rule["otherwise"] for rule in rules})
    return make_table(
        [
            {
                "rule": Markup("{} &gt; {} → {}").format(
                    named[rule["higher"]], named[rule["lower"]], class_in_words(rule["then"])
                ),
                **rule,
            }
            for rule in rules
        ],
        [
            Column("rule", "Rule", Markup),
            Column("otherwise", "Otherwise", class_in_words),
            Column("score", "Δ", decimal),
            Column("rank_score", "Γ", count),
        ],
        anchor=f"rules-{model}",
        caption="Each rule has one vote: for the class after the arrow where the first gene is "
        "higher than the second in the sample itself, otherwise for the other class"
        + (" of the two that it tells apart" if n_classes > 2 else "")
        + ". Δ: how much more often the genes are in this order in one class than in the other, "
        "on the training samples, 1 at most; Γ: difference between the classes' mean rank "
        "differences, which orders pairs of equal Δ. The rules were chosen for their Δ, so it is "
        "lower on new samples.",
        sortable=False,
    )


def overall_table(cohort: CohortStudy, model: str, scores: ModelScores) -> Table:
    measures = {
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "macro_f1": "Macro F1",
        "auc": "AUC",
        "log_loss": "Log loss",
        "brier": "Brier score",
    }
    shown: dict[str, tuple[Mapping[str, Any] | None, int | None]] = {
        "Cross-validation": (scores["cv"], cohort.n_train_patients),
        "Test samples": (scores["test"], cohort.n_test_patients),
        "Training samples": (scores["train"], cohort.n_train_patients),
    }
    sets = {name: values for name, (values, _) in shown.items() if values}
    columns = [
        Column(name, f"{name} ({in_brackets(values['n'], shown[name][1])})", decimal)
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
        *({"measure": f"Calibration intercept, {class_in_words(label)}"} for label in classes),
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


def class_table(cohort: CohortStudy, model: str, scores: ModelScores) -> Table:
    """Each class on the test samples, or without them out of fold."""
    split, samples, mean = "test", "Test samples", ""
    if scores["test"] is None:
        split, samples = "train", "Training samples"
        mean = " in cross-validation, mean over repeats"
    of_classes = (scores["test"] or scores["cv"])["per_class"]
    rows = pd.DataFrame([{"label": label, **row} for label, row in of_classes.items()])
    if cohort.n_patients is not None:
        rows["patients"] = [cohort.count_patients(split, label) for label in of_classes]
    return make_table(
        rows,
        [
            Column("label", "Class", class_in_words),
            Column("n", samples, count),
            Column("patients", "Patients who gave them", count),
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
        with_patients(pd.DataFrame(hard), study.cohort),
        [
            Column("sample", "Sample"),
            Column("group", "Patient"),
            Column("label", "True class", class_in_words),
            Column("split", "Split"),
            Column("n_models_wrong", "Models that misclassify it", count),
            Column("n_models", "Models", count),
        ],
        anchor="hardest",
        caption="Samples that more than half of the models misclassify; a training sample counts "
        "as misclassified where it is in more than half of the repeats.",
    )


def with_patients(samples: pd.DataFrame, cohort: CohortStudy) -> pd.DataFrame:
    """The table with the column ``group``, where the cohort has it."""
    if "group" not in cohort.sample_split:
        return samples
    return samples.join(cohort.sample_split["group"], on="sample")


def call_table(study: Study) -> Table | None:
    champion, predictions = study.models.champion["champion"], study.models.test_predictions
    of_champion = predictions[predictions["model"] == champion]
    if of_champion.empty:
        return None
    every = of_champion.sort_values("confidence", kind="stable")
    calls = every.head(MOST_CALLS)
    verdict = (calls["call"] == calls["label"]).map({True: "correct", False: "wrong"})
    calls = with_patients(calls, study.cohort).assign(
        verdict=verdict.where(calls["call"] != NO_CALL, "not called"),
        conformal_set=calls["conformal_set"].map(set_in_words),
    )
    columns = [
        Column("sample", "Sample"),
        Column("group", "Patient"),
        Column("label", "True class", class_in_words),
        Column("predicted", "Predicted class", class_in_words),
        Column("confidence", "Confidence", decimal),
        Column("call", "Call", class_in_words),
        Column("verdict", "Result"),
        Column("conformal_set", "Conformal set"),
    ]
    if len(study.cohort.classes) <= MOST_PROBABILITIES:
        columns[4:4] = [
            Column(f"{PROBABILITY}{label}", f"Probability of {class_in_words(label)}", decimal)
            for label in study.cohort.classes
        ]
    surer = len(of_champion) - len(calls)
    return make_table(
        calls,
        columns,
        anchor="calls",
        caption=f"Prediction of {readable(champion)} for each test sample, the least confident "
        f"first.{f' {count(surer)} more confident ones are in the CSV.' if surer else ''}",
        whole=with_patients(every, study.cohort).drop(columns="model"),
    )


def subgroup_table(study: Study) -> Table | None:
    """The champion in each laboratory, tissue …; None without such covariates."""
    champion, groups = study.models.champion["champion"], study.models.subgroups
    of_champion = groups[groups["model"] == champion]
    if of_champion.empty:
        return None
    which, counted_on = "test samples", "Test samples"
    if not study.cohort.n_test:
        which, counted_on = "training samples in cross-validation", "Samples in cross-validation"
    rows = of_champion.assign(
        covariate=of_champion["covariate"].map(readable),
        interval=_spans(of_champion, "accuracy"),
        called=_spans(of_champion, "coverage"),
    )
    columns = [
        Column("covariate", "Covariate"),
        Column("value", "Value"),
        Column("n_train", "Training samples", count),
        Column("n", counted_on, count),
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
        "itself: of many groups, some differ by chance."
        + ("" if study.cohort.n_patients is None else f" {SAMPLES_ARE_COUNTED}"),
        sortable=False,
    )


def set_in_words(text: str) -> str:
    """A conformal set as a file names it, with classes in words."""
    return JOINT.join(map(class_in_words, text.split(JOINT)))


def set_table(study: Study) -> Table:
    """What the champion's conformal sets promise for each class, and the test samples."""
    champion, conformal = study.models.champion, study.models.champion["conformal"]
    scores = study.models.model_scores[champion["champion"]]["test"]
    found: dict[str, SetsOfClass] = scores["conformal_sets"]["per_class"] if scores else {}
    rows: list[dict[str, Any]] = [
        {
            "label": name,
            "patients": conformal["patients"][name],
            "smallest_alpha": conformal["smallest_alpha"][name],
            **{key: found[name][key] for key in ("n", "missed") if name in found},
            "test_patients": found[name].get("patients") if name in found else None,
            "interval": percent_interval(found[name]["low"], found[name]["high"])
            if name in found
            else "",
        }
        for name in champion["classes"]
    ]
    columns = [
        Column("label", "Class", class_in_words),
        Column("patients", "Training patients", count),
        Column("smallest_alpha", "Smallest α they allow", decimal),
    ]
    if found:
        n_patients = study.cohort.n_test_patients
        repeated = [Column("test_patients", "Test patients", count)] if n_patients else []
        columns += [
            Column("n", "Test samples", count),
            Column("missed", "Sets without the class", count),
            *repeated,
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
