"""The examples in the estimators' docstrings run and print what they say."""

import doctest
import importlib

import pytest

MODULES = [
    "count_filter",
    "log_counts",
    "log_transform",
    "neighbour_imputer",
    "probe_filter",
    "shrunken_centroids",
    "top_probes",
    "top_scoring_pairs",
    "weighted_voting",
]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    results = doctest.testmod(importlib.import_module(f"leukemia_kedro.estimators.{module}"))
    assert results.attempted > 0
    assert results.failed == 0
