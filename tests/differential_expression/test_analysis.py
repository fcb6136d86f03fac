"""From parameters to tables of statistics: each column against another implementation."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats
from statsmodels.api import OLS
from statsmodels.stats.multitest import multipletests

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.differential_expression.analysis import (
    compare_classes,
    compared_labels,
    plan_contrasts,
)
from leukemia_kedro.differential_expression.known_truth import hold_against_truth
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.statistics.max_t import max_t

CONTRACT = [
    "probe", "description", "logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B",
    "welch_t", "welch_p", "wilcoxon_p", "maxT_p",
]  # fmt: skip
FIVE = {"PB": 12, "AML": 14, "Bone_Marrow": 9, "Bone_Marrow_CD34": 8, "PBSC_CD34": 11}


def cohort_of(n_samples, seed=0, **simulation):
    """Tables as data processing hands them over, on the log2 scale."""
    cohort = simulate_cohort(
        n_samples=n_samples, **{"n_probes": 300, "scale": "log2", "seed": seed} | simulation
    )
    split = cohort.samples.get("split", "train")
    return SimpleNamespace(
        log_expression=cohort.expression.T,
        samples=cohort.samples,
        sample_split=cohort.samples[["label"]].assign(split=split),
        probes=cohort.probes,
        probe_filter=pd.DataFrame({"passes": np.arange(len(cohort.probes)) % 10 > 0}).set_index(
            cohort.probes.index
        ),
        classes=list(n_samples),
    )


def run(cohort, seed=0, **parameters):
    parameters = DifferentialExpressionParameters(**{"permutations": 0} | parameters)
    settings = CohortParameters(scale="log2", classes=cohort.classes)
    labels = compared_labels(cohort.sample_split, parameters)
    _, design, contrasts = plan_contrasts(cohort.samples, labels, settings, parameters)
    return compare_classes(
        cohort.log_expression,
        design.matrix,
        contrasts,
        cohort.samples,
        cohort.sample_split,
        cohort.probes,
        cohort.probe_filter,
        settings,
        parameters,
        seed,
        n_jobs=1,
    )


def table_of(cohort, contrast="AML-ALL", **parameters):
    return run(cohort, **parameters).tables[contrast].set_index("probe")


@pytest.fixture(scope="module")
def two():
    return cohort_of({"ALL": 14, "AML": 9}, batch_shift=1.0, test_share=0.2)


@pytest.fixture(scope="module")
def five():
    return cohort_of(FIVE, effect_size=2.0)


class TestTables:
    def test_the_columns_are_those_of_the_contract_and_more_to_their_right(self, two):
        (table,) = run(two, permutations=20).tables.values()
        assert list(table) == [*CONTRACT, "by_p", "q_value", "CI.L", "CI.R"]
        assert table["P.Value"].is_monotonic_increasing
        assert not table.drop(columns="description").isna().any(axis=None)

    def test_only_training_samples_and_passing_probes_are_compared(self, two):
        prior = run(two).prior
        train = (two.sample_split["split"] == "train").sum()
        assert (prior["n_probes"], prior["n_samples"]) == (270, train)
        everything = run(two, samples="all", probes="all").prior
        assert (everything["n_probes"], everything["n_samples"]) == (300, 23)

    def test_fold_changes_are_differences_of_class_means_the_later_class_first(self, two):
        train = two.sample_split.query("split == 'train'")["label"]
        means = two.log_expression[train.index].T.groupby(train).mean().T
        table = table_of(two)
        expected = (means["AML"] - means["ALL"])[table.index]
        # Two ways to add up the same numbers.
        np.testing.assert_allclose(table["logFC"], expected, rtol=1e-9)

    def test_the_tests_beside_are_those_of_scipy(self, two):
        train = two.sample_split.query("split == 'train'")["label"]
        table = table_of(two)
        sides = [
            two.log_expression.loc[table.index, train.index[train == label]].to_numpy()
            for label in ("AML", "ALL")
        ]
        welch = stats.ttest_ind(*sides, axis=1, equal_var=False)
        np.testing.assert_allclose(table["welch_t"], welch.statistic, rtol=1e-9)
        np.testing.assert_allclose(table["welch_p"], welch.pvalue, rtol=1e-9)
        rank_sum = stats.mannwhitneyu(*sides, axis=1, method="exact").pvalue
        np.testing.assert_allclose(table["wilcoxon_p"], rank_sum, rtol=1e-9)

    def test_adjusted_values_are_those_of_statsmodels(self, two):
        table = table_of(two)
        for column, method in (("adj.P.Val", "fdr_bh"), ("by_p", "fdr_by")):
            expected = multipletests(table["P.Value"], method=method)[1]
            np.testing.assert_allclose(table[column], expected, rtol=1e-12)
        assert (table["q_value"] <= table["adj.P.Val"] + 1e-15).all()

    def test_an_interval_leaves_zero_out_where_p_is_below_a_twentieth(self, two):
        table = table_of(two)
        assert ((table["CI.L"] * table["CI.R"] > 0) == (table["P.Value"] < 0.05)).all()
        np.testing.assert_allclose(table[["CI.L", "CI.R"]].mean(axis=1), table["logFC"], atol=1e-12)

    def test_a_covariate_is_held_fixed_as_by_least_squares(self, two):
        table = table_of(two, design="~ label + batch")
        train = two.samples[two.sample_split["split"] == "train"]
        x = np.column_stack(
            [np.ones(len(train)), train["label"] == "AML", train["batch"] == "lab_2"]
        ).astype(float)
        for probe in table.index[[0, 7, -1]]:
            fit = OLS(two.log_expression.loc[probe, train.index].to_numpy(), x).fit()
            assert table.loc[probe, "logFC"] == pytest.approx(fit.params[1], rel=1e-9)
        assert not np.allclose(table["logFC"], table_of(two).loc[table.index, "logFC"])

    def test_missing_values_are_left_out_gene_by_gene(self, two):
        holes = SimpleNamespace(**vars(two))
        holes.log_expression = two.log_expression.copy()
        gone = two.sample_split.query("split == 'train' and label == 'AML'").index[0]
        probe = two.log_expression.index[11]
        holes.log_expression.loc[probe, gone] = np.nan
        table = table_of(holes, permutations=20)
        train = two.sample_split.query("split == 'train'")["label"].drop(gone)
        means = two.log_expression.loc[probe, train.index].groupby(train).mean()
        assert table.loc[probe, "logFC"] == pytest.approx(means["AML"] - means["ALL"], rel=1e-9)
        assert table.loc[probe, ["welch_p", "wilcoxon_p", "maxT_p"]].notna().all()

    def test_treat_has_no_b_and_finds_less(self, two):
        treated, plain = table_of(two, treat_lfc=0.5), table_of(two)
        assert treated["B"].isna().all()
        assert (treated["P.Value"] >= plain.loc[treated.index, "P.Value"]).all()
        assert list(treated) == list(plain)

    def test_trend_and_robust_change_the_prior(self, two):
        priors = {
            str(run(two, trend=trend, robust=robust).prior["prior_variance"])
            for trend in (False, True)
            for robust in (False, True)
        }
        assert len(priors) == 4


class TestContrasts:
    def test_five_classes_need_no_change_of_code(self, five):
        pairs = run(five)
        assert len(pairs.tables) == 10
        assert list(pairs.tables)[:2] == ["AML-PB", "Bone_Marrow-PB"]
        rest = run(five, contrasts="each_against_rest")
        assert list(rest.tables) == [f"{label}-rest" for label in FIVE]

    def test_a_contrast_of_three_classes_weighs_means(self, five):
        table = table_of(
            five, "leukemia", contrasts={"leukemia": "AML - (Bone_Marrow + Bone_Marrow_CD34)/2"}
        )
        labels = five.samples["label"]
        means = five.log_expression.T.groupby(labels).mean().T.loc[table.index]
        expected = means["AML"] - means[["Bone_Marrow", "Bone_Marrow_CD34"]].mean(axis=1)
        np.testing.assert_allclose(table["logFC"], expected, rtol=1e-9, atol=1e-12)
        # Beside it AML against the samples of both marrows together, PB left out.
        marrow = labels.isin(["Bone_Marrow", "Bone_Marrow_CD34"])
        welch = stats.ttest_ind(
            five.log_expression.loc[table.index, labels == "AML"],
            five.log_expression.loc[table.index, marrow],
            axis=1,
            equal_var=False,
        )
        np.testing.assert_allclose(table["welch_t"], welch.statistic, rtol=1e-9)

    def test_a_covariate_can_be_tested_and_has_no_two_sides(self, two):
        table = table_of(
            two,
            "laboratory",
            design="~ label + batch",
            contrasts={"laboratory": "`batch[T.lab_2]`"},
            permutations=20,
        )
        assert table[["welch_t", "welch_p", "wilcoxon_p", "maxT_p"]].isna().all(axis=None)
        assert (table["adj.P.Val"] < 0.05).mean() > 0.2

    def test_the_summary_counts_what_the_tables_say(self, five):
        found = run(five, fdr=0.1)
        assert found.summary["contrast"].tolist() == list(found.tables)
        for row, table in zip(found.summary.itertuples(), found.tables.values(), strict=True):
            significant = table[table["adj.P.Val"] < 0.1]
            assert row.up == (significant["logFC"] > 0).sum()
            assert row.down == (significant["logFC"] < 0).sum()
            assert row.up + row.down + row.not_significant == len(table)
        assert found.summary[["up", "down"]].to_numpy().min() > 0

    def test_the_f_test_is_of_all_contrasts_together(self, five):
        found = run(five)
        columns = ["probe", "description", *found.tables, "AveExpr", "F", "P.Value", "adj.P.Val"]
        assert list(found.f_test) == columns
        assert found.f_test["P.Value"].is_monotonic_increasing
        table = found.tables["AML-PB"].set_index("probe")["logFC"]
        np.testing.assert_allclose(
            found.f_test.set_index("probe")["AML-PB"], table[found.f_test["probe"]], rtol=1e-12
        )
        # Four of the ten pairs say all: without moderation F is that of an analysis of variance.
        groups = [
            five.log_expression.loc[found.f_test["probe"], five.samples["label"] == label]
            for label in FIVE
        ]
        anova = stats.f_oneway(*groups, axis=1).statistic
        assert stats.spearmanr(found.f_test["F"], anova).statistic > 0.95

    def test_no_f_test_of_one_contrast_or_under_treat(self, two, five):
        for found in (run(two), run(five, treat_lfc=0.5)):
            assert len(found.f_test) == 0
            assert list(found.f_test)[:2] == ["probe", "description"]
            assert list(found.f_test)[-4:] == ["AveExpr", "F", "P.Value", "adj.P.Val"]


class TestMaxT:
    def test_labels_change_places_within_blocks(self, two):
        train = two.samples[two.sample_split["split"] == "train"]
        table = table_of(two, permutations=200, blocks="batch")
        expected = max_t(
            two.log_expression.loc[two.probe_filter["passes"], train.index].to_numpy(),
            (train["label"] == "AML").to_numpy(),
            200,
            0,
            blocks=(train["batch"] == "lab_2").to_numpy().astype(int),
        )
        tested = two.probes.index[two.probe_filter["passes"]]
        assert table["maxT_p"].to_dict() == dict(zip(tested, expected, strict=True))
        assert not table["maxT_p"].equals(table_of(two, permutations=200)["maxT_p"])

    def test_without_labellings_the_column_is_empty(self, two):
        assert table_of(two, permutations=0)["maxT_p"].isna().all()


class TestMistakes:
    """All are found from the samples alone, before anything is computed."""

    def plan(self, cohort, samples=None, **parameters):
        parameters = DifferentialExpressionParameters(**parameters)
        samples = cohort.samples if samples is None else samples
        labels = compared_labels(cohort.sample_split, parameters)
        settings = CohortParameters(scale="log2", classes=cohort.classes)
        plan_contrasts(samples, labels, settings, parameters)

    def test_columns_that_depend_on_each_other_are_named(self, two):
        twin = two.samples.assign(centre=two.samples["label"].str.lower())
        with pytest.raises(UserError, match=r"centre\[T\.aml\] follows from label\[T\.AML\]"):
            self.plan(two, twin, design="~ label + centre")

    def test_a_contrast_of_no_class_lists_the_classes(self, two):
        with pytest.raises(UserError, match="no class is named MLL; the classes are ALL, AML"):
            self.plan(two, contrasts={"x": "MLL - ALL"})

    @pytest.mark.parametrize(("column", "gone"), [("age", np.nan), ("centre", "")])
    def test_samples_without_a_covariate_are_named(self, two, column, gone):
        """Empty text is what a missing text comes back as from a CSV file."""
        samples = two.samples.assign(age=40.0, centre="a")
        samples.loc[samples.index[3], column] = gone
        message = f"'{column}' .*has no value for the samples {samples.index[3]}"
        with pytest.raises(UserError, match=f"covariate {message}"):
            self.plan(two, samples, design=f"~ label + {column}")
        with pytest.raises(UserError, match=f"blocks: {message}"):
            self.plan(two, samples, blocks=column)

    def test_a_class_with_one_sample_is_named(self, two):
        lone = SimpleNamespace(**vars(two))
        lone.sample_split = two.sample_split.copy()
        aml = (lone.sample_split["label"] == "AML") & (lone.sample_split["split"] == "train")
        lone.sample_split.loc[aml[aml].index[1:], "split"] = "test"
        with pytest.raises(UserError, match="AML has 1, each class needs at least 2"):
            self.plan(lone)

    def test_blocks_that_are_no_column_or_leave_nothing_to_permute(self, two):
        with pytest.raises(UserError, match=r"blocks is 'lab', which is no column .* batch"):
            self.plan(two, blocks="lab")
        with pytest.raises(UserError, match="AML-ALL: no label can change places, each value of"):
            self.plan(two, blocks="label")

    @pytest.mark.parametrize("name", ["AML/ALL", "", "../x", ".hidden", "AML ALL", "a\\b"])
    def test_a_contrast_name_that_is_no_file_name_is_refused(self, name):
        with pytest.raises(ValidationError, match="is no file name"):
            DifferentialExpressionParameters(contrasts={name: "AML - ALL"})

    def test_two_names_that_are_one_file_somewhere_are_refused(self):
        for names in (("AML", "aml"), ("F",), ("probe",)):
            with pytest.raises(ValidationError, match="is the name of another contrast or"):
                DifferentialExpressionParameters(contrasts=dict.fromkeys(names, "AML - ALL"))
        with pytest.raises(ValidationError, match="there is no contrast"):
            DifferentialExpressionParameters(contrasts={})


class TestKnownTruth:
    def test_by_hand(self):
        probes = pd.DataFrame(
            {"true_log2_mean_A": [5.0, 5, 5, 5], "true_log2_mean_B": [6.0, 5.3, 5, 5]},
            index=pd.Index(list("pqrs"), name="probe"),
        )
        table = pd.DataFrame({"probe": list("prq"), "adj.P.Val": [0.01, 0.02, 0.2]})
        tables, expressions = {"B-A": table}, {"B-A": "B - A"}
        (record,) = hold_against_truth(tables, expressions, probes, 0.05, 0.0)
        assert record == {
            "contrast": "B-A",
            "fdr": 0.05,
            "tested": 3,
            "differential_probes": 2,
            "discoveries": 2,
            "false_discoveries": 1,
            "false_discovery_proportion": 0.5,
            "power": 0.5,
        }
        (record,) = hold_against_truth(tables, expressions, probes, 0.05, 0.5)
        assert (record["differential_probes"], record["power"]) == (1, 1.0)
        (record,) = hold_against_truth(tables, expressions, probes, 1e-9, 2.0)
        assert (record["false_discovery_proportion"], record["power"]) == (0.0, None)

    def test_a_probe_of_a_third_class_does_not_differ_between_two(self, five):
        found = run(five, contrasts={"AML-PB": "AML - PB"})
        expressions = found.prior["contrasts"]
        (record,) = hold_against_truth(found.tables, expressions, five.probes, 0.05, 0.0)
        differ = (five.probes["true_log2_mean_AML"] - five.probes["true_log2_mean_PB"]).abs() > 0.5
        assert record["differential_probes"] == (differ & five.probe_filter["passes"]).sum()
        assert record["differential_probes"] < five.probes["is_differential"].sum() / 2

    def test_real_cohorts_have_none(self, two):
        real = two.probes[["description", "is_control"]]
        assert hold_against_truth({"A-B": pd.DataFrame()}, {"A-B": "A - B"}, real, 0.05, 0) == []

    def test_a_covariate_has_none(self, two):
        tables, expressions = {"lab": pd.DataFrame()}, {"lab": "`batch[T.lab_2]`"}
        assert hold_against_truth(tables, expressions, two.probes, 0.05, 0) == []

    @pytest.mark.slow
    def test_discoveries_are_false_as_often_as_promised(self):
        """Mean over cohorts; noise is correlated within modules, so one cohort tells little."""
        records = []
        for seed in range(40):
            cohort = cohort_of({"ALL": 15, "AML": 15}, seed=seed, n_probes=500, batch_shift=0.5)
            found = run(cohort, design="~ label + batch")
            records += hold_against_truth(
                found.tables, found.prior["contrasts"], cohort.probes, 0.05, 0.0
            )
        proportion = pd.DataFrame(records)["false_discovery_proportion"]
        assert proportion.mean() < 0.05 + 2 * proportion.sem()
        assert pd.DataFrame(records)["power"].mean() > 0.5


@pytest.mark.slow
def test_without_any_difference_little_is_found_and_p_values_are_uniform():
    """Labels permuted on data without any difference, 200 times.

    Of 200 repeats with a chance of 1 in 20 each, 99.9 % of the time 2 to 22 find something.
    """
    cohort = cohort_of({"ALL": 10, "AML": 10}, n_probes=100, differential_share=0.0, seed=1)
    rng = np.random.default_rng(2)
    found, p_values = {"adj.P.Val": 0, "maxT_p": 0}, []
    for repeat in range(200):
        labels = rng.permuted(cohort.sample_split["label"].to_numpy())
        cohort.sample_split = cohort.sample_split.assign(label=labels)
        table = table_of(cohort, permutations=100, seed=repeat)
        found["adj.P.Val"] += (table["adj.P.Val"] < 0.05).any()
        # 100 labellings give multiples of a hundredth: a share of .05 is reached, not undercut.
        found["maxT_p"] += (table["maxT_p"] <= 0.05).any()
        p_values.append(table["P.Value"].to_numpy())
    assert 2 <= found["maxT_p"] <= 22
    # For Benjamini–Hochberg 1 in 20 is the most: correlated probes can make it less.
    assert 1 <= found["adj.P.Val"] <= 22
    share_per_tenth = np.histogram(np.concatenate(p_values), bins=10, range=(0, 1))[0] / 200 / 90
    # Tenths of 18,000 p-values, correlated within a repeat as the probes are.
    np.testing.assert_allclose(share_per_tenth, 0.1, atol=0.02)
