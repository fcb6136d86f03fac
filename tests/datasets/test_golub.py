"""The Golub files: the same cohort from every copy in circulation."""

import pickle
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from helpers.cohort_files import assert_same_cohort
from helpers.golub_texts import (
    ALL_FORMS,
    LABELS,
    TEST,
    TRAIN,
    golub_texts,
    in_form,
    matrix_rows,
    write,
    write_zip,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import GolubDataset


def load(path: Path | str) -> Cohort:
    return GolubDataset(filepath=str(path)).load()


def small_texts() -> dict[str, str]:
    """With the published file's bare quotes, one of them unbalanced, in both its spellings."""
    texts = golub_texts()
    texts[TRAIN] = texts[TRAIN].replace("gene 1,", 'delta or B" subunit,')
    texts[TEST] = texts[TEST].replace("gene 1,", '"delta or B"" subunit",')
    return texts


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return small_texts()


@pytest.fixture(scope="module")
def published(texts, tmp_path_factory) -> Cohort:
    return load(write(tmp_path_factory.mktemp("published"), texts))


def test_labels_and_values_are_joined_by_patient(published, texts):
    """Patient 4's column is the last of the train file."""
    cells = texts[TRAIN].splitlines()[3].split(",")

    assert list(published.samples.index) == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert list(published.labels) == ["ALL", "AML"] * 4
    assert list(published.samples["split"]) == ["train"] * 5 + ["test"] * 3
    assert published.expression.loc["4", "X00002_at"] == float(cells[-2])
    assert published.expression.loc["5", "X00002_at"] == float(cells[-4])
    assert published.probes.loc["X00007_at", "description"] == "enzyme, alpha; chain"


def rows_as_text(rows: list[list[str]], separator=",") -> str:
    return "\n".join(separator.join(row) for row in rows) + "\n"


def calls_numbered(texts):
    """As pandas renames columns of the same name."""
    changed = dict(texts)
    for name in (TRAIN, TEST):
        rows = matrix_rows(texts[name])
        for i, position in enumerate(range(5, len(rows[0]), 2), start=1):
            rows[0][position] = f"call.{i}"
        changed[name] = rows_as_text(rows)
    return changed


def every_cell_quoted(texts):
    changed = {}
    for name, text in texts.items():
        rows = matrix_rows(text) if name != LABELS else [x.split(",") for x in text.split()]
        rows = [[f'"{cell.strip(chr(34))}"' for cell in row] for row in rows]
        changed[name] = rows_as_text(rows)
    return changed


def blanks_around_cells(texts):
    return {**texts, LABELS: texts[LABELS].replace(",", " , ")}


MORE_FORMS = [calls_numbered, every_cell_quoted, blanks_around_cells]  # and PUT_RIGHT in damages


@pytest.mark.parametrize("form", [*ALL_FORMS, *MORE_FORMS])
def test_every_copy_in_circulation_is_the_same_cohort(texts, published, tmp_path, form):
    copy = form(texts) if callable(form) else in_form(texts, form)
    assert_same_cohort(load(write(tmp_path, copy)), published)


@pytest.mark.parametrize("prefix", ["", "archive/"])
def test_a_zip_is_the_same_cohort(texts, published, tmp_path, prefix):
    path = write_zip(tmp_path / "gene-expression.zip", texts, prefix)
    assert_same_cohort(load(path), published)


def test_a_remote_folder_is_the_same_cohort(texts, published):
    memory = fsspec.filesystem("memory")
    for name, text in texts.items():
        memory.pipe(f"/golub/{name}", text.encode())

    assert_same_cohort(load("memory:///golub"), published)


@given(
    orders=st.tuples(*map(st.permutations, ([1, 2, 3, 4, 5], [6, 7, 8], range(1, 41)))),
    form=st.tuples(st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans()),
)
def test_columns_and_lines_in_any_order_are_the_same_cohort(
    published, tmp_path_factory, orders, form
):
    (order, others, probes), (separator, end, calls) = orders, form
    texts = small_texts()
    changed = {LABELS: texts[LABELS]}
    for name, patients, lines in ((TRAIN, order, range(1, 41)), (TEST, others, probes)):
        rows = matrix_rows(texts[name])
        columns = [0, 1]
        for patient in patients:
            at = rows[0].index(str(patient))
            columns += [at, at + 1] if calls else [at]
        changed[name] = end.join(
            separator.join(rows[line][column] for column in columns) for line in [0, *lines]
        )
    folder = write(tmp_path_factory.mktemp("copy"), changed)

    assert_same_cohort(load(folder), published)


def test_the_dataset_is_read_only_picklable_and_knows_whether_its_files_exist(texts, tmp_path):
    dataset = GolubDataset(filepath=str(tmp_path / "golub"))
    assert not dataset.exists()
    write(tmp_path / "golub", texts)
    assert pickle.loads(pickle.dumps(dataset)).exists()
    with pytest.raises(DatasetError, match=r"GolubDataset only reads: .*golub is raw data"):
        dataset.save(dataset.load())


@pytest.fixture(scope="module")
def real(golub_files) -> Cohort:
    return load(golub_files)


@pytest.mark.real_data
def test_the_real_files_are_72_patients_with_7129_probes(real):
    values = real.expression.to_numpy()

    assert values.shape == (72, 7129)
    assert (values.min(), values.max()) == (-28400, 71369)
    assert (values == np.round(values)).all()
    assert list(real.samples.index) == [str(patient) for patient in range(1, 73)]
    counts = real.samples[["split", "label"]].value_counts(sort=False)
    assert counts["train"].to_dict() == {"ALL": 27, "AML": 11}
    assert counts["test"].to_dict() == {"ALL": 20, "AML": 14}
    assert real.probes["is_control"].sum() == 58
    assert real.probes["description"].nunique() == 6627
    assert real.origin == "Golub et al. 1999, Science 286:531 (72 patients)"


@pytest.mark.real_data
def test_the_real_values_are_those_pandas_reads_under_each_patient(real, golub_files):
    """pandas happens to read the published files rightly; not every copy of them."""
    for name in (TRAIN, TEST):
        table = pd.read_csv(golub_files / name).set_index("Gene Accession Number")
        patients = [column for column in table if column.isdigit()]
        expected = table[patients].T.astype(float)
        pd.testing.assert_frame_equal(
            real.expression.loc[patients], expected, check_names=False, check_exact=True
        )


@pytest.mark.real_data
@pytest.mark.parametrize("form", ALL_FORMS)
def test_the_real_files_re_saved_are_the_same_cohort(real, golub_files, tmp_path, form):
    texts = {name: (golub_files / name).read_bytes().decode() for name in (TRAIN, TEST, LABELS)}
    assert_same_cohort(load(write(tmp_path, in_form(texts, form))), real)
