"""A model frozen on one cohort, judged on another one, through the project's catalog."""

import json
import re
from dataclasses import replace
from pathlib import Path

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
    small_training_set,
)
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError
from kedro.runner import SequentialRunner

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import simulate_counts
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.file import write_model
from leukemia_kedro.parameters import (
    CohortParameters,
    ExternalValidationParameters,
    ModelParameters,
)
from leukemia_kedro.pipelines.external_validation import create_pipeline
from leukemia_kedro.pipelines.external_validation.nodes import (
    bring_home,
    call_elsewhere,
    find_shared_patients,
)
from leukemia_kedro.run.user_message import user_message

PROJECT = Path(__file__).resolve().parents[2]
HOME, CHAMPION = small_cohort(), small_model("logistic_regression")
METRICS = {
    "cross_validation": {"accuracy": 0.97, "balanced_accuracy": 0.96},
    "test": None,
    "corrected": {
        "balanced_accuracy": 0.95, "low": 0.8, "high": 0.99, "method": "of the paper",
        "interval": "of the paper", "n_draws": 9, "best": {"logistic_regression": 1.0},
    },
}  # fmt: skip

KNOWN = {"name": "logistic_regression", "metrics": METRICS}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The files of the home cohort."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def elsewhere(cohort, shift=1.0, stretch=0.8):
    """Log2 values of another laboratory; subtypes, laboratories and ids of its own."""
    log2 = shift + stretch * np.log2(cohort.expression.clip(lower=20))
    label = cohort.labels.mask(cohort.labels == "ALL", "B-ALL")
    label.iloc[:2] = label.iloc[:2].replace({"B-ALL": "T-ALL"})
    laboratory = np.where(np.arange(len(label)) % 2, "north", "south")
    return log2.T, pd.DataFrame({"label": label, "laboratory": laboratory})


def run(data, expression, samples, champion=CHAMPION, probes=None, known=KNOWN, **parameters):
    """Run what ``kedro run --pipelines external_validation --params home=home`` runs."""
    named = replace(champion, card=champion.card | known)
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"),
        base_env="base",
        default_run_env="golub",
        runtime_params={"home": "home"},
    )
    scale = "counts" if champion.card["scale"] == "counts" else "log2"
    home, at_home = (small_cohort(scale=scale), scale) if scale == "counts" else (HOME, "raw")
    names = create_pipeline().datasets()
    catalog = DataCatalog.from_config({k: v for k, v in loader["catalog"].items() if k in names})
    for folder in ("06_models", "05_model_input", "02_intermediate"):
        (data / folder / "home").mkdir(parents=True, exist_ok=True)
    write_model(named, data / "06_models" / "home" / "champion.skops")
    catalog["home_training_set"].save(small_training_set(home, PARAMETERS[at_home]))
    catalog["home_probes"].save(home.probes.reset_index())
    catalog["expression"].save(expression)
    catalog["samples"].save(samples.rename_axis("sample"))
    catalog["probes"].save((home.probes if probes is None else probes).rename_axis("probe"))
    catalog["params:cohort"] = CohortParameters(name="here", scale=scale)
    stated = {"classes": {"ALL": ["B-ALL", "T-ALL"]}} | parameters
    catalog["params:external_validation"] = ExternalValidationParameters(**stated)
    catalog["params:seed"] = 0
    SequentialRunner().run(create_pipeline(), catalog)
    folder = data / "08_reporting" / "golub"
    return (
        pd.read_csv(data / "07_model_output" / "golub" / "external_calls.csv"),
        json.loads((folder / "external_validation.json").read_text()),
        (folder / "external_validation.html").read_text(),
    )


def test_what_was_promised_stands_beside_what_came_out(data):
    calls, record, page = run(data, *elsewhere(new_patients()))
    assert record["matching"]["by"] == "probe"
    found = record["found"]
    assert found["n"] == len(calls) == 36
    assert found["errors"] == (calls["label"] != calls["predicted"]).sum() <= 2
    assert found["accuracy_low"] < found["accuracy"] <= found["accuracy_high"]
    assert record["promised"]["corrected"]["balanced_accuracy"] == 0.95
    assert record["shared_patients"] == {"copy": 0, "near-duplicate": 0}
    assert record["found_without_shared"] is None
    assert "0.950 (0.800" in page
    groups = pd.read_csv(data / "08_reporting" / "golub" / "external_subgroups.csv")
    assert groups.loc[groups["covariate"] == "laboratory", "n"].tolist() == [18, 18]


