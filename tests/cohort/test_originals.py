"""A copy of the original differs from a damaged one, and the damage is named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.findings import examine
from leukemia_kedro.cohort.originals import (
    CONTENT,
    GOLUB,
    OriginalContent,
    content_table,
    golub_covariates,
    original_of,
    probes_sha256,
    published_as,
)
from leukemia_kedro.datasets import GolubDataset
from leukemia_kedro.parameters import CohortParameters

N_SAMPLES, N_PROBES = 5, 12
RAW = CohortParameters(scale="raw", floor=100)


def cohort_of(values: np.ndarray, labels=("A", "A", "B", "B", "B")) -> Cohort:
    samples = pd.Index([f"s{i}" for i in range(1, len(values) + 1)], name="sample")
    probes = pd.Index([f"p{i:02d}_at" for i in range(values.shape[1])], name="probe")
    return Cohort(
        pd.DataFrame(values.astype(float), index=samples, columns=probes),
        pd.DataFrame({"label": labels}, index=samples),
        pd.DataFrame({"description": "", "is_control": False}, index=probes),
        origin="made in a test",
    )


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).integers(-300, 70_000, (N_SAMPLES, N_PROBES)) / 10


@pytest.fixture
def original(values, tmp_path) -> OriginalContent:
    return content_of(cohort_of(values), tmp_path / "original.csv")


def content_of(cohort: Cohort, path) -> OriginalContent:
    content_table(cohort, 10).to_csv(path)
    n_probes, sha256 = len(cohort.probes), probes_sha256(cohort)
    return OriginalContent("Made 2026", "made", path, n_probes, sha256, fractions=10)


def test_the_same_cohort_in_any_order_has_no_difference(original, values):
    cohort = cohort_of(values)
    assert original.difference(cohort) is None
    tables = cohort.expression.iloc[::-1, ::-1], cohort.samples.iloc[::-1], cohort.probes.iloc[::-1]
    assert original.difference(Cohort(*tables, origin="")) is None


@given(
    row=st.integers(0, N_SAMPLES - 1),
    column=st.integers(0, N_PROBES - 1),
    change=st.integers(-99_999, 99_999).filter(bool),
)
def test_a_single_changed_value_is_found_and_the_original_value_named(
    tmp_path_factory, row, column, change
):
    values = np.random.default_rng(0).integers(-300, 70_000, (N_SAMPLES, N_PROBES)).astype(float)
    original = content_of(cohort_of(values), tmp_path_factory.mktemp("o") / "original.csv")
    damaged = values.copy()
    damaged[row, column] += change
    assert original.difference(cohort_of(damaged)) == (
        f"sample s{row + 1}, probe p{column:02d}_at: {damaged[row, column]:.12g} "
        f"where the original has {values[row, column]:.12g}"
    )


@pytest.mark.parametrize(
    ("cells", "change"), [([1, 7], [30, -12]), ([1, 7], [30, -30]), (4, 1e300)]
)
def test_changes_that_cannot_be_placed_name_the_sample_alone(original, values, cells, change):
    """Several values, values whose changes cancel out, and one that is absurd."""
    values[2, cells] += change
    assert original.difference(cohort_of(values)) == "values of sample s3 differ"


def test_samples_that_changed_places_are_named(original, values):
    expected = "sample s1 holds the values of sample s2 (2 samples differ)"
    assert original.difference(cohort_of(values[[1, 0, 2, 3, 4]])) == expected


def test_a_missing_value_is_a_difference(original, values):
    damaged = values.copy()
    damaged[4, 3] = np.nan
    assert original.difference(cohort_of(damaged)) == (
        f"sample s5, probe p03_at: nan where the original has {values[4, 3]:.12g}"
    )


def test_a_label_that_differs_is_named(original, values):
    relabelled = cohort_of(values, ("A", "B", "B", "B", "B"))
    expected = "the label of sample s2 is B; in the original it is A"
    assert original.difference(relabelled) == expected


def test_lost_samples_and_probes_are_named(original, values):
    fewer = cohort_of(values[:3], ("A", "A", "B"))
    assert original.difference(fewer) == "it lacks the samples s4, s5"
    assert original.difference(cohort_of(values[:, :10])) == "it has 10 probes, the original 12"


def test_another_probe_name_is_seen(original, values):
    cohort = cohort_of(values)
    names = {"p03_at": "p99_at"}
    tables = cohort.expression.rename(columns=names), cohort.samples, cohort.probes.rename(names)
    assert (
        original.difference(Cohort(*tables, origin=""))
        == "it has probes of other names than the original"
    )


@pytest.mark.real_data
def test_the_stored_golub_content_is_that_of_the_real_files(golub_files):
    found = content_table(GolubDataset(filepath=str(golub_files)).load(), GOLUB.fractions)
    stored = pd.read_csv(CONTENT / "golub.csv", dtype={"sample": str}, keep_default_na=False)
    pd.testing.assert_frame_equal(found, stored.set_index("sample"))


@pytest.mark.real_data
class TestARealCohortThatIsPublished:
    """Golub's own files, and copies in which a little was changed."""

    @pytest.fixture
    def golub(self, golub_files) -> Cohort:
        return GolubDataset(filepath=str(golub_files)).load()

    @staticmethod
    def oddity(cohort: Cohort) -> str:
        lines = examine(cohort, RAW).oddities
        return next((line for line in lines if "as published" in line), "")

    def test_is_recognised(self, golub):
        assert published_as(golub) == "Golub et al. 1999"
        assert not self.oddity(golub)

    def test_five_changed_labels_are_told(self, golub):
        labels = golub.samples["label"].copy()
        labels.iloc[:5] = "AML"
        changed = replace(golub, samples=golub.samples.assign(label=labels))
        assert published_as(changed) is None
        assert self.oddity(changed) == (
            "this is not the cohort of Golub et al. 1999 as published: the label of sample 1 is "
            "AML; in the original it is ALL (5 samples differ). For a fresh copy: kedro fetch golub"
        )

    def test_one_changed_value_and_a_lacking_probe_are_told(self, golub):
        values = golub.expression.copy()
        values.iloc[3, 7] += 1
        assert "sample 4, probe" in self.oddity(replace(golub, expression=values))
        fewer = replace(golub, expression=values.iloc[:, 1:], probes=golub.probes.iloc[1:])
        assert "it has 7,128 probes, the original 7,129" in self.oddity(fewer)

    def test_is_recognised_in_a_file_that_does_not_name_it(self, golub):
        anonymous = replace(golub, origin="table.csv")
        assert published_as(anonymous) == "Golub et al. 1999"
        unlike = replace(anonymous, samples=golub.samples.assign(split="train"))
        assert "the split of sample 39 is train; in the original it is test" in self.oddity(unlike)

    def test_logarithms_of_it_in_another_file_are_another_cohort(self, golub):
        log2 = np.log2(golub.expression.clip(lower=100))
        assert original_of(replace(golub, expression=log2, origin="table.csv")) is None

    def test_knows_laboratory_tissue_lineage_fab_and_sex(self, golub):
        known = golub.samples
        train = known[known["split"] == "train"]
        by_laboratory = train.groupby("label")["laboratory"].unique().map(list).to_dict()
        assert by_laboratory == {"ALL": ["DFCI"], "AML": ["CALGB"]}
        assert list(known.columns) == [
            "label", "split", "laboratory", "tissue", "lineage", "fab", "sex",
        ]  # fmt: skip
        assert known["lineage"].value_counts().to_dict() == {"B-cell": 38, "T-cell": 9}

    def test_with_another_label_is_not_taken_for_the_published_patients(self, golub):
        labels = golub.samples[["label"]].replace({"ALL": "AML", "AML": "ALL"})
        assert list(golub_covariates(labels)) == []
