"""Who the real patients are, by their expression."""

import pytest

from leukemia_kedro.cohort.annotation import with_genes
from leukemia_kedro.cohort.identity import find_identity, in_words
from leukemia_kedro.datasets import ChipAnnotationDataset, ExpressionTableDataset, GolubDataset
from leukemia_kedro.parameters import CohortParameters

pytestmark = pytest.mark.real_data


def contradicting(found):
    samples = found["sex"]["samples"]
    return {each["sample"]: each["stated"] for each in samples if each["contradiction"]}


def test_the_sex_of_six_of_chiarettis_patients_contradicts_the_sheet(chiaretti_files, hgu95av2):
    """Oron, Jiang & Gentleman (2008) report such errors in this cohort."""
    cohort = ExpressionTableDataset(
        filepath=str(chiaretti_files / "expression.csv.gz"),
        samples="columns",
        sample_sheet={"filepath": str(chiaretti_files / "samples.csv")},
        label="lineage",
    ).load()
    probes = with_genes(cohort.probes, ChipAnnotationDataset(filepath=str(hgu95av2)).load())
    parameters = CohortParameters(scale="log2")
    found = find_identity(cohort.expression.T, cohort.samples, probes, parameters)
    assert contradicting(found) == {
        "22010": "F", "26003": "F", "28024": "F", "19008": "F", "04016": "M", "36002": "M",
    }  # fmt: skip
    assert list(found["sex"]["probes"]) == ["XIST", "RPS4Y1", "DDX3Y", "KDM5D"]
    assert len(in_words(found)) == 2, "no near-duplicate, and nobody who resembles no other"
    # Stated M, and both are expressed: a mixture, or a second X. It does not contradict the sheet.
    (both,) = (each for each in found["sex"]["samples"] if each["sample"] == "43007")
    assert both["y_linked"]
    assert both["xist"]


def test_a_patient_of_golub_is_stated_f_and_expresses_a_y_linked_gene(golub_files):
    cohort = GolubDataset(filepath=str(golub_files)).load()
    parameters = CohortParameters(scale="raw", floor=100)
    found = find_identity(cohort.expression.T, cohort.samples, cohort.probes, parameters)
    assert contradicting(found) == {"18": "F"}
    assert found["sex"]["probes"] == {"RPS4Y1": ["M58459_at"]}
    assert len(in_words(found)) == 1


def test_no_patient_of_armstrong_is_a_near_duplicate(mll_file, hgu95av2):
    cohort = ExpressionTableDataset(filepath=str(mll_file), label="class").load()
    probes = with_genes(cohort.probes, ChipAnnotationDataset(filepath=str(hgu95av2)).load())
    parameters = CohortParameters(scale="raw", floor=100)
    found = find_identity(cohort.expression.T, cohort.samples, probes, parameters)
    assert in_words(found) == []
    # The sheet states no sex; the cells do.
    assert [each["y_linked"] for each in found["sex"]["samples"]].count(True) == 25
