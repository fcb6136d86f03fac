"""GCT and CLS: the files of GenePattern and GSEA."""

import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import assert_same_cohort, gct_lines, make_cohort
from kedro.io import DatasetError

from leukemia_kedro.cohort.scale import not_counts
from leukemia_kedro.datasets import GCTDataset
from leukemia_kedro.errors import UserError

VALUES = [[1.5, 2.0], [0.1, float("nan")], [3.0, 4.0]]
COHORT = make_cohort(VALUES, ["p3", "p1", "p2"], ["g1", "AFFX-x"], label=["ALL", "AML", "AML"])


@pytest.fixture
def files(tmp_path):
    def write(gct=None, cls="3 2 1\n# ALL AML\n0 1 1\n"):
        (tmp_path / "t.gct").write_text("\n".join(gct or gct_lines(COHORT)), encoding="utf-8")
        (tmp_path / "t.cls").write_text(cls, encoding="utf-8")
        return {"filepath": str(tmp_path / "t.gct"), "cls": str(tmp_path / "t.cls")}

    return write


def test_a_matrix_and_its_classes(files):
    assert_same_cohort(GCTDataset(**files()).load(), COHORT)


@pytest.mark.parametrize(
    "cls",
    [
        "3 2 1\n# ALL AML\nALL AML AML\n",
        "3 2 1\n# AML ALL\nALL AML AML\n",  # names stand for themselves, whatever line 2 lists
        "3 2 1\n# ALL AML\na b b\n",  # the first mark is the first name, as GSEA has it
        "3\t2\t1\r\n#\tALL\tAML\r\n0\t1\t1\r\n",
    ],
)
def test_marks_of_classes(cls, files):
    assert list(GCTDataset(**files(cls=cls)).load().labels) == ["ALL", "AML", "AML"]


def test_version_1_3_holds_what_is_known_of_samples_and_probes(files):
    gct = [
        "#1.3", "2\t3\t2\t2", "id\tsymbol\tDescription\tp3\tp1\tp2",
        "diagnosis\tna\tna\tALL\tAML\tAML",
        "age\tna\tna\t7\tna\t41", "g1\tTP53\ttumour protein\t1.5\t0.1\t3.0",
        "AFFX-x\t\tcontrol\t2.0\tNaN\t4.0",
    ]  # fmt: skip
    entry = files(gct)
    found = GCTDataset(filepath=entry["filepath"], label="diagnosis").load()

    pd.testing.assert_frame_equal(found.expression, COHORT.expression)
    assert list(found.labels) == ["ALL", "AML", "AML"]
    pd.testing.assert_series_equal(
        found.samples["age"], pd.Series([7.0, float("nan"), 41.0], COHORT.samples.index, name="age")
    )
    assert list(found.probes["symbol"]) == ["TP53", ""]
    assert list(found.probes["description"]) == ["tumour protein", "control"]
    with pytest.raises(DatasetError, match="has no row 'class' of sample metadata; it has diagn"):
        GCTDataset(filepath=entry["filepath"], label="class").load()


def test_classes_are_stated_once():
    with pytest.raises(UserError, match="cls and label are stated"):
        GCTDataset(filepath="t.gct", cls="t.cls", label="class")


def test_counts_of_reads_keep_their_whole_numbers(files):
    """As the scale ``counts`` takes them; summary rows are no genes."""
    counts = np.random.default_rng(0).negative_binomial(0.5, 0.001, (3, 60)).astype(float)
    genes = [*(f"ENSG{number:011d}.5" for number in range(59)), "__no_feature"]
    cohort = make_cohort(counts, ["p3", "p1", "p2"], genes)
    found = GCTDataset(**files(gct_lines(cohort))).load()
    np.testing.assert_array_equal(found.expression, counts[:, :-1])
    assert list(found.labels) == ["ALL", "AML", "AML"]
    assert list(not_counts(found.expression.to_numpy(), found.samples.index)) == []
