"""Gene sets in the tables of the contrasts: names of genes, what counts as up, what comes out."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset
from scipy import stats

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.datasets.simulated_gene_sets import environment_gene_sets, simulate_gene_sets
from leukemia_kedro.differential_expression.gene_sets import COLUMNS
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import DifferentialExpressionParameters, EnrichmentParameters
from leukemia_kedro.pipelines.differential_expression import nodes
from leukemia_kedro.statistics import gene_set_tests
from leukemia_kedro.statistics.enrichment import parse_gmt
from leukemia_kedro.statistics.gene_set_tests import camera, fit_gene_models, rotation_test

PROJECT = Path(__file__).resolve().parents[2]
MYELOID = {"MYELOID": frozenset({"CD33", "MPO"})}


def names_of(probes, gene_sets, column):
    return nodes.name_genes(probes, gene_sets, EnrichmentParameters(gene_column=column))


class TestNamesOfGenes:
    probes = pd.DataFrame(
        {"description": "", "symbol": ["CD33", " MPO ", "", "CD33"], "entrez": [945, 4353, 1, 2]},
        index=pd.Index(["p1", "p2", "p3", "p4"], name="probe"),
    )
    unnamed = probes.drop(columns="symbol")
    holes = probes.assign(entrez=[945, np.nan, 4353, np.nan])
    several = probes.assign(symbol=["KIT /// CD33", "KIT /// PPBP", "---", "CD33 /// MPO"])

    @pytest.mark.parametrize(
        ("probes", "gene_sets", "column", "names"),
        [
            (unnamed, {}, None, ["p1", "p2", "p3", "p4"]),
            (probes, MYELOID, None, ["CD33", "MPO", "", "CD33"]),
            (probes, {"A": frozenset({"p2"})}, "probe", ["p1", "p2", "p3", "p4"]),
            (holes, {"A": frozenset({"4353"})}, "entrez", ["945", "", "4353", ""]),
            (several, MYELOID, None, ["CD33", "KIT", "", "CD33"]),
        ],
        ids=["no symbols", "symbols", "the probes themselves", "numbers", "several genes"],
    )
    def test_probes_stand_for_genes(self, probes, gene_sets, column, names):
        genes = names_of(probes, gene_sets, column)
        assert genes["probe"].tolist() == ["p1", "p2", "p3", "p4"]
        assert genes["gene"].tolist() == names

    WRONG = (
        (probes, "gene", "'gene', .*lacks; it has probe, description, symbol, entrez"),
        (unnamed, None, "sets name CD33, MPO; the cohort has p1, p2, p3, p4 .*gene_column"),
    )

    @pytest.mark.parametrize(("probes", "column", "message"), WRONG)
    def test_a_mistake_lists_the_names_there_are(self, probes, column, message):
        with pytest.raises(UserError, match=message):
            names_of(probes, MYELOID, column)


# Genes A … F of two ALL and two AML; A has three probes, of which the first is the brightest.
GENES = pd.DataFrame({"probe": [f"p{i}" for i in range(8)], "gene": list("AAABCDEF")})
SETS = {"ups": frozenset("BC"), "mixed": frozenset("ABD"), "elsewhere": frozenset("XY")}
CHANGE = np.array([-5.0, 1.0, 2.0, 4.0, 3.5, 0.2, -0.1, -0.3])
ADJUSTED = np.array([0.001, 0.9, 0.04, 0.002, 0.003, 0.9, 0.9, 0.9])
NOISE = np.random.default_rng(2).normal(0, 0.1, (8, 6))
SAMPLES = [f"s{i}" for i in range(6)]
EXPRESSION = pd.DataFrame(
    np.array([12, 8, 7, 6, 6, 6, 6, 6])[:, None] + CHANGE[:, None] * [0, 0, 0, 1, 1, 1] + NOISE,
    GENES["probe"],
    SAMPLES,
)
DESIGN = pd.DataFrame({"ALL": [1.0, 1, 1, 0, 0, 0], "AML": [0.0, 0, 0, 1, 1, 1]}, SAMPLES)
NO_WEIGHTS = {
    "voom_expression": EXPRESSION.iloc[:0],
    "value_weights": EXPRESSION.iloc[:0],
    "sample_weights": pd.DataFrame(columns=["weight"]),
    "error_record": {"voom": False, "random_block": None, "block_correlation": None},
    "samples": pd.DataFrame(index=SAMPLES),
}


def contrast_tables(signs):
    probes = GENES["probe"]
    return {
        name: pd.DataFrame({"probe": probes, "logFC": sign * CHANGE, "adj.P.Val": ADJUSTED})
        for name, sign in signs.items()
    }


def enrichment_table(
    tables=None, sets=SETS, collapse="highest_mean", expression=EXPRESSION, probes=None, fdr=0.05,
    **errors,
):  # fmt: skip
    """Enrichment of AML-ALL and what else ``tables`` names: a contrast and its sign."""
    signs = tables or {"AML-ALL": 1}
    contrasts = pd.DataFrame({name: [-s, s] for name, s in signs.items()}, DESIGN.columns)
    spelt = {name: "AML - ALL" if sign > 0 else "ALL - AML" for name, sign in signs.items()}
    return nodes.test_gene_sets(
        contrast_tables(signs),
        {"contrasts": spelt},
        sets,
        EnrichmentParameters(collapse=collapse),
        DifferentialExpressionParameters(fdr=fdr),
        log_expression=expression,
        design_matrix=DESIGN,
        contrast_matrix=contrasts,
        probe_genes=GENES,
        **NO_WEIGHTS | errors,
        probes=GENES.set_index("probe")[[]].assign(description="") if probes is None else probes,
    )


class TestEnrichmentTable:
    def table(self, **changes):
        return enrichment_table(**changes).set_index("gene_set")

    def test_rows_are_sets_of_which_a_gene_was_tested(self):
        table = self.table()
        assert {"gene_set", *table.columns} == set(COLUMNS)
        assert table["n_genes"].to_dict() == {"ups": 2, "mixed": 3}

    def test_a_gene_is_up_where_its_own_t_is_and_a_probe_of_it_is_significantly_up(self):
        table = self.table()
        assert table.loc["ups", "up_genes"] == "B C"
        # The brightest probe of A is down; that another is up does not count.
        assert table.loc["mixed", ["up_genes", "down_genes"]].tolist() == ["B", "A"]
        # The mean of A's probes is down as well.
        assert self.table(collapse="mean").loc["mixed", "down_genes"] == "A"
        assert self.table(fdr=0.0025).loc["ups", "up_genes"] == "B"

    def test_p_of_over_representation_is_hypergeometric(self):
        # Six genes, of which B and C are up: both are in the set of two.
        up, down = self.table().loc["ups", ["up_p", "down_p"]]
        assert up == pytest.approx(stats.hypergeom.sf(1, 6, 2, 2), rel=1e-12)
        assert down == 1.0

    @pytest.mark.parametrize("collapse", ["highest_mean", "mean"])
    def test_camera_and_rotation_are_on_one_row_of_expression_per_gene(self, collapse):
        of_a = EXPRESSION.iloc[0] if collapse == "highest_mean" else EXPRESSION.iloc[:3].mean()
        values = np.vstack([of_a, EXPRESSION.iloc[3:]])
        rows = pd.DataFrame(values, list("ABCDEF"), SAMPLES)
        contrast = pd.DataFrame({"AML-ALL": [-1, 1]}, DESIGN.columns)
        models = fit_gene_models(rows, DESIGN, contrast)
        table = self.table(collapse=collapse)
        for name, test in {"camera": camera, "rotation": rotation_test}.items():
            expected = test(models, "AML-ALL", SETS).loc[table.index]
            np.testing.assert_allclose(table[f"{name}_p"], expected["PValue"], rtol=1e-12)
            np.testing.assert_allclose(table[f"{name}_fdr"], expected["FDR"], rtol=1e-12)
            direction = "direction" if name == "camera" else "rotation_direction"
            assert table[direction].tolist() == expected["Direction"].tolist()

    def test_every_contrast_has_its_rows_the_surest_first(self):
        signs = {"AML-ALL": 1, "ALL-AML": -1}
        table = enrichment_table(signs)
        assert table["contrast"].tolist() == ["AML-ALL"] * 2 + ["ALL-AML"] * 2
        first, second = (table[table["contrast"] == name] for name in signs)
        assert first["camera_p"].is_monotonic_increasing
        assert first["up_genes"].tolist() == second["down_genes"].tolist()

    def test_the_genes_that_truly_differ_are_counted_where_the_truth_is_known(self):
        assert self.table()["n_truly_differential"].isna().all()
        means = pd.DataFrame({"true_log2_mean_ALL": 6.0}, GENES["probe"])
        # Of gene A one probe differs, of B its own.
        truth = means.assign(true_log2_mean_AML=[6.0, 6, 8, 10, 6, 6, 6, 6])
        differ = self.table(probes=truth)["n_truly_differential"]
        assert differ.to_dict() == {"ups": 1, "mixed": 2}

    def test_without_gene_sets_one_line_is_logged(self, caplog):
        caplog.set_level(logging.INFO)
        table = enrichment_table(sets={})
        assert (len(table), list(table)) == (0, list(COLUMNS))
        assert caplog.text.count("No gene sets were given (catalog entry gene_sets)") == 1


class TestSimulatedGeneSets:
    @pytest.mark.parametrize("environment", ["counts", "demo"])
    def test_the_file_of_an_environment_is_the_one_its_truth_gives(self, environment, monkeypatch):
        """If this fails, type what the first lines of simulated_gene_sets.py say."""
        monkeypatch.chdir(PROJECT)
        shipped = (PROJECT / "conf" / environment / "gene_sets.gmt").read_text("utf-8")
        assert environment_gene_sets(environment) == shipped

    def test_sets_hold_what_their_names_say(self):
        classes = {"ALL": 2, "AML": 2, "MLL": 2}
        probes = simulate_cohort(n_samples=classes, n_probes=2000, seed=3).probes
        sets = parse_gmt(simulate_gene_sets(probes, n_genes=20, seed=1), "sets")
        assert sum(name.startswith("RANDOM_") for name in sets) == 8
        for label in classes:
            members = probes.loc[list(sets[f"HIGHER_IN_{label}"])]
            others = [f"true_log2_mean_{other}" for other in classes if other != label]
            assert len(members) == 20
            assert (members[f"true_log2_mean_{label}"] > members[others].max(axis=1)).all()
        # A tenth of the probes differ: so do some of a random set, as in any other.
        random = probes.loc[list(sets["RANDOM_1"])]
        assert 0 < random["is_differential"].mean() < 0.4
        assert not random["is_control"].any()

    def test_no_gene_of_a_coexpressed_set_differs_and_its_genes_share_a_module(self):
        cohort = simulate_cohort(n_samples={"ALL": 200, "AML": 200}, n_probes=1500, seed=3)
        sets = parse_gmt(simulate_gene_sets(cohort.probes, n_genes=20, seed=1), "sets")
        null = {name: genes for name, genes in sets.items() if name.startswith("COEXPRESSED_")}
        assert len(null) == 4
        log = np.log2(cohort.expression.clip(100, 16000))
        for genes in null.values():
            members = cohort.probes.loc[list(genes)]
            assert not members["is_differential"].any()
            assert len(set(members["module"])) == 1
            pairs = np.corrcoef(log[list(genes)].T)[np.triu_indices(20, 1)]
            # The module is three tenths of the variance, less the scanner's noise.
            assert 0.15 < pairs.mean() < 0.35

    @pytest.mark.slow
    def test_true_sets_are_found_and_coexpressed_ones_no_more_often_than_chance(self):
        """100 cohorts of 38 patients; a random set holds genes that differ, as any other does."""
        found = []
        for seed in range(100):
            cohort = simulate_cohort(
                n_samples={"ALL": 27, "AML": 11}, n_probes=1000, seed=seed, scale="log2"
            )
            sets = parse_gmt(simulate_gene_sets(cohort.probes, n_genes=15, seed=seed), "sets")
            design = pd.get_dummies(cohort.labels).astype(float)
            contrast = pd.DataFrame({"AML-ALL": [-1.0, 1]}, design.columns)
            models = fit_gene_models(cohort.expression.T, design, contrast)
            tables = (test(models, "AML-ALL", sets)["PValue"] for test in (camera, rotation_test))
            found.append(pd.concat(tables, axis=1, keys=["camera", "rotation"]))
        p = pd.concat(found)
        share = (p < 0.05).groupby(p.index.str.replace(r"_.*", "", regex=True)).mean()
        # 400 sets, but four of a cohort share the brightness of its arrays: 5 % and two errors.
        assert (share.loc["COEXPRESSED"] <= 0.08).all()
        # Other genes differ as often as those of a random set: camera's null hypothesis.
        assert share.loc["RANDOM", "camera"] <= 0.06
        assert (share.loc["HIGHER"] > 0.8).all()

    @pytest.mark.slow
    def test_random_labels_of_the_demo_cohort_are_as_the_page_on_gene_sets_says(self, monkeypatch):
        """Camera and rotation 5 %, a fixed correlation of .01 one set in three."""
        configuration = OmegaConfigLoader(str(PROJECT / "conf"), base_env="base", env="demo")
        entry = configuration["catalog"]["raw_cohort"]
        cohort = AbstractDataset.from_config("raw_cohort", entry).load()
        train = cohort.samples["split"] == "train"
        intensity = cohort.expression[train].clip(100, 16000).T
        low, high = intensity.min(axis=1), intensity.max(axis=1)
        log = np.log2(intensity[(high / low > 5) & (high - low > 500)])
        sets = parse_gmt((PROJECT / "conf/demo/gene_sets.gmt").read_text("utf-8"), "sets")
        sets = {name: genes for name, genes in sets.items() if name.startswith("COEXPRESSED_")}
        rng = np.random.default_rng(0)
        found = []
        for _ in range(500):
            labels = pd.Series(rng.permutation(cohort.labels[train]), log.columns)
            design = pd.get_dummies(labels).astype(float)
            contrast = pd.DataFrame({"AML-ALL": [-1.0, 1]}, design.columns)
            models = fit_gene_models(log, design, contrast)
            p = [test(models, "AML-ALL", sets)["PValue"] for test in (camera, rotation_test)]
            with monkeypatch.context() as patch:
                patch.setattr(
                    gene_set_tests, "_variance_inflation", lambda rows: 1 + (len(rows) - 1) * 0.01
                )
                p.append(camera(models, "AML-ALL", sets)["PValue"])
            found.append(p)
        by_camera, by_rotation, by_fixed = (np.array(found) < 0.05).mean(axis=(0, 2))
        # 2,000 p-values, of four sets each: the standard error of 5 % is about half a percent.
        assert by_camera == pytest.approx(0.05, abs=0.01)
        assert by_rotation == pytest.approx(0.05, abs=0.01)
        assert by_fixed == pytest.approx(1 / 3, abs=0.04)
