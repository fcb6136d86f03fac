"""From parameters to tables of statistics: each column against another implementation."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats
from statsmodels.api import OLS
from statsmodels.stats.multitest import multipletests

from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.datasets.raw_files import as_covariate
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
)
from leukemia_kedro.pipelines.differential_expression import nodes
from leukemia_kedro.statistics.contrasts import contrast_matrix
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.empirical_bayes import moderate, top_table
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model
from leukemia_kedro.statistics.max_t import max_t

FIVE = {"PB": 12, "AML": 14, "Bone_Marrow": 9, "Bone_Marrow_CD34": 8, "PBSC_CD34": 11}


def cohort_of(n_samples, seed=0, **simulation):
    """Tables as data processing hands them over, on the log2 scale."""
    simulation = {"n_probes": 300, "scale": "log2", "seed": seed} | simulation
    cohort = simulate_cohort(n_samples=n_samples, **simulation)
    split = cohort.samples.get("split", "train")
    passes = np.arange(len(cohort.probes)) % 10 > 0
    return SimpleNamespace(
        expression=cohort.expression.T,
        log_expression=cohort.expression.T,
        samples=cohort.samples,
        sample_split=cohort.samples[["label"]].assign(split=split),
        probes=cohort.probes,
        probe_filter=pd.DataFrame({"passes": passes}, cohort.probes.index),
    )


def train_of(cohort):
    return cohort.samples[cohort.sample_split["split"] == "train"]


def parameters_of(cohort, **asked):
    of_cohort = CohortParameters(scale="log2", classes=list(cohort.samples["label"].unique()))
    return of_cohort, DifferentialExpressionParameters(**{"permutations": 0} | asked)


def plan(cohort, **asked):
    parameters = parameters_of(cohort, **asked)
    return nodes.plan_contrasts(cohort.samples, cohort.sample_split, *parameters)


def weigh(cohort, matrix, **asked):
    """The tables of the error model, by name."""
    found = nodes.weigh_values(
        *parameters_of(cohort, **asked), design_matrix=matrix, **vars(cohort)
    )
    return dict(zip(nodes.WeighedTables.__annotations__, found, strict=False))


def run(cohort, seed=0, **asked):
    design, contrasts = plan(cohort, **asked)
    weighed = weigh(cohort, design, **asked)
    tables, summary, f_test, prior = nodes.compare_classes(
        *parameters_of(cohort, **asked), seed, ComputeParameters(n_jobs=1),
        design_matrix=design, contrast_matrix=contrasts, **vars(cohort), **weighed,
    )  # fmt: skip
    return SimpleNamespace(tables=tables, summary=summary, f_test=f_test, prior=prior)


def table_of(cohort, contrast="AML-ALL", **parameters):
    return run(cohort, **parameters).tables[contrast].set_index("probe")


def changed(cohort, **tables):
    return SimpleNamespace(**vars(cohort) | tables)


@pytest.fixture(scope="module")
def two():
    return cohort_of({"ALL": 14, "AML": 9}, batch_shift=1.0, test_share=0.2)


@pytest.fixture(scope="module")
def five():
    return cohort_of(FIVE, effect_size=2.0)


def test_counts_are_compared_by_voom_and_their_logs_by_the_other_tests(two):
    rng = np.random.default_rng(7)
    counts = pd.DataFrame(
        rng.poisson(rng.uniform(20, 500, (300, 1)), two.expression.shape),
        two.expression.index,
        two.expression.columns,
    )
    logs = np.log2(counts + 1)
    cohort = changed(two, expression=counts, log_expression=logs)
    classes = list(two.samples["label"].unique())
    of_counts = CohortParameters(scale="counts", classes=classes)
    parameters = of_counts, DifferentialExpressionParameters(permutations=0)
    design, contrasts = nodes.plan_contrasts(cohort.samples, cohort.sample_split, *parameters)
    found = nodes.weigh_values(*parameters, design_matrix=design, **vars(cohort))
    weighed = dict(zip(nodes.WeighedTables.__annotations__, found, strict=False))

    tested = counts.loc[two.probe_filter["passes"], design.index]
    np.testing.assert_array_equal(weighed["sample_weights"]["library_size"], tested.sum())
    assert weighed["value_weights"].shape == tested.shape
    tables, _, _, prior = nodes.compare_classes(
        *parameters, 0, ComputeParameters(n_jobs=1),
        design_matrix=design, contrast_matrix=contrasts, **vars(cohort), **weighed,
    )  # fmt: skip
    assert prior["voom"]
    table = tables["AML-ALL"].set_index("probe")
    means = weighed["voom_expression"].mean(axis=1)
    np.testing.assert_allclose(table["AveExpr"], means[table.index], rtol=1e-12)
    groups = [
        logs.loc[table.index, design.index[train_of(two)["label"] == label]]
        for label in ("AML", "ALL")
    ]
    welch = stats.ttest_ind(*groups, axis=1, equal_var=False)
    np.testing.assert_allclose(table["welch_p"], welch.pvalue, rtol=1e-9)


class TestTables:
    def test_the_columns_are_those_users_read(self, two):
        (table,) = run(two, permutations=20).tables.values()
        assert list(table) == [
            "probe", "description", "logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B",
            "welch_t", "welch_p", "wilcoxon_p", "maxT_p", "by_p", "q_value", "CI.L", "CI.R",
        ]  # fmt: skip
        assert table["P.Value"].is_monotonic_increasing
        assert not table.drop(columns="description").isna().any(axis=None)

    def test_only_training_samples_and_passing_probes_are_compared(self, two):
        prior, everything = run(two).prior, run(two, samples="all", probes="all").prior
        assert (prior["n_probes"], prior["n_samples"]) == (270, len(train_of(two)))
        assert (everything["n_probes"], everything["n_samples"]) == (300, 23)

    def test_fold_changes_and_two_sample_tests_are_those_of_numpy_and_scipy(self, two):
        table, labels = table_of(two), train_of(two)["label"]
        aml, all_ = (
            two.log_expression.loc[table.index, labels.index[labels == label]].to_numpy()
            for label in ("AML", "ALL")
        )
        welch = stats.ttest_ind(aml, all_, axis=1, equal_var=False)
        expected = {
            "logFC": aml.mean(axis=1) - all_.mean(axis=1),
            "welch_t": welch.statistic,
            "welch_p": welch.pvalue,
            "wilcoxon_p": stats.mannwhitneyu(aml, all_, axis=1, method="exact").pvalue,
        }
        for column, values in expected.items():
            # Two ways to add up the same numbers.
            np.testing.assert_allclose(table[column], values, rtol=1e-9, err_msg=column)

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
        train = train_of(two)
        effects = [np.ones(len(train)), train["label"] == "AML", train["batch"] == "lab_2"]
        x = np.column_stack(effects).astype(float)
        for probe in table.index[[0, 7, -1]]:
            fit = OLS(two.log_expression.loc[probe, train.index].to_numpy(), x).fit()
            assert table.loc[probe, "logFC"] == pytest.approx(fit.params[1], rel=1e-9)
        assert not np.allclose(table["logFC"], table_of(two).loc[table.index, "logFC"])

    def test_missing_values_are_left_out_gene_by_gene(self, two):
        labels = train_of(two)["label"]
        gone, probe = labels.index[labels == "AML"][0], two.log_expression.index[11]
        expression = two.log_expression.copy()
        expression.loc[probe, gone] = np.nan
        table = table_of(changed(two, log_expression=expression), permutations=20)
        means = expression.loc[probe, labels.index].groupby(labels).mean()
        assert table.loc[probe, "logFC"] == pytest.approx(means["AML"] - means["ALL"], rel=1e-9)
        assert table.loc[probe, ["welch_p", "wilcoxon_p", "maxT_p"]].notna().all()

    def test_treat_has_no_b_and_finds_less(self, two):
        treated, plain = table_of(two, treat_lfc=0.5), table_of(two)
        assert treated["B"].isna().all()
        assert (treated["P.Value"] >= plain.loc[treated.index, "P.Value"]).all()
        assert list(treated) == list(plain)

    def test_the_limma_of_the_prior_matters_where_values_are_missing(self, two):
        def priors(cohort):
            return [
                run(cohort, prior=limma).prior["prior_df"] for limma in ("limma_3.62", "limma_3.54")
            ]

        newer, older = priors(two)
        assert newer == older
        gaps = np.random.default_rng(0).random(two.log_expression.shape) < 0.05
        newer, older = priors(changed(two, log_expression=two.log_expression.mask(gaps)))
        assert newer != pytest.approx(older, rel=1e-3)

    def test_trend_and_robust_change_the_prior(self, two):
        priors = {
            run(two, trend=trend, robust=robust).prior["prior_variance"]
            for trend, robust in product((False, True), repeat=2)
        }
        assert len(priors) == 4


class TestContrasts:
    def test_five_classes(self, five):
        pairs, rest = run(five).tables, run(five, contrasts="each_against_rest").tables
        assert (len(pairs), list(pairs)[:2]) == (10, ["AML-PB", "Bone_Marrow-PB"])
        assert list(rest) == [f"{label}-rest" for label in FIVE]

    def test_a_contrast_of_three_classes_weighs_means(self, five):
        contrasts = {"leukemia": "AML - (Bone_Marrow + Bone_Marrow_CD34)/2"}
        table = table_of(five, "leukemia", contrasts=contrasts)
        labels = five.samples["label"]
        means = five.log_expression.T.groupby(labels).mean().T.loc[table.index]
        expected = means["AML"] - means[["Bone_Marrow", "Bone_Marrow_CD34"]].mean(axis=1)
        np.testing.assert_allclose(table["logFC"], expected, rtol=1e-9, atol=1e-12)
        # The two-sample tests compare AML with the samples of both marrows, without PB.
        log = five.log_expression.loc[table.index]
        aml, marrow = log.loc[:, labels == "AML"], log.loc[:, labels.str.startswith("Bone_Marrow")]
        welch = stats.ttest_ind(aml, marrow, axis=1, equal_var=False)
        np.testing.assert_allclose(table["welch_t"], welch.statistic, rtol=1e-9)

    def test_a_covariate_can_be_tested_and_has_no_two_sides(self, two):
        asked = {"design": "~ label + batch", "contrasts": {"laboratory": "`batch[T.lab_2]`"}}
        table = table_of(two, "laboratory", permutations=20, **asked)
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

    @staticmethod
    def columns_of_f_test(found):
        return ["description", *found.tables, "AveExpr", "F", "P.Value", "adj.P.Val"]

    def test_the_f_test_is_of_all_contrasts_together(self, five):
        found = run(five)
        table = found.f_test.set_index("probe")
        assert list(table) == self.columns_of_f_test(found)
        assert table["P.Value"].is_monotonic_increasing
        change = found.tables["AML-PB"].set_index("probe")["logFC"]
        np.testing.assert_allclose(table["AML-PB"], change[table.index], rtol=1e-12)
        # Four of the ten pairs say all: without moderation F is that of an analysis of variance.
        log = five.log_expression.loc[table.index]
        groups = [log.loc[:, five.samples["label"] == label] for label in FIVE]
        anova = stats.f_oneway(*groups, axis=1).statistic
        assert stats.spearmanr(table["F"], anova).statistic > 0.95

    def test_no_f_test_of_one_contrast_or_under_treat(self, two, five):
        for found in (run(two), run(five, treat_lfc=0.5)):
            assert len(found.f_test) == 0
            assert list(found.f_test) == ["probe", *self.columns_of_f_test(found)]

    def test_labels_of_max_t_change_places_within_blocks(self, two):
        train, passes = train_of(two), two.probe_filter["passes"]
        table = table_of(two, permutations=200, blocks="batch")
        values = two.log_expression.loc[passes, train.index].to_numpy()
        group, blocks = (train["label"] == "AML").to_numpy(), pd.factorize(train["batch"])[0]
        expected = max_t(values, group, 200, 0, blocks=blocks)
        assert table["maxT_p"].to_dict() == dict(zip(passes.index[passes], expected, strict=True))
        assert not table["maxT_p"].equals(table_of(two, permutations=200)["maxT_p"])
        assert table_of(two, permutations=0)["maxT_p"].isna().all()


class TestMistakes:
    """All are found from the samples alone, before anything is computed."""

    WRONG = (
        ({"design": "~ label + twin"}, r"twin\[T\.aml\] follows from label\[T\.AML\]"),
        ({"contrasts": {"x": "MLL - ALL"}}, "no class is named MLL; the classes are ALL, AML"),
        ({"blocks": "lab"}, "blocks is 'lab', which is no column .* batch"),
        ({"blocks": "label"}, "AML-ALL: no label can change places, because each value of"),
    )

    @pytest.mark.parametrize(("parameters", "message"), WRONG)
    def test_what_does_not_fit_the_samples_is_named(self, two, parameters, message):
        samples = two.samples.assign(twin=two.samples["label"].str.lower())
        with pytest.raises(UserError, match=message):
            plan(changed(two, samples=samples), **parameters)

    @pytest.mark.parametrize(("column", "gone"), [("age", np.nan), ("centre", "")])
    def test_samples_without_a_covariate_are_named(self, two, column, gone):
        """A missing text is read from a CSV file as empty text."""
        samples = two.samples.assign(age=40.0, centre="a")
        samples.loc[samples.index[3], column] = gone
        cohort = changed(two, samples=samples)
        message = f"'{column}' .*has no value for the samples {samples.index[3]}"
        with pytest.raises(UserError, match=f"covariate {message}"):
            plan(cohort, design=f"~ label + {column}")
        with pytest.raises(UserError, match=f"blocks: {message}"):
            plan(cohort, blocks=column)

    def test_a_class_with_one_sample_is_named(self, two):
        split, train = two.sample_split.copy(), train_of(two)
        split.loc[train.index[train["label"] == "AML"][1:], "split"] = "test"
        with pytest.raises(UserError, match="AML has 1, each class needs at least 2"):
            plan(changed(two, sample_split=split))

    NO_FILE = ("AML/ALL", "", "../x", ".hidden", "AML ALL", "a\\b")
    REFUSED = [([name], "is no file name") for name in NO_FILE] + [
        (["AML", "aml"], "is the name of another contrast or"), (["F"], "is the name of another"),
        (["probe"], "is the name of another"), ([], "there is no contrast"),
    ]  # fmt: skip

    @pytest.mark.parametrize(("names", "message"), REFUSED)
    def test_names_of_contrasts_that_cannot_name_files_are_refused(self, names, message):
        with pytest.raises(ValidationError, match=message):
            DifferentialExpressionParameters(contrasts=dict.fromkeys(names, "AML - ALL"))


def truth(found, probes, **parameters):
    parameters = DifferentialExpressionParameters(**parameters)
    return nodes.hold_against_truth(found.tables, found.prior, probes, parameters)


class TestKnownTruth:
    def test_by_hand(self):
        probes = pd.DataFrame(
            {"true_log2_mean_A": [5.0, 5, 5, 5], "true_log2_mean_B": [6.0, 5.3, 5, 5]},
            index=pd.Index(list("pqrs"), name="probe"),
        )
        table = pd.DataFrame({"probe": list("prq"), "adj.P.Val": [0.01, 0.02, 0.2]})
        found = SimpleNamespace(tables={"B-A": table}, prior={"contrasts": {"B-A": "B - A"}})
        (record,) = truth(found, probes)
        assert record == {
            "contrast": "B-A", "fdr": 0.05, "tested": 3, "differential_probes": 2,
            "discoveries": 2, "false_discoveries": 1, "false_discovery_proportion": 0.5,
            "power": 0.5,
        }  # fmt: skip
        (record,) = truth(found, probes, treat_lfc=0.5)
        assert (record["differential_probes"], record["power"]) == (1, 1.0)
        (record,) = truth(found, probes, fdr=1e-9, treat_lfc=2.0)
        assert (record["false_discovery_proportion"], record["power"]) == (0.0, None)

    def test_a_probe_of_a_third_class_does_not_differ_between_two(self, five):
        (record,) = truth(run(five, contrasts={"AML-PB": "AML - PB"}), five.probes)
        differ = (five.probes["true_log2_mean_AML"] - five.probes["true_log2_mean_PB"]).abs() > 0.5
        assert record["differential_probes"] == (differ & five.probe_filter["passes"]).sum()
        assert record["differential_probes"] < five.probes["is_differential"].sum() / 2

    @pytest.mark.parametrize(
        ("expression", "columns"),
        [("AML - ALL", ["description", "is_control"]), ("`batch[T.lab_2]`", slice(None))],
        ids=["of a real cohort", "of a covariate"],
    )
    def test_the_truth_is_not_known(self, two, expression, columns):
        prior = {"contrasts": {"x": expression}}
        found = SimpleNamespace(tables={"x": pd.DataFrame()}, prior=prior)
        assert truth(found, two.probes.loc[:, columns]) == []

    @pytest.mark.slow
    def test_discoveries_are_false_as_often_as_promised(self):
        """Mean over cohorts; noise is correlated within modules, so one cohort tells little."""
        records = []
        for seed in range(40):
            cohort = cohort_of({"ALL": 15, "AML": 15}, seed=seed, n_probes=500, batch_shift=0.5)
            records += truth(run(cohort, design="~ label + batch"), cohort.probes)
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


@pytest.mark.parametrize("column", ["Pair", "Subject No.", "donor", "block"])
def test_numbered_pairs_are_groups_so_that_differences_within_pairs_are_found(column):
    """Pairs differ by 2, the classes within a pair by 0.6 in 20 genes, and noise is 0.3."""
    generator, pairs = np.random.default_rng(0), np.repeat(np.arange(12), 2)
    labels = np.tile(["ALL", "AML"], 12)
    values = generator.normal(8, 0.3, (500, 24)) + generator.normal(0, 2, (500, 12))[:, pairs]
    values[:20] += np.where(labels == "AML", 0.6, 0)
    numbers = as_covariate(column, [str(pair + 1) for pair in pairs])
    samples = pd.DataFrame({"label": labels, "pair": numbers}, index=[f"s{i}" for i in range(24)])
    expression = pd.DataFrame(values, columns=samples.index)
    design = design_matrix("~ label + pair", samples, ["ALL", "AML"])
    assert design.groups == {"label": 2, "pair": 12}
    contrasts = contrast_matrix({"AML-ALL": "AML - ALL"}, design)
    fit = moderate(fit_contrasts(fit_linear_model(expression, design.matrix), contrasts))
    table = top_table(fit, "AML-ALL")
    found = table.index[table["adj.P.Val"] < 0.05]
    # A difference of 0.6 is seven standard errors of the mean of 12 differences, so none is missed;
    # as a slope, the spread of 2 hides all of them.
    assert set(range(20)) <= set(found)
    assert len(found) <= 25
