"""What would stop a run: refused before it, and found by ``kedro check`` in the same words."""

import dataclasses
import os
import re

import numpy as np
import pytest
from helpers.damaged_cohorts import (
    COUNTS,
    RAW,
    REFUSED,
    TOLD,
    cohort_of_visits,
    parameters,
    sound_cohort,
    with_values,
)
from helpers.project_copy import ProjectCopy
from helpers.small_models import BLOCKS
from kedro.framework.project import configure_project, pipelines
from kedro.io import DataCatalog, MemoryDataset

from leukemia_kedro.datasets import ChipAnnotationDataset, GMTDataset
from leukemia_kedro.datasets.simulated_counts import simulate_counts
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.parameters import (
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
    FeatureSelectionParameters,
    ReportingParameters,
    ResamplingParameters,
)
from leukemia_kedro.run.check_command import check_catalog
from leukemia_kedro.run.checks import (
    FIRST_NODES,
    LARGEST_SEED,
    check_models,
    check_seed,
    check_some_run,
    checks_of_run,
    refuse,
)

OF_ARRAYS = ("floor", "ceiling", "filter", "missing", "standardise_arrays")
WORDS_OF_ARRAYS = re.compile(r"(?i)(?<![_.-])(probe(?!s\.csv)|\barrays?\b|\bchips?\b|intensit)")

ONE_MODEL = {"naive_bayes": BLOCKS["naive_bayes"]}
HALVES = ResamplingParameters(folds=2, repeats=1, inner_folds=2)
DEFAULTS = {
    "resampling": ResamplingParameters(folds=5, repeats=1, inner_folds=3),
    "feature_selection": FeatureSelectionParameters(criteria=["signal_to_noise"]),
    "differential_expression": DifferentialExpressionParameters(),
    "enrichment": EnrichmentParameters(),
    "models": ONE_MODEL,
    "reporting": ReportingParameters(),
    "compute": ComputeParameters(),
    "seed": 0,
}


@pytest.fixture(autouse=True, scope="module")
def project():
    configure_project("leukemia_kedro")


