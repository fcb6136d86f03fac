"""Whole runs of differential expression: designs, contrasts, gene sets, and mistakes."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from helpers.project_copy import ProjectCopy
from kedro.framework.project import configure_project, pipelines

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.differential_expression import analysis, gene_sets
from leukemia_kedro.parameters import CohortParameters, EnrichmentParameters
from leukemia_kedro.pipelines.data_processing import nodes as data_processing
from leukemia_kedro.pipelines.differential_expression import nodes as differential_expression

COLUMNS = ["probe", *analysis.COLUMNS]
BOTH = ("--pipelines", "data_processing,differential_expression")
AGAIN = ("--pipelines", "differential_expression")
FEW = "differential_expression.permutations=50"
DESIGN = "differential_expression.design"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> ProjectCopy:
    """The demo cohort up to its contrasts."""
    project = ProjectCopy(tmp_path_factory.mktemp("demo"))
    project.kedro("run", "--env", "demo", *BOTH, "--params", FEW)
    return project


def found(project, name, cohort="demo"):
    return pd.read_csv(project.data("08_reporting", cohort, f"{name}.csv"))


def run_again(project, *parameters, cohort="demo", check=True):
    stated = ",".join([FEW, *parameters])
    result = project.kedro_forked("run", "--env", cohort, *AGAIN, "--params", stated)
    assert not (check and result.returncode), result.stderr
    return result


def test_design_contrasts_and_gene_sets_are_checked_before_anything_that_takes_long():
    configure_project("leukemia_kedro")
    order = [node.name for node in pipelines["__default__"].nodes]
    first = ("plan_contrasts", "name_genes")
    last = max(order.index(f"differential_expression.{name}") for name in first)
    assert last < order.index("feature_selection.rank_genes")
    assert last < min(i for i, name in enumerate(order) if name.endswith(".cross_validate"))


@pytest.mark.slow
def test_the_demo_cohort_gives_every_table(demo):
    table = found(demo, "differential_expression/AML-ALL")
    assert list(table) == COLUMNS
    assert table["P.Value"].is_monotonic_increasing
    (summary,) = found(demo, "contrast_summary").to_dict("records")
    significant = table[table["adj.P.Val"] < 0.05]
    assert summary == {
        "contrast": "AML-ALL",
        "up": (significant["logFC"] > 0).sum(),
        "down": (significant["logFC"] < 0).sum(),
        "not_significant": len(table) - len(significant),
    }
    assert len(found(demo, "contrast_f_test")) == 0
    prior = json.loads(demo.data("08_reporting", "demo", "variance_prior.json").read_text())
    assert prior["contrasts"] == {"AML-ALL": "AML - ALL"}


@pytest.mark.slow
def test_discoveries_in_the_demo_cohort_are_compared_with_the_truth(demo):
    (truth,) = json.loads(demo.data("08_reporting", "demo", "de_truth.json").read_text())
    summary = found(demo, "contrast_summary").iloc[0]
    assert truth["discoveries"] == summary["up"] + summary["down"]
    assert truth["false_discovery_proportion"] == pytest.approx(
        truth["false_discoveries"] / truth["discoveries"], rel=1e-9
    )
    # One cohort scatters about 5 %; tests/differential_expression tests the mean over many.
    assert truth["false_discovery_proportion"] < 0.15
    assert truth["power"] > 0.4


@pytest.mark.slow
def test_true_gene_sets_of_the_demo_cohort_are_found_and_random_ones_are_not(demo):
    sets = found(demo, "enrichment").set_index("gene_set")
    assert set(sets.reset_index()) == set(gene_sets.COLUMNS)
    assert len(sets) == 14
    assert sets.loc["HIGHER_IN_AML", "direction"] == "Up"
    assert sets.loc["HIGHER_IN_ALL", "direction"] == "Down"
    true = sets.loc[["HIGHER_IN_AML", "HIGHER_IN_ALL"]]
    assert true[["camera_fdr", "rotation_fdr"]].max(axis=None) < 1e-3
    assert (true["n_truly_differential"] == true["n_genes"]).all()
    assert sets.loc["HIGHER_IN_AML", "up_fdr"] < 1e-3
    assert sets.loc["HIGHER_IN_ALL", "down_fdr"] < 1e-3
    random = sets[sets.index.str.startswith("RANDOM")]
    assert random[["camera_fdr", "rotation_fdr", "up_fdr", "down_fdr"]].min(axis=None) > 0.2
    coexpressed = sets[sets.index.str.startswith("COEXPRESSED")]
    assert (coexpressed["correlation"] > 0.15).all()
    assert (coexpressed["n_truly_differential"] == 0).all()
    assert coexpressed[["camera_fdr", "rotation_fdr"]].min(axis=None) > 0.2


@pytest.mark.slow
def test_a_covariate_blocks_and_a_threshold_are_parameters(demo):
    before = found(demo, "differential_expression/AML-ALL").set_index("probe")
    run_again(
        demo,
        "differential_expression.design=~ label + batch",
        "differential_expression.contrasts.treated=AML - ALL",
        "differential_expression.contrasts.batch='`batch[T.lab_2]`'",
        "differential_expression.blocks=batch",
        "differential_expression.treat_lfc=0.3",
        "differential_expression.trend=true",
        "differential_expression.robust=true",
        "differential_expression.samples=all",
        "differential_expression.sample_weights=true",
    )
    weights = found(demo, "sample_weights")
    assert list(weights) == ["sample", "library_size", "tmm_factor", "weight"]
    assert np.log(weights["weight"]).sum() == pytest.approx(0, abs=1e-9)
    assert len(found(demo, "voom_trend")) == 0
    prior = json.loads(demo.data("08_reporting", "demo", "variance_prior.json").read_text())
    assert prior["sample_weights"] is True
    design = found(demo, "design_matrix")
    assert list(design) == ["sample", "Intercept", "label[T.AML]", "batch[T.lab_2]"]
    assert len(design) == 72
    contrasts = found(demo, "contrast_matrix").set_index("coefficient")
    assert contrasts["treated"].tolist() == [0, 1, 0]
    table = found(demo, "differential_expression/treated").set_index("probe")
    assert table["B"].isna().all()
    assert table["maxT_p"].notna().all()
    assert not np.allclose(table["logFC"], before.loc[table.index, "logFC"])
    assert found(demo, "differential_expression/batch")["maxT_p"].isna().all()
    assert found(demo, "contrast_summary")["contrast"].tolist() == ["treated", "batch"]
    truth = json.loads(demo.data("08_reporting", "demo", "de_truth.json").read_text())
    assert [record["contrast"] for record in truth] == ["treated"]


@pytest.mark.slow
def test_counts_of_patients_measured_twice_have_voom_and_a_correlation(tmp_path):
    project = ProjectCopy(tmp_path)
    project.kedro("run", "--env", "counts", *BOTH, "--params", FEW)
    folder = project.data("08_reporting", "counts")
    prior = json.loads((folder / "variance_prior.json").read_text())
    assert (prior["voom"], prior["random_block"]) == (True, "patient")
    # Simulated with 0.6, of which the noise of counting takes some.
    assert 0.45 < prior["block_correlation"] < 0.65
    trend = found(project, "voom_trend", "counts").sort_values("mean_log_count")
    assert len(trend) == prior["n_probes"]
    few_reads, many_reads = trend["fitted"].iloc[[len(trend) // 10, -len(trend) // 10]]
    assert few_reads > 1.1 * many_reads
    sizes = found(project, "sample_weights", "counts")["library_size"]
    assert sizes.max() > 5 * sizes.min()
    (truth,) = json.loads((folder / "de_truth.json").read_text())
    # One cohort scatters about 5 %; tests/differential_expression tests the mean over many.
    assert truth["false_discovery_proportion"] < 0.1
    assert truth["power"] > 0.9


def test_gene_sets_may_name_genes_that_a_chip_annotation_knows():
    cohort = simulate_cohort(n_samples={"ALL": 6, "AML": 6}, n_probes=40, seed=1)
    # Two probes to a gene: GENE0 is the first two, and so on.
    symbols = [f"GENE{i // 2}" for i in range(40)]
    chip = pd.DataFrame({"symbol": symbols, "title": ""}, cohort.probes.index)
    parameters = CohortParameters(scale="raw", floor=100)
    _, _, probes = data_processing.validate_cohort(cohort, chip, parameters)
    sets = {"UP": frozenset({"GENE3", "GENE7"})}
    genes = differential_expression.name_genes(probes, sets, EnrichmentParameters())
    assert genes["gene"].tolist() == symbols


@pytest.mark.slow
def test_without_gene_sets_one_line_is_logged(demo):
    given = demo.folder / "conf" / "demo" / "gene_sets.gmt"
    aside = given.rename(given.with_suffix(".aside"))
    try:
        said = run_again(demo)
    finally:
        aside.rename(given)
    assert said.stdout.count("No gene sets were given") == 1
    assert list(found(demo, "enrichment")) == list(gene_sets.COLUMNS)
    assert len(found(demo, "enrichment")) == 0


MISTAKES = {
    "a contrast of no class": (
        ["differential_expression.contrasts.x=MLL - ALL"],
        "contrast 'MLL - ALL': no class is named MLL; the classes are ALL, AML",
    ),
    "a contrast that cannot name a file": (
        ["differential_expression.contrasts.a/b=AML - ALL"],
        "the contrast name 'a/b' is no file name",
    ),
    "a covariate with a gap": (
        [f"{DESIGN}=~ label + sex"],
        "covariate 'sex' of the design formula '~ label + sex' has no value for the samples s10",
    ),
    "no matching gene": (
        [],
        "no gene of the gene sets is among the cohort's: the sets name CD33, MPO; the cohort has "
        "probe_10, probe_11",
    ),
    "a malformed gene set": (
        [],
        "gene_sets.gmt, line 2: expected name, description and genes separated by tabs; found 'B",
    ),
}
GENE_SETS = {
    "no matching gene": "MYELOID\t\tCD33\tMPO\n",
    "a malformed gene set": "A\t\tprobe_2\nB probe_3\n",
}
AGE, BATCH = np.arange(7.0, 18.0), ["1", "2"] * 5 + ["1"]


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> ProjectCopy:
    """A cohort read from a table, with covariates in a sample sheet."""
    project = ProjectCopy(tmp_path_factory.mktemp("mine"))
    names = pd.Index([f"s{i:02d}" for i in range(1, 12)], name="id")
    values = np.random.default_rng(0).normal(8, 1, (11, 30))
    probes = [f"probe_{i}" for i in range(2, 32)]
    sexes = ["f", "m"] * 4 + ["f", "", "m"]
    sheet = {"diagnosis": ["ALL"] * 6 + ["AML"] * 5, "age": AGE.astype(int), "batch": BATCH}
    raw = project.data("01_raw", "mine")
    raw.mkdir(parents=True)
    pd.DataFrame(values, names, probes).to_csv(raw / "table.csv")
    pd.DataFrame(sheet | {"sex": sexes}, names).to_csv(raw / "patients.csv")
    entry = {
        "type": "leukemia_kedro.datasets.ExpressionTableDataset",
        "filepath": "data/01_raw/mine/table.csv",
        "sample_id": "id",
        "label": "diagnosis",
        "sample_sheet": {"filepath": "data/01_raw/mine/patients.csv"},
    }
    nothing = dict.fromkeys(("floor", "ceiling", "classes"))
    unfiltered = {"min_ratio": None, "min_range": None}
    cohort = {"scale": "log2", "filter": unfiltered, "split": {"method": "none"}, **nothing}
    project.add_environment("mine", entry, cohort=cohort, resampling={"inner_folds": 3})
    project.kedro("run", "--env", "mine", *BOTH, "--params", FEW)
    return project


@pytest.mark.slow
def test_ages_are_a_slope_and_batches_named_by_numbers_are_groups(mine):
    run_again(mine, f"{DESIGN}=~ label + age + batch", cohort="mine")
    design = found(mine, "design_matrix", "mine")
    assert list(design) == ["sample", "Intercept", "label[T.AML]", "age", "batch[T.2]"]
    np.testing.assert_array_equal(design["age"], AGE)
    np.testing.assert_array_equal(design["batch[T.2]"], np.array(BATCH) == "2")


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_in_one_message_before_any_work(mine, mistake):
    parameters, message = MISTAKES[mistake]
    given = mine.data("01_raw", "mine", "gene_sets.gmt")
    given.write_text(GENE_SETS.get(mistake, "A\t\tprobe_2\tprobe_5\n"))
    before = mine.files()
    result = run_again(mine, *parameters, cohort="mine", check=False)
    assert result.returncode != 0
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert "Completed node: differential_expression.compare_classes" not in result.stdout
    changed = {name for name, content in mine.files().items() if before.get(name) != content}
    # The one of the first two nodes that succeeds may have written its output.
    own = {"design_matrix.csv", "contrast_matrix.csv", "probe_genes.csv"}
    assert {name.rpartition("/")[2] for name in changed} <= own


def check_several(project, cohort, n_contrasts):
    summary = found(project, "contrast_summary", cohort)
    f_test = found(project, "contrast_f_test", cohort)
    tables = {
        name: found(project, f"differential_expression/{name}", cohort)
        for name in summary["contrast"]
    }
    assert len(tables) == n_contrasts
    assert set(f_test) >= {*tables, "AveExpr", "F", "P.Value", "adj.P.Val"}
    for row in summary.itertuples():
        table = tables[row.contrast]
        assert list(table) == COLUMNS
        assert row.up + row.down == (table["adj.P.Val"] < 0.05).sum()
        assert len(f_test) == len(table) == row.up + row.down + row.not_significant
    return summary.set_index("contrast"), tables


@pytest.mark.slow
def test_five_classes(project):
    entry = {
        "type": "leukemia_kedro.datasets.SimulatedDataset",
        "n_samples": {"AML": 14, "Bone_Marrow": 9, "Bone_Marrow_CD34": 8, "PB": 12, "PBSC": 11},
        "n_probes": 400,
        "effect_size": 2.0,
        "seed": 5,
    }
    cohort = {"split": {"method": "none"}, "classes": None, "filter": {"min_ratio": 2}}
    project.add_environment("five", entry, cohort=cohort)
    project.kedro("run", "--env", "five", *BOTH, "--params", FEW)
    summary, _ = check_several(project, "five", 10)
    assert (summary[["up", "down"]].sum(axis=1) > 0).all()
    truth = pd.read_json(project.data("08_reporting", "five", "de_truth.json"))
    assert len(truth) == 10
    assert truth["false_discovery_proportion"].mean() < 0.1
    assert truth["power"].mean() > 0.7


@pytest.mark.slow
@pytest.mark.real_data
def test_the_three_classes_of_armstrong(project, mll_file):
    path = project.data("01_raw", "mll", "MLL.csv")
    path.parent.mkdir(parents=True)
    shutil.copy(mll_file, path)
    project.kedro("run", "--env", "mll", *BOTH, "--params", FEW)
    summary, tables = check_several(project, "mll", 3)
    # MLL differs less from ALL than from AML (Armstrong et al. 2002).
    assert summary["not_significant"].idxmax() == "MLL-ALL"
    # CD10 (MME, 1389_at) distinguishes ALL from MLL in their figure 2.
    assert "1389_at" in tables["MLL-ALL"]["probe"].head(5).tolist()
