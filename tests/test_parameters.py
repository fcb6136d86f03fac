"""Values that would end a run far from where they are stated."""

import pytest
from pydantic import ValidationError

from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
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


def test_decisions_by_an_f_test_are_refused_where_there_is_none():
    with pytest.raises(ValidationError, match="rests on the F-test, which treat_lfc does not have"):
        DifferentialExpressionParameters(decide="nestedF", treat_lfc=1)
    DifferentialExpressionParameters(decide="global", treat_lfc=1)


def test_floor_and_ceiling_of_raw_intensities_are_refused_on_the_log2_scale():
    with pytest.raises(ValidationError, match=r"floor 100.* no log2 values; set both to null"):
        CohortParameters(scale="log2", floor=100, ceiling=16000)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"floor": 100}, "floor: for intensities, not for scale 'counts'.*filter.min_count"),
        ({"floor": 1, "ceiling": 9}, "floor, ceiling: for intensities"),
        ({"take_log2": False}, "take_log2: false: for intensities"),
        ({"filter": {"min_ratio": 5}}, r"filter\.min_ratio: .*prior_count takes the place of"),
        ({"filter": {"min_range": 500}}, r"filter\.min_range: for intensities"),
        ({"missing": {"policy": "impute"}}, "missing.policy 'impute' is not for scale 'counts'"),
        ({"missing": {"policy": "drop"}}, "missing.policy 'drop' is not for scale 'counts'"),
        ({"prior_count": 0}, r"prior_count\n.*greater than 0"),
    ],
)
def test_what_is_for_intensities_is_refused_for_counts_with_what_counts_take(stated, message):
    with pytest.raises(ValidationError, match=message):
        CohortParameters(scale="counts", **stated)
    taken = {"filter": {"min_count": 5, "min_total_count": 0}, "prior_count": 0.5}
    CohortParameters(scale="counts", standardise_arrays=True, **taken)
