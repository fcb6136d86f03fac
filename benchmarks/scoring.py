"""Calls for new samples from the command line: seconds beyond start-up, and peak memory.

    python benchmarks/scoring.py

The Golub champion (``kedro run`` first) and made samples of its 7129 probes: the training samples
drawn with replacement, each value with 10 % noise. What one sample takes counts as start-up. The
bounds are 3 s beyond start-up for 1,000 samples, and 2 GB for 20,000.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from watched import run_watched

SIZES = (1, 1000, 20_000)
SEED = 0
PROJECT = Path(__file__).resolve().parents[1]
KEDRO = Path(sys.executable).with_name("kedro")
CHAMPION = Path("data/06_models/golub/champion.skops")
TRAINING = PROJECT / "data" / "05_model_input" / "golub" / "training_set.parquet"


def made_samples(training: pd.DataFrame, n_samples: int) -> pd.DataFrame:
    """Whole intensities, probes × samples."""
    generator = np.random.default_rng(SEED)
    drawn = training.to_numpy()[:, generator.integers(0, training.shape[1], n_samples)]
    values = np.rint(drawn * generator.normal(1, 0.1, drawn.shape))
    return pd.DataFrame(values, training.index, [f"new_{i}" for i in range(n_samples)])


def write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.to_parquet(path)
        return
    with path.open("w", encoding="utf-8") as file:
        print("probe", *table.columns, sep=",", file=file)
        for probe, row in zip(table.index, table.to_numpy(), strict=True):
            print(probe, *row.astype(int).tolist(), sep=",", file=file)


def main() -> None:
    """Print a line for each kind and size of table."""
    training = pd.read_parquet(TRAINING)
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        shutil.copytree(PROJECT / "conf", project / "conf")
        shutil.copy(PROJECT / "pyproject.toml", project)
        shutil.copy(PROJECT / ".telemetry", project)
        (project / "src").mkdir()
        (project / CHAMPION).parent.mkdir(parents=True)
        shutil.copy(PROJECT / CHAMPION, project / CHAMPION)
        print("table      samples  seconds  beyond start-up  peak GB")
        for ending in ("csv", "parquet"):
            start_up = None
            for size in SIZES:
                write(made_samples(training, size), project / f"new.{ending}")
                command: list[str | Path] = [KEDRO, "run", "--pipelines", "inference", "--params"]
                run = run_watched([*command, f"new_samples=new.{ending}"], project)
                start_up = start_up or run.seconds
                print(
                    f"{ending:<9}{size:>9,}{run.seconds:>9.1f}{run.seconds - start_up:>17.1f}"
                    f"{run.peak_bytes / 1e9:>9.2f}"
                )


if __name__ == "__main__":
    main()