@pytest.fixture
def catalog_of(tmp_path):
    """A catalog of raw data and parameters: one gene set, of every probe, unless stated."""

    def catalog_of(cohort, block, gene_sets=None, **changes):
        blocks = DEFAULTS | {"cohort": parameters(block)} | changes
        path = tmp_path / "sets.gmt"
        every = "\t".join(cohort.probes.index)
        path.write_text(gene_sets or f"every\tna\t{every}\n", encoding="utf-8")
        data = {
            "raw_cohort": MemoryDataset(cohort),
            "gene_sets": GMTDataset(filepath=str(path)),
            "chip_annotation": ChipAnnotationDataset(filepath=str(tmp_path / "none.chip")),
        }
        return DataCatalog(
            data | {f"params:{name}": MemoryDataset(blocks[name]) for name in blocks}
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
    assert report.understood.items() >= {
        ("Samples", "22"),
        ("Classes", "ALL 12, AML 10"),
        ("Scale", "raw in the parameters; looks like raw intensities"),
        ("Split of the run", "train 13 (ALL 7, AML 6); test 9 (ALL 5, AML 4)"),
    }
    assert 0 < int(report.understood["Probes that pass the filter"]) < 240


def test_long_names_of_classes_are_cut_in_their_middle(check):
    cohort = sound_cohort()
    long = {label: f"{label}{'a' * 300}{label}" for label in ("ALL", "AML")}
    samples = cohort.samples.assign(label=cohort.samples["label"].map(long))
    report = check(dataclasses.replace(cohort, samples=samples), RAW)
    assert re.fullmatch("ALLa+…a+ALL 12, AMLa+…a+AML 10", report.understood["Classes"])
    assert len(report.found) < 200


def test_of_counts_it_finds_genes(check):
    report = check(simulate_counts(n_samples={"ALL": 16, "AML": 14}, n_probes=300), COUNTS)
    assert report.found.endswith("with 300 genes, taken as counts of reads.")
    assert report.understood.items() >= {("Genes", "300"), ("Missing values", "0, in 0 genes")}
    assert 0 < int(report.understood["Genes that pass the filter"]) <= 300
    assert [line for line in report.understood.items() if "probe" in str(line).lower()] == []


@pytest.mark.parametrize("kind", [*REFUSED, *TOLD])
def test_of_counts_no_damage_is_told_in_words_of_arrays(check, kind):
    make, block, _ = (REFUSED | TOLD)[kind]
    cohort = make()
    origin = cohort.origin.replace(", 240 probes", "")  # as its simulation says
    report = check(
        dataclasses.replace(cohort, expression=cohort.expression.round(), origin=origin),
        {name: block[name] for name in block if name not in OF_ARRAYS} | COUNTS,
    )
    said = [report.found, *report.understood.items(), *report.suspicious, *report.obstacles]
    # Whoever has intensities after all is told so.
    told = [str(line) for line in said if not re.search("like raw|to 'raw'", str(line))]
    assert [line for line in told if WORDS_OF_ARRAYS.search(line)] == []


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
    alike = DifferentialExpressionParameters(random_block="patient")
    assert check(cohort, grouped, differential_expression=alike).suspicious == []


@pytest.mark.parametrize(
    ("design", "block", "told"),
    [
        ("~ label", None, True),
        ("~ label", "patient", False),
        ("~ label + patient", None, False),
        ("~ label + outpatient", None, True),
    ],
)
def test_samples_of_one_patient_are_not_taken_as_independent_in_silence(check, design, block, told):
    cohort = cohort_of_visits()
    cohort.samples["patient"] = [f"p{number % 7}" for number in range(22)]
    cohort.samples["outpatient"] = ["yes", "no"] * 11
    grouped = RAW | {"split": {"method": "none", "group": "patient"}}
    asked = DifferentialExpressionParameters(design=design, random_block=block)
    report = check(cohort, grouped, differential_expression=asked, resampling=HALVES)
    words = "differential expression takes 22 samples of 7 patients as independent"
    assert [line.startswith(words) for line in report.suspicious] == [True] * told


@pytest.mark.parametrize(
    ("design", "words", "asked"),
    [
        ("~ label + tray", "label as 2 groups, tray as a slope; 3 parameters, 19 residual", True),
        (
            "~ label + C(tray)",
            "label as 2 groups, C(tray) as 4 groups; 5 parameters, 17 resid",
            False,
        ),
        (
            "~ label + patient",
            "label as 2 groups, patient as 7 groups; 8 parameters, 14 resid",
            False,
        ),
        ("~ label + weight", "label as 2 groups, weight as a slope; 3 parameters, 19 resid", False),
    ],
)
def test_the_design_is_said_in_words_and_numbers_that_may_be_names_are_asked_about(
    check, design, words, asked
):
    cohort = cohort_of_visits()
    numbers = np.arange(22.0)
    cohort.samples["tray"], cohort.samples["weight"] = numbers % 4 + 1, numbers + 0.5
    cohort.samples["patient"] = [f"p{int(number) % 7}" for number in numbers]
    block = RAW | {"split": {"method": "none", "group": "patient"}}
    de = DifferentialExpressionParameters(design=design, random_block="patient")
    report = check(cohort, block, differential_expression=de, resampling=HALVES)
    assert report.understood["Design"].startswith(f"{design}: {words}"), report
    question = (
        f"the design '{design}' takes 'tray' as a slope, and its whole numbers repeat "
        "(1, 2, 3, 4): are they names? If so, write C(tray)"
    )
    assert [line.startswith(question) for line in report.suspicious] == [True] * asked


CHI2 = FeatureSelectionParameters(criteria=["chi2"], signature={"criterion": "chi2"})
GOLUB = FeatureSelectionParameters(
    criteria=["signal_to_noise"], signature={"reference": "golub_1999"}
)
BY_AGE = DifferentialExpressionParameters(design="~ label + age")
BY_TRAY = ReportingParameters(remove_batch="tray")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"feature_selection": CHI2}, ["unknown criterion 'chi2'; expected one of anova_f, "]),
        (
            {"feature_selection": GOLUB, "differential_expression": BY_AGE},
            [".*golub_1999", ".*age"],
        ),
        ({"reporting": BY_TRAY}, ["reporting.remove_batch is 'tray', which is no column of the "]),
        ({"gene_sets": "myeloid\tna\tMPO\n"}, ["no gene of the gene sets is among the cohort's"]),
        ({"gene_sets": "lymphoid\n"}, [r".*sets\.gmt, line 1: expected name, description and gen"]),
    ],
)
def test_parameters_and_gene_sets_that_do_not_fit_are_obstacles(check, changes, expected):
    obstacles = check(sound_cohort(), RAW, **changes).obstacles
    assert len(obstacles) == len(expected)
    assert all(map(re.match, expected, obstacles)), obstacles


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
        ("models", {"knn": BLOCKS["knn"]}, r"models\.knn: .*n_neighbors 7 fails on .* 3 samples"),
        (
            "models",
            {"naive_bayes": FEW},
            r"every model would be left .*: naive_bayes \(13 training",
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
    waiting = refuse(checks_of_run(pipelines["__default__"]), catalog, {})
    assert [check.needs[:2] for check in waiting] == [
        ("params:models", "sample_split"),
        ("training_set", "params:cohort"),
        ("params:reporting", "samples"),
    ]


def test_folds_inner_folds_and_neighbours_are_refused_at_once(check):
    folds = ResamplingParameters(folds=20, repeats=1, inner_folds=18)
    obstacles = check(sound_cohort(), RAW, resampling=folds, models=BLOCKS).obstacles
    told = "\n".join(obstacles)
    assert "resampling.folds" in told
    # Tried on the most folds that can be drawn: fewer would make it worse.
    few = check(sound_cohort(), RAW, resampling=HALVES, models=BLOCKS).obstacles
    assert any("models.knn" in line for line in few)
    unlucky = ResamplingParameters(folds=2, repeats=1, inner_folds=18)
    both = check(sound_cohort(), RAW, resampling=unlucky, models=BLOCKS).obstacles
    assert any("inner_folds" in line for line in both)
    assert any("models.knn" in line for line in both)


def one_varying_sample(values):
    """Every probe varies over all samples, and hardly without the first."""
    values[1:] = 300 + values[1:] / 1e5
    values[0] = 3000 + values[0] / 1e5


def test_a_filter_that_leaves_no_probe_in_a_training_fold_is_refused(check):
    cohort = with_values(one_varying_sample)()
    block = RAW | {"split": {"method": "none"}, "scale_checked": True}
    (line,) = check(cohort, block, resampling=HALVES).obstacles
    assert re.fullmatch(
        r"no probe passes the filter over the \d+ training samples of repeat 1, fold \d"
        r"(, inner fold \d)?; over all 22 training samples 240 of 240 do, some by the samples "
        r"held out there\. Set a smaller "
        r"cohort\.filter\.min_ratio or min_range, or null",
        line,
    )
    assert check(cohort, block | {"filter": {}}, resampling=HALVES).obstacles == []


def test_gene_sets_of_which_no_gene_passes_the_filter_are_refused(check):
    cohort = sound_cohort()
    values = cohort.expression.to_numpy(copy=True)
    values[:, 7] = 200 + np.arange(len(values)) / 10  # hardly varies
    expression = cohort.expression.copy()
    expression[:] = values
    cohort = dataclasses.replace(cohort, expression=expression)
    sets = f"flat\tna\t{cohort.probes.index[7]}\n"
    (line,) = check(cohort, RAW, gene_sets=sets).obstacles
    assert line.startswith("no gene of the gene sets was tested: the sets name"), line


def test_r_in_a_formula_is_no_fault_of_the_program(check):
    for formula, expected in {
        "~ label + as.factor(batch)": "has R's as.factor(batch); write C(batch)",
        "~ label + factor(batch)": "has R's factor(batch); write C(batch)",
        "~ label + my.function(batch)": "names my, which the samples table lacks",
        "~ label + log2(batch)": "cannot be applied to the samples table",
        "~ label + (": "cannot be read",
    }.items():
        design = DifferentialExpressionParameters(design=formula)
        (line,) = check(sound_cohort(), RAW, differential_expression=design).obstacles
        assert expected in line, line


def test_the_first_nodes_need_raw_data_and_parameters_only(catalog_of):
    first = pipelines["__default__"].filter(node_names=FIRST_NODES)
    assert first.inputs() <= set(catalog_of(sound_cohort(), RAW).keys())


def test_what_is_dropped_and_grouped_is_described(check):
    cohort = with_values(lambda values: values.__setitem__((slice(0, 9), 5), np.nan))()
    cohort = dataclasses.replace(cohort, samples=cohort_of_visits().samples)
    block = RAW | {"missing": {"policy": "impute"}, "split": {"method": "none", "group": "patient"}}
    folds = ResamplingParameters(folds=3, repeats=1, inner_folds=2)
    report = check(cohort, block, resampling=folds)
    assert report.obstacles == []
    assert report.understood.items() >= {
        ("Missing values", "9, in 1 probes"),
        ("Probes that are not dropped", "239"),
        ("Groups", "11, by patient"),
    }


@pytest.mark.slow
def test_the_command_prints_what_it_found_and_the_next_command(tmp_path):
    project = ProjectCopy(tmp_path)
    before = os.times().children_user
    result = project.kedro("check", "--env", "demo")
    assert result.stdout.startswith(
        "Found 72 samples (ALL 47, AML 25) with 1,500 probes, taken as raw intensities.\n"
    )
    assert re.search(r"^Samples: +72$", result.stdout, re.MULTILINE)
    assert result.stdout.endswith("Nothing here would stop a run. Next: kedro run --env demo\n")
    assert result.stderr == ""
    # A few seconds on a fast machine, most of them imports; the limit is for a slow one.
    assert os.times().children_user - before < 20


# --- parameters, by themselves -------------------------------------------------------------------


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1, 1.5, "1999", None, True])
def test_a_seed_that_scikit_learn_does_not_take_is_refused(seed):
    with pytest.raises(UserError, match=r"^seed is .*; expected a whole number from 0 to 4294"):
        check_seed(seed)


