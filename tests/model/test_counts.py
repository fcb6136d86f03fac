"""A model of counts of reads: raw counts of one new sample, called as in any batch."""

import copy
import re
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
from sklearn.pipeline import make_pipeline

from leukemia_kedro.app.reading import what_was_read
from leukemia_kedro.errors import UserError
from leukemia_kedro.estimators import CountFilter, LogCounts
from leukemia_kedro.model.contents import check_pipeline
from leukemia_kedro.model.file import read_model, write_model
from leukemia_kedro.parameters import ModelParameters

MODEL = small_model("weighted_voting", scale="counts")
NEW = new_patients(scale="counts").expression
LABELS = new_patients(scale="counts").labels


@pytest.fixture
def path(tmp_path):
    """A model file as a run writes it."""
    path = tmp_path / "champion.skops"
    write_model(MODEL, path)
    return path


def test_the_model_that_was_read_calls_one_sample_as_in_the_batch(path):
    model = read_model(path)
    batch = MODEL.predict(NEW)
    assert (batch["predicted"] == LABELS.to_numpy()).mean() > 0.9
    for number in range(0, len(NEW), 5):
        alone = model.predict(NEW.iloc[[number]])
        expected = batch.iloc[[number]].reset_index(drop=True)
        given = model.pipeline[:-1].transform(NEW.iloc[[number]])
        np.testing.assert_array_equal(given[0], MODEL.pipeline[:-1].transform(NEW)[number])
        # BLAS adds one row and many rows in different orders.
        pd.testing.assert_frame_equal(alone, expected, rtol=1e-12)


def test_the_card_says_that_the_model_takes_counts():
    assert MODEL.card["scale"] == "counts"
    assert MODEL.card["preprocessing"]["log2"] == {"prior_count": 2.0}
    kept = MODEL.card["preprocessing"]["filter"]
    assert kept.items() >= {"min_count": 10.0, "min_total_count": 15.0}.items()
    assert 0 < kept["n_kept"] < 300


def test_a_profile_is_what_filter_and_normalisation_make_of_the_training_samples():
    """The means that stand in for missing genes are those of log counts per million."""
    training = small_cohort(scale="counts")
    prepare = make_pipeline(CountFilter(), LogCounts())
    log2 = prepare.fit_transform(training.expression, training.labels)
    means = MODEL.reference.profiles.means
    kept = prepare[0].get_support()
    np.testing.assert_allclose(means[kept], log2.mean(axis=0), rtol=1e-12)
    assert len(means) == 300  # also of genes that are silent in training
    assert MODEL.predict(NEW)["out_of_distribution"].mean() < 0.2


def test_a_sample_of_other_genes_counts_is_out_of_distribution():
    table = NEW.iloc[:4].copy()
    table.iloc[3] = np.random.default_rng(0).permutation(table.iloc[3].to_numpy())
    assert MODEL.predict(table)["out_of_distribution"].tolist()[3]


def test_genes_that_no_training_sample_expresses_are_seen_in_another_disease():
    """They are no part of the model, but of the profile."""
    silent = ~MODEL.pipeline["filter"].get_support()
    assert 10 < silent.sum() < 150
    table = NEW.iloc[:2].copy()
    table.iloc[1, np.flatnonzero(silent)] = 2000.0
    calls = MODEL.predict(table)
    assert calls["out_of_distribution"].tolist() == [False, True]
    assert calls["distance"][1] > 3 * calls["distance"][0]


def test_a_deeper_library_changes_no_call():
    """Sequenced five times as deep: the normalisation takes the depth away."""
    calls, deeper = MODEL.predict(NEW), MODEL.predict(NEW * 5)
    assert deeper["predicted"].equals(calls["predicted"])
    np.testing.assert_allclose(deeper["probability_AML"], calls["probability_AML"], atol=0.02)


def test_what_is_no_count_is_named_sample_by_sample():
    table = NEW.iloc[:8].copy()
    names = list(table.index)
    table.iloc[1] = np.log2(table.iloc[1] + 1)
    table.iloc[2] = table.iloc[2] / table.iloc[2].sum() * 1e6
    table.iloc[4, 3] = -2
    table.iloc[6, 3] = 2.5
    with pytest.raises(UserError) as refused:
        MODEL.predict(table)
    said = "\n".join(refused.value.args)
    for number, found in [
        (4, "they hold negative values, such as -2"),
        (1, "they are fractions of at most 40, as logarithms are"),
        (2, "they hold fractions and add up to a million, as TPM do"),
        (6, "they hold fractions, such as 2.5"),
    ]:
        assert re.search(f"no counts of reads: {names[number]}; {found}", said)
    # Negative values are no counts, whatever the user has looked at.
    assert said.count("set inference.scale_checked to true") == 3

    checked = MODEL.predict(table.drop(index=names[4]), scale_checked=True)
    assert len(checked) == 7


