"""``kedro bundle``: one zip of a finished run, safe to open, and of that run alone."""

import hashlib
import json
import re
import resource
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.crates import check_crate
from helpers.small_models import small_model
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.private_names import file_of
from leukemia_kedro.datasets import (
    CSVDataset,
    JSONDataset,
    SkopsDataset,
    TablesDataset,
    TextDataset,
)
from leukemia_kedro.errors import UserError
from leukemia_kedro.pipeline_registry import register_pipelines
from leukemia_kedro.run import bundle as module
from leukemia_kedro.run import node_records
from leukemia_kedro.run.bundle import LEFT_OUT, FinishedRun, bundle
from leukemia_kedro.run.node_records import NodeRecords
from leukemia_kedro.run.record import begin_record, end_record, seal
from leukemia_kedro.run.user_message import user_message

QUALITY = {"origin": "two patients", "simulated": False, "n_samples": 2, "n_probes": 3}
RESULTS = {
    "read": {
        "expression": pd.DataFrame({"P1": [7.25, 8.5, 9.75]}),
        "samples": pd.DataFrame({"sample": ["P1"], "religion": ["none"]}),
        "identity": {"sex": ["P1, of no religion"]},
        "data_quality": QUALITY,
    },
    "rank": {
        "signature": pd.DataFrame({"probe": ["=cmd()", "X"], "score": [-1.5, 2.5]}),
        "contrast_tables": {"急性 – ALL": pd.DataFrame({"probe": ["X"], "t": [-1.5]})},
    },
    "classify": {"champion_model": small_model("weighted_voting")},
    "write": {"report": "<p>All is well"},
    "replicate": {"replication": pd.DataFrame({"study": ["Golub"]})},
}
REPLICATION = Pipeline([Node(lambda _: None, "raw", "replication", name="replicate")])
PIPELINE = Pipeline(
    Node(lambda *_: None, ["raw", "params:seed"], list(made), name=name)
    for name, made in RESULTS.items()
    if name != "replicate"
)
EXPECTED = {
    "README.md",
    "SHA256SUMS",
    "model/card.json",
    "model/champion.skops",
    "parameters.yml",
    "report.html",
    "requirements.txt",
    "ro-crate-metadata.json",
    "run.json",
    "tables/data_quality.json",
    "tables/differential_expression/急性_ALL.csv",
    "tables/differential_expression/names.json",
    "tables/signature.csv",
}
START = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run of the cohort "mine"; ``make(step, minutes)`` makes a step's results again."""
    named = {"__default__": PIPELINE, "replication": REPLICATION}
    monkeypatch.setattr(node_records, "pipelines", named)
    monkeypatch.setattr(module, "pipelines", named)

    def place(layer, name):
        return {"filepath": str(tmp_path / "data" / layer / "mine" / name)}

    catalog = DataCatalog(
        {
            "raw": MemoryDataset([1, 2]),
            "params:seed": MemoryDataset(7),
            "expression": CSVDataset(**place("02_intermediate", "expression.csv")),
            "samples": CSVDataset(**place("02_intermediate", "samples.csv")),
            "identity": JSONDataset(**place("08_reporting", "identity.json")),
            "data_quality": JSONDataset(**place("08_reporting", "data_quality.json")),
            "signature": CSVDataset(**place("04_feature", "signature.csv")),
            "contrast_tables": TablesDataset(**place("08_reporting", "differential_expression")),
            "champion_model": SkopsDataset(**place("06_models", "champion.skops")),
            "report": TextDataset(**place("08_reporting", "report.html")),
            "replication": CSVDataset(**place("08_reporting", "replication.csv")),
            "run_record": JSONDataset(**place("08_reporting", "run.json")),
        }
    )
    records = NodeRecords(catalog, "mine")

    def make(name, minutes):
        (node,) = (node for node in [*PIPELINE.nodes, *REPLICATION.nodes] if node.name == name)
        with records.lock([node]):
            made_with = records.begin(node)
            for output, value in RESULTS[name].items():
                catalog.save(output, value)
            records.end(node, made_with, START + timedelta(minutes=minutes))

    def record(**changes):
        asked = {"env": "mine", "pipeline_names": None, "runner": "", "only_missing_outputs": False}
        begun = begin_record(asked | {"project_path": tmp_path}, PIPELINE, catalog)
        stated = {"started": START.isoformat(), "seconds": 90.0} | changes
        ended = end_record(begun, PIPELINE, records) | stated
        catalog.save("run_record", ended | {"sha256": seal(ended)})

    def finish():
        for minutes, node in enumerate(PIPELINE.nodes):
            make(node.name, minutes)
        record()

    (tmp_path / "requirements.txt").write_text("numpy==0.0.1 \\\n    --hash=sha256:00\n")
    return SimpleNamespace(
        catalog=catalog, project=tmp_path, make=make, record=record, finish=finish,
        records=records, data=tmp_path / "data", zip=lambda: bundle(tmp_path, catalog, "mine")[0],
    )  # fmt: skip


