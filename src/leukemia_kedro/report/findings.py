"""What the report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ELSEWHERE = ("hard_samples", "intensity_shift")
"""Figures with a chapter of their own, not shown with the rest of their gallery."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Everything a run found, under the names the data catalog gives it.

    What is None is not in the report: no empty chapter, no "not available".

    Parameters
    ----------
    data_quality : mapping
        Counts and ranges of the cohort as measured.
    sample_split : DataFrame, index ``sample``
        Columns ``label`` and ``split``.
    probes : DataFrame, index ``probe``
        Column ``description``.
    signature : DataFrame
        ``probe, description, score, direction, selection_frequency``; best gene first.
    stability_index : mapping
        Nogueira's index with its interval, and how many genes were chosen how often.
    signature_overlap : mapping
        What the signature shares with a published one; ``reference`` None where none is named.
    model_comparison : DataFrame
        One row per model, simplest first; test columns NaN without a test set.
    champion : mapping
        The chosen model: rule, parameters, threshold, scores, and the models left out.
    permutation_test : mapping
        ``score``, ``p_value``, ``n_permutations``, ``permuted_scores`` (balanced accuracies).
    scores : mapping of model name to mapping
        ``genes`` in use, ``cv``, ``train`` and ``test`` (None without a test set).
    champion_calls : DataFrame
        The champion's ``test_predictions``; no rows without a test set.
    contrast_tables : mapping of contrast name to DataFrame
        limma's columns, sorted by ``P.Value``.
    variance_prior : mapping
        Of the empirical-Bayes moderation.
    replication : DataFrame
        ``study, quantity, published, reproduced, agrees, note``; no rows where no replication has
        been run.
    shrunken_centroid_path : DataFrame
        ``threshold, n_genes, cv_errors, test_errors, chosen``, likewise.
    figures : mapping of gallery name to sequence of mapping
        Galleries ``cohort``, ``signature``, ``model``, ``contrast`` and ``replication``; each
        figure a record of ``name``, ``title``, ``caption``, ``alt`` and ``svg``.
    interactive : mapping of figure name to plotly Figure
        Shown on the screen in place of the figure of that name, which is what is printed.
    parameters : mapping
        The blocks ``cohort``, ``feature_selection``, ``resampling``, ``modelling``, ``models``,
        ``differential_expression`` and ``enrichment`` with every default filled in, and ``seed``.
    versions : mapping of package to version
        Of the software that was used.
    shift : mapping, optional
        How different the held-out samples are, and the samples most models get wrong.
    selection_bias : mapping, optional
        Scores with genes chosen inside the folds, outside them, and under permuted labels.
    enrichment : mapping of contrast name to DataFrame, optional
        Gene-set tests, one row per set.
    known_truth : DataFrame, optional
        Simulated cohorts: false discoveries and power of each contrast.
    """

    data_quality: Mapping[str, Any]
    sample_split: pd.DataFrame
    probes: pd.DataFrame
    signature: pd.DataFrame
    stability_index: Mapping[str, Any]
    signature_overlap: Mapping[str, Any]
    model_comparison: pd.DataFrame
    champion: Mapping[str, Any]
    permutation_test: Mapping[str, Any]
    scores: Mapping[str, Mapping[str, Any]]
    champion_calls: pd.DataFrame
    contrast_tables: Mapping[str, pd.DataFrame]
    variance_prior: Mapping[str, Any]
    replication: pd.DataFrame
    shrunken_centroid_path: pd.DataFrame
    figures: Mapping[str, Sequence[Mapping[str, str]]]
    interactive: Mapping[str, Figure]
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    shift: Mapping[str, Any] | None = None
    selection_bias: Mapping[str, Any] | None = None
    enrichment: Mapping[str, pd.DataFrame] | None = None
    known_truth: pd.DataFrame | None = None

    @property
    def classes(self) -> list[str]:
        """In class order, the reference class first."""
        return list(self.data_quality["classes"])

    def named(self, figure: str) -> list[Mapping[str, str]]:
        """The figure of that name, whichever gallery it hangs in; empty where there is none."""
        galleries = self.figures.values()
        return [record for gallery in galleries for record in gallery if record["name"] == figure]

    @property
    def fdr(self) -> float:
        """False-discovery rate at which a gene counts as significant."""
        return self.parameters["differential_expression"]["fdr"]

    @property
    def has_test_set(self) -> bool:
        return self.champion["test"] is not None


@dataclass(frozen=True)
class Chapter:
    """One chapter of the page.

    Parameters
    ----------
    anchor : str
        Its id on the page, and the stem of its template.
    title : str
        Heading and entry in the table of contents.
    context : mapping
        What its template needs.
    """

    anchor: str
    title: str
    context: Mapping[str, Any]


def divided(
    records: Sequence[Mapping[str, str]], owners: Sequence[str]
) -> tuple[list[Mapping[str, str]], dict[str, list[Mapping[str, str]]]]:
    """Figures that belong to one model or contrast, and those of all together.

    Parameters
    ----------
    records : sequence of mapping
        A gallery; a figure that belongs to an owner is named ``<what it shows>_<owner>``.
    owners : sequence of str
        Names as they stand in names of figures.

    Returns
    -------
    common : list of records
    own : dict of owner to list of records
    """
    common, own = [], {owner: [] for owner in owners}
    for record in records:
        # Of "a-b" and "b-a-b", both ends of a name, the longer one is meant.
        ends = [owner for owner in owners if record["name"].endswith(f"_{owner}")]
        (own[max(ends, key=len)] if ends else common).append(record)
    return common, own
