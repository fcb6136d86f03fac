"""voom and moderated t-tests: this project against limma, on the same counts in one run.

    python benchmarks/voom.py    # 20,000 genes × 500 samples

Times are the shortest of three runs on either side, inside each process: log counts and weights,
the weighted fit of ~ group, and its moderation. Both sides must agree on the p-values, or there is
nothing to compare.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from timing import timed

from leukemia_kedro.statistics.empirical_bayes import moderate
from leukemia_kedro.statistics.linear_model import fit_linear_model
from leukemia_kedro.statistics.voom import voom

SHAPE = (20_000, 500)
REPEATS = 3

LIMMA = """
suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
shape <- as.integer(arguments[2:3])
y <- matrix(readBin(file.path(folder, "counts"), "integer", prod(shape), size = 4), shape[1])
design <- cbind(Intercept = 1, group = rep_len(0:1, shape[2]))
seconds <- replicate(as.integer(arguments[4]), system.time(
  fit <<- eBayes(lmFit(voom(y, design), design)), gcFirst = TRUE)[["elapsed"]])
writeBin(fit$p.value[, "group"], file.path(folder, "p"))
cat(min(seconds), as.character(packageVersion("limma")))
"""


def simulate() -> np.ndarray:
    """Negative binomial counts, genes × samples, column by column in memory as R has them."""
    rng = np.random.default_rng(0)
    n_genes, n_samples = SHAPE
    mean, size = np.exp(rng.uniform(1, 8, n_genes)), rng.uniform(2, 20, n_genes)
    difference = np.where(rng.random(n_genes) < 0.1, rng.normal(0, 0.5, n_genes), 0)
    counts = np.empty((n_samples, n_genes), dtype=np.int32)
    for sample in range(n_samples):
        expected = mean * np.exp(difference * (sample % 2)) * rng.uniform(0.5, 2)
        counts[sample] = rng.poisson(expected * rng.gamma(size, 1 / size))
    return counts.T


def p_values_here(counts: pd.DataFrame, design: pd.DataFrame) -> np.ndarray:
    """The p-values of the difference."""
    weighted = voom(counts, design, counts.sum().to_numpy())
    fit = fit_linear_model(weighted.expression, design, weighted.weights)
    return moderate(fit).p_value["group"].to_numpy()


def main() -> None:
    values = simulate()
    counts = pd.DataFrame(values, copy=False)
    group = (np.arange(SHAPE[1]) % 2).astype(float)
    design = pd.DataFrame({"Intercept": 1.0, "group": group})
    runs = [timed(p_values_here, counts, design) for _ in range(REPEATS)]
    p, seconds = runs[0][0], min(seconds for _, seconds in runs)
    print(f"{SHAPE[0]} genes × {SHAPE[1]} samples: {seconds:.2f} s here")
    if shutil.which("Rscript") is None:
        print("Rscript is not on the path: nothing to compare with (Debian: r-bioc-limma)")
        return
    with tempfile.TemporaryDirectory() as folder:
        values.T.tofile(Path(folder) / "counts")
        script = Path(folder) / "limma.R"
        script.write_text(LIMMA)
        command = ["Rscript", str(script), folder, *map(str, SHAPE), str(REPEATS)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        limma_p = np.fromfile(Path(folder) / "p")
    print(f"{answer[0]} s in limma {answer[1]}: ", end="")
    print(f"{float(answer[0]) / seconds:.1f} times as fast as limma; ", end="")
    normal = limma_p > np.finfo(float).tiny
    difference = np.abs(p[normal] / limma_p[normal] - 1).max()
    print(f"largest relative difference of a p-value {difference:.1e}")


if __name__ == "__main__":
    main()
