"""Gene sets: GMT text, probes to genes, over-representation."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.enrichment import (
    gene_expression,
    gene_weights,
    over_representation,
    parse_gmt,
)


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


class TestGeneExpression:
    expression = pd.DataFrame(
        {"s1": [5.0, 6.0, 1.0, 9.0, 4.0, np.nan], "s2": [7.0, 8.0, 2.0, np.nan, 4.0, 4.0]},
        index=["p1", "p2", "p3", "p4", "p5", "p6"],
    )
    genes = pd.Series({"p6": "B", "p5": None, "p4": " ", "p3": "B", "p2": "A", "p1": "A"})

    def test_the_probe_with_the_highest_mean_or_the_mean_of_the_probes(self):
        highest = gene_expression(self.expression, self.genes, "highest_mean")
        assert list(highest.index) == ["A", "B"]
        np.testing.assert_array_equal(highest, [[6, 8], [np.nan, 4]])
        mean = gene_expression(self.expression, self.genes, "mean")
        np.testing.assert_array_equal(mean, [[5.5, 7.5], [np.nan, 3]])

    def test_the_weights_of_a_gene_are_those_of_its_probe_or_of_mean_variances(self):
        weights = np.arange(1.0, 13).reshape(6, 2)
        highest = gene_weights(weights, self.expression, self.genes, "highest_mean")
        values = self.expression.to_numpy()
        collapsed = gene_expression(self.expression, self.genes, "highest_mean").to_numpy()
        for taken, found in zip(collapsed, highest, strict=True):
            (row,) = np.flatnonzero([np.array_equal(taken, v, equal_nan=True) for v in values])
            np.testing.assert_array_equal(found, weights[row])
        mean = gene_weights(weights, self.expression, self.genes, "mean")
        members = self.genes.reindex(self.expression.index).eq("A").to_numpy()
        np.testing.assert_allclose(mean[0], 1 / (1 / weights[members]).mean(axis=0))

    def test_of_equal_probes_it_is_the_first(self):
        equal = self.expression.assign(s1=[6.0, 8.0, 1, 1, 1, 1], s2=[8.0, 6.0, 1, 1, 1, 1])
        found = gene_expression(equal, self.genes, "highest_mean")
        assert found.loc["A"].tolist() == [6, 8]

    def test_probes_without_any_gene_are_refused(self):
        with pytest.raises(UserError, match="nothing that was tested has a gene"):
            gene_expression(self.expression, self.genes.replace({"A": "", "B": ""}), "mean")


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
        with pytest.raises(UserError, match=r"sets name a, b; tested were A, B, C, D, E …"):
            over_representation(["A"], self.measured, {"lower": ["a", "b"]})
