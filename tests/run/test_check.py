"""``kedro check``: every sign and every obstacle told, all at once, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.damaged_cohorts import LOG2, RAW, REFUSED, TOLD, parameters, sound_cohort, with_values
from helpers.small_models import BLOCKS
from kedro.io import DataCatalog, MemoryDataset

from leukemia_kedro.datasets import ChipAnnotationDataset, GMTDataset
from leukemia_kedro.parameters import (
    DifferentialExpressionParameters,
    EnrichmentParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
)
from leukemia_kedro.run.check import check_catalog, check_cohort

PROJECT = Path(__file__).resolve().parents[2]
FIVE_FOLDS = ResamplingParameters(folds=5, repeats=1, inner_folds=3)
SELECTION = FeatureSelectionParameters(criteria=["signal_to_noise"])
PAIRS = DifferentialExpressionParameters()


ONE_MODEL = {"naive_bayes": BLOCKS["naive_bayes"]}


def check(
    cohort,
    block,
    resampling=FIVE_FOLDS,
    selection=SELECTION,
    contrasts=PAIRS,
    models=ONE_MODEL,
    seed=0,
):
    return check_cohort(cohort, parameters(block), resampling, selection, contrasts, models, seed)


def as_pattern(message):
    return r"[\s\S]*?".join(re.escape(part.strip()) for part in message.split("…"))


def test_a_sound_cohort_has_no_obstacle_and_is_described():
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
def test_what_would_stop_a_run_is_told(kind):
    make, block, expected = REFUSED[kind]
    told = check(make(), block).obstacles
    assert any(re.match(as_pattern(expected), line) for line in told), told


@pytest.mark.parametrize("kind", TOLD)
def test_what_looks_odd_is_told_but_stops_nothing(kind):
    make, block, expected = TOLD[kind]
    report = check(make(), block)
    assert report.obstacles == []
    assert any(re.match(as_pattern(expected), line) for line in report.suspicious)


def test_all_obstacles_are_told_at_once():
    def change(values):
        values[4] = 120.0
        values[2, 3] = np.nan

    told = check(with_values(change)(), RAW | {"classes": ["ALL", "CLL"]}).obstacles
    assert len(told) == 3


def test_equal_samples_of_one_group_are_no_surprise():
    make, block, _ = TOLD["one array twice in the training set"]
    cohort = make()
    cohort.samples["patient"] = ["p1"] * 13 + ["p2"] * 9
    grouped = block | {"split": {"method": "given", "group": "patient"}}
    assert check(cohort, grouped).suspicious == []


def test_an_unknown_criterion_is_an_obstacle():
    selection = FeatureSelectionParameters(criteria=["chi2"], signature={"criterion": "chi2"})
    (obstacle,) = check(sound_cohort(), RAW, selection=selection).obstacles
    assert obstacle.startswith("unknown criterion 'chi2'; expected one of anova_f, ")


def test_a_reference_signature_and_contrasts_that_do_not_fit_are_obstacles():
    selection = FeatureSelectionParameters(
        criteria=["signal_to_noise"], signature={"reference": "golub_1999"}
    )
    contrasts = DifferentialExpressionParameters(design="~ label + age")
    told = check(sound_cohort(), RAW, selection=selection, contrasts=contrasts).obstacles
    assert len(told) == 2
    assert "golub_1999" in told[0]
    assert "age" in told[1]


@pytest.mark.parametrize(
    ("models", "seed", "expected"),
    [
        (BLOCKS, 0, r"models\.knn: .*n_neighbors 7 fails on .* 3 samples"),
        (
            {"naive_bayes": BLOCKS["naive_bayes"] | {"max_samples": 5}},
            0,
            r"every model would be left out of this run: naive_bayes \(13 training samples",
        ),
        (
            {"svm_linear": BLOCKS["svm_linear"] | {"search": {"C": [-1]}}},
            0,
            r"models\.svm_linear: search\.C: .* Got -1",
        ),
        ({"svm": {}}, 0, "parameters name the model 'svm', which is not registered"),
        (ONE_MODEL, -1, "seed is -1; expected a whole number from 0"),
    ],
)
def test_models_that_cannot_be_fitted_are_obstacles(models, seed, expected):
    resampling = ResamplingParameters(folds=2, repeats=1, inner_folds=2)
    told = check(sound_cohort(), RAW, resampling, models=models, seed=seed).obstacles
    assert len(told) == 1
    assert re.match(expected, told[0]), told


def test_what_is_dropped_and_grouped_is_described():
    cohort = with_values(lambda values: values.__setitem__((slice(0, 9), 5), np.nan))()
    block = RAW | {
        "missing": {"policy": "impute"},
        "split": {"method": "none", "group": "patient"},
    }
    report = check(cohort, block, ResamplingParameters(folds=3, repeats=1, inner_folds=2))
    assert report.obstacles == []
    assert report.understood["Missing values"] == "9, in 1 probes"
    assert report.understood["Probes that are not dropped"] == "239"
    assert report.understood["Groups"] == "11, by patient"


def check_with_gene_sets(path, text):
    path.write_text(text)
    blocks = {
        "cohort": parameters(RAW),
        "resampling": FIVE_FOLDS,
        "feature_selection": SELECTION,
        "differential_expression": PAIRS,
        "enrichment": EnrichmentParameters(),
        "models": ONE_MODEL,
        "seed": 0,
    }
    catalog = DataCatalog(
        {f"params:{name}": MemoryDataset(block) for name, block in blocks.items()}
    )
    catalog["raw_cohort"] = MemoryDataset(sound_cohort())
    catalog["gene_sets"] = GMTDataset(filepath=str(path))
    catalog["chip_annotation"] = ChipAnnotationDataset(filepath=str(path.with_name("none.chip")))
    return check_catalog(catalog).obstacles


def test_gene_sets_that_cannot_be_read_or_fit_no_gene_are_obstacles(tmp_path):
    path = tmp_path / "sets.gmt"
    probe = sound_cohort().probes.index[0]
    assert check_with_gene_sets(path, f"myeloid\tna\tMPO\t{probe}\n") == []
    (unmatched,) = check_with_gene_sets(path, "myeloid\tna\tMPO\tCD33\n")
    assert unmatched.startswith("no gene of the gene sets is among the cohort's")
    (torn,) = check_with_gene_sets(path, f"myeloid\tna\t{probe}\nlymphoid\n")
    assert torn.startswith(f"{path}, line 2: expected name, description and genes")


def test_floor_and_ceiling_of_raw_intensities_are_refused_on_the_log2_scale():
    with pytest.raises(ValueError, match=r"floor 100.* no log2 values; set both to null"):
        parameters(LOG2 | {"floor": 100, "ceiling": 16000})


@pytest.mark.slow
def test_the_command_says_what_it_found_and_what_to_type_next():
    before = os.times().children_user
    said = subprocess.run(
        [Path(sys.executable).with_name("kedro"), "check", "--env", "demo"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
        check=True,
    )
    assert re.search(r"^Samples: +72$", said.stdout, re.MULTILINE)
    assert said.stdout.endswith("Nothing here would stop a run. Next: kedro run --env demo\n")
    assert said.stderr == ""
    # A few seconds on a machine of today, most of them imports; the limit is for a slow one.
    assert os.times().children_user - before < 20
