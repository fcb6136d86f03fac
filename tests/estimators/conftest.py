"""The real Golub cohort for the estimators' tests, read without any code of the project."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Golub:
    """Patients × 7129 probes as measured."""

    train: pd.DataFrame
    train_labels: np.ndarray
    test: pd.DataFrame
    test_labels: np.ndarray


@pytest.fixture(scope="session")
def golub(golub_files: Path) -> Golub:
    labels = pd.read_csv(golub_files / "actual.csv", index_col="patient")["cancer"]

    def read(name):
        table = pd.read_csv(golub_files / name, index_col="Gene Accession Number")
        patients = table[[column for column in table if column.isdigit()]].T
        patients.index = patients.index.astype(int)
        return patients.astype(float), labels.loc[patients.index].to_numpy(dtype=str)

    train, train_labels = read("data_set_ALL_AML_train.csv")
    test, test_labels = read("data_set_ALL_AML_independent.csv")
    return Golub(train, train_labels, test, test_labels)
