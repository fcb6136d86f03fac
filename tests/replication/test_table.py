"""The rule by which a reproduced value agrees with the published one."""

import pytest

from leukemia_kedro.pipelines.replication.nodes import tabulate
from leukemia_kedro.replication.table import compare, compare_patients


@pytest.mark.parametrize(
    ("published", "reproduced", "tolerance", "agrees"),
    [
        (36, 36, 0, True), (36, 35, 0, False),
        (0.77, 0.7749, 0.005, True), (0.77, 0.7755, 0.005, False),
        ((2, 4), 2, 0, True), ((2, 4), 4, 0, True), ((2, 4), 5, 0, False), ((2, 4), 5, 1, True),
    ],
)  # fmt: skip
def test_agreement(published, reproduced, tolerance, agrees):
    assert compare("", "", published, reproduced, tolerance=tolerance).agrees is agrees


def test_a_note_states_the_tolerance_and_the_difference_from_the_nearest_end_of_a_range():
    assert compare("", "", 21, 3332, note="why").note == "differs by +3311; why"
    assert compare("", "", (2, 4), 1).note == "differs by -1"
    off = compare("", "", 0.015, 0.028, tolerance=0.0005)
    assert off.note == "differs by +0.013; tolerance 0.0005"
    assert compare("", "", 92, 91, tolerance=4).note == "tolerance 4"


@pytest.mark.parametrize(
    ("published", "reproduced", "printed", "note"),
    [
        ("66, 67", {"67", "66"}, "66, 67", "why"),
        ("54, 66", {"66"}, "66", "differs by 54 (published only); why"),
        ("67", {"66", "9"}, "9, 66", "differs by 67 (published only), 9, 66 (here only); why"),
        ("66", set(), "none", "differs by 66 (published only); why"),
    ],
)
def test_patients_of_one_list_only_are_named(published, reproduced, printed, note):
    row = compare_patients("", "", published, reproduced, "why")
    assert (row.reproduced, row.note, row.agrees) == (printed, note, note == "why")


def test_the_table_prints_numbers_as_they_are_published():
    first = [compare("a", "b", 0.77, 0.769555926), compare("a", "c", (2, 4), 2.0)]
    table = tabulate(first, [compare("a", "d", 31, 30.5)])
    assert list(table["published"]) == ["0.77", "2–4", "31"]
    assert list(table["reproduced"]) == ["0.76956", "2", "30.5"]
