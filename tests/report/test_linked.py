"""What the page holds of every gene and sample, as numbers of stated precision."""

import base64
import gzip
import json

import numpy as np
import pandas as pd
import pytest
from helpers import made_run

from leukemia_kedro.pipelines.reporting.nodes import write_report
from leukemia_kedro.report.linked import quantised
from leukemia_kedro.report.packing import packed_table


def facts_of(page):
    _, text = page.split('id="linked-facts">', 1)
    return json.loads(gzip.decompress(base64.b64decode(text.split("<", 1)[0])))


@pytest.fixture(scope="module")
def found():
    return made_run.make_datasets()


@pytest.fixture(scope="module")
def facts(found):
    return facts_of(write_report(**found))


def test_a_value_is_off_by_half_a_step_at_most_and_a_missing_one_stays_missing():
    rng = np.random.default_rng(0)
    scales = [[1e-3], [1.0], [14.0], [0.0]]
    values = pd.DataFrame(12.3456789 + rng.normal(size=(4, 500)) * scales)
    values.iloc[1, 7] = np.nan
    low, step, levels = quantised(values)
    again = low.to_numpy()[:, None] + levels * step.to_numpy()[:, None]
    error = np.abs(again - values).where(levels < 255)
    # The lowest value is rounded to five digits behind the point.
    assert (error.max(axis=1) <= step / 2 + 1e-5).all()
    assert (step[:3] <= (values.max(axis=1) - values.min(axis=1))[:3] / 253).all()
    assert np.argwhere(levels == 255).tolist() == [[1, 7]]


def test_probes_that_were_not_tested_have_no_statistics(found):
    tables = {"AML-ALL": found["contrast_tables"]["AML-ALL"].iloc[5:]}
    left_out = found["contrast_tables"]["AML-ALL"]["probe"].iloc[:5]
    facts = facts_of(write_report(**found | {"contrast_tables": tables}))
    p_values = pd.Series(facts["contrasts"]["AML-ALL"]["P.Value"], facts["genes"]["probe"])
    assert set(p_values.index[p_values.isna()]) == set(left_out)


def test_a_training_sample_has_the_class_most_often_predicted_out_of_fold(found, facts):
    samples, svm = facts["samples"], facts["models"]["SVM linear"]
    training = samples["split"].index("train")
    first = found["sample_split"]["label"].iloc[0]
    wrong = 0 if found["sample_split"]["label"].iloc[training] == first else 2
    assert svm["predicted"][training] == first
    assert (svm["wrong"][training], svm["repeats"][training]) == (wrong, 2)


def test_models_that_rank_alike_share_a_list_of_genes_and_others_have_their_own(found):
    probes = list(found["probes"].index)
    used = {"svm_linear": probes[:7], "knn": probes[:3], "svm_rbf": probes[2::-1]}
    scores = {
        name: each | {"genes": used.get(name, [])} for name, each in found["model_scores"].items()
    }
    facts = facts_of(write_report(**found | {"model_scores": scores}))
    assert len(facts["geneOrders"]) == 2
    for name, genes in used.items():
        if name in scores:
            order, n = facts["usedGenes"][name]
            assert [facts["genes"]["probe"][i] for i in facts["geneOrders"][order][:n]] == genes


def test_a_table_that_the_page_cuts_comes_whole_with_four_digits_and_no_number_for_nan():
    table = pd.DataFrame(
        {"p": [1.23456e-9, np.nan, 1.0], "set": ["ein Ä", "b", None], "n": [3, 4, 5]}
    )
    whole = json.loads(gzip.decompress(base64.b64decode(packed_table(table))))
    assert whole == {"p": [1.235e-9, None, 1], "set": ["ein Ä", "b", None], "n": [3, 4, 5]}


@pytest.mark.slow
def test_a_page_of_12625_probes_and_five_classes_stays_below_8_megabytes(monkeypatch):
    """With 2,000 gene sets in each contrast, and models that use every probe, each in its order."""
    monkeypatch.setattr(made_run, "N_PROBES", 12_625)
    found = made_run.make_datasets(made_run.FIVE, 134, 0)
    rng = np.random.default_rng(0)
    sets = pd.DataFrame({"gene_set": [f"REACTOME_PATHWAY_{i:04d}" for i in range(2_000)]})
    tested = (
        "camera_p",
        "camera_fdr",
        "rotation_p",
        "rotation_fdr",
        "up_p",
        "up_fdr",
        "down_p",
        "down_fdr",
    )
    sets = sets.assign(
        n_genes=40, n_truly_differential=np.nan, direction="Up", rotation_direction="Down"
    )
    found["enrichment"] = pd.concat(
        sets.assign(
            contrast=name, n_up=rng.integers(9, size=2_000), n_down=3, correlation=0.01
        ).assign(**{column: rng.uniform(size=2_000) for column in tested})
        for name in found["contrast_tables"]
    )
    probes = found["probes"].index
    for scores in found["model_scores"].values():
        scores["genes"] = list(rng.permutation(probes))
    page = write_report(**found)
    assert page.count('class="whole"') >= 10
    assert len(page.encode()) < 8_000_000
    facts = facts_of(page)
    assert len(facts["genes"]["probe"]) == 12_625
    assert len(facts["contrasts"]) == 10
    assert len(facts["samples"]["id"]) >= 60  # room for the samples of most cohorts
