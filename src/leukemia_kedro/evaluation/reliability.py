"""Are predicted probabilities right? Calibration slope and intercept, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from leukemia_kedro.evaluation.metrics import probabilities
from leukemia_kedro.model.predictions import PROBABILITY
from leukemia_kedro.statistics.intervals import CONFIDENCE

CLIP = 1e-8
"""A probability of 0 or 1 has no logit; this far from both it has one.

R's CalibrationCurves (``allowPerfectPredictions``) uses the same value."""
FARTHEST = 1e6
"""A slope, in deviations of the logits, beyond which the end of an interval is infinite."""
DROP = stats.chi2.ppf(CONFIDENCE, 1) / 2
"""Values belong to the interval whose log-likelihood is at most so far below the largest."""


class Estimate(NamedTuple):
    """A value with the ends of its 95 % interval; None where it is infinite or not defined."""

    value: float | None
    low: float | None
    high: float | None


UNDEFINED = Estimate(None, None, None)


def mean_over_repeats(cv_predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """One prediction for each sample: repeats of cross-validation add no patient.

    Parameters
    ----------
    cv_predictions : DataFrame
        Columns ``sample, label, probability_<class>…``; a sample stands there once per repeat.
    classes : sequence of str

    Returns
    -------
    DataFrame, columns ``sample, label, predicted, probability_<class>…``
        Mean probabilities, and the class with the largest.
    """
    probability = pd.DataFrame(
        np.nan_to_num(probabilities(cv_predictions, classes)),
        columns=[f"{PROBABILITY}{name}" for name in classes],
    )
    by_sample = cv_predictions[["sample", "label"]].reset_index(drop=True).join(probability)
    means = by_sample.groupby(["sample", "label"], sort=False).mean().reset_index()
    likeliest = means[list(probability)].to_numpy().argmax(axis=1)
    return means.assign(predicted=np.asarray(classes)[likeliest])


def calibration(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Calibration slope and intercept of predictions that were not learned from.

    Both come from a logistic regression of the outcome on the logit of the predicted probability.
    The slope is 1 where the probabilities are right, below 1 where they are too extreme, above 1
    where they are too cautious. The intercept, with the slope fixed at 1, is 0 where the mean
    probability of a class is its frequency, and positive where the class is predicted too seldom.

    With several classes the slope is that of the multinomial model

    .. math:: P(y_i = k) \\propto \\exp(\\alpha_k + \\beta \\log p_{ik}),

    one :math:`\\beta` for all classes: one number for each model, as for two classes, where it is
    the same slope. The intercepts are those of each class against the rest. They are the same for
    both of two classes but for the sign.

    Intervals are those of the profile likelihood, because a normal approximation fails where the
    probabilities almost separate the classes. They assume independent samples. Of R repeats of
    cross-validation each has the weight 1/R in the likelihood, so that each sample counts once.
    (The mean probability of a sample over the repeats would count once as well. But it is that of
    R models together, less extreme than each of them, and has a larger slope than they have.)

    Parameters
    ----------
    predictions : DataFrame, columns ``label, probability_<class>…`` and perhaps ``repeat``
        Each sample once, or once per repeat.
    classes : sequence of str

    Returns
    -------
    dict
        ``calibration_slope``, ``calibration_intercept`` (of the last of two classes, None with
        more) and ``calibration_intercepts`` (``value, low, high`` of each class); the first two
        also with ``_low`` and ``_high``. Where the probabilities separate the classes the slope is
        infinite: None, as is the end of the interval on that side. All three are None where only
        one class occurs, or where all samples have the same probabilities.

    References
    ----------
    D. R. Cox (1958). Two further applications of a model for binary regression. Biometrika
    45:562–565.
    B. Van Calster, D. J. McLernon, M. van Smeden, L. Wynants & E. W. Steyerberg (2019).
    Calibration: the Achilles heel of predictive analytics. BMC Medicine 17:230.
    K. Van Hoorde et al. (2014). Assessing calibration of multinomial risk prediction models.
    Stat. Med. 33:2585–2596.
    """
    probability = np.clip(np.nan_to_num(probabilities(predictions, classes)), CLIP, 1 - CLIP)
    truth = predictions["label"].to_numpy(dtype=str)[:, None] == np.asarray(classes)
    n_repeats = predictions["repeat"].nunique() if "repeat" in predictions else 1
    slope = calibration_slope(probability, truth, n_repeats)
    intercepts = {
        name: calibration_intercept(probability[:, k], truth[:, k], n_repeats)
        for k, name in enumerate(classes)
    }
    intercept = intercepts[classes[-1]] if len(classes) == 2 else UNDEFINED
    return {
        **_named("calibration_slope", slope),
        **_named("calibration_intercept", intercept),
        "calibration_intercepts": {name: each._asdict() for name, each in intercepts.items()},
    }


def _named(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def calibration_intercept(
    probability: np.ndarray, truth: np.ndarray, n_repeats: int = 1
) -> Estimate:
    """Intercept of a class against the rest, with the slope fixed at 1; see :func:`calibration`.

    Parameters
    ----------
    probability : ndarray, shape (n_samples,)
        Of the class, above 0 and below 1.
    truth : ndarray of bool, shape (n_samples,)
        Whether the sample is of the class.
    n_repeats : int
        How often each sample is among them.
    """
    if truth.all() or not truth.any():
        return UNDEFINED
    logit = special.logit(probability)
    # The estimate lies between the shifts that would suit the smallest and the largest logit.
    frequency = special.logit(truth.mean())
    widest = frequency - logit.max() - 1, frequency - logit.min() + 1
    best = optimize.brentq(lambda a: special.expit(a + logit).sum() - truth.sum(), *widest)

    def loss(a: float) -> float:
        return float(np.logaddexp(0, np.where(truth, -1, 1) * (a + logit)).sum())

    limit = loss(best) + n_repeats * DROP
    low, high = (_end(loss, best, limit, step) for step in (-1.0, 1.0))
    return Estimate(float(best), low, high)


def calibration_slope(probability: np.ndarray, truth: np.ndarray, n_repeats: int = 1) -> Estimate:
    """Common slope of all classes that occur; see :func:`calibration`.

    statsmodels has no profile likelihood, and no such model for several classes.

    Parameters
    ----------
    probability : ndarray, shape (n_samples, n_classes)
        Above 0.
    truth : ndarray of bool, shape (n_samples, n_classes)
        True for the class of each sample.
    n_repeats : int
        How often each sample is among them.
    """
    occurring = truth.any(axis=0)
    truth, logs = truth[:, occurring], np.log(probability[:, occurring])
    logs -= logs.mean(axis=1, keepdims=True)
    spread = logs.std(axis=0).max()
    if occurring.sum() < 2 or spread < CLIP:
        return UNDEFINED
    logs /= spread
    dummies = np.broadcast_to(np.eye(truth.shape[1])[:, 1:], (*truth.shape, truth.shape[1] - 1))
    both = np.concatenate([dummies, logs[:, :, None]], axis=2)

    def profile(slope: float) -> float:
        return _Softmax(dummies, slope * logs, truth).fit().fun

    found = _Softmax(both, np.zeros_like(logs), truth).fit()
    slope, smallest = float(found.x[-1]), found.fun
    # A finite estimate is a minimum: the loss rises beyond it. Where the probabilities separate
    # the classes it falls for ever.
    outwards = np.copysign(max(abs(slope), 1.0), slope)
    beyond = profile(slope + outwards)
    is_infinite = beyond < smallest
    limit = min(smallest, beyond) + n_repeats * DROP
    ends = [
        None if is_infinite and step * outwards > 0 else _end(profile, slope, limit, step)
        for step in (-1.0, 1.0)
    ]
    # Classes far apart have a loss of all but 0 already at a finite slope.
    is_infinite = ends[1 if outwards > 0 else 0] is None
    value, low, high = (
        None if each is None else float(each / spread)
        for each in (None if is_infinite else slope, *ends)
    )
    return Estimate(value, low, high)


def _end(loss: Callable[[float], float], best: float, limit: float, step: float) -> float | None:
    """Where a convex loss, smallest at ``best``, reaches ``limit``; ``step`` points there.

    None where it does not, because the probabilities all but separate the classes.
    """
    inside, outside = best, best + step
    while loss(outside) < limit:
        if abs(outside) > FARTHEST:
            return None
        inside, outside, step = outside, outside + 2 * step, 2 * step
    return float(optimize.brentq(lambda value: loss(value) - limit, inside, outside, rtol=1e-8))


class _Softmax(NamedTuple):
    """A multinomial logistic model in which what is known of each class may differ by sample."""

    design: np.ndarray  # shape (n_samples, n_classes, n_coefficients)
    offset: np.ndarray  # shape (n_samples, n_classes)
    truth: np.ndarray  # bool, shape (n_samples, n_classes)

    def fit(self) -> optimize.OptimizeResult:
        start = np.zeros(self.design.shape[2])
        options = {"gtol": 1e-8, "max_trust_radius": 1e6}
        return optimize.minimize(
            self.loss, start, jac=True, hess=self.curvature, method="trust-ncg", options=options
        )

    def loss(self, coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log-likelihood, and its gradient."""
        logs = self._log_shares(coefficients)
        gradient = np.tensordot(np.exp(logs) - self.truth, self.design, axes=2)
        return -float(logs[self.truth].sum()), gradient

    def curvature(self, coefficients: np.ndarray) -> np.ndarray:
        weighted = np.exp(self._log_shares(coefficients))[:, :, None] * self.design
        means = weighted.sum(axis=1)
        return np.tensordot(weighted, self.design, axes=([0, 1], [0, 1])) - means.T @ means

    def _log_shares(self, coefficients: np.ndarray) -> np.ndarray:
        # scipy's log_softmax takes several times as long for so few samples.
        scores = self.design @ coefficients + self.offset
        scores -= scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
