"""Environments: each states its cohort, and a slip of the pen never analyses another one."""

import inspect
import shutil
from pathlib import Path

import pytest
import yaml
from helpers.project_copy import PROJECT, ProjectCopy
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError
from pydantic import BaseModel, ValidationError

from leukemia_kedro import datasets, parameters, settings
from leukemia_kedro.cohort.findings import check_usable
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators.model_pipeline import probe_filter
from leukemia_kedro.parameters import CohortParameters
from leukemia_kedro.run.config_files import ConfigLoader
from leukemia_kedro.run.environment import Environment

TABLE = "sample,class,g1,g2\ns1,ALL,7.5,11\ns2,AML,8,12\n"
FILES = {
    "globals.yml": {"cohort": "mine"},
    "catalog.yml": {
        "raw_cohort": {
            "type": "leukemia_kedro.datasets.ExpressionTableDataset",
            "filepath": "data/01_raw/mine/expression.csv",
            "sample_id": "sample",
            "label": "class",
        }
    },
    "parameters.yml": {"cohort": {"scale": "log2"}},
}
ENVIRONMENTS = sorted(path.parent.name for path in (PROJECT / "conf").glob("*/globals.yml"))
BASE = {
    kind: [
        key
        for path in (PROJECT / "conf/base").glob(f"{kind}*")
        for key in yaml.safe_load(path.read_text())
    ]
    for kind in ("catalog", "parameters")
}
BLOCKS = [
    block
    for block in vars(parameters).values()
    if inspect.isclass(block) and issubclass(block, BaseModel) and block is not BaseModel
]
FIELDS = [(block, field) for block in BLOCKS for field in block.model_fields]


