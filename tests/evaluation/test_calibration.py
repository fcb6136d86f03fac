"""Probabilities are probabilities: of random labels, and on new samples of known truth."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import BLOCKS, rankings_of
from scipy.optimize import root
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.estimators.calibrated import fit_calibration
from leukemia_kedro.evaluation.fold_rankings import orders_by_split, rank_folds
from leukemia_kedro.evaluation.metrics import score_repeats
from leukemia_kedro.evaluation.nested_cv import fit_model, nested_cross_validation
from leukemia_kedro.evaluation.plan import resampling_plan
from leukemia_kedro.model.setting import RankingSetting, Setting
from leukemia_kedro.parameters import CohortParameters, ModelParameters, ResamplingParameters

COHORT = CohortParameters(scale="log2")
ONCE = ResamplingParameters(folds=5, repeats=1, inner_folds=4)
CLASSES = ["ALL", "AML"]
SIZES = (27, 11)
GENES, DIFFERENTIAL = 400, 20
SLOW = ("random_forest", "adaboost", "gradient_boosting", "xgboost")


def model_rankings(model):
    return Setting(model, COHORT, ONCE, 0).rankings


def two_scores(decision):
    return np.column_stack([np.zeros_like(decision), decision])


def draw(n_samples, effect, seed):
    """Independent genes on the log2 scale; the first 20 are higher in AML by ``effect``."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(CLASSES, n_samples)
    values = rng.normal(8, 1, (len(classes), GENES))
    values[classes == "AML", :DIFFERENTIAL] += effect
    samples = pd.Index([f"patient {i}" for i in range(len(classes))], name="sample")
    genes = [f"gene {i}" for i in range(GENES)]
    return TrainingSet(pd.DataFrame(values, samples, genes), pd.Series(classes, samples))


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_a_model_of_random_labels_states_the_shares_of_the_classes(name):
    """Calibration that sees genes chosen with the labels of its folds states .8 instead of .71.

    Its log loss is .8 where that of the shares is .60.
    """
    sure, losses = [], []
    for seed in range(8 if name in SLOW else 24):
        patients = draw(SIZES, 0, seed)
        setting = Setting(ModelParameters(**BLOCKS[name]), COHORT, ONCE, seed)
        plan = resampling_plan(patients.labels, ONCE, seed)
        orders = orders_by_split(rankings_of(patients, plan, setting))
        predictions, _ = nested_cross_validation(patients, plan, orders, setting, n_jobs=1)
        stated = predictions[[f"probability_{name}" for name in CLASSES]]
        sure.append(stated.max(axis=1).mean())
        losses.append(score_repeats(predictions, CLASSES)["log_loss"])
    share = max(SIZES) / sum(SIZES)
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert np.mean(sure) == pytest.approx(share, abs=0.02)
    assert np.mean(losses) == pytest.approx(entropy, abs=0.05)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_parameters_behind_many_labels_are_found_again(n_classes):
    rng = np.random.default_rng(0)
    scores = 5 * rng.normal(size=(40_000, n_classes))
    slope, intercepts = 0.7, np.array([0, 0.5, -1])[:n_classes]
    chances = softmax(slope * scores + intercepts, axis=1)
    labels = (rng.random((len(scores), 1)) > chances.cumsum(axis=1)).sum(axis=1)
    found_slope, found_intercepts = fit_calibration(scores, labels)
    assert found_slope == pytest.approx(slope, rel=0.04)  # four standard errors
    np.testing.assert_allclose(found_intercepts, intercepts, atol=0.12)


