"""Chapter on published results beside reproduced ones, where a replication has been run."""

from __future__ import annotations

from dataclasses import dataclass

from leukemia_kedro.plots.study import Study
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import count, decimal


@dataclass(frozen=True)
class Replication(
    Chapter, anchor="replication", title="Replication of published results", supplement=True
):
    """Published results beside reproduced ones."""

    table: Table
    n_rows: int
    n_agree: int
    path: Table | None


def replication(study: Study) -> Replication | None:
    """Absent where no replication was run."""
    rows, path = study.replication.replication, study.replication.shrunken_centroid_path
    if rows.empty:
        return None
    columns = ("study", "quantity", "published", "reproduced", "agrees", "note")
    replicated = make_table(
        rows.sort_values("agrees", kind="stable").assign(
            agrees=rows["agrees"].map({True: "yes", False: "no"})
        ),
        [Column(key, key.capitalize()) for key in columns],
        anchor="replicated",
        caption="Published results, and the same results computed from the raw files; those that "
        "do not agree first.",
    )
    thresholds = None
    if not path.empty:
        thresholds = make_table(
            path.assign(chosen=path["chosen"].map({True: "yes", False: ""})),
            [
                Column("threshold", "Threshold", decimal),
                Column("n_genes", "Genes left", count),
                Column("cv_errors", "Cross-validated errors", lambda errors: decimal(errors, 2)),
                Column("test_errors", "Test errors", count),
                Column("chosen", "Chosen by cross-validation"),
            ],
            anchor="threshold-path",
            caption="The whole path of nearest shrunken centroids; cross-validated errors are the "
            "mean over the draws of the folds.",
        )
    return Replication(replicated, len(rows), int(rows["agrees"].sum()), thresholds)
