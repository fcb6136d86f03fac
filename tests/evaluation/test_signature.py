"""Rankings, signature and stability on a cohort whose truth is known."""

import numpy as np
import pytest

from leukemia_kedro.cohort.training_set import TrainingSet
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.fold_rankings import rank_folds
from leukemia_kedro.evaluation.plan import resampling_plan
from leukemia_kedro.evaluation.published import check_reference, reference_signature
from leukemia_kedro.model.setting import RankingSetting
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    FeatureSelectionParameters,
    ResamplingParameters,
    SignatureParameters,
)
from leukemia_kedro.pipelines.feature_selection.nodes import (
    choose_signature,
    compare_with_reference,
    measure_stability,
    rank_genes,
)

COHORT = CohortParameters(scale="raw", floor=100, ceiling=16000, filter={"min_ratio": 2})
SIGNATURE = SignatureParameters(criterion="anova_f", n_genes=10)
CRITERIA = ["anova_f", "signal_to_noise", "mutual_information"]
CHOSEN = FeatureSelectionParameters(criteria=CRITERIA, signature=SIGNATURE)
ONE_WORKER = ComputeParameters(n_jobs=1)


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(
        n_samples={"ALL": 25, "AML": 25},
        n_probes=360,
        differential_share=0.1,
        effect_size=2.0,
        heterogeneity=0.2,
        seed=3,
    )


@pytest.fixture(scope="module")
def ranking(cohort):
    patients = TrainingSet(cohort.expression, cohort.labels)
    return rank_genes(patients, cohort.probes, COHORT, CHOSEN, 0, ONE_WORKER)


@pytest.fixture(scope="module")
def stability(cohort):
    plan = resampling_plan(cohort.labels, ResamplingParameters(repeats=2), seed=0)
    patients = TrainingSet(cohort.expression, cohort.labels)
    rankings = rank_folds(
        patients, plan, RankingSetting((("anova_f", "none"),), COHORT, 4, 0), n_jobs=1
    )
    return rankings, *measure_stability(rankings, patients, cohort.probes, COHORT, CHOSEN)


def test_every_criterion_puts_true_genes_first(cohort, ranking):
    true = cohort.probes["is_differential"]
    for criterion in CRITERIA:
        top = ranking[ranking["criterion"] == criterion].nsmallest(10, "rank")
        assert true[top["probe"]].sum() >= 8, criterion


def test_ranks_run_from_one_and_scores_fall(ranking):
    for _, rows in ranking[ranking["criterion"] == "anova_f"].groupby("criterion"):
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows["score"].is_monotonic_decreasing


def test_controls_are_not_ranked(cohort):
    controls = list(cohort.probes.index[cohort.probes["is_control"]])
    patients = TrainingSet(cohort.expression, cohort.labels, controls=tuple(controls))
    ranked = rank_genes(patients, cohort.probes, COHORT, CHOSEN, 0, ONE_WORKER)
    assert not set(ranked["probe"]) & set(controls)


def test_genes_have_their_symbols_where_the_chip_is_annotated(cohort):
    patients = TrainingSet(cohort.expression, cohort.labels)
    named = cohort.probes.assign(symbol=[f"G{i}" for i in range(len(cohort.probes))])
    ranked = rank_genes(patients, named, COHORT, CHOSEN, 0, ONE_WORKER)
    assert list(ranked) == ["criterion", "probe", "score", "rank", "symbol"]
    first = ranked.iloc[0]
    assert first["symbol"] == f"G{cohort.probes.index.get_loc(first['probe'])}"


def test_selection_frequency_counts_the_folds(cohort, stability):
    rankings, table, index = stability
    outer = rankings[(rankings["inner_fold"] == 0) & (rankings["fold"] > 0)]
    assert index["n_folds"] == len(outer) == 10
    probe = table["probe"].iloc[0]
    column = cohort.expression.columns.get_loc(probe)
    times = sum(column in order[:10] for order in outer["order"])
    assert table["selection_frequency"].iloc[0] == times / 10
    assert table["selection_frequency"].is_monotonic_decreasing
    assert index["stability_low"] <= index["stability"] <= index["stability_high"]


def test_the_signature_names_the_class_in_which_a_gene_is_higher(cohort, ranking, stability):
    patients = TrainingSet(cohort.expression, cohort.labels)
    signature = choose_signature(
        ranking, stability[1], patients, cohort.probes, COHORT, CHOSEN
    ).set_index("probe")
    fold_change = cohort.probes.loc[signature.index, "true_log2_fold_change"]
    known = fold_change[fold_change != 0]
    expected = np.where(known > 0, "AML", "ALL")
    assert (signature.loc[known.index, "direction"] == expected).all()


def test_the_published_fifty_ship_with_the_package():
    published = reference_signature("golub_1999")
    assert published["direction"].value_counts().to_dict() == {"ALL": 25, "AML": 25}
    assert {"X95735_at", "M27891_at", "M55150_at"} <= set(published["probe"])


def test_an_unknown_reference_and_unknown_probes_are_refused(cohort):
    with pytest.raises(UserError, match=r"golub_2024.*expected one of: golub_1999"):
        reference_signature("golub_2024")
    golub = SIGNATURE.model_copy(update={"reference": "golub_1999"})
    with pytest.raises(UserError, match="has names that this cohort lacks"):
        check_reference(cohort.expression.columns, golub)
    assert check_reference(cohort.expression.columns, SIGNATURE).empty


def test_the_overlap_counts_what_is_shared(ranking):
    ordered = ranking[ranking["criterion"] == "anova_f"].sort_values("rank")["probe"]
    reference = ordered.iloc[[0, 4, 9, 30, 99, 150]]
    named = SIGNATURE.model_copy(update={"reference": "mine"})
    mine = CHOSEN.model_copy(update={"signature": named})
    found = compare_with_reference(ranking, reference.to_frame(), mine)
    assert (found["reference"], found["n_reference"]) == ("mine", 6)
    assert (found["signature"]["shared"], found["top_100"]["shared"]) == (3, 5)
    assert compare_with_reference(ranking, reference[:0].to_frame(), CHOSEN) == {"reference": None}
