"""The last lines of a run that made a report: the answer, and where to read more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol


def closing_summary(catalog: CatalogProtocol, seconds: float) -> str:
    """Champion, its accuracy, number of genes that differ, path of the report, time and memory.

    Parameters
    ----------
    catalog : CatalogProtocol
        Of a run whose report is written.
    seconds : float
        Wall time of the run.
    """
    champion = catalog.load("champion")
    lines = [f"Champion: {champion['champion']} with {champion['n_genes']} genes"]
    lines.append(_accuracy(champion))
    fdr = catalog.load("params:differential_expression").fdr
    for contrast, table in catalog.load("contrast_tables").items():
        significant = int((table["adj.P.Val"] < fdr).sum())
        lines.append(f"{contrast}: {significant} of {len(table)} genes differ at {fdr:.0%} FDR")
    lines.append(f"Report: {Path(catalog.get('report')._filepath)}")
    lines.append(f"Time: {seconds:.0f} s{_peak_memory()}")
    return "\n".join(lines)


def _accuracy(champion: dict[str, Any]) -> str:
    test, cv = champion["test"], champion["cross_validation"]
    if test is None:
        return (
            f"Balanced accuracy in nested cross-validation: {cv['balanced_accuracy']:.3f} "
            f"(95 % interval {cv['balanced_accuracy_low']:.3f} to "
            f"{cv['balanced_accuracy_high']:.3f})"
        )
    return (
        f"Held-out samples called rightly: {test['n'] - test['errors']:.0f} of {test['n']:.0f} "
        f"(exact 95 % interval {test['accuracy_low']:.3f} to {test['accuracy_high']:.3f})"
    )


def _peak_memory() -> str:
    """Peak memory of the largest process of the run, workers included."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows keeps no such account
        return ""
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return f"; memory at most {peak * bytes_per_unit / 1e9:.1f} GB per process"