def test_a_sample_without_reads_is_refused_by_name():
    table = NEW.iloc[:3].copy()
    table.iloc[1] = 0
    message = rf"samples without a read in the \d+ genes of the model: {table.index[1]}: they can"
    with pytest.raises(UserError, match=message):
        MODEL.predict(table, scale_checked=True)


@pytest.mark.parametrize("of_model", ["", ".4"])
@pytest.mark.parametrize("of_table", ["", ".17"])
def test_ensembl_ids_are_known_under_any_version(of_model, of_table):
    home, ids = small_cohort(scale="counts"), [f"ENSG{number:011d}" for number in range(300)]

    def under(version, table, axis=1):
        names = pd.Index([f"{name}{version}" for name in ids], name="probe")
        return table.set_axis(names, axis=axis)

    probes = under(of_model, home.probes, axis=0)
    cohort = replace(home, expression=under(of_model, home.expression), probes=probes)
    block = ModelParameters(**BLOCKS["naive_bayes"])
    model = fit_small_model(cohort, block, PARAMETERS["counts"])
    table = under(of_table, NEW).assign(age=40)
    expected = model.predict(under(of_model, NEW))
    pd.testing.assert_frame_equal(model.predict(table), expected)


def test_messages_and_reasons_speak_of_genes_and_samples():
    table = NEW.iloc[:2].copy()
    table.iloc[0] = np.arange(table.shape[1]) % 3
    assert MODEL.predict(table)["no_call_reason"][0].startswith("blank sample: distinct values 3,")
    assert "Genes" in what_was_read(new_patients(scale="counts"), MODEL)
    said = []
    for wrong in (
        NEW.T,
        NEW.assign(**{NEW.columns[0]: "x"}),
        NEW.iloc[:, 1:],
        NEW.replace(0, np.inf),
    ):
        with pytest.raises(UserError) as refused:
            MODEL.predict(wrong)
        said += refused.value.args
    assert len(said) == 4
    assert [line for line in said if re.search("probe|array", line)] == []


def test_missing_genes_count_as_training_means_where_allowed():
    genes = MODEL.pipeline[:-1].get_feature_names_out()
    table = NEW.drop(columns=genes[0])
    with pytest.raises(UserError, match="lacks 1 of the 300 genes"):
        MODEL.predict(table)
    calls = MODEL.predict(table, allowed_missing_share=0.05)
    assert (calls["imputed_genes"] == 1).all()
    assert (calls["predicted"] == MODEL.predict(NEW)["predicted"]).mean() > 0.9


@pytest.mark.parametrize(
    ("step", "attribute", "value", "message"),
    [
        ("log2", "reference_", -1.0, "LogCounts.reference_ holds no counts of reads"),
        ("log2", "reference_", 0.0, "LogCounts.reference_ holds no counts of reads"),
        ("log2", "mean_ratio_", 0.0, "LogCounts.mean_ratio_ is 0.0, expected a number"),
        ("log2", "mean_size_", np.nan, "LogCounts.mean_size_ is nan, expected a number"),
        ("log2", "prior_count", -1.0, "prior_count"),
        ("filter", "min_count", "ten", "min_count"),
        ("filter", "scale", "log2", "CountFilter.scale stands in the place"),
    ],
)
def test_a_file_with_other_content_is_refused(step, attribute, value, message):
    forged = copy.deepcopy(MODEL.pipeline)
    before = getattr(forged[step], attribute)
    full = np.full_like(before, value) if isinstance(before, np.ndarray) else value
    setattr(forged[step], attribute, full)
    with pytest.raises(ValueError, match=message):
        check_pipeline(forged)
    check_pipeline(MODEL.pipeline)


def test_steps_of_counts_and_of_intensities_are_not_mixed():
    forged = copy.deepcopy(MODEL.pipeline)
    forged.steps[1] = ("log2", small_model("weighted_voting").pipeline["log2"])
    with pytest.raises(ValueError, match=r"found .*LogTransform, expected .*LogCounts"):
        check_pipeline(forged)
