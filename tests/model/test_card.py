"""The card says what a stranger needs, in plain JSON, and the same on the same day."""

import json

import pandas as pd
import pytest
from helpers.small_models import (
    BLOCKS,
    PARAMETERS,
    fit_small_model,
    small_cohort,
    small_model,
)

from leukemia_kedro.cohort.selection import NO_CALL
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.model.card import date, genes_in_use
from leukemia_kedro.model.rules import rules_of
from leukemia_kedro.parameters import ModelParameters


@pytest.mark.parametrize("name", BLOCKS)
def test_every_models_card_is_plain_json(name):
    card = small_model(name).card
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_the_card_states_training_cohort_preprocessing_and_parameters():
    card, cohort = small_model("logistic_regression").card, small_cohort()
    assert card["classes"] == ["ALL", "AML"]
    assert card["scale"] == "raw"
    assert card["training"]["n_samples"] == {"ALL": 20, "AML": 16}
    assert card["training"]["n_probes"] == 300
    assert card["training"]["quantiles"]["0.5"] == pytest.approx(
        cohort.expression.quantile(0.5, axis=1).median()
    )
    assert card["preprocessing"]["log2"] == {
        "scale": "raw",
        "floor": 100,
        "ceiling": 16000,
    }
    assert card["preprocessing"]["normalise"] == {"method": "standardise"}
    assert card["tuned"]["normalise_arrays"] == "standardise"
    kept = small_model("logistic_regression").pipeline["filter"].get_support().sum()
    assert card["preprocessing"]["filter"]["n_kept"] == kept
    assert card["preprocessing"]["select"]["k"] == card["n_genes"]
    assert card["conformal"] == {
        "alpha": 0.1,
        "patients": {"ALL": 20, "AML": 16},
        "smallest_alpha": {"ALL": 1 / 21, "AML": 1 / 17},
    }
    option = card["reject_option"]
    assert (option["asked"], option["patients"]) == (None, 36)
    own = small_model("logistic_regression").call_samples(cohort.expression)
    assert option["own_calls"] == (own["call"] != NO_CALL).sum() > 0
    assert option["error"] == (option["wrong_calls"] + 1) / (option["calls"] + 1)
    assert card["tuned"]["C"] in card["model"]["search"]["C"]
    assert card["seed"] == 7
    assert {"scikit-learn", "numpy", "skops", "python"} <= set(card["versions"])


def test_the_card_of_xgboost_states_its_version():
    assert "xgboost" in small_model("xgboost").card["versions"]


def test_boosted_stumps_have_no_base_estimator_to_be_mistaken_for_them():
    """AdaBoost's own parameter ``estimator`` is None."""
    assert small_model("adaboost").card["tuned"] == {
        "n_genes": 50,
        "criterion": "anova_f",
        "normalise_arrays": "standardise",
    }


def test_the_day_is_todays_or_the_one_the_environment_fixes():
    assert date({"SOURCE_DATE_EPOCH": "0"}) == "1970-01-01"
    assert date({"SOURCE_DATE_EPOCH": "931996799"}) == "1999-07-14"
    assert date({}) in {str(pd.Timestamp.now("UTC").date()), date({})}


def test_genes_in_use_are_the_survivors_best_first():
    centroids = small_model("shrunken_centroids")
    genes = genes_in_use(centroids.pipeline)
    left = centroids.classifier.surviving_
    assert len(genes) == left.sum() == centroids.card["n_genes"] < len(left)
    cohort = small_cohort()
    assert cohort.probes.loc[genes[:10], "is_differential"].all()

    pairs = small_model("top_scoring_pairs")
    rules = rules_of(pairs.pipeline)
    assert set(genes_in_use(pairs.pipeline)) == {
        rule[place] for rule in rules for place in ("higher", "lower")
    }
    assert pairs.card["n_genes"] == 2 * pairs.card["tuned"]["n_pairs"] == 2 * len(rules)

    pipeline = small_model("weighted_voting").pipeline
    kept = pipeline["filter"].get_feature_names_out()
    assert genes_in_use(pipeline) == list(kept[pipeline["select"].ranking_[:50]])


def test_the_card_of_a_model_that_calls_nobody_says_so():
    """Labels that mean nothing: models of some folds are surer than the fitted model ever is."""
    cohort = simulate_cohort(
        n_samples={"ALL": 27, "AML": 11}, n_probes=200, differential_share=0, effect_size=0,
        seed=12, scale="log2",
    )  # fmt: skip
    model = fit_small_model(cohort, ModelParameters(**BLOCKS["svm_linear"]), PARAMETERS["log2"])
    option = model.card["reject_option"]
    assert (option["calls"] > 0, option["own_calls"]) == (True, 0)
    assert set(model.call_samples(cohort.expression)["call"]) == {NO_CALL}
