"""Chapter on published results beside reproduced ones, where a replication has been run."""

from __future__ import annotations

from leukemia_kedro.report.findings import Chapter, Findings
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal


def replication(findings: Findings) -> Chapter | None:
    """Published results beside reproduced ones; absent where there are none."""
    if findings.replication.empty:
        return None
    return Chapter(
        "replication",
        "Replication of published results",
        {
            "table": _replication_table(findings),
            "n_rows": len(findings.replication),
            "n_agree": int(findings.replication["agrees"].sum()),
            "figures": findings.figures["replication"],
            "path": None if findings.shrunken_centroid_path.empty else _path_table(findings),
        },
    )


def _replication_table(findings: Findings) -> Table:
    rows = findings.replication.assign(
        agrees=findings.replication["agrees"].map({True: "yes", False: "no"})
    )
    columns = ("study", "quantity", "published", "reproduced", "agrees", "note")
    return make_table(
        rows,
        [Column(key, key.capitalize()) for key in columns],
        anchor="replicated",
        caption="Published figures and the same figures from the raw files of this cohort.",
    )


def _path_table(findings: Findings) -> Table:
    return make_table(
        findings.shrunken_centroid_path.assign(
            chosen=findings.shrunken_centroid_path["chosen"].map({True: "yes", False: ""})
        ),
        [
            Column("threshold", "Threshold", decimal),
            Column("n_genes", "Genes left", count),
            Column("cv_errors", "Cross-validated errors", lambda errors: decimal(errors, 2)),
            Column("test_errors", "Test errors", count),
            Column("chosen", "Chosen by cross-validation"),
        ],
        anchor="threshold-path",
        caption="The whole path of nearest shrunken centroids; cross-validated errors are the mean "
        "over the draws of the folds.",
    )
