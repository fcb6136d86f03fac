"""Records of what outputs were made with, and locks: one run at a time writes an output."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.datasets import JSONDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import ComputeParameters, ModelParameters
from leukemia_kedro.pipeline_registry import register_pipelines
from leukemia_kedro.pipelines.external_validation import create_pipeline
from leukemia_kedro.run import node_records
from leukemia_kedro.run.node_records import HOME, NodeRecords


def work(*_):
    return [1]


PIPELINE = Pipeline(
    [
        Node(work, ["raw", "params:compute"], "table", name="tabulate"),
        Node(work, ["table", "params:model"], "scores", name="knn.score"),
        Node(work, ["table"], "figures", name="draw"),
    ]
)
MODEL = {"estimator": "sklearn.svm.SVC", "genes": {"n_genes": [50]}, "reject_below": 0}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(node_records, "pipelines", {"__default__": PIPELINE})


@pytest.fixture
def catalog(tmp_path) -> DataCatalog:
    names = ("raw", "table", "scores", "figures", "run_record")
    files = {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in names}
    files["raw"].save([1, 2])
    compute = MemoryDataset({"n_jobs": 1})
    return DataCatalog(files | {"params:model": MemoryDataset(MODEL), "params:compute": compute})


def run(catalog, pipeline=PIPELINE, environment=None):
    records = NodeRecords(catalog, environment)
    with records.lock(pipeline.nodes):
        for node in pipeline.nodes:
            made_with = records.begin(node)
            catalog.save(node.outputs[0], work())
            records.end(node, made_with, datetime.now(UTC))


def outdated(catalog, pipeline=PIPELINE):
    return sorted(node.name for node in NodeRecords(catalog).outdated(pipeline))


def reasons(catalog):
    return {node.name: why for node, why in NodeRecords(catalog).outdated(PIPELINE).items()}


ALL = ["draw", "knn.score", "tabulate"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("params:model", MODEL | {"reject_below": 0.5}, ["knn.score"]),
        ("params:compute", ComputeParameters(n_jobs=8), []),
        # Kedro types the parameters of the pipelines it runs and leaves the others as they are.
        ("params:model", ModelParameters(**MODEL), []),
    ],
)
def test_a_parameter_concerns_the_nodes_whose_results_depend_on_it(catalog, name, value, expected):
    run(catalog)
    catalog[name] = value
    assert outdated(catalog) == expected


def test_another_input_file_or_version_of_the_software_concerns_every_node(catalog, monkeypatch):
    run(catalog)
    catalog.save("raw", [1, 2, 3])
    assert outdated(catalog) == ALL
    run(catalog)
    monkeypatch.setattr(node_records, "package_versions", lambda: {"numpy": "3.0"})
    assert outdated(catalog) == ALL


def test_what_changed_is_named(catalog, monkeypatch):
    assert reasons(catalog) == {name: [] for name in ALL}  # nothing was made yet
    run(catalog)
    catalog["params:model"] = MODEL | {"reject_below": 0.5}
    assert reasons(catalog) == {"knn.score": ["params:model"]}
    run(catalog)
    catalog.save("raw", [1, 2, 3])
    assert reasons(catalog) == {"tabulate": ["raw"], "knn.score": ["table"], "draw": ["table"]}
    run(catalog)
    monkeypatch.setattr(node_records, "package_versions", lambda: {"numpy": "3.0"})
    assert reasons(catalog)["tabulate"] == ["versions of the software"]


def test_a_changed_line_of_code_concerns_the_nodes_that_run_it(catalog, monkeypatch):
    run(catalog)
    monkeypatch.setattr(node_records, "code_of", lambda function, named: "changed")
    assert reasons(catalog)["draw"] == ["code", "table"]


def test_a_record_of_an_earlier_version_of_the_package_counts_as_none(catalog):
    run(catalog)
    record = NodeRecords(catalog)._path(PIPELINE.nodes[0])
    record.write_text(
        record.read_text().replace(re.search(r"{[^{}]*}", record.read_text())[0], '"4f"', 1)
    )
    assert reasons(catalog)["tabulate"] == []


def test_a_node_that_was_killed_while_it_saved_is_made_again(catalog):
    assert outdated(catalog) == ALL
    run(catalog)
    assert outdated(catalog) == []
    NodeRecords(catalog).begin(PIPELINE.nodes[0])
    assert outdated(catalog) == ["tabulate"]


def test_part_of_a_pipeline_reads_what_its_inputs_were_made_with(catalog):
    run(catalog)
    part = PIPELINE.filter(node_names=["knn.score"])
    assert outdated(catalog, part) == []
    catalog.save("raw", [1, 2, 3])
    run(catalog, PIPELINE.filter(node_names=["tabulate"]))
    assert outdated(catalog, part) == ["knn.score"]


def test_an_input_without_a_record_counts_by_its_content(catalog):
    catalog.save("table", [5])
    part = PIPELINE.filter(node_names=["knn.score"])
    run(catalog, part)
    assert outdated(catalog, part) == []
    catalog.save("table", [6])
    assert outdated(catalog, part) == ["knn.score"]


def flip_one_bit(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_changed_file_is_refused_with_both_ways_out(catalog, tmp_path):
    run(catalog, environment="demo")
    records = NodeRecords(catalog, "demo")
    records.refuse_changed(["raw", "table", "params:model"])
    flip_one_bit(tmp_path / "table.json")
    with pytest.raises(UserError, match=r"table\.json is not as the run wrote it") as refused:
        records.refuse_changed(["raw", "table", "params:model"])
    again, as_it_is = str(refused.value).splitlines()[1:]
    assert again == "To make it again: kedro run --env demo --nodes tabulate"
    Path(as_it_is.partition(": rm ")[2]).unlink()
    records.refuse_changed(["table"])
    # Now the file is an input like any other: other content makes other scores.
    assert outdated(catalog, PIPELINE.filter(node_names=["knn.score"])) == ["knn.score"]


def test_a_changed_file_of_another_cohort_is_refused_with_the_command_for_that_cohort(
    tmp_path, monkeypatch
):
    pipeline = Pipeline([Node(work, "raw", "probes", name="describe")])
    monkeypatch.setattr(node_records, "pipelines", {"__default__": pipeline})

    def of(cohort, home):
        places = {
            "probes": f"02_intermediate/{cohort}/probes.json",
            "home_probes": f"02_intermediate/{home}/probes.json",
            "run_record": f"08_reporting/{cohort}/run.json",
        }
        files = {k: JSONDataset(filepath=str(tmp_path / place)) for k, place in places.items()}
        return DataCatalog(files | {"raw": MemoryDataset([1])})

    run(of("mll", "mll"), pipeline, environment="armstrong")
    records = NodeRecords(of("chiaretti", "mll"), "chiaretti")
    records.refuse_changed(["home_probes"])
    flip_one_bit(tmp_path / "02_intermediate" / "mll" / "probes.json")
    with pytest.raises(UserError, match="kedro run --env armstrong --nodes describe"):
        records.refuse_changed(["home_probes"])


def test_a_named_pipe_is_refused_also_without_a_record_of_what_stood_there(catalog, tmp_path):
    (tmp_path / "table.json").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "table.json")
    with pytest.raises(UserError, match="is a named pipe, a device or a socket"):
        NodeRecords(catalog).refuse_changed(["table", "params:model"])


def test_every_file_of_another_cohort_is_checked():
    made = {
        output for pipeline in register_pipelines().values() for output in pipeline.all_outputs()
    }
    from_home = {name for name in create_pipeline().inputs() if name.startswith("home_")}
    assert HOME.keys() == from_home
    assert made.issuperset(HOME.values())


@pytest.mark.parametrize("content", [b"\xff{}", b"[]", b"null", b'{"outputs"'])
def test_a_damaged_record_is_as_none(catalog, tmp_path, content):
    run(catalog)
    (tmp_path / ".nodes" / "draw.json").write_bytes(content)
    assert outdated(catalog) == ["draw"]


def test_a_changed_output_is_made_again(catalog, tmp_path):
    run(catalog)
    assert NodeRecords(catalog).changed(["raw", "table", "scores", "figures"]) == []
    flip_one_bit(tmp_path / "scores.json")
    (tmp_path / "figures.json").unlink()
    assert NodeRecords(catalog).changed(["raw", "table", "scores", "figures"]) == ["scores"]
    assert outdated(catalog) == ["draw", "knn.score"]


def test_a_second_environment_does_not_overwrite_the_results_of_the_first(catalog):
    run(catalog, environment="one")
    run(catalog, environment="one")
    with pytest.raises(UserError, match=r"results of .* one, and this .* two") as refused:
        run(catalog, environment="two")
    removal = str(refused.value).rpartition(": ")[2]
    assert removal.startswith("rm -r ")
    assert "/0[2-8]_*/" in removal
    with NodeRecords(catalog, "one").lock(PIPELINE.nodes):
        pass  # the refused run holds no lock


def test_a_run_of_very_many_nodes_opens_one_file_and_excludes_every_other(catalog, monkeypatch):
    monkeypatch.setattr(node_records, "MOST_LOCKS", 2)
    records, one = NodeRecords(catalog), PIPELINE.filter(node_names=["draw"]).nodes
    before = psutil.Process().num_fds()
    with records.lock(PIPELINE.nodes):
        assert psutil.Process().num_fds() == before + 1
        with pytest.raises(UserError, match="Another run is writing"):
            records.lock(one)
    with records.lock(one), pytest.raises(UserError, match="Another run is writing"):
        records.lock(PIPELINE.nodes)


def test_one_run_at_a_time_writes_the_outputs_of_a_node(catalog):
    records = NodeRecords(catalog)
    scoring, drawing = (PIPELINE.filter(node_names=[name]).nodes for name in ("knn.score", "draw"))
    with records.lock(scoring):
        with pytest.raises(UserError, match=r"Another run is writing .*knn\.score\.json"):
            records.lock(PIPELINE.nodes)
        with records.lock(drawing):
            pass
    with records.lock(PIPELINE.nodes):
        pass
