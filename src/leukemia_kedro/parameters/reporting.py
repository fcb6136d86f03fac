"""The block ``reporting``: what figures show."""

from __future__ import annotations

from leukemia_kedro.parameters.block import Block, NameOrNull


class ReportingParameters(Block):
    remove_batch: NameOrNull = None
    """Column of the samples, such as batch, whose differences are removed from what projections,
    heat maps and strips show; differences between the classes are kept. Models and tests take the
    values as they are: for these, put the column into ``differential_expression.design``."""
    png: bool = False
    """Whether each figure is a PNG file at 200 dots per inch beside its SVG. The report makes a PNG
    or PDF of any figure without this."""
