"""One labelling of the permutation test on counts, beside plain pipelines of scikit-learn.

    python benchmarks/labelling.py

60,000 simulated genes × 70 samples, labels permuted, five folds, and the models among which the
test chooses. Here they share filter, normalised libraries and rankings of a fold; the other side
fits the whole pipeline of each model in each fold. The predictions must be the same. Seconds are
those of the processor.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import yaml
from golub import PROJECT
from timing import spread

from leukemia_kedro.compute.freed_memory import keep_freed_memory
from leukemia_kedro.compute.threads import one_thread_per_process
from leukemia_kedro.datasets import simulate_counts
from leukemia_kedro.estimators.model_pipeline import model_pipeline, search_grid
from leukemia_kedro.evaluation.plan import Split, outer_splits, resampling_plan
from leukemia_kedro.evaluation.whole_procedure import classify_splits
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

RUNS = 3
SIZES, N_GENES, SEED = {"ALL": 42, "AML": 28}, 60_000, 5
MODELS = ("weighted_voting", "shrunken_centroids")
COHORT = CohortParameters(scale="counts")
RESAMPLING = ResamplingParameters(folds=5, repeats=1, inner_folds=4)


def settings() -> list[Setting]:
    """The models as ``conf/base`` states them."""
    blocks = yaml.safe_load((PROJECT / "conf/base/parameters_models.yml").read_text())["models"]
    return [Setting(ModelParameters(**blocks[name]), COHORT, RESAMPLING, SEED) for name in MODELS]


def plain(values: np.ndarray, labels: np.ndarray, splits: list[Split]) -> list[list[np.ndarray]]:
    """The whole pipeline of each model in each fold."""
    found = []
    for setting in settings():
        [point] = search_grid(setting.model)
        pipeline = model_pipeline(setting.model, COHORT, SEED).set_params(**point)
        found.append(
            [
                pipeline.fit(values[split.train], labels[split.train]).predict(
                    values[split.held_out]
                )
                for split in splits
            ]
        )
    return found


def main() -> None:
    """Print both sides and their ratio."""
    one_thread_per_process()
    keep_freed_memory()
    values = simulate_counts(n_samples=SIZES, n_probes=N_GENES, seed=SEED).expression.to_numpy()
    generator, here, there = np.random.default_rng(SEED), [], []
    for _ in range(RUNS):
        labels = generator.permutation(np.repeat(list(SIZES), list(SIZES.values())))
        named = pd.Series(labels).rename(str)
        splits = list(outer_splits(resampling_plan(named, RESAMPLING, SEED), named.index))
        nothing = np.array([], dtype=int)
        began = time.process_time()
        ours = classify_splits(values, labels, splits, nothing, settings())
        here.append(time.process_time() - began)
        began = time.process_time()
        theirs = plain(values, labels, splits)
        there.append(time.process_time() - began)
        for own, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(np.concatenate(own), np.concatenate(other))
    ratios = [b / a for a, b in zip(here, there, strict=True)]
    print(f"{N_GENES:,} genes × {len(values)} samples, processor seconds, {RUNS} runs")
    print(f"{'here':>26}{'plain':>26}{'plain / here':>26}")
    print(f"{spread(here):>26}{spread(there):>26}{spread(ratios):>26}")


if __name__ == "__main__":
    main()
