"""Several studies become one cohort on the genes that all of them measure."""

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import StudiesDataset
from leukemia_kedro.datasets.files import CSVDataset, ParquetDataset, SamplesDataset


def write_study(folder, expression, symbols, **covariates):
    """What data_processing writes of a study; ``expression`` is probes × samples."""
    folder.mkdir(parents=True)
    probes = pd.DataFrame({"description": "", "is_control": False}, expression.index)
    probes.loc[probes.index.str.startswith("AFFX"), "is_control"] = True
    if symbols is not None:
        probes["symbol"] = symbols
    samples = pd.DataFrame(covariates, expression.columns).rename_axis("sample")
    table = expression.astype(float).rename_axis("probe")
    ParquetDataset(filepath=str(folder / "expression.parquet")).save(table)
    SamplesDataset(filepath=str(folder / "samples.csv")).save(samples)
    CSVDataset(filepath=str(folder / "probes.csv")).save(probes.rename_axis("probe").reset_index())


@pytest.fixture
def studies(tmp_path):
    """``old`` has raw intensities and two probes of CD3D, ``new`` log2 values of another chip."""
    old = pd.DataFrame(
        {"1": [50, 300, 500, 40, 9], "2": [100, 3100, 20000, 70, 9]},
        ["p1", "p2", "p3", "p4", "AFFX-1"],
    )
    symbols = ["CD3D", "CD3D", "MYB", "only old", ""]
    write_study(tmp_path / "old", old, symbols, label=["ALL", "AML"], split=["train", "test"])
    new = pd.DataFrame({"1": [3.0, 5.0, 9.0]}, ["q1", "q2", "q3"])
    facts = {"label": ["x"], "lineage": ["B-ALL"], "sex": ["F"]}
    write_study(tmp_path / "new", new, ["MYB", "CD3D /// CD3E", "only new"], **facts)
    raw = {"scale": "raw", "floor": 100, "ceiling": 16000}
    return {
        "old": {"filepath": str(tmp_path / "old"), **raw},
        "new": {"filepath": str(tmp_path / "new"), "scale": "log2", "label": "lineage"},
    }


def test_a_gene_is_the_mean_of_its_probes_as_measured(studies):
    cohort = StudiesDataset(studies=studies).load()
    assert list(cohort.expression.columns) == ["CD3D", "MYB"]
    # (50 + 300) / 2 = 175; (100 + 3100) / 2 = 1600; 20000 is above the ceiling.
    expected = [[np.log2(175), np.log2(500)], [np.log2(1600), np.log2(16000)], [5.0, 3.0]]
    np.testing.assert_allclose(cohort.expression, expected)
    assert list(cohort.probes["symbol"]) == ["CD3D", "MYB"]


def test_samples_are_named_after_their_study_and_keep_what_is_known_of_them(studies):
    samples = StudiesDataset(studies=studies).load().samples
    assert list(samples.index) == ["old_1", "old_2", "new_1"]
    assert list(samples["study"]) == ["old", "old", "new"]
    assert list(samples["label"]) == ["ALL", "AML", "B-ALL"]
    assert samples["sex"].isna().tolist() == [True, True, False]
    assert "split" not in samples


def test_without_symbols_probes_are_matched_by_name(tmp_path, studies):
    for name, probes in (("one", ["p1", "p2", "AFFX-1"]), ("two", ["p2", "p3", "AFFX-1"])):
        table = pd.DataFrame({"1": [1.0, 2.0, 3.0]}, probes)
        write_study(tmp_path / name, table, None, label=["ALL"])
        studies[name] = {"filepath": str(tmp_path / name), "scale": "log2"}
    joined = StudiesDataset(studies={name: studies[name] for name in ("one", "two")}).load()
    assert joined.expression.to_dict("list") == {"p2": [2.0, 1.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filepath": "absent"}, r"absent lacks .*kedro run --env absent --pipelines"),
        ({"label": "karyotype"}, "label is 'karyotype', which is no column"),
        ({"labels": "x"}, "study new: unknown 'labels'"),
        ({"scale": None}, "study new: state its filepath and its scale"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(studies, change, message):
    with pytest.raises(DatasetError, match=message):
        StudiesDataset(studies=studies | {"new": studies["new"] | change}).load()


def test_one_study_is_not_several(studies):
    with pytest.raises(DatasetError, match="studies names 1; expected two or more"):
        StudiesDataset(studies={"old": studies["old"]}).load()


def test_studies_of_two_chips_without_symbols_have_nothing_in_common(tmp_path, studies):
    table = pd.DataFrame({"1": [1.0]}, ["r1"])
    write_study(tmp_path / "bare", table, None, label=["ALL"])
    both = {"old": studies["old"], "bare": {"filepath": str(tmp_path / "bare"), "scale": "log2"}}
    with pytest.raises(DatasetError, match=r"no id in common.*bare has no column symbol"):
        StudiesDataset(studies=both).load()
