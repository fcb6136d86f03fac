"""Chapters on genes: the signature and its stability, differential expression, gene sets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leukemia_kedro.plots.captions import file_stem
from leukemia_kedro.report.findings import Chapter, Findings, divided
from leukemia_kedro.report.interactive import IN_FULL
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal, percent, small

TOP_GENES = 200
"""Genes listed for a contrast; the file holds them all."""
TOP_GENES_IN_BRIEF = 50
GENE_SETS = 200


def signature(findings: Findings) -> Chapter:
    """The genes named, and how far the choice can be trusted."""
    return Chapter(
        "signature",
        "Signature and its stability",
        {
            "stability": findings.stability_index,
            "overlap": findings.signature_overlap,
            "table": _signature_table(findings.signature),
            "figures": findings.figures["signature"],
        },
    )


def differential_expression(findings: Findings) -> Chapter:
    """Each contrast with its figures and its top genes."""
    stems = {name: file_stem(name) for name in findings.contrast_tables}
    common, own = divided(findings.figures["contrast"], list(stems.values()))
    contrasts = [
        _contrast(name, table, own[stems[name]], findings.fdr, in_full=position < IN_FULL)
        for position, (name, table) in enumerate(findings.contrast_tables.items())
    ]
    return Chapter(
        "differential-expression",
        "Differential expression",
        {
            "figures": common,
            "contrasts": contrasts,
            "expressions": findings.variance_prior["contrasts"],
            "prior": findings.variance_prior,
            "alpha": findings.fdr,
            "treat_lfc": findings.parameters["differential_expression"]["treat_lfc"],
            "n_brief": sum(not contrast["in_full"] for contrast in contrasts),
            "truth": findings.known_truth is not None and _truth_table(findings.known_truth),
        },
    )


def enrichment(findings: Findings) -> Chapter | None:
    """Gene sets; absent where the user gave none."""
    if not findings.enrichment:
        return None
    return Chapter(
        "enrichment",
        "Gene sets",
        {"tables": [_set_table(name, table) for name, table in findings.enrichment.items()]},
    )


def _contrast(
    name: str, table: pd.DataFrame, figures: list[Any], fdr: float, in_full: bool
) -> dict[str, Any]:
    """A contrast beyond the first few is one figure and a short table."""
    return {
        "name": name,
        "anchor": f"contrast-{file_stem(name)}",
        "in_full": in_full,
        "significant": int((table["adj.P.Val"] < fdr).sum()),
        "tested": len(table),
        "figures": figures if in_full else figures[:1],
        "table": _gene_table(name, table, TOP_GENES if in_full else TOP_GENES_IN_BRIEF),
    }


def _gene_table(contrast: str, table: pd.DataFrame, n_genes: int) -> Table:
    top = table.head(n_genes)
    return make_table(
        _without_empty_descriptions(top),
        [
            Column("probe", "Probe"),
            Column("description", "Description"),
            Column("logFC", "log2 fold change", lambda value: decimal(value, 2)),
            Column("AveExpr", "Mean log2 expression", lambda value: decimal(value, 2)),
            Column("t", "Moderated t", lambda value: decimal(value, 2)),
            Column("P.Value", "p", small),
            Column("adj.P.Val", "Adjusted p", small),
            Column("B", "B", lambda value: decimal(value, 1)),
            Column("wilcoxon_p", "Wilcoxon p", small),
            Column("maxT_p", "maxT p", small),
        ],
        anchor=f"genes-{file_stem(contrast)}",
        caption=f"The {count(len(top))} probes with the smallest p-values in {contrast}, of "
        f"{count(len(table))} tested. Adjusted p: Benjamini–Hochberg; maxT p: family-wise, by "
        "permutation.",
    )


def _without_empty_descriptions(genes: pd.DataFrame) -> pd.DataFrame:
    """Some cohorts name probes and say no more: their tables have no empty column."""
    described = genes["description"].fillna("").astype(str).str.strip().ne("").any()
    return genes if described else genes.drop(columns="description")


def _signature_table(genes: pd.DataFrame) -> Table:
    return make_table(
        _without_empty_descriptions(genes),
        [
            Column("probe", "Probe"),
            Column("description", "Description"),
            Column("score", "Score", decimal),
            Column("direction", "Higher in"),
            Column("selection_frequency", "Chosen in", lambda share: percent(share, 0)),
        ],
        anchor="signature-genes",
        caption=f"The {count(len(genes))} genes of the signature, in the order chosen. Chosen in: "
        "share of the training folds whose own top genes include it.",
    )


def _truth_table(truth: pd.DataFrame) -> Table:
    return make_table(
        truth,
        [
            Column("contrast", "Contrast"),
            Column("fdr", "Stated rate", percent),
            Column("discoveries", "Discoveries", count),
            Column("false_discoveries", "False discoveries", count),
            Column("false_discovery_proportion", "False-discovery proportion", decimal),
            Column("differential_probes", "Differential probes", count),
            Column("power", "Power", decimal),
        ],
        anchor="truth",
        caption="Discoveries at the stated false-discovery rate, held against the truth, which is "
        "known because the data are simulated.",
        sortable=False,
    )


def _set_table(contrast: str, sets: pd.DataFrame) -> Table:
    return make_table(
        sets.sort_values("camera_p", kind="stable").head(GENE_SETS),
        [
            Column("gene_set", "Gene set"),
            Column("n_genes", "Genes measured", count),
            Column("direction", "Direction"),
            Column("camera_p", "Camera p", small),
            Column("camera_fdr", "Camera adjusted p", small),
            Column("n_up", "Genes up", count),
            Column("up_fdr", "Up: adjusted p", small),
            Column("n_down", "Genes down", count),
            Column("down_fdr", "Down: adjusted p", small),
        ],
        anchor=f"sets-{file_stem(contrast)}",
        caption=f"Gene sets in {contrast}, the smallest camera p-value first. Genes up and down: "
        "significant genes of the set, with the hypergeometric test of over-representation.",
    )
