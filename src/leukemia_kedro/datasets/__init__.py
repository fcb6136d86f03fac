"""Catalog types: every public file layout becomes a cohort here and nowhere else.

``type: leukemia_kedro.datasets.GolubDataset`` in a catalog imports the one module it needs.
"""

from importlib import import_module

_MODULES = {
    "CSVDataset": "files",
    "ChipAnnotationDataset": "gene_sets",
    "CumidaDataset": "cumida",
    "ExpressionTableDataset": "expression_table",
    "FiguresDataset": "files",
    "GEOSeriesMatrixDataset": "geo",
    "GMTDataset": "gene_sets",
    "GolubDataset": "golub",
    "InteractiveFiguresDataset": "files",
    "JSONDataset": "files",
    "NewSamplesDataset": "expression_table",
    "OptionalCSVDataset": "files",
    "OptionalFiguresDataset": "files",
    "ParquetDataset": "files",
    "PlotlyDataset": "files",
    "SamplesDataset": "files",
    "SettingDataset": "training_set",
    "SimulatedDataset": "simulated",
    "SkopsDataset": "files",
    "TablesDataset": "files",
    "TextDataset": "files",
    "TrainingSetDataset": "training_set",
    "simulate_cohort": "simulated",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
