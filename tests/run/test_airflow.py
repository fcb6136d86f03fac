"""The Airflow DAG that kedro-airflow makes of the project: every node, in order, nothing in memory.

Airflow itself is not needed: the DAG is read as Python, and its tasks are started as it would.
"""

import ast
import re
import sys
from pathlib import Path

import pytest
from helpers.project_copy import PROJECT, ProjectCopy
from kedro.framework.project import configure_project, pipelines

PAGE = (PROJECT / "docs" / "how-to" / "cluster.md").read_text(encoding="utf-8")
BY_NODE, BY_PIPELINE = re.findall(r"^kedro (airflow create .*)$", PAGE, re.MULTILINE)
ARROW = r'tasks\["(.+)"\] >> tasks\["(.+)"\]'

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> ProjectCopy:
    """A project with both DAGs of the page."""
    project = ProjectCopy(tmp_path_factory.mktemp("airflow"))
    for command in (BY_NODE, BY_PIPELINE):
        project.kedro(*command.split())
    return project


def dag_file(project: ProjectCopy, command: str) -> Path:
    (file,) = project.folder.joinpath(command.split("--target-dir ")[1].split()[0]).iterdir()
    return file


def tasks_of(dag: Path) -> dict[str, list[str]]:
    """What each task runs (node names or one namespace), by the task's id."""
    found = {}
    for function in ast.walk(ast.parse(dag.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.decorator_list:
            (decorator,) = function.decorator_list
            if decorator.func.id == "task":
                (call,) = (line.value for line in function.body)
                names = ast.literal_eval(call.keywords[0].value)
                task_id = ast.literal_eval(decorator.keywords[0].value)
                assert task_id not in found, "two tasks of one name"
                found[task_id] = names
    return found


@pytest.mark.parametrize(
    ("command", "unit"),
    [
        (BY_NODE, lambda node: node.name),
        (BY_PIPELINE, lambda node: node.namespace.split(".")[0]),
    ],
)
def test_each_task_comes_after_those_it_needs(project, command, unit):
    configure_project("leukemia_kedro")
    pipeline = pipelines["__default__"]
    dag = dag_file(project, command)
    compile(dag.read_text(), dag.name, "exec")
    task_of = {name: task for task, names in tasks_of(dag).items() for name in names}
    assert set(task_of) == {unit(node) for node in pipeline.nodes}
    expected = {
        (task_of[unit(before)], task_of[unit(node)])
        for node, needed in pipeline.node_dependencies.items()
        for before in needed
        if unit(before) != unit(node)
    }
    assert set(re.findall(ARROW, dag.read_text())) == expected


def test_tasks_hand_their_data_over_by_files_alone(project):
    """Two tasks, each in its own process, with the DAG's file alone."""
    dag = dag_file(project, BY_NODE)
    for node in ("data_processing.validate_cohort", "data_processing.split_samples"):
        code = (
            "import sys, types; "
            "sdk = types.ModuleType('airflow.sdk'); "
            "sdk.dag = lambda **_: lambda function: lambda: None; sdk.task = None; "
            "sys.modules |= {'airflow': types.ModuleType('airflow'), 'airflow.sdk': sdk}; "
            f"import runpy; runpy.run_path({str(dag)!r})['_run_kedro_node']([{node!r}])"
        )
        project.kedro("-c", code, program=Path(sys.executable))
    assert project.data("03_primary", "demo", "sample_split.csv").is_file()
