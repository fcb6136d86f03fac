"""Messages quote files; what they quote can neither drive a terminal nor fill it."""

import pickle

import pandas as pd
import pytest

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import CohortError, UserError, escaped
from leukemia_kedro.statistics.enrichment import parse_gmt

HOSTILE = ["a\x1b[2Jb", "bell\x07", "line\u2028end", "form\x0cfeed", "turned\u202etxet", "\x9b31m"]


@pytest.mark.parametrize("name", HOSTILE)
def test_control_characters_are_shown_not_sent(name):
    message = str(CohortError(f"sample {name}: no label"))
    assert message.startswith("sample ")
    assert message.endswith(": no label")
    assert message.isprintable()


def test_line_ends_tabs_and_other_scripts_stay():
    text = "первый\n第二\t\xa0é"
    assert str(UserError(text)) == escaped(text) == text


def test_a_very_long_cell_is_cut_in_the_middle():
    message = str(UserError(f"line 3: {'x' * 200_000!r} is not a number", "y " * 200_000))
    assert len(message) < 4000
    assert message.startswith("line 3: 'xxx")
    assert "(200,002 characters)" in message
    assert "is not a number" in message


def test_an_error_from_a_worker_is_the_same():
    error = CohortError("first\x1b", "second")
    assert pickle.loads(pickle.dumps(error)).args == error.args == ("first\\x1b", "second")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["sample", "probe", "label", "covariate"])
def test_no_name_of_a_cohort_holds_one(name, place):
    names = {"sample": "s1", "probe": "g1", "label": "ALL", "covariate": "age"} | {place: name}
    samples = pd.Index([names["sample"], "s2"], name="sample")
    probes = pd.Index([names["probe"], "g2"], name="probe")
    about = {"label": [names["label"], "AML"], names["covariate"]: [1.0, 2.0]}
    with pytest.raises(CohortError, match="characters that no name may hold") as caught:
        Cohort(
            pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], samples, probes),
            pd.DataFrame(about, samples),
            pd.DataFrame({"description": "", "is_control": False}, probes),
            "made",
        )
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("mark", ["\u2028", "\x0c", "\x85", "\x1c"])
def test_only_a_line_end_ends_a_gene_set(mark):
    sets = parse_gmt(f"A\tfrom a{mark}page\tG1\tG2\nB\tx\tG3\n", "sets.gmt")
    assert sets == {"A": {"G1", "G2"}, "B": {"G3"}}
    with pytest.raises(UserError, match=r"line 1: the name .* holds a character"):
        parse_gmt(f"A{mark}C\tx\tG1\n", "sets.gmt")
