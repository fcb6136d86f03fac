"""From the datasets of a run to the findings of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.parameters import ModelParameters
from leukemia_kedro.report.findings import Findings

GALLERIES = ("cohort", "signature", "model", "contrast", "replication")
INTERACTIVE = ("cohort", "model", "contrast")


def collect_findings(found: Mapping[str, Any], parameters: Mapping[str, Any]) -> Findings:
    """Put together what the report shows, the versions of the installed software included.

    Parameters
    ----------
    found : mapping of dataset name to data
        Under the names of the data catalog: the fields of :class:`Findings` that are datasets
        themselves, and ``<gallery>_figures``, ``interactive_<gallery>_figures``,
        ``model_scores``, ``test_predictions``, ``enrichment`` and ``de_truth``.
    parameters : mapping of block name to parameters
        Typed blocks, ``models`` a mapping of model name to block, and ``seed``.
    """
    calls = found["test_predictions"]
    of_champion = calls["model"] == found["champion"]["champion"]
    as_it_is = {field.name for field in fields(Findings)} & found.keys() - {"enrichment"}
    return Findings(
        **{name: found[name] for name in sorted(as_it_is)},
        scores=found["model_scores"],
        champion_calls=calls[of_champion].drop(columns="model"),
        figures={gallery: found[f"{gallery}_figures"] for gallery in GALLERIES},
        interactive={
            name: figure
            for gallery in INTERACTIVE
            for name, figure in found[f"interactive_{gallery}_figures"].items()
        },
        enrichment=dict(list(found["enrichment"].groupby("contrast"))) or None,
        known_truth=pd.DataFrame(found["de_truth"]) if found["de_truth"] else None,
        parameters=_plain(parameters),
        versions=package_versions(),
    )


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Typed blocks as dictionaries, every default filled in."""
    models = {
        name: ModelParameters.model_validate(block) for name, block in parameters["models"].items()
    }
    blocks = {name: block for name, block in parameters.items() if name not in ("models", "seed")}
    return {
        **{name: block.model_dump() for name, block in blocks.items()},
        "models": {name: block.model_dump() for name, block in models.items()},
        "seed": parameters["seed"],
    }