@pytest.fixture
def finished(run):
    run.finish()
    return run


def test_the_zip_holds_the_results_and_nothing_that_was_measured(finished):
    with ZipFile(finished.zip()) as archive:
        assert set(archive.namelist()) == EXPECTED
        everything = b"".join(map(archive.read, archive.namelist()))
        assert b"7.25" not in everything
        assert b"religion" not in everything
        for name in ("report.html", "run.json"):
            written = finished.data / "08_reporting" / "mine" / name
            assert archive.read(name) == written.read_bytes()
        assert json.loads(archive.read("model/card.json"))["classes"]
        assert yaml.safe_load(archive.read("parameters.yml")) == {"seed": 7}


def test_tables_are_safe_in_the_zip_and_stay_as_they_are_in_the_run(finished):
    written = finished.data / "04_feature" / "mine" / "signature.csv"
    with ZipFile(finished.zip()) as archive:
        assert archive.read("tables/signature.csv").split() == [
            b"probe,score", b"'=cmd(),-1.5", b"X,2.5",
        ]  # fmt: skip
    assert written.read_text().split() == ["probe,score", "=cmd(),-1.5", "X,2.5"]


def test_the_description_is_an_ro_crate_that_leaves_authors_and_licence_open(finished):
    with ZipFile(finished.zip()) as archive:
        entities = check_crate(archive)
    root = entities["./"]
    assert root["datePublished"] == "2026-11-28T09:30:00+00:00"
    assert entities[root["license"]["@id"]]["name"] == "Not stated"
    assert "Put your names here" in entities[root["author"]["@id"]]["description"]
    software = entities[entities[root["mentions"]["@id"]]["instrument"]["@id"]]
    assert software["@type"] == "SoftwareApplication"
    assert software["name"] == "leukemia-kedro"
    assert entities[software["author"]["@id"]]["name"] == "leukemia-kedro maintainers"


def test_checksums_are_of_every_file_but_the_description(finished):
    with ZipFile(finished.zip()) as archive:
        lines = archive.read("SHA256SUMS").decode().splitlines()
        stated = {line[66:]: line[:64] for line in lines}
        assert set(stated) == EXPECTED - {"SHA256SUMS", "ro-crate-metadata.json"}
        for name, content in stated.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == content


def test_the_same_run_gives_the_same_bytes_on_any_day(finished):
    first = finished.zip()
    before = first.read_bytes()
    first.unlink()
    assert finished.zip().read_bytes() == before
    with ZipFile(first) as archive:
        assert {each.date_time for each in archive.infolist()} == {(2026, 11, 28, 9, 30, 0)}
        dates = re.findall(rb"\d{4}-\d\d-\d\dT[\d:]*", archive.read("ro-crate-metadata.json"))
    assert set(dates) == {b"2026-11-28T09:30:00", b"2026-11-28T09:31:30"}


def test_the_page_says_how_to_make_the_run_again(finished):
    git = {"commit": "c0ffee", "dirty": True}
    finished.record(git=git)
    with ZipFile(finished.zip()) as archive:
        page = archive.read("README.md").decode()
    assert "git checkout c0ffee\n" in page
    assert "kedro run --env mine\n" in page
    assert "Some files differed from this commit." in page
    assert "the lock file has 0.0.1." in page


def test_a_package_that_the_lock_file_has_in_two_versions_may_be_either(finished):
    numpy = finished.catalog.load("run_record")["versions"]["numpy"]
    lock = f"numpy=={numpy} ; python_version < '3.12' \\\nnumpy==9.9.9 ; python_version >= '3.12'\n"
    (finished.project / "requirements.txt").write_text(lock)
    with ZipFile(finished.zip()) as archive:
        assert b"The run used" not in archive.read("README.md")
        assert archive.read("requirements.txt") == lock.encode()


def test_without_a_lock_file_the_page_says_so(finished):
    (finished.project / "requirements.txt").unlink()
    with ZipFile(finished.zip()) as archive:
        assert "requirements.txt" not in archive.namelist()
        assert b"There was no lock file" in archive.read("README.md")


@pytest.mark.parametrize(("minutes", "is_shown"), [(0, True), (60, False)])
def test_replication_is_in_the_zip_where_the_report_can_show_it(run, minutes, is_shown):
    run.make("replicate", minutes)
    run.finish()
    with ZipFile(run.zip()) as archive:
        assert ("tables/replication.csv" in archive.namelist()) is is_shown


