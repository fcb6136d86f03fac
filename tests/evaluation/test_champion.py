"""The champion's record: four figures with intervals, and published ones where they belong."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers.small_models import small_model

from leukemia_kedro.evaluation.champion import held_out_figures
from leukemia_kedro.evaluation.published import PUBLISHED, published_results
from leukemia_kedro.model.card import genes_in_use
from leukemia_kedro.pipelines.modelling.nodes import promote_champion
from leukemia_kedro.statistics.confounding import find_confounding

ROW = {
    "model": "weighted_voting",
    "champion": True,
    "baseline": False,
    "n_genes": 50,
    "cv_balanced_accuracy": 0.95,
    "test_n": 34.0,
    "test_errors": 2.0,
    "test_calls": 29.0,
    "test_errors_among_calls": 0.0,
    "test_brier": 0.05,
    "test_brier_low": 0.02,
    "test_brier_high": 0.09,
}


def predictions(split):
    """Of two models in two repeats, right in three of four cases."""
    train, rng = split[split["split"] == "train"].reset_index(), np.random.default_rng(1)
    other = train["label"].map({"ALL": "AML", "AML": "ALL"})
    return pd.concat(
        train.assign(
            model=model,
            repeat=repeat,
            fold=np.arange(38) % 5,
            predicted=train["label"].where(rng.random(38) < 0.75, other),
        )
        for model in ("knn", "weighted_voting")
        for repeat in (1, 2)
    )


def original_split(cohort: str) -> pd.DataFrame:
    table = pd.read_csv(PUBLISHED / "content" / f"{cohort}.csv", dtype=str)
    return table.set_index("sample")[["label", "split"]]


def test_each_figure_has_its_interval_and_says_which():
    figures = held_out_figures(pd.Series(ROW))
    assert list(figures) == ["errors", "errors_among_calls", "coverage", "brier"]
    # Exact intervals of 2 and 29 of 34, and of 0 of 29: 1 − 0.025^(1/29).
    assert (figures["errors"]["low"], figures["errors"]["high"]) == pytest.approx(
        (0.0072, 0.1968), abs=1e-4
    )
    assert figures["errors_among_calls"]["high"] == pytest.approx(1 - 0.025 ** (1 / 29))
    assert figures["coverage"]["value"] == 29 / 34
    assert (figures["brier"]["low"], figures["brier"]["high"]) == (0.02, 0.09)
    methods = [figure["interval"] for figure in figures.values()]
    assert methods == ["exact (Clopper–Pearson)"] * 3 + ["bootstrap over patients, percentiles"]
    assert {figure["published"] for figure in figures.values()} == {None}


def test_where_nothing_is_called_there_is_no_share_of_errors_among_calls():
    figures = held_out_figures(pd.Series(ROW | {"test_calls": 0.0}))
    assert figures["errors_among_calls"]["value"] is None
    assert figures["coverage"]["low"] == 0
    json.dumps(figures, allow_nan=False)


def test_published_figures_stand_beside_those_of_golubs_patients():
    figures = held_out_figures(pd.Series(ROW), published_results(original_split("golub")))
    assert figures["errors"]["published"] == [0, 4]
    assert figures["errors_among_calls"]["published"] == [0, 0]
    assert figures["coverage"]["published"] == [29, 29]
    assert figures["brier"]["published"] == [0.015, 0.015]


def test_no_other_patients_and_no_other_split_have_published_figures():
    golub = original_split("golub")
    assert published_results(golub.sample(frac=1, random_state=0)) is not None
    others = {
        "another cohort": original_split("mll"),
        "all for training": golub.assign(split="train"),
        "one patient less": golub.drop(index="72"),
        "other labels": golub.assign(label=golub["label"].to_numpy()[::-1]),
        "other names": golub.rename(index=lambda name: f"patient {name}"),
    }
    for what, split in others.items():
        assert published_results(split) is None, what


@pytest.mark.parametrize("has_test_set", [True, False])
def test_the_record_and_the_card(has_test_set):
    row = ROW | ({} if has_test_set else {name: None for name in ROW if name.startswith("test_")})
    baseline = {"model": "larger_class", "champion": False, "baseline": True}
    comparison = pd.DataFrame([row | {"model": "knn", "champion": False}, row, row | baseline])
    models = {name: small_model(name) for name in ("knn", "weighted_voting")}
    split = original_split("golub")
    training = split[split["split"] == "train"]
    laboratory = training["label"].map({"ALL": "DFCI", "AML": "CALGB"})
    confounding = find_confounding(training.assign(laboratory=laboratory), None, 0)
    genes = genes_in_use(models["weighted_voting"].pipeline)
    symbols = ["ZYX", "CST3 /// CST4", *[""] * (len(genes) - 2)]
    probes = pd.DataFrame({"symbol": symbols}, index=genes)
    champion, record = promote_champion(
        comparison, predictions(split), split, confounding, probes, 0, **models
    )
    json.dumps(record, allow_nan=False)
    assert champion.card["name"] == record["champion"] == "weighted_voting"
    [sentence] = champion.card["confounding"]
    assert sentence.startswith("laboratory cannot be told from the class among the training")
    assert champion.card["symbols"] == {genes[0]: "ZYX", genes[1]: "CST3"}
    assert champion.card["metrics"] == {
        "cross_validation": {"balanced_accuracy": 0.95},
        "test": record["test"],
        "corrected": record["corrected"],
    }
    # Each is right on three of four patients at random: the better of them is no better than that.
    assert record["corrected"]["balanced_accuracy"] == pytest.approx(0.75, abs=0.1)
    assert set(record["corrected"]["best"]) == {"knn", "weighted_voting"}
    assert champion.reference is models["weighted_voting"].reference
    assert record["parameters"] == {
        "n_genes": 50,
        "criterion": "signal_to_noise",
        "normalise_arrays": "none",
    }
    if has_test_set:
        assert record["test"]["errors"] == 2
        assert record["held_out"]["errors"]["published"] == [0, 4]
        assert "Furey et al. 2000" in [study["study"] for study in record["published"]]
    else:
        assert record["test"] is record["held_out"] is record["published"] is None
