"""How the champion's score grows with the training samples, and what twice as many would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators.model_pipeline import search_grid
from leukemia_kedro.evaluation.metrics import class_members
from leukemia_kedro.evaluation.plan import Split, outer_splits, units_per_class
from leukemia_kedro.evaluation.whole_procedure import classify_splits
from leukemia_kedro.model.setting import Setting
from leukemia_kedro.statistics.intervals import CONFIDENCE

SIZES = 6
"""Sizes of training sets, as far apart as ratios go. On such a scale a power law is a line."""
SPAN = 8
"""The largest is at most so many times the smallest. The law is one of large samples."""
FEWEST = 3
"""Patients of each class in the smallest training set, where no inner folds need more."""
FEWEST_SIZES = 3
"""As many as the coefficients of the law."""
STEEPEST = 5.0
"""Largest exponent, far above the 1 of regular models. The bound must not decide the gain."""
DRAWS = 400
"""Bootstrap draws, each of which is fitted."""
POINTS = 40
"""Of the fitted curve that the record holds."""
SMALLEST_GAIN = 0.001
"""Of balanced accuracy. Less is nothing."""


@dataclass(frozen=True)
class PowerLaw:
    """Expected error, 1 − balanced accuracy, after training on n patients: a n^(−b) + c."""

    a: float
    b: float
    c: float

    def error(self, n: np.ndarray) -> np.ndarray:
        return self.a * np.asarray(n, dtype=float) ** -self.b + self.c


def fit_power_law(sizes: np.ndarray, errors: np.ndarray) -> PowerLaw:
    """The inverse power law by least squares, with 0 ≤ a, 0 ≤ b ≤ 5 and 0 ≤ c ≤ 1.

    Parameters
    ----------
    sizes : ndarray, shape (n_sizes,)
        Numbers of training patients, ascending, at least three.
    errors : ndarray, shape (n_sizes,)
        1 − balanced accuracy, 0 to 1.

    References
    ----------
    S. Mukherjee, P. Tamayo, S. Rogers, R. Rifkin, A. Engle, C. Campbell, T. R. Golub & J. P.
    Mesirov (2003). Estimating dataset size requirements for classifying DNA microarray data.
    J. Comput. Biol. 10:119–142.
    """
    # In units of the largest size, a and c are of the order of the errors.
    ratios, logs = sizes / sizes[-1], np.log(sizes / sizes[-1])

    def residuals(law: np.ndarray) -> np.ndarray:
        return law[0] * ratios ** -law[1] + law[2] - errors

    def slopes(law: np.ndarray) -> np.ndarray:
        power = ratios ** -law[1]
        return np.column_stack([power, -law[0] * logs * power, np.ones(len(ratios))])

    half = np.clip(errors[-1] / 2, 0.01, 0.5)
    bounds = ([0, 0, 0], [1, STEEPEST, 1])
    # curve_fit calls this too; it raises an error where a flat curve ends the search early.
    a, b, c = least_squares(residuals, [half, 0.5, half], slopes, bounds).x
    return PowerLaw(float(a * sizes[-1] ** b), float(b), float(c))


def learning_curve(
    training_set: TrainingSet,
    plan: pd.DataFrame,
    cv_predictions: pd.DataFrame,
    setting: Setting,
    n_jobs: int,
) -> dict[str, Any]:
    """Balanced accuracy on the outer folds after training on parts of each training fold.

    The parts of a fold are nested and alike in classes; groups stay whole. In each, the whole
    procedure is learned again. The test samples have no part in it.

    The law is fitted to the sizes from which on the score is above chance, as Mukherjee et al.
    do. The intervals are percentiles over bootstrap draws, with the law fitted to each draw. They
    are for another cohort of such patients. A draw takes one repeat, and from each class as many
    patients as a training fold holds instead of as many as there are. So the variance is the
    corrected one of Nadeau & Bengio (2003, Machine Learning 52:239): draws of all patients would
    treat overlapping training sets as independent, and show 62 to 77 % of the standard deviation
    over simulated cohorts of 40 patients. The 95 % interval of ``doubled`` held the true score in
    142 of 147 such cohorts.

    Parameters
    ----------
    plan : DataFrame
        Outer folds.
    cv_predictions : DataFrame, columns ``sample, label, predicted``
        Of the same model from the whole training folds: the largest size.

    Returns
    -------
    dict
        ``sizes``, the mean numbers of training patients, or of samples where no groups say which
        samples are of one patient; at each of them ``balanced_accuracy``,
        its 95 % interval ``balanced_accuracy_low, balanced_accuracy_high``, and ``above_chance``,
        whether the law is fitted to it. ``power_law`` has ``a, b, c`` of :class:`PowerLaw`. From
        it come, with ``n, value, low, high``: ``now``, the balanced accuracy with all training
        patients; ``doubled``, with twice as many; and ``fitted``, a list of points between.
        ``gain``, with ``value, low, high``, is the difference of the first two. ``can_be_told`` is
        False where the gain may be nothing as well as more than half of what is left to gain, and
        where nothing is left.
        With fewer than three sizes above chance there is no law: what comes from it is None, and
        ``fitted`` is empty.
    """
    classes, groups = training_set.classes, training_set.groups
    outer = list(outer_splits(plan, training_set.samples, groups))
    right = cv_predictions["label"] == cv_predictions["predicted"]
    by_repeat = cv_predictions.assign(right=right.astype(float)).pivot_table(
        index="repeat", columns="sample", values="right"
    )
    whole_folds = by_repeat[training_set.samples].to_numpy()
    curves = [*_smaller(training_set, outer, setting, n_jobs), (outer, whole_folds)]
    strata = _strata(classes, groups)
    _, patient_of = strata
    n_patients = [[len(set(patient_of[part.train])) for part in parts] for parts, _ in curves]
    sizes = np.mean(n_patients, axis=1)
    correct = np.stack([of_size for _, of_size in curves], axis=2)
    members = class_members(classes)
    score = np.mean([correct[:, of_class].mean(axis=(0, 1)) for of_class in members], axis=0)
    draws = _bootstrap(correct, members, strata, sizes[-1], setting.seed)
    low, high = _interval(draws)
    above_chance = np.logical_and.accumulate((low > 1 / len(members))[::-1])[::-1]
    record = {
        "sizes": sizes.tolist(),
        "balanced_accuracy": score.tolist(),
        "balanced_accuracy_low": low.tolist(),
        "balanced_accuracy_high": high.tolist(),
        "above_chance": above_chance.tolist(),
    }
    if above_chance.sum() < FEWEST_SIZES:
        nothing = dict.fromkeys(("power_law", "now", "doubled", "gain"))
        return record | nothing | {"can_be_told": False, "fitted": []}
    in_law = sizes[above_chance], score[above_chance], draws[:, above_chance]
    return record | _extrapolated(*in_law, len(strata[0]))


def _smaller(
    training_set: TrainingSet, outer: Sequence[Split], setting: Setting, n_jobs: int
) -> list[tuple[list[Split], np.ndarray]]:
    """The parts of each smaller size, and how often each sample is predicted correctly from them.

    Without the sizes at which the model cannot be learned: no list says how many samples a
    classifier needs, so it is asked.
    """
    classes = training_set.classes
    generator = np.random.default_rng(setting.seed)
    places = [_places(split, classes, generator) for split in outer]
    repeats = np.unique([split.repeat for split in outer])
    of_sizes = [
        [
            replace(split, train=split.train[place <= share])
            for split, place in zip(outer, places, strict=True)
        ]
        for share in _shares(outer, classes, setting)
    ]
    values, excluded = training_set.matrix, training_set.excluded
    tasks = [(values, classes, part, excluded, setting) for parts in of_sizes for part in parts]
    predicted = run_parallel(_classify, tasks, n_jobs, "learning curve")
    curves = []
    for number, parts in enumerate(of_sizes):
        of_parts = predicted[number * len(outer) : (number + 1) * len(outer)]
        if any(each is None for each in of_parts):
            continue
        correct = np.empty((len(repeats), len(classes)))
        for part, called in zip(parts, of_parts, strict=True):
            row = np.searchsorted(repeats, part.repeat)
            correct[row, part.held_out] = called == classes[part.held_out]
        curves.append((parts, correct))
    return curves


def _shares(outer: Sequence[Split], classes: np.ndarray, setting: Setting) -> np.ndarray:
    """Parts of a training fold to learn from, the smallest first, all below 1."""
    is_tuned = len(search_grid(setting.model)) > 1
    fewest = max(FEWEST, setting.inner_folds) if is_tuned else FEWEST
    smallest = min(
        units_per_class(pd.Series(classes[split.train]), split.train_groups).iloc[-1]
        for split in outer
    )
    shares = np.geomspace(min(max(fewest / smallest, 1 / SPAN), 1), 1, SIZES)[:-1]
    # With few patients, two shares may be the same patients.
    counts = np.round(shares * smallest)
    return shares[(counts < smallest) & (np.diff(counts, append=smallest) > 0)]


def _places(split: Split, classes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The share of the fold from which on a row of ``split.train`` is learned from, 0 to 1."""
    strata, unit_of = _strata(classes[split.train], split.train_groups)
    place = np.empty(len(strata))
    for of_class in class_members(strata):
        place[of_class] = (generator.permutation(len(of_class)) + 0.5) / len(of_class)
    return place[unit_of]


