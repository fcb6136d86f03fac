"""The blocks ``differential_expression`` and ``enrichment``."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from leukemia_kedro.parameters.block import Block, NameOrNull

LimmaVersion = Literal["limma_3.62", "limma_3.54"]
"""Whose estimate of the prior variance: limma's from 3.61.8 on, or limma's up to 3.60."""
DecisionMethod = Literal["separate", "global", "hierarchical", "nestedF"]
"""How limma's ``decideTests`` corrects for many genes and contrasts together."""


class DifferentialExpressionParameters(Block):
    """Which classes are compared, what is held fixed meanwhile, and by which tests."""

    design: str = "~ label"
    """Formula over the samples table, covariates included: ``~ label + batch``."""
    contrasts: Literal["pairs", "each_against_rest"] | dict[str, str] = "pairs"
    """Every pair of classes, each class against the mean of the others, or expressions by name,
    such as ``{AML-ALL: AML - ALL}``; the name is that of the contrast's file."""
    samples: Literal["train", "all"] = "train"
    """Samples compared."""
    probes: Literal["passing_filter", "all"] = "passing_filter"
    """Probes tested: those that pass the filter on the training samples, or every one."""
    trend: bool = False
    """Whether the prior variance follows mean expression."""
    robust: bool = False
    """Whether hypervariable genes are kept from spoiling the prior."""
    prior: LimmaVersion = "limma_3.62"
    """How the prior variance is estimated: as limma does from 3.61.8 on, or as it did up to 3.60
    (``limma_3.54``). They differ where values are missing."""
    treat_lfc: float | None = Field(default=None, gt=0)
    """Tests for a log2 fold change beyond this, by limma's ``treat``, rather than for any."""
    fdr: float = Field(default=0.05, gt=0, lt=1)
    """A probe is up or down where its Benjamini–Hochberg value is below."""
    decide: DecisionMethod = "separate"
    """How the numbers of probes up and down allow for many contrasts: each ``separate``, all
    together (``global``), or probes first, by their F-test, and then their contrasts
    (``hierarchical``, ``nestedF``). The columns of the tables stay those of each contrast."""
    permutations: int = Field(default=1000, ge=0)
    """Labellings for the step-down maxT p-values; 0 leaves their column empty."""
    blocks: NameOrNull = None
    """Column of the samples, such as batch: maxT lets labels change places within its values."""
    voom: bool | None = None
    """Whether the linear models take counts of reads with the precision weights of limma's
    ``voom``; null: where ``cohort.scale`` is ``counts``. With false they take log counts per
    million, all as precise as each other."""
    sample_weights: bool = False
    """Whether samples that lie far from the linear models count less, by limma's ``arrayWeights``;
    with voom, by ``voomWithQualityWeights``."""
    weights: NameOrNull = None
    """Column of the samples with a weight for each: a positive number, twice as large for a sample
    whose errors have half the variance."""
    random_block: NameOrNull = None
    """Column of the samples, such as the patient, whose samples of one value resemble each other:
    the linear models take the correlation into account that limma's ``duplicateCorrelation``
    finds. maxT, Welch's and Wilcoxon's tests know neither weights nor this correlation."""

    @model_validator(mode="after")
    def _one_source_of_sample_weights(self):
        if self.sample_weights and self.weights is not None:
            raise ValueError(
                f"sample_weights estimates the weights that the column {self.weights!r} states; "
                "set sample_weights to false, or weights to null"
            )
        return self

    @model_validator(mode="after")
    def _decisions_have_their_test(self):
        if self.treat_lfc is not None and self.decide in ("hierarchical", "nestedF"):
            raise ValueError(
                f"decide {self.decide!r} rests on the F-test, which treat_lfc does not have; "
                "expected separate or global, or treat_lfc null"
            )
        return self

    def allows_for(self, column: str) -> bool:
        """Whether samples with one value of a column, such as patient, are not taken as
        independent: it is the random block, or in the design."""
        return column == self.random_block or column in re.findall(r"[\w.]+", self.design)

    @field_validator("contrasts")
    @classmethod
    def _named_as_files(cls, contrasts):
        if isinstance(contrasts, str):
            return contrasts
        if not contrasts:
            raise ValueError("there is no contrast; expected pairs, each_against_rest or some")
        # The table of the F-test has these columns beside one for each contrast.
        taken = {"probe", "description", "aveexpr", "f", "p.value", "adj.p.val", "symbol"}
        for name in contrasts:
            if not re.fullmatch(r"\w[\w.+-]*", name):
                raise ValueError(
                    f"the contrast name {name!r} is no file name: expected letters, digits, "
                    "'_', '-', '+' and '.', the first a letter or a digit"
                )
            # Some file systems take AML and aml for one name.
            if name.casefold() in taken:
                raise ValueError(f"{name!r} is the name of another contrast or of a column")
            taken.add(name.casefold())
        return contrasts


class EnrichmentParameters(Block):
    """How probes stand for genes when gene sets are tested."""

    gene_column: NameOrNull = None
    """Column of the probes table that names genes as the gene sets do, or ``probe``, the probe ids
    themselves; where not stated, ``symbol`` if the probes have symbols, else ``probe``."""
    collapse: Literal["highest_mean", "mean"] = "highest_mean"
    """The expression of a gene with several probes: that of the probe with the highest mean
    expression, or the mean of the probes."""