@pytest.mark.parametrize("by", ["id", "symbol"])
def test_of_counts_the_page_speaks_of_genes_and_counts(data, by):
    champion, there = small_model("weighted_voting", scale="counts"), new_patients(scale="counts")
    expression, probes = there.expression.T, there.probes
    if by == "symbol":
        names = [f"G{number}" for number in range(len(probes))]
        expression, probes = expression.set_axis(names), probes.set_axis(names)
    known, everyone = KNOWN | {"name": "weighted_voting"}, {"classes": None}
    _, record, page = run(
        data, expression, there.samples[["label"]], champion, probes, known, **everyone
    )
    assert record["found"]["errors"] <= 3
    text = re.sub(r"<(style|script).*?</\1>|<[^>]*>", "", page, flags=re.DOTALL)
    assert f"Genes were matched by {by}" in text
    assert re.findall(r"(?i)\w*(?:probe|array|intensit)\w*|\bchips?\b", text) == []


@pytest.mark.parametrize("lacking", ["name", "metrics"])
def test_a_model_that_is_no_champion_is_refused_before_any_work(data, lacking):
    known = {key: value for key, value in KNOWN.items() if key != lacking}
    with pytest.raises(DatasetError) as refusal:
        run(data, *elsewhere(new_patients()), known=known)
    assert "champion.skops: a model, and not a champion" in user_message(refusal.value)


def test_a_threshold_on_arrays_as_they_are_does_not_travel_and_the_flag_says_so(data):
    """Six doublings brighter and half as wide: the order of the patients is right in both."""
    block = BLOCKS["logistic_regression"] | {"normalise_arrays": "none"}
    naive = fit_small_model(HOME, ModelParameters(**block), PARAMETERS["raw"])
    patients = elsewhere(new_patients(), shift=6.0, stretch=0.5)
    (_, naively, _), (_, normalised, page) = (
        run(data, *patients, champion=model) for model in (naive, CHAMPION)
    )
    as_it_is, travels = naively["found"], normalised["found"]
    assert min(as_it_is["auc"], travels["auc"]) > 0.98
    assert travels["errors"] <= 3 < 8 <= as_it_is["errors"]
    # The distance takes arrays as they are, whatever the model does.
    assert as_it_is["flagged"]["count"] == travels["flagged"]["count"] == 36
    assert as_it_is["errors_not_stopped"] == 0
    assert "The flag tells nothing of single patients here." in page


def test_labels_play_no_part_in_the_model_or_in_its_calls(data):
    expression, samples = elsewhere(new_patients())
    calls, _, _ = run(data, expression, samples)
    model = (data / "06_models" / "home" / "champion.skops").read_bytes()
    permuted = samples.assign(label=np.random.default_rng(0).permutation(samples["label"]))
    again, record, _ = run(data, expression, permuted)
    assert (data / "06_models" / "home" / "champion.skops").read_bytes() == model
    pd.testing.assert_frame_equal(again.drop(columns="label"), calls.drop(columns="label"))
    assert record["found"]["errors"] > 5


def test_patients_whom_the_model_has_learned_from_are_told_apart(data):
    expression, samples = elsewhere(new_patients())
    copied, of_copied = elsewhere(HOME, shift=0.0, stretch=1.0)
    copied = copied.iloc[:, :3].set_axis(["c1", "c2", "c3"], axis=1)
    of_copied = of_copied.iloc[:3].set_axis(["c1", "c2", "c3"], axis=0)
    both = pd.concat([expression, copied], axis=1), pd.concat([samples, of_copied])
    _, record, page = run(data, *both)
    assert sum(record["shared_patients"].values()) == 3
    assert record["found"]["n"] == 39
    assert record["found_without_shared"]["n"] == 36
    assert "training samples.</strong>" in page


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"classes": {"ALL": ["B-ALL"]}}, r"2 samples are of classes .*: T-ALL \(2\)"),
        ({"classes": {"MLL": ["B-ALL"]}}, "the model knows ALL, AML"),
    ],
)
def test_classes_that_the_model_does_not_know_stop_the_run_first(data, parameters, message):
    with pytest.raises(UserError, match=message):
        run(data, *elsewhere(new_patients()), **parameters)