@pytest.mark.parametrize("gap", [-0.5, 0.0, 1.0])
def test_two_classes_solve_firths_equation_whether_or_not_they_overlap(gap):
    """Heinze & Schemper 2002, equation 3: Σ (y − p + h (1/2 − p)) x = 0, h the leverages."""
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1], SIZES)
    decision = np.abs(rng.normal(size=len(truth))) * np.where(truth == 1, 1, -1)
    decision += gap * np.where(truth == 1, 1, -1)
    X = np.column_stack([decision, np.ones_like(decision)])

    def firth(beta):
        p = expit(X @ beta)
        weighted = X * np.sqrt(p * (1 - p))[:, None]
        leverage = np.diag(weighted @ np.linalg.inv(weighted.T @ weighted) @ weighted.T)
        return X.T @ (truth - p + leverage * (0.5 - p))

    slope, (_, intercept) = fit_calibration(two_scores(decision), truth)
    assert slope > 0
    np.testing.assert_allclose(root(firth, [slope, intercept]).x, [slope, intercept], rtol=1e-4)
    np.testing.assert_allclose(firth(np.array([slope, intercept])), 0, atol=1e-3)


@pytest.mark.parametrize("decision", [np.zeros(38), -np.repeat([0.0, 1.0], SIZES)])
def test_scores_without_meaning_give_each_sample_the_shares_of_the_classes(decision):
    slope, intercepts = fit_calibration(two_scores(decision), np.repeat(CLASSES, SIZES))
    assert slope == 0
    # Jeffreys' prior adds half a sample to each class, or a little more to the smaller one.
    assert softmax(intercepts)[0] == pytest.approx(27 / 38, abs=0.06)


def test_the_unit_of_the_scores_does_not_matter():
    rng = np.random.default_rng(2)
    labels = np.repeat(CLASSES, SIZES)
    decision = rng.normal(size=38) + (labels == "AML")
    for unit in (1e-6, 1e6):
        slope, intercepts = fit_calibration(two_scores(decision), labels)
        other_slope, other_intercepts = fit_calibration(two_scores(unit * decision), labels)
        assert other_slope * unit == pytest.approx(slope, rel=1e-5)
        np.testing.assert_allclose(other_intercepts, intercepts, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.6, 1.0])
def test_the_log_odds_stated_for_new_patients_are_neither_bold_nor_timid(effect):
    """Median slope over 16 cohorts of 100, each with 2,500 new patients; best models .73, .95.

    Slopes differ much from cohort to cohort: a median of six has a standard error of a quarter.
    That of a slope of 1 from 2,500 patients is .06 at most.
    Top-scoring pairs are not held to it: a score of a few votes tells little, and their median here
    is .70 (docs/explanation/reject-option.md).
    """
    models = {name: ModelParameters(**block) for name, block in BLOCKS.items()}
    rankings = tuple({each for model in models.values() for each in model_rankings(model)})
    slopes = {name: [] for name in models}
    for seed in range(16):
        patients, new = draw((70, 30), effect, seed), draw((1750, 750), effect, 1000 + seed)
        ranking = RankingSetting(rankings, COHORT, ONCE.inner_folds, seed)
        no_outer_folds = resampling_plan(patients.labels, ONCE, seed).iloc[:0]
        orders = orders_by_split(rank_folds(patients, no_outer_folds, ranking, n_jobs=1))
        for name, model in models.items():
            fitted = fit_model(patients, orders, Setting(model, COHORT, ONCE, seed), n_jobs=1)
            stated = fitted.predict_proba(new.expression)[:, 1]
            slopes[name].append(calibration_slope(stated, new.classes == "AML"))
    medians = pd.Series({name: np.median(found) for name, found in slopes.items()})
    medians = medians.drop("top_scoring_pairs")
    assert medians.between(0.7, 1.5).all(), medians.round(2).to_dict()
    assert medians.median() == pytest.approx(1, abs=0.2)


def calibration_slope(probability, is_second):
    """Cox 1958: of a logistic regression of the truth on the log odds stated; 1 is right."""
    log_odds = logit(np.clip(probability, 1e-15, 1 - 1e-15))
    return LogisticRegression(C=np.inf).fit(log_odds[:, None], is_second).coef_[0, 0]
