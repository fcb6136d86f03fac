"""One way to wire a step: its function's parameters name what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from kedro.pipeline import Node

BARE_PARAMETERS = ("seed", "models")
"""Parameters of a run that are no block of :mod:`leukemia_kedro.parameters`."""


def step(
    function: Callable[..., Any], *outputs: str, others: Iterable[str] = (), **node: Any
) -> Node:
    """The node of a function, with the function's name.

    A parameter that is annotated with a block of :mod:`leukemia_kedro.parameters`, or listed in
    :data:`BARE_PARAMETERS`, takes the run's parameters of its name. Any other takes the dataset of
    its name. So a dataset that no node makes and no catalog knows fails when the pipeline is made.

    Parameters
    ----------
    function : callable
        A plain function of a ``nodes.py``.
    outputs : str
        Datasets, in the order of what the function returns.
    others : iterable of str
        Datasets for the function's ``**keywords``, under their own names.
    node : Any
        Further arguments of :class:`~kedro.pipeline.Node`, such as ``namespace``.
    """
    inputs = {
        name: f"params:{name}" if _is_parameter(parameter) else name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    inputs |= {name: name for name in others}
    given = outputs[0] if len(outputs) == 1 else list(outputs)
    return Node(function, inputs=inputs, outputs=given, name=function.__name__, **node)


def _is_parameter(parameter: inspect.Parameter) -> bool:
    return parameter.name in BARE_PARAMETERS or str(parameter.annotation).endswith("Parameters")
