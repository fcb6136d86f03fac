"""Figures: data in, figure out. Nothing here reads or writes a file or knows of Kedro.

Every figure function returns a :class:`~leukemia_kedro.plots.captions.CaptionedFigure`. Where
hover helps, a function of the same name with ``_interactive`` returns a plotly figure of the same
prepared data. Both are marked with the chapter that shows them
(:func:`~leukemia_kedro.plots.shown.shown_in`): files, report and tests follow from that.

Parameters of the same name are the same everywhere. ``sample_split``, index ``sample``, has columns
``label`` and ``split``; the test split may be absent. ``classes`` are in class order.
``log_expression`` has shape (n_probes, n_samples) and is on the log2 scale.
"""
