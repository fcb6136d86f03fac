"""The cohort types as a catalog sees them."""

import inspect
import pickle
import subprocess
import sys
import textwrap

import pytest
import yaml
from kedro.io import AbstractDataset, DataCatalog, DatasetError

import leukemia_kedro.datasets as datasets
from leukemia_kedro.run.user_message import user_message

COHORT_TYPES = [
    "CountFilesDataset", "CumidaDataset", "ExpressionTableDataset", "GCTDataset",
    "GEOSeriesMatrixDataset", "GolubDataset", "H5ADDataset", "SimulatedCountsDataset",
    "SimulatedDataset",
]  # fmt: skip


def examples(name: str) -> list[dict]:
    """The YAML blocks of a docstring."""
    doc = inspect.getdoc(getattr(datasets, name))
    blocks = doc.split(".. code-block:: yaml")[1:]
    return [yaml.safe_load(textwrap.dedent(block.split("\n\n")[1])) for block in blocks]


@pytest.mark.parametrize("name", COHORT_TYPES)
def test_the_examples_in_the_docstring_are_catalog_entries(name):
    assert examples(name)
    for example in examples(name):
        dataset = DataCatalog.from_config(example)["raw_cohort"]
        assert type(dataset).__name__ == name
        assert isinstance(pickle.loads(pickle.dumps(dataset)), AbstractDataset)


def test_a_key_that_does_not_exist_is_refused():
    entry = {**examples("SimulatedDataset")[0]["raw_cohort"], "n_patients": 3}
    with pytest.raises(DatasetError, match="n_patients"):
        AbstractDataset.from_config("raw_cohort", entry)


@pytest.mark.parametrize("name", [name for name in COHORT_TYPES if "Simulated" not in name])
def test_a_misspelt_option_comes_with_the_right_one(name):
    entry = {**examples(name)[0]["raw_cohort"], "encodng": "latin-1", "load_args": {}}
    with pytest.raises(DatasetError) as raised:
        AbstractDataset.from_config("raw_cohort", entry)
    near, other = user_message(raised.value).splitlines()
    assert near == f"the catalog's {name} has no option 'encodng'; did you mean 'encoding'?"
    assert other.startswith(f"the catalog's {name} has no option 'load_args'; it has ")
    assert ", encoding, " in other


def test_every_name_leads_to_something():
    for name in datasets.__all__:
        assert getattr(datasets, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchDataset'"):
        _ = datasets.NoSuchDataset


def test_one_type_is_imported_without_the_others():
    """Start-up is felt at every command."""
    code = (
        "import sys; from leukemia_kedro.datasets import GolubDataset; "
        "print([m for m in ('leukemia_kedro.datasets.files', 'kedro_datasets', 'sklearn', 'scipy', "
        "'matplotlib', 'plotly') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