def test_too_few_genes_in_common_stop_the_run(data):
    expression, samples = elsewhere(new_patients())
    genes = CHAMPION.pipeline[:-1].get_feature_names_out()
    few = expression.drop(index=genes[: len(genes) // 2 + 1])
    with pytest.raises(UserError, match=r"genes that the model calls by are measured here"):
        run(data, few, samples, probes=HOME.probes.loc[few.index])


def test_a_model_of_counts_takes_the_counts_of_another_cohort_as_they_are():
    """Some genes are absent there; counts stay counts, and one training sample is found again."""
    home, there = small_cohort(scale="counts"), new_patients(scale="counts")
    model, parameters = small_model("weighted_voting", scale="counts"), PARAMETERS["counts"]
    expression = pd.concat([there.expression, home.expression.iloc[:1]]).iloc[:, :285]
    expression.index = [f"here {i}" for i in range(len(expression))]
    labels = [*there.labels, home.labels.iloc[0]]
    samples = pd.DataFrame({"label": labels}, index=expression.index)

    given = expression.T, there.probes.iloc[:285], samples, model, home.probes
    brought, record = bring_home(*given, parameters)
    pd.testing.assert_frame_equal(brought.iloc[:, :285], expression, check_names=False)
    shared = find_shared_patients(brought, small_training_set(home, parameters), model)
    found = (shared["sample"] + " " + shared["home_sample"]).tolist()
    assert found == [f"here {len(there.labels)} {home.expression.index[0]}"]
    asked = ExternalValidationParameters(allowed_missing_share=0.2)
    calls = call_elsewhere(brought, samples, model, record, asked)
    assert (calls["predicted"] == calls["label"]).mean() > 0.9


def on_a_chip(counts, seed):
    """Log2 values of an array: each probe binds in its own way, each array is shifted."""
    rng, per_million = np.random.default_rng(seed), counts.div(counts.sum(axis=1), axis=0) * 1e6
    log2 = 4 + 0.8 * np.log2(per_million + 1) + rng.normal(0, 0.7, counts.shape[1])
    log2 += rng.normal(0, 0.2, counts.shape) + rng.normal(0, 0.3, (len(counts), 1))
    return log2.rename(columns=lambda gene: f"{gene}_at")


@pytest.mark.parametrize("name", ["weighted_voting", "svm_linear", "top_scoring_pairs"])
@pytest.mark.parametrize("learned", ["log2", "counts"])
def test_a_model_of_arrays_calls_counts_and_back_by_symbol(learned, name):
    """Arrays are standardised, each by itself. The patients are others; the truth is known."""
    both = simulate_counts(
        n_samples={"ALL": 60, "AML": 48}, n_probes=600, differential_share=0.1, effect_size=2.0,
        seed=1,
    )  # fmt: skip
    arrays = on_a_chip(both.expression, 1)
    chip = both.probes.set_axis(arrays.columns)
    home, there = both.samples.iloc[::2], both.samples.iloc[1::2]
    tables = {"counts": (both.expression, both.probes), "log2": (arrays, chip)}
    scale = {"counts": "log2", "log2": "counts"}[learned]
    (values, probes), (others, other_probes) = tables[learned], tables[scale]
    cohort = Cohort(values.loc[home.index], home, probes, "simulated")
    block = BLOCKS[name] | {"normalise_arrays": ["standardise"], "reject_below": 0}
    model = fit_small_model(cohort, ModelParameters(**block), PARAMETERS[learned])
    given = others.loc[there.index].T, other_probes, there[["label"]], model, probes
    brought, record = bring_home(*given, PARAMETERS[scale])
    assert record["by"] == "symbol"
    calls = model.predict(brought)
    right = calls["predicted"].to_numpy() == there["label"].to_numpy()
    assert pd.Series(right).groupby(there["label"].to_numpy()).mean().mean() > 0.85
    # Each sample is brought and called by itself.
    one = given[0].iloc[:, [0]], other_probes, there[["label"]].iloc[[0]], model, probes
    alone, _ = bring_home(*one, PARAMETERS[scale])
    pd.testing.assert_frame_equal(alone, brought.iloc[[0]])
