"""The page: chapters in order, each from its template, in one file that needs nothing else."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.study import Study
from leukemia_kedro.report import cohort, genes, methods, models, replication, summary, wording
from leukemia_kedro.report.citations import Citations
from leukemia_kedro.report.drawings import Drawings
from leukemia_kedro.report.linked import linked_views
from leukemia_kedro.report.packing import packed_figure, packed_libraries, packed_table
from leukemia_kedro.report.tables import PAGE_LENGTH, PRINTED_ROWS
from leukemia_kedro.statistics.class_names import class_in_words

CHAPTERS = (
    summary.answer,
    cohort.card,
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

MOST_BYTES = 7_800_000
"""Of a page, less 200 kB for what stands around its chapters: 8 MB open on any machine."""

TITLE = "Classes from gene expression"
"""Behind the name of the cohort."""


def render_report(study: Study) -> str:
    """The report as one HTML page that needs no other file and no network.

    The same study gives the same bytes: the page does not state when or where it was made.
    """
    environment = make_environment(study)
    chapters = []
    for make in CHAPTERS:
        chapter = make(study)
        if chapter is not None:
            template = environment.get_template(f"chapters/{chapter.anchor}.html")
            chapters.append((chapter, Markup(template.render(vars(chapter)))))
    libraries = packed_libraries()
    so_far = sum(len(text.encode()) for text in [*libraries.values(), *(t for _, t in chapters)])
    name = study.parameters.cohort.name
    return environment.get_template("page.html").render(
        title=f"{name}: {TITLE[0].lower()}{TITLE[1:]}" if name else TITLE,
        chapters=chapters,
        page_length=PAGE_LENGTH,
        printed_rows=PRINTED_ROWS,
        **libraries,
        **linked_views(study, MOST_BYTES - so_far),
    )


def make_environment(study: Study) -> Environment:
    """The templates, with the filters and names that all of them share."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "count",
        "decimal",
        "percent",
        "small",
        "listed",
        "capital",
        "promise",
        "units",
        "of_patients",
        "right",
        "wrong",
        "difference",
    ):
        environment.filters[name] = getattr(wording, name)
    environment.filters["readable"] = readable
    environment.filters["class_in_words"] = class_in_words
    environment.tests["above_chance"] = wording.above_chance
    citations = Citations()
    numbers: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
    environment.globals.update(
        study=study,
        terms=study.cohort.terms,
        calling=wording.calling,
        interval=wording.interval,
        percent_interval=wording.percent_interval,
        cite=citations.cite,
        citations=citations,
        drawings=Drawings(),
        interactive=study.galleries.interactive,
        packed_figure=packed_figure,
        packed_table=packed_table,
        # Figures and tables are numbered in the order in which the page shows them.
        number=lambda kind: next(numbers[kind]),
    )
    return environment
