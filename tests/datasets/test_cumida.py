"""CuMiDa's layout, read and rehearsed."""

import numpy as np
import pytest
from helpers.cohort_files import make_cohort, table_rows, write_rows

from leukemia_kedro.datasets import CumidaDataset
from leukemia_kedro.datasets.cumida import rehearse_gse9476
from leukemia_kedro.fetch.sources import CUMIDA_CLASSES


@pytest.fixture(scope="module")
def rehearsal():
    return rehearse_gse9476(seed=0)


def test_the_rehearsal_has_the_real_files_layout(rehearsal):
    """Names, sizes and first rows as in the printed head of Leukemia_GSE9476."""
    assert rehearsal.shape == (64, 2 + 22283)
    assert list(rehearsal.columns[:4]) == ["samples", "type", "1007_s_at", "1053_at"]
    assert list(rehearsal.columns[-2:]) == ["AFFX-TrpnX-5_at", "AFFX-TrpnX-M_at"]
    assert rehearsal.columns.is_unique
    assert list(rehearsal["samples"].head()) == [1, 12, 13, 14, 15]
    assert set(rehearsal["type"].head()) == {"Bone_Marrow_CD34"}
    assert rehearsal["type"].value_counts().to_dict() == CUMIDA_CLASSES
    values = rehearsal.iloc[:, 2:].to_numpy()
    assert values.min() >= 4.0
    assert values.max() < 20


def test_the_rehearsal_is_the_same_every_time(rehearsal):
    assert rehearse_gse9476(seed=0).equals(rehearsal)


def test_the_id_is_never_a_feature(rehearsal, tmp_path):
    path = tmp_path / "Leukemia_GSE9476.csv"
    rehearsal.iloc[:, :50].to_csv(path, index=False)

    cohort = CumidaDataset(filepath=str(path)).load()

    assert list(cohort.samples.index) == list(rehearsal["samples"].astype(str))
    assert list(cohort.labels) == list(rehearsal["type"])
    assert list(cohort.probes.index) == list(rehearsal.columns[2:50])
    np.testing.assert_array_equal(cohort.expression, rehearsal.iloc[:, 2:50])
    assert cohort.origin.startswith("CuMiDa Leukemia_GSE9476 (Feltes")


def test_new_samples_have_no_type(tmp_path):
    cohort = make_cohort([[1.0], [2.0]], ["7", "9"], ["1007_s_at"])
    rows = table_rows(cohort, label=None)
    rows[0][0] = "samples"
    path = write_rows(tmp_path / "new.csv", rows)

    assert CumidaDataset(filepath=str(path), label=None).load().labels is None
