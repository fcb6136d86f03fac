"""Camera and rotation: against limma, slow rotations, and labels without any difference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics import gene_set_tests
from leukemia_kedro.statistics.empirical_bayes import moderate
from leukemia_kedro.statistics.enrichment import parse_gmt
from leukemia_kedro.statistics.gene_set_tests import (
    Moderation,
    camera,
    fit_gene_models,
    normal_scores,
    rotation_test,
)
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model

GOLDEN = Path(__file__).parents[1] / "golden" / "multtest"
EXPRESSION = pd.read_csv(GOLDEN / "gene_sets.expression.csv", index_col="gene")
SAMPLES = pd.read_csv(GOLDEN / "gene_sets.samples.csv", index_col="sample")
SETS = parse_gmt((GOLDEN / "gene_sets.gmt").read_text(), "gene_sets.gmt")
MEANS = ["ALL", "AML", "second"]
DESIGN = pd.get_dummies(SAMPLES["label"]).assign(second=SAMPLES["batch"] == "second").astype(float)
CONTRASTS = pd.DataFrame({"AML-ALL": [-1.0, 1, 0], "ALL-AML": [1.0, -1, 0]}, index=MEANS)
BOTH = pytest.mark.parametrize("test", [camera, rotation_test])


def models_of(expression=EXPRESSION, **moderation):
    return fit_gene_models(expression, DESIGN, CONTRASTS, Moderation(**moderation))


def hills_scores(t, df):
    """limma's approximation of the normal scores (Hill 1970, Commun. ACM 13:617–620)."""
    a = df - 0.5
    b = 48 * a**2
    z = np.sqrt(a * np.log1p(t**2 / df))
    correction = (4 * z**7 + 33 * z**5 + 240 * z**3 + 855 * z) / (10 * b * (b + 0.8 * z**4 + 100))
    return np.sign(t) * (z + (z**3 + 3 * z) / b - correction)


@pytest.mark.parametrize("trend", [False, True])
class TestAgainstLimma:
    @pytest.fixture
    def golden(self, trend):
        name = "gene_sets.trend.csv" if trend else "gene_sets.plain.csv"
        return pd.read_csv(GOLDEN / name, index_col="gene_set")

    def test_it_is_limmas_camera_with_the_correlation_estimated(self, trend, golden, monkeypatch):
        exact = camera(models_of(trend=trend), "AML-ALL", SETS)
        monkeypatch.setattr(gene_set_tests, "normal_scores", hills_scores)
        table = camera(models_of(trend=trend), "AML-ALL", SETS)
        expected = golden[["NGenes", "Correlation", "Direction", "PValue", "FDR"]]
        assert table["PValue"].is_monotonic_increasing
        # R's numbers have 17 digits; sums of 200 scores lose a few.
        pd.testing.assert_frame_equal(
            table.loc[expected.index], expected, check_dtype=False, rtol=1e-10, atol=1e-13
        )
        # What Hill's approximation changes.
        np.testing.assert_allclose(exact["PValue"], table.loc[exact.index, "PValue"], rtol=1e-6)

    def test_rotation_is_limmas_fry_of_expression_divided_beforehand(self, trend, golden):
        table = rotation_test(models_of(trend=trend), "AML-ALL", SETS).loc[golden.index]
        assert table["Direction"].tolist() == golden["rotation_direction"].tolist()
        np.testing.assert_allclose(table["PValue"], golden["rotation_p"], rtol=1e-10)
        # With its own standard deviations fry differs a little: here by up to 13 % of p.
        np.testing.assert_allclose(table["PValue"], golden["fry_default_p"], rtol=0.13)


def test_normal_scores_have_the_tail_probability_of_t():
    t, df = np.array([-3.0, 0.0, 0.5, 4.0]), np.array([5.0, 7.0, 9.0, 1e4])
    np.testing.assert_allclose(stats.norm.cdf(normal_scores(t, df)), stats.t.cdf(t, df), rtol=1e-12)
    # p of 10⁻⁶⁷³ is no double; R's zscoreT takes logarithms as well.
    assert normal_scores(np.array([60.0]), np.array([1e4]))[0] == pytest.approx(55.4499521668)


def test_the_correlation_is_the_mean_over_pairs_of_genes():
    design = DESIGN.to_numpy()
    residual = EXPRESSION.to_numpy() @ (np.eye(20) - design @ np.linalg.pinv(design))
    found = camera(models_of(), "AML-ALL", SETS)["Correlation"]
    for name in ("coexpressed", "neither", "partly_measured"):
        rows = EXPRESSION.index.get_indexer(sorted(SETS[name] & set(EXPRESSION.index)))
        pairs = np.corrcoef(residual[rows])[np.triu_indices(len(rows), 1)]
        # The residuals of a model with class means have mean zero.
        assert found[name] == pytest.approx(pairs.mean(), rel=1e-9)


