"""What a chapter of the page is, and which figures belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from leukemia_kedro.plots.study import FigureRecord


class Chapter:
    """One chapter of the page: a dataclass whose fields its template reads.

    The template also has ``study``, a :class:`~leukemia_kedro.plots.study.Study`, so a field is
    what has to be made of it first. A test compares templates with these types.
    """

    anchor: ClassVar[str]
    """Id on the page, and stem of the template."""
    title: ClassVar[str]
    """Heading, and entry in the table of contents."""
    supplement: ClassVar[bool]
    """Whether it is printed on request only."""

    def __init_subclass__(cls, anchor: str, title: str, supplement: bool = False) -> None:
        cls.anchor, cls.title, cls.supplement = anchor, title, supplement


def named(gallery: Sequence[FigureRecord], name: str) -> list[FigureRecord]:
    """The figure of that name; empty where there is none."""
    return [record for record in gallery if record["name"] == name]


def divided(
    gallery: Sequence[FigureRecord], owners: Sequence[str]
) -> tuple[list[FigureRecord], dict[str, list[FigureRecord]]]:
    """Figures of all owners (models or contrasts) together, and those of each owner.

    A figure that belongs to an owner is named ``<what it shows>-<owner>``.
    """
    common: list[FigureRecord] = []
    own: dict[str, list[FigureRecord]] = {owner: [] for owner in owners}
    for record in gallery:
        # Of "a-b" and "b-a-b", both ends of a name, the longer one is meant.
        ends = [owner for owner in owners if record["name"].endswith(f"-{owner}")]
        (own[max(ends, key=len)] if ends else common).append(record)
    return common, own
