"""Templates against types: a renamed field fails here, and not on a reader's page."""

from typing import Any, get_type_hints

import pytest
from helpers.made_run import make_datasets
from helpers.typed_fields import element_of, fields_of, missing_fields, without_none
from jinja2 import meta, nodes

from leukemia_kedro.plots.study import REPORTED, CohortStudy, FigureRecord, Galleries, Study, gather
from leukemia_kedro.report.chapter import Chapter
from leukemia_kedro.report.page import CHAPTERS, make_environment
from leukemia_kedro.report.tables import Table

DATASETS = make_datasets()
CHAPTERS_READ = {"galleries": gather(Galleries, DATASETS), "cohort": gather(CohortStudy, DATASETS)}
STUDY = type("Made", (), CHAPTERS_READ)
ENVIRONMENT = make_environment(STUDY)
GLOBALS = dict.fromkeys(ENVIRONMENT.globals, Any) | {"study": Study}
PAGE = {"title": str, "chapters": list[tuple[Chapter, str]]} | dict.fromkeys(
    (
        *("table_style", "table_library", "plotly_library", "page_length", "printed_rows"),
        *("linked_facts", "linked_values"),
    )
)
MACRO_ARGUMENTS = {"record": FigureRecord, "records": list[FigureRecord], "it": Table}


class Reader:
    """Reads a template as the types say, and notes what is no field."""

    def __init__(self, text, **scope):
        self.faults = []
        self.follow(ENVIRONMENT.parse(text), GLOBALS | scope)

    def follow(self, node, scope):
        """Statements; names that they set are added to ``scope``."""
        match node:
            case nodes.Assign():
                self.bind(node.target, self.type_of(node.node, scope), scope)
            case nodes.FromImport():
                names = [name[-1] if isinstance(name, tuple) else name for name in node.names]
                scope |= dict.fromkeys(names, Any)
            case nodes.For():
                inside = scope | {"loop": Any}
                self.bind(node.target, element_of(self.type_of(node.iter, scope)), inside)
                self.follow_all(node.body, inside)
            case nodes.Macro():
                arguments = {a.name: MACRO_ARGUMENTS[a.name] for a in node.args}
                self.follow_all(node.body, scope | arguments)
                scope[node.name] = Any
            case nodes.Expr():
                self.type_of(node, scope)
            case _:
                self.follow_all(node.iter_child_nodes(), scope)

    def follow_all(self, parts, scope):
        for part in parts:
            self.follow(part, scope)

    def bind(self, target, kind, scope):
        if isinstance(target, nodes.Tuple):
            kinds = kind if isinstance(kind, list) else getattr(kind, "__args__", None)
            for i, one in enumerate(target.items):
                self.bind(one, kinds[i] if kinds else Any, scope)
        else:
            scope[target.name] = kind

    def type_of(self, node, scope):
        """Type of an expression; Any where it is not known."""
        match node:
            case nodes.Name():
                return self.field(scope, node, node.name)
            case nodes.Getattr():
                kind = self.type_of(node.node, scope)
                if kind is Chapter:
                    return get_type_hints(Chapter)[node.attr]
                return self.field(fields_of(kind), node, node.attr)
            case nodes.Getitem():
                return element_of(self.type_of(node.node, scope))
            case nodes.Tuple():
                return [self.type_of(item, scope) for item in node.items]
            case nodes.Call(node=nodes.Getattr(attr="items")):
                mapping = without_none(self.type_of(node.node.node, scope))
                arguments = getattr(mapping, "__args__", None)
                return list[tuple[arguments]] if arguments else Any
            case nodes.Filter(name="map", kwargs=[nodes.Keyword(key="attribute") as attribute]):
                kind = element_of(self.type_of(node.node, scope))
                return list[self.field(fields_of(kind), node, attribute.value.value)]
        for part in node.iter_child_nodes():
            self.type_of(part, scope)
        return Any

    def field(self, fields, node, name):
        if fields is None or name in fields:
            return (fields or {}).get(name, Any)
        self.faults.append(f"line {node.lineno}: {name}")
        return Any


def source(name):
    return ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]


@pytest.mark.parametrize("make", CHAPTERS, ids=lambda make: make.__name__)
def test_a_template_reads_fields_that_exist_and_every_field_of_its_chapter(make):
    chapter = without_none(get_type_hints(make)["return"])
    text = source(f"chapters/{chapter.anchor}.html")
    fields = fields_of(chapter) or {}
    assert Reader(text, **fields).faults == []
    read = meta.find_undeclared_variables(ENVIRONMENT.parse(text))
    assert read - GLOBALS.keys() == fields.keys()


@pytest.mark.parametrize("name", ["page.html", "scripts.html", "macros.html"])
def test_what_all_chapters_share_reads_fields_that_exist(name):
    assert Reader(source(name), **PAGE).faults == []


FAULTY = """
{{ unknown }}
{{ study.cohort.renamed }}
{{ study.cohort.data_quality.renamed }}
{{ study.parameters.cohort.split.renamed }}
{% set cv, other = study.models.champion.cross_validation, 1 %}{{ cv.renamed|decimal }}
{% if study.models.shift.auc %}{{ 1 + study.models.shift.renamed }}{% endif %}
{% for name, scores in study.models.model_scores.items() %}{{ scores.cv.renamed }}{% endfor %}
{{ study.models.champion.published|map(attribute='renamed')|list }}
{{ study.parameters.models['knn'].renamed }}
{% macro figure(record) %}{{ record.renamed }}{% endmacro %}
"""


@pytest.mark.parametrize("text", FAULTY.split("\n")[1:-1])
def test_a_field_that_does_not_exist_is_found(text):
    assert len(Reader(text).faults) == 1


def test_the_made_run_has_the_records_that_the_types_describe():
    for chapter in REPORTED:
        for name, kind in fields_of(chapter).items():
            if name in DATASETS:
                assert list(missing_fields(DATASETS[name], kind, name)) == []
