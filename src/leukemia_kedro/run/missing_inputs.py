"""Inputs that a run needs and that are not there, found before the first node runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kedro.io import AbstractDataset, CatalogProtocol
from kedro.pipeline import Pipeline

from leukemia_kedro.compute.private_names import file_of
from leukemia_kedro.errors import UserError


def refuse_missing_inputs(
    pipeline: Pipeline,
    catalog: CatalogProtocol,
    pipelines: Mapping[str, Pipeline],
    env: str | None = None,
) -> None:
    """Refuse, with a UserError, a pipeline whose inputs are not there, and name the command.

    ``pipeline`` is the one about to run, filters applied; ``pipelines`` are all by name. An input
    that no pipeline makes is left out: the message of its own dataset says where it comes from.
    """
    makers = _makers_of_missing(pipeline, catalog, pipelines)
    if not makers:
        return
    places = "\n".join(f"  {name}: {_place(catalog.get(name))}" for name in makers)
    order: list[str] = []
    for maker in makers.values():
        _add_with_makers(maker, order, catalog, pipelines)
    environment = f" --env {env}" if env else ""
    raise UserError(
        f"Inputs of this run have not been made yet:\n{places}\n"
        f"To make them: kedro run{environment} --pipelines {','.join(order)}"
    )


def _makers_of_missing(
    pipeline: Pipeline, catalog: CatalogProtocol, pipelines: Mapping[str, Pipeline]
) -> dict[str, str]:
    """The smallest pipeline that makes it, for each input that is not there."""
    by_size = sorted(pipelines, key=lambda maker: (len(pipelines[maker].nodes), maker))
    makers = {name: maker for maker in reversed(by_size) for name in pipelines[maker].all_outputs()}
    return {
        name: makers[name]
        for name in sorted(pipeline.inputs())
        if name in makers and _is_missing(catalog.get(name))
    }


def _is_missing(dataset: AbstractDataset | None) -> bool:
    if dataset is None:  # kept in memory by the run that makes it
        return True
    return not (getattr(dataset, "may_be_absent", False) or dataset.exists())


def _add_with_makers(
    maker: str, order: list[str], catalog: CatalogProtocol, pipelines: Mapping[str, Pipeline]
) -> None:
    """Append a pipeline to ``order``, after those that make its own missing inputs."""
    for earlier in _makers_of_missing(pipelines[maker], catalog, pipelines).values():
        if earlier != maker:
            _add_with_makers(earlier, order, catalog, pipelines)
    if maker not in order:
        order.append(maker)


def _place(dataset: AbstractDataset | None) -> str:
    try:
        path = file_of(dataset)
    except AttributeError:
        return "not kept on disk"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
