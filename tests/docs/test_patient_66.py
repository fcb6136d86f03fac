"""The numbers of docs/explanation/patient-66.md, from the raw files."""

import numpy as np
import pandas as pd
import pytest
from helpers.documented import PROJECT

from leukemia_kedro.datasets import GolubDataset
from leukemia_kedro.estimators import LogTransform, ProbeFilter, TopProbes

PAGE = (PROJECT / "docs" / "explanation" / "patient-66.md").read_text(encoding="utf-8")

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def golub(golub_files):
    """Log2 expression of the probes that pass the filter on the 38, and the patients."""
    cohort = GolubDataset(filepath=str(golub_files)).load()
    controls = list(cohort.probes.index[cohort.probes["is_control"]])
    limits = {"scale": "raw", "floor": 100, "ceiling": 16000}
    probe_filter = ProbeFilter(**limits, min_ratio=5, min_range=500, exclude=controls)
    train = cohort.samples["split"] == "train"
    kept = cohort.probes.index[probe_filter.fit(cohort.expression[train]).get_support()]
    log2 = LogTransform(**limits).fit_transform(cohort.expression[kept].to_numpy())
    return pd.DataFrame(log2, cohort.expression.index, kept), cohort.samples


def test_genes_on_the_side_of_aml(golub):
    log2, patients = golub
    train = patients["split"] == "train"
    is_aml = patients["label"] == "AML"
    top = TopProbes("signal_to_noise", k=50).fit(log2[train], patients["label"][train])
    genes = log2.columns[top.get_support()]
    aml, all_ = log2.loc[train & is_aml, genes].mean(), log2.loc[train & ~is_aml, genes].mean()
    on_aml_side = np.sign(log2[genes] - (aml + all_) / 2).eq(np.sign(aml - all_)).sum(axis=1)
    for row, group in {
        "| 11 AML, training | {} to {}, median {} |": train & is_aml,
        "| 27 ALL, training | {} to {}, median {} |": train & ~is_aml,
        "| 14 AML, test | {} to {}, median {} |": ~train & is_aml,
    }.items():
        counts = on_aml_side[group]
        assert row.format(counts.min(), counts.max(), int(counts.median())) in PAGE
        assert f"| {group.sum()} " in row
    assert f"| patient 66 | {on_aml_side['66']} |" in PAGE


def test_the_most_similar_training_patients(golub):
    log2, patients = golub
    train = patients.index[patients["split"] == "train"]
    alike = log2.loc[train].T.corrwith(log2.loc["66"]).nlargest(10)
    labels = list(patients.loc[alike.index, "label"])
    assert labels[0] == "AML"
    assert labels[1:].count("ALL") == 8
