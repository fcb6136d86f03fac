"""The answer first: what was found, how sure it is, and what the data cannot tell."""

from __future__ import annotations

from typing import Any

from leukemia_kedro.plots.captions import gene_name
from leukemia_kedro.plots.differential_expression import significance
from leukemia_kedro.report.findings import Chapter, Findings
from leukemia_kedro.report.models import champion_row, within_one_standard_error

TOP_GENES = 5


def answer(findings: Findings) -> Chapter:
    """The champion, its accuracy with its interval, the reject option, the genes."""
    comparison = findings.model_comparison
    settings = findings.parameters["models"][findings.champion["champion"]]
    best = comparison.loc[comparison["cv_balanced_accuracy"].idxmax()]
    return Chapter(
        "answer",
        "The answer",
        {
            "champion": findings.champion,
            "row": champion_row(comparison),
            "n_train": int((findings.sample_split["split"] == "train").sum()),
            "n_models": len(comparison),
            "best": best,
            "alike": list(within_one_standard_error(comparison)["model"]),
            "mcnemar": _smallest_mcnemar(findings),
            "test_errors": sorted(comparison["test_errors"].dropna().astype(int)),
            "permutation": findings.permutation_test,
            "reject_aim": findings.parameters["modelling"]["max_error_when_calling"],
            "reject_below": settings["reject_below"],
            "signature": _signature(findings),
            "stability": findings.stability_index,
            "overlap": findings.signature_overlap,
            "contrasts": _differential_genes(findings),
        },
    )


def _smallest_mcnemar(findings: Findings) -> float | None:
    """Of the champion against each other model on the test samples."""
    p_values = findings.model_comparison.get("mcnemar_p")
    return None if p_values is None or p_values.isna().all() else float(p_values.min())


def _signature(findings: Findings) -> dict[str, Any]:
    top = findings.signature.head(TOP_GENES)
    return {
        "n_genes": len(findings.signature),
        "top": [
            {"name": gene_name(gene.probe, gene.description, width=90), "higher_in": gene.direction}
            for gene in top.itertuples()
        ],
    }


def _differential_genes(findings: Findings) -> list[dict[str, Any]]:
    rows = []
    for name, table in findings.contrast_tables.items():
        verdict = significance(table, findings.fdr).value_counts()
        up, down = int(verdict.get("up", 0)), int(verdict.get("down", 0))
        rows.append(
            {"name": name, "up": up, "down": down, "significant": up + down, "tested": len(table)}
        )
    return rows
