"""Chapters on the models: side by side, one by one, hard samples, training against test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from leukemia_kedro.model.predictions import NO_CALL, PROBABILITY
from leukemia_kedro.plots.captions import gene_name, readable
from leukemia_kedro.report.findings import ELSEWHERE, Chapter, Findings, divided
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import (
    count,
    decimal,
    percent,
    small,
)

MOST_CALLS = 300
"""Test samples listed by name, those the champion was least sure of first."""
MOST_GENES = 50
"""Genes of a model listed by name."""
VISIBLE = 0.02
"""Difference between two balanced accuracies that is worth a word."""
MOST_PROBABILITIES = 3
"""Classes whose probabilities fit on paper side by side."""


def champion_row(comparison: pd.DataFrame) -> pd.Series:
    """The champion's row of the comparison."""
    return comparison.loc[comparison["champion"]].iloc[0]


def within_one_standard_error(comparison: pd.DataFrame) -> pd.DataFrame:
    """Models that cross-validation cannot tell from the best one, the best included."""
    score = comparison["cv_balanced_accuracy"]
    best = comparison.loc[score.idxmax()]
    return comparison[score >= best["cv_balanced_accuracy"] - best["cv_balanced_accuracy_se"]]


def model_comparison(findings: Findings) -> Chapter:
    """All models side by side."""
    common, _ = divided(findings.figures["model"], list(findings.model_comparison["model"]))
    return Chapter(
        "model-comparison",
        "Model comparison",
        {
            "table": _comparison_table(findings),
            "figures": [record for record in common if record["name"] not in ELSEWHERE],
            "left_out": findings.champion["left_out"],
            "rule": findings.champion["rule"],
            "has_test_set": findings.has_test_set,
            "permutation": findings.permutation_test,
            "bias": findings.selection_bias,
            "misleads": findings.selection_bias and _misleads(findings.selection_bias),
            "chance": 1 / len(findings.classes),
            "bias_table": findings.selection_bias and _bias_table(findings.selection_bias),
        },
    )


def each_model(findings: Findings) -> Chapter:
    """Every model by itself, the champion opened."""
    names = list(findings.model_comparison["model"])
    _, own = divided(findings.figures["model"], names)
    return Chapter(
        "models",
        "Each model",
        {
            "models": [
                {
                    "name": row.model,
                    "is_champion": row.champion,
                    "row": row,
                    "settings": findings.parameters["models"][row.model],
                    "tables": [
                        _overall_table(row.model, findings.scores[row.model]),
                        _class_table(row.model, findings.scores[row.model]),
                    ],
                    "genes": _genes_in_use(findings, row.model),
                    "figures": own[row.model],
                }
                for row in findings.model_comparison.itertuples()
            ],
            "has_test_set": findings.has_test_set,
        },
    )


def hard_samples(findings: Findings) -> Chapter:
    """Samples that models get wrong, and what the champion says of each test sample."""
    hard = findings.shift and findings.shift["hard_samples"]
    return Chapter(
        "hard-samples",
        "Hard samples",
        {
            "figures": findings.named("hard_samples"),
            "hard": hard and _hard_table(hard),
            "none_is_hard": hard == [],
            "champion": findings.champion["champion"],
            "calls": _call_table(findings) if len(findings.champion_calls) else None,
        },
    )


def train_versus_test(findings: Findings) -> Chapter | None:
    """How different the test samples are; absent without them."""
    if findings.shift is None or findings.shift["auc"] is None:
        return None
    return Chapter(
        "shift",
        "Training against test samples",
        {"shift": findings.shift, "figures": findings.named("intensity_shift")},
    )


def _comparison_table(findings: Findings) -> Table:
    models = findings.model_comparison
    rows = models.assign(
        model=models["model"].map(readable)
        + models["champion"].map({True: " (champion)", False: ""}),
        cv_interval=[_span(decimal, 2, *ends) for ends in _ends(models, "cv_balanced_accuracy")],
        test_interval=[_span(percent, 1, *ends) for ends in _ends(models, "test_accuracy")],
    )
    columns = [
        Column("model", "Model"),
        Column("n_genes", "Genes", count),
        Column("cv_balanced_accuracy", "CV balanced accuracy", decimal),
        Column("cv_interval", "95% interval"),
        Column("cv_auc", "CV AUC", decimal),
        Column("cv_brier", "CV Brier", decimal),
        Column("overfit_gap", "Train − CV accuracy", decimal),
    ]
    if findings.has_test_set:
        columns += [
            Column("test_errors", "Test errors", count),
            Column("test_accuracy", "Test accuracy", percent),
            Column("test_interval", "Exact 95% interval"),
            Column("test_brier", "Test Brier", decimal),
        ]
    if _has_mcnemar(models):
        columns.append(Column("mcnemar_p", "McNemar p", small))
    return make_table(rows, columns, anchor="comparison", caption=_comparison_caption(findings))


