"""The page: chapters in order, each from its template, in one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from leukemia_kedro.plots.captions import readable
from leukemia_kedro.report import (
    cohort,
    genes,
    methods,
    models,
    packing,
    replication,
    summary,
    wording,
)
from leukemia_kedro.report.citations import Citations
from leukemia_kedro.report.drawings import Drawings, packed_figure
from leukemia_kedro.report.findings import Chapter, Findings
from leukemia_kedro.report.tables import PAGE_LENGTH, PRINTED_ROWS

CHAPTERS = (
    cohort.card,
    summary.answer,
    cohort.data_quality,
    cohort.projections,
    models.model_comparison,
    models.each_model,
    models.hard_samples,
    models.train_versus_test,
    genes.signature,
    genes.differential_expression,
    genes.enrichment,
    replication.replication,
    methods.methods,
    methods.versions,
    methods.model_card,
    methods.references,
)
"""Each makes a chapter of the findings, or None where there is nothing to tell."""

TITLE = "Leukemia from gene expression"


def render_report(findings: Findings) -> str:
    """The report as one HTML page that needs no other file and no network.

    Parameters
    ----------
    findings : Findings
        What the run found.

    Returns
    -------
    str
        HTML; the same findings give the same bytes. It says nothing of when and where it was
        made.
    """
    chapters = [chapter for make in CHAPTERS if (chapter := make(findings)) is not None]
    drawings, citations = Drawings(), Citations()
    environment = _environment(findings, drawings, citations)
    written = [(chapter, _write(chapter, environment)) for chapter in chapters]
    return environment.get_template("page.html").render(
        title=TITLE,
        origin=findings.data_quality["origin"],
        simulated=findings.data_quality["simulated"],
        version=findings.versions.get("leukemia-kedro"),
        chapters=written,
        letters=drawings.letters(),
        table_style=packing.table_style(),
        table_library=packing.table_library(),
        plotly_library=packing.plotly_library(),
        page_length=PAGE_LENGTH,
        printed_rows=PRINTED_ROWS,
    )


def _write(chapter: Chapter, environment: Environment) -> Markup:
    template = environment.get_template(f"chapters/{chapter.anchor}.html")
    return Markup(template.render(chapter.context))


def _environment(findings: Findings, drawings: Drawings, citations: Citations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {name: getattr(wording, name) for name in ("count", "decimal", "percent", "small")},
        listed=wording.listed,
        capital=wording.capital,
        readable=readable,
    )
    environment.globals.update(
        interval=wording.interval,
        percent_interval=wording.percent_interval,
        cite=citations.cite,
        citations=citations,
        drawings=drawings,
        interactive=findings.interactive,
        packed_figure=packed_figure,
        number=_Numbering(),
    )
    return environment


class _Numbering:
    """Running numbers of figures and tables, in the order in which the page shows them."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def __call__(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]
