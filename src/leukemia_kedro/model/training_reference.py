"""What a model file remembers of its training samples, to judge new ones by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin, clone
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


@dataclass(frozen=True)
class ProfileReference:
    """What does not depend on the model of a :class:`TrainingReference`, whose names it has.

    Every model of a run takes it from one node: it is the longest part of fitting most of them.
    """

    fill: np.ndarray
    space: ProfileSpace
    limit: float

    @classmethod
    def of_arrays(cls, arrays: dict[str, Any]) -> ProfileReference:
        """The reference that ``dataclasses.asdict`` turned into plain arrays."""
        return cls(**arrays | {"space": ProfileSpace(**arrays["space"])})


@dataclass(frozen=True)
class TrainingReference:
    r"""Averages of the training samples, and how far from them a sample of their kind lies.

    The distance of a sample is that of its whole log2 profile to the nearest class, see
    :class:`.ProfileSpace`. The profile holds every probe but the controls that the cohort drops,
    also probes that do not pass the filter: a gene that is silent in every training sample may be
    active in another disease. And because the filter plays no part, leaving a sample out leaves
    out all that it taught. The distance does not depend on a sample's label, on other new samples
    or on the classifier, so every model of a run flags the same samples.

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
    fill : ndarray, shape (n_probes,)
        Stands in for a missing probe: the value, on the scale as measured, whose log2 expression
        is the training mean of the probe's log2 expression.
    centroids : ndarray, shape (n_classes, n_genes)
        Training means of the genes that the classifier is given, in the order of its classes.
    space : ProfileSpace
    limit : float
        Distance beyond which a sample is out of distribution.

    References
    ----------
    R. Laxhammar & G. Falkman (2010). Conformal prediction for distribution-independent anomaly
    detection in streaming vessel data. StreamKDD 2010, 47–55.
    """

    fill: np.ndarray
    centroids: np.ndarray
    space: ProfileSpace
    limit: float

    @classmethod
    def of_arrays(cls, arrays: dict[str, Any]) -> TrainingReference:
        """The reference that ``dataclasses.asdict`` turned into plain arrays."""
        return cls(**arrays | {"space": ProfileSpace(**arrays["space"])})

    def distance(self, pipeline: Pipeline, values: np.ndarray) -> np.ndarray:
        """Distance of each sample to the nearest class, shape (n_samples,).

        Parameters
        ----------
        pipeline : Pipeline
            The model's.
        values : ndarray, shape (n_samples, n_probes)
            As measured, NaN where missing: a missing probe counts as its training mean.
        """
        profiles = _profiles(pipeline["log2"], values, self.fill, in_profile(pipeline))
        return self.space.distance(profiles)


def measure_profiles(training_set: TrainingSet, log2: TransformerMixin) -> ProfileReference:
    """The part that all models share, from the samples that they are fitted on.

    ``log2`` is their step from values as measured to log2 expression.
    """
    values, classes, groups = training_set.matrix, training_set.classes, training_set.groups
    fill = _fill(log2, values)
    counts = ~np.isnan(values).all(axis=0)
    counts[training_set.excluded] = False
    chosen = representative(classes)
    profiles = _profiles(log2, values[chosen], fill, counts)
    units = chosen if groups is None else groups[chosen]
    alone = left_out_distances(profiles, classes[chosen], units)
    space = learn_space(profiles, classes[chosen])
    return ProfileReference(fill, space, distance_limit(alone))


def remember_training(
    pipeline: Pipeline, training_set: TrainingSet, profiles: ProfileReference
) -> TrainingReference:
    """The reference of a model's pipeline that was fitted on these samples."""
    given = pipeline[:-1].transform(training_set.expression)
    classes = training_set.classes
    return TrainingReference(
        fill=profiles.fill,
        centroids=np.array([given[classes == name].mean(axis=0) for name in np.unique(classes)]),
        space=profiles.space,
        limit=profiles.limit,
    )


def distance_limit(distances: np.ndarray) -> float:
    """What 5 % of distances like these are expected to exceed; the largest of fewer than 19."""
    return float(np.quantile(distances, 1 - FALSE_ALARMS, method="weibull"))


def in_profile(pipeline: Pipeline) -> np.ndarray:
    """Whether each probe is part of the profile, shape (n_probes,).

    Controls that the cohort drops are not, nor are probes that no training sample has a value of.
    """
    excluded = np.isin(pipeline.feature_names_in_, pipeline["filter"].exclude or [])
    return ~excluded & ~np.isnan(pipeline["filter"].minimum_)


def _profiles(
    log2: TransformerMixin, values: np.ndarray, fill: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Log2 expression of the probes that count."""
    complete = np.where(np.isnan(values), fill, values)[:, counts]
    return clone(log2).fit_transform(complete).astype(float)


def _fill(log2: TransformerMixin, values: np.ndarray) -> np.ndarray:
    log2 = clone(log2).set_params(standardise_arrays=False)
    mean = pd.DataFrame(log2.fit_transform(values)).mean().to_numpy()  # of what is not missing
    mean = np.nan_to_num(mean)  # of a probe that no training sample has: it is not used
    return np.exp2(mean) if log2.scale == "raw" else mean
