"""The page: chapters in order, each from its template, in one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.study import Study
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
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.citations import Citations
from leukemia_kedro.report.drawings import Drawings, packed_figure
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
"""In the order of the page. Each makes a chapter of the study, or None without its data."""

TITLE = "Leukemia from gene expression"


def render_report(study: Study) -> str:
    """The report as one HTML page that needs no other file and no network.

    Parameters
    ----------
    study : Study
        What the run found.

    Returns
    -------
    str
        HTML; the same study gives the same bytes. It does not state when or where it was made.
    """
    chapters = [chapter for make in CHAPTERS if (chapter := make(study)) is not None]
    environment = make_environment(study)
    written = [(chapter, _write(chapter, environment)) for chapter in chapters]
    return environment.get_template("page.html").render(
        title=TITLE,
        chapters=written,
        table_style=packing.table_style(),
        table_library=packing.table_library(),
        plotly_library=packing.plotly_library(),
        page_length=PAGE_LENGTH,
        printed_rows=PRINTED_ROWS,
    )


def _write(chapter: Chapter, environment: Environment) -> Markup:
    template = environment.get_template(f"chapters/{chapter.anchor}.html")
    return Markup(template.render(vars(chapter)))


def make_environment(study: Study) -> Environment:
    """The templates, with the filters and names that all of them share."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {
            name: getattr(wording, name)
            for name in ("count", "decimal", "percent", "small", "listed", "capital")
        },
        readable=readable,
    )
    citations = Citations()
    environment.globals.update(
        study=study,
        interval=wording.interval,
        percent_interval=wording.percent_interval,
        cite=citations.cite,
        citations=citations,
        drawings=Drawings(),
        interactive=study.galleries.interactive,
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