def rotated_p(expression, sets, n_rotations, seed):
    """The definition: rotate effect and residuals of all genes together, and count."""
    without_contrast = DESIGN[["second"]].assign(intercept=1.0)
    columns = np.column_stack([without_contrast, DESIGN["AML"]])
    basis = np.linalg.qr(columns, "complete").Q
    effects = expression.to_numpy() @ basis[:, 2:]  # the contrast, then the residuals
    variance = moderate(fit_linear_model(expression, without_contrast)).s2_post
    scaled = effects / np.sqrt(variance)[:, None]
    members = [expression.index.isin(list(genes)) for genes in sets.values()]
    vectors = np.array([scaled[rows].mean(axis=0) for rows in members])
    directions = np.random.default_rng(seed).normal(size=(n_rotations, vectors.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    reached = np.abs(vectors @ directions.T) >= np.abs(vectors[:, :1])
    return pd.Series(reached.mean(axis=1), index=list(sets))


def test_rotation_is_what_many_random_rotations_give():
    found = rotation_test(models_of(), "AML-ALL", SETS)["PValue"]
    n = 100_000
    drawn = rotated_p(EXPRESSION, SETS, n, seed=1)[found.index]
    # Five standard errors of a share.
    error = np.sqrt(found * (1 - found) / n)
    assert ((found - drawn).abs() <= 5 * error + 1 / n).all()


def test_rotation_of_one_gene_is_its_t_test_and_does_not_depend_on_the_order_of_samples():
    table = rotation_test(models_of(), "AML-ALL", SETS)
    fit = fit_contrasts(fit_linear_model(EXPRESSION, DESIGN), CONTRASTS)
    t = (fit.coefficients / fit.stdev_unscaled)["AML-ALL"] / fit.sigma
    assert table.loc["one", "PValue"] == pytest.approx(2 * stats.t.sf(abs(t["G005"]), 17), rel=1e-9)
    order = np.random.default_rng(0).permutation(20)
    shuffled = fit_gene_models(EXPRESSION.iloc[:, order], DESIGN.iloc[order], CONTRASTS)
    again = rotation_test(shuffled, "AML-ALL", SETS).loc[table.index]
    np.testing.assert_allclose(again["PValue"], table["PValue"], rtol=1e-9)


@BOTH
def test_turning_the_contrast_round_turns_the_direction(test):
    models = models_of()
    up, down = (test(models, name, SETS).loc["coexpressed_up"] for name in CONTRASTS)
    assert (up["Direction"], down["Direction"]) == ("Up", "Down")
    assert up["PValue"] == pytest.approx(down["PValue"])


@BOTH
def test_a_gene_without_a_statistic_changes_nothing(test):
    expression = EXPRESSION.copy()
    expression.loc["unmeasured"] = [8.0, *[np.nan] * 19]
    found = test(models_of(expression), "AML-ALL", {"down": SETS["down"] | {"unmeasured"}})
    expected = test(models_of(), "AML-ALL", {"down": SETS["down"]})
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


@BOTH
def test_a_constant_gene_counts_as_one_that_does_not_differ(test):
    """It is unlike any other gene, and as good as one with a difference of nearly zero."""
    sets = {"down": SETS["down"] | {"flat"}}
    flat = EXPRESSION.copy()
    flat.loc["flat"] = 8.0
    table = test(models_of(flat), "AML-ALL", sets)
    assert table.loc["down", "NGenes"] == 31
    assert table.loc["down", "PValue"] == pytest.approx(
        test(models_of(), "AML-ALL", {"down": SETS["down"]}).loc["down", "PValue"], abs=1e-5
    )


def test_a_set_of_all_genes_has_nothing_to_be_compared_with():
    genes = EXPRESSION.index
    table = camera(models_of(), "AML-ALL", {"all": genes, "some": genes[:9]})
    assert np.isnan(table.loc["all", "PValue"])
    assert table.loc["all", "Direction"] == ""
    assert table.loc["some", "FDR"] == table.loc["some", "PValue"]


@BOTH
def test_what_cannot_be_tested_is_refused(test):
    with pytest.raises(UserError, match="no gene of the gene sets was tested"):
        test(models_of(), "AML-ALL", {"set": ["X"]})


def test_camera_needs_three_genes():
    with pytest.raises(UserError, match="at least 3 genes with a statistic; found 2"):
        camera(models_of(EXPRESSION[:2]), "AML-ALL", {"set": ["G001"]})


# Ten sets of 30 of 1,000 genes; the genes of a set share a factor.
N_SETS, SIZE, N_GENES = 10, 30, 1000


@BOTH
def test_weights_and_correlation_of_samples_are_those_of_whitened_expression(test):
    """Generalised least squares is least squares on rows times the root of the inverse covariance,
    and so is everything that follows."""
    names = EXPRESSION.columns
    weights = np.linspace(0.3, 2.5, len(names))
    patient = np.arange(len(names)) // 2
    correlation = np.where(np.equal.outer(patient, patient), 0.5, 0) + 0.5 * np.eye(len(names))
    covariance = correlation / np.sqrt(np.outer(weights, weights))
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    white = pd.DataFrame(EXPRESSION.to_numpy() @ root.T, EXPRESSION.index, names)
    white_design = pd.DataFrame(root @ DESIGN.to_numpy(), names, MEANS)
    expected = test(fit_gene_models(white, white_design, CONTRASTS), "AML-ALL", SETS)
    models = fit_gene_models(
        EXPRESSION, DESIGN, CONTRASTS, weights=weights, correlation=correlation
    )
    found = test(models, "AML-ALL", SETS)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-8)


def permuted_p_values(correlation, n_group, n_rest, repeats, missing=0.0, is_weighted=False):
    """Camera's and rotation's p-values of the sets where labels are drawn at random."""
    rng = np.random.default_rng(3)
    names = [f"g{i}" for i in range(N_GENES)]
    sets = {f"set{k}": names[k * SIZE : (k + 1) * SIZE] for k in range(N_SETS)}
    found = []
    for _ in range(repeats):
        noise = rng.normal(size=(N_GENES, n_group + n_rest))
        factors = np.repeat(rng.normal(size=(N_SETS, n_group + n_rest)), SIZE, axis=0)
        within = noise[: N_SETS * SIZE]
        within[:] = np.sqrt(1 - correlation) * within + np.sqrt(correlation) * factors
        weights = rng.uniform(0.2, 5, noise.shape) if is_weighted else None
        if weights is not None:
            noise /= np.sqrt(weights)
        expression = 8 + noise * np.sqrt(0.35 * 7.5 / rng.chisquare(7.5, (N_GENES, 1)))
        expression[rng.random(expression.shape) < missing] = np.nan
        group = rng.permutation(np.repeat([0.0, 1.0], [n_rest, n_group]))
        design = pd.DataFrame({"rest": 1.0, "group": group})
        contrast = pd.DataFrame({"group": [0.0, 1.0]}, index=design.columns)
        models = fit_gene_models(pd.DataFrame(expression, names), design, contrast, weights=weights)
        found.append([test(models, "group", sets)["PValue"] for test in (camera, rotation_test)])
    return np.moveaxis(np.array(found), 1, 0).reshape(2, -1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("correlation", "n_group", "n_rest", "missing", "is_weighted"),
    [
        (0.42, 11, 27, 0.0, False), (0.42, 11, 27, 0.2, False), (0.42, 3, 3, 0.0, False),
        (0.0, 11, 27, 0.0, False), (0.42, 11, 27, 0.0, True),
    ],
    ids=["co-expressed", "missing values", "six samples", "independent", "weights of values"],
)  # fmt: skip
def test_permuted_labels_make_at_most_six_percent_significant(
    correlation, n_group, n_rest, missing, is_weighted
):
    """2,000 p-values: the standard error of 5 % is half a percent, and 6 % two of these above."""
    p = permuted_p_values(correlation, n_group, n_rest, 200, missing, is_weighted)
    assert ((p < 0.05).mean(axis=1) <= 0.06).all()
    # Rotation is exact; camera allows for no negative correlation and may find fewer.
    assert (p[1] < 0.05).mean() >= 0.04


def test_a_difference_in_a_coexpressed_set_is_found():
    """A shift of every gene by 1.5 of its deviations in a set that scatters by .66 of one."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(50):
        factor = rng.normal(size=24)
        expression = 8 + rng.normal(size=(200, 24))
        expression[:20] = 8 + np.sqrt(0.6) * (expression[:20] - 8) + np.sqrt(0.4) * factor
        group = np.arange(24) % 2.0
        expression[:20] += 1.5 * group
        design = pd.DataFrame({"rest": 1.0, "group": group})
        contrast = pd.DataFrame({"group": [0.0, 1.0]}, index=design.columns)
        models = fit_gene_models(pd.DataFrame(expression), design, contrast)
        tables = [test(models, "group", {"set": range(20)}) for test in (camera, rotation_test)]
        found.append([table["PValue"].iloc[0] for table in tables])
    assert ((np.array(found) < 0.05).mean(axis=0) > 0.9).all()
