"""The card says what a stranger needs, in plain JSON, and the same on the same day."""

import json

import pandas as pd
import pytest
from small_models import BLOCKS, small_cohort, small_model

from leukemia_kedro.evaluation.champion import promote_champion
from leukemia_kedro.evaluation.model_card import date


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
        "standardise_arrays": False,
    }
    kept = small_model("logistic_regression").pipeline["filter"].get_support().sum()
    assert card["preprocessing"]["filter"]["n_kept"] == kept
    assert card["preprocessing"]["select"]["k"] == card["n_genes"]
    assert card["tuned"]["C"] in card["model"]["search"]["C"]
    assert card["seed"] == 7
    assert {"scikit-learn", "numpy", "skops", "python"} <= set(card["versions"])


def test_the_card_of_xgboost_states_its_version():
    assert "xgboost" in small_model("xgboost").card["versions"]


def test_boosted_stumps_have_no_base_estimator_to_be_mistaken_for_them():
    """AdaBoost's own parameter ``estimator`` is None."""
    assert small_model("adaboost").card["tuned"] == {"n_genes": 50, "criterion": "anova_f"}


def test_the_day_is_todays_or_the_one_the_environment_fixes():
    assert date({"SOURCE_DATE_EPOCH": "0"}) == "1970-01-01"
    assert date({"SOURCE_DATE_EPOCH": "931996799"}) == "1999-07-14"
    assert date({}) in {str(pd.Timestamp.now("UTC").date()), date({})}


def test_the_champions_card_has_its_name_and_metrics():
    comparison = pd.DataFrame(
        {
            "model": ["knn", "weighted_voting"],
            "champion": [False, True],
            "n_genes": [50, 50],
            "cv_balanced_accuracy": [0.9, 0.95],
            "test_n": [34.0, 34.0],
            "test_errors": [1.0, 3.0],
        }
    )
    models = {name: small_model(name) for name in comparison["model"]}
    champion, record = promote_champion(comparison, models)
    assert champion.card["name"] == "weighted_voting"
    assert champion.card["metrics"] == {
        "cross_validation": {"balanced_accuracy": 0.95},
        "test": {"n": 34.0, "errors": 3.0},
    }
    assert champion.reference is models["weighted_voting"].reference
    assert record["parameters"] == {"n_genes": 50, "criterion": "signal_to_noise"}
