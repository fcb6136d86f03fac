"""Chapters for those who repeat the analysis: methods, versions, model card, references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from leukemia_kedro.estimators.rankings import CRITERIA
from leukemia_kedro.parameters import ModelParameters
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.study import StatedParameters, Study
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, listed


@dataclass(frozen=True)
class Methods(Chapter):
    """What was done, in words, with the parameters that were used."""

    anchor = "methods"
    title = "Methods"
    criteria: list[str]
    signature_criterion: str
    settings: Table
    every: Table


@dataclass(frozen=True)
class Versions(Chapter):
    """Software and seed."""

    anchor = "versions"
    title = "Versions and seed"
    table: Table


class ModelCard(Chapter):
    """What the champion may be used for, and what not."""

    anchor = "model-card"
    title = "Model card"


class References(Chapter):
    """What the chapters before it cite; the page fills it in."""

    anchor = "references"
    title = "References"


def methods(study: Study) -> Methods:
    selection = study.parameters.feature_selection
    return Methods(
        criteria=[CRITERIA[name].description for name in selection.criteria],
        signature_criterion=CRITERIA[selection.signature.criterion].description,
        settings=_settings_table(study.parameters.models),
        every=_parameters_table(study.parameters),
    )


def versions(study: Study) -> Versions:
    table = make_table(
        [{"package": name, "version": text} for name, text in study.versions.items()],
        [Column("package", "Software"), Column("version", "Version")],
        anchor="software",
        caption="Software that made these numbers.",
        sortable=False,
    )
    return Versions(table)


def model_card(study: Study) -> ModelCard:
    return ModelCard()


def references(study: Study) -> References:
    return References()


def _parameters_table(parameters: StatedParameters) -> Table:
    plain = {
        name: block.model_dump() if isinstance(block, BaseModel) else block
        for name, block in vars(parameters).items()
    }
    models = {name: model.model_dump() for name, model in parameters.models.items()}
    leaves = _leaves(plain | {"models": models})
    rows = [{"parameter": name, "value": value} for name, value in leaves]
    return make_table(
        rows,
        [Column("parameter", "Parameter"), Column("value", "Value")],
        anchor="parameters",
        caption="Every parameter of the run, defaults included, under its name in conf/.",
    )


def _leaves(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in block.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{path}{name}", text


def _settings_table(models: Mapping[str, ModelParameters]) -> Table:
    rows = [
        {
            "model": readable(name),
            "estimator": settings.estimator.rpartition(".")[2],
            "arguments": _assigned(settings.arguments),
            "search": "; ".join(
                f"{key}: {listed(values, 'or')}" for key, values in settings.search.items()
            ),
            "genes": f"{listed(map(_n_genes, settings.genes.n_genes), 'or')} by "
            f"{readable(settings.genes.criterion)}",
            "scaled": "yes" if settings.scale else "no",
            "calibrated": "Platt's sigmoid" if settings.calibrate else "its own",
            "reject_below": "chosen on the folds"
            if settings.reject_below is None
            else f"{settings.reject_below:g}",
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
