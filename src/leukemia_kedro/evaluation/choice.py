"""The choice among models: its rule, the bias of its score, and how far the others are from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from leukemia_kedro.evaluation.outcomes import Outcomes, fold_residuals, recalls, score_interval
from leukemia_kedro.statistics.intervals import (
    corrected_resampled_error,
    paired_recall_interval,
)

ONE_STANDARD_ERROR_RULE = (
    "the simplest model whose cross-validated balanced accuracy is at most one standard error "
    "behind that of the best model; the standard error is that of the difference between the two"
)
CORRECTION_DRAWS = 2000
"""Bootstrap samples of the patients behind the corrected score."""
CORRECTION = "bootstrap bias correction"
INTERVAL = "Jeffreys intervals of the recalls, for the effective size, combined (MOVER)"
_AT_ONCE = 200  # draws: weights of 12,000 patients for all of them would take 200 MB
_ROUNDING = 1e-12


def behind_best(outcomes: Outcomes) -> tuple[np.ndarray, np.ndarray]:
    """How far each model's balanced accuracy is behind the best one's, and how sure that is.

    Returns
    -------
    distance, error : ndarray, shape (n_models,)
        The best score minus the model's; the standard error of that difference, from the
        differences of the folds' residuals (:func:`~.outcomes.fold_residuals`), corrected for
        overlapping training sets.
    """
    scores, residuals = recalls(outcomes).mean(axis=0)[:, 0], fold_residuals(outcomes)
    best = scores.argmax()
    error = corrected_resampled_error(residuals - residuals[best], outcomes.n_folds)
    return scores[best] - scores, error


def choose(outcomes: Outcomes) -> str:
    """The model that the one-standard-error rule takes (Breiman et al. 1984)."""
    distance, error = behind_best(outcomes)
    return outcomes.models[int((distance <= error + _ROUNDING).argmax())]


def corrected_score(outcomes: Outcomes, seed: int) -> dict[str, Any]:
    """The balanced accuracy to expect of the chosen model, the choice included.

    The chosen model's own score is too high where luck is part of the reason why it was chosen. So
    patients are drawn with replacement, class by class; the best model on the drawn ones is scored
    on the patients not drawn. The mean over draws is the corrected score (bootstrap bias
    correction). Its interval is that of :func:`~.outcomes.score_interval` for the mean recalls.

    As in the paper, each draw takes the best model and not the simplest one near it. In simulated
    cohorts this was closer to the truth of the model that the one-standard-error rule chose than
    the rule itself in each draw was (see the page on uncertainty).

    Where a patient gave samples of several classes, patients are drawn from all classes at once.

    Returns
    -------
    dict
        ``balanced_accuracy, low, high`` (95 %), ``method, interval, n_draws`` and ``best``, the
        share of the draws in which each model was the best, of those that ever were.

    References
    ----------
    I. Tsamardinos, E. Greasidou & G. Borboudakis (2018). Bootstrapping the out-of-sample
    predictions for efficient and accurate cross-validation. Machine Learning 107:1895–1922.
    """
    generator = np.random.default_rng(seed)
    found, best = [], []
    for start in range(0, CORRECTION_DRAWS, _AT_ONCE):
        drawn = _draw_patients(outcomes, min(_AT_ONCE, CORRECTION_DRAWS - start), generator)
        learned, left = recalls(outcomes, drawn), recalls(outcomes, (drawn == 0).astype(float))
        # In a small class every patient, or none, may be drawn: such a draw cannot be scored.
        complete = np.isfinite(learned + left).all(axis=(0, 1))
        chosen = learned[:, :, complete].mean(axis=0).argmax(axis=0)
        found.append(left[:, :, complete][:, chosen, np.arange(len(chosen))])
        best.append(chosen)
    mean = np.concatenate(found, axis=1).mean(axis=1)
    counts = np.bincount(np.concatenate(best))
    low, high = score_interval(outcomes, mean)
    return {
        "balanced_accuracy": float(mean.mean()),
        "low": low,
        "high": high,
        "method": CORRECTION,
        "interval": INTERVAL,
        "n_draws": int(counts.sum()),
        "best": {outcomes.models[i]: counts[i] / counts.sum() for i in np.flatnonzero(counts)},
    }


def differences(outcomes: Outcomes, champion: str) -> dict[str, tuple[float, float, float]]:
    """Each other model's balanced accuracy minus the champion's: value, low, high.

    The intervals cover all true differences at once with 95 %
    (:func:`~leukemia_kedro.statistics.intervals.paired_recall_interval`).
    """
    position = outcomes.models.index(champion)
    reference, n_others = outcomes.correct[position], len(outcomes.models) - 1
    numbers, found = range(outcomes.n_classes), {}
    for name, correct in zip(outcomes.models, outcomes.correct, strict=True):
        if name == champion:
            continue
        only_it, only_champion = (
            np.array([right[:, outcomes.classes == number].mean() for number in numbers])
            for right in (correct & ~reference, reference & ~correct)
        )
        ends = paired_recall_interval(
            only_it, only_champion, outcomes.class_sizes, comparisons=n_others
        )
        found[name] = (float((only_it - only_champion).mean()), *ends)
    return found


def _draw_patients(outcomes: Outcomes, n: int, generator: np.random.Generator) -> np.ndarray:
    """How often each sample is drawn in each of ``n`` draws, shape (n_samples, n)."""
    _, first = np.unique(outcomes.patients, return_index=True)
    strata = outcomes.classes[first]
    if (strata[outcomes.patients] != outcomes.classes).any():
        strata = np.zeros_like(strata)
    drawn = np.zeros((len(first), n))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        equal = np.full(len(members), 1 / len(members))
        drawn[members] = generator.multinomial(len(members), equal, size=n).T
    return drawn[outcomes.patients]
