"""Contrasts by class name, whatever the formula."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.contrasts import (
    class_weights,
    contrast_matrix,
    each_against_rest,
    pairwise_contrasts,
)
from leukemia_kedro.statistics.design import design_matrix
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model

CLASSES = ["ALL", "AML", "B-cell", "1"]


@pytest.fixture
def samples() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    columns = {"label": CLASSES * 4, "batch": list("aabbbaababbbabaa")}
    return pd.DataFrame(columns | {"age": rng.uniform(1, 80, 16).round(1)})


def contrast(expression, formula, samples) -> pd.Series:
    design = design_matrix(formula, samples, CLASSES)
    return contrast_matrix({"it": expression}, design)["it"]


@pytest.mark.parametrize(
    ("expression", "weights"),
    [
        ("AML - ALL", [-1, 1, 0, 0]),
        ("(AML + `B-cell`)/2 - ALL", [-1, 0.5, 0.5, 0]),
        ("`1` - (ALL + AML + `B-cell`)/3", [-1 / 3, -1 / 3, -1 / 3, 1]),
        ("2*AML - ALL*1.5 - 0.5*`1`", [-1.5, 2, 0, -0.5]),
        ("-`ALL`-(-AML)", [-1, 1, 0, 0]),
        ("AML/2-ALL/2", [-0.5, 0.5, 0, 0]),
    ],
)
def test_expressions(samples, expression, weights):
    np.testing.assert_allclose(contrast(expression, "~ 0 + label", samples), weights, atol=1e-15)
    np.testing.assert_allclose(contrast(expression, "~ label", samples), [0, *weights[1:]])


@pytest.mark.parametrize("formula", ["~ label + batch + age", "~ 0 + age + label", "~ age + label"])
def test_a_covariate_is_held_and_leaves_no_trace(samples, formula):
    weights = contrast("(AML + `B-cell` + `1`)/3 - ALL", formula, samples)
    assert (weights[[name for name in weights.index if "label" not in name]] == 0).all()


def test_every_way_to_write_the_design_estimates_the_same(samples):
    y = np.random.default_rng(2).normal(8, 1, (5, 16))
    estimates = []
    for formula in ["~ label + batch", "~ 0 + label + batch", "~ C(label, contr.sum) + batch"]:
        design = design_matrix(formula, samples, CLASSES)
        contrasts = contrast_matrix({"it": "(AML + `1`)/2 - ALL"}, design)
        fit = fit_contrasts(fit_linear_model(y, design.matrix), contrasts)
        estimates.append(np.column_stack([fit.coefficients, fit.stdev_unscaled]))
    np.testing.assert_allclose(estimates[1], estimates[0], rtol=1e-12)
    np.testing.assert_allclose(estimates[2], estimates[0], rtol=1e-12)


def test_with_an_interaction_it_is_the_average_difference_over_the_samples(samples):
    y = np.random.default_rng(3).normal(8, 1, (1, 16))
    design = design_matrix("~ label * age", samples, CLASSES)
    fit = fit_linear_model(y, design.matrix)

    def fitted(label):
        as_label = samples.assign(label=label)
        # Two samples of every class, so that the design of the others can be made.
        both = pd.concat([as_label, samples]).reset_index(drop=True)
        rows = design_matrix("~ label * age", both, CLASSES).matrix.iloc[: len(samples)]
        return rows.to_numpy() @ fit.coefficients.to_numpy()[0]

    estimate = fit_contrasts(fit, contrast_matrix({"it": "AML - ALL"}, design))
    difference = (fitted("AML") - fitted("ALL")).mean()
    assert estimate.coefficients.loc[0, "it"] == pytest.approx(difference, rel=1e-12)


def test_a_column_of_the_design_can_be_tested_itself(samples):
    weights = contrast("`label[T.AML]:age` - `label[T.1]:age`", "~ label * age", samples)
    assert weights[weights != 0].to_dict() == {"label[T.AML]:age": 1.0, "label[T.1]:age": -1.0}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("AML - ALX", "no class is named ALX; the classes are ALL, AML, B-cell, 1"),
        ("B-cell - ALL", "no class is named B, cell.*backticks, such as `B-cell`"),
        ("2 - 1", "names no class.*backticks"),
        ("AML", "add up to 1, not to 0"),
        ("AML + `1` - ALL", r"not to 0; a mean of two classes is written \(A \+ B\)/2"),
        ("AML - AML", "is zero under the design '~ label'"),
        ("AML - ALL +", "cannot be read"),
        ("AML * ALL", "cannot be read"),
        ("AML - ALL + 1", "cannot be read"),
        ("AML / 0 - ALL", "cannot be read"),
        ("max(AML, ALL)", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_an_expression_that_cannot_be_used_says_why(samples, expression, message):
    with pytest.raises(UserError, match=message):
        contrast(expression, "~ label", samples)


def test_pairs_run_from_the_later_class_to_the_earlier():
    assert pairwise_contrasts(["ALL", "AML", "T cell"]) == {
        "AML-ALL": "AML - ALL",
        "T cell-ALL": "`T cell` - ALL",
        "T cell-AML": "`T cell` - AML",
    }


def test_a_class_that_is_a_number_is_named_in_words():
    assert pairwise_contrasts(["0", "1"]) == {"class 1-class 0": "`1` - `0`"}
    assert list(each_against_rest(["-1", "2.5"])) == ["class -1-rest", "class 2.5-rest"]
    assert [class_in_words(label) for label in ("L1", "2 b", "")] == ["L1", "2 b", ""]


def test_the_rest_is_the_plain_mean_of_the_other_classes():
    assert each_against_rest(["A", "B/2", "C"]) == {
        "A-rest": "A - (`B/2` + C)/2",
        "B/2-rest": "`B/2` - (A + C)/2",
        "C-rest": "C - (A + `B/2`)/2",
    }
    assert each_against_rest(["A", "B"]) == {"A-rest": "A - B", "B-rest": "B - A"}


def test_generated_expressions_can_be_read_back(samples):
    design = design_matrix("~ label", samples, CLASSES)
    for contrasts in pairwise_contrasts(CLASSES), each_against_rest(CLASSES):
        assert list(contrast_matrix(contrasts, design)) == list(contrasts)


def test_contrasts_that_would_share_a_name_are_refused():
    with pytest.raises(UserError, match="both be named 'C-A-B'"):
        pairwise_contrasts(["A-B", "B", "C", "C-A"])


@pytest.mark.parametrize("contrasts", [pairwise_contrasts, each_against_rest])
def test_one_class_has_nothing_to_compare_with(contrasts):
    with pytest.raises(UserError, match="nothing to compare: AML is all there is"):
        contrasts(["AML"])


def test_weights_of_the_classes_in_a_contrast():
    weights = class_weights("(AML + MLL)/2 - ALL", ["ALL", "AML", "MLL", "T cell"])
    assert weights.to_dict() == {"ALL": -1.0, "AML": 0.5, "MLL": 0.5, "T cell": 0.0}
    assert class_weights("`T cell` - ALL", ["ALL", "T cell"]).tolist() == [-1.0, 1.0]
