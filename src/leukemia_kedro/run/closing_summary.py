"""The last lines of a run: its main results, and their files."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from kedro.io import CatalogProtocol

from leukemia_kedro.compute.private_names import file_of
from leukemia_kedro.run.record import RunRecord


def closing_lines(made: Set[str], catalog: CatalogProtocol) -> list[str]:
    """The main results of a run; none where it made neither report nor replication.

    Parameters
    ----------
    made : set of str
        Datasets that the run has written.
    catalog : CatalogProtocol
        Of the run.
    """
    lines = []
    if "replication" in made:
        lines += _replication(catalog, in_report="report" in made)
    if "report" in made:
        lines += [*_answer(catalog), f"Report: {file_of(catalog['report'])}"]
        record: RunRecord = catalog.load("run_record")
        lines.append(f"Time: {record['seconds']:.0f} s{_memory(record['peak_memory_gb'])}")
    return lines


def _replication(catalog: CatalogProtocol, in_report: bool) -> list[str]:
    table = catalog.load("replication")
    lines = [
        f"{table['agrees'].sum()} of {len(table)} published results reproduced: "
        f"{file_of(catalog['replication'])}"
    ]
    if not in_report:
        lines.append("To show them in the report: kedro run --pipelines reporting (same --env)")
    return lines


def _answer(catalog: CatalogProtocol) -> list[str]:
    """Champion, its accuracy, number of genes that differ."""
    champion = catalog.load("champion")
    lines = [
        f"Champion: {champion['champion']} with {champion['n_genes']} genes",
        _accuracy(champion),
    ]
    fdr = catalog.load("params:differential_expression").fdr
    for contrast, table in catalog.load("contrast_tables").items():
        significant = int((table["adj.P.Val"] < fdr).sum())
        lines.append(f"{contrast}: {significant} of {len(table)} genes differ at {fdr:.0%} FDR")
    return lines


def _accuracy(champion: dict[str, Any]) -> str:
    test, cv = champion["test"], champion["cross_validation"]
    if test is None:
        return (
            f"Balanced accuracy in nested cross-validation: {cv['balanced_accuracy']:.3f} "
            f"(95 % interval {cv['balanced_accuracy_low']:.3f} to "
            f"{cv['balanced_accuracy_high']:.3f})"
        )
    return (
        f"Test samples classified correctly: {test['n'] - test['errors']:.0f} of {test['n']:.0f} "
        f"(exact 95 % interval {test['accuracy_low']:.3f} to {test['accuracy_high']:.3f})"
    )


def _memory(peak_gb: float | None) -> str:
    return "" if peak_gb is None else f"; memory at most {peak_gb:.1f} GB per process"
