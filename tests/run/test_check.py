"""``kedro check`` finds what would stop a run, all at once, in the words of the run itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.damaged_cohorts import RAW, REFUSED, TOLD, parameters, sound_cohort, with_values
from helpers.small_models import BLOCKS
from kedro.framework.project import configure_project, pipelines
from kedro.io import DataCatalog, MemoryDataset

from leukemia_kedro.datasets import ChipAnnotationDataset, GMTDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import (
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.run.check_command import check_catalog
from leukemia_kedro.run.checks import FIRST_NODES, checks_of_run, refuse

PROJECT = Path(__file__).resolve().parents[2]
ONE_MODEL = {"naive_bayes": BLOCKS["naive_bayes"]}
HALVES = ResamplingParameters(folds=2, repeats=1, inner_folds=2)
DEFAULTS = {
    "resampling": ResamplingParameters(folds=5, repeats=1, inner_folds=3),
    "feature_selection": FeatureSelectionParameters(criteria=["signal_to_noise"]),
    "differential_expression": DifferentialExpressionParameters(),
    "enrichment": EnrichmentParameters(),
    "models": ONE_MODEL,
    "compute": ComputeParameters(),
    "seed": 0,
}


@pytest.fixture(autouse=True, scope="module")
def project():
    configure_project("leukemia_kedro")


@pytest.fixture
def catalog_of(tmp_path):
    """A catalog of raw data and parameters: of one gene set, which fits, unless stated."""

    def catalog_of(cohort, block, gene_sets=None, **changes):
        blocks = DEFAULTS | {"cohort": parameters(block)} | changes
        path = tmp_path / "sets.gmt"
        path.write_text(gene_sets or f"myeloid\tna\t{cohort.probes.index[0]}\n")
        chip = str(tmp_path / "none.chip")
        return DataCatalog(
            {f"params:{name}": MemoryDataset(value) for name, value in blocks.items()}
            | {
                "raw_cohort": MemoryDataset(cohort),
                "gene_sets": GMTDataset(filepath=str(path)),
                "chip_annotation": ChipAnnotationDataset(filepath=chip),
            }
        )

    return catalog_of


@pytest.fixture
def check(catalog_of):
    return lambda *args, **changes: check_catalog(catalog_of(*args, **changes))


def as_pattern(message):
    return r"[\s\S]*?".join(re.escape(part.strip()) for part in message.split("…"))


def test_a_sound_cohort_has_no_obstacle_and_is_described(check):
    report = check(sound_cohort(), RAW)
    assert report.obstacles == report.suspicious == []
    assert report.understood["Samples"] == "22"
    assert report.understood["Classes"] == "ALL 12, AML 10"
    assert report.understood["Scale"] == "raw in the parameters; looks like raw intensities"
    assert report.understood["Split of the run"] == (
        "train 13 (ALL 7, AML 6); test 9 (ALL 5, AML 4)"
    )
    assert 0 < int(report.understood["Probes that pass the filter"]) < 240


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_stop_a_run_is_an_obstacle(check, kind):
    make, block, expected = REFUSED[kind]
    obstacles = check(make(), block).obstacles
    assert any(re.match(as_pattern(expected), line) for line in obstacles), obstacles


@pytest.mark.parametrize("kind", TOLD)
def test_what_looks_odd_is_reported_but_stops_nothing(check, kind):
    make, block, expected = TOLD[kind]
    report = check(make(), block)
    assert report.obstacles == []
    assert any(re.match(as_pattern(expected), line) for line in report.suspicious)


def test_all_obstacles_are_reported_at_once(check):
    def change(values):
        values[4] = 120.0
        values[2, 3] = np.nan

    block = RAW | {"classes": ["ALL", "CLL"]}
    obstacles = check(with_values(change)(), block, gene_sets="lymphoid\n").obstacles
    assert len(obstacles) == 4


def test_equal_samples_of_one_group_are_not_suspicious(check):
    make, block, _ = TOLD["one array twice in the training set"]
    cohort = make()
    cohort.samples["patient"] = ["p1"] * 13 + ["p2"] * 9
    grouped = block | {"split": {"method": "given", "group": "patient"}}
    assert check(cohort, grouped).suspicious == []


def test_an_unknown_criterion_is_an_obstacle(check):
    selection = FeatureSelectionParameters(criteria=["chi2"], signature={"criterion": "chi2"})
    (obstacle,) = check(sound_cohort(), RAW, feature_selection=selection).obstacles
    assert obstacle.startswith("unknown criterion 'chi2'; expected one of anova_f, ")


def test_a_reference_signature_and_contrasts_that_do_not_fit_are_obstacles(check):
    selection = FeatureSelectionParameters(
        criteria=["signal_to_noise"], signature={"reference": "golub_1999"}
    )
    contrasts = DifferentialExpressionParameters(design="~ label + age")
    changes = {"feature_selection": selection, "differential_expression": contrasts}
    of_signature, of_contrasts = check(sound_cohort(), RAW, **changes).obstacles
    assert "golub_1999" in of_signature
    assert "age" in of_contrasts


def test_gene_sets_that_cannot_be_read_or_fit_no_gene_are_obstacles(check, tmp_path):
    (unmatched,) = check(sound_cohort(), RAW, gene_sets="myeloid\tna\tMPO\tCD33\n").obstacles
    assert unmatched.startswith("no gene of the gene sets is among the cohort's")
    (torn,) = check(sound_cohort(), RAW, gene_sets="lymphoid\n").obstacles
    assert torn.startswith(f"{tmp_path / 'sets.gmt'}, line 1: expected name, description and genes")


SVM = BLOCKS["svm_linear"] | {"search": {"C": [-1]}}
FEW = BLOCKS["naive_bayes"] | {"max_samples": 5}
NOWHERE = ComputeParameters(backend="dask", scheduler="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("seed", -1, "seed is -1; expected a whole number from 0"),
        ("models", {"svm": {}}, "parameters name the model 'svm', which no pipeline runs"),
        ("models", {"svm_linear": SVM}, r"models\.svm_linear: search\.C: .* Got -1"),
        ("compute", NOWHERE, "compute.scheduler: no Dask scheduler answers"),
        ("models", BLOCKS, r"models\.knn: .*n_neighbors 7 fails on .* 3 samples"),
        (
            "models",
            {"naive_bayes": FEW},
            r"every model would be left out of this run: naive_bayes \(13 training samples",
        ),
    ],
)
def test_a_run_refuses_the_same_in_the_same_words(catalog_of, name, value, expected):
    catalog = catalog_of(sound_cohort(), RAW, **{"resampling": HALVES, name: value})
    (obstacle,) = check_catalog(catalog).obstacles
    assert re.match(expected, obstacle)
    split = sound_cohort().samples[["label", "split"]]
    with pytest.raises(UserError) as refused:
        refuse(checks_of_run(pipelines["__default__"]), catalog, {"sample_split": split})
    assert str(refused.value) == obstacle


def test_a_run_asks_what_needs_the_split_once_it_is_made(catalog_of):
    catalog = catalog_of(sound_cohort(), RAW, resampling=HALVES, models=BLOCKS)
    (waiting,) = refuse(checks_of_run(pipelines["__default__"]), catalog, {})
    assert "sample_split" in waiting.needs


def test_the_first_nodes_need_raw_data_and_parameters_only(catalog_of):
    first = pipelines["__default__"].filter(node_names=FIRST_NODES)
    assert first.inputs() <= set(catalog_of(sound_cohort(), RAW).keys())


def test_what_is_dropped_and_grouped_is_described(check):
    cohort = with_values(lambda values: values.__setitem__((slice(0, 9), 5), np.nan))()
    block = RAW | {"missing": {"policy": "impute"}, "split": {"method": "none", "group": "patient"}}
    folds = ResamplingParameters(folds=3, repeats=1, inner_folds=2)
    report = check(cohort, block, resampling=folds)
    assert report.obstacles == []
    assert report.understood["Missing values"] == "9, in 1 probes"
    assert report.understood["Probes that are not dropped"] == "239"
    assert report.understood["Groups"] == "11, by patient"


@pytest.mark.slow
def test_the_command_prints_what_it_found_and_the_next_command():
    before = os.times().children_user
    result = subprocess.run(
        [Path(sys.executable).with_name("kedro"), "check", "--env", "demo"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
        check=True,
    )
    assert re.search(r"^Samples: +72$", result.stdout, re.MULTILINE)
    assert result.stdout.endswith("Nothing here would stop a run. Next: kedro run --env demo\n")
    assert result.stderr == ""
    # A few seconds on a fast machine, most of them imports; the limit is for a slow one.
    assert os.times().children_user - before < 20