def test_the_smallest_and_the_largest_seed_will_do():
    check_seed(0)
    check_seed(LARGEST_SEED)


def changed(name, **changes):
    return {name: BLOCKS[name] | changes}


def test_the_models_that_ship_are_sound():
    assert tuple(BLOCKS) == model_names()
    check_models(BLOCKS)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("knn", {"search": {"n_neighbors": [3, 0]}}, r"search\.n_neighbors: .* \[1, inf\).* Got 0"),
        ("knn", {"search": {"n_neighbors": ["seven"]}}, r"search\.n_neighbors: .* Got 'seven'"),
        ("knn", {"search": {"weights": ["near"]}}, r"search\.weights: .*'uniform'"),
        ("knn", {"search": {"k": [3]}}, "search: .* no argument 'k'"),
        ("knn", {"arguments": {"k": 3}}, "arguments of .* unexpected keyword argument 'k'"),
        ("logistic_regression", {"search": {"C": [-1]}}, r"search\.C: .* \(0\.0, inf\]. Got -1"),
        ("decision_tree", {"search": {"random_state": [-4]}}, r"search\.random_state: .* Got -4"),
        ("gradient_boosting", {"arguments": {"subsample": 0.0}}, r"arguments: .* Got 0\.0"),
        ("xgboost", {"search": {"learning_rate": [-1]}}, r"search\.learning_rate: .* Got -1"),
        ("shrunken_centroids", {"arguments": {"cv": 1}}, r"arguments: .* \[2, inf\).* Got 1"),
        (
            "knn",
            {"estimator": "sklearn.svm.SVR", "arguments": {}},
            "SVR is no classifier; expected",
        ),
        ("knn", {"genes": {"criterion": "chi2", "n_genes": [5]}}, "unknown criterion 'chi2'"),
        ("svm_linear", {"estimator": "sklearn.Nothing"}, "cannot import 'sklearn.Nothing'"),
        ("weighted_voting", {"two_classes_only": False}, "set two_classes_only to true"),
    ],
)
def test_what_a_classifier_does_not_take_is_refused_with_its_place(name, changes, expected):
    with pytest.raises(UserError, match=rf"^models\.{name}: .*{expected}"):
        check_models(changed(name, **changes))


def test_a_model_that_is_switched_off_may_be_anything():
    check_models(changed("knn", enabled=False, search={"n_neighbors": [0]}))


def test_a_run_that_leaves_out_every_model_is_refused():
    models = changed("weighted_voting") | changed("naive_bayes", enabled=False)
    models |= changed("knn", enabled=False) | changed("svm_linear", max_samples=30)
    check_some_run(models, n_samples=40, n_classes=2)
    with pytest.raises(UserError) as refused:
        check_some_run(models, n_samples=40, n_classes=3)
    assert str(refused.value) == (
        "every model would be left out of this run: "
        "weighted_voting (defined for two classes only, the cohort has 3); "
        "naive_bayes, knn (switched off by its parameter enabled); "
        "svm_linear (40 training samples, more than its max_samples 30, beyond which it takes too "
        "long).\nUnder models set enabled to true for one that fits, or a larger max_samples"
    )
