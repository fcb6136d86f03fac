"""Gene sets for a simulated cohort: of genes that truly differ, co-expressed, or drawn at random.

Run as a program in the project's folder, it writes those of the cohort of an environment::

    python -m leukemia_kedro.datasets.simulated_gene_sets demo > conf/demo/gene_sets.gmt
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd

TRUE_MEAN = "true_log2_mean_"
N_RANDOM = 8
N_COEXPRESSED = 4


def simulate_gene_sets(probes: pd.DataFrame, n_genes: int = 30, seed: int = 0) -> str:
    """Text of a GMT file whose sets name probes, or their symbols where they have some.

    There is ``HIGHER_IN_<class>`` for each class, of probes whose true mean is highest in that
    class alone, then ``RANDOM_1`` …, of any probes but controls. No gene of ``COEXPRESSED_1`` …
    truly differs, but the genes of each are co-expressed: they are probes of one module, those
    with the highest mean, as the scanner's noise hides the correlation of weak ones.

    Parameters
    ----------
    probes : DataFrame, index ``probe``
        Of :func:`~leukemia_kedro.datasets.simulated.simulate_cohort` or
        :func:`~leukemia_kedro.datasets.simulated_counts.simulate_counts`.
    n_genes : int
        Probes in each set; a ValueError is raised where there are fewer to choose from.
    """
    rng = np.random.default_rng(seed)
    if "symbol" in probes:
        probes = probes.set_index("symbol")
    means = probes.filter(regex=f"^{TRUE_MEAN}")
    sets = {}
    for column in means:
        label = str(column).removeprefix(TRUE_MEAN)
        highest = probes.index[means[column] > means.drop(columns=column).max(axis=1)]
        sets[f"HIGHER_IN_{label}"] = f"truly higher in {label}", highest
    genes = probes.index[~probes["is_control"]]
    for number in range(1, N_RANDOM + 1):
        sets[f"RANDOM_{number}"] = "drawn at random", genes
    text = ""
    for name, (description, pool) in sets.items():
        drawn = rng.choice(pool, n_genes, replace=False)
        text += _line(name, description, drawn)
    null = probes[~probes["is_control"] & ~probes["is_differential"]]
    for number in range(1, N_COEXPRESSED + 1):
        module = means.loc[null.index[null["module"] == number]].iloc[:, 0]
        if len(module) < n_genes:
            raise ValueError(f"module {number} has {len(module)} probes that do not differ")
        brightest = module.nlargest(n_genes).index
        text += _line(f"COEXPRESSED_{number}", "co-expressed, no true difference", brightest)
    return text


def _line(name: str, description: str, probes: Iterable[str]) -> str:
    return "\t".join([name, description, *sorted(probes)]) + "\n"


def environment_gene_sets(environment: str) -> str:
    """Gene sets of the simulated cohort in ``conf/<environment>``, read from the current folder."""
    from kedro.config import OmegaConfigLoader
    from kedro.io import AbstractDataset

    configuration = OmegaConfigLoader("conf", base_env="base", env=environment)
    entry = configuration["catalog"]["raw_cohort"]
    cohort = AbstractDataset.from_config("raw_cohort", entry).load()
    return simulate_gene_sets(cohort.probes, seed=entry["seed"])


if __name__ == "__main__":
    print(environment_gene_sets(sys.argv[1]), end="")
