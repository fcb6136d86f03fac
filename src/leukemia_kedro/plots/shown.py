"""How a figure says where it is shown; what it takes, its parameters say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Draw = TypeVar("Draw", bound=Callable[..., Any])

FIGURES: dict[str, list[Callable[..., Any]]] = {}
"""Figure functions by chapter, in the order in which they were defined."""


def shown_in(chapter: str) -> Callable[[Draw], Draw]:
    """Show a figure in a chapter: ``cohort``, ``signature``, ``model`` or ``contrast``.

    For what such a function takes and returns see
    :class:`~leukemia_kedro.plots.galleries.Gallery`.
    """

    def register(function: Draw) -> Draw:
        FIGURES.setdefault(chapter, []).append(function)
        return function

    return register
