"""What figure functions take together: the predictions of a model, the table of a contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from leukemia_kedro.compute.file_names import file_stem
from leukemia_kedro.plots.captions import counted, patients_beside


@dataclass(frozen=True, eq=False)
class ModelPredictions:
    """All predictions of one model."""

    model: str
    cv: pd.DataFrame
    """``repeat``, ``sample``, ``label``, ``predicted``, ``probability_<class>`` and ``confidence``
    (0 to 1)."""
    test: pd.DataFrame
    """As ``cv``, without ``repeat``, and with ``call``; no rows where there is no test set."""
    classes: Sequence[str]
    groups: pd.Series | None = None
    """The patient of each sample, index ``sample``, where patients gave several."""

    def once(self, table: pd.DataFrame) -> pd.DataFrame:
        """Each sample of ``cv`` or ``test`` once, with the column ``group`` if it is known."""
        samples = table.drop_duplicates("sample")
        if self.groups is None:
            return samples
        return samples.assign(group=samples["sample"].map(self.groups))

    def sources(self) -> str:
        """Sentence on what solid and dashed lines are, with the number of samples."""
        repeats = self.cv["repeat"].nunique()
        samples = self.once(self.cv)
        text = f"Solid: cross-validation of {counted(len(samples), 'sample')}"
        text += patients_beside(samples)
        if repeats > 1:
            text += f", mean and range of {repeats} repeats"
        if len(self.test):
            text += f"; dashed: {counted(len(self.test), 'test sample')}"
            text += patients_beside(self.once(self.test))
        return f"{text}."


@dataclass(frozen=True, eq=False)
class Contrast:
    """Differential expression of one contrast, such as ``AML-ALL``."""

    name: str
    table: pd.DataFrame
    """The smallest p-value first. Columns ``probe``, ``description``, ``logFC`` and ``AveExpr``
    (log2), ``P.Value`` and ``adj.P.Val``, which are NaN for probes that could not be tested."""
    alpha: float
    """Benjamini–Hochberg adjusted p-values below it are significant, of probes and gene sets."""
    gene_sets: pd.DataFrame | None = None
    """The smallest p-value first. Columns ``gene_set``, ``n_genes``, ``direction``, ``camera_fdr``,
    ``n_up`` and ``n_down``."""
    stem: str = ""
    """Part of the names of its files, unlike that of any other contrast; made of its name where
    there is no other."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stem", self.stem or file_stem(self.name))
