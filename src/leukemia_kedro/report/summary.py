"""The answer first: what was found, how sure it is, and what the data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leukemia_kedro.plots.captions import gene_name
from leukemia_kedro.plots.probe_scatter import significance
from leukemia_kedro.report.findings import Chapter, Findings
from leukemia_kedro.report.models import champion_row, within_one_standard_error
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal, interval, percent, percent_interval
from leukemia_kedro.statistics.intervals import BOOTSTRAP_DRAWS

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
            "held_out": findings.champion["held_out"] and _held_out_table(findings),
            "published": findings.champion["published"],
            "test_errors": sorted(comparison["test_errors"].dropna().astype(int)),
            "permutation": findings.permutation_test,
            "reject_aim": findings.parameters["modelling"]["max_error_when_calling"],
            "reject_below": settings["reject_below"],
            "signature": _signature(findings),
            "stability": findings.stability_index,
            "overlap": findings.signature_overlap,
            "contrasts": _differential_genes(findings),
            "alpha": findings.fdr,
        },
    )


def _held_out_table(findings: Findings) -> Table:
    """The champion's figures on the held-out samples, each with its interval."""
    figures, published = findings.champion["held_out"], findings.champion["published"]
    measures = {
        "errors": ("Errors, every sample called", count),
        "errors_among_calls": ("Errors among its calls", count),
        "coverage": ("Samples called", count),
        "brier": ("Brier score", decimal),
    }
    rows = [
        {
            "measure": name,
            "champion": _counted_or_scored(figures[key]),
            "interval": (interval if key == "brier" else percent_interval)(
                figures[key]["low"], figures[key]["high"]
            ),
            "published": published and _to(number, figures[key]["published"]),
        }
        for key, (name, number) in measures.items()
    ]
    columns = [
        Column("measure", f"On the {count(figures['errors']['of'])} held-out samples"),
        Column("champion", "Champion"),
        Column("interval", "95% interval"),
        *([Column("published", "Published")] if published else []),
    ]
    return make_table(
        rows, columns, anchor="held-out", caption=_held_out_caption(findings), sortable=False
    )


def _held_out_caption(findings: Findings) -> str:
    caption = (
        "What the champion does on the samples that were held out. Intervals of shares are exact "
        f"(Clopper–Pearson); that of the Brier score is from {count(BOOTSTRAP_DRAWS)} bootstrap "
        "draws of the patients (percentiles)."
    )
    if "group" in findings.sample_split:
        caption += (
            " The exact ones take samples as independent, which several samples of one patient "
            "are not: they are too narrow."
        )
    if findings.champion["published"]:
        caption += (
            " Published: the range over methods that learned from the same training samples and "
            "were tested on the same held-out samples; calls, and errors among them, where a "
            "study has a reject option."
        )
    return caption


def _counted_or_scored(figure: dict[str, Any]) -> str:
    if "count" not in figure:
        return decimal(figure["value"])
    return f"{count(figure['count'])} of {count(figure['of'])} ({percent(figure['value'])})"


def _to(number: Callable[[float], str], ends: list[float] | None) -> str:
    return " to ".join(dict.fromkeys(number(end) for end in ends or ()))


def _smallest_mcnemar(findings: Findings) -> float | None:
    """Of the champion against each other model."""
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
