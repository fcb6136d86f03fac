"""Ids of genes as counting programs write them: summary rows go, versions go where that is safe."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.gene_ids import named_as, without_summary_rows, without_versions
from leukemia_kedro.datasets import ExpressionTableDataset


def probes(*names):
    return pd.DataFrame({"description": ""}, pd.Index(names, name="probe"))


HTSEQ = ["__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned",
         "__alignment_not_unique", "no_feature", "ambiguous"]  # fmt: skip
STAR = ["N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"]


@pytest.mark.parametrize("rows", [HTSEQ, STAR])
def test_rows_that_sum_up_the_reads_of_no_gene_are_left_out(rows):
    table = probes("ENSG00000000003", *rows, "TP53")
    values = np.arange(2.0 * len(table)).reshape(2, -1)
    kept, left, remarks = without_summary_rows(values, table)
    assert list(left.index) == ["ENSG00000000003", "TP53"]
    np.testing.assert_array_equal(kept, values[:, [0, -1]])
    (remark,) = remarks
    assert remark.startswith(f"rows that sum up the reads of no gene are left out: {rows[0]}, ")


def test_genes_with_such_letters_in_their_names_stay():
    table = probes("NUNMAPPED", "N_unmapped2", "ambiguous1", "__x")
    assert without_summary_rows(np.ones((1, 4)), table)[2] == []


def test_versions_go_where_the_id_stays_unique():
    table = probes(
        "ENSG00000000003.15", "ENSMUSG00000000001.5", "ENST00000456328.2", "ENSG00000182378.14",
        "ENSG00000182378.14_PAR_Y", "ENSG00000000005.6", "ENSG00000000005.7", "TP53", "X.5",
    )  # fmt: skip
    left, (remark,) = without_versions(table)
    assert list(left.index) == [
        "ENSG00000000003", "ENSMUSG00000000001", "ENST00000456328", "ENSG00000182378",
        "ENSG00000182378_PAR_Y", "ENSG00000000005.6", "ENSG00000000005.7", "TP53", "X.5",
    ]  # fmt: skip
    assert left.index.name == "probe"
    assert remark == (
        "5 Ensembl ids are read without their version: ENSG00000000003.15 is ENSG00000000003; 2 "
        "keep theirs, because others have the same id"
    )
    assert without_versions(left)[1] == []


def test_names_take_the_version_that_a_model_knows():
    taken = ["ENSG00000000003", "ENSG00000000005.6", "ENSG00000000005.7", "ENSG00000000419.14",
             "ENSG00000182378", "ENSG00000182378_PAR_Y", "TP53"]  # fmt: skip
    found = {
        "ENSG00000000003.15": "ENSG00000000003", "ENSG00000000005.6": "ENSG00000000005.6",
        "ENSG00000000005": "ENSG00000000005",  # the model has two of it
        "ENSG00000000419": "ENSG00000000419.14", "ENSG00000182378.14": "ENSG00000182378",
        "ENSG00000182378.14_PAR_Y": "ENSG00000182378_PAR_Y", "TP53": "TP53", "age": "age",
        "ENSG00000000457.1": "ENSG00000000457.1",
    }  # fmt: skip
    assert list(named_as(pd.Index(found), taken)) == list(found.values())
    twice = ["ENSG00000000003.15", "ENSG00000000003.16"]
    assert list(named_as(pd.Index(twice), taken)) == twice


def test_a_table_of_htseq_is_read_with_remarks(tmp_path):
    file = tmp_path / "htseq.tsv"
    rows = ["gene\ts1\ts2", "ENSG00000000003.15\t12\t0", "ENSG00000000419.14\t7\t30",
            "__no_feature\t900\t800", "__not_aligned\t10\t20"]  # fmt: skip
    file.write_text("\n".join(rows) + "\n")
    cohort = ExpressionTableDataset(filepath=str(file), samples="columns").load()
    assert list(cohort.expression.columns) == ["ENSG00000000003", "ENSG00000000419"]
    assert cohort.expression.loc["s2"].tolist() == [0, 30]
    assert [remark.partition(":")[0] for remark in cohort.remarks][-2:] == [
        "rows that sum up the reads of no gene are left out",
        "2 Ensembl ids are read without their version",
    ]
