"""From a model file and a table to calls: what the model says, and what speaks against it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import (
    BLOCKS,
    PARAMETERS,
    fit_small_model,
    new_patients,
    small_cohort,
    small_model,
)

import leukemia_kedro
from leukemia_kedro import load_champion
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import GolubDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.model import new_samples
from leukemia_kedro.model.file import FittedModel, write_model
from leukemia_kedro.parameters import InferenceParameters, MissingParameters, ModelParameters
from leukemia_kedro.pipelines.inference.nodes import call_samples, describe_calls
from leukemia_kedro.pipelines.modelling.nodes import predict_held_out

COLUMNS = [
    "sample",
    "call",
    "predicted",
    "probability_ALL",
    "probability_AML",
    "confidence",
    "no_call_reason",
    "threshold",
    "distance",
    "distance_limit",
    "out_of_distribution",
    "imputed_probes",
    "imputed_genes",
    "driving_genes",
    "conformal_p_ALL",
    "conformal_p_AML",
    "conformal_set",
]
MODEL = small_model("weighted_voting")
NEW = new_patients()


def held_out_calls(model, cohort, expression=None):
    """What a run writes of held-out samples."""
    expression = cohort.expression if expression is None else expression
    split = cohort.samples.loc[expression.index].assign(split="test")
    return predict_held_out(model, expression.T, split)


def unlabelled(cohort: Cohort) -> Cohort:
    samples = cohort.samples.drop(columns="label")
    return Cohort(cohort.expression, samples, cohort.probes, cohort.origin)


def test_three_lines_of_python_give_the_table(tmp_path):
    write_model(MODEL, tmp_path / "champion.skops")
    calls = load_champion(str(tmp_path / "champion.skops")).predict(NEW.expression)
    assert list(calls) == COLUMNS
    assert calls["sample"].tolist() == list(NEW.expression.index)
    pd.testing.assert_frame_equal(calls, MODEL.predict(unlabelled(NEW)))


def test_genes_behind_a_call_are_named_where_the_card_has_symbols():
    genes = MODEL.pipeline[:-1].get_feature_names_out()
    named = replace(MODEL, card=MODEL.card | {"symbols": {genes[0]: "ZYX"}})
    calls = named.predict(NEW.expression)
    assert list(calls) == [*COLUMNS, "driving_symbols"]
    expected = calls["driving_genes"].str.replace(rf"\b{genes[0]}\b", "ZYX", regex=True)
    assert calls["driving_symbols"].tolist() == expected.tolist()
    assert calls["driving_symbols"].str.contains("ZYX").any()


def test_the_package_offers_nothing_else():
    with pytest.raises(AttributeError, match="has no attribute 'load_challenger'"):
        leukemia_kedro.load_challenger  # noqa: B018


def test_a_model_that_was_left_out_cannot_call(tmp_path):
    write_model(FittedModel(None, {"left_out": "two classes only"}), tmp_path / "model.skops")
    with pytest.raises(UserError, match="was left out of the run: two classes only"):
        load_champion(tmp_path / "model.skops")


@pytest.mark.parametrize(
    ("name", "n_classes"), [*((name, 2) for name in BLOCKS), ("knn", 3), ("svm_linear", 3)]
)
def test_calls_are_those_of_the_run_that_made_the_model(name, n_classes):
    model, cohort = small_model(name, n_classes), new_patients(n_classes)
    of_the_run = held_out_calls(model, cohort)
    calls = model.predict(cohort)
    shared = list(of_the_run)
    # Batches of samples are multiplied in another order.
    pd.testing.assert_frame_equal(calls[shared], of_the_run, rtol=1e-9)


@pytest.mark.parametrize("policy", ["fail", "impute"])
def test_a_sample_gets_the_same_row_through_each_door(policy):
    """As a training sample, a held-out sample, a new sample of a run, and from Python."""
    parameters = PARAMETERS["raw"].model_copy(
        update={"missing": MissingParameters(policy=policy, max_share=0.5)}
    )
    expression = small_cohort().expression.copy()
    if policy == "impute":
        expression = expression.mask(np.random.default_rng(0).random(expression.shape) < 0.02)
    cohort = replace(small_cohort(), expression=expression)
    model = fit_small_model(cohort, ModelParameters(**BLOCKS["knn"]), parameters)
    assert ("impute" in model.pipeline.named_steps) == (policy == "impute")
    one = expression.iloc[[3]]
    as_training_sample = model.call_samples(expression).iloc[[3]].reset_index(drop=True)
    as_held_out_sample = held_out_calls(model, cohort, one).drop(columns="label")
    patient = Cohort(one, cohort.samples.iloc[[3]], cohort.probes, cohort.origin)
    as_new_sample = call_samples(model, patient, InferenceParameters(allowed_missing_share=0.2))
    from_python = model.predict(one, allowed_missing_share=0.2)
    shared = list(as_training_sample)
    for row in (as_held_out_sample, as_new_sample[shared], from_python[shared]):
        pd.testing.assert_frame_equal(row, as_training_sample)


def test_below_the_threshold_there_is_no_call():
    threshold = MODEL.predict(NEW)["confidence"].median()
    calls = replace(MODEL, card=MODEL.card | {"threshold": threshold}).predict(NEW)
    unsure = calls["confidence"] < threshold
    assert unsure.sum() == 18
    assert (calls.loc[unsure, "call"] == "no call").all()
    assert (calls.loc[~unsure, "call"] == calls.loc[~unsure, "predicted"]).all()
    assert (calls["threshold"] == threshold).all()


def test_a_set_holds_the_classes_whose_p_value_is_above_alpha():
    calls = MODEL.predict(NEW)
    in_all, in_aml = (calls[f"conformal_p_{name}"] > 0.1 for name in ("ALL", "AML"))
    by_hand = np.select(
        [in_all & in_aml, in_all, in_aml], ["ALL or AML", "ALL", "AML"], default="no class"
    )
    assert calls["conformal_set"].tolist() == by_hand.tolist()
    # No p-value is below 1 / (1 + the 20 and 16 training patients).
    assert calls["conformal_p_ALL"].min() >= 1 / 21
    assert calls["conformal_p_AML"].min() >= 1 / 17


def test_batches_change_nothing(monkeypatch):
    model = small_model("logistic_regression")
    whole = model.predict(NEW)
    monkeypatch.setattr(new_samples, "CELLS_AT_A_TIME", 7 * 300)
    pd.testing.assert_frame_equal(model.predict(NEW), whole, rtol=1e-9)


def test_order_of_columns_and_columns_of_others_change_nothing():
    table = NEW.expression.loc[:, ::-1].assign(age=40, sex="f")
    pd.testing.assert_frame_equal(MODEL.predict(table), MODEL.predict(NEW.expression))


def test_a_sample_unlike_any_is_flagged():
    """A sample whose intensities are those of another sample's other genes."""
    rng = np.random.default_rng(0)
    table = NEW.expression.iloc[:6].copy()
    table.iloc[5] = rng.permutation(table.iloc[5].to_numpy())
    calls = MODEL.predict(table)
    assert calls["out_of_distribution"].tolist()[5]
    assert calls["distance"].idxmax() == 5
    assert (calls["out_of_distribution"] == (calls["distance"] > calls["distance_limit"])).all()


