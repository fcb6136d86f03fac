"""Chapters for whoever wants to repeat it: methods, versions, model card, references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leukemia_kedro.estimators.rankings import CRITERIA
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.report.findings import Chapter, Findings
from leukemia_kedro.report.models import champion_row
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, listed


def methods(findings: Findings) -> Chapter:
    """What was done, in words, with the parameters that were used."""
    selection = findings.parameters["feature_selection"]
    return Chapter(
        "methods",
        "Methods",
        {
            **{name: findings.parameters[name] for name in _BLOCKS},
            "quality": findings.data_quality,
            "criteria": [CRITERIA[name].description for name in selection["criteria"]],
            "signature_criterion": CRITERIA[selection["signature"]["criterion"]].description,
            "rule": findings.champion["rule"],
            "prior": findings.variance_prior,
            "has_test_set": findings.has_test_set,
            "settings": _settings_table(findings.parameters["models"]),
            "n_permutations": findings.permutation_test["n_permutations"],
            "shift": findings.shift,
            "enrichment": findings.enrichment,
            "gene_sets": findings.parameters["enrichment"],
            "every": _parameters_table(findings.parameters),
        },
    )


_BLOCKS = ("cohort", "feature_selection", "resampling", "modelling", "differential_expression")


def versions(findings: Findings) -> Chapter:
    """Software and seed."""
    table = make_table(
        [{"package": name, "version": text} for name, text in findings.versions.items()],
        [Column("package", "Software"), Column("version", "Version")],
        anchor="software",
        caption="Software that made these numbers.",
        sortable=False,
    )
    return Chapter(
        "versions", "Versions and seed", {"table": table, "seed": findings.parameters["seed"]}
    )


def model_card(findings: Findings) -> Chapter:
    """What the champion may be used for, and what not."""
    return Chapter(
        "model-card",
        "Model card",
        {
            "champion": findings.champion,
            "row": champion_row(findings.model_comparison),
            "estimator": findings.parameters["models"][findings.champion["champion"]]["estimator"],
            "quality": findings.data_quality,
            "scale": findings.parameters["cohort"]["scale"],
            "n_train": int((findings.sample_split["split"] == "train").sum()),
            "classes": findings.classes,
            "shift": findings.shift,
        },
    )


def references(findings: Findings) -> Chapter:
    """What the chapters before it cite; the page fills it in."""
    return Chapter("references", "References", {})


def _parameters_table(parameters: Mapping[str, Any]) -> Table:
    rows = [{"parameter": name, "value": value} for name, value in _leaves(parameters)]
    return make_table(
        rows,
        [Column("parameter", "Parameter"), Column("value", "Value")],
        anchor="parameters",
        caption="Every parameter of the run, defaults included, as conf/ names them.",
    )


def _leaves(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in block.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{path}{name}", text


def _settings_table(models: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = [
        {
            "model": readable(name),
            "estimator": settings["estimator"].rpartition(".")[2],
            "arguments": _assigned(settings["arguments"]),
            "search": "; ".join(
                f"{key}: {listed(values, 'or')}" for key, values in settings["search"].items()
            ),
            "genes": f"{listed(map(_n_genes, settings['genes']['n_genes']), 'or')} by "
            f"{readable(settings['genes']['criterion'])}",
            "scaled": "yes" if settings["scale"] else "no",
            "calibrated": "Platt's sigmoid" if settings["calibrate"] else "its own",
            "reject_below": "chosen on the folds"
            if settings["reject_below"] is None
            else f"{settings['reject_below']:g}",
        }
        for name, settings in models.items()
    ]
    return make_table(
        rows,
        [
            Column("model", "Model"),
            Column("estimator", "Class"),
            Column("arguments", "Fixed"),
            Column("search", "Tuned inside the folds"),
            Column("genes", "Genes"),
            Column("scaled", "Genes scaled"),
            Column("calibrated", "Probabilities"),
            Column("reject_below", "No call below"),
        ],
        anchor="settings",
        caption="Settings of each model. What is tuned is chosen inside the training folds.",
        sortable=False,
    )


def _assigned(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in arguments.items())


def _n_genes(number: int | str) -> str:
    return number if isinstance(number, str) else count(number)
