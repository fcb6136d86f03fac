"""Another cohort's samples on a model's probes and scale; patients who are in both cohorts."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.matching import match_probes, on_scale_of, shared_patients
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import CohortParameters


def table(columns, **samples):
    return pd.DataFrame.from_dict(samples, orient="index", columns=columns).astype(float)


def symbols(**by_probe):
    return pd.DataFrame({"symbol": by_probe}).rename_axis("probe")


def test_probes_of_the_same_chip_are_matched_by_name():
    matched = match_probes(
        table(["b", "a", "z"], s1=[1, 2, 9]),
        pd.DataFrame(),
        pd.DataFrame(),
        ["a", "b"],
        ["a"],
        "raw",
    )
    assert matched.by == "probe"
    assert matched.expression.loc["s1"].to_dict() == {"a": 2, "b": 1}


def test_a_probe_of_another_chip_gets_the_mean_of_the_probes_of_its_gene():
    here = table(["p1", "p2", "p3", "p4"], s1=[1, 3, 10, 7], s2=[2, 6, 20, 8])
    genes = symbols(p1="CD3D", p2="CD3D /// CD3G", p3="MPO", p4="")
    home = symbols(h1="CD3D", h2="CD3D", h3="MPO", h4="XIST", h5="LYN /// CD3G", h6="")
    matched = match_probes(here, genes, home, list(home.index), ["h1", "h4"], "raw")
    expected = {"h1": 2, "h2": 2, "h3": 10, "h4": np.nan, "h5": 3, "h6": np.nan}
    pd.testing.assert_series_equal(
        matched.expression.loc["s1"], pd.Series(expected), check_names=False
    )
    assert (matched.by, matched.n_matched, matched.n_genes_matched) == ("symbol", 4, 1)


def test_the_reads_of_all_ids_of_a_gene_are_its_reads():
    """A gene counted under two ids, as one of the pseudoautosomal region is, has the reads of both;
    how often each sample was counted, and so its library, stays as it was."""
    here = table(["e1", "e2", "e3"], s1=[10, 5, 85], s2=[0, 40, np.nan])
    genes = symbols(e1="P2RY8", e2="P2RY8", e3="MPO")
    home = symbols(h1="P2RY8", h2="MPO")
    matched = match_probes(here, genes, home, ["h1", "h2"], ["h1"], "counts")
    assert matched.expression.loc["s1"].to_dict() == {"h1": 15, "h2": 85}
    assert matched.expression.loc["s2", "h1"] == 40
    assert np.isnan(matched.expression.loc["s2", "h2"])


@pytest.mark.parametrize(
    ("genes", "home", "message"),
    [
        (pd.DataFrame(index=["p1"]), symbols(h1="MPO"), "the cohort has no column symbol"),
        (symbols(p1="MPO"), pd.DataFrame(index=["h1"]), "own cohort has no column symbol"),
        (symbols(p1="MPO"), symbols(h1="XIST"), "no gene in common: its genes are MPO"),
    ],
)
def test_without_anything_in_common_the_cohort_is_refused(genes, home, message):
    with pytest.raises(UserError, match=message):
        match_probes(table(["p1"], s1=[1]), genes, home, ["h1"], ["h1"], "raw")


def test_values_come_to_the_scale_of_the_model():
    raw = CohortParameters(scale="raw", floor=16, ceiling=1024)
    log2, values = CohortParameters(scale="log2"), table(["a", "b"], s1=[4, 2048])
    assert on_scale_of(values, raw, "log2").loc["s1"].tolist() == [4, 10]
    assert on_scale_of(values / 256, log2, "raw").loc["s1"].tolist() == [2 ** (1 / 64), 256]
    assert on_scale_of(values, raw, "raw") is values


def test_counts_become_log2_counts_per_million_and_arrays_become_counts_of_one_library():
    counts, log2 = CohortParameters(scale="counts"), CohortParameters(scale="log2")
    values = table(["a", "b"], s1=[4, 95], s2=[0, 9])
    found = on_scale_of(values, counts, "log2")
    expected = np.log2([[4.5e4, 95.5e4], [0.5e5, 9.5e5]])
    np.testing.assert_allclose(found, expected)
    assert found.columns.equals(values.columns)
    assert on_scale_of(values, counts, "counts") is values
    np.testing.assert_allclose(on_scale_of(values, counts, "raw"), 2**expected)
    arrays = table(["a", "b"], s1=[4, 7], s2=[5, 5])
    reads = [[1_111_111, 8_888_889], [5_000_000, 5_000_000]]  # 16 and 128; 32 and 32
    np.testing.assert_array_equal(on_scale_of(arrays, log2, "counts"), reads)


def two_laboratories(n_shared, seed=0):
    """Other patients of the same kind; some are measured again, stretched and shifted."""
    both = simulate_cohort(
        n_samples={"ALL": 50, "AML": 30}, n_probes=400, scale="log2", seed=seed
    ).expression
    order = np.random.default_rng(seed).permutation(both.index)
    home, here = both.loc[order[:40]], both.loc[order[40:]]
    again = home.iloc[:n_shared] + np.random.default_rng(1).normal(0, 0.3, (n_shared, 400))
    chip = np.random.default_rng(2).normal(0, 1, 400)
    elsewhere = 2 + 0.7 * (pd.concat([again, here]) + chip)
    return elsewhere, home


def test_patients_measured_twice_are_found_and_no_others():
    here, home = two_laboratories(n_shared=4)
    found = shared_patients(here, home)
    assert (found["sample"] == found["home_sample"]).all()
    assert set(found["sample"]) == set(home.index[:4])
    assert set(found["kind"]) == {"near-duplicate"}


def test_of_cohorts_without_a_common_patient_one_in_twenty_at_most_has_a_pair():
    found = [len(shared_patients(*two_laboratories(0, seed))) > 0 for seed in range(20)]
    assert sum(found) <= 1


def test_a_copy_is_called_one_however_few_samples_there_are():
    _, home = two_laboratories(0)
    copy = home.iloc[[3]].round(3).set_axis(["X"], axis=0)
    found = shared_patients(copy, home)
    assert found[["sample", "home_sample", "kind"]].to_numpy().tolist() == [
        ["X", home.index[3], "copy"]
    ]
