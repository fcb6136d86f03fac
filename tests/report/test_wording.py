"""Numbers and lists as the report prints them."""

import pytest

from leukemia_kedro.report import wording


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("small", [1], "1.0"), ("small", [0.43], "0.43"), ("small", [0.04], "0.040"),
        ("small", [0.00990099], "0.0099"), ("small", [0.001], "0.0010"),
        ("small", [9.21885342494e-14], "9.2×10⁻¹⁴"), ("small", [9.99e-5], "1.0×10⁻⁴"),
        ("small", [None], "–"), ("small", [float("nan")], "–"),
        ("decimal", [None], "–"), ("decimal", [0.9272], "0.927"), ("decimal", [-1.204, 2], "−1.20"),
        ("decimal", [-0.0001, 2], "0.00"), ("decimal", [12345.6, 1], "12,345.6"),
        ("percent", [33 / 34], "97.1%"), ("percent", [None], "–"),
        ("percent_interval", [0.84673, 0.99926], "84.7% to 99.9%"),
        ("interval", [0.7727, 1.0], "0.773 to 1.000"), ("interval", [None, None], "–"),
        ("count", [7129.0], "7,129"), ("count", [None], "–"),
        ("listed", ["a"], "a"), ("listed", ["ab"], "a and b"),
        ("listed", [("a", "b", 3)], "a, b and 3"), ("capital", ["svm RBF"], "Svm RBF"),
    ],
)  # fmt: skip
def test_numbers_and_names_are_printed(name, arguments, text):
    assert getattr(wording, name)(*arguments) == text


OPTION = {
    "asked": 0.02, "error": 0.0476, "low": 0.0, "high": 0.1684, "wrong_calls": 0.0,
    "calls": 20.2, "patients": 38,
}  # fmt: skip
EXPECTED = (
    "4.8% wrong calls are to be expected (95% interval 0.0% to 16.8%; in cross-validation 0 of "
    "20.2 were wrong)."
)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"asked": 0.05}, f"At most 5% wrong calls were asked for. {EXPECTED}"),
        (
            {},
            "At most 2% wrong calls were asked for. This is not kept: 38 training patients cannot "
            "show less than 2.6%. The threshold with the smallest error that can be shown is used "
            f"instead. {EXPECTED}",
        ),
        (
            {"asked": 0.03},
            "At most 3% wrong calls were asked for. This is not kept: no threshold shows so few on "
            "38 training patients. The threshold with the smallest error that can be shown is used "
            f"instead. {EXPECTED}",
        ),
        ({"asked": None}, f"Its threshold was fixed beforehand. {EXPECTED}"),
        (
            {"asked": None, "calls": 0.0},
            "Its threshold was fixed beforehand. In cross-validation no training patient reaches "
            "it.",
        ),
        ({"asked": 0.05, "own_calls": 30}, f"At most 5% wrong calls were asked for. {EXPECTED}"),
        (
            {"asked": 0.05, "own_calls": 0},
            f"At most 5% wrong calls were asked for. {EXPECTED} The fitted model itself calls none "
            "of its own training samples, so expect no call from it.",
        ),
    ],
)
def test_a_promise_states_what_was_asked_and_what_is_kept(changes, text):
    assert wording.promise(OPTION | changes) == text


@pytest.mark.parametrize(
    ("test", "calls", "text"),
    [
        ({"n": 34, "calls": 25, "errors_among_calls": 1}, 20.2,
         "calls 25 of 34 test samples; 1 of these calls is wrong."),
        ({"n": 34, "calls": 0, "errors_among_calls": 0}, 20.2,
         "calls none of the 34 test samples."),
        (None, 20.2,
         "calls 20.2 of 38 training patients in cross-validation (mean over repeats); 0 of "
         "these calls are wrong."),
        (None, 0.0, "calls none of 38 training patients in cross-validation (mean over repeats)."),
    ],
)  # fmt: skip
def test_a_model_that_calls_nobody_is_not_silent(test, calls, text):
    found = wording.calling(OPTION | {"calls": calls}, test)
    assert found == text


def test_a_difference_of_classes_is_read_without_backticks():
    assert wording.difference("AML - ALL") == "AML − ALL"
    assert wording.difference("(`1` + `T - cell`)/2 - `0`") == "(class 1 + T - cell)/2 − class 0"


@pytest.mark.parametrize(
    ("text", "capital"),
    [
        ("samples A. and B are alike", "Samples A. and B are alike"),
        ("Golub et al. 1999", "Golub et al. 1999"),
        ("e.csv", "e.csv"),
        ("e.csv, line 1 names the separator", "e.csv, line 1 names the separator"),
        ("case_id cannot be told from the class", "case_id cannot be told from the class"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_but_a_name_stays(text, capital):
    assert wording.capital(text) == capital
