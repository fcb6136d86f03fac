"""Catalog types: every public file layout becomes a cohort here and nowhere else.

``type: leukemia_kedro.datasets.GolubDataset`` in a catalog imports the one module it needs.
"""

from importlib import import_module

_NAMES = {
    "chip_annotation": ["ChipAnnotationDataset"],
    "count_files": ["CountFilesDataset"],
    "cumida": ["CumidaDataset"],
    "expression_table": ["ExpressionTableDataset", "NewSamplesDataset", "OptionalCohortDataset"],
    "files": [
        "CSVDataset", "FiguresDataset", "HomeModelDataset", "InteractiveFiguresDataset",
        "JSONDataset", "OptionalCSVDataset", "OptionalFiguresDataset", "ParquetDataset",
        "PlotlyDataset", "SamplesDataset", "SkopsDataset", "TablesDataset", "TextDataset",
    ],
    "gene_sets": ["GMTDataset"],
    "gct": ["GCTDataset"],
    "geo": ["GEOSeriesMatrixDataset"],
    "golub": ["GolubDataset"],
    "h5ad": ["H5ADDataset"],
    "profile_reference": ["ProfileReferenceDataset"],
    "simulated": ["SimulatedDataset", "simulate_cohort"],
    "simulated_counts": ["SimulatedCountsDataset", "simulate_counts"],
    "studies": ["StudiesDataset"],
    "training_set": ["SettingDataset", "TrainingSetDataset"],
}  # fmt: skip
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
