"""New tables are brought to the model's probes, or refused with counts and names."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.errors import UserError
from leukemia_kedro.model import new_samples
from leukemia_kedro.model.new_samples import batches, check_probes, check_values

PROBES = np.array([f"p{i:02d}" for i in range(40)], dtype=object)
GENES = PROBES[:4]
TABLE = pd.DataFrame(np.arange(120.0).reshape(3, 40), index=["a", "b", "c"], columns=PROBES)


def values_of(table):
    return np.vstack([batch.expression for batch in batches(table, PROBES)])


def test_extra_and_reordered_columns_do_not_matter():
    shuffled = TABLE.loc[:, PROBES[::-1]].assign(sex=["f", "m", "f"], unknown_probe=1.0)
    np.testing.assert_array_equal(values_of(shuffled), TABLE.to_numpy())


def test_batches_hold_every_sample_once(monkeypatch):
    monkeypatch.setattr(new_samples, "CELLS_AT_A_TIME", 80)
    found = list(batches(TABLE, PROBES))
    assert [list(batch.samples) for batch in found] == [["a", "b"], ["c"]]
    np.testing.assert_array_equal(np.vstack([b.expression for b in found]), TABLE.to_numpy())


def test_batches_copy_no_more_than_themselves(monkeypatch):
    monkeypatch.setattr(new_samples, "CELLS_AT_A_TIME", 4000)
    table = pd.DataFrame(np.ones((20_000, 40)), columns=PROBES[::-1])
    tracemalloc.start()
    for _ in batches(table, PROBES):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.1 * table.to_numpy().nbytes


def test_absent_probes_are_missing_values():
    values = values_of(TABLE.drop(columns=["p07"]))
    assert np.isnan(values[:, 7]).all()
    assert np.isnan(values).sum() == 3


@pytest.mark.parametrize("dtype", ["int64", "float32", "Float64"])
def test_any_kind_of_number_will_do(dtype):
    np.testing.assert_array_equal(values_of(TABLE.astype(dtype)), TABLE.to_numpy())


def test_absent_probes_are_counted_and_the_first_ten_named():
    with pytest.raises(UserError) as error:
        check_probes(TABLE.drop(columns=PROBES[2:14]), PROBES, GENES, 0.0)
    message = str(error.value)
    assert "lacks 12 of the 40 probes the model takes" in message
    assert "2 of the 4 genes it calls by" in message
    assert "p02, p03, p04, p05, p06, p07, p08, p09, p10, p11 … (12 in all)" in message
    assert "allowed_missing_share is 0, here 0.5 is missing" in message


def test_the_allowed_share_counts_for_probes_and_for_genes():
    without_others = TABLE.drop(columns=PROBES[10:14])  # 10 % of the probes, none of the genes
    check_probes(without_others, PROBES, GENES, 0.1)
    with pytest.raises(UserError, match="lacks 4 of the 40"):
        check_probes(without_others, PROBES, GENES, 0.099)
    with pytest.raises(UserError, match="among them 1 of the 4 genes"):
        check_probes(TABLE.drop(columns=["p00"]), PROBES, GENES, 0.1)


def test_a_table_the_other_way_round_is_recognised():
    with pytest.raises(UserError, match="the table is the other way round"):
        check_probes(TABLE.T, PROBES, GENES, 0.0)


def test_missing_values_are_counted_for_each_sample():
    table = TABLE.copy()
    table.loc["b", ["p20", "p30"]] = np.nan
    (batch,) = batches(table, PROBES)
    with pytest.raises(UserError, match=r"sample b lacks values of 2 of the 40 .*: p20, p30"):
        check_values(batch, PROBES, GENES, 0.04)
    check_values(batch, PROBES, GENES, 0.05)


def test_a_probe_with_two_columns_is_refused():
    twice = pd.concat([TABLE, TABLE[["p03"]]], axis=1)
    with pytest.raises(UserError, match="more than one column: p03"):
        values_of(twice)


def test_text_and_infinite_values_are_refused_by_name():
    with pytest.raises(UserError, match="do not hold numbers: p05"):
        values_of(TABLE.astype({"p05": str}))
    with pytest.raises(UserError, match="sample c, probe p06: the value is infinite"):
        values_of(TABLE.mask((TABLE == 86.0), -np.inf))
