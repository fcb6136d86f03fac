"""Several samples of one patient: told from the columns and from the ids, without false alarms."""

import pandas as pd
import pytest

from leukemia_kedro.cohort.repeats import repeated_in_columns, repeated_stems


def samples(ids, **columns):
    return pd.DataFrame(columns, index=pd.Index(list(ids), name="sample"))


@pytest.mark.parametrize(
    ("column", "cells", "found"),
    [
        ("patient", ["7", "7", "8", "9"], (3, 4)),
        ("Donor ID", ["7", "7", "8", "8"], (2, 4)),
        ("subject", ["7", "7", None, "8"], (2, 3)),
        ("patient", ["6", "7", "8", "9"], None),
        ("donor", ["human"] * 4, None),
        ("tissue", ["7", "7", "8", "9"], None),
        ("patient_age", [7.0, 7.0, 8.0, 9.0], None),
    ],
)
def test_a_column_that_names_patients_and_repeats(column, cells, found):
    table = samples("abcd", **{column: cells})
    assert repeated_in_columns(table) == ({} if found is None else {column: found})


@pytest.mark.parametrize(
    "ids",
    [
        ["P01_a", "P01_b", "P02_a", "P02_b"],
        ["P01a", "P01b", "P02a", "P02b"],
        ["P1.diagnosis", "P1.relapse", "P2.diagnosis", "P3.diagnosis"],
        ["TCGA-AB-2803-03A", "TCGA-AB-2803-11A", "TCGA-AB-2804-03A", "TCGA-AB-2805-03A"],
        ["P01", "P01 2", "P02", "P03"],
    ],
)
def test_ids_with_one_stem_are_found(ids):
    assert repeated_stems(samples(ids))[0] == ids[:2]


@pytest.mark.parametrize(
    "ids",
    [
        [f"sample_{n:02d}" for n in range(20)],
        [f"GSM{n}" for n in range(20)],
        [f"{n:05d}" for n in range(20)],
        [f"patient_{n}" for n in range(20)],
        [f"ALL_{n}" for n in range(10)] + [f"AML_{n}" for n in range(10)],
        [f"batch{b}_{n}" for b in (1, 2) for n in range(10)],
        [f"2020-{n:03d}" for n in range(9)] + [f"2021-{n:03d}" for n in range(9)],
        [f"TCGA-{s}-{n:04d}" for s in ("02", "06", "12") for n in range(10)],
        [f"S{n}_L001" for n in range(20)],
        [f"S{n}_tumour" if n % 2 else f"S{n}_blood" for n in range(20)],
    ],
    ids=lambda ids: ids[0],
)
def test_ids_that_number_samples_are_not(ids):
    assert repeated_stems(samples(ids)) == []


def test_stems_that_name_the_classes_are_no_patients():
    classes = ["Ph", "ETV6-RUNX1", "TCF3-PBX1", "DUX4", "HLF1", "PAX5"]
    ids = [f"{name}_{n}" for name in classes for n in (1, 2, 3)]
    labelled = samples(ids, label=[name.rpartition("_")[0] for name in ids])
    assert repeated_stems(labelled) == []
    assert len(repeated_stems(labelled.drop(columns="label"))) == 5
