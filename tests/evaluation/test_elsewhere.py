"""The samples that judge a model elsewhere, and its scores there."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import new_patients, small_model
from sklearn.metrics import roc_auc_score

from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.elsewhere import labelled, score_elsewhere
from leukemia_kedro.parameters import ExternalValidationParameters

SAMPLES = pd.DataFrame(
    {
        "label": ["B-ALL", "T-ALL", "AML", "B-ALL", "CLL"],
        "karyotype": ["MLL", "other", "other", None, "other"],
        "sex": list("FMFMF"),
    },
    index=pd.Index(["s1", "s2", "s3", "s4", "s5"], name="sample"),
)


def chosen(**parameters):
    return labelled(SAMPLES, ["ALL", "AML"], ExternalValidationParameters(**parameters))


def test_classes_are_mapped_and_samples_left_out():
    found = chosen(classes={"ALL": ["B-ALL", "T-ALL"]}, leave_out={"label": "CLL"})
    assert found["label"].to_dict() == {"s1": "ALL", "s2": "ALL", "s3": "AML", "s4": "ALL"}
    assert list(found) == ["label", "karyotype", "sex"]


def test_another_column_can_hold_the_classes():
    found = chosen(
        label="karyotype",
        classes={"ALL": ["MLL"], "AML": ["other"]},
        leave_out={"karyotype": None},
    )
    assert found["label"].to_dict() == {"s1": "ALL", "s2": "AML", "s3": "AML", "s5": "AML"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {},
            r"4 samples are of classes .*: B-ALL \(2\), T-ALL \(1\), CLL \(1\); it knows ALL, AML",
        ),
        ({"classes": {"ALL": ["B-ALL", "T-ALL"]}}, r"1 samples .*: CLL \(1\)"),
        ({"classes": {"MLL": ["B-ALL"]}}, "classes names MLL; the model knows ALL, AML"),
        ({"classes": {"ALL": ["C-ALL"]}}, "no sample has 'C-ALL' as label"),
        ({"label": "lineage"}, "names 'lineage', which is no column of the samples"),
        ({"leave_out": {"label": "MDS"}}, "leave_out: no sample has 'MDS' as label"),
        ({"label": "karyotype", "classes": {"ALL": ["MLL"]}}, "no class"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_in_words(parameters, message):
    with pytest.raises(UserError, match=message):
        chosen(**parameters)


def calls():
    return small_model("logistic_regression").predict(new_patients())


def test_scores_have_intervals_that_hold_them():
    found = score_elsewhere(calls(), ["ALL", "AML"], seed=0)
    table = calls()
    wrong = table["predicted"] != table["label"]
    assert found["errors"] == wrong.sum()
    auc = roc_auc_score(table["label"] == "AML", table["probability_AML"])
    assert found["auc"] == pytest.approx(auc)
    assert found["auc_low"] is None or found["auc_low"] <= auc <= found["auc_high"]
    for name in ("no_calls", "flagged", "stopped"):
        assert found[name]["low"] <= found[name]["share"] <= found[name]["high"]
    stopped = (table["call"] == "no call") | table["out_of_distribution"]
    assert found["stopped"]["count"] == stopped.sum()
    assert found["errors_not_stopped"] == (wrong & ~stopped).sum()


def test_the_interval_of_the_area_is_about_that_of_delong():
    """DeLong's variance of 60 and 40 normal scores one deviation apart is about .045²."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [60, 40])
    p = 1 / (1 + np.exp(-(rng.normal(size=100) + truth)))
    table = pd.DataFrame(
        {
            "sample": [f"s{i}" for i in range(100)],
            "label": np.where(truth, "AML", "ALL"),
            "predicted": np.where(p > 0.5, "AML", "ALL"),
            "probability_ALL": 1 - p,
            "probability_AML": p,
            "confidence": np.maximum(p, 1 - p),
            "call": np.where(p > 0.5, "AML", "ALL"),
            "out_of_distribution": False,
            "conformal_set": "ALL",
        }
    )
    found = score_elsewhere(table, ["ALL", "AML"], seed=0)
    above, below = p[truth == 1], p[truth == 0]
    wins = (above[:, None] > below).astype(float)
    delong = np.sqrt(wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 60)
    width = (found["auc_high"] - found["auc_low"]) / 2 / 1.96
    assert width == pytest.approx(delong, rel=0.1)  # percentiles of 1000 draws
