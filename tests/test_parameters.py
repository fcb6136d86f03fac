"""Values that would end a run far from where they are stated."""

import pytest
from pydantic import ValidationError

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    GenesParameters,
    ModelParameters,
)


@pytest.mark.parametrize("n_genes", [0, -3, "some"])
def test_a_number_of_genes_is_positive_or_all(n_genes):
    with pytest.raises(ValidationError, match="n_genes"):
        GenesParameters(n_genes=[50, n_genes])


def test_a_search_has_values():
    with pytest.raises(ValidationError, match=r"search\.C\n"):
        ModelParameters(estimator="x.Y", genes={"n_genes": ["all"]}, search={"C": []})


def test_no_workers_are_refused():
    with pytest.raises(ValidationError, match="expected at least 1, or -1 for one per core"):
        ComputeParameters(n_jobs=0)
    ComputeParameters(n_jobs=-2)


def test_floor_and_ceiling_of_raw_intensities_are_refused_on_the_log2_scale():
    with pytest.raises(ValidationError, match=r"floor 100.* no log2 values; set both to null"):
        CohortParameters(scale="log2", floor=100, ceiling=16000)