def _strata(classes: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The class of each patient (of the first sample), and the patient of each sample."""
    if groups is None:
        return classes, np.arange(len(classes))
    _, first, patient_of = np.unique(groups, return_index=True, return_inverse=True)
    return classes[first], patient_of


def _classify(
    values: np.ndarray, classes: np.ndarray, part: Split, excluded: np.ndarray, setting: Setting
) -> np.ndarray | None:
    """Predicted classes of the held-out samples; None where the model refuses so few samples."""
    try:
        [[predicted]] = classify_splits(values, classes, [part], excluded, [setting])
        return predicted
    except (ValueError, UserError):
        return None


def _bootstrap(
    correct: np.ndarray,
    members: Sequence[np.ndarray],
    strata: tuple[np.ndarray, np.ndarray],
    n_train: float,
    seed: int,
) -> np.ndarray:
    """Balanced accuracies, shape (n_draws, n_sizes), of patients drawn within their classes.

    ``correct``, shape (n_repeats, n_samples, n_sizes), says which predictions are.
    """
    of_patient, patient_of = strata
    n_repeats = len(correct)
    generator = np.random.default_rng(seed)
    drawn = np.empty((DRAWS, len(of_patient)))
    for of_class in class_members(of_patient):
        n = len(of_class)
        n_drawn = max(1, round(n * n_train / len(of_patient)))
        drawn[:, of_class] = generator.multinomial(n_drawn, np.full(n, 1 / n), DRAWS)
    draws = []
    for number in range(n_repeats):
        times = drawn[number::n_repeats][:, patient_of]
        recalls = [
            times[:, of_class] @ correct[number, of_class] / times[:, of_class].sum(axis=1)[:, None]
            for of_class in members
        ]
        draws.append(np.mean(recalls, axis=0))
    return np.concatenate(draws)


def _interval(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [outside, 1 - outside], axis=0)
    return low, high


def _extrapolated(
    sizes: np.ndarray, score: np.ndarray, draws: np.ndarray, n_now: int
) -> dict[str, Any]:
    """What the law says of more samples; see :func:`learning_curve`."""
    law = fit_power_law(sizes, 1 - score)
    drawn = [fit_power_law(sizes, 1 - draw) for draw in draws]

    def with_interval(ns: np.ndarray) -> list[dict[str, float]]:
        low, high = _interval(np.array([1 - each.error(ns) for each in drawn]))
        columns = (ns, 1 - law.error(ns), low, high)
        keys = ("n", "value", "low", "high")
        return [dict(zip(keys, map(float, row), strict=True)) for row in zip(*columns, strict=True)]

    ends = np.array([n_now, 2 * n_now])
    now, doubled = with_interval(ends)
    low, high = _interval(np.array([-np.diff(each.error(ends))[0] for each in drawn]))
    gain = {"value": doubled["value"] - now["value"], "low": float(low), "high": float(high)}
    rest = 1 - now["value"]
    return {
        "power_law": {"a": law.a, "b": law.b, "c": law.c},
        "now": now,
        "doubled": doubled,
        "gain": gain,
        "can_be_told": bool(low > SMALLEST_GAIN or high < rest / 2) and rest > SMALLEST_GAIN,
        "fitted": with_interval(np.geomspace(sizes[0], ends[-1], POINTS)),
    }
