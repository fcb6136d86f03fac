"""What a model file remembers of its training samples, to judge new ones by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.model.profile_space import (
    ProfileSpace,
    learn_space,
    left_out_distances,
    representative,
)

FALSE_ALARMS = 0.05
"""Share of samples like the training samples that may be flagged as far from them."""
CELLS_AT_A_TIME = 2**24


@dataclass(frozen=True)
class ProfileReference:
    r"""How far from the training samples the whole profile of a sample of their kind lies.

    The distance of a sample is that of its whole log2 profile to the nearest class, see
    :class:`.ProfileSpace`. The profile holds every probe but the controls that the cohort drops,
    also probes that do not pass the filter: a gene that is silent in every training sample may be
    active in another disease. Arrays are taken as they are, however the model normalises them:
    normalised ones hide more of a class of few patients (docs/explanation/out-of-distribution.md).
    And because the filter plays no part, leaving a sample out leaves out all that it taught. The
    distance does not depend on a sample's label, on other new samples or on the model, so all
    models of a run flag the same samples, and share this reference: it is the longest part of
    fitting most of them.

    Each training sample's own distance is measured in a space learned without it, and without the
    other samples of its group. A new sample is out of distribution beyond the
    :math:`(n + 1)(1 - \alpha)`-th smallest of these :math:`n`, with :math:`\alpha` = 0.05; between
    two of them, linearly interpolated; beyond the largest where n < 19. Were a new sample measured
    as the training samples are, it would exceed the largest but :math:`k` of them with probability
    :math:`(k + 1) / (n + 1)`, as a mean over training sets (conformal anomaly detection, Laxhammar
    & Falkman 2010). Between two of them it is at most :math:`\alpha` where larger distances are
    rarer ones, because the distribution function is concave there. Its space knows one sample more,
    which is expected to lower the rate; tests measure it.

    Of more than 500 training samples, 500 are compared with, for speed.

    Attributes
    ----------
    means : ndarray, shape (n_profile,)
        Training means of the profiles, which stand in for missing probes.
    space : ProfileSpace
    limit : float
        Distance beyond which a sample is out of distribution.

    References
    ----------
    R. Laxhammar & G. Falkman (2010). Conformal prediction for distribution-independent anomaly
    detection in streaming vessel data. StreamKDD 2010, 47–55.
    """

    means: np.ndarray
    space: ProfileSpace
    limit: float

    @classmethod
    def of_arrays(cls, arrays: dict[str, Any]) -> ProfileReference:
        """The reference that ``dataclasses.asdict`` turned into plain arrays."""
        return cls(**arrays | {"space": ProfileSpace(**arrays["space"])})


@dataclass(frozen=True)
class TrainingReference:
    """What a model file remembers of its training samples, to judge new ones by.

    Attributes
    ----------
    means : ndarray, shape (n_kept,)
        Training means of the probes that pass the filter, after ``normalise``: they stand in for
        missing values where the pipeline does not impute.
    centroids : ndarray, shape (n_classes, n_genes)
        Training means of the genes that the classifier is given, in the order of its classes.
    profiles : ProfileReference
    """

    means: np.ndarray
    centroids: np.ndarray
    profiles: ProfileReference

    @classmethod
    def of_arrays(cls, arrays: dict[str, Any]) -> TrainingReference:
        """The reference that ``dataclasses.asdict`` turned into plain arrays."""
        return cls(**arrays | {"profiles": ProfileReference.of_arrays(arrays["profiles"])})

    @property
    def limit(self) -> float:
        """Distance beyond which a sample is out of distribution."""
        return self.profiles.limit

    def distance(self, pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
        """Distance of each sample to the nearest class, shape (n_samples,).

        Parameters
        ----------
        pipeline : Pipeline
            The model's.
        values : ndarray, shape (n_samples, n_probes)
            As measured, NaN where missing: a missing probe counts as its training mean.
        """
        known = self.profiles
        to_log2, profiles = pipeline["log2"], values[:, in_profile(pipeline)]
        # A profile has other probes than the step was fitted to.
        if pipeline["filter"].scale == "counts":
            sizes = to_log2.normalised_sizes(values[:, pipeline["filter"].get_support()])
            profiles = to_log2.log_counts(profiles, sizes)
        else:
            profiles = clone(to_log2).fit_transform(profiles)
        profiles = profiles.astype(float)
        return known.space.distance(np.where(np.isnan(profiles), known.means, profiles))

    def given(self, pipeline: Pipeline, expression: pd.DataFrame) -> np.ndarray:
        """What the classifier is given, shape (n_samples, n_genes).

        ``expression``, samples × probes as measured, may lack values, which the pipeline imputes;
        one without that step gets training means.
        """
        if "impute" in pipeline.named_steps or not expression.isna().to_numpy().any():
            return pipeline[:-1].transform(expression)
        after = list(pipeline.named_steps).index("normalise") + 1
        values = pipeline[:after].transform(expression)
        return pipeline[after:-1].transform(np.where(np.isnan(values), self.means, values))


def measure_profiles(
    training_set: TrainingSet, log2: Callable[[np.ndarray], np.ndarray]
) -> ProfileReference:
    """The part that models share, from the samples that they are fitted on.

    ``log2`` brings values as measured of the probes of the profile, (n_samples, n_profile), to
    log2, as the models do.
    """
    classes, groups = training_set.classes, training_set.groups
    counts = ~np.isnan(training_set.matrix).all(axis=0)
    counts[training_set.excluded] = False
    chosen = representative(classes)
    every = log2(training_set.matrix[:, counts])
    # All in double precision would be the largest matrix of a run.
    parts = np.array_split(every, np.ceil(every.size / CELLS_AT_A_TIME), axis=1)
    means = np.concatenate([pd.DataFrame(part.astype(float)).mean() for part in parts])
    profiles = every[chosen].astype(float)
    profiles = np.where(np.isnan(profiles), means, profiles)
    units = chosen if groups is None else groups[chosen]
    alone = left_out_distances(profiles, classes[chosen], units)
    space = learn_space(profiles, classes[chosen])
    return ProfileReference(means, space, distance_limit(alone))


def remember_training(
    pipeline: Pipeline, training_set: TrainingSet, profiles: ProfileReference
) -> TrainingReference:
    """The reference of a model's pipeline that was fitted on these samples."""
    after = list(pipeline.named_steps).index("normalise") + 1
    normalised = pipeline[:after].transform(training_set.expression)
    given, classes = pipeline[after:-1].transform(normalised), training_set.classes
    return TrainingReference(
        means=pd.DataFrame(normalised).mean().to_numpy(),
        centroids=np.array([given[classes == name].mean(axis=0) for name in np.unique(classes)]),
        profiles=profiles,
    )


def distance_limit(distances: np.ndarray) -> float:
    """What 5 % of distances like these are expected to exceed; the largest of fewer than 19."""
    return float(np.quantile(distances, 1 - FALSE_ALARMS, method="weibull"))


def in_profile(pipeline: Pipeline) -> np.ndarray:
    """Whether each probe is part of the profile, shape (n_probes,).

    Controls that the cohort drops are not, nor are probes that no training sample has a value of.
    """
    excluded = pd.Index(pipeline.feature_names_in_).isin(pipeline["filter"].exclude or [])
    return ~excluded & ~np.isnan(pipeline["filter"].minimum_)
