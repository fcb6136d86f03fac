"""Gene sets: GMT text, probes to genes, over-representation, camera."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import enrichment
from leukemia_kedro.statistics.enrichment import (
    camera_preranked,
    collapse_to_genes,
    over_representation,
    parse_gmt,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "multtest"


class TestParseGmt:
    def test_sets_are_read_in_the_order_of_the_file(self):
        text = "SECOND\thttp://a\tCD33\tMPO\nFIRST\t\tCD19\tCD79A\tCD19\n"
        sets = parse_gmt(text, "sets.gmt")
        assert list(sets) == ["SECOND", "FIRST"]
        assert sets["FIRST"] == {"CD19", "CD79A"}

    def test_what_editors_and_spreadsheets_leave_behind_is_passed_over(self):
        plain = parse_gmt("A\tx\tG1\tG2\nB\ty\tG3\n", "sets.gmt")
        resaved = "\ufeffA\tx\tG1\tG2\t\t\r\n\r\nB\ty\t G3 \t\t\r\n\r\n"
        assert parse_gmt(resaved, "sets.gmt") == plain

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("A\tx\tG1\nB G2 G3\n", r"sets\.gmt, line 2: expected .* found 'B G2 G3'"),
            ("A\tx\tG1\n\n\tx\tG2\n", r"sets\.gmt, line 3: expected"),
            ("A\tx\tG1\nB\tx\n", r"sets\.gmt, line 2: the gene set 'B' holds no gene"),
            ("A\tx\t\t\n", r"sets\.gmt, line 1: the gene set 'A' holds no gene"),
            ("A\tx\tG1\nA\ty\tG2\n", r"sets\.gmt, line 2: a second gene set is named 'A'"),
            ("\n \n", r"sets\.gmt holds no gene set"),
        ],
    )
    def test_a_fault_is_named_with_its_line(self, text, message):
        with pytest.raises(UserError, match=message):
            parse_gmt(text, "sets.gmt")


class TestCollapseToGenes:
    t = pd.Series({"p1": 2.0, "p2": -3.0, "p3": 1.0, "p4": np.nan, "p5": 9.0, "p6": 8.0})
    genes = pd.Series({"p6": " ", "p5": None, "p4": "A", "p3": "B", "p2": "A", "p1": "A"})

    def test_the_mean_or_the_probe_with_the_largest_absolute_value_the_first_of_equals(self):
        assert collapse_to_genes(self.t, self.genes, "mean").to_dict() == {"A": -0.5, "B": 1.0}
        assert collapse_to_genes(self.t, self.genes, "max_abs").to_dict() == {"A": -3.0, "B": 1.0}
        equal = self.t.replace(2.0, 3.0)
        assert collapse_to_genes(equal, self.genes, "max_abs")["A"] == 3

    def test_probes_without_any_gene_are_refused(self):
        with pytest.raises(UserError, match="no tested probe has a gene"):
            collapse_to_genes(self.t, pd.Series(np.nan, index=self.t.index), "mean")


class TestOverRepresentation:
    measured = tuple("ABCDEFGH")

    def test_p_is_the_share_of_all_selections_with_as_large_an_overlap(self):
        sets = {"abc": ["A", "B", "C", "not measured"], "gh": ["G", "H"]}
        table = over_representation(["A", "B", "D"], self.measured, sets)
        selections = list(combinations(self.measured, 3))
        for name, genes in sets.items():
            overlaps = np.array([len(set(genes) & set(s)) for s in selections])
            row = table.loc[name]
            assert row["PValue"] == pytest.approx(np.mean(overlaps >= row["Overlap"]))
            assert row["Expected"] == pytest.approx(overlaps.mean())
        assert list(table.index) == ["abc", "gh"]
        assert list(table["NGenes"]) == [3, 2]
        assert table.loc["abc", "Genes"] == "A B"

    def test_p_is_that_of_fishers_one_sided_test(self):
        measured = [f"G{i}" for i in range(200)]
        table = over_representation(measured[:40], measured, {"set": measured[25:75]})
        expected = stats.fisher_exact([[15, 35], [25, 125]], alternative="greater").pvalue
        assert table.loc["set", "PValue"] == pytest.approx(expected, rel=1e-12)

    def test_a_set_without_measured_genes_is_left_out_and_nothing_selected_is_no_evidence(self):
        table = over_representation([], self.measured, {"none": ["Z"], "some": ["A", "B"]})
        assert list(table.index) == ["some"]
        assert table.loc["some", "PValue"] == 1

    def test_names_that_do_not_match_are_shown_from_both_sides(self):
        with pytest.raises(UserError, match=r"sets name a, b; the cohort has A, B, C, D, E …"):
            over_representation(["A"], self.measured, {"lower": ["a", "b"]})


class TestCameraPreranked:
    statistic = pd.read_csv(GOLDEN / "camera.statistic.csv", index_col="gene")["statistic"]

    def test_it_is_cameraPR_of_limma(self):
        sets = parse_gmt((GOLDEN / "camera.gmt").read_text(), "camera.gmt")
        expected = pd.read_csv(GOLDEN / "camera.csv", index_col="gene_set")
        table = camera_preranked(self.statistic, sets)
        assert table["PValue"].is_monotonic_increasing
        table = table.loc[expected.index]
        # R's tail probabilities are good to about 1e-12.
        pd.testing.assert_frame_equal(table, expected, check_dtype=False, rtol=1e-11, atol=0)

    def test_without_correlation_it_is_students_t_test(self, monkeypatch):
        monkeypatch.setattr(enrichment, "INTER_GENE_CORRELATION", 0)
        inside = self.statistic.index[30:60]
        table = camera_preranked(self.statistic, {"set": inside})
        expected = stats.ttest_ind(self.statistic[inside], self.statistic.drop(inside)).pvalue
        assert table.loc["set", "PValue"] == pytest.approx(expected, rel=1e-12)

    def test_turning_the_statistic_round_turns_the_direction(self):
        sets = {"up": self.statistic.index[:15]}
        up, down = camera_preranked(self.statistic, sets), camera_preranked(-self.statistic, sets)
        assert (up.loc["up", "Direction"], down.loc["up", "Direction"]) == ("Up", "Down")
        assert up.loc["up", "PValue"] == pytest.approx(down.loc["up", "PValue"])

    def test_a_set_of_all_genes_has_nothing_to_be_compared_with(self):
        genes = self.statistic.index
        table = camera_preranked(self.statistic, {"all": genes, "some": genes[:9]})
        assert np.isnan(table.loc["all", "PValue"])
        assert table.loc["all", "Direction"] == ""
        assert table.loc["some", "FDR"] == table.loc["some", "PValue"]

    def test_what_cannot_be_tested_is_refused(self):
        with pytest.raises(UserError, match="no gene of the gene sets was measured"):
            camera_preranked(self.statistic, {"set": ["X"]})
        with pytest.raises(UserError, match="at least 3 genes with a statistic; found 2"):
            camera_preranked(self.statistic[:2], {"set": ["G001"]})
