"""The cohort: what it takes, what it refuses, and that it names what is wrong."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from leukemia_kedro.cohort.cohort import Cohort, check_names
from leukemia_kedro.errors import CohortError


def tables(**changes) -> dict:
    """Three samples, two probes; a change replaces a table or alters it."""
    samples = pd.Index(["p1", "p2", "p3"], name="sample")
    probes = pd.Index(["AFFX-a_at", "b_at"], name="probe")
    values = [[1.0, 2.0], [3.0, np.nan], [5.0, -6.0]]
    labels, split = ["ALL", "AML", "ALL"], ["train", "train", "test"]
    facts = {"label": labels, "split": split, "age": [3.0, np.nan, 9.0]}
    about = {"description": ["control", "b"], "is_control": [True, False]}
    made = {
        "expression": pd.DataFrame(values, samples, probes),
        "samples": pd.DataFrame(facts, samples),
        "probes": pd.DataFrame(about, probes),
    }
    made |= {name: change(made[name]) for name, change in changes.items()}
    return {**made, "origin": "made for a test"}


def test_a_sound_cohort_is_taken_as_it_is():
    made = tables()

    cohort = Cohort(**made)

    assert cohort.expression is made["expression"]
    assert list(cohort.labels) == ["ALL", "AML", "ALL"]
    assert not cohort.simulated
    assert Cohort(**tables(samples=lambda t: t[["age"]])).labels is None


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("expression", lambda t: t.iloc[:2], "the samples table names samples without .*: p3"),
        ("expression", lambda t: t.rename(index={"p3": "p4"}), "that the samples table lacks: p4"),
        ("expression", lambda t: t.iloc[[1, 0, 2]], "list the samples in different orders"),
        ("expression", lambda t: t[["b_at", "AFFX-a_at"]], "list the probes in different orders"),
        ("expression", lambda t: t[["b_at"]], "probes without expression: AFFX-a_at"),
        ("expression", lambda t: t.fillna(0).astype(int), "not floating-point in AFFX-a_at, b_at"),
        ("expression", lambda t: t.replace(5.0, np.inf), "sample p3, AFFX-a_at: .* infinite"),
        ("expression", lambda t: t.replace(5.0, -np.inf), "p3.* infinite .1 such values in all"),
        ("samples", lambda t: t.iloc[:0], "no sample found"),
        ("samples", lambda t: t.rename_axis("patient"), "is named 'patient', not 'sample'"),
        ("samples", lambda t: t.rename(index={"p2": "p1"}), "sample ids occur more than once: p1"),
        ("samples", lambda t: t.rename(index={"p2": " "}), "text that is not empty; found ' '"),
        ("samples", lambda t: t.set_axis(pd.Index([1, 2, 3], name="sample")), "text .* found 1"),
        ("samples", lambda t: t.assign(label=["ALL", None, ""]), "of sample p3 is ''; expected"),
        ("samples", lambda t: t.assign(label=[0, 1, 0]), "label of sample p1 is 0; expected text"),
        ("samples", lambda t: t.assign(split="valid"), "split of sample p1 is 'valid'"),
        (
            "samples",
            lambda t: t.set_axis(["label", "a", "a"], axis=1),
            "columns of the samples table occur .*: a",
        ),
        ("probes", lambda t: t.rename(index={"b_at": "AFFX-a_at"}), "probe ids occur more than"),
        ("probes", lambda t: t.drop(columns="is_control"), "lacks the columns is_control"),
        ("probes", lambda t: t.astype({"is_control": int}), "is_control is int64; expected bool"),
    ],
)
def test_what_breaks_a_rule_is_named(table, change, message):
    with pytest.raises(CohortError, match=message):
        Cohort(**tables(**{table: change}))


MADE_OF_NAMES = [
    "1-Mar", "01-Mar", "Sep-01", "2-Sep-2021", "2.31E+19", "2,31E+13", "1-Mrz", "01.Okt", "1-déc",
    "2021-03-01", "2021-03-01 00:00:00", "01.03.2021", "3/1/21", "44256", "#NAME?", "#N/A",
]  # fmt: skip


@pytest.mark.parametrize("name", MADE_OF_NAMES)
def test_what_a_spreadsheet_makes_of_gene_names_is_refused(name):
    """Excel's English, German and French dates, its day numbers and its errors."""
    with pytest.raises(CohortError, match=f"into dates or numbers: {re.escape(name)};"):
        check_names(["TP53", "MARCH1", name])
    check_names(["TP53", "MARCH1", name], allowed=[name])


def test_names_of_real_genes_and_probes_are_not_taken_for_mangled_ones():
    chips = ["1007_s_at", "7157", "2315554", "MARCH1", "SEPT2", "DEC1", "X95735_at", "SEPTIN9"]
    check_names([*chips, "AFFX-TrpnX-M_at", "2310009E13Rik", "AGO-2", "SET-1", "HLA-DRB1", "1-8D"])
    check_names([*chips, "9" * 5000])  # more digits than Python makes a number of
    check_names([str(number) for number in range(44250, 44260)] + ["TP53"])  # Entrez ids


def test_genes_whose_names_are_like_dates_are_let_through_where_the_cohort_says_so():
    names = ["SEP-15", "Oct-4", "DEC-205"]
    with pytest.raises(CohortError, match="names_like_dates: \\['SEP-15'\\]"):
        check_names(names)
    check_names(names, allowed=names)


@given(
    npst.arrays(
        st.sampled_from([np.float32, np.float64]),
        npst.array_shapes(min_dims=2, max_dims=2, max_side=5),
    )
)
def test_any_numbers_but_infinite_ones_are_taken(values):
    samples = pd.Index([f"p{i}" for i in range(values.shape[0])], name="sample")
    probes = pd.Index([f"g{i}" for i in range(values.shape[1])], name="probe")

    about = pd.DataFrame({"description": "", "is_control": False}, probes)
    tables = pd.DataFrame(values, samples, probes), pd.DataFrame(index=samples), about
    if np.isinf(values).any():
        with pytest.raises(CohortError, match="infinite"):
            Cohort(*tables, "made for a test")
    else:
        found = Cohort(*tables, "made for a test").expression
        np.testing.assert_array_equal(found.to_numpy(), values)


@given(st.permutations(["p1", "p2", "p3"]), st.permutations(["p1", "p2", "p3"]))
def test_labels_never_slide_off_their_samples(rows, labelled):
    made = tables()
    made["expression"] = made["expression"].loc[rows]
    made["samples"] = made["samples"].loc[labelled]

    if rows == labelled:
        assert Cohort(**made).labels.to_dict() == {"p1": "ALL", "p2": "AML", "p3": "ALL"}
    else:
        with pytest.raises(CohortError, match="different orders"):
            Cohort(**made)
