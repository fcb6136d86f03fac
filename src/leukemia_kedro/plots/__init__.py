"""Figures: data in, figure out. Nothing here reads or writes a file or knows of Kedro.

Every figure function returns a :class:`~leukemia_kedro.plots.captions.CaptionedFigure`. Where
hover helps, a function of the same name with ``_interactive`` returns a plotly figure of the same
prepared data. To add a figure, write its function and list it in
:mod:`~leukemia_kedro.plots.galleries`: files, report and tests follow that list.
"""
