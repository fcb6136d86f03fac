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
