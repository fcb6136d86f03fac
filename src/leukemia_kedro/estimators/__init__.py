"""scikit-learn estimators that the field needs and scikit-learn lacks.

A model of this project is one scikit-learn ``Pipeline`` that takes expression as measured,
samples × all probes::

    filter    ProbeFilter       drops probes that hardly vary over the training samples
    log2      LogTransform      clips to floor and ceiling and takes log2
    normalise ArrayNormaliser   brings each array to a common scale, by itself
    impute    NeighbourImputer  (cohorts with missing values)
    select    TopProbes         keeps the k probes that tell the classes apart best
    scale     StandardScaler    (some models)
    classify  WeightedVoting, ShrunkenCentroidsCV, TopScoringPairs, or any of scikit-learn's

Of counts of reads, the first two steps are others::

    filter    CountFilter       drops genes with too few reads in the training samples
    log2      LogCounts         normalises libraries and takes log2 counts per million

Each step learns from the training samples alone, so the pipeline can be cross-validated as it is.
"""

from leukemia_kedro.estimators.array_normaliser import ArrayNormaliser
from leukemia_kedro.estimators.count_filter import CountFilter
from leukemia_kedro.estimators.log_counts import LogCounts
from leukemia_kedro.estimators.log_transform import LogTransform
from leukemia_kedro.estimators.neighbour_imputer import NeighbourImputer
from leukemia_kedro.estimators.probe_filter import ProbeFilter
from leukemia_kedro.estimators.shrunken_centroids import ShrunkenCentroids, ShrunkenCentroidsCV
from leukemia_kedro.estimators.top_probes import TopProbes
from leukemia_kedro.estimators.top_scoring_pairs import TopScoringPairs
from leukemia_kedro.estimators.weighted_voting import WeightedVoting

__all__ = [
    "ArrayNormaliser",
    "CountFilter",
    "LogCounts",
    "LogTransform",
    "NeighbourImputer",
    "ProbeFilter",
    "ShrunkenCentroids",
    "ShrunkenCentroidsCV",
    "TopProbes",
    "TopScoringPairs",
    "WeightedVoting",
]
