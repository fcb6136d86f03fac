"""What the benchmarks on real patients are given: Golub's training samples and the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
RAW = PROJECT / "data" / "01_raw" / "golub"


class Given(NamedTuple):
    """Training samples as measured, their labels, and the parameters of conf/golub."""

    expression: pd.DataFrame
    labels: pd.Series
    parameters: dict[str, Any]


def golub_training_samples() -> Given:
    """The 38 training samples × 7129 probes; end with the command that fetches them if absent."""
    from kedro.config import OmegaConfigLoader

    from leukemia_kedro.datasets import GolubDataset
    from leukemia_kedro.settings import CONFIG_LOADER_ARGS

    if not RAW.exists():
        raise SystemExit("The Golub files are not here: kedro fetch golub")
    cohort = GolubDataset(filepath=str(RAW)).load()
    train = cohort.samples["split"] == "train"
    stated: dict[str, Any] = CONFIG_LOADER_ARGS
    loader = OmegaConfigLoader(str(PROJECT / "conf"), **stated)
    return Given(cohort.expression[train], cohort.labels[train], loader["parameters"])
