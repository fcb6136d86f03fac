"""Gene sets in the tables of the contrasts: names of genes, what counts as up, what comes out."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.datasets.simulated_gene_sets import demo_gene_sets, simulate_gene_sets
from leukemia_kedro.differential_expression.gene_sets import COLUMNS
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import DifferentialExpressionParameters, EnrichmentParameters
from leukemia_kedro.pipelines.differential_expression import nodes
from leukemia_kedro.statistics.enrichment import camera_preranked, parse_gmt

PROJECT = Path(__file__).resolve().parents[2]
MYELOID = {"MYELOID": frozenset({"CD33", "MPO"})}
NO_ANNOTATION = pd.DataFrame(index=pd.Index([], name="probe", dtype=str))


def names_of(probes, chip_annotation, gene_sets, column):
    parameters = EnrichmentParameters(gene_column=column)
    return nodes.name_genes(probes, chip_annotation, gene_sets, parameters)


class TestNamesOfGenes:
    probes = pd.DataFrame(
        {"description": "", "symbol": ["CD33", " MPO ", "", "CD33"], "entrez": [945, 4353, 1, 2]},
        index=pd.Index(["p1", "p2", "p3", "p4"], name="probe"),
    )
    chip = pd.DataFrame({"symbol": ["MPO", "KIT"]}, index=["p3", "p9"])
    holes = probes.assign(entrez=[945, np.nan, 4353, np.nan])

    @pytest.mark.parametrize(
        ("probes", "chip", "gene_sets", "column", "names"),
        [
            (probes, NO_ANNOTATION, {}, None, ["p1", "p2", "p3", "p4"]),
            (probes, NO_ANNOTATION, MYELOID, "symbol", ["CD33", "MPO", "", "CD33"]),
            (probes, chip, MYELOID, "symbol", ["", "", "MPO", ""]),
            (holes, NO_ANNOTATION, {"A": frozenset({"4353"})}, "entrez", ["945", "", "4353", ""]),
        ],
        ids=["the probes themselves", "a column", "the chip annotation's column", "numbers"],
    )
    def test_probes_stand_for_genes(self, probes, chip, gene_sets, column, names):
        genes = names_of(probes, chip, gene_sets, column)
        assert genes["probe"].tolist() == ["p1", "p2", "p3", "p4"]
        assert genes["gene"].tolist() == names

    WRONG = (
        (NO_ANNOTATION, "gene", "'gene', .*no such file.*description, symbol, entrez"),
        (chip, "gene", r"'gene', .*chip_annotation: symbol\).*description, symbol, entrez"),
        (NO_ANNOTATION, None, "sets name CD33, MPO; the cohort has p1, p2, p3, p4 .*gene_column"),
    )

    @pytest.mark.parametrize(("chip", "column", "message"), WRONG)
    def test_a_mistake_lists_the_names_there_are(self, chip, column, message):
        with pytest.raises(UserError, match=message):
            names_of(self.probes, chip, MYELOID, column)


def contrast_table(t, adjusted):
    probes = [f"p{i}" for i in range(len(t))]
    return pd.DataFrame({"probe": probes, "logFC": t, "t": t, "adj.P.Val": adjusted})


# Genes A … F; A has three probes, of which the strongest is down.
T = (2.0, 1.0, -5.0, 4.0, 3.5, 0.2, -0.1, -0.3)
ADJUSTED = (0.04, 0.9, 0.001, 0.002, 0.003, 0.9, 0.9, 0.9)
GENES = pd.DataFrame({"probe": [f"p{i}" for i in range(8)], "gene": list("AAABCDEF")})
SETS = {"ups": frozenset("BC"), "mixed": frozenset("ABD"), "elsewhere": frozenset("XY")}


def enrichment_table(tables, genes, sets, collapse="max_abs", fdr=0.05):
    how, alpha = EnrichmentParameters(collapse=collapse), DifferentialExpressionParameters(fdr=fdr)
    return nodes.test_gene_sets(tables, genes, sets, how, alpha)


class TestEnrichmentTable:
    def table(self, **parameters):
        tables = {"AML-ALL": contrast_table(T, ADJUSTED)}
        return enrichment_table(tables, GENES, SETS, **parameters).set_index("gene_set")

    def test_rows_are_sets_of_which_a_gene_was_tested(self):
        table = self.table()
        assert {"gene_set", *table.columns} == set(COLUMNS)
        assert table["n_genes"].to_dict() == {"ups": 2, "mixed": 3}

    def test_a_gene_is_up_where_its_own_t_is_and_a_probe_of_it_is_significantly_up(self):
        table = self.table()
        assert table.loc["ups", "up_genes"] == "B C"
        # The strongest probe of A is down; that another is up does not count.
        assert table.loc["mixed", ["up_genes", "down_genes"]].tolist() == ["B", "A"]
        # The mean of A's probes is -2/3: the same.
        assert self.table(collapse="mean").loc["mixed", "down_genes"] == "A"
        assert self.table(fdr=0.0025).loc["ups", "up_genes"] == "B"

    def test_p_of_over_representation_is_hypergeometric(self):
        # Six genes, of which B and C are up: both are in the set of two.
        up, down = self.table().loc["ups", ["up_p", "down_p"]]
        assert up == pytest.approx(stats.hypergeom.sf(1, 6, 2, 2), rel=1e-12)
        assert down == 1.0

    def test_camera_is_on_one_t_per_gene(self):
        t = pd.Series([-5.0, 4, 3.5, 0.2, -0.1, -0.3], index=list("ABCDEF"))
        expected = camera_preranked(t, SETS)
        table = self.table()
        assert table["camera_p"].to_dict() == expected["PValue"].to_dict()
        assert table["direction"].to_dict() == expected["Direction"].to_dict()
        t["A"] = np.mean(T[:3])
        by_mean = camera_preranked(t, SETS)["PValue"]
        assert self.table(collapse="mean")["camera_p"].to_dict() == by_mean.to_dict()

    def test_every_contrast_has_its_rows_the_surest_first(self):
        signs = {"AML-ALL": 1, "ALL-AML": -1}
        tables = {name: contrast_table(s * np.array(T), ADJUSTED) for name, s in signs.items()}
        table = enrichment_table(tables, GENES, SETS)
        assert table["contrast"].tolist() == ["AML-ALL"] * 2 + ["ALL-AML"] * 2
        first, second = (table[table["contrast"] == name] for name in tables)
        assert first["camera_p"].is_monotonic_increasing
        assert first["up_genes"].tolist() == second["down_genes"].tolist()

    def test_without_gene_sets_one_line_is_logged(self, caplog):
        caplog.set_level(logging.INFO)
        table = enrichment_table({"AML-ALL": pd.DataFrame()}, GENES, {})
        assert (len(table), list(table)) == (0, list(COLUMNS))
        assert caplog.text.count("No gene sets were given (catalog entry gene_sets)") == 1


class TestSimulatedGeneSets:
    def test_the_file_of_the_demo_cohort_is_the_one_its_truth_gives(self, monkeypatch):
        """If this fails, type what the first lines of simulated_gene_sets.py say."""
        monkeypatch.chdir(PROJECT)
        assert demo_gene_sets() == (PROJECT / "conf/demo/gene_sets.gmt").read_text("utf-8")

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

    def test_random_sets_come_out_no_more_often_than_chance(self):
        """Camera of sets drawn at random from one contrast's genes, 400 times."""
        probes = simulate_cohort(n_samples={"ALL": 2, "AML": 2}, n_probes=600, seed=3).probes
        rng = np.random.default_rng(4)
        t = rng.normal(size=600) + 3 * probes["true_log2_fold_change"].to_numpy()
        table = contrast_table(t, 2 * stats.norm.sf(np.abs(t))).assign(probe=probes.index)
        genes = names_of(probes, NO_ANNOTATION, {}, None)
        drawn = [simulate_gene_sets(probes, n_genes=15, seed=seed) for seed in range(50)]
        tables = {"AML-ALL": table}
        found = pd.concat(enrichment_table(tables, genes, parse_gmt(s, "sets")) for s in drawn)
        random = found["gene_set"].str.startswith("RANDOM_")
        # 400 sets at .05: 99.9 % of the time at most 34; camera allows for correlation and finds
        # fewer still.
        assert (found.loc[random, "camera_p"] < 0.05).sum() <= 34
        assert (found.loc[~random, "camera_fdr"] < 1e-6).all()
        assert (found.loc[~random, ["up_fdr", "down_fdr"]].min(axis=1) < 1e-3).all()
