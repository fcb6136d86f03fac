"""The notebook in a fresh project, with simulated and with real data."""

import shutil
from pathlib import Path

import nbformat
import pytest
from helpers.project_copy import PROJECT, ProjectCopy
from nbclient import NotebookClient

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


def executed(notebook: Path, project: ProjectCopy) -> nbformat.NotebookNode:
    """The notebook run in ``notebooks/`` of the project, where Jupyter starts it."""
    folder = project.folder / "notebooks"
    folder.mkdir()
    cells = nbformat.read(shutil.copy(notebook, folder), as_version=4)
    return NotebookClient(cells, timeout=300, resources={"metadata": {"path": folder}}).execute()


def outputs(notebook: nbformat.NotebookNode) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def printed(notebook: nbformat.NotebookNode, stream: str) -> str:
    """All text that the cells wrote to ``stdout`` or ``stderr``."""
    return "".join(each.text for each in outputs(notebook) if each.get("name") == stream)


def n_figures(notebook: nbformat.NotebookNode) -> int:
    return sum("image/png" in each.get("data", ()) for each in outputs(notebook))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_first_figure_takes_ten_cells():
    assert len(nbformat.read(PROJECT / "notebooks" / "first_figure.ipynb", 4).cells) == 10


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_the_golub_files_it_draws_the_demo_cohort(path, tmp_path):
    project = ProjectCopy(tmp_path)
    notebook = executed(path, project)
    assert n_figures(notebook) == 1
    assert printed(notebook, "stderr") == ""
    assert "WARNING" not in printed(notebook, "stdout")
    assert "sim_" in str(notebook.cells)
    assert (project.folder / "data" / "08_reporting" / "two_genes.png").is_file()


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_with_the_golub_files_it_draws_zyxin(path, tmp_path, golub_files):
    project = ProjectCopy(tmp_path)
    shutil.copytree(golub_files, project.folder / "data" / "01_raw" / "golub")
    notebook = executed(path, project)
    assert n_figures(notebook) == 1
    assert "Zyxin" in str(notebook.cells)
