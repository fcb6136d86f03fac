"""What MLflow records of a run beyond its parameters, which kedro-mlflow records by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from pydantic import BaseModel

from leukemia_kedro.compute.private_names import file_of

if TYPE_CHECKING:
    from pandas import DataFrame

FILES = ("champion", "champion_model", "model_comparison", "report")
"""Datasets whose files are recorded, beside every folder of figures."""


class MlflowHooks:
    """Metrics of each model and of the champion, figures, report and the champion's file."""

    # Hooks get a copy of the inputs.
    @hook_impl(tryfirst=True)
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        """Give kedro-mlflow dictionaries, which it records value by value."""
        models = {name: value for name, value in inputs.items() if isinstance(value, BaseModel)}
        inputs |= {name: value.model_dump() for name, value in models.items()}

    # kedro-mlflow's own hook closes the run.
    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Record what this run made."""
        import mlflow

        from leukemia_kedro.datasets import FiguresDataset

        made = pipeline.all_outputs()
        if "model_comparison" in made:
            comparison = catalog.load("model_comparison")
            mlflow.log_metrics(comparison_metrics(comparison))
            mlflow.set_tag("champion", comparison.loc[comparison["champion"], "model"].item())
        for name in sorted(made):
            dataset = catalog.get(name)
            if name in FILES:
                mlflow.log_artifact(str(file_of(dataset)))
            elif isinstance(dataset, FiguresDataset):
                folder = file_of(dataset)
                mlflow.log_artifacts(str(folder), f"figures/{folder.name}")


def comparison_metrics(comparison: DataFrame) -> dict[str, float]:
    """Every number of the comparison as ``<model>/<column>``, the champion's as
    ``champion/<column>`` too.

    A missing number, such as ``test_accuracy`` without a test set, is left out.
    """
    table = comparison.set_index("model").drop(columns=["champion", "baseline"])
    (champion,) = comparison.loc[comparison["champion"], "model"]
    return {
        f"{name}/{column}": float(value)
        for name, row in [*table.iterrows(), ("champion", table.loc[champion])]
        for column, value in row.dropna().items()
    }
