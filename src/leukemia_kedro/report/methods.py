"""Chapters for those who repeat the analysis: methods, versions, model card, references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from leukemia_kedro.cohort.annotation import gene_column
from leukemia_kedro.cohort.terms import Terms
from leukemia_kedro.estimators.rankings import CRITERIA
from leukemia_kedro.parameters import GenesParameters, ModelParameters
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.study import StatedParameters, Study
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, listed
from leukemia_kedro.statistics.confounding import in_words


@dataclass(frozen=True)
class Methods(Chapter, anchor="methods", title="Methods"):
    """What was done, in words, with the parameters that were used."""

    criteria: list[str]
    signature_criterion: str
    settings: Table
    every: Table
    gene_column: str
    """Of the probes, by which gene sets name genes."""


@dataclass(frozen=True)
class Versions(Chapter, anchor="versions", title="Versions and seed"):
    """Software and seed."""

    table: Table


@dataclass(frozen=True)
class ModelCard(Chapter, anchor="model-card", title="Model card", supplement=True):
    """What the champion may be used for, and what not."""

    confounded: list[str]
    """A sentence for each covariate that goes with the class."""


class References(Chapter, anchor="references", title="References"):
    """What the chapters before it cite; the page fills it in."""


def methods(study: Study) -> Methods:
    selection = study.parameters.feature_selection
    return Methods(
        criteria=[CRITERIA[name].description for name in selection.criteria],
        signature_criterion=CRITERIA[selection.signature.criterion].description,
        settings=_settings_table(study.parameters.models, study.cohort.terms),
        every=_parameters_table(study.parameters),
        gene_column=gene_column(study.cohort.probes, study.parameters.enrichment.gene_column),
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
    return ModelCard([in_words(each) for each in study.cohort.confounding if each["alarm"]])


def references(study: Study) -> References:
    return References()


def _parameters_table(parameters: StatedParameters) -> Table:
    return make_table(
        [{"parameter": name, "value": value} for name, value in _leaves(vars(parameters))],
        [Column("parameter", "Parameter"), Column("value", "Value")],
        anchor="parameters",
        caption="Every parameter of the run, defaults included, under its name in conf/.",
    )


def _leaves(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, given in block.items():
        value = given.model_dump() if isinstance(given, BaseModel) else given
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{path}{name}", text


def _settings_table(models: Mapping[str, ModelParameters], terms: Terms) -> Table:
    rows = [
        {
            "Model": readable(name),
            "Class": settings.estimator.rpartition(".")[2],
            "Fixed": ", ".join(f"{key} = {value}" for key, value in settings.arguments.items()),
            "Tuned inside the folds": "; ".join(
                f"{key}: {listed(values, 'or')}" for key, values in settings.search.items()
            ),
            "Genes": f"{_sizes(settings.genes)} by {readable(settings.genes.criterion)}",
            f"{terms.column.capitalize()}s": listed(settings.normalise_arrays, "or"),
            "Genes scaled": "yes" if settings.scale else "no",
            "No call below": "chosen on the folds"
            if settings.reject_below is None
            else f"{settings.reject_below:g}",
        }
        for name, settings in models.items()
    ]
    return make_table(
        rows,
        [Column(heading, heading) for heading in rows[0]],
        anchor="settings",
        caption="Settings of each model. What is tuned is chosen inside the training folds. "
        f"{terms.column.capitalize()}s are normalised each by itself, over the {terms.row}s "
        "that pass the filter.",
        sortable=False,
    )


def _sizes(genes: GenesParameters) -> str:
    return listed((n if isinstance(n, str) else count(n) for n in genes.n_genes), "or")
