"""The bundle of a real run: every result, nothing measured, and a description of every file."""

import re
import subprocess
from zipfile import ZipFile

import pandas as pd
import pytest
from helpers.crates import check_crate
from helpers.project_copy import KEDRO, PROJECT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(demo, tmp_path_factory):
    project = demo.duplicate(tmp_path_factory.mktemp("bundled") / "project")
    project.said = project.kedro("bundle", "--env", "demo").stdout
    return project


@pytest.fixture(scope="module")
def files(project) -> dict[str, bytes]:
    with ZipFile(project.data("08_reporting", "demo", "demo-bundle.zip")) as archive:
        check_crate(archive)
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_tables_records_and_figures_of_the_report_are_in_it(project, files):
    folder = project.data("08_reporting", "demo")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        of_patients = name == "identity.json"
        if path.is_file() and name[0] != "." and path.suffix != ".zip" and not of_patients:
            at_top = name.startswith("figures/") or name in ("report.html", "run.json")
            assert (name if at_top else f"tables/{name}") in files, name
    assert f"{len(files)} files" in project.said


def test_the_joint_tables_hold_every_model(project, files):
    folder = project.data("07_model_output", "demo")
    for kind in ("cv_predictions", "test_predictions", "tuning"):
        joint = (folder / f"{kind}.csv").read_bytes()
        assert files[f"tables/{kind}.csv"] == joint  # no cell of it looks like a formula
        for path in (folder / kind).glob("*.csv"):
            assert len(path.read_text().splitlines()) == 1 or path.stem.encode() in joint


def test_measured_values_and_covariates_are_not_in_it(project, files):
    for name in files:
        assert not name.endswith((".parquet", "/samples.csv", "/identity.json")), name
    samples = pd.read_csv(project.data("02_intermediate", "demo", "samples.csv"))
    values = pd.read_parquet(project.data("02_intermediate", "demo", "expression.parquet"))
    for name, content in files.items():
        if name.endswith(".csv"):
            columns = set(content.splitlines()[0].decode().split(","))
            assert not set(values.columns) <= columns, name
            assert not {*samples["sample"]} <= columns, name


def test_no_path_of_this_machine_is_in_it(project, files):
    for name, content in files.items():
        assert str(project.folder).encode() not in content, name


def test_make_sample_gives_the_report_and_the_bundle_of_its_run(demo, tmp_path):
    project = demo.duplicate(tmp_path / "project")
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^sample:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    run, *rest = recipe.replace("$(BIN)", str(KEDRO.parent)).strip().splitlines()
    assert run.endswith("kedro run --env demo")  # as the demo of these tests, with all models
    subprocess.run("\n".join(rest), shell=True, check=True, cwd=project.folder)
    sample = project.folder / "build" / "sample"
    assert {path.name for path in sample.iterdir()} == {"demo-bundle.zip", "demo-report.html"}
    with ZipFile(sample / "demo-bundle.zip") as archive:
        assert archive.read("report.html") == (sample / "demo-report.html").read_bytes()
