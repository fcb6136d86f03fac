"""The real cohort, and a small simulated one that looks like it."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from helpers.documented import PROJECT
from kedro.io import AbstractDataset

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import GolubDataset
from leukemia_kedro.datasets.simulated import simulate_cohort
from leukemia_kedro.evaluation.published import reference_signature


@pytest.fixture(scope="session")
def golub_cohort(golub_files) -> Cohort:
    return GolubDataset(filepath=str(golub_files)).load()


@pytest.fixture(scope="session")
def chiaretti_cohort(chiaretti_files) -> Cohort:
    """As conf/base states it for the replication."""
    entries = yaml.safe_load((PROJECT / "conf/base/catalog_01_raw.yml").read_text("utf-8"))
    entry = entries["chiaretti_cohort"]
    entry["filepath"] = str(chiaretti_files / "expression.csv.gz")
    entry["sample_sheet"] = {"filepath": str(chiaretti_files / "samples.csv")}
    return AbstractDataset.from_config("chiaretti_cohort", entry).load()


@pytest.fixture(scope="session")
def golub_like() -> Cohort:
    """72 simulated patients named, labelled and split as Golub's, on 300 probes, of which the
    published 50 and 30 more differ."""
    simulated = simulate_cohort(
        n_samples={"ALL": 47, "AML": 25}, n_probes=300, seed=3,
        differential_share=0.27, effect_size=2.0, heterogeneity=0.2,
    )  # fmt: skip
    all_patients, aml_patients = (
        np.flatnonzero(simulated.samples["label"] == label) for label in ("ALL", "AML")
    )
    order = [*all_patients[:27], *aml_patients[:11], *all_patients[27:], *aml_patients[11:]]
    differential = np.flatnonzero(simulated.probes["is_differential"])
    names = simulated.probes.index.to_numpy().copy()
    names[differential[:50]] = reference_signature("golub_1999")["probe"]
    samples = simulated.samples.iloc[order].set_axis([str(i) for i in range(1, 73)])
    samples["split"] = np.where(np.arange(72) < 38, "train", "test")
    samples.index.name = "sample"
    probes = simulated.probes.set_axis(names).rename_axis("probe")
    expression = simulated.expression.iloc[order].set_axis(samples.index).set_axis(names, axis=1)
    return replace(simulated, expression=expression, samples=samples, probes=probes)
