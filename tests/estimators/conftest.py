"""The real Golub cohort for the estimators' tests, read without any code of the project."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

# Golub et al. 1999, figure 3B, by GenBank accession.
HIGHER_IN_ALL = (
    "U22376 X59417 U05259 M92287 M31211 X74262 D26156 S50223 M31523 L47738 U32944 Z15115 X15949 "
    "X63469 M91432 U29175 Z69881 U20998 D38073 U26266 M31303 Y08612 U35451 M29696 M13792"
)
HIGHER_IN_AML = (
    "M55150 X95735 U50136 M16038 U82759 M23197 M84526 Y12670 M27891 X17042 Y00787 M96326 U46751 "
    "M80254 L08246 M62762 M28130 M63138 M57710 M69043 M81695 X85116 M19045 M83652 X04085"
)


@dataclass(frozen=True)
class Golub:
    """Patients × 7129 probes as measured, and the published 50 probes."""

    train: pd.DataFrame
    train_labels: np.ndarray
    test: pd.DataFrame
    test_labels: np.ndarray
    published: list[str]


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
    accessions = f"{HIGHER_IN_ALL} {HIGHER_IN_AML}".split()
    published = [probe for probe in train if probe.split("_")[0] in accessions]
    assert len(published) == 50
    return Golub(train, train_labels, test, test_labels, published)
