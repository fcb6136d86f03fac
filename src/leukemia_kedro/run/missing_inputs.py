"""Inputs that a run needs and that are not there, found before the first node runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kedro.io import AbstractDataset, CatalogProtocol
from kedro.pipeline import Pipeline

from leukemia_kedro.compute.private_names import file_of


def missing_inputs_message(
    pipeline: Pipeline,
    catalog: CatalogProtocol,
    pipelines: Mapping[str, Pipeline],
    env: str | None = None,
) -> str | None:
    """Inputs of a pipeline that are not there, and the command that makes them.

    Parameters
    ----------
    pipeline : Pipeline
        The one about to run, filters applied.
    catalog : CatalogProtocol
        Of the run.
    pipelines : mapping
        All registered pipelines by name.
    env : str, optional
        Environment of the run, for the command.

    Returns
    -------
    str or None
        None where all are there. An input that no pipeline makes is left out: the message of its
        own dataset says where it comes from.
    """
    makers = _makers_of_missing(pipeline, catalog, pipelines)
    if not makers:
        return None
    places = "\n".join(f"  {name}: {_place(catalog.get(name))}" for name in makers)
    order: list[str] = []
    for maker in makers.values():
        _add_with_makers(maker, order, catalog, pipelines)
    environment = f" --env {env}" if env and env != "local" else ""
    return (
        f"Inputs of this run have not been made yet:\n{places}\n"
        f"To make them: kedro run{environment} --pipelines {','.join(order)}"
    )


def _makers_of_missing(
    pipeline: Pipeline, catalog: CatalogProtocol, pipelines: Mapping[str, Pipeline]
) -> dict[str, str]:
    """The smallest pipeline that makes it, for each input that is not there."""
    found = {}
    outputs = {maker: made.all_outputs() for maker, made in pipelines.items()}
    for name in sorted(pipeline.inputs()):
        makers = [maker for maker, made in outputs.items() if name in made]
        if makers and _is_missing(catalog.get(name)):
            found[name] = min(makers, key=lambda maker: (len(pipelines[maker].nodes), maker))
    return found


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
