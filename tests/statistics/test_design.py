"""Design matrices from formulas, and what is said where they cannot be made."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.errors import UserError
from leukemia_kedro.statistics.contrasts import contrast_matrix
from leukemia_kedro.statistics.design import design_matrix, independent_columns

CLASSES = ["ALL", "B-cell", "MLL"]


@pytest.fixture
def samples() -> pd.DataFrame:
    labels = ["MLL", "ALL", "B-cell", "ALL", "B-cell", "MLL"]
    columns = {"label": labels, "batch": list("aaabbb"), "age": [4.0, 9.0, 61.0, 35.0, 12.0, 8.0]}
    return pd.DataFrame(columns, index=["p1", "p2", "p3", "p4", "p5", "p6"])


def test_the_first_class_in_order_is_the_reference(samples):
    matrix = design_matrix("~ label", samples, ["MLL", "ALL", "B-cell"]).matrix
    assert list(matrix) == ["Intercept", "label[T.ALL]", "label[T.B-cell]"]
    assert list(matrix.index) == list(samples.index)
    np.testing.assert_array_equal(matrix["label[T.ALL]"], [0, 1, 0, 1, 0, 0])
    assert (matrix.dtypes == np.float64).all()


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("~ 0 + label", ["label[ALL]", "label[B-cell]", "label[MLL]"]),
        ("~ batch + np.log(age)", ["Intercept", "batch[T.b]", "np.log(age)"]),
        ("~ batch * age", ["Intercept", "batch[T.b]", "age", "batch[T.b]:age"]),
    ],
)
def test_formulas(samples, formula, columns):
    assert list(design_matrix(formula, samples, CLASSES).matrix) == columns


@pytest.mark.parametrize(
    ("formula", "column"),
    [
        ("~ label + age.at.dx", "age.at.dx"),
        ("~ label + `age.at.dx`", "age.at.dx"),
        ("~ label + np.sqrt(age.at.dx)", "np.sqrt(age.at.dx)"),
        ("~ label + `age at dx`", "age at dx"),
        ("~ label + C(`the site`)", "C(`the site`)[T.y]"),
        ("~ label + C(the.site)", "C(the.site)[T.y]"),
    ],
)
def test_names_of_columns_with_dots_and_blanks(samples, formula, column):
    """``age`` and ``age.at`` beside ``age.at.dx``: the whole name counts."""
    site = list("xyxyyx")
    more = {"age.at": 1.0, "age.at.dx": samples["age"] ** 2, "age at dx": samples["age"]}
    samples = samples.assign(**more, **{"the.site": site, "the site": site})
    design = design_matrix(formula, samples, CLASSES)
    assert list(design.matrix)[3:] == [column]
    assert list(design.class_rows) == list(design.matrix)
    assert column.removesuffix("[T.y]") in {*design.groups, *design.slopes}
    if formula == "~ label + age.at.dx":
        np.testing.assert_array_equal(design.matrix[column], samples["age"] ** 2)
    contrasts = contrast_matrix({"x": f"`{column}`"}, design) if "(" not in column else None
    assert contrasts is None or list(contrasts.index[contrasts["x"] == 1]) == [column]


@pytest.mark.parametrize(
    ("formula", "name"), [("~ label + age at dx", "age at dx"), ("~ label + b-cell", "b-cell")]
)
def test_names_that_need_backticks_are_told(samples, formula, name):
    with pytest.raises(UserError, match=f"with blanks or signs go in backticks: `{name}`$"):
        design_matrix(formula, samples.assign(**{name: 1.0}), CLASSES)


def test_a_class_row_is_the_class_with_the_covariates_of_everyone(samples):
    rows = design_matrix("~ label + age", samples, CLASSES).class_rows
    np.testing.assert_allclose(rows["age"], samples["age"].mean())
    np.testing.assert_array_equal(rows["label[T.MLL]"], [0, 0, 1])


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("~ label", "label as 3 groups; 3 parameters, 3 residual"),
        ("~ label + batch + np.log(age)",
         "label as 3 groups, batch as 2 groups, np.log(age) as a slope; 5 parameters, 1 residual"),
        ("~ 0 + label + visit", "label as 3 groups, visit as a slope; 4 parameters, 2 residual"),
        ("~ batch * C(visit)", "batch as 2 groups, C(visit) as 3 groups; 6 parameters, 0 residual"),
    ],
)  # fmt: skip
def test_the_design_in_words(samples, formula, words):
    design = design_matrix(formula, samples.assign(visit=[1.0, 2, 3, 1, 2, 3]), CLASSES)
    assert design.in_words() == f"{formula}: {words} degrees of freedom (6 samples)"


def test_a_slope_names_the_columns_behind_it(samples):
    assert design_matrix("~ label + np.log(age)", samples, CLASSES).slopes == {
        "np.log(age)": ["age"]
    }


def test_class_names_may_look_like_numbers(samples):
    samples["label"] = [1, 2, 1, 2, 1, 2]
    assert list(design_matrix("~ 0 + label", samples, ["1", "2"]).class_rows.index) == ["1", "2"]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("label", "does not start with '~'"),
        ("expression ~ label", "does not start with '~'"),
        ("~ label + (", "cannot be read"),
        ("~ label | batch", "several parts"),
        ("~ label + sex", "names sex, which the samples table lacks.*label, batch, age"),
        ("~ label + weight", "'weight'.*no value for the samples p2, p5"),
        ("~ label + age.nothing", "cannot be applied"),
        ("~ label + same", "not of full rank.*same follows from Intercept"),
        ("~ label + copy", r"copy\[T.MLL\] follows from label\[T.MLL\]"),
        ("~ label + nil", "nil is always 0"),
        (
            "~ label + `the lab`",
            r"the lab cannot be told from the class \(ALL: X 2; B-cell: Y 2; MLL: Z 2\)",
        ),
    ],
)
def test_a_formula_that_cannot_be_used_says_why(samples, formula, message):
    weight = [1, None, 1, 2, None, 2]
    samples = samples.assign(weight=weight, same=1.0, nil=0.0, copy=samples["label"])
    samples["the lab"] = samples["label"].map({"ALL": "X", "B-cell": "Y", "MLL": "Z"})
    with pytest.raises(UserError, match=message):
        design_matrix(formula, samples, CLASSES)


def test_a_logarithm_of_zero_in_a_covariate_is_named(samples):
    samples["age"] -= 4
    message = r"not finite in the columns np.log\(age\)"
    with np.errstate(divide="ignore"), pytest.raises(UserError, match=message):
        design_matrix("~ label + np.log(age)", samples, CLASSES)


def test_samples_that_cannot_be_compared_are_named(samples):
    with pytest.raises(UserError, match="MLL has 1, each class needs at least 2"):
        design_matrix("~ label", samples.iloc[1:], CLASSES)
    with pytest.raises(UserError, match="AML has 0"):
        design_matrix("~ label", samples, [*CLASSES, "AML"])


def test_more_columns_than_samples_are_not_independent():
    np.testing.assert_array_equal(independent_columns(np.eye(3, 4) + 1), [0, 1, 2])


def test_the_later_of_two_dependent_columns_goes():
    first, second = np.array([1.0, 2, 3, 4]), np.array([1.0, 0, 1, 0])
    values = np.column_stack([first, second, 2 * first - second, np.ones(4), np.zeros(4)])
    np.testing.assert_array_equal(independent_columns(values), [0, 1, 3])


def test_a_covariate_on_a_distant_scale_is_not_taken_for_dependent():
    year = 2000 + np.arange(6.0)
    assert len(independent_columns(np.column_stack([np.ones(6), year, np.square(year)]))) == 3