def _comparison_caption(findings: Findings) -> str:
    n = findings.sample_split["split"].value_counts()
    test = mcnemar = ""
    if findings.has_test_set:
        test = f"; test: {count(n['test'])} samples held out"
    if _has_mcnemar(findings.model_comparison):
        calls = "test samples" if findings.has_test_set else "out-of-fold calls of the first repeat"
        mcnemar = f"; McNemar p compares the model with the champion on the {calls}"
    return (
        f"Scores of each model, the simplest first. CV: nested cross-validation on the "
        f"{count(n['train'])} training samples, mean over repeats{test}. Balanced accuracy is the "
        "mean share of each class that is called rightly; AUC the area under the ROC curve "
        "(several classes: mean of one against the rest); Brier the mean squared error of the "
        f"probabilities, 0 at best{mcnemar}."
    )


def _has_mcnemar(models: pd.DataFrame) -> bool:
    return "mcnemar_p" in models and models["mcnemar_p"].notna().any()


def _ends(models: pd.DataFrame, column: str) -> Iterator[tuple[float, float]]:
    return zip(models[f"{column}_low"], models[f"{column}_high"], strict=True)


def _span(text: Callable, digits: int, low: float, high: float) -> str:
    joined = "\N{WORD JOINER}–\N{WORD JOINER}"  # a line never breaks here
    return f"{text(low, digits)}{joined}{text(high, digits)}"


def _misleads(bias: dict[str, Any]) -> bool:
    """Whether genes chosen on all samples score visibly better where nothing can be predicted."""
    permuted = bias["permuted_labels"]
    return permuted["genes_outside_folds"] - permuted["genes_inside_folds"] > VISIBLE


def _bias_table(bias: dict[str, Any]) -> Table:
    named = {"true_labels": "true labels", "permuted_labels": "permuted labels"}
    return make_table(
        [{"labels": text, **bias[key]} for key, text in named.items()],
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


def _genes_in_use(findings: Findings, model: str) -> list[str]:
    """Names of the first genes that a model uses."""
    genes = findings.scores[model]["genes"][:MOST_GENES]
    descriptions = findings.probes.loc[genes, "description"]
    return [gene_name(gene, text) for gene, text in descriptions.items()]


def _overall_table(model: str, scores: dict[str, Any]) -> Table:
    measures = {
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "macro_f1": "Macro F1",
        "auc": "AUC",
        "log_loss": "Log loss",
        "brier": "Brier score",
    }
    scored_on = {"cv": "Cross-validation", "test": "Test samples", "train": "Samples fitted to"}
    shown = {key: text for key, text in scored_on.items() if scores[key]}
    return make_table(
        [
            {"measure": text, **{key: scores[key][measure] for key in shown}}
            for measure, text in measures.items()
        ],
        [
            Column("measure", "Measure"),
            *(
                Column(
                    key,
                    f"{text} (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{count(scores[key]['n'])})",
                    decimal,
                )
                for key, text in shown.items()
            ),
        ],
        anchor=f"scores-{model}",
        caption=f"Scores of {readable(model)}.",
        sortable=False,
    )


def _class_table(model: str, scores: dict[str, Any]) -> Table:
    """Each class on the test samples, or without them out of fold."""
    source = "test" if scores["test"] else "cv"
    samples, mean = {
        "test": ("Test samples", ""),
        "cv": ("Training samples", " in cross-validation, mean over repeats"),
    }[source]
    return make_table(
        [{"label": label, **row} for label, row in scores[source]["per_class"].items()],
        [
            Column("label", "Class"),
            Column("n", samples, count),
            Column("precision", "Precision", decimal),
            Column("recall", "Recall", decimal),
            Column("f1", "F1", decimal),
        ],
        anchor=f"classes-{model}",
        caption=f"{samples} of each class as called by {readable(model)}{mean}.",
        sortable=False,
    )


def _hard_table(hard: list[dict[str, Any]]) -> Table:
    return make_table(
        hard,
        [
            Column("sample", "Sample"),
            Column("label", "True class"),
            Column("split", "Split"),
            Column("n_models_wrong", "Models that get it wrong", count),
            Column("n_models", "Models", count),
        ],
        anchor="hardest",
        caption="Samples that more than half of the models get wrong; a training sample counts "
        "as wrong where it is in more than half of the repeats.",
    )


def _call_table(findings: Findings) -> Table:
    calls = findings.champion_calls.sort_values("confidence", kind="stable").head(MOST_CALLS)
    verdict = (calls["call"] == calls["label"]).map({True: "right", False: "wrong"})
    calls = calls.assign(verdict=verdict.where(calls["call"] != NO_CALL, "not called"))
    columns = [
        Column("sample", "Sample"),
        Column("label", "True class"),
        Column("predicted", "Likeliest class"),
        Column("confidence", "Confidence", decimal),
        Column("call", "Call"),
        Column("verdict", "Verdict"),
    ]
    if len(findings.classes) <= MOST_PROBABILITIES:
        columns[3:3] = [
            Column(f"{PROBABILITY}{label}", f"Probability of {label}", decimal)
            for label in findings.classes
        ]
    surer = len(findings.champion_calls) - len(calls)
    return make_table(
        calls,
        columns,
        anchor="calls",
        caption=f"What {readable(findings.champion['champion'])} says of each test sample, the "
        f"least sure first.{f' {count(surer)} surer ones are not listed.' if surer else ''}",
    )