HANDED_ON = {
    "champion", "champion_model", "cohort_figures", "confounding", "contrast_f_test",
    "contrast_figures", "contrast_matrix", "contrast_summary", "contrast_tables",
    "cv_predictions", "data_quality", "de_truth", "design_matrix", "enrichment", "errors",
    "explained_variance", "gene_ranking", "hard_samples", "interactive_cohort_figures",
    "interactive_contrast_figures", "interactive_model_figures", "learning_curve",
    "model_comparison", "model_figures", "model_scores", "permutation_test", "probe_filter",
    "probe_genes", "probes", "projections", "reference_signature", "report", "resampling_plan",
    "sample_split", "sample_weights", "selection_bias", "selection_stability", "shift", "signature",
    "signature_figures", "signature_overlap", "stability_index", "subgroups",
    "test_predictions", "tuning", "variance_prior", "voom_trend",
}  # fmt: skip


def test_it_was_decided_of_each_output_of_a_run_whether_it_is_handed_on():
    """A new one that holds measured values, or facts of each patient, belongs to LEFT_OUT."""
    outputs = register_pipelines()["__default__"].all_outputs()
    left_out = {name for name in outputs if any(fnmatchcase(name, each) for each in LEFT_OUT)}
    assert outputs - left_out == HANDED_ON
    assert all(any(fnmatchcase(name, each) for name in outputs) for each in LEFT_OUT)


# --- refusals -----------------------------------------------------------------------------------

AGAIN = "kedro run --env mine --changed"


def refused(run) -> str:
    """The message; nothing was written."""
    with pytest.raises(UserError) as raised:
        run.zip()
    assert not list(run.data.rglob("*bundle*"))
    return str(raised.value)


def test_without_a_finished_run_the_message_names_the_command(run):
    message = refused(run)
    assert message.startswith("There is no finished run of mine: ")
    assert message.endswith("run.json is missing.\nTo make it: kedro run --env mine")


def test_a_run_of_some_steps_is_not_enough(finished):
    finished.record(pipelines=["reporting"], nodes={"write": {"started": START.isoformat()}})
    message = refused(finished)
    assert "records a run of reporting only; expected a run of all steps" in message
    assert AGAIN in message


def test_a_record_of_the_run_with_any_bit_flipped_is_refused(finished):
    path, rng = file_of(finished.catalog["run_record"]), np.random.default_rng(18)
    sound = path.read_bytes()
    for _ in range(300):
        content = bytearray(sound)
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        try:
            record = json.loads(content)
        except ValueError:
            record = None  # no JSON any more
        if record == json.loads(sound):  # a blank between two keys
            continue
        with pytest.raises((UserError, DatasetError)) as refusal:
            FinishedRun(finished.catalog, "mine")
        assert user_message(refusal.value)


@pytest.mark.parametrize("content", ["[]", "null", '"x"', "{}", '{"sha256": null}'])
def test_a_record_of_the_run_that_is_none_is_refused(finished, content):
    file_of(finished.catalog["run_record"]).write_text(content)
    assert "run.json is not as the run wrote it" in refused(finished)


def test_a_run_with_other_versions_is_refused(finished):
    versions = finished.catalog.load("run_record")["versions"]
    finished.record(versions=versions | {"numpy": "1.0"})
    message = refused(finished)
    assert f"numpy 1.0 (now {versions['numpy']})" in message
    assert AGAIN in message


def test_a_step_that_was_made_again_since_the_report_is_refused(finished):
    finished.make("rank", minutes=90)
    message = refused(finished)
    assert "Results of these steps were not made by the run that " in message
    assert "records: rank." in message
    assert AGAIN in message


def test_a_step_that_was_interrupted_since_is_refused(finished):
    (node,) = (node for node in PIPELINE.nodes if node.name == "rank")
    finished.records.begin(node)
    assert "records: rank." in refused(finished)


@pytest.mark.parametrize(
    "name",
    [
        "04_feature/mine/signature.csv",
        "06_models/mine/champion.skops",
        # Not in the zip, but what is in it was computed from it.
        "02_intermediate/mine/samples.csv",
    ],
)
def test_an_edited_file_is_refused(finished, name):
    path = finished.data / name
    path.write_bytes(path.read_bytes() + b"x")
    message = refused(finished)
    assert message.startswith(f"Not as the run wrote it, so edited or damaged: {path}.")
    assert AGAIN in message


def test_a_missing_file_is_refused(finished):
    path = finished.data / "04_feature" / "mine" / "signature.csv"
    path.unlink()
    assert refused(finished).startswith(f"{path} is missing, and the run wrote it.\n")


def test_a_zip_that_exists_is_never_overwritten(finished):
    place = finished.data / "08_reporting" / "mine" / "mine-bundle.zip"
    place.write_bytes(b"another")
    with pytest.raises(UserError, match="exists, and a bundle is never overwritten") as raised:
        finished.zip()
    assert f'rm "{place}"' in str(raised.value)
    assert place.read_bytes() == b"another"


def test_a_disk_that_takes_no_more_leaves_no_part_of_a_zip(finished):
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # as a full disk, but another number
    try:
        message = refused(finished)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "mine-bundle.zip could not be written: " in message