def test_missing_probes_are_imputed_where_allowed_and_the_table_says_so():
    genes = MODEL.pipeline[:-1].get_feature_names_out()
    others = NEW.expression.columns.difference(genes)
    table = NEW.expression.drop(columns=[genes[0], *others[:5]])
    table.loc[table.index[3], [genes[1], others[9]]] = np.nan
    with pytest.raises(UserError, match=r"lacks 6 of the 300 probes .* 1 of the 50 genes"):
        MODEL.predict(table)
    calls = MODEL.predict(table, allowed_missing_share=0.04)
    expected = pd.DataFrame({"imputed_probes": 6, "imputed_genes": 1}, index=calls.index)
    expected.loc[3] = [8, 2]
    pd.testing.assert_frame_equal(calls[list(expected)], expected)


def test_an_imputed_gene_counts_as_its_training_mean():
    model = small_model("weighted_voting")  # takes arrays as they are
    gene = model.pipeline[:-1].get_feature_names_out()[0]
    training = small_cohort().expression[gene]
    filled = NEW.expression.copy()
    filled[gene] = np.exp2(np.log2(training.clip(100, 16000)).mean())
    imputed = model.predict(NEW.expression.drop(columns=gene), allowed_missing_share=0.02)
    shared = ["call", "probability_AML", "distance", "driving_genes"]
    pd.testing.assert_frame_equal(imputed[shared], model.predict(filled)[shared], rtol=1e-9)


@pytest.mark.parametrize(("trained", "given"), [("raw", "log2"), ("log2", "raw")])
def test_a_table_on_the_wrong_scale_is_refused(trained, given):
    model = small_model("logistic_regression", scale=trained)
    model.predict(new_patients(scale=trained))
    with pytest.raises(UserError, match="the table is not on the scale of the model"):
        model.predict(new_patients(scale=given))


