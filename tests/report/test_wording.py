"""Numbers as the report prints them."""

import pytest

from leukemia_kedro.report import wording


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1.0"),
        (0.43, "0.43"),
        (0.04, "0.040"),
        (0.00990099, "0.0099"),
        (0.001, "0.0010"),
        (9.21885342494e-14, "9.2×10⁻¹⁴"),
        (9.99e-5, "1.0×10⁻⁴"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_p_values_have_two_significant_digits(number, text):
    assert wording.small(number) == text


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [(0.9272, 3, "0.927"), (-1.204, 2, "−1.20"), (-0.0001, 2, "0.00"), (12345.6, 1, "12,345.6")],
)
def test_decimals_have_a_true_minus_and_no_minus_zero(number, digits, text):
    assert wording.decimal(number, digits) == text


def test_shares_and_counts():
    assert wording.percent(33 / 34) == "97.1%"
    assert wording.percent_interval(0.84673, 0.99926) == "84.7% to 99.9%"
    assert wording.interval(0.7727, 1.0) == "0.773 to 1.000"
    assert wording.count(7129.0) == "7,129"
    assert wording.percent(None) == wording.count(None) == wording.interval(None, None) == "–"


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", 3], "a, b and 3")]
)
def test_lists_end_in_and(names, text):
    assert wording.listed(names) == text


def test_the_first_letter_of_a_sentence_is_large_and_no_other_changes():
    assert wording.capital("svm RBF") == "Svm RBF"