def misspelt(key):
    """The key without a letter from its middle."""
    return key[: len(key) // 2] + key[len(key) // 2 + 1 :]


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A function that writes ``conf/mine``, with changes, and returns the environment."""
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    folder = tmp_path / "data" / "01_raw" / "mine"
    folder.mkdir(parents=True)
    (folder / "expression.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)

    def write(changes=None, env="mine", **loader):
        mine = tmp_path / "conf" / "mine"
        mine.mkdir()
        for name, content in {**FILES, **(changes or {})}.items():
            if content is not None:
                (mine / name).write_text(yaml.safe_dump(content))
        arguments = settings.CONFIG_LOADER_ARGS | loader
        return Environment(ConfigLoader(str(tmp_path / "conf"), env=env, **arguments))

    return write


def refusal(environment):
    with pytest.raises(UserError) as refused:
        environment.refuse_without_cohort()
    return str(refused.value)


def test_eight_lines_are_enough(environment):
    found = environment()
    found.refuse_without_cohort()
    assert found.slips() == []


@pytest.mark.parametrize("env", [None, *ENVIRONMENTS])
def test_the_environments_that_ship_state_their_cohort_and_have_no_slip(env):
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env=env, **settings.CONFIG_LOADER_ARGS)
    found = Environment(loader)
    found.refuse_without_cohort()
    assert found.slips() == []
    assert loader["globals"] == {"cohort": env or "golub"}
    CohortParameters.model_validate(loader["parameters"]["cohort"])


def test_the_base_states_nothing_that_fits_one_cohort_only():
    base = OmegaConfigLoader(str(PROJECT / "conf"), env="base", base_env="base")
    block = yaml.safe_load((PROJECT / "conf/base/parameters_cohort.yml").read_text())["cohort"]
    assert not base["globals"]
    assert "raw_cohort" not in BASE["catalog"]
    assert "scale" not in block
    stated = {**block, **block.pop("filter"), **block.pop("split")}
    kept = {name: value for name, value in stated.items() if value is not None}
    of_counts = {"min_count", "min_total_count", "prior_count"}
    assert kept.keys() - of_counts == {
        "name", "filter", "split", "standardise_arrays", "drop_controls",
    }  # fmt: skip
    selection = yaml.safe_load((PROJECT / "conf/base/parameters_feature_selection.yml").read_text())
    assert selection["feature_selection"]["signature"]["reference"] is None


@pytest.mark.parametrize("scale", ["raw", "log2"])
def test_the_neutral_filter_drops_controls_only(scale):
    block = yaml.safe_load((PROJECT / "conf/base/parameters_cohort.yml").read_text())["cohort"]
    block |= {"scale": scale} | ({"floor": 1} if scale == "raw" else {})
    cohort = simulate_cohort(n_samples={"ALL": 9, "AML": 9}, n_probes=500, scale=scale, seed=1)
    check_usable(cohort, CohortParameters(**block))
    controls = cohort.probes["is_control"].to_numpy()
    passing = probe_filter(CohortParameters(**block)).fit(cohort.expression).get_support()
    assert controls.any()
    assert passing[~controls].all()


# --- what the environment itself must state -----------------------------------------------------


def test_an_environment_that_is_not_there_is_refused(environment):
    said = refusal(environment(env="mien"))
    assert said == "there is no environment 'mien': conf/mien is no folder; did you mean 'mine'?"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"globals.yml": None}, "conf/mine/globals.yml is missing: each environment names its"),
        ({"globals.yml": {}}, "conf/mine/globals.yml has no key 'cohort'"),
        ({"globals.yml": None, "globals.yaml": {"cohort": "mine"}},
            "conf/mine/globals.yaml is not read: Kedro reads globals.yml, catalog*.yml"),
        ({"globals.yml": {"cohort": 2024}}, 'is a number, not a name; put it in quotes: "2024"'),
        ({"globals.yml": {"cohort": True}}, 'the truth value True, not as a name; put it in quote'),
        ({"globals.yml": {"cohort": "../golub"}}, "cohort is '../golub', which is no plain "),
        ({"globals.yml": {"cohort": ""}}, "cohort is ''; expected the name of a folder"),
        ({"globals.yml": {"cohort": None}}, "cohort is None; expected the name of a folder"),
        ({"catalog.yml": None}, "conf/mine/catalog*.yml has no entry 'raw_cohort'"),
        ({"parameters.yml": None}, "the scale of the values is not stated; expected raw (intens"),
        ({"parameters.yml": {"cohort": {"scale": None}}}, "the scale of the values is not stated"),
        ({"parameters.yml": {"cohort": {"scales": "log2"}}},
            "not stated, but 'scales', which is no parameter; expected raw"),
    ],
)  # fmt: skip
def test_an_environment_that_does_not_state_its_cohort_is_refused(environment, changes, expected):
    assert expected in refusal(environment(changes))


def test_a_scale_that_is_not_stated_comes_with_what_the_data_look_like(environment):
    said = refusal(environment({"parameters.yml": None}))
    assert "Values from 7.5 to 12 look like log2 values" in said
    assert said.endswith("Write into conf/mine/parameters.yml, for example: cohort: {scale: log2}")


def test_counts_of_reads_lead_to_their_scale_or_to_log_cpm(environment, tmp_path):
    table = tmp_path / "data/01_raw/mine/expression.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("sample,class,g1,g2,g3\ns1,ALL,0,1,340\ns2,AML,1,0,95\n", "utf-8")
    said = refusal(environment({"parameters.yml": None}))
    assert "Values from 0 to 340 look like counts of reads: state counts, or give log2" in said
    assert said.endswith("for example: cohort: {scale: counts}")


def test_base_is_no_environment_of_a_cohort(environment):
    said = refusal(environment(env="base"))
    assert said.startswith("conf/base is what all environments share, and describes no cohort;")
    assert " name the environment of a cohort: chiaretti, " in said
    assert "base" not in said.partition("of a cohort:")[2]


def test_a_cohort_stated_in_base_is_nobody_elses(environment, tmp_path):
    (tmp_path / "conf/base/globals.yml").write_text("cohort: golub\n")
    (tmp_path / "conf/base/catalog_raw.yml").write_text("raw_cohort: {type: MemoryDataset}\n")
    assert "conf/mine/globals.yml is missing" in refusal(environment({"globals.yml": None}))
    shutil.rmtree(tmp_path / "conf/mine")
    assert "has no entry 'raw_cohort'" in refusal(environment({"catalog.yml": None}))


def test_entries_in_a_folder_called_catalog_are_read_as_kedro_reads_them(environment, tmp_path):
    (tmp_path / "conf" / "mine" / "catalog").mkdir(parents=True)
    shutil.move(tmp_path / "conf" / "mine", tmp_path / "aside")
    found = environment({"catalog.yml": None})
    shutil.copytree(tmp_path / "aside" / "catalog", tmp_path / "conf" / "mine" / "catalog")
    text = yaml.safe_dump(FILES["catalog.yml"])
    (tmp_path / "conf" / "mine" / "catalog" / "raw.yml").write_text(text)
    found.refuse_without_cohort()


# --- every key misspelt by a letter -------------------------------------------------------------


@pytest.mark.parametrize("position", range(6))
def test_a_misspelt_cohort_is_refused(environment, position):
    key = "cohort"[:position] + "cohort"[position + 1 :]
    said = refusal(environment({"globals.yml": {key: "mine"}}))
    assert said.startswith(f"conf/mine/globals.yml has {key!r}: ")


@pytest.mark.parametrize("position", range(10))
def test_a_misspelt_raw_cohort_is_refused(environment, position):
    key = "raw_cohort"[:position] + "raw_cohort"[position + 1 :]
    said = refusal(environment({"catalog.yml": {key: FILES["catalog.yml"]["raw_cohort"]}}))
    assert said.startswith(f"conf/mine/catalog*.yml has {key!r}, but no entry 'raw_cohort'")


@pytest.mark.parametrize("entry", BASE["catalog"])
def test_another_misspelt_entry_of_the_catalog_is_told(environment, entry):
    wrong = {misspelt(entry): {"type": "MemoryDataset"}}
    found = environment({"catalog.yml": FILES["catalog.yml"] | wrong})
    found.refuse_without_cohort()
    (slip,) = found.slips()
    assert slip == f"no step uses the catalog's {misspelt(entry)!r}; did you mean {entry!r}?"


def test_an_entry_of_the_users_own_is_no_slip(environment):
    own = {"survival_table": {"type": "MemoryDataset"}}
    assert environment({"catalog.yml": FILES["catalog.yml"] | own}).slips() == []


@pytest.mark.parametrize("block", BASE["parameters"])
def test_a_misspelt_block_of_parameters_is_refused(environment, block):
    wrong = FILES["parameters.yml"] | {misspelt(block): {}}
    said = refusal(environment({"parameters.yml": wrong}))
    assert said == f"unknown parameters {misspelt(block)!r}; did you mean {block!r}?"


def test_a_misspelt_block_on_the_command_line_is_refused(environment):
    found = environment(runtime_params={"resamplig": {"folds": 3}})
    assert refusal(found) == "unknown parameters 'resamplig'; did you mean 'resampling'?"


def test_parameters_that_the_catalog_takes_are_known_and_others_are_told(environment):
    found = environment(runtime_params={"new_samples": "x.csv", "colour": "red"})
    found.refuse_without_cohort()
    assert found.slips() == ["no step uses the parameters colour"]


@pytest.mark.parametrize(("block", "field"), FIELDS, ids=lambda one: getattr(one, "__name__", one))
def test_a_misspelt_parameter_is_refused_and_the_right_one_named(block, field):
    with pytest.raises(ValidationError, match=rf"unknown key '{misspelt(field)}': .*{field}"):
        block.model_validate({misspelt(field): None})


TYPES = [
    "CumidaDataset", "ExpressionTableDataset", "GEOSeriesMatrixDataset", "GolubDataset",
    "SimulatedDataset",
]  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_a_misspelt_setting_of_the_raw_cohort_is_refused_before_a_file_is_read(name):
    kind = getattr(datasets, name)
    entry = {"type": f"leukemia_kedro.datasets.{name}"}
    if name != "SimulatedDataset":
        entry["filepath"] = "no/such/file.csv"
    for argument in inspect.signature(kind.__init__).parameters:
        if argument not in ("self", "kwargs", "filepath"):
            wrong = {"raw_cohort": entry | {misspelt(argument) + "x": "value"}}
            with pytest.raises((DatasetError, TypeError), match=misspelt(argument) + "x"):
                DataCatalog.from_config(wrong).get("raw_cohort")


# --- what is told -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"parameter.yml": {}}, "conf/mine/parameter.yml is not read: Kedro reads globals.yml, "),
        ({"params.yml": {}}, "conf/mine/params.yml is not read"),
        ({"parameters.yml.txt": {}}, "conf/mine/parameters.yml.txt is not read"),
        ({"globals.yml": {"cohort": "golub"}},
            "conf/mine/globals.yml names the cohort 'golub', as conf/golub does: "
            "neither can replace the results of the other"),
    ],
)  # fmt: skip
def test_a_slip_is_told(environment, changes, expected):
    (slip,) = environment(changes).slips()
    assert slip.startswith(expected)


def test_files_of_the_former_local_environment_are_told(environment, tmp_path):
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "conf" / "local" / "parameters.yml").write_text("compute: {n_jobs: 1}\n")
    (slip,) = environment().slips()
    assert slip == "conf/local is not read (parameters.yml): move the files to conf/mine"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_the_commands_refuse_before_anything_is_read_or_written(tmp_path, command):
    project = ProjectCopy(tmp_path)
    (tmp_path / "conf" / "mine").mkdir()
    for name, content in FILES.items():
        (tmp_path / "conf" / "mine" / name).write_text(yaml.safe_dump(content))
    catalog = Path(tmp_path / "conf" / "mine" / "catalog.yml")
    catalog.write_text(
        catalog.read_text(encoding="utf-8").replace("raw_cohort", "raw_cohorts"), encoding="utf-8"
    )
    result = project.kedro(command, "--env", "mine", check=False)
    assert result.returncode == 1
    assert "has 'raw_cohorts', but no entry 'raw_cohort'" in result.stderr
    assert "Traceback" not in result.stderr
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.slow
def test_check_prints_slips_and_the_folders_of_a_run(tmp_path):
    project = ProjectCopy(tmp_path)
    (tmp_path / "conf" / "demo" / "param.yml").write_text("seed: 1\n")
    said = project.kedro("check", "--env", "demo").stdout
    assert "Suspicious: conf/demo/param.yml is not read" in said
    folders = "data/02_intermediate/demo, data/03_primary/demo, data/04_feature/demo"
    assert f"A run writes to:             {folders}" in said


@pytest.mark.slow
def test_credentials_of_an_environment_reach_its_catalog(tmp_path):
    project = ProjectCopy(tmp_path)
    mine = tmp_path / "conf" / "mine"
    mine.mkdir()
    entry = {"type": "leukemia_kedro.datasets.ExpressionTableDataset", "sample_id": "sample"}
    entry |= {"filepath": "memory://clinic/x.csv", "label": "class", "credentials": "clinic"}
    files = FILES | {"catalog.yml": {"raw_cohort": entry}, "credentials.yml": {"clinic": {}}}
    for name, content in files.items():
        (mine / name).write_text(yaml.safe_dump(content))
    # The place is empty: the message is that of the dataset, which found its credentials.
    assert "no such file" in project.kedro("check", "--env", "mine", check=False).stderr
    (mine / "credentials.yml").unlink()
    assert "clinic" in project.kedro("check", "--env", "mine", check=False).stderr