def test_a_raw_sample_among_log2_ones_is_refused_by_name_unless_it_was_checked():
    model, mixed = small_model("logistic_regression", scale="log2"), new_patients(scale="log2")
    table = mixed.expression.copy()
    table.iloc[2] = np.minimum(2 ** table.iloc[2], 1000)
    with pytest.raises(UserError, match=rf"^samples {table.index[2]} are not on the scale"):
        model.predict(table)
    checked = model.predict(table, scale_checked=True)
    others = checked.drop(index=2).reset_index(drop=True)
    expected = model.predict(mixed).drop(index=2).reset_index(drop=True)
    pd.testing.assert_frame_equal(others, expected.drop(columns="label", errors="ignore"))


def test_a_table_without_samples_is_refused():
    with pytest.raises(UserError, match="has no row"):
        MODEL.predict(NEW.expression.iloc[:0])


def test_without_labels_there_are_counts_and_no_scores():
    record = describe_calls(MODEL.predict(unlabelled(NEW)))
    assert record["scores"] is None
    sets = record["conformal_sets"]
    assert sets["one"] + sets["several"] + sets["none"] == 36
    assert sets["per_class"] == {}
    assert record["n"] == sum(record["called"].values()) + record["no_calls"] == 36


def test_with_labels_there_are_scores():
    calls = MODEL.predict(NEW)
    assert list(calls)[:2] == ["sample", "label"]
    record = describe_calls(calls)
    errors = (calls["label"] != calls["predicted"]).sum()
    assert record["scores"]["errors"] == errors
    assert record["scores"]["accuracy"] == 1 - errors / 36
    assert record["scores"]["accuracy_low"] < 1 - errors / 36 <= record["scores"]["accuracy_high"]
    assert record["other_labels"] == {}


def test_samples_of_classes_the_model_does_not_know_are_counted_apart():
    three = new_patients(3)
    record = describe_calls(MODEL.predict(three))
    assert record["other_labels"] == {"MLL": 12}
    assert record["scores"]["n"] == 36
    strange = NEW.samples.assign(label="tumour")
    record = describe_calls(MODEL.predict(Cohort(NEW.expression, strange, NEW.probes, NEW.origin)))
    assert record["scores"] is None
    assert record["other_labels"] == {"tumour": 36}


def check_golubs_rule(fitted, golub):
    """The class is the sign of the votes of all genes, whatever the calibrated probability."""
    calls = fitted.call_samples(golub.expression).set_index("sample")
    voting, genes = fitted.classifier, fitted.pipeline[:-1].get_feature_names_out()
    log2 = np.log2(golub.expression[genes].clip(100, 16000))
    votes = voting.weights_ * (log2 - voting.boundaries_) / voting.scale_
    winner = np.where(votes.sum(axis=1) > 0, "ALL", "AML")
    assert list(calls["predicted"]) == list(winner)
    strength = votes.sum(axis=1).abs() / votes.abs().sum(axis=1)
    np.testing.assert_allclose(calls["confidence"], strength, rtol=1e-9)
    assert len(calls) == 72
    test = golub.samples["split"] == "test"
    wrong = test & (calls["predicted"] != golub.samples["label"])
    assert list(calls.index[wrong]) == ["60", "66", "67"]
    assert list(calls.index[wrong & (calls["call"] != "no call")]) == ["66"]


@pytest.mark.real_data
def test_golubs_independent_patients_are_called_as_in_the_run(golub_files):
    """Weighted voting, fitted to the 38, called on the 34 as if they were new."""
    golub = GolubDataset(filepath=str(golub_files)).load()
    train = golub.samples["split"] == "train"
    fitted = fit_small_model(
        Cohort(golub.expression[train], golub.samples[train], golub.probes, golub.origin),
        ModelParameters(**BLOCKS["weighted_voting"]),
        PARAMETERS["golub"],
    )
    independent = golub.expression[~train]
    of_the_run = held_out_calls(fitted, golub, independent)
    calls = fitted.predict(independent.sample(frac=1, axis=1, random_state=0))
    assert calls["call"].tolist() == of_the_run["call"].tolist()
    assert (calls["call"] != "no call").sum() == 30  # strong calls, as in docs on replication
    assert calls["sample"].tolist() == of_the_run["sample"].tolist()
    # One of 34, at a rate of 5 %; weighted voting errs on this patient where it is forced to call.
    assert list(calls.loc[calls["out_of_distribution"], "sample"]) == ["60"]
    check_golubs_rule(fitted, golub)
    with pytest.raises(UserError, match="look like logarithms"):
        fitted.predict(np.log2(independent.clip(lower=20)))
